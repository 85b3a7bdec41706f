#!/usr/bin/env python3
"""A history under disturbance: publishers and recipients write down all they send and are told while, drawn by a seed, the hub's programs
are killed and paused, the database is stopped, its disk is full, connections are cut after a commit, commits are held up, clients leave or
stop reading, clocks jump, rules are reloaded, replays are asked for and ordered, what was set aside is delivered again, and a second
node takes over and gives back. One agency has a real adapter that is killed and paused as the hub's programs are; what rules hold is decided by an
assessor meanwhile. When all has settled, history_check.py proves I1, I2, I3, I6, I8 and I9 over the whole
history and the ledger.

    tests/flow/history_test.py [--seed N] [--seconds S | --kills N --database-kills N]

The same seed draws the same disturbances and events; threads interleave as they will, so a seed finds a fault again often, not always.
Run by: ctest, for a few minutes."""

import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import history_check as h  # noqa: E402
import history_adapter  # noqa: E402
from history_adapter import Reporter  # noqa: E402
from history_assessor import Assessor  # noqa: E402
from history_clients import TEMPERS, History, all_clients  # noqa: E402
from history_disk import SETTINGS, SmallDisk  # noqa: E402
from history_ledger import Ledger  # noqa: E402
from history_wire import CuttingWire  # noqa: E402
from hub import BIN, Hub, wait_until  # noqa: E402
from nodes import SCHEMA, Nodes, wait_stepped_down  # noqa: E402
from people import AssessorHub  # noqa: E402
from postgres import SqlError  # noqa: E402

SHIM = os.path.join(BIN, "clock_shim.so")
SETTLE_S = 90
LOOKED_S = 60        # at the most
HELD_UP_S = 1.0     # of a commit; less than the lease (config/nav.yaml), or the core would step down
PAUSE_S_MAX = 2.0
FULL_S_MAX = 3.0
CLOCK_S_MAX = 3600
TAKE_OVER_S = 90    # a sanitizer's build on a busy machine; and longer than standby.starting, the lease of one that has just started
ADAPTER = history_adapter.PROGRAM
PROGRAMS = ("nav-core", "nav-gate", "nav-desk", ADAPTER)
NODE = ("nav-core", "nav-gate")  # of one that takes over
NARROWED = ("  - id: picture-place-notice\n", "    reveal: [place]\n", "    reveal: [open]\n")


class DisturbedHub(Nodes, AssessorHub):
    """nav-core reaches the database through a wire that can cut, its clock stands beside the machine's, and the disk can be full. The second
    node is started only to take over."""
    clock_s = 0

    def __init__(self):
        self.disk = SmallDisk()
        try:
            super().__init__(settings=SETTINGS, agencies=(*TEMPERS, history_adapter.AGENCY), database_folder=self.disk.folder)
        except BaseException:
            self.disk.close()
            raise

    def make_home(self):
        super().make_home()
        shutil.rmtree(self.path("config", "access", "tests"))  # they speak for the shipped rules, which this test changes
        os.makedirs(self.path("config", "access", "tests"))

    def wire_of(self, node):
        return CuttingWire(self.postgres.socket)

    def start_all(self):
        Hub.start_all(self)

    def start_program(self, name):
        if name == ADAPTER:
            self.start_adapter(history_adapter.AGENCY)
        else:
            super().start_program(name)

    def start(self, name, *command):
        if name != "nav-core":
            super().start(name, *command)
            return
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:detect_leaks=0"
        environment = {**os.environ, "LD_PRELOAD": SHIM, "NAV_TEST_CLOCK_S": str(self.clock_s), "ASAN_OPTIONS": sanitizer}
        with open(self.path("log", name + ".log"), "ab") as log:
            self.processes[name] = subprocess.Popen([os.path.join(BIN, command[0]), *command[1:]], stdin=subprocess.DEVNULL, stdout=log,
                                                    stderr=log, env=environment)

    def __exit__(self, *exc):
        try:
            super().__exit__(*exc)
        finally:
            self.disk.close()


class Scheduler:
    WEIGHTS = {"kill_core": 8, "kill_gate": 4, "kill_desk": 1, "kill_adapter": 4, "kill_database": 2, "stop_database": 2, "pause": 4,
               "disconnect": 4, "stall": 1, "cut": 4, "hold_up": 3, "clock": 2, "reload": 2, "fill_disk": 1, "replay": 4, "redeliver": 4,
               "take_over": 3}
    # Where a number of kills is asked for; an adapter's do not count.
    WEIGHTS_OF_KILLS = {"kill_core": 12, "kill_gate": 4, "kill_desk": 1, "kill_adapter": 4, "clock": 1, "kill_database": 2,
                        "stop_database": 1, "pause": 1, "disconnect": 1, "cut": 1, "hold_up": 1, "reload": 1, "stall": 1, "replay": 2,
                        "redeliver": 2, "take_over": 1}
    KILLS = {"kill_core": "kills", "kill_gate": "kills", "kill_desk": "kills", "clock": "kills", "kill_database": "database_kills",
             "stop_database": "database_kills"}

    def __init__(self, hub, seed):
        self.hub, self.chance, self.history = hub, random.Random(seed), History()
        self.publishers, self.recipients = all_clients(hub, seed, self.history)
        self.others = (Reporter(hub, seed, self.history), Assessor(hub, seed, self.history))
        self.reporter, self.assessor = self.others
        self.counts, self.ended, self.narrowed, self.pause_s_max = collections.Counter(), collections.Counter(), False, 0

    # ---- the disturbances ----

    def restart(self, name):
        if self.hub.processes[name].poll() is None:
            self.hub.kill(name)
        else:
            self.tend()
            return
        time.sleep(self.chance.choice((0, 0.3)))
        self.hub.start_program(name)

    def kill_core(self):
        self.restart("nav-core")

    def kill_gate(self):
        self.restart("nav-gate")

    def kill_desk(self):
        self.restart("nav-desk")

    def kill_adapter(self):
        self.restart(ADAPTER)

    def clock(self):
        self.hub.clock_s = self.chance.randint(-CLOCK_S_MAX, CLOCK_S_MAX)
        self.restart("nav-core")

    def kill_database(self):
        self.hub.postgres.kill()
        time.sleep(self.chance.choice((0, 0.5)))
        self.hub.postgres.start()

    def stop_database(self):
        self.hub.postgres.stop("immediate")
        self.hub.postgres.start()

    def pause(self):
        """Of a program, or of all that passes between nav-core and the database; less than the lease."""
        name, seconds = self.chance.choice((*PROGRAMS, "wire")), self.chance.uniform(0.1, PAUSE_S_MAX)
        process = self.hub.wire if name == "wire" else self.hub.processes[name]
        if name == "wire" or process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            process.send_signal(signal.SIGCONT)

    def disconnect(self):
        self.chance.choice(self.recipients).drop = True

    def cut(self):
        self.hub.wire.cut_next_commit()
        if self.hub.wire.wait_cut(10):
            self.counts["connections cut after COMMIT"] += 1

    def hold_up(self):
        with self.hub.postgres.commits_held_up() as seq:
            begun = time.time()
            time.sleep(HELD_UP_S)
            self.history.add(h.HeldUp, begun, seq)

    def fill_disk(self):
        """PostgreSQL may end by it, and is started again once there is room."""
        if self.hub.disk.folder is None:
            self.counts["full disk skipped: only root can mount a small one"] += 1
            return
        self.hub.disk.fill()
        time.sleep(self.chance.uniform(1, FULL_S_MAX))
        self.hub.disk.empty()
        if not self.database_answers():
            wait_until("the database is back by itself, or has ended", self.database_settled, 60)

    def database_settled(self):
        """A cluster in recovery comes back by itself; one that gave up has left no postmaster.pid, and is started."""
        if not os.path.exists(os.path.join(self.hub.postgres.data, "postmaster.pid")):
            self.hub.postgres.start()
        return self.database_answers()

    def database_answers(self):
        try:
            self.hub.postgres.sql("nav_core", "SELECT 1")
            return True
        except SqlError:
            return False

    def stall(self):
        """One recipient stops reading until all others were served, or the checker's limit is over."""
        stalled = self.chance.choice(self.recipients)
        others = [p.agency for p in self.publishers] + [r.name for r in self.recipients if r is not stalled]
        self.wait_served(set(others), time.time())  # what a disturbance before this one broke is not this one's fault
        stalled.stalled = True
        begun = time.time()
        self.history.add(h.Stalled, stalled.name, tuple(sorted(set(others))))
        self.wait_served(set(others), begun)
        stalled.stalled = False

    def wait_served(self, parties, since):
        deadline = time.time() + h.PROGRESS_S_MAX + 1
        while time.time() < deadline and any(self.history.last((h.Receipt, h.Delivered), p) <= since for p in parties):
            time.sleep(0.1)

    def reload(self):
        """Every second time less of a place is revealed; then the shipped rules again."""
        path = self.hub.path("config", "access", "situation-picture.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        rule, *words = NARROWED
        before, after = (words[self.narrowed], words[not self.narrowed])
        head, tail = text.split(rule)
        changed = tail.replace(before, after, 1)
        assert changed != tail
        with open(path, "w", encoding="utf-8") as file:
            file.write(head + rule + changed)
        self.narrowed = not self.narrowed
        if self.hub.processes["nav-core"].poll() is None:
            self.hub.processes["nav-core"].send_signal(signal.SIGHUP)

    def ordered(self, what, *command):
        """By an operator. It may be refused: nobody connected, nothing there any more, nav-core gone on the way."""
        done = self.hub.navctl("lane", *command, "--reason", "prov", check=False)
        self.counts[f"{what}: {'done' if done.returncode == 0 else 'refused'}"] += 1

    def replay(self):
        recipient = self.chance.choice(self.recipients)
        if recipient.had:
            lane = self.chance.choice(sorted(dict(recipient.had)))
            self.ordered("replay", "replay", recipient.name, recipient.lanes[lane], "--after", str(recipient.ask_after(lane)))

    def redeliver(self):
        listed = self.hub.navctl("lane", "list", "-o", "json", check=False)
        rows = json.loads(listed.stdout) if listed.returncode == 0 else []
        numbers = {(r.name, purpose): lane for r in self.recipients for lane, purpose in r.lanes.items()}
        if rows:
            row = self.chance.choice(rows)
            self.history.add(h.Asked, "redeliver", numbers[row["agency"], row["purpose"]], row["position"])
            self.ordered("redeliver", "redeliver", row["agency"], row["purpose"], str(row["position"]))

    def take_over(self):
        """Another node comes to stand by, takes over in one of the ways in which the active one can go, serves, and gives back. One that was
        killed a moment ago is let start first: the other would be quicker, and rightly take the lease, or have to wait for that of a start."""
        first, second = self.hub, self.hub.second
        wait_until("the first node is active", lambda: self.tend() or first.state() == "active", TAKE_OVER_S)
        for name in NODE:
            second.start_program(name)
        wait_until("the second node stands by", lambda: second.state() == "stands by", TAKE_OVER_S)
        self.hand_over(first, second)
        time.sleep(self.chance.uniform(0.5, 4))
        first.start_program("nav-core")
        wait_until("the first node stands by", lambda: first.state() == "stands by", TAKE_OVER_S)
        self.hand_over(second, first)
        second.kill("nav-gate")

    def hand_over(self, old, new):
        how = self.chance.choice(("kill", "stop", "freeze"))
        self.counts[f"take_over: {how}"] += 1
        if how == "freeze":
            old.processes["nav-core"].send_signal(signal.SIGSTOP)
        else:
            old.stop("nav-core", signal.SIGKILL if how == "kill" else signal.SIGTERM)
        wait_until("the other takes over", lambda: new.state() == "active", TAKE_OVER_S)
        if how == "freeze":
            old.processes["nav-core"].send_signal(signal.SIGCONT)
            wait_stepped_down(old)

    # ---- the run ----

    def tend(self):
        """Starts again what has ended by itself, as its service manager would."""
        for name in [name for name in PROGRAMS if name in self.hub.processes]:
            code = self.hub.processes[name].poll()
            if code is not None:
                del self.hub.processes[name]
                self.ended[f"{name} ended with {code}"] += 1
                self.hub.start_program(name)

    def mark(self):
        rows = self.hub.postgres.sql("nav_core", "SELECT max(seq) FROM nav.ledger")
        self.history.add(h.Committed, int(rows[0][0]))

    def disturb(self, what):
        self.history.add(h.Disturbed, what)
        self.counts[what] += 1
        getattr(self, what)()
        self.tend()
        self.mark()
        time.sleep(self.chance.uniform(0.05, self.pause_s_max))

    def enough(self, args, began):
        if not args.kills:
            return time.time() - began >= args.seconds
        done = collections.Counter()
        for what, count in self.counts.items():
            done[self.KILLS.get(what)] += count
        return done["kills"] >= args.kills and done["database_kills"] >= args.database_kills

    def run(self, args):
        self.hub.start_program(ADAPTER)
        for client in [*self.publishers, *self.recipients, *self.others]:
            client.start()
        parties = {p.agency for p in self.publishers} | {r.name for r in self.recipients}
        self.wait_served(parties, 0)
        bag, began = [], time.time()
        weights, self.pause_s_max = (self.WEIGHTS_OF_KILLS, 0.8) if args.kills else (self.WEIGHTS, 1.5)
        while not self.enough(args, began):
            if not bag:  # each kind as often as its weight says, in an order by chance
                bag = [what for what, weight in weights.items() for _ in range(weight)]
                self.chance.shuffle(bag)
                print(f"{time.time() - began:.0f} s: {sum(self.counts.values())} disturbances, {len(self.history.entries)} entries",
                      flush=True)
            self.disturb(bag.pop())
            self.alive()

    def alive(self):
        for client in self.publishers + self.recipients:
            assert client.error is None, f"{client.agency}: {client.error!r}"
        for other in self.others:
            assert other.error is None, f"{type(other).__name__}: {other.error!r}"

    def settle(self):
        """Everybody takes what there is; then nobody says anything any more."""
        talking = [*self.publishers, *self.others]
        for each in talking:
            each.stopping = True
        for recipient in self.recipients:
            recipient.calm = True
        for each in talking:
            each.join(60)
            assert not each.is_alive() and each.error is None, (type(each).__name__, getattr(each, "agency", ""), each.error)
        self.tend()
        try:
            wait_until("all is acknowledged", self.settled, SETTLE_S)
        except AssertionError as error:
            print(f"not settled: {error}", file=sys.stderr)  # the checker says what is missing, and for whom
        self.alive()
        self.looked()
        self.say_behind()
        for recipient in self.recipients:
            recipient.stop()
        self.hub.stop(ADAPTER)
        self.say_behind()
        self.kill_core()
        self.say_behind()

    def looked(self):
        """Until the hub's sessions have looked at what they are owed nothing of, after the last that they were: what it says of lanes stands
        still then. After newer rules each such event is decided again, which takes a loaded machine a while."""
        before = None
        for _ in range(LOOKED_S):
            now = {lane["number"]: lane["behind"] for lane in self.hub.status()["lanes"]}
            if now == before:
                return
            before = now
            time.sleep(1)

    def say_behind(self):
        """What the hub says of each lane when all is quiet: with its session, without, and after a start."""
        self.hub.wait_ready()
        for lane in self.hub.status()["lanes"]:
            self.history.add(h.Behind, lane["number"], lane["behind"])

    def settled(self):
        """Whether each lane has acknowledged the last that it is owed, by the records."""
        self.tend()
        time.sleep(1)
        if not self.reporter.drained():
            return False
        rows = ledger_of(self.hub)
        ledger, cursors = Ledger(rows), collections.Counter()
        for record in ledger.acknowledged.values():
            cursors[record.lane] = max(cursors[record.lane], record.position)
        lanes = [number for number, (agency, purpose) in ledger.lanes.items()
                 if agency == history_adapter.AGENCY or any(r.name == agency and purpose in r.purposes for r in self.recipients)]
        return all(not ledger.owed(lane) or ledger.owed(lane)[-1] <= cursors[lane] for lane in lanes)


def ledger_of(hub):
    rows = hub.postgres.sql("nav_core", "SELECT seq, encode(record, 'hex') FROM nav.ledger ORDER BY seq")
    return [(int(seq), SCHEMA.Record.FromString(bytes.fromhex(record))) for seq, record in rows]


def say(scheduler, ledger):
    print("disturbances:", ", ".join(f"{n} {what}" for what, n in sorted(scheduler.counts.items())))
    if scheduler.ended:
        print("ended by themselves:", dict(scheduler.ended))
    for publisher in scheduler.publishers:
        print(f"{publisher.agency} sent:", publisher.counts)
    print("assessed:", dict(scheduler.assessor.counts))
    history = scheduler.history.entries
    delivered = [e for e in history if isinstance(e, h.Delivered)]
    places = {(e.lane, e.position) for e in delivered if not e.replay}
    kinds = collections.Counter(record.WhichOneof("record") for _, record in ledger)
    print(f"{len(history)} entries: {len(delivered)} deliveries, of them {sum(not e.replay for e in delivered) - len(places)} repeats; "
          f"{sum(r.sessions for r in scheduler.recipients)} sessions of recipients; records: {dict(kinds)}")


def worth_judging(scheduler):
    """A run in which too little happened proves nothing, and fails."""
    served = {(type(e), e.agency if isinstance(e, h.Receipt) else e.name) for e in scheduler.history.entries
              if isinstance(e, (h.Receipt, h.Delivered))}
    wanted = {(h.Receipt, p.agency) for p in scheduler.publishers} | {(h.Delivered, r.name) for r in scheduler.recipients}
    wanted.add((h.Delivered, history_adapter.AGENCY))
    assert wanted <= served, f"never served: {wanted - served}"
    kinds = {type(e) for e in scheduler.history.entries}
    assert {h.Session, h.Acknowledged, h.Refused, h.Committed, h.Behind, h.Filed, h.Decided} <= kinds, kinds
    assert not [what for what in scheduler.ended if what.startswith(ADAPTER)], scheduler.ended
    assert scheduler.counts["cut"] == 0 or scheduler.counts["connections cut after COMMIT"] > 0, "the wire never cut"


def judge(hub, scheduler):
    ledger, history = ledger_of(hub), scheduler.history.entries
    history_adapter.add_inbox(hub, scheduler.history, {whose: number for number, whose in Ledger(ledger).lanes.items()})
    assert not scheduler.reporter.refused(), scheduler.reporter.refused()[:5]
    say(scheduler, ledger)
    worth_judging(scheduler)
    found = h.check(history, ledger)
    for violation in found[:1]:
        print(h.shown(history, violation))
    if found:
        print(f"{len(found)} violations: {dict(collections.Counter(v.invariant for v in found))}")
    verified = hub.verify()
    assert verified["ok"], verified
    assert not found, f"the history has violations, first {found[0].invariant}: {found[0].text}"
    print("no violation; the ledger verifies")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--seconds", type=int, default=150)
    parser.add_argument("--kills", type=int, default=0, help="of the hub's programs, in place of a time")
    parser.add_argument("--database-kills", type=int, default=0)
    args = parser.parse_args()
    print("seed", args.seed, flush=True)
    with DisturbedHub() as hub:
        scheduler = Scheduler(hub, args.seed)
        scheduler.run(args)
        scheduler.settle()
        judge(hub, scheduler)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
