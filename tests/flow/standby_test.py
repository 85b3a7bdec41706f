#!/usr/bin/env python3
"""Two nav-cores on one database, under load: the active one is killed (kill -9), frozen until the other has taken over and then let go on
(alone, together with its gate as a machine that sleeps, and while the other one is slow to read its ledger), stopped in order, and cut off
from the database with its clients still there; and the database is killed under both, several times each. Nothing that was acknowledged is
lost or there twice; every lane is in the ledger's order without gaps; no record of an old epoch follows one of a new; the frozen one sends
nothing more and steps down; the ledger verifies. Prints how long publishers and recipients were without service.

    tests/flow/standby_test.py [--long N]      N times each (default 2)"""

import argparse
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import wait_until  # noqa: E402
from kill_test import EVENTS_A_FILE, drained, police_file  # noqa: E402
from nodes import PURPOSE, SCHEMA, Ear, Inbox, Nodes, Publisher, Recipient, name_of, send, wait_stepped_down  # noqa: E402

AGENCIES = ("polisen", "skolan", "bostadsbolaget", "socialtjansten")
KINDS = ("kill", "freeze", "stop", "sleep", "database", "cut")
FOUND = {"kill": "DISCONNECTED", "freeze": "EXPIRED", "stop": "RELEASED", "sleep": "EXPIRED", "cut": "EXPIRED", "slow": "EXPIRED"}  # by who takes over
STEADY_S = 1.5   # of undisturbed load between two disturbances
AFTER_S = 1.0    # in which a thawed node would still speak
DRAINED_S = 0.2  # in which a gate passes on what a frozen core had sent
LEASE_S = 3      # config/nav.yaml
GIVEN_UP = "nav-core is gone"
HELD_UP = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'nav.checkpoint'::regclass"


def plan(times):
    return (*KINDS * times, "slow")


class Test:
    def __init__(self, hub):
        self.hub = hub
        self.publisher = Publisher(hub)
        self.recipient = Recipient(hub, "bostadsbolaget")
        self.inbox = Inbox(hub.path("agencies", "skolan", "inbox", PURPOSE + ".ndjson"))
        self.gaps = {}
        self.files = 0

    def begin(self):
        self.hub.start_adapter("skolan")  # a recipient in C, and a publisher in C
        self.hub.start_adapter("polisen")
        self.inbox.start()
        self.publisher.start()
        self.recipient.start()
        wait_until("receipts come", lambda: len(self.publisher.times) > 20)
        wait_until("deliveries come", lambda: len(self.recipient.got) > 20)

    def taken_over_by(self, node):
        wait_until(f"{name_of(node)} takes over", lambda: node.state() == "active", 30)

    def served_again(self, since):
        wait_until("receipts come again", lambda: self.publisher.times[-1] > since, 30)
        wait_until("deliveries come again", lambda: self.recipient.got[-1][0] > since, 30)
        wait_until("the adapter's inbox grows again", lambda: self.inbox.times[-1] > since, 30)

    def back(self, node):
        """It stands by now."""
        node.start_program("nav-core")
        wait_until(f"{name_of(node)} stands by", lambda: node.state() == "stands by", 30)

    # ---- the disturbances; each gives the moment it began, and leaves the old one ended (but for `database`) ----

    def kill(self, old, new):
        moment = time.time()
        old.kill("nav-core")
        self.taken_over_by(new)
        return moment

    def stop(self, old, new):
        moment = time.time()
        old.stop("nav-core", fine=(0,))
        self.taken_over_by(new)
        return moment

    def thaw(self, old, new, names):
        """Frozen; what its clients hear from it after the other has taken over is nothing."""
        ear = Ear(self.hub, old, "socialtjansten")
        ear.start()
        wait_until("the node's own listener hears it", lambda: ear.sealed)
        moment = time.time()
        pings = ear.client.ping_number
        send(old, names[:1], signal.SIGSTOP)
        time.sleep(DRAINED_S)
        send(old, names[1:], signal.SIGSTOP)
        self.taken_over_by(new)
        taken = time.time()
        assert taken - moment >= LEASE_S * 0.9, f"taken over after {taken - moment:.1f} s, before the lease was over"
        send(old, names, signal.SIGCONT)
        wait_stepped_down(old)
        time.sleep(AFTER_S)
        ear.stop()
        late = ear.late(taken, pings)
        assert not late, f"{name_of(old)} sent {len(late)} frames after it was let go on"
        return moment

    def cut(self, old, new):
        """Its connections stand, and nothing comes: it must say nothing more by its own clock, and let go of its clients."""
        ear = Ear(self.hub, old, "socialtjansten")
        ear.start()
        wait_until("the node's own listener hears it", lambda: ear.sealed)
        moment = time.time()
        old.wire.send(signal.SIGSTOP)
        self.taken_over_by(new)
        taken = time.time()
        wait_stepped_down(old)
        ear.stop()
        late = ear.late(taken, 0)
        assert not late, f"{name_of(old)} sent {len(late)} frames after another had taken over"
        old.wire.send(signal.SIGCONT)
        return moment

    def database(self, old, new):
        """Whoever was active goes on: the other gives it time to come back."""
        moment = time.time()
        self.hub.postgres.kill()
        self.hub.postgres.start()
        self.served_again(time.time())
        assert old.state() == "active" and new.state() == "stands by"
        return moment

    def freeze(self, old, new):
        return self.thaw(old, new, ["nav-core"])

    def slow(self, old, new):
        """Frozen, and the other one reads its ledger for longer than its gate bears a silent nav-core: a lock holds it up."""
        epoch = self.epoch()
        with self.hub.postgres.held("LOCK TABLE nav.checkpoint; SELECT 1"):
            moment = time.time()
            send(old, ["nav-core"], signal.SIGSTOP)
            wait_until(f"{name_of(new)} has the lease", lambda: self.epoch() > epoch, 30)
            given_up = new.log("nav-gate").count(GIVEN_UP)
            time.sleep(LEASE_S)  # the gate's patience is two thirds of that
            assert new.log("nav-gate").count(GIVEN_UP) == given_up, "its gate gave up a nav-core that was reading"
            assert self.hub.postgres.sql("postgres", HELD_UP) != [["0"]], "it was not held up, so that nothing was tested"
        self.taken_over_by(new)
        send(old, ["nav-core"], signal.SIGCONT)
        wait_stepped_down(old)
        return moment

    def epoch(self):
        return int(self.hub.postgres.sql("nav_core", "SELECT epoch FROM nav.lease")[0][0])

    def sleep(self, old, new):
        return self.thaw(old, new, ["nav-core", "nav-gate"])

    def disturb(self, kind):
        time.sleep(STEADY_S)
        self.hub.drop("polisen", f"{self.files:03d}.json", police_file(self.files))
        self.files += 1
        old = self.hub.active()
        new = self.hub.other(old)
        assert new.state() == "stands by"
        moment = getattr(self, kind)(old, new)
        self.served_again(time.time())
        gaps = [gap(times, moment) for times in (self.publisher.times, [g[0] for g in self.recipient.got], self.inbox.times)]
        self.gaps.setdefault(kind, []).append(gaps)
        print(f"{kind}: {name_of(old)} to {name_of(new)}; " + said(gaps), flush=True)
        if "nav-core" not in old.processes:
            self.back(old)

    def new_rules(self):
        """Taken into force by the active node alone; the other must have them when it takes over."""
        path = self.hub.path("config", "access", "common.yaml")
        with open(path, "a", encoding="utf-8") as file:
            file.write("# changed while another node stood by\n")
        self.hub.active().navctl("access", "load")

    def unanswered(self):
        """The node that stands by gets no answer from the database: it answers whoever asks it all the same, and goes on to stand by."""
        node = self.hub.other(self.hub.active())
        node.wire.send(signal.SIGSTOP)
        try:
            time.sleep(1)  # by then it has looked at the lease
            node.status_within(3)
        finally:
            node.wire.send(signal.SIGCONT)
        wait_until(f"{name_of(node)} stands by", lambda: node.state() == "stands by")

    def run(self, times):
        self.begin()
        self.new_rules()
        self.unanswered()
        for kind in plan(times):
            self.disturb(kind)
        time.sleep(STEADY_S)
        self.publisher.stop()


def gap(times, moment):
    """The longest silence from the moment on, seconds; what began just before it counts whole."""
    last = max(t for t in times if t <= moment)
    around = [t for t in times if t >= last]
    return max(b - a for a, b in zip(around, around[1:]))


WHAT = ("receipts", "deliveries", "an adapter's inbox")


def said(gaps):
    return "; ".join(f"without {what} {seconds:.2f} s" for what, seconds in zip(WHAT, gaps))


# ---- what must hold afterwards ----


def records(hub):
    rows = hub.postgres.sql("nav_core", "SELECT seq, encode(record, 'hex') FROM nav.ledger ORDER BY seq")
    return [(int(seq), SCHEMA.Record.FromString(bytes.fromhex(record))) for seq, record in rows]


def check_epochs(ledger):
    epochs = [record.epoch for _, record in ledger]
    assert epochs == sorted(epochs), "a record of an old epoch follows one of a new"
    assert [seq for seq, _ in ledger] == list(range(1, len(ledger) + 1)), "numbers are missing"
    return len(set(epochs))


def check_started(ledger, times):
    """Each takeover says from whom, and why it was free."""
    started = [r.started for _, r in ledger if r.WhichOneof("record") == "started"]
    was = [SCHEMA.LeaseWas.Name(s.lease_was) for s in started]
    expected = ["LEASE_WAS_" + FOUND[kind] for kind in plan(times) if kind in FOUND]
    assert was == ["LEASE_WAS_NEW"] + expected, was
    nodes = [s.node for s in started]
    assert nodes == ["node-1" if i % 2 == 0 else "node-2" for i in range(len(nodes))], nodes
    for before, now in zip(started, started[1:]):
        over = now.lease_was in (SCHEMA.LEASE_WAS_DISCONNECTED, SCHEMA.LEASE_WAS_EXPIRED)
        assert now.taken_over == (before.node if over else ""), now


def check_acknowledged(ledger, publisher):
    accepted = {}
    for seq, record in ledger:
        if record.WhichOneof("record") == "accepted":
            assert bytes(record.accepted.event_id) not in accepted, "an event is there twice"
            accepted[bytes(record.accepted.event_id)] = seq
    for event_id, seq in publisher.acknowledged.items():
        assert accepted.get(event_id) == seq, f"acknowledged as {seq}, and it stands as {accepted.get(event_id)}"
    return accepted


def check_lane(recipient, accepted):
    """Per session in order; all sessions together without a gap; a repeat is the same event at the same position."""
    events = {}
    last = {}
    for _, _, session, position, event_id in recipient.got:
        assert position > last.get(session, 0), f"position {position} came after {last[session]}"
        last[session] = position
        assert events.setdefault(position, event_id) == event_id
    got = sorted(events)
    missing = sorted(set(accepted.values()) - set(got))
    assert not missing and len(got) == len(accepted), f"the recipient lacks {missing[:10]}"
    return len(recipient.got) - len(got)


def check_inbox(hub, accepted, files):
    lines = hub.inbox("skolan", PURPOSE)
    seqs = [line["navseq"] for line in lines]
    assert seqs == sorted(set(seqs)), "skolan was written something twice, or out of order"
    assert set(seqs) == set(accepted.values()), f"skolan lacks {sorted(set(accepted.values()) - set(seqs))[:10]}"
    texts = {line["data"]["body"].get("summary") for line in lines}
    lost = {f"Prov {i + 1}." for i in range(files * EVENTS_A_FILE)} - texts
    assert not lost, f"of the adapter's events {len(lost)} are lost"


def check(hub, test, times):
    wait_until("the outbox is drained", lambda: drained(hub), 60)
    ledger = records(hub)
    accepted = check_acknowledged(ledger, test.publisher)
    wait_until("all is delivered", lambda: len({g[3] for g in test.recipient.got}) >= len(accepted) and
               len(hub.inbox("skolan", PURPOSE)) >= len(accepted), 60)
    test.recipient.stop()
    repeats = check_lane(test.recipient, accepted)
    check_inbox(hub, accepted, test.files)
    ledger = records(hub)
    epochs = check_epochs(ledger)
    check_started(ledger, times)
    changes = [r for _, r in ledger if r.WhichOneof("record") == "rules_changed"]
    assert len(changes) == 2, f"rules changed {len(changes)} times: a takeover brought back old ones"
    verified = hub.active().verify()
    assert verified["ok"], verified
    found = hub.active().navctl("audit", "search", "--kind", "started", "--reason", "prov", "-o", "ndjson").stdout
    assert "gave no sign of life" in found and "was not connected to the database any more" in found, found
    assert test.publisher.refused + test.recipient.refused > 0, "nobody was ever told that a node stands by"
    print(f"{len(test.publisher.acknowledged)} acknowledged, {len(ledger)} records, {epochs} epochs, {repeats} repeats: nothing lost, "
          "nothing twice, the ledger verifies")


def say_gaps(gaps):
    for kind, rows in gaps.items():
        for what, column in zip(WHAT, zip(*rows)):
            print(f"{kind}: without {what} {min(column):.2f} to {max(column):.2f} s, of {len(rows)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", type=int, default=2, metavar="N")
    times = parser.parse_args().long
    with Nodes(agencies=AGENCIES) as hub:
        test = Test(hub)
        test.run(times)
        check(hub, test, times)
        say_gaps(test.gaps)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
