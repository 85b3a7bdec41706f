"""The ledger's records as history_check.py asks them: which events stand where, what each lane was to have and by which verdict, and which
fields a verdict reveals, worked out from the schemas alone.

Used by: history_check.py. Must never: use the hub's code."""

from bisect import bisect_left, bisect_right
from collections import defaultdict, namedtuple

import nav_client

SCHEMA = nav_client.load_schema()
RECALL = ("recall", "brottsdataforordningen-2-1")  # rests on no rule: hub/core/recalls.h
ALL_BITS = sum(1 << number for number in SCHEMA.Sensitivity.values() if number)

# verdict: None for a Recall. event: (id, revision).
Expected = namedtuple("Expected", "verdict rule basis event event_seq defined_before")
Replay = namedtuple("Replay", "seq after up_to")  # a Replayed record


class Ledger:
    schema = SCHEMA

    def __init__(self, rows):
        self.seqs, self.times, self.epochs, self.kinds = [], [], [], {}
        self.accepted, self.published, self.acknowledged, self.lanes = {}, {}, {}, {}
        self.verdicts, self.redecided, self.aside = {}, defaultdict(list), set()
        self.replays, self.redelivered = defaultdict(list), {}  # lane → Replays; seq → Redelivered
        self.decided = {}  # seq → (kind, lane, the event's seq) of what assessors decided
        self.positions, self.recalls = [], defaultdict(list)  # (seq, Record) that give lanes something; event seq → (seq, lanes)
        self.expected_of, self.owed_of = {}, {}
        for seq, record in rows:
            self._take(seq, record)

    def _take(self, seq, record):
        kind = record.WhichOneof("record")
        self.seqs.append(seq)
        self.times.append(record.time_ms)
        self.epochs.append(record.epoch)
        self.kinds[seq] = kind
        if kind in ("accepted", "published", "acknowledged"):
            getattr(self, kind)[seq] = getattr(record, kind)
        elif kind == "lane_defined":
            self.lanes[record.lane_defined.number] = (record.lane_defined.agency, record.lane_defined.purpose)
        elif kind == "verdict_defined":
            self.verdicts[record.verdict_defined.number] = (seq, {v.lane: v for v in record.verdict_defined.lanes})
        elif kind == "redecided":
            self.redecided[record.redecided.lane.lane, record.redecided.position].append((seq, record.redecided.lane))
        elif kind == "nacked" and record.nacked.set_aside:
            self.aside.add((record.nacked.lane, record.nacked.position))
        elif kind == "replayed":
            self.replays[record.replayed.lane].append(Replay(seq, record.replayed.after_position, record.replayed.up_to_position))
        elif kind == "redelivered":
            self.redelivered[seq] = record.redelivered
        elif kind == "hold_released":
            self.decided[seq] = (kind, record.hold_released.lane.lane, record.hold_released.event_seq)
        elif kind == "hold_refused":
            self.decided[seq] = (kind, record.hold_refused.lane, record.hold_refused.event_seq)
        elif kind == "recalled":
            for event in record.recalled.events:
                self.recalls[event.event_seq].append((seq, set(event.lanes)))
        if kind in ("accepted", "hold_released", "recalled", "redelivered"):
            self.positions.append((seq, record))

    # ---- events ----

    def digest_at(self, seq):
        record = self.accepted[seq]
        published = self.published.get(record.published_seq)
        digests = published.digests if published and published.agency == record.agency else []
        return digests[record.published_index] if record.published_index < len(digests) else None

    def digest_of(self, agency, event_id, revision):
        for seq, record in self.accepted.items():
            if (record.agency, record.event_id, record.revision) == (agency, event_id, revision):
                return self.digest_at(seq)
        return None

    def recalled_by(self, event_seq, lane):
        """The first Recalled record that took the event back from the lane; None."""
        return next((seq for seq, lanes in self.recalls.get(event_seq, []) if lane in lanes), None)

    # ---- lanes ----

    def expected(self, lane):
        """{position: Expected} of all that the lane may be sent."""
        if lane not in self.expected_of:
            pairs = ((seq, self._expected(lane, seq, record)) for seq, record in self.positions)
            self.expected_of[lane] = {seq: expected for seq, expected in pairs if expected}
        return self.expected_of[lane]

    def _expected(self, lane, seq, record):
        kind = record.WhichOneof("record")
        if kind == "accepted":
            defined, lanes = self.verdicts.get(record.accepted.verdict, (seq, {}))
            return self._released(lanes.get(lane), record.accepted, seq, defined < seq)
        if kind == "hold_released":
            released = record.hold_released
            return self._released(released.lane, self.accepted[released.event_seq], released.event_seq, True) \
                if released.lane.lane == lane else None
        if kind == "redelivered":
            return self._redelivered(record.redelivered) if record.redelivered.lane == lane else None
        recalled = record.recalled
        told = any(lane in event.lanes for event in recalled.events)
        return self._told(recalled) if told else None

    @staticmethod
    def _told(recalled):
        return Expected(None, *RECALL, (recalled.recall_id, recalled.revision), recalled.recall_seq, True)

    def _redelivered(self, again):
        if again.HasField("recalled"):
            return self._told(again.recalled)
        if not again.HasField("released"):
            return None  # nothing was left of it
        return self._released(again.released, self.accepted[again.event_seq], again.event_seq, True)

    @staticmethod
    def _released(verdict, accepted, event_seq, defined_before):
        if verdict is None or verdict.outcome != SCHEMA.OUTCOME_RELEASE:
            return None
        return Expected(verdict, verdict.rule, verdict.basis, (accepted.event_id, accepted.revision), event_seq, defined_before)

    def owed(self, lane):
        """Positions that the lane must have been sent: not those set aside, withdrawn by new rules or taken back, which it may."""
        if lane not in self.owed_of:
            self.owed_of[lane] = [seq for seq, e in self.expected(lane).items() if not self._excused(lane, seq, e)]
        return self.owed_of[lane]

    def _excused(self, lane, seq, expected):
        withdrawn = any(v.outcome != SCHEMA.OUTCOME_RELEASE for _, v in self.redecided.get((lane, seq), []))
        recalled = expected.verdict is not None and self.recalled_by(expected.event_seq, lane)
        return (lane, seq) in self.aside or withdrawn or recalled

    def owed_between(self, lane, after, up_to):
        owed = self.owed(lane)
        return owed[bisect_right(owed, after):bisect_left(owed, up_to + 1)]

    def owes_between(self, lane, after, up_to):
        """Whether there is any; nothing is copied, since it is asked of every delivery of a replay."""
        owed = self.owed(lane)
        return bisect_right(owed, after) < bisect_left(owed, up_to + 1)

    def narrowed(self, lane, position, verdict, known):
        """The newest decision among the records up to `known`; the stored one where there is none."""
        newer = [v for seq, v in self.redecided.get((lane, position), []) if seq <= known]
        return newer[-1] if newer else verdict

    # ---- fields ----

    @staticmethod
    def revealed(verdict):
        bits = verdict.reveal | 1 << SCHEMA.SENSITIVITY_OPEN
        if bits & ALL_BITS != ALL_BITS and not verdict.narrative_edited:
            bits &= ~(1 << SCHEMA.SENSITIVITY_NARRATIVE)
        return bits

    @staticmethod
    def present(event):
        """(path, bit of its sensitivity) of every field that is there; the body is called body, as in the hub's paths."""
        todo = [("", event)]
        while todo:
            path, message = todo.pop()
            for field, value in message.ListFields():
                name = "body" if field.containing_oneof is not None and not path else field.name
                here = f"{path}.{name}" if path else name
                yield here, 1 << field.GetOptions().Extensions[SCHEMA.sensitivity]
                if field.message_type is not None and field.label == field.LABEL_REPEATED:
                    todo += [(f"{here}.{i}", inner) for i, inner in enumerate(value)]
                elif field.message_type is not None:
                    todo.append((here, value))
            unknown = len(message.UnknownFields()) if hasattr(message, "UnknownFields") else 0
            if unknown:
                yield f"{path}(unknown)", 0
