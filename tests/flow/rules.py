"""A hub whose rules a test changes: its configuration folder, which can be put back; agencies that send it events of any day; and what
`navctl access load` and the ledger then say.

Used by: reload_test.py, rehearsal_test.py, rules_kept_test.py, tests/bench/growth.py. Must never: change the shipped configuration."""

import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402

SCHEMA = nav_client.load_schema()
PICTURE = "situation-picture"
DONE, FAILED, REFUSED, UNREACHABLE, FINDINGS = 0, 1, 3, 5, 6
NOW_MS = int(time.time() * 1000)

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


def config_with_one_test(hub):
    """The hub's configuration folder, in force with one test in place of the shipped ones, which speak for the shipped rules."""
    tests = hub.path("config", "access", "tests")
    hub.stop("nav-core")
    shutil.rmtree(tests)
    os.makedirs(tests)
    config = Folder(hub.path("config"))
    config.use_tests(OPEN_TESTS)
    config.before = {}  # the one test stays when what a test changes is put back
    hub.start_program("nav-core")
    hub.wait_ready()
    return config
