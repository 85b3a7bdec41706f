#!/usr/bin/env python3
"""kill -9 of nav-core, nav-gate, an adapter and PostgreSQL at random moments under load: all that was acknowledged is there once, all that
was permitted arrives, once a line, and the ledger verifies.

    tests/flow/kill_test.py [--kills N] [--seed N]      N kills of each (default 10; ctest runs 2 of each)"""

import argparse
import json
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import ADAPTERS, Hub, wait_until  # noqa: E402

TRY_AGAIN = 5  # the exit code of a start that the database did not answer, or was lost to; systemd starts it again
RECIPIENTS = [a for a in ADAPTERS if a != "polisen"]
EVENTS_A_FILE = 400


def police_file(number):
    """polisen.se's own shape; every id is new, every text tells which event it is."""
    events = []
    for i in range(EVENTS_A_FILE):
        event_id = number * EVENTS_A_FILE + i + 1
        events.append({"id": event_id, "datetime": "2026-08-13 17:48:01 +02:00",
                       "name": "13 augusti 16.39, Brand, Upplands-Bro", "summary": f"Prov {event_id}.",
                       "url": f"/aktuellt/handelser/{event_id}/", "type": "Brand",
                       "location": {"name": "Stockholms län", "gps": "59.6025,18.1384"}})
    return json.dumps(events, ensure_ascii=False)


class Killer:
    def __init__(self, hub, seed):
        self.hub = hub
        self.random = random.Random(seed)
        self.files = 0
        self.logged = 0  # of nav-core's log, before its last start

    def feed(self):
        self.hub.drop("polisen", f"{self.files:05d}.json", police_file(self.files))
        self.files += 1

    def pause(self):
        time.sleep(self.random.uniform(0.05, 0.9))

    def core(self):
        if not self.ended_in_its_start():
            self.hub.kill("nav-core")
        self.start_core()

    def gate(self):
        self.hub.kill("nav-gate")
        self.hub.start_program("nav-gate")

    def sender(self):
        self.hub.kill("adapter-polisen")
        self.hub.start_adapter("polisen")

    def recipient(self):
        agency = self.random.choice(RECIPIENTS)
        self.hub.kill("adapter-" + agency)
        self.hub.start_adapter(agency)

    def database(self):
        self.hub.postgres.kill()
        self.hub.postgres.start()

    def as_systemd_does(self):
        """Of a nav-core that was starting when the database was killed."""
        if self.ended_in_its_start():
            self.start_core()
        return True

    def start_core(self):
        self.logged = len(self.hub.log("nav-core"))
        self.hub.start_program("nav-core")

    def ended_in_its_start(self):
        """One that ran waits for its database."""
        if self.hub.processes["nav-core"].poll() is None:
            return False
        said = self.hub.log("nav-core")[self.logged:]
        assert "cannot start" in said and "ledger of" not in said, said[-3000:]
        self.hub.stop("nav-core", fine=(TRY_AGAIN,))
        return True

    def run(self, kills):
        victims = [self.core, self.gate, self.sender, self.recipient, self.database] * kills
        self.random.shuffle(victims)
        for victim in victims:
            self.as_systemd_does()
            self.feed()
            self.pause()
            print("kill", victim.__name__, flush=True)
            victim()
            self.pause()


def drained(hub):
    outbox = hub.path("agencies", "polisen", "outbox")
    return not [n for n in os.listdir(outbox) if n.endswith(".json") and os.path.isfile(os.path.join(outbox, n))]


def check(hub, files):
    expected = {f"Prov {i + 1}." for i in range(files * EVENTS_A_FILE)}
    status = hub.status()
    assert status["ledger"]["events"] == len(expected), (status["ledger"], len(expected))
    for agency in RECIPIENTS:
        lines = hub.inbox(agency, "situation-picture")
        texts = [line["data"]["body"]["summary"] for line in lines]
        assert len(texts) == len(set(texts)), f"{agency} was written something twice"
        assert set(texts) == expected, f"{agency} lacks {len(expected - set(texts))}"
        seqs = [line["navseq"] for line in lines]
        assert seqs == sorted(seqs), f"{agency} got its events out of order"
    for lane in status["lanes"]:
        if lane["agency"] in RECIPIENTS and lane["purpose"] == "situation-picture":
            assert lane["received"] == len(expected), f"counted twice or not at all: {lane}"
    verified = hub.verify()
    assert verified["ok"], verified


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    print("seed", args.seed)
    with Hub() as hub:
        killer = Killer(hub, args.seed)
        for agency in ADAPTERS:
            hub.start_adapter(agency)
        killer.run(args.kills)
        wait_until("the outbox is drained", lambda: killer.as_systemd_does() and drained(hub), 240)
        wait_until("all is delivered", lambda: killer.as_systemd_does() and hub.status(fail=False) and hub.behind(RECIPIENTS) == 0, 240)
        check(hub, killer.files)
        print(f"{args.kills * 5} kills, {killer.files * EVENTS_A_FILE} events, nothing lost, nothing twice")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
