"""One person's events erased among many of the same bucket: previewed, ordered, recorded; exactly these do not open with anything that is
left (the table, a dump of before with the keys of now), the others do; a lane that had them keeps them, one that had not is told and goes
on; what stands against is named and kept; kill -9 between the record and the keys, and at any moment, is finished by the next start; the
ledger verifies, and a tampering is named.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "ledger")]
import bucket_keys  # noqa: E402
from agencies import Agency, Ledger  # noqa: E402
from hub import BIN, wait_until  # noqa: E402
from people import AssessorHub, event, intervention  # noqa: E402
import verifier  # noqa: E402
from retention_test import behind, day_of, dump, notices, opens  # noqa: E402

CHILD, OTHER, THIRD = "201201012380", "201002212395", "201102212386"
BASIS, REASON = "art. 17.1 d dataskyddsförordningen", "Beslut dnr 12 om Planterad Anledning"
TO, PURPOSE = "socialtjansten", "young-at-risk"
CLASS = 3  # of concern reports


def concern(number, word):
    subject = {"role": "child", "protection": "none", "name": word, "home_area": "alvik", "personal_number": number}
    return event("skolan", "ConcernReport", {"kind": "neglect", "assessed_by": "rektor"}, [subject])


class EraseHub(AssessorHub):
    def key_files(self):
        folder = self.path("buckets")
        return {name: os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".key")}

    def erase(self, *args, code=0):
        done = self.navctl("retention", "erase", *args, "--basis", BASIS, "--reason", REASON, check=False)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def erase_json(self, *args):
        return self.json("retention", "erase", *args, "--basis", BASIS, "--reason", REASON)

    def restart_core(self, kill=False):
        (self.kill if kill else self.stop)("nav-core")
        self.start_program("nav-core")
        self.wait_ready()


def opened_by_now(hub, contents, seqs):
    """Which of them any key file that is there opens."""
    keys = hub.key_files()
    return {seq for seq in seqs if opens(hub, keys, contents, seq)}


def fetched(hub):
    hub.run_adapter(TO)
    return len(hub.inbox(TO, PURPOSE))


# ---- the test, in the order of a hub's life ----

def publish_all(hub):
    """Of the child and of others, in one bucket; some fetched, some not. And what stands against, or waits."""
    early = hub.publish("skolan", *[concern((CHILD, OTHER, THIRD)[i % 3], f"Tidig {i}") for i in range(30)])
    assert fetched(hub) == 30
    late = hub.publish("skolan", *[concern((CHILD, OTHER)[i % 2], f"Sen {i}") for i in range(20)])
    held = hub.publish("socialtjansten", intervention("Väntar"))  # of the child; for somebody's assessment
    duty = hub.publish("skolan", event("skolan", "SchoolIncident", {"kind": "threat"}, [
        {"role": "participant", "protection": "none", "personal_number": CHILD}]))
    social = Agency(hub, "socialtjansten")
    consent = social.publish(social.consent(CHILD, ["polisen"]))
    child = early[0::3] + late[0::2]
    others = [seq for seq in early + late if seq not in child]
    return early, late, child, others, held, duty, consent


def previewed(hub, early, child, held, duty, consent):
    files = {name: os.stat(path).st_mtime_ns for name, path in hub.key_files().items()}
    shown = hub.erase_json("--person", CHILD, "--dry-run")
    erased = {e["seq"]: e for e in shown if e["state"] == "erased"}
    kept = {e["seq"]: e["against"].split(":")[0] for e in shown if e["state"] == "kept"}
    assert set(erased) == set(child + held), (sorted(erased), child, held)
    assert kept == {duty[0]: "hold", consent[0]: "consent"}, kept
    for seq in child:
        assert erased[seq]["lanes"] == [{"agency": TO, "purpose": PURPOSE, "state": "had" if seq in early else "missed"}], erased[seq]
    assert erased[held[0]]["holds_closed"] == 2 and erased[held[0]]["record"] == 0, erased[held[0]]
    assert files == {name: os.stat(path).st_mtime_ns for name, path in hub.key_files().items() if name in files}
    table = hub.erase("--person", "20120101-2380", "--dry-run")
    assert f"To be erased: {len(erased)} events; 2 kept; 0 had been erased before." in table.stdout, table.stdout
    assert f"{TO} has had 10 of them for {PURPOSE}" in table.stderr and "navctl recall send" in table.stderr, table.stderr
    assert not Ledger(hub).records("events_erased")
    asked = [r for _, r in Ledger(hub).records("audit_read") if r.query.startswith("retention erase person ")]
    assert len(asked) == 2 and all(CHILD not in r.query and r.query.endswith(" dry-run") and not r.reason for r in asked), asked
    return erased


def refused(hub, child):
    """Nothing is done by half, and nothing by who may not."""
    hub.erase("--person", "201201012381", code=2)
    hub.erase(code=2)
    hub.erase("--event", "skolan", code=2)
    hub.erase("--event", "ingen/" + "0" * 32, code=4)
    some = id_of(hub, child[0])
    done = hub.erase("--event", f"skolan/{some},skolan/{'0' * 32}", code=4)
    assert "nothing was erased" in done.stderr, done.stderr
    hub.erase("--event", f"polisen/{some}", code=4)  # another agency's
    bare = hub.navctl("retention", "erase", "--event", f"skolan/{some}", "--reason", REASON, check=False)
    assert bare.returncode == 2 and "--basis" in bare.stderr, bare
    roles(hub, "[reader, assessor, auditor], mandate: all", 3)
    assert hub.erase("--event", f"skolan/{some}", "--dry-run", code=3)
    roles(hub, "[reader, chair, assessor, auditor, operator], mandate: all", 0)
    assert not Ledger(hub).records("events_erased")


def roles(hub, given, code):
    hub.be(hub.person, given)
    hub.processes["nav-core"].send_signal(signal.SIGHUP)
    wait_until("the roles are in force", lambda: hub.navctl("retention", "preview", check=False).returncode == code)


def id_of(hub, seq):
    return hub.postgres.sql("postgres", f"SELECT encode(event_id, 'hex') FROM nav.event_view WHERE seq = {seq}")[0][0]


def erased_for_good(hub, child, others, held, duty, consent, backup):
    contents = dump(hub)
    everything = child + others + held + duty + consent
    before = {name: os.path.join(backup, name) for name in hub.key_files()}
    for name, path in hub.key_files().items():
        shutil.copy(path, before[name])
    assert opened_by_now(hub, contents, everything) == set(everything), "the check itself must be able to fail"
    done = hub.erase_json("--person", CHILD)
    assert {e["seq"] for e in done if e["state"] == "erased"} == set(child + held), done
    after = dump(hub)
    assert {seq: after[seq] for seq in everything} == {seq: contents[seq] for seq in everything}, "a row was changed"
    for rows in (contents, after):
        assert opened_by_now(hub, rows, everything) == set(others + duty + consent)
    assert all(opens(hub, before, contents, seq) for seq in child), "a copy of a key file is the content, as RETENTION.md says"
    assert set(hub.key_files()) >= set(before) and not [n for n in os.listdir(hub.path("buckets")) if not n.endswith(".key")]
    assert hub.verify()["faults"] == []
    again = hub.erase("--person", CHILD)
    assert f"Erased: 0 events; 2 kept; {len(child + held)} had been erased before." in again.stdout, again.stdout
    return done, contents, before


def recorded(hub, child, late, held, done):
    records = Ledger(hub).records("events_erased")
    assert {r.source: {e.event_seq for e in r.events} for _, r in records} == {"skolan": set(child), "socialtjansten": set(held)}
    lane = Ledger(hub).lane(TO, PURPOSE)
    for seq, record in records:
        assert (record.basis, record.person, record.reason) == (BASIS, hub.person, "") and b"Planterad" not in record.sealed_reason.sealed
        for one in record.events:
            assert list(one.undelivered) == ([lane] if one.event_seq in late else []), one
            assert one.event_id.hex() == id_of(hub, one.event_seq)
            assert {e["record"] for e in done if e["seq"] == one.event_seq} == {seq}
    closed = [c for _, c in Ledger(hub).records("hold_closed") if c.event_seq == held[0]]
    assert len(closed) == 2 and all(c.reason == 4 for c in closed), closed
    assert not [h for h in hub.json("hold", "list") if h["seq"] == held[0]]
    of_school = [seq for seq, r in records if r.source == "skolan"][0]
    lines = hub.json("audit", "search", "--kind", "events_erased", "--basis", BASIS)
    assert len(lines) == 2 and all(line["outcome"] == "erased" and REASON in line["reason"] for line in lines), lines
    assert of_school in [line["seq"] for line in hub.json("audit", "search", "--event", id_of(hub, child[0]))]
    shown = hub.navctl("audit", "show", str(of_school)).stdout
    assert "skulle raderas före sin tid" in shown and REASON in shown and BASIS in shown, shown


def the_person_is_told(hub, early, child, duty):
    """What the ledger has about the person says which content is gone, and that what was missed was never delivered."""
    lines = hub.json("audit", "person", CHILD, "--reason", "Begäran om registerutdrag")
    erased = {line["event_seq"] for line in lines if line["kind"] == "events_erased"}
    assert set(child) <= erased and duty[0] not in erased, erased
    for line in lines:
        assert line["erased"] == (line["event_seq"] in erased), line
        if line["kind"] == "accepted" and line["event_seq"] in child and line["outcome"] == "release":
            assert line["delivered"] is (line["event_seq"] in early), line


def followed_up(hub):
    """Who had how much erased before its time, and how much of it was never delivered: of the auditor's own agencies."""
    def told():
        return [f for f in hub.json("audit", "follow-up", "--since", "1d")["findings"] if f["what"] == "erased_by_order"]
    records = Ledger(hub).records("events_erased")
    [one] = told()
    assert (one["who"], one["count"], one["seqs"]) == (hub.person, len(records), [seq for seq, _ in records]), one
    assert one["events"] == sum(len(r.events) for _, r in records) > len(records), one
    assert one["undelivered"] == sum(len(e.undelivered) for _, r in records for e in r.events) > 0, one
    assert "Raderat före sin tid" in hub.navctl("audit", "follow-up").stdout
    for mandate, is_told in (("[polisen]", False), ("all", True)):
        hub.be(hub.person, f"[reader, chair, assessor, auditor, operator], mandate: {mandate}")
        hub.processes["nav-desk"].send_signal(signal.SIGHUP)
        wait_until(f"told to whom it concerns: {mandate}", lambda: bool(told()) is is_told)


def exported(hub, folder):
    """The extract holds the erasures: navctl and the second verifier, which shares no code with it, agree, and each refuses one that says
    another of its event than the event's own record."""
    key_file = hub.path("config", "keys", "hub.yaml")
    with open(key_file, encoding="utf-8") as file:
        key = file.read().split("checkpoint: ")[1].split()[0]
    path = os.path.join(folder, "liggaren.tar")
    hub.navctl("audit", "export", "--out", path, "--reason", "granskning")
    offline = json.loads(hub.navctl("audit", "verify", "--offline", path, "--key", key_file, "-o", "json").stdout)
    second = verifier.verify(path, key)
    erased = sum(len(r.events) for _, r in Ledger(hub).records("events_erased"))
    assert offline["ok"] and (second["records"], second["root"]) == (offline["records"], offline["root"]), (offline, second)
    assert second["erased"] == erased > 10, second
    records = list(verifier.records_of(verifier.read_archive(path)["records.bin"]))
    [seq, record] = Ledger(hub).records("events_erased")[0]
    identity = record.events[0].event_id
    records[seq - 1] = records[seq - 1].replace(identity, bytes(len(identity)))
    erasures = verifier.Erasures()
    try:
        for number, data in enumerate(records, 1):
            erasures.take(number, data)
    except verifier.Refused as why:
        assert f"record {seq} erases" in str(why), why
    else:
        raise AssertionError("an erasure that says another of its event is taken")


def passed_by(hub, late, others):
    """The lane that had some keeps them; what it had not it is told of once, and goes past."""
    rest = [seq for seq in late if seq in others]
    assert behind(hub, TO, PURPOSE) == len(rest)
    assert fetched(hub) == 30 + len(rest)
    told = [n for n in notices(hub, TO, "erased") if n["purpose"] == PURPOSE]
    assert len(told) == 1 and told[0]["text"] == "10 events that you had not fetched were erased: it was ordered", told
    # Its last acknowledgement may still be on its way to the ledger when the adapter has ended.
    wait_until("nothing is left", lambda: behind(hub, TO, PURPOSE) == 0)
    assert fetched(hub) == 30 + len(rest) and len(notices(hub, TO, "erased")) == len(told)


def a_replay_gives_the_others(hub, others):
    """The hub started again opens none of it, and a replay of the whole lane gives what is left."""
    hub.restart_core()
    assert behind(hub, TO, PURPOSE) == 0, "counted anew at a start"
    assert hub.verify()["faults"] == []
    social = Agency(hub, TO)
    social.client.connect(purposes=[PURPOSE])
    social.client.replay(Ledger(hub).lane(TO, PURPOSE), after=0)
    assert sorted(d.position for d in social.client.deliveries()) == sorted(others), "a replay gave what was erased"
    social.client.close()


def readers_get_no_key(hub, child, others):
    """nav-desk, which the tester's user may be here, is given the keys of what is left alone, and none of a reason's bucket."""
    day = int(day_of(hub, child[0]))
    seqs = [child[0], others[0], child[1], others[1]]
    asked = [[seq, CLASS, day] for seq in seqs] + [[others[0], 6, day]]
    request = json.dumps({"command": "record", "kind": "read", "person": hub.person, "agency": TO, "reason": "prov", "purpose": PURPOSE,
                          "event_seqs": seqs, "contents": asked}).encode()
    with socket.socket(socket.AF_UNIX) as core:
        core.connect(hub.path("run", "core.sock"))
        core.sendall(struct.pack(">I", len(request)) + request)
        [length] = struct.unpack(">I", core.recv(4, socket.MSG_WAITALL))
        answer = json.loads(core.recv(length, socket.MSG_WAITALL))
    assert [key is not None for key in answer["keys"]] == [False, True, False, True, False], answer


def duty_answered_then_erased(hub, duty):
    """What must be answered is erased once it is."""
    hub.be("skola-rektor")
    hub.processes["nav-core"].send_signal(signal.SIGHUP)
    holds = [h["hold"] for h in hub.json("hold", "list") if h["seq"] == duty[0]]
    for hold in holds:
        wait_until("the tester is another", lambda: hub.navctl("hold", "refuse", hold, "--reason", "prövat", check=False).returncode == 0)
    [one] = hub.erase_json("--event", f"skolan/{id_of(hub, duty[0])}")
    assert (one["seq"], one["state"]) == (duty[0], "erased"), one


def killed_between_the_record_and_the_keys(hub):
    """The key file cannot be replaced, so the record is committed and the key is there when the program is killed."""
    [seq] = hub.publish("skolan", concern(OTHER, "Dödad mellan"))
    name = f"{CLASS}-{day_of(hub, seq)}.key"
    path = hub.path("buckets", name)
    contents = dump(hub)
    os.mkdir(path + ".new")
    done = hub.erase("--event", f"skolan/{id_of(hub, seq)}", code=1)
    assert "could not be changed" in done.stderr, done.stderr
    assert seq in {e.event_seq for _, r in Ledger(hub).records("events_erased") for e in r.events}
    hub.kill("nav-core")
    assert opened_by_now(hub, contents, [seq]) == {seq}, "the key was to be there still"
    os.rmdir(path + ".new")
    hub.start_program("nav-core")
    hub.wait_ready()
    assert opened_by_now(hub, contents, [seq]) == set()
    assert hub.verify()["faults"] == []


def an_old_key_file_comes_back(hub, child, contents, before):
    name = f"{CLASS}-{day_of(hub, child[0])}.key"
    hub.stop("nav-core")
    shutil.copy(before[name], hub.path("buckets", name))
    assert opened_by_now(hub, contents, child) == set(child)
    hub.start_program("nav-core")
    hub.wait_ready()
    assert opened_by_now(hub, contents, child) == set(), "a key that was taken out came back"


def killed_at_any_moment(hub):
    """Either the record is there and the key gone, or neither has happened."""
    happened = set()
    for pause in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4):
        [seq] = hub.publish("skolan", concern(THIRD, "Dödad när som helst"))
        order = subprocess.Popen([os.path.join(BIN, "navctl"), "--home", hub.home, "retention", "erase", "--event",
                                  f"skolan/{id_of(hub, seq)}", "--basis", BASIS, "--reason", REASON], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        time.sleep(pause)
        hub.restart_core(kill=True)
        order.wait(60)
        is_recorded = seq in {e.event_seq for _, r in Ledger(hub).records("events_erased") for e in r.events}
        assert opened_by_now(hub, dump(hub), [seq]) == (set() if is_recorded else {seq}), (pause, is_recorded)
        happened.add(is_recorded)
    assert hub.verify()["faults"] == []
    print(f"killed at any moment: {'both ways' if len(happened) == 2 else happened}")


def tampering_is_named(hub, child, others):
    """As a superuser would: an erased event's row swapped for another's, one taken away that no record erased, and one that a record did."""
    owner = "SET session_replication_role = replica; "

    def faults():
        return {(f["seq"], f["what"].split(",")[0].split(":")[0]) for f in hub.verify()["faults"]}
    assert faults() == set()
    hub.postgres.sql("postgres", f"{owner}UPDATE nav.content SET sealed = (SELECT sealed FROM nav.content WHERE seq = {others[0]}) "
                                 f"WHERE seq = {child[0]}")
    assert faults() == {(child[0], "its sealed content was changed or is another's")}, faults()
    hub.postgres.sql("postgres", f"{owner}DELETE FROM nav.content WHERE seq IN ({child[0]}, {child[1]}, {others[1]})")
    assert faults() == {(others[1], "its sealed content is missing")}, faults()


def main():
    with EraseHub(holds="answer_within: 45d, urgent_within: 45d") as hub:
        backup = hub.path("old-keys")
        os.makedirs(backup)
        early, late, child, others, held, duty, consent = publish_all(hub)
        previewed(hub, early, child, held, duty, consent)
        refused(hub, child)
        done, contents, before = erased_for_good(hub, child, others, held, duty, consent, backup)
        recorded(hub, child, late, held, done)
        the_person_is_told(hub, early, child, duty)
        followed_up(hub)
        exported(hub, backup)
        passed_by(hub, late, others)
        a_replay_gives_the_others(hub, others)
        readers_get_no_key(hub, child, others)
        killed_between_the_record_and_the_keys(hub)
        an_old_key_file_comes_back(hub, child, contents, before)
        killed_at_any_moment(hub)
        duty_answered_then_erased(hub, duty)
        hub.be(hub.person)
        hub.processes["nav-core"].send_signal(signal.SIGHUP)
        tampering_is_named(hub, child, others)
    print("ok")


if __name__ == "__main__":
    main()
