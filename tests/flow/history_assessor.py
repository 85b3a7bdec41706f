"""A person who decides what waits for an assessor, one hold after the other, whatever happens to the hub meanwhile: what they were told of
it, in history_check.py's entries.

Used by: history_test.py. Must never: decide whether anything was right."""

import collections
import json

import history_check as h
from history_clients import Worker

VERBS = (("release", "hold_released"), ("release", "hold_released"), ("refuse", "hold_refused"))


class Assessor(Worker):
    def __init__(self, hub, seed, history):
        super().__init__(hub, seed, history)
        self.counts = collections.Counter()

    def asked(self, *command):
        """What navctl says; None where it says no: no core, one that stands by, or a hold that was closed meanwhile."""
        done = self.hub.navctl("hold", *command, "-o", "json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def step(self):
        holds = self.asked("list")
        hold = self.chance.choice(holds) if holds else None
        shown = self.asked("show", hold["hold"]) if hold else None
        if shown is None:
            return
        verb, kind = self.chance.choice(VERBS)
        conditions = ",".join(c["id"] for c in shown["conditions"]) if verb == "release" else ""
        told = self.asked(verb, hold["hold"], "--reason", "Prov", *(["--conditions", conditions] if conditions else []))
        self.counts[kind if told else "not decided"] += 1
        if told:
            self.history.add(h.Decided, kind, hold["to"], hold["purpose"], hold["seq"], told[0]["seq"])
