#!/usr/bin/env python3
"""New rules over a whole hub: rehearsed, checked, tested, swapped in whole or not at all, and recorded; under traffic, with faults of many
kinds, and with nav-core killed in the middle. What a rehearsal tells of a draft: rehearsal_test.py.

Run by: ctest (NAV_BIN is the build's bin folder). Must never: leave a change of the rules for the next step."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from hub import BIN, Hub, wait_until  # noqa: E402
from rules import CLOSED_TESTS, DONE, FINDINGS, OPEN_TESTS, PICTURE, REFUSED, SCHEMA, UNREACHABLE, Agency  # noqa: E402
from rules import config_with_one_test, in_force, load, records, rules_changed  # noqa: E402

RATE, SENDING, SENDER_S_MAX = 1000, 100, 60  # events a second, so many a publication, for so long at the most
STAYS = "faults; the one in force stays"
PENDING = 20  # events that wait for somebody who is away


# ---- loading ----


def good_rules(hub, config, police):
    before = rules_changed(hub)
    assert len(before) == 1 and before[0][1].person == "" and before[0][1].rehearsal == ""
    assert "picture-public-incident" in before[0][1].rules and before[0][1].files[0].name == "agencies.yaml"
    police.publish([police.incident()])
    config.write("access/situation-picture.yaml", config.read("access/situation-picture.yaml") + "# en rad till\n")
    done, tried = load(hub, "--dry-run")
    assert done.returncode == DONE and tried["loaded"] is False and tried["rehearsal"]["events"] == 1, done
    assert in_force(hub) == before[0][1].hash.hex() and len(rules_changed(hub)) == 1
    done, loaded = load(hub)
    assert done.returncode == DONE and loaded["loaded"] and loaded["changed"] and loaded["tests"] == 1, done
    assert loaded["hash"] == tried["hash"] == in_force(hub) != before[0][1].hash.hex()
    seq, changed = rules_changed(hub)[-1]
    assert seq == loaded["seq"] and changed.hash.hex() == loaded["hash"] and (changed.person, changed.agency) == ("test", "stadsdelen")
    assert changed.tests == 1 and list(changed.rules) == list(before[0][1].rules) and len(changed.rules) == loaded["rules"]
    assert changed.rehearsal == loaded["rehearsal"]["summary"] and "1 events" in changed.rehearsal, changed.rehearsal
    assert "nothing would change" in changed.rehearsal
    # Without a rehearsal the record says none; the same rules again are no change; a signal names nobody.
    config.write("access/situation-picture.yaml", config.read("access/situation-picture.yaml") + "# och en\n")
    done = hub.navctl("access", "load", "--since", "none")
    assert "1 tests passed" in done.stdout and done.stdout.startswith("loaded: rules " + in_force(hub)), done.stdout
    assert rules_changed(hub)[-1][1].rehearsal == ""
    done, again = load(hub)
    assert done.returncode == DONE and again["loaded"] and not again["changed"] and len(rules_changed(hub)) == 3
    config.restore()
    hub.processes["nav-core"].send_signal(signal.SIGHUP)
    wait_until("the signal is followed", lambda: len(rules_changed(hub)) == 4)
    last = rules_changed(hub)[-1][1]
    assert (last.person, last.agency, last.rehearsal, last.tests) == ("", "", "", 1) and last.hash == before[0][1].hash


# What is broken, in which file, and where the fault is shown: (line, column), or None where only the file is known.
def broken(config):
    picture = config.read("access/situation-picture.yaml").split("\n")
    line = 1 + picture.index("    permit: {from: police, event: PublicIncident, to: \"*\"}")
    yield "access/situation-picture.yaml", "\tx", "    permit: {from: police, event: PublicIncident, to: \"*\"}", (line, 1)
    yield ("access/situation-picture.yaml", "    permit: {from: polizei, event: PublicIncident, to: \"*\"}",
           "    permit: {from: police, event: PublicIncident, to: \"*\"}", (line, 20))
    yield ("access/situation-picture.yaml", "    permit: {from: police, event: PublicIncidents, to: \"*\"}",
           "    permit: {from: police, event: PublicIncident, to: \"*\"}", (line, 35))
    yield ("access/situation-picture.yaml", "    permit: {from: police, evnt: PublicIncident, to: \"*\"}",
           "    permit: {from: police, event: PublicIncident, to: \"*\"}", (line, 28))
    # Beyond its legal basis: osl-6-5 reveals no identity.
    yield ("access/situation-picture.yaml", "    reveal: [place, identity]\n    roles: none\n\n  - id: picture-place-notice",
           "    reveal: [place]\n    roles: none\n\n  - id: picture-place-notice", (line + 2, 13))
    kind = 1 + config.read("agencies.yaml").split("\n").index("    kind: police")
    yield "agencies.yaml", "    kind: polize\n", "    kind: police\n", (kind, 11)
    yield "areas/bromma.yaml", "municipality: \"018\"", "municipality: \"0180\"", None
    yield "law.yaml", "    sektion: 4-6 §§\n    text: >-\n      Kommunen ska ta fram", "    section: 4-6 §§\n    text: >-\n      Kommunen ska ta fram", None


def bad_rules(hub, config, police):
    force, count = in_force(hub), len(rules_changed(hub))
    cases = list(broken(config))
    assert len(cases) >= 8
    for name, new, old, place in cases:
        config.change(name, old, new)
        for more in (("--since", "none"), ()):  # the faults that nav-core finds, and those that the rehearsal finds
            done, faults = load(hub, *more)
            assert done.returncode == FINDINGS, (name, new, done)
            here = [f for f in faults if f["file"] == name and f["line"] > 0 and f["column"] > 0]
            assert here, (name, new, faults)
            if place is not None:
                assert any(f["line"] == place[0] and place[1] in (None, f["column"]) for f in here), (name, new, place, here)
        checked = hub.navctl("access", "check", "-o", "json", check=False)
        assert [f for f in json.loads(checked.stdout) if f["file"] == name] == [f for f in faults if f["file"] == name]
        log = hub.log("nav-core")
        assert f"{name}:{here[0]['line']}:{here[0]['column']}: {here[0]['what']}" in log, log[-2000:]
        police.publish([police.incident()])
        config.restore()
    # A test that fails, and no tests at all.
    config.use_tests(CLOSED_TESTS)
    done, faults = load(hub)
    assert done.returncode == FINDINGS and [(f["file"], f["line"], f["column"]) for f in faults][0][:2] == ("access/tests/all.yaml", 6), faults
    assert "expected withhold, got release" in faults[0]["what"], faults
    config.restore()
    os.rename(hub.path("config", "access", "tests"), hub.path("config", "access", "no-tests"))
    assert load(hub, "--since", "none")[0].returncode == FINDINGS
    os.rename(hub.path("config", "access", "no-tests"), hub.path("config", "access", "tests"))
    # A signal: the same, only logged.
    config.change("agencies.yaml", "    kind: police\n", "    kind: polize\n")
    said = hub.log("nav-core").count(STAYS)
    hub.processes["nav-core"].send_signal(signal.SIGHUP)
    wait_until("the faults are logged", lambda: hub.log("nav-core").count(STAYS) > said)
    assert in_force(hub) == force and len(rules_changed(hub)) == count
    police.publish([police.incident()])
    config.restore()


def only_operators(hub, config):
    # The roles of nav-core are those in force, so that nobody makes themselves one by writing a file.
    text = config.read("persons.yaml")
    config.write("persons.yaml", text.replace(", operator", ""))
    done = hub.navctl("access", "load", "--since", "none")
    assert done.returncode == DONE
    assert load(hub, "--since", "none")[0].returncode == REFUSED
    config.restore()
    assert load(hub, "--since", "none")[0].returncode == REFUSED
    hub.processes["nav-core"].send_signal(signal.SIGHUP)
    wait_until("the operator is back", lambda: load(hub, "--since", "none")[0].returncode == DONE)


# ---- under traffic ----


class Sender(threading.Thread):
    """RATE events a second until it is told that it is enough, for a minute at the most."""

    def __init__(self, police):
        super().__init__()
        self.police, self.seqs, self.sent, self.enough, self.error, self.late_s = police, [], 0, False, None, 0

    def run(self):
        try:
            self.police.client.connect()
            began = time.monotonic()
            while not self.enough and self.sent < RATE * SENDER_S_MAX:
                wait = began + self.sent / RATE - time.monotonic()
                time.sleep(max(wait, 0))
                self.late_s = max(self.late_s, -wait)
                self.sent += SENDING
                self.seqs += self.police.publish([self.police.incident() for _ in range(SENDING)])
        except Exception as error:  # noqa: BLE001  told by the main thread
            self.error = error


class Receiver(threading.Thread):
    """Takes what comes until it is told to stop; acknowledges as it goes."""

    def __init__(self, agency):
        super().__init__()
        self.client, self.got, self.over, self.error = agency.client, [], False, None

    def run(self):
        try:
            self.client.connect(purposes=[PICTURE])
            while not self.over:
                self.client._receive(wait_ms=50)
                batch, self.client.waiting = self.client.waiting, []
                self.got += [(d.position, time.monotonic()) for d in batch]
                if batch:
                    self.client.acknowledge(batch[-1])
        except Exception as error:  # noqa: BLE001
            self.error = error


def taken_back(hub, lane, first):
    """The events after `first` that a Redecided record withholds from the lane."""
    again = [record.redecided for _, record in records(hub, 25)]
    assert all(r.lane.outcome == SCHEMA.OUTCOME_WITHHOLD for r in again)
    return sorted(r.event_seq for r in again if r.lane.lane == lane and r.event_seq > first)


def revoked_under_traffic(hub, config, police, school, housing):
    first = max(int(row[0]) for row in hub.postgres.sql("postgres", "SELECT max(seq) FROM nav.ledger"))
    sender, receiver = Sender(police), Receiver(school)
    receiver.start()
    sender.start()
    wait_until("much is published before", lambda: len(sender.seqs) > RATE or not sender.is_alive())
    config.drop_rule("access/situation-picture.yaml", "picture-public-incident")
    config.use_tests(CLOSED_TESTS)
    done, loaded = load(hub, "--since", "none")
    ended, at_swap = time.monotonic(), sender.sent
    wait_until("much is published after", lambda: sender.sent > at_swap + RATE or not sender.is_alive())
    sender.enough = True
    sender.join()
    time.sleep(2)
    receiver.over = True
    receiver.join()
    assert done.returncode == DONE and loaded["changed"], done
    assert sender.error is None and receiver.error is None, (sender.error, receiver.error)
    swap = loaded["seq"]
    before, after = [s for s in sender.seqs if s < swap], [s for s in sender.seqs if s > swap]
    assert len(before) > RATE // 2 and len(after) > RATE // 2, (len(before), len(after))
    assert len(sender.seqs) == sender.sent, "none is lost: each has a receipt"
    stored = hub.postgres.sql("postgres", f"SELECT seq FROM nav.event_view WHERE seq > {first} ORDER BY seq")
    assert [int(row[0]) for row in stored] == sorted(sender.seqs)
    # What came after the record was decided by the new rules alone: nobody may have it.
    got = [position for position, _ in receiver.got if position > first]
    assert got == sorted(set(got)) and max(got) < swap, (max(got), swap)
    last = max(at for _, at in receiver.got)
    assert last < ended + 1, f"a delivery came {last - ended:.1f} s after the rules were in force"
    # What came before was either delivered before, or taken back on record when its turn came: no third way.
    lanes = {(record.lane_defined.agency, record.lane_defined.purpose): record.lane_defined.number for _, record in records(hub, 17)}
    taken = taken_back(hub, lanes["skolan", PICTURE], first)
    assert sorted(got + taken) == before, (len(got), len(taken), len(before))
    # Somebody who comes late, when the rules have changed, gets none of the old ones either.
    housing.client.connect(purposes=[PICTURE])
    assert list(housing.client.deliveries()) == []
    wait_until("each is taken back", lambda: taken_back(hub, lanes["bostadsbolaget", PICTURE], first) == before, 20)
    assert all(seq > swap for seq, _ in records(hub, 25))
    # Back again: new events go out.
    config.restore()
    assert load(hub, "--since", "none")[0].returncode == DONE
    school.client.connect(purposes=[PICTURE])
    fresh = police.publish([police.incident()])
    delivered = wait_until("the new event comes", lambda: list(school.client.deliveries()))
    assert delivered[-1].position == fresh[0], ([d.position for d in delivered], fresh)
    school.client.acknowledge(delivered[-1])
    print(f"   {len(before)} before and {len(after)} after the record; {len(got)} delivered, {len(taken)} taken back; "
          f"a publication was at most {sender.late_s:.2f} s late", flush=True)


def nothing_comes(agency):
    """A new session of the lane gets nothing, though the hub has sent all that there is."""
    agency.client.connect(purposes=[PICTURE])
    got = list(agency.client.deliveries())
    assert got == [], [d.position for d in got]


def behind_of(hub, number):
    return next(lane["behind"] for lane in hub.status()["lanes"] if lane["number"] == number)


def taken_back_for_good(hub, config, police, social):
    """What a delivery once found to be withheld stays so when the rule comes back, also after a crash; what comes later goes out."""
    lane = next(record.lane_defined.number for _, record in records(hub, 17)
                if (record.lane_defined.agency, record.lane_defined.purpose) == ("socialtjansten", PICTURE))
    social.client.connect(purposes=[PICTURE])
    for batch in iter(lambda: list(social.client.deliveries()), []):
        social.client.acknowledge(batch[-1])
    social.client.close()  # away
    seqs = police.publish([police.incident() for _ in range(PENDING)])
    config.drop_rule("access/situation-picture.yaml", "picture-public-incident")
    config.use_tests(CLOSED_TESTS)
    assert load(hub, "--since", "none")[0].returncode == DONE
    nothing_comes(social)
    wait_until("each is taken back", lambda: taken_back(hub, lane, seqs[0] - 1) == seqs, 20)
    written = len(records(hub, 25))
    config.restore()
    assert load(hub, "--since", "none")[0].returncode == DONE
    nothing_comes(social)
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    assert behind_of(hub, lane) == 0, "what the records take back is not waited for, also before a session has looked at it"
    nothing_comes(social)
    assert behind_of(hub, lane) == 0
    assert taken_back(hub, lane, seqs[0] - 1) == seqs and len(records(hub, 25)) == written, "each is recorded once"
    police.client.connect()
    fresh = police.publish([police.incident()])
    delivered = wait_until("the new event comes", lambda: list(social.client.deliveries()))
    assert [d.position for d in delivered] == fresh, ([d.position for d in delivered], fresh)
    social.client.acknowledge(delivered[-1])


def revoked_key(hub, config, school):
    """An agency that is taken out loses its session at once, also twice in a row, and comes back with the file."""
    school.client.connect(purposes=[PICTURE])
    config.write("keys/skolan.yaml", "\n".join(line[:-4] + "0000" if ": " in line else line
                                               for line in config.read("keys/skolan.yaml").split("\n")))
    for _ in range(2):
        assert load(hub, "--since", "none")[0].returncode == DONE
    try:
        school.client.ping()
        while school.client._receive().WhichOneof("frame") != "pong":
            continue
        raise AssertionError("the session lives on")
    except nav_client.HubError as error:
        assert "reset" in str(error)
    config.restore()
    assert load(hub, "--since", "none")[0].returncode == DONE
    school.client.connect(purposes=[PICTURE])


# ---- killed ----


def trying(hub):
    """The process ids of nav-core --try."""
    core, found = hub.processes["nav-core"].pid, []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
            with open(f"/proc/{name}/cmdline", "rb") as file:
                command = file.read().split(b"\0")
        except (OSError, ValueError):
            continue
        if parent == core and b"--try" in command:
            found.append(int(name))
    return found


def killed_meanwhile(hub, config, police):
    """Tests that take long: traffic goes on, a second one is refused, kill -9 leaves nothing half done."""
    force, count = in_force(hub), len(rules_changed(hub))
    head, test = OPEN_TESTS.split("tests:\n")
    for number in range(8):
        config.write(f"access/tests/slow-{number}.yaml", head + "tests:\n" + test.replace("to: skolan", "to: all") * 800)
    config.write("access/situation-picture.yaml", config.read("access/situation-picture.yaml") + "# ny\n")
    waiting = subprocess.Popen([os.path.join(BIN, "navctl"), "--home", hub.home, "access", "load", "--since", "none"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    child = wait_until("the process is there", lambda: trying(hub))[0]
    second = hub.navctl("access", "load", "--since", "none", check=False)
    assert second.returncode == UNREACHABLE and "already" in second.stderr, second
    for _ in range(5):
        began = time.monotonic()
        police.publish([police.incident()])
        assert time.monotonic() - began < 2, "nav-core stands still while rules are tried"
    assert trying(hub) == [child], "it was over before it could be killed"
    hub.kill("nav-core")
    wait_until("the process ends with nav-core", lambda: not os.path.exists(f"/proc/{child}"), 10)
    waiting.communicate(timeout=30)
    assert waiting.returncode == UNREACHABLE
    config.restore()
    hub.start_program("nav-core")
    hub.wait_ready()
    assert in_force(hub) == force and len(rules_changed(hub)) == count
    police.client.connect()
    police.publish([police.incident()])
    assert load(hub)[0].returncode == DONE


def main():
    with Hub(agencies=("polisen", "skolan", "socialtjansten", "bostadsbolaget")) as hub:
        config = config_with_one_test(hub)
        police, school, social, housing = (Agency(hub, a) for a in ("polisen", "skolan", "socialtjansten", "bostadsbolaget"))
        police.client.connect()
        for step, arguments in ((good_rules, (police,)), (bad_rules, (police,)), (only_operators, ()),
                                (revoked_under_traffic, (police, school, housing)), (taken_back_for_good, (police, social)),
                                (revoked_key, (school,)), (killed_meanwhile, (police,))):
            began = time.monotonic()
            step(hub, config, *arguments)
            print(f"ok {step.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        found = hub.verify()
        assert found["ok"], found["faults"][:5]
        print("ok verify", flush=True)


if __name__ == "__main__":
    main()
