#!/usr/bin/env python3
"""New rules over a whole hub: rehearsed, checked, tested, swapped in whole or not at all, and recorded; under traffic, with faults of many
kinds, and with nav-core killed in the middle.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from hub import BIN, Hub, wait_until  # noqa: E402

SCHEMA = nav_client.load_schema()
PICTURE = "situation-picture"
DONE, FAILED, REFUSED, UNREACHABLE, FINDINGS = 0, 1, 3, 5, 6
DAY_MS = 86400000
NOW_MS = int(time.time() * 1000)
NOON_MS = NOW_MS - NOW_MS % DAY_MS - 9 * DAY_MS + DAY_MS // 2  # nine days ago at noon UTC
CHILD, OTHER_CHILD = "201201012380", "201102212386"  # Skatteverket's test numbers
RATE, SECONDS, SENDING = 1000, 6, 100  # events a second, for so long, so many a publication
PENDING = 20  # events that wait for somebody who is away

TESTS = """now: 2026-11-22T18:00:00+01:00
tests:
  - name: Publicerade händelser
    event: {source: polisen, type: PublicIncident, place: {municipality: "0180", precision: area}, body: {kind: Brand}}
    expect:
      - {to: skolan, purpose: situation-picture, outcome: %s, rule: %s}
"""
OPEN_TESTS, CLOSED_TESTS = TESTS % ("release", "picture-public-incident"), TESTS % ("withhold", "none")


class Folder:
    """A configuration folder whose files are changed and put back."""

    def __init__(self, path):
        self.path, self.before = path, {}

    def read(self, name):
        with open(os.path.join(self.path, name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        if name not in self.before:
            self.before[name] = self.read(name) if os.path.exists(os.path.join(self.path, name)) else None
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
            file.write(text)

    def change(self, name, old, new):
        text = self.read(name)
        assert text.count(old) == 1, (name, old, text.count(old))
        self.write(name, text.replace(old, new))

    def restore(self):
        for name, text in self.before.items():
            if text is None:
                os.remove(os.path.join(self.path, name))
            else:
                with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
                    file.write(text)
        self.before = {}

    def drop_rule(self, name, rule):
        """Takes the whole rule out of access/name."""
        head, rest = self.read(name).split(f"  - id: {rule}\n")
        end = rest.find("\n  - id: ")
        self.write(name, head.rstrip("\n") + ("\n" + rest[end:] if end >= 0 else "\n"))

    def use_tests(self, text):
        self.write("access/tests/all.yaml", text)


class Agency:
    def __init__(self, hub, name):
        self.keys = nav_client.Keys(hub.path("agencies", name, "keys"))
        curve, session = nav_client.read_hub_keys(hub.path("config", "keys", "hub.yaml"))
        self.name, self.number = name, 0
        self.client = nav_client.Client(name, self.keys, f"tcp://127.0.0.1:{hub.port}", curve, session, schema=SCHEMA, wait_ms=30000)

    def event(self, time_ms=NOW_MS):
        self.number += 1
        event = SCHEMA.Event(id=self.keys.event_id(time_ms, self.name, f"{os.getpid()}-{self.number}"), source=self.name, revision=1,
                             time_ms=time_ms, recorded_time_ms=time_ms)
        event.place.municipality = "0180"
        event.place.precision = SCHEMA.PRECISION_AREA
        return event

    def incident(self, time_ms=NOW_MS):
        event = self.event(time_ms)
        event.public_incident.kind = "Brand"
        return event

    def publish(self, events):
        receipts = self.client.publish([event.SerializeToString() for event in events])
        assert [r.status for r in receipts] == [SCHEMA.RECEIPT_STATUS_ACCEPTED] * len(events), receipts
        return [r.seq for r in receipts]


def records(hub, kind):
    """(seq, record) of every record of that kind, decoded from the stored bytes."""
    rows = hub.postgres.sql("postgres", f"SELECT seq, encode(record, 'hex') FROM nav.ledger WHERE kind = {kind} ORDER BY seq")
    return [(int(seq), SCHEMA.Record.FromString(bytes.fromhex(text))) for seq, text in rows]


def rules_changed(hub):
    return [(seq, record.rules_changed) for seq, record in records(hub, 13)]


def load(hub, *more):
    done = hub.navctl("access", "load", "-o", "json", *more, check=False)
    return done, json.loads(done.stdout) if done.stdout else None


def in_force(hub):
    return hub.status()["rules"]["hash"]


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
    hub.processes["nav-core"].send_signal(signal.SIGHUP)
    wait_until("the faults are logged", lambda: hub.log("nav-core").count("faults; the one in force stays") > len(cases))
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
    """RATE events a second for SECONDS."""

    def __init__(self, police):
        super().__init__()
        self.police, self.seqs, self.error, self.late_s = police, [], None, 0

    def run(self):
        try:
            self.police.client.connect()
            began = time.monotonic()
            for i in range(RATE * SECONDS // SENDING):
                wait = began + i * SENDING / RATE - time.monotonic()
                time.sleep(max(wait, 0))
                self.late_s = max(self.late_s, -wait)
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
    time.sleep(SECONDS / 2)
    config.drop_rule("access/situation-picture.yaml", "picture-public-incident")
    config.use_tests(CLOSED_TESTS)
    done, loaded = load(hub, "--since", "none")
    ended = time.monotonic()
    sender.join()
    time.sleep(2)
    receiver.over = True
    receiver.join()
    assert done.returncode == DONE and loaded["changed"], done
    assert sender.error is None and receiver.error is None, (sender.error, receiver.error)
    swap = loaded["seq"]
    before, after = [s for s in sender.seqs if s < swap], [s for s in sender.seqs if s > swap]
    assert len(before) > RATE // 2 and len(after) > RATE // 2, (len(before), len(after))
    assert len(sender.seqs) == RATE * SECONDS, "none is lost: each has a receipt"
    stored = hub.postgres.sql("postgres", f"SELECT seq FROM nav.event WHERE seq > {first} ORDER BY seq")
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


# ---- rehearsal ----


def make_history(police, school, social):
    """What happened nine days ago. Five kinds, so that each change of the draft moves numbers of its own."""
    incidents = [police.incident(NOON_MS + i) for i in range(6)]
    damage = []
    for i in range(4):
        event = school.event(NOON_MS + i)
        event.place.address = "Testgatan 1"
        event.school_incident.kind = SCHEMA.SCHOOL_INCIDENT_KIND_DAMAGE
        damage.append(event)
    concerns = []
    for child, hours in ((CHILD, 0), (CHILD, 1), (OTHER_CHILD, 0), (CHILD, 24)):  # two of one child on one day
        event = school.event(NOON_MS + hours * 3600000)
        event.subjects.add(role=SCHEMA.ROLE_CHILD, personal_number=child, protection=SCHEMA.PROTECTION_NONE, home_area="bromma")
        event.concern_report.kind = SCHEMA.CONCERN_KIND_NEGLECT
        event.concern_report.assessed_by = "rektor"
        concerns.append(event)
    supports = []
    for i in range(2):  # no number: each is a person of its own
        event = social.event(NOON_MS + i)
        event.subjects.add(role=SCHEMA.ROLE_PARTICIPANT, name="Test Testsson", protection=SCHEMA.PROTECTION_NONE)
        event.social_intervention.kind = SCHEMA.SOCIAL_INTERVENTION_KIND_SIG
        supports.append(event)
    police.publish(incidents)
    school.publish(damage + concerns)
    social.publish(supports)
    return incidents, damage


def rehearse(hub, folder, *more):
    done = hub.navctl("access", "rehearse", folder, "--since", nav_time(NOON_MS - DAY_MS), "--until", nav_time(NOON_MS + 2 * DAY_MS),
                      "-o", "json", *more, check=False)
    assert done.returncode == DONE, done
    return json.loads(done.stdout)


def nav_time(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))


def told(answer):
    return {(r["change"], r["agency"], r["purpose"]): (r["events"], r["person_days"]) for r in answer["rows"]}


def rehearsed(hub, config, police, school, social):
    school.client.connect()
    social.client.connect()
    incidents, damage = make_history(police, school, social)
    reads = len(records(hub, 40))
    # The rules in force on what they decided themselves: nothing to open, nothing would change.
    same = rehearse(hub, hub.path("config"))
    assert (same["events"], same["opened"], same["rows"], same["hash"]) == (16, 0, [], in_force(hub)), same
    assert len(records(hub, 40)) == reads and "nothing would change" in same["summary"]
    shutil.copytree(hub.path("config"), hub.path("draft"))
    draft = Folder(hub.path("draft"))
    draft.drop_rule("access/situation-picture.yaml", "picture-public-incident")
    draft.change("access/situation-picture.yaml",
                 "permit: {from: school, event: SchoolIncident, to: [police, {all: social}, housing, city, rescue]}\n"
                 "    basis: lag-2023-196-4\n    reveal: [open]",
                 "permit: {from: school, event: SchoolIncident, to: [police, {all: social}, housing, city, rescue]}\n"
                 "    basis: lag-2023-196-4\n    reveal: [place]")
    draft.write("access/situation-picture.yaml", draft.read("access/situation-picture.yaml") +
                "  - id: school-to-civil\n    permit: {from: school, event: SchoolIncident, to: civil}\n    basis: lag-2023-196-4\n"
                "    reveal: [open]\n    roles: none\n")
    draft.change("access/young-at-risk.yaml",
                 "permit: {from: school, event: ConcernReport, to: social}\n    basis: sol-19-1\n",
                 "permit: {from: school, event: ConcernReport, to: social}\n    basis: sol-19-1\n    outcome: hold\n")
    answer = rehearse(hub, draft.path, "--reason", "förslag från juristen")
    expected = {("no_longer_released", agency, PICTURE): (6, 0) for agency in (
        "socialtjansten", "skolan", "bostadsbolaget", "tycktill", "brandforsvaret", "stadsdelen", "hyresgastforeningen", "grannstodet")}
    expected.update({("more_fields", agency, PICTURE): (4, 0) for agency in (
        "polisen", "socialtjansten", "bostadsbolaget", "tycktill", "stadsdelen", "brandforsvaret")})
    expected.update({("newly_released", agency, PICTURE): (4, 0) for agency in ("hyresgastforeningen", "grannstodet")})
    # Four reports, of which two are about one child on one day.
    expected["no_longer_released", "socialtjansten", "young-at-risk"] = (4, 3)
    expected["newly_held", "socialtjansten", "young-at-risk"] = (4, 3)
    expected.update({("depends_on_consent_or_request", agency, "sig"): (2, 2) for agency in ("polisen", "skolan", "kriminalvarden")})
    assert told(answer) == expected, {k: (told(answer).get(k), expected.get(k)) for k in set(told(answer)) | set(expected)
                                      if told(answer).get(k) != expected.get(k)}
    totals = {name: (t["events"], t["person_days"]) for name, t in answer["totals"].items() if t["events"] > 0}
    assert totals == {"no_longer_released": (10, 3), "more_fields": (4, 0), "newly_released": (4, 0), "newly_held": (4, 3),
                      "depends_on_consent_or_request": (2, 2)}, totals
    assert (answer["events"], answer["opened"], answer["erased"], answer["truncated"]) == (16, 16, 0, False)
    rows = {(r["change"], r["agency"]): r for r in answer["rows"]}
    assert rows["newly_released", "grannstodet"]["rules"] == [{"before": None, "after": "school-to-civil", "events": 4}]
    assert rows["newly_held", "socialtjansten"]["rules"] == [
        {"before": "school-concern-to-social", "after": "school-concern-to-social", "events": 4}]
    assert rows["more_fields", "polisen"]["examples"] == [event.id.hex() for event in damage]
    assert len(rows["no_longer_released", "skolan"]["examples"]) == 5
    assert set(rows["no_longer_released", "skolan"]["examples"]) < {event.id.hex() for event in incidents}
    # It was a reading, and stands as one; no person is named in the answer.
    read = records(hub, 40)[-1][1].read
    assert (read.person, read.purpose, len(read.event_seqs)) == ("test", "rehearsal", 16)
    assert not read.reason and "förslag från juristen".encode() not in read.SerializeToString(), "a reason is sealed"
    assert CHILD not in json.dumps(answer) and "Testsson" not in json.dumps(answer)
    # Nothing was put in force, and the draft's own faults are told with their lines.
    assert in_force(hub) == same["hash"]
    table = hub.navctl("access", "rehearse", draft.path, "--since", nav_time(NOON_MS - DAY_MS), "--until", nav_time(NOON_MS + 2 * DAY_MS)).stdout
    assert "school-concern-to-social→school-concern-to-social:4" in table and "16 events" in table, table
    draft.write("access/young-at-risk.yaml", draft.read("access/young-at-risk.yaml").replace("from: police,", "from: polis,", 1))
    done = hub.navctl("access", "rehearse", draft.path, "-o", "json", check=False)
    assert done.returncode == FINDINGS and json.loads(done.stdout)[0]["file"] == "access/young-at-risk.yaml", done
    draft.restore()


def erased_is_counted_apart(hub, draft):
    hub.stop("nav-core")
    for name in os.listdir(hub.path("buckets")):
        os.remove(hub.path("buckets", name))
    hub.start_program("nav-core")
    hub.wait_ready()
    folder = Folder(draft)
    folder.drop_rule("access/situation-picture.yaml", "picture-public-incident")
    answer = rehearse(hub, draft)
    assert (answer["events"], answer["opened"], answer["erased"], answer["rows"]) == (16, 0, 16, []), answer


def main():
    with Hub(agencies=("polisen", "skolan", "socialtjansten", "bostadsbolaget")) as hub:
        tests = hub.path("config", "access", "tests")
        hub.stop("nav-core")
        shutil.rmtree(tests)
        os.makedirs(tests)
        config = Folder(hub.path("config"))
        config.use_tests(OPEN_TESTS)
        config.before = {}
        hub.start_program("nav-core")
        hub.wait_ready()
        police, school, social, housing = (Agency(hub, a) for a in ("polisen", "skolan", "socialtjansten", "bostadsbolaget"))
        police.client.connect()
        for step, arguments in ((good_rules, (police,)), (bad_rules, (police,)), (only_operators, ()),
                                (revoked_under_traffic, (police, school, housing)), (taken_back_for_good, (police, social)),
                                (revoked_key, (school,)),
                                (killed_meanwhile, (police,)), (rehearsed, (police, school, social))):
            began = time.monotonic()
            step(hub, config, *arguments)
            print(f"ok {step.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        found = hub.verify()
        assert found["ok"], found["faults"][:5]
        print("ok verify", flush=True)
        erased_is_counted_apart(hub, hub.path("draft"))
        print("ok erased_is_counted_apart", flush=True)


if __name__ == "__main__":
    main()
