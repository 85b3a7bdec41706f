#!/usr/bin/env python3
"""Agencies confirm to each other what the hub shows them, with the real programs. First one hub and two agencies, each of which demands the
other's cosignature: nobody alarms, and every cosignature is stored, verified and exported. Then a split view: the hub is copied with its
keys and its database, one agency is connected to each copy, and events are published on both: each agency alarms. Last the proof itself: a
note of one copy, cosigned by the agency that was shown it, is shown to the other agency.

    tests/flow/cosign_test.py"""

import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checkpoint_test import newest, sql  # noqa: E402
from hub import BIN, Hub, free_port, wait_until  # noqa: E402
from navctl_test import EVENT  # noqa: E402
from postgres import Postgres  # noqa: E402

ALARM = 9
INTERVAL = 10  # seconds; also the least time that cosigners are given
AGENCIES = ("polisen", "skolan")


def key_of(hub, name, use):
    with open(hub.path("config", "keys", name + ".yaml"), encoding="utf-8") as file:
        return re.search(rf"^{use}: ([0-9a-f]{{64}})$", file.read(), re.M)[1]


def demand(hub, agency, other, quorum=1):
    with open(hub.path("agencies", agency, "witnesses.yaml"), "w", encoding="utf-8") as file:
        file.write(f"quorum: {quorum}\nwitnesses:\n  - {{agency: {other}, key: {key_of(hub, other, 'witness')}}}\n")


def state(hub, agency, name):
    path = hub.path("agencies", agency, "state", name)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def events(number):
    """Two, in polisen.se's own shape, that no other number has."""
    return json.dumps([{"id": number * 10 + i, "datetime": "2026-08-13 17:48:01 +02:00", "name": "13 augusti 16.39, Brand, Upplands-Bro",
                        "summary": f"Prov {number}/{i}.", "url": f"/aktuellt/handelser/{number * 10 + i}/", "type": "Brand",
                        "location": {"name": "Stockholms län", "gps": "59.6025,18.1384"}} for i in range(2)], ensure_ascii=False)


def publish(hub, number):
    """One of the school's events, with its own keys, beside its adapter's session."""
    event = {**EVENT, "id": EVENT["id"][:-4] + f"{number:04x}"}
    hub.navctl("publish", "--as", "skolan", "-", "-o", "json", text=json.dumps(event))


def held(hub, agency):
    note = state(hub, agency, "witness")
    return int(note.split("\n")[1]) if note else 0


def record(hub):
    """One more record."""
    hub.navctl("audit", "show", "1", check=False)


def cosigned(hub):
    """{size: agencies} as stored."""
    found = {}
    for size, agency in sql(hub, "SELECT size, agency FROM nav.cosignature"):
        found.setdefault(int(size), set()).add(agency)
    return found


def confirm_each_other(hub):
    for agency in AGENCIES:
        demand(hub, agency, AGENCIES[1 - AGENCIES.index(agency)])
        hub.start_adapter(agency)
    for number in range(4):
        hub.drop("polisen", f"{number}.json", events(number))
        before = newest(hub)
        record(hub)
        size = wait_until("a newer checkpoint", lambda before=before: newest(hub) > before and newest(hub))
        for agency in AGENCIES:
            wait_until("it is witnessed", lambda size=size, agency=agency: held(hub, agency) >= size)
    both = wait_until("a checkpoint is stored with both agencies' cosignatures",
                      lambda: record(hub) or [s for s, a in cosigned(hub).items() if a == set(AGENCIES)], 30)
    for agency in AGENCIES:
        assert not state(hub, agency, "ALARM"), state(hub, agency, "ALARM")
        assert hub.processes["adapter-" + agency].poll() is None, hub.log("adapter-" + agency)
    keys = sql(hub, "SELECT count(*) FROM nav.ledger WHERE kind = 15")[0][0]
    assert keys == "2", keys
    print(f"{len(both)} checkpoints confirmed by both, the newest at {max(both)} records; no alarm")


def stored_ones_are_verified(hub):
    report = hub.verify()
    assert report["ok"] and report["cosignatures"] >= 2, report
    path = hub.path("run", "out.tar")
    hub.navctl("audit", "export", "--out", path)
    done = hub.navctl("audit", "verify", "--offline", path, "--key", hub.path("config", "keys", "hub.yaml"), "-o", "json")
    offline = json.loads(done.stdout)
    assert offline["ok"] and offline["cosignatures"] >= report["cosignatures"], offline
    size = max(s for s, a in cosigned(hub).items() if "skolan" in a)
    sql(hub, "SET session_replication_role = replica; UPDATE nav.cosignature SET line = (SELECT line FROM nav.cosignature c WHERE c.size < "
        f"{size} AND c.agency = 'skolan' LIMIT 1) WHERE size = {size} AND agency = 'skolan'")
    faults = hub.verify()["faults"]
    assert len(faults) == 1 and faults[0]["seq"] == size and "cosignature" in faults[0]["what"], faults
    sql(hub, f"SET session_replication_role = replica; DELETE FROM nav.cosignature WHERE size = {size} AND agency = 'skolan'")
    assert hub.verify()["ok"]
    print(f"{report['cosignatures']} cosignatures verified; a wrong one is named by its checkpoint, {size}")


# ---- two copies of one hub ----

class Copy(Hub):
    """Another hub's home and database, as they are: the same keys, the same ledger. Both are stopped."""

    def __init__(self, hub):  # not Hub's: nothing is made anew
        self.home = hub.home + "-copy"
        self.agencies, self.processes, self.port, self.config = hub.agencies, {}, free_port(), hub.config
        self.postgres = Postgres()
        shutil.rmtree(self.postgres.data)
        subprocess.run(["cp", "-a", hub.postgres.data, self.postgres.data], check=True)
        self.change(os.path.join(self.postgres.data, "postgresql.conf"), hub.postgres.socket, self.postgres.socket)
        subprocess.run(["cp", "-a", hub.home, self.home], check=True)
        shutil.rmtree(self.path("run"))
        os.makedirs(self.path("run"))
        self.change(self.path("nav.yaml"), hub.postgres.socket, self.postgres.socket)
        for path in (self.path("nav.yaml"), *(self.path("agencies", a, "adapter.yaml") for a in self.agencies)):
            self.change(path, f":{hub.port}", f":{self.port}")

    @staticmethod
    def change(path, old, new):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert old in text, path
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def __enter__(self):
        self.postgres.start()
        self.start_all()
        return self


def stop_all(hub):
    for name in reversed(list(hub.processes)):
        hub.stop(name)


def split_view(hub, copy):
    """Each agency on a copy of its own; both publish. The first event to each agency's alarm is measured."""
    where = {"polisen": hub, "skolan": copy}
    logs = {agency: len(at.log("adapter-" + agency)) for agency, at in where.items()}
    for agency, at in where.items():
        at.start_adapter(agency)
        wait_until("it connects", lambda at=at, agency=agency: "connected to tcp" in at.log("adapter-" + agency)[logs[agency]:], 30)
    began = time.monotonic()
    alarmed = {}
    number = 100
    while len(alarmed) < 2:
        assert time.monotonic() - began < 4 * INTERVAL, f"only {alarmed} alarmed"
        number += 1
        hub.drop("polisen", f"{number}.json", events(number))
        publish(copy, number)
        for agency, at in where.items():
            record(at)
            if agency not in alarmed and at.processes["adapter-" + agency].poll() is not None:
                alarmed[agency] = time.monotonic() - began
        time.sleep(0.2)
    for agency, at in where.items():
        at.stop("adapter-" + agency, fine=(ALARM,))
        told = state(at, agency, "ALARM")
        assert "för få av de andra myndigheterna har bekräftat den liggare som visas här" in told, told
        assert "too few of the other agencies have confirmed the ledger shown here" in told, told
        assert f"— {agency}.nav.example.se " in told, told  # its own line is in the proof
        assert "skolan.nav.example.se" not in told or agency == "skolan", told
        print(f"{agency} is alarmed {alarmed[agency]:.1f} s after the first event on its copy; the interval is {INTERVAL} s")
        assert alarmed[agency] <= INTERVAL + 5, alarmed


# ---- the proof ----

def alone(hub, agency, other):
    """From here on `other` is no cosigner at this copy, so that nobody waits for it; every record gets a checkpoint."""
    hub.stop("nav-core")
    Copy.change(hub.path("config", "keys", other + ".yaml"), "witness: " + key_of(hub, other, "witness"), "")
    Copy.change(hub.path("nav.yaml"), "records: 4096", "records: 1")
    os.remove(hub.path("agencies", agency, "state", "ALARM"))
    hub.start_program("nav-core")
    wait_until("nav-core answers again", lambda: hub.status(fail=False))


def believed(hub, agency, sizes, until):
    """Goes on with one record at a time, until `until` is reached; {size: note} of what was believed."""
    notes = {}
    hub.start_adapter(agency)
    while True:
        note = state(hub, agency, "witness")
        notes[int(note.split("\n")[1])] = note
        if until(notes):
            return notes
        before = held(hub, agency)
        record(hub)
        wait_until("the next is witnessed", lambda before=before: held(hub, agency) > before, 30)
        assert len(notes) < sizes, "no size in common"


def shown(hub, copy):
    """A note that skolan has cosigned at the copy, shown to polisen, which has believed another of the same size."""
    proof_key = key_of(hub, "skolan", "witness")
    alone(hub, "polisen", "skolan")
    alone(copy, "skolan", "polisen")
    os.remove(copy.path("agencies", "skolan", "witnesses.yaml"))
    os.remove(hub.path("agencies", "polisen", "witnesses.yaml"))
    start = max(newest(hub), newest(copy))
    ours = believed(hub, "polisen", 400, lambda notes: max(notes) >= start + 8)
    believed(copy, "skolan", 400, lambda notes: max(notes) >= start + 8)
    record(copy)
    theirs = {int(s): n for s, n in wait_until("the copy has stored one of a size that polisen has believed", lambda: record(copy) or [
        row for row in sql(copy, "SELECT c.size, replace(c.note || s.line, E'\\n', '|') FROM nav.checkpoint c JOIN nav.cosignature s USING "
                           "(size) WHERE s.agency = 'skolan'") if int(row[0]) in ours and int(row[0]) > start], 30)}
    differ = [s for s, n in theirs.items() if n.split("|")[2] != ours[s].split("\n")[2]]
    assert differ, (sorted(ours), sorted(theirs))
    size = differ[-1]
    hub.stop("adapter-polisen")
    folder = hub.path("run", "shown")
    os.makedirs(folder)
    files = {"witness": ours[size], "note": ours[size], "cosigned": theirs[size].replace("|", "\n"),
             "witnesses.yaml": f"quorum: 0\nwitnesses:\n  - {{agency: skolan, key: {proof_key}}}\n"}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    path = [os.path.join(folder, name) for name in ("witnesses.yaml", "note", "cosigned")]
    done = subprocess.run([os.path.join(BIN, "witness_driver"), folder, key_of(hub, "hub", "checkpoint"), path[0], "polisen", *path[1:]],
                          capture_output=True, text=True)
    assert done.returncode == ALARM, done
    with open(os.path.join(folder, "ALARM"), encoding="utf-8") as file:
        told = file.read()
    assert "another agency has confirmed another ledger of the same length" in told, told
    assert "en annan myndighet har bekräftat en annan liggare" in told and files["cosigned"] in told and ours[size] in told, told
    print(f"a note of the copy at {size} records, cosigned by skolan and shown to polisen: alarm, with both notes kept")


def main():
    with Hub(agencies=AGENCIES) as hub:
        confirm_each_other(hub)
        stored_ones_are_verified(hub)
        stop_all(hub)
        hub.postgres.stop()
        Copy.change(hub.path("nav.yaml"), "every: 1s", f"every: {INTERVAL}s")
        copy = Copy(hub)
        try:
            hub.postgres.start()
            hub.start_all()
            with copy:
                split_view(hub, copy)
                shown(hub, copy)
        except BaseException:
            copy.show_logs()
            raise
        finally:
            copy.postgres.destroy()
            shutil.rmtree(copy.home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
