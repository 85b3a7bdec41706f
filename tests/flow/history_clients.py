"""Publishers and recipients that write down what they did and were told, in history_check.py's entries: publishers that resend, change,
correct and take back; recipients that read slowly, disconnect, acknowledge late, refuse, ask for replays, or stop reading when the scheduler says so.

Used by: history_test.py. Must never: decide whether anything was right; hold a personnummer but Skatteverket's test numbers."""

import random
import threading
import time

import history_check as h
import nav_client
from nodes import SCHEMA, Talker

TEST_NUMBERS = ("201201012380", "201201012398")
BATCH_MAX = 6
KEPT_MAX = 400          # own events to resend, correct or take back
FINAL_REFUSALS_MAX = 20  # the hub sets 256 aside, then waits
NOW_MS = int(time.time() * 1000)


class History:
    """One list for all threads, in the order in which things were written down."""

    def __init__(self):
        self.entries, self._lock = [], threading.Lock()

    def add(self, kind, *values):
        with self._lock:
            self.entries.append(kind(time.time(), *values))

    def last(self, kinds, party):
        """When a party was last served; 0: never."""
        for e in reversed(self.entries):
            if isinstance(e, kinds) and party == (e.agency if isinstance(e, h.Receipt) else e.name):
                return e.t
        return 0.0


class Worker(threading.Thread):
    """Does one thing after the other (`step`) until it is told to stop. What ends it is kept in `error`, as a Talker's is."""
    PAUSE_S = (0.2, 1.5)

    def __init__(self, hub, seed, history):
        super().__init__(daemon=True)
        self.hub, self.chance, self.history = hub, random.Random(f"{seed} {type(self).__name__}"), history
        self.stopping, self.error = False, None

    def run(self):
        try:
            while not self.stopping:
                self.step()
                time.sleep(self.chance.uniform(*self.PAUSE_S))
        except Exception as error:  # a test that goes on would say nothing
            self.error = error
            raise


# ---- events: each agency's own, with fields of several classes, so that redaction has something to leave out ----


def _place(event, n):
    event.place.municipality, event.place.area = "0180", "bromma"
    event.place.address = f"Provgatan {n}"
    event.place.precision = SCHEMA.PRECISION_ADDRESS


def _police(event, chance, n, words):
    _place(event, n)
    if chance.random() < 0.5:
        event.public_incident.kind, event.public_incident.summary = "Brand", words
    else:
        event.place_notice.problem, event.place_notice.description, event.place_notice.count = "Samlingsplats", words, n % 9


def _housing(event, chance, n, words):
    _place(event, n)
    event.place.dwelling = f"lgh {n}"
    event.disturbance.kind, event.disturbance.description = SCHEMA.DISTURBANCE_KIND_NOISE, words
    event.disturbance.case_number = f"S-{n}"
    for number in TEST_NUMBERS[:chance.randrange(3)]:
        protection = chance.choice((SCHEMA.PROTECTION_NONE, SCHEMA.PROTECTION_UNSPECIFIED, SCHEMA.PROTECTION_SEKRETESSMARKERING))
        event.subjects.add(role=SCHEMA.ROLE_OTHER, protection=protection, personal_number=number, name="Prov Provsson")


def _school(event, _, n, words):
    _place(event, n)
    event.school_incident.kind, event.school_incident.description = SCHEMA.SCHOOL_INCIDENT_KIND_DAMAGE, words
    event.school_incident.injury = "Skrapsår"


def _social(event, _, n, words):
    """Held for the police in two purposes: a named person assesses it."""
    event.social_intervention.kind = SCHEMA.SOCIAL_INTERVENTION_KIND_SIG
    event.social_intervention.status = SCHEMA.INTERVENTION_STATUS_STARTED
    event.social_intervention.crime_risk, event.social_intervention.plan = words, f"Plan {n}"
    event.subjects.add(role=SCHEMA.ROLE_PARTICIPANT, protection=SCHEMA.PROTECTION_NONE, personal_number=TEST_NUMBERS[0], name="Prov Provsson",
                       telephone="070-0000000")


WRITES = {"polisen": _police, "bostadsbolaget": _housing, "skolan": _school, "socialtjansten": _social}
PAUSES_S = {"socialtjansten": (0.5, 2.0)}  # between two publications, where not (0.02, 0.15)


class Publisher(Talker):
    """Publishes without end, each publication until it has its receipt: the very same bytes."""

    def __init__(self, hub, agency, seed, history):
        super().__init__(hub, agency)
        self.chance, self.history = random.Random(f"{seed} {agency}"), history
        self.number, self.pending, self.kept, self.counts = 0, None, [], {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def new(self, event_id=None, revision=1):
        self.number += 1
        event_id = event_id or self.keys.event_id(NOW_MS, self.agency, f"history-{self.number}")
        event = SCHEMA.Event(id=event_id, source=self.agency, revision=revision, time_ms=NOW_MS, recorded_time_ms=NOW_MS)
        WRITES[self.agency](event, self.chance, self.number, f"Prov {self.number}. " + "ord " * self.chance.randrange(60))
        return event

    def taken_back(self, old):
        event = SCHEMA.Event(id=self.keys.event_id(NOW_MS, self.agency, f"recall-{self.number}"), source=self.agency, revision=1,
                             time_ms=NOW_MS, recorded_time_ms=NOW_MS)
        self.number += 1
        event.recall.event_ids.append(old.id)
        event.recall.reason = SCHEMA.RECALL_REASON_WRONG
        return event

    def drawn(self):
        """What the next publication holds, and what that is called in the counts."""
        roll = self.chance.random()
        if roll < 0.7 or not self.kept:
            return "new", [self.new() for _ in range(self.chance.randint(1, BATCH_MAX))]
        old = self.chance.choice(self.kept)
        if roll < 0.82:
            return "resent", [old]
        if roll < 0.90:
            return "changed under the same id", [self.new(old.id, old.revision)]
        if roll < 0.97:
            return "revised", [self.new(old.id, old.revision + 1)]
        self.kept = [event for event in self.kept if event.id != old.id]
        return "taken back", [self.taken_back(old)]

    def prepare(self):
        what, events = self.drawn()
        self.count(what)
        if what in ("new", "revised"):
            self.kept = ([e for e in self.kept if e.id != events[0].id] + events)[-KEPT_MAX:]
        return [(event, event.SerializeToString()) for event in events]

    def publish(self, client):
        try:
            return client.publish([encoded for _, encoded in self.pending])
        except nav_client.HubError as error:
            self.count("sent again after: " + str(error).split(":")[0])
            time.sleep(0.2)
            raise

    def digest(self, encoded):
        return nav_client.event_digest(self.keys.salt(encoded), encoded)

    def talk(self, client):
        while not self.stopping or self.pending:
            self.pending = self.pending or self.prepare()
            for event, encoded in self.pending:
                self.history.add(h.Sent, self.agency, event.id, event.revision, self.digest(encoded))
            receipts = self.publish(client)
            for (event, encoded), r in zip(self.pending, receipts):
                self.count(SCHEMA.ReceiptStatus.Name(r.status) + (f" {SCHEMA.Code.Name(r.code)}" if r.code else ""))
                self.history.add(h.Receipt, self.agency, event.id, event.revision, self.digest(encoded), r.status, r.seq, r.code)
            self.pending = None
            time.sleep(self.chance.uniform(*PAUSES_S.get(self.agency, (0.02, 0.15))))


class Dropped(nav_client.HubError):
    """We ended the session ourselves."""


class Recipient(Talker):
    """temper: read_s (slept after each frame), acknowledge_s (between two acknowledgements, up to), drop (chance a frame of leaving without
    a word), refuse (chance a delivery of a Nack), replay (chance a frame of asking for a replay). calm: set by the scheduler at the end, then it only takes and acknowledges."""

    def __init__(self, hub, agency, purposes, temper, seed, history):
        super().__init__(hub, agency, purposes)
        self.name, self.temper, self.history = agency, temper, history
        self.chance = random.Random(f"{seed} {agency} receives")
        self.sessions, self.ended, self.refusals = 0, time.time(), 0
        self.calm, self.stalled, self.drop = False, False, False
        self.lanes, self.had = {}, {}  # number → purpose; the last that was acknowledged, in any session
        self.reset()

    def reset(self):
        self.last, self.due = {}, {}  # of each lane: what came last in this session; when to say so

    def talk(self, client):
        since, self.sessions = self.ended, self.sessions + 1
        self.reset()
        self.lanes = dict(client.purpose_of_lane)
        self.history.add(h.Session, self.name, self.sessions, since, {lane.number: lane.position for lane in client.session.lanes})
        try:
            while not self.stopping:
                while self.stalled:
                    time.sleep(0.02)
                self.one_frame(client)
        finally:
            self.ended = time.time()

    def one_frame(self, client):
        frame = client._receive(100)
        if frame is None:
            self.still_there(client)
        while client.waiting:
            self.take(client, client.waiting.pop(0))
        self.acknowledge_due(client)
        if self.calm:
            return
        time.sleep(self.temper.get("read_s", 0))
        if self.drop or self.chance.random() < self.temper.get("drop", 0):
            self.drop = False
            raise Dropped("left without a word")
        if self.had and self.chance.random() < self.temper.get("replay", 0):
            lane = self.chance.choice(sorted(self.had))
            client.replay(lane, after=self.ask_after(lane))

    def ask_after(self, lane):
        """A replay is about to be asked for: after which position."""
        after = self.chance.randrange(self.had[lane])
        self.history.add(h.Asked, "replay", lane, after)
        return after

    def take(self, client, d):
        self.history.add(h.Delivered, self.name, self.sessions, d.lane, d.position, d.replay, d.event.SerializeToString(), d.withheld,
                         d.rule, d.basis)
        if not d.replay and not self.calm and self.chance.random() < self.temper.get("refuse", 0):
            final = self.refusals < FINAL_REFUSALS_MAX and self.chance.random() < 0.5
            self.refusals += final
            self.history.add(h.Refused, self.name, self.sessions, d.lane, d.position)
            client.refuse(d, "prov", final)
        elif not d.replay:
            self.last[d.lane] = d
            self.due.setdefault(d.lane, time.time() + self.chance.uniform(0, self.temper.get("acknowledge_s", 0.1)))

    def acknowledge_due(self, client):
        for lane in [lane for lane, due in self.due.items() if self.calm or due <= time.time()]:
            del self.due[lane]
            self.history.add(h.Acknowledged, self.name, self.sessions, lane, self.last[lane].position)
            client.acknowledge(self.last[lane])
            self.had[lane] = max(self.had.get(lane, 0), self.last[lane].position)

    def still_there(self, client):
        """A silent hub: ask. No answer raises, and a new session begins."""
        number = client.ping()
        deadline = time.time() + 3
        while time.time() < deadline and not self.stopping:
            frame = client._receive(100)
            if frame is not None and frame.WhichOneof("frame") == "pong" and frame.pong.number == number or client.waiting:
                return
        raise nav_client.HubError("silent")


TEMPERS = {
    "skolan": {"replay": 0.01},
    "socialtjansten": {"read_s": 0.25},
    "bostadsbolaget": {"drop": 0.02},
    "brandforsvaret": {"acknowledge_s": 8.0, "replay": 0.01},
    "polisen": {"refuse": 0.004, "replay": 0.005},
}
PURPOSES = {agency: ["situation-picture"] + (["place-collaboration"] if agency != "socialtjansten" else []) for agency in TEMPERS}
PURPOSES["polisen"] += ["sig", "young-at-risk"]


def all_clients(hub, seed, history):
    publishers = [Publisher(hub, agency, seed, history) for agency in WRITES]
    recipients = [Recipient(hub, agency, PURPOSES[agency], temper, seed, history) for agency, temper in TEMPERS.items()]
    return publishers, recipients
