#!/usr/bin/env python3
"""The database slow, away or out of reach while agencies go on at full speed: they are told to wait, nothing is accepted that is not
durable, nav-core's memory stays where it was, navctl status is answered all the while, and all of it recovers by itself.

    backpressure_test.py [--seconds 6]     how long the database is paused, stopped, and out of reach

Prints: figures of each, one line of JSON."""

import argparse
import collections
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from agencies import Agency, SCHEMA  # noqa: E402
from hub import Hub, wait_until  # noqa: E402

SENDERS = ("polisen", "polisen", "tycktill", "tycktill", "skolan", "skolan")
EVENTS, UNDER_WAY = 100, 12     # events of a publication; more of them under way than the hub takes of one session
GROWTH_MB = 96                  # of nav-core's memory at the most, while the database does not answer
QUARANTINE_MB = 16              # of freed memory that ASan keeps; its own 256 would count as growth
STATUS_S_MAX = 30               # an answer to navctl status meanwhile: where it is held up, it is for as long as the database is away
STOP_S_MAX = 5                  # where it waits for the database
QUIET_S_MAX = 60                # until everything is settled once the database is back


class Sender:
    """One session that sends as fast as it may, and keeps every publication's bytes until they have a receipt."""

    def __init__(self, hub, name, number):
        self.agency, self.name, self.made = Agency(hub, name), f"{name}-{number}", 0
        self.agency.client.wait_ms = 1000
        self.unsent, self.under_way = collections.deque(), {}
        self.told, self.seqs, self.ended = collections.Counter(), {}, 0

    def _publication(self):
        events = []
        for _ in range(EVENTS):
            self.made += 1
            now_ms = int(time.time() * 1000)
            event = SCHEMA.Event(id=self.agency.keys.event_id(now_ms, self.agency.name, f"{self.name}-{self.made}"), revision=1,
                                 source=self.agency.name, time_ms=now_ms, recorded_time_ms=now_ms)
            event.place.municipality = "0180"
            event.place.precision = SCHEMA.PRECISION_AREA
            event.public_incident.kind = "Brand"
            events.append(event.SerializeToString())
        return events

    def turn(self, fresh=True):
        """Sends what it may, reads what has come. fresh: new events too; else only what has no receipt yet."""
        try:
            if self.agency.client.socket is None:
                self.agency.client.connect()
            while len(self.under_way) < UNDER_WAY and (self.unsent or fresh):
                events = self.unsent.popleft() if self.unsent else self._publication()
                self.under_way[self.agency.client.send_publication(events)] = events
            while (frame := self.agency.client._receive(5)) is not None:
                self._take(frame)
        except nav_client.HubError:
            self.ended += 1
            self.agency.client.close()
            self.unsent.extend(self.under_way.values())  # the very same bytes again
            self.under_way = {}

    def _take(self, frame):
        kind = frame.WhichOneof("frame")
        if kind == "wait":
            self.told[SCHEMA.Code.Name(frame.wait.code)] += 1
            if frame.wait.number in self.under_way:
                self.unsent.append(self.under_way.pop(frame.wait.number))
        elif kind == "receipt":
            events = self.under_way.pop(frame.receipt.number)
            for event, receipt in zip(events, frame.receipt.events, strict=True):
                assert receipt.status in (SCHEMA.RECEIPT_STATUS_ACCEPTED, SCHEMA.RECEIPT_STATUS_DUPLICATE), receipt
                self.told[SCHEMA.ReceiptStatus.Name(receipt.status)] += 1
                assert self.seqs.setdefault(event, receipt.seq) == receipt.seq

    def settled(self):
        return not self.unsent and not self.under_way


def memory_mb(hub, what="VmRSS"):
    with open(f"/proc/{hub.processes['nav-core'].pid}/status", encoding="ascii") as file:
        return int([line for line in file if line.startswith(what)][0].split()[1]) / 1024


def postgres_processes(hub):
    pid = hub.postgres.pid()
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [pid] + [int(p) for p in done.stdout.split()]


def cut_off(hub, pids):
    """The sessions of nav-core end, and the server answers nobody who connects."""
    pids[:] = [hub.postgres.pid()]
    sessions = hub.postgres.sql("postgres", "SELECT pid FROM pg_stat_activity WHERE usename = 'nav_core'")
    os.kill(pids[0], signal.SIGSTOP)
    for row in sessions:
        os.kill(int(row[0]), signal.SIGTERM)


def send_all(senders, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for sender in senders:
            sender.turn()


def waits(senders):
    return sum(s.told["CODE_BUSY"] for s in senders)


def receipts(senders):
    return sum(len(s.seqs) for s in senders)


def away(hub, senders, seconds, take_away, give_back):
    """What happens while the database is away; then all that was sent must be settled."""
    before, busy = memory_mb(hub), waits(senders)
    take_away()
    try:
        send_all(senders, 1)  # what was committed before still has its receipts to come
        had = receipts(senders)
        send_all(senders, seconds)
        figures = {"growth_mb": round(memory_mb(hub) - before, 1), "told_busy": waits(senders) - busy,
                   "receipts_meanwhile": receipts(senders) - had, "status_s": hub.status_within(STATUS_S_MAX)}
    finally:
        give_back()
    begin = time.monotonic()
    while not all(s.settled() for s in senders):
        assert time.monotonic() - begin < QUIET_S_MAX, [(s.name, len(s.unsent), len(s.under_way)) for s in senders]
        for sender in senders:
            sender.turn(fresh=False)
    return {**figures, "settled_after_s": round(time.monotonic() - begin, 1)}


def pause(hub, pids):
    pids[:] = postgres_processes(hub)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)


def go_on(pids):
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def check_once(hub, senders):
    """Each event that has a receipt is in the ledger once, at the place that its receipt says, and nothing else is."""
    rows = [int(row[0]) for row in hub.postgres.sql("postgres", "SELECT seq FROM nav.event_view ORDER BY seq")]
    mine = sorted(seq for s in senders for seq in s.seqs.values())
    assert len(mine) == len(set(mine)) == sum(s.made for s in senders), (len(mine), len(set(mine)))
    assert rows == mine, (len(rows), len(mine))
    verified = hub.verify()
    assert verified["ok"] and verified["events"] == len(mine), verified


def stops_all_the_same(hub, pids):
    """nav-core waits for a server that answers nobody, and is told to stop."""
    cut_off(hub, pids)
    wait_until("it is lost", lambda: "the database is lost" in hub.log("nav-core").rsplit("the database is back", 1)[1])
    time.sleep(1)  # by then it connects anew
    try:
        begin = time.monotonic()
        hub.stop("nav-core")
        return round(time.monotonic() - begin, 2)
    finally:
        go_on(pids)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=6)
    args = parser.parse_args()
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + f":quarantine_size_mb={QUARANTINE_MB}"
    with Hub(agencies=("polisen", "skolan", "tycktill")) as hub:
        senders = [Sender(hub, name, i) for i, name in enumerate(SENDERS)]
        core, pids = hub.processes["nav-core"].pid, []
        send_all(senders, 3)  # so that what it needs when it is busy is there already
        figures = {"paused": away(hub, senders, args.seconds, lambda: pause(hub, pids), lambda: go_on(pids)),
                   "stopped": away(hub, senders, args.seconds, lambda: hub.postgres.stop("immediate"), hub.postgres.start),
                   "unreachable": away(hub, senders, args.seconds, lambda: cut_off(hub, pids), lambda: go_on(pids))}
        wait_until("the hub is well", lambda: hub.status(fail=False), 30)
        figures["events"] = receipts(senders)
        figures["core_peak_mb"] = round(memory_mb(hub, "VmHWM"))
        figures["sessions_ended"] = sum(s.ended for s in senders)
        print(json.dumps(figures), flush=True)
        for name in ("paused", "stopped", "unreachable"):
            assert figures[name]["receipts_meanwhile"] == 0, figures
            assert figures[name]["growth_mb"] < GROWTH_MB, figures
            assert figures[name]["told_busy"] > 0, figures
        assert all(hub.processes[name].poll() is None for name in ("nav-core", "nav-gate"))
        assert hub.processes["nav-core"].pid == core
        check_once(hub, senders)
        took = stops_all_the_same(hub, pids)
        assert took < STOP_S_MAX, took
    print("ok")


if __name__ == "__main__":
    main()
