"""Agencies at a whole hub, each a session of the Python client, and what the ledger then says: for the tests of consent and
requests.

Used by: consent_test.py, request_test.py. Must never: know more of the hub than its clients, its status and its ledger tell."""

import itertools
import time

import nav_client

SCHEMA = nav_client.load_schema()
NOW_MS = int(time.time() * 1000)
NUMBERS = itertools.count(1)


class Agency:
    def __init__(self, hub, name):
        self.keys = nav_client.Keys(hub.path("agencies", name, "keys"))
        curve, session = nav_client.read_hub_keys(hub.path("config", "keys", "hub.yaml"))
        self.name = name
        self.seen = set()
        self.client = nav_client.Client(name, self.keys, f"tcp://127.0.0.1:{hub.port}", curve, session, schema=SCHEMA)

    def event(self, persons=(), **fields):
        """An event of nobody's yet: each person is a number, or a Subject."""
        event = SCHEMA.Event(source=self.name, revision=1, time_ms=NOW_MS, recorded_time_ms=NOW_MS, **fields)
        event.id = self.keys.event_id(NOW_MS, self.name, f"test-{next(NUMBERS)}")
        for person in persons:
            subject = SCHEMA.Subject(role=SCHEMA.ROLE_PARTICIPANT, protection=SCHEMA.PROTECTION_NONE, personal_number=person) \
                if isinstance(person, str) else person
            event.subjects.append(subject)
        return event

    def consent(self, person, recipients=(), purposes=("sig",), **fields):
        event = self.event([SCHEMA.Subject(personal_number=person)])
        event.consent.SetInParent()
        event.consent.MergeFrom(SCHEMA.Consent(recipients=recipients, purposes=purposes, **fields))
        return event

    def intervention(self, person, kind=SCHEMA.SOCIAL_INTERVENTION_KIND_SIG, **fields):
        event = self.event([person], **fields)
        event.social_intervention.kind = kind
        return event

    def publish(self, *events):
        """Their seqs; all must be accepted."""
        self.client.connect()
        receipts = self.client.publish([event.SerializeToString() for event in events])
        for receipt in receipts:
            assert receipt.status == SCHEMA.RECEIPT_STATUS_ACCEPTED, receipt
        return [receipt.seq for receipt in receipts]

    def refused(self, event):
        """The code and the field for which it is refused."""
        self.client.connect()
        receipt = self.client.publish([event.SerializeToString()])[0]
        assert receipt.status == SCHEMA.RECEIPT_STATUS_REJECTED, receipt
        return SCHEMA.Code.Name(receipt.code), receipt.field

    def fetch(self, purpose):
        """What has come since the last time, by seq; acknowledged. A hub that was killed may send again: counted once."""
        self.client.connect(purposes=[purpose])
        got = list(self.client.deliveries())
        if got:
            self.client.acknowledge(got[-1])
        new = {d.position: d for d in got if (d.lane, d.position) not in self.seen}
        self.seen |= {(d.lane, d.position) for d in got}
        return new


class Ledger:
    def __init__(self, hub):
        self.hub = hub

    def _query(self, sql):
        return self.hub.postgres.sql("postgres", sql)

    def records(self, kind):
        """Of a kind by its name in Record ("redecided"), in order, with their seq."""
        number = SCHEMA.Record.DESCRIPTOR.fields_by_name[kind].number
        rows = self._query(f"SELECT encode(record, 'hex') FROM nav.ledger WHERE kind = {number} ORDER BY seq")
        records = [SCHEMA.Record.FromString(bytes.fromhex(row[0])) for row in rows]
        return [(record.seq, getattr(record, kind)) for record in records]

    def lane(self, agency, purpose):
        return [lane["number"] for lane in self.hub.status()["lanes"] if (lane["agency"], lane["purpose"]) == (agency, purpose)][0]

    def verdict(self, seq, agency, purpose):
        """(outcome, rule) that were stored for the event and the lane; ("withhold", "") where it is not named."""
        number = int(self._query(f"SELECT verdict FROM nav.event_view WHERE seq = {seq}")[0][0])
        lane = self.lane(agency, purpose)
        for _, defined in self.records("verdict_defined"):
            for verdict in defined.lanes if defined.number == number else ():
                if verdict.lane == lane:
                    return SCHEMA.Outcome.Name(verdict.outcome)[len("OUTCOME_"):].lower(), verdict.rule
        return "withhold", ""
