"""The cases of the benchmark: which load on which broker. Each function gives lines, as the load programs print them, one after another.

Used by: bench.py. Must never: give the hub an easier load than its peers."""

import json
import os
import subprocess

from hub_home import BIN, POSTGRES, BenchHub, wait_until
from peers import GateDatabase, Rabbit, Redis
from postgres import Postgres

RECIPIENTS = 5
EVENT_BYTES = 512
COPY_BATCHES = {256: "copy-256", 4096: "copy-4096"}  # events a transaction
EVENTS_A_DAY, KEPT_DAYS = 5000, 365                  # of the ledger that is grown: growth.py's city


class Plan:
    """How much is run. rounds: of the comparison, brokers taking turns, so that what disturbs the machine strikes all."""

    def __init__(self, seconds, rounds, rates, behind, recipients, stored, warm=1.0, publishers=4, window=1024):
        self.seconds, self.rounds, self.rates = seconds, rounds, rates
        self.behind, self.recipients, self.stored = behind, recipients, stored
        self.warm, self.publishers, self.window = warm, publishers, window

    def full(self):
        """As fast as answers come."""
        return ["--publishers", str(self.publishers), "--window", str(self.window), *self.times()]

    def even(self, rate):
        """One publisher, events due at even times."""
        return ["--publishers", "1", "--window", "4096", "--rate", str(rate), *self.times()]

    def times(self):
        return ["--seconds", str(self.seconds), "--warm", str(self.warm), "--bytes", str(EVENT_BYTES)]


SHORT = Plan(seconds=1, rounds=1, rates=(500,), behind=2000, recipients=(5,), stored=(), warm=0.3)


def comparison(broker, plan, more=(), prefix=""):
    """What every broker is asked; more: the gate's options."""
    yield broker.load(prefix + "five", *plan.full(), *more)
    for rate in plan.rates:
        yield broker.load(f"{prefix}rate-{rate}", *plan.even(rate), *more)


def catch_up(hub, events, case):
    """A recipient that was away while so many events were accepted."""
    line, whole = hub.load("filled", "--publishers", "2", "--recipients", "0", "--window", "2048", "--events", str(events),
                           "--drain", "3000", "--bytes", str(EVENT_BYTES), "--run", "77")
    if not whole or line["accepted"] != events:
        raise RuntimeError(f"the hub took {line['accepted']} of {events} events")
    yield hub.load(case, "--publishers", "0", "--recipients", "1", "--expect", str(events), "--run", "77", "--drain", "3000")


def hub_cases(plan):
    with BenchHub(RECIPIENTS) as hub:
        yield from comparison(hub, plan)


def hub_alone(plan):
    """What is asked of the hub alone: a recipient far behind, more recipients, more stored events."""
    if plan.behind:
        with BenchHub(RECIPIENTS) as hub:
            yield from catch_up(hub, plan.behind, f"catch-up-{plan.behind}")
    for recipients in plan.recipients:
        with BenchHub(recipients) as hub:
            yield hub.load(f"recipients-{recipients}", *plan.even(500), "--recipients", str(recipients))
    if plan.stored:
        with BenchHub(RECIPIENTS) as hub:
            yield from stored(hub, plan)


def redis_cases(plan):
    yield from peer_cases(Redis, plan)


def rabbit_cases(plan):
    yield from peer_cases(Rabbit, plan)


def peer_cases(peer, plan):
    with peer() as broker:
        yield from comparison(broker, plan)
        with GateDatabase() as database:
            yield from comparison(broker, plan, database.options(), "gate-")


# ---- more and more stored events ----

def stored(hub, plan):
    for events in plan.stored:
        have = stored_events(hub)
        if events > have:
            grow(hub, events - have)
        have = stored_events(hub)
        line, whole = hub.load(f"stored-{events}", *plan.full())
        yield {**line, "stored_before": have}, whole


def stored_events(hub):
    return int(hub.postgres.sql("postgres", "SELECT count(*) FROM nav.event_view")[0][0])


def lanes(hub):
    return hub.postgres.sql("postgres", "SELECT count(*) FROM nav.ledger WHERE kind = 17")[0][0]


def grow(hub, events):
    """Adds events as growth.py does, acknowledged by every lane. Some verdict must be there: an event has been accepted."""
    if stored_events(hub) == 0:
        hub.load("first", "--publishers", "1", "--recipients", "0", "--events", "4")
    hub.stop("nav-gate")
    hub.stop("nav-core")
    done = subprocess.run([os.path.join(BIN, "growth_ledger"), hub.home, str(events), str(max(events // EVENTS_A_DAY, 1)), str(KEPT_DAYS), "1",
                           lanes(hub)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"growth_ledger: {done.stderr.strip()[-500:]}")
    hub.postgres.sql("postgres", "ANALYZE")
    # nav-core would read every leaf after the checkpoint that it showed last, which is that of before.
    os.unlink(hub.path("state", "seen"))
    hub.start_all()
    # A ledger that has grown over years neither waits for its own bulk to be written, nor reads the past when it is asked how fast it is.
    hub.postgres.sql("postgres", "CHECKPOINT")
    wait_until("all events are counted, in the background", lambda: hub.status()["ledger"]["counted"], 1800)


# ---- the limit: the hub's own rows, and nothing else ----

def copy_cases(_plan):
    """The rows that nav-core writes of such events, by its own batch code, into the tables that it has: what PostgreSQL takes at most."""
    with Postgres(settings=POSTGRES) as with_tree, Postgres(settings=POSTGRES) as without:
        for database in (with_tree, without):
            database.apply_schema()
        done = subprocess.run([os.path.join(BIN, "commit_bench"), with_tree.connection("nav_core"), without.connection("nav_core"),
                               str(EVENT_BYTES), "0"], stdout=subprocess.PIPE, text=True, check=True)
    for text in done.stdout.splitlines():
        measured = json.loads(text)
        case = COPY_BATCHES.get(measured["events_a_commit"])
        if case:
            rate = round(1e6 / measured["commit_us"])
            yield {"peer": "copy", "case": case, "accepted_s": rate, "delivered_s": 0, "e2e_p50_us": 0, "e2e_p99_us": 0, "missing": 0,
                   "event_bytes": EVENT_BYTES, "commit_us_an_event": measured["commit_us"], "stage_and_commit_us_an_event": measured["with_us"]}, True


GROUPS = {"hub": hub_cases, "redis": redis_cases, "rabbit": rabbit_cases, "copy": copy_cases}


def run(plan, only):
    """Every line of the plan, as (line, whole)."""
    for turn in range(plan.rounds):
        for name, group in GROUPS.items():
            if name not in only:
                continue
            for line, whole in group(plan):
                line["round"] = turn + 1
                yield line, whole
    if "hub" in only:
        yield from hub_alone(plan)
