"""The checker of histories, itself checked: one small history that holds, and for each invariant what breaks it, one change at a time. Each
change must be found, under its invariant's name; the history as it stands must be found to hold.

Run by: ctest. Needs no hub."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import history_check as h  # noqa: E402
from history_ledger import RECALL, SCHEMA  # noqa: E402

LANE, OTHER = 1, 2  # the first acknowledges up to 6: it has 7 and 9 before it, and 8 was taken back
RULE, BASIS = "picture-place-notice", "lag-2023-196-4"
OPEN, PLACE = SCHEMA.SENSITIVITY_OPEN, SCHEMA.SENSITIVITY_PLACE
ACCEPTED, DUPLICATE, REJECTED = (SCHEMA.RECEIPT_STATUS_ACCEPTED, SCHEMA.RECEIPT_STATUS_DUPLICATE, SCHEMA.RECEIPT_STATUS_REJECTED)
EVENTS = {seq: bytes([seq]) * 16 for seq in (5, 6, 7, 8)}  # by the number under which they stand; 9 takes 8 back


def record(seq, **kind):
    return seq, SCHEMA.Record(seq=seq, time_ms=1000 + seq, epoch=1, **kind)


def released(reveal=(OPEN, PLACE), subjects=0, outcome=SCHEMA.OUTCOME_RELEASE, lane=LANE):
    return SCHEMA.LaneVerdict(lane=lane, outcome=outcome, rule=RULE, basis=BASIS, reveal=sum(1 << c for c in reveal), subjects=subjects)


def accepted(seq, index):
    return record(seq, accepted=SCHEMA.Accepted(event_id=EVENTS[seq], revision=1, agency="polisen", published_seq=4,
                                                published_index=index, verdict=1))


def digest(seq):
    return bytes([100 + seq]) * 32


def ledger():
    """Four events of one publication; 8 is taken back by 9; the lane acknowledges up to 6."""
    recalled = SCHEMA.RecalledEvent(event_seq=8, event_id=EVENTS[8], revision=1, lanes=[LANE], undelivered=[LANE])
    return [record(1, lane_defined=SCHEMA.LaneDefined(number=LANE, agency="skolan", purpose="p")),
            record(2, lane_defined=SCHEMA.LaneDefined(number=OTHER, agency="tycktill", purpose="p")),
            record(3, verdict_defined=SCHEMA.VerdictDefined(number=1, lanes=[released()])),
            record(4, published=SCHEMA.Published(agency="polisen", digests=[digest(s) for s in (5, 6, 7, 8)])),
            accepted(5, 0), accepted(6, 1), accepted(7, 2), accepted(8, 3),
            record(9, recalled=SCHEMA.Recalled(recall_seq=8, agency="polisen", events=[recalled], recall_id=b"r" * 16, revision=1)),
            record(10, acknowledged=SCHEMA.Acknowledged(lane=LANE, position=6))]


def event(seq, **fields):
    made = SCHEMA.Event(id=EVENTS[seq], source="polisen", revision=1)
    made.place.area = "bromma"
    made.place.address = "Provgatan 1"
    made.place_notice.problem = "Samlingsplats"
    for name, value in fields.items():
        setattr(made.place_notice, name, value)
    return made.SerializeToString()


def delivered(t, position, session=1, content=None, rule=RULE, basis=BASIS, lane=LANE, withheld=("body.description",)):
    return h.Delivered(t, "skolan", session, lane, position, False, content or event(position), list(withheld), rule, basis)


def history():
    """Sent and acknowledged; skolan takes 5 to 7 in two sessions, 6 twice, and the Recall in place of 8."""
    recall = SCHEMA.Event(id=b"r" * 16, revision=1).SerializeToString()
    sent = [h.Sent(1.0, "polisen", EVENTS[s], 1, digest(s)) for s in EVENTS]
    receipts = [h.Receipt(2.0, "polisen", EVENTS[s], 1, digest(s), ACCEPTED, s, 0) for s in EVENTS]
    return sent + receipts + [
        h.Receipt(2.5, "polisen", EVENTS[5], 1, digest(5), DUPLICATE, 5, 0),
        h.Receipt(2.6, "polisen", EVENTS[5], 1, b"other", REJECTED, 0, SCHEMA.CODE_CONFLICT),
        h.Session(3.0, "skolan", 1, 0.0, {LANE: 0}), h.Session(3.0, "tycktill", 1, 0.0, {OTHER: 0}),
        delivered(3.1, 5), h.Acknowledged(3.2, "skolan", 1, LANE, 5), delivered(3.3, 6),
        h.Session(4.0, "skolan", 2, 3.5, {LANE: 5}), delivered(4.1, 6, 2), h.Acknowledged(4.2, "skolan", 2, LANE, 6),
        h.Stalled(4.3, "tycktill", ("polisen", "skolan")),
        h.Refused(4.35, "skolan", 2, LANE, 6), delivered(4.4, 6, 2), delivered(4.5, 7, 2),
        delivered(4.6, 9, 2, recall, *RECALL, withheld=()),
        h.Receipt(4.7, "polisen", EVENTS[6], 1, digest(6), DUPLICATE, 6, 0),
        h.HeldUp(6.0, 5.0, 10), h.Committed(7.0, 10), h.Behind(7.5, LANE, 2), h.Behind(7.5, OTHER, 0)]


def without(entries, condition):
    kept = [e for e in entries if not condition(e)]
    assert len(kept) < len(entries), "the change changes nothing"
    return kept


def at(entries, position, session):
    return next(i for i, e in enumerate(entries) if isinstance(e, h.Delivered) and (e.position, e.session) == (position, session))


def replaced(position, session=2, **fields):
    def change(entries, rows):
        i = at(entries, position, session)
        entries[i] = entries[i]._replace(**fields)
        return entries, rows
    return change


def row(seq, made):
    return lambda entries, rows: (entries, [made if s == seq else (s, r) for s, r in rows])


def with_narrower(outcome, reveal):
    """A Redecided record that was committed before a third session, which has 7 all the same."""
    def change(entries, rows):
        narrower = SCHEMA.Redecided(event_seq=7, position=7, lane=released(reveal=reveal, outcome=outcome))
        return entries + [h.Committed(8.0, 11), h.Session(9.5, "skolan", 3, 9.0, {LANE: 6}), delivered(10.0, 7, 3)], \
            rows + [record(11, redecided=narrower)]
    return change


def recalled_and_sent(entries, rows):
    return entries + [h.Committed(8.0, 10), h.Session(9.5, "skolan", 3, 9.0, {LANE: 7}), delivered(10.0, 8, 3)], rows


def twice(entries, rows):
    return entries, rows + [record(11, accepted=rows[4][1].accepted)]


def conflict_taken(entries, rows):
    other = h.Receipt(5.0, "polisen", EVENTS[5], 1, b"other", DUPLICATE, 5, 0)
    return entries + [h.Sent(4.9, "polisen", EVENTS[5], 1, b"other"), other], rows


def swapped(entries, rows):
    i, j = at(entries, 6, 2), at(entries, 7, 2)
    entries[i], entries[j] = entries[j], entries[i]
    return entries, rows


def said_behind(count):
    return lambda entries, rows: ([e._replace(count=count) if isinstance(e, h.Behind) and e.lane == LANE else e for e in entries], rows)


def add(*more):
    return lambda entries, rows: (entries + list(more), rows)


def drop(condition):
    return lambda entries, rows: (without(entries, condition), rows)


def is_delivery(position, session=None):
    return lambda e: isinstance(e, h.Delivered) and e.position == position and session in (None, e.session)


def with_replay(change=lambda entries, rows: (entries, rows), session=3, up_to=6):
    """skolan asks for all it has had: in a new session, or in the second, where 7 and 9 are on their way and come again."""
    def changed(entries, rows):
        recall = SCHEMA.Event(id=b"r" * 16, revision=1).SerializeToString()
        begins = [h.Session(8.0, "skolan", 3, 7.8, {LANE: 6})] if session == 3 else []
        entries = entries + begins + [h.Asked(8.1, "replay", LANE, 0)] + \
            [delivered(8.2, p, session)._replace(replay=True) for p in (5, 6)] + \
            [delivered(8.3, 7, session), delivered(8.4, 9, session, recall, *RECALL, withheld=())]
        return change(entries, rows + [record(11, replayed=SCHEMA.Replayed(lane=LANE, after_position=0, up_to_position=up_to))])
    return changed


def with_redelivery(change=lambda entries, rows: (entries, rows)):
    """7 is set aside, and delivered again as 12."""
    def changed(entries, rows):
        again = SCHEMA.Redelivered(lane=LANE, position=7, event_seq=7, released=released())
        return change(entries + [h.Session(8.0, "skolan", 3, 7.8, {LANE: 9}), h.Asked(8.1, "redeliver", LANE, 7),
                                 delivered(8.2, 12, 3, event(7))],
                      rows[:-1] + [record(10, acknowledged=SCHEMA.Acknowledged(lane=LANE, position=6)),
                                   record(11, nacked=SCHEMA.Nacked(lane=LANE, position=7, set_aside=True)), record(12, redelivered=again)])
    return lambda entries, rows: changed(acknowledged_to_its_end(entries), rows)


def acknowledged_to_its_end(entries):
    return [e for e in entries if not isinstance(e, h.Behind)] + [h.Acknowledged(7.6, "skolan", 2, LANE, 9)]


def from_adapter(filed=EVENTS[8], revision=1):
    """8 came from an adapter: what was dropped is known, and not its bytes."""
    def changed(entries, rows):
        kept = without(entries, lambda e: isinstance(e, (h.Sent, h.Receipt)) and e.event_id == EVENTS[8])
        return kept + [h.Reported(1.0, "polisen", EVENTS[8], revision), h.Filed(2.0, "polisen", filed, 1)], rows
    return changed


def with_decision(change=lambda entries, rows: (entries, rows), kind="hold_released"):
    """7 was held for the lane, and decided by record 11, the last; released, it comes there. The lane has acknowledged nothing."""
    made = {"hold_released": SCHEMA.HoldReleased(event_seq=7, lane=released()), "hold_refused": SCHEMA.HoldRefused(event_seq=7, lane=LANE)}
    changed_rows = {3: record(3, verdict_defined=SCHEMA.VerdictDefined(number=1, lanes=[released(outcome=SCHEMA.OUTCOME_HOLD)])),
                    10: record(10, stopped=SCHEMA.Stopped(reason="x"))}

    def changed(entries, rows):
        entries = [e for e in entries if not isinstance(e, (h.Delivered, h.Behind, h.Refused, h.Acknowledged))]
        recall = SCHEMA.Event(id=b"r" * 16, revision=1).SerializeToString()
        entries += [h.Session(8.0, "skolan", 3, 7.8, {LANE: 0}), delivered(8.1, 9, 3, recall, *RECALL, withheld=()),
                    h.Decided(8.2, kind, "skolan", "p", 7, 11), delivered(8.3, 11, 3, event(7))]
        return change(entries, [changed_rows.get(seq, (seq, r)) for seq, r in rows] + [record(11, **{kind: made[kind]})])
    return changed


def replay_of(position):
    return drop(lambda e: isinstance(e, h.Delivered) and e.replay and e.position == position)


def refused_on_its_way(lost):
    """7 is refused as the replay begins: what came of it is passed over, and comes again but for `lost`."""
    def change(entries, rows):
        i = next(i for i, e in enumerate(entries) if isinstance(e, h.Asked))
        return entries[:i] + [h.Refused(8.05, "skolan", 2, LANE, 7)] + [e for e in entries[i:] if not (is_delivery(lost)(e) and e.replay)], rows
    return change


def as_replay(position):
    return lambda entries, rows: ([e._replace(replay=True) if is_delivery(position, 3)(e) else e for e in entries], rows)


def with_subject():
    made = SCHEMA.Event.FromString(event(7))
    made.subjects.add(role=SCHEMA.ROLE_OTHER)
    return made.SerializeToString()


HOLDS = [("nothing else", lambda entries, rows: (entries, rows)), ("a replay in a new session", with_replay()),
         ("a replay of which something is on its way", with_replay(session=2)),
         ("a replay that a refusal meets", with_replay(refused_on_its_way(lost=0), session=2)), ("a redelivery", with_redelivery()),
         ("an event of an adapter", from_adapter()), ("a hold that is released", with_decision()),
         ("a hold that is refused", with_decision(drop(is_delivery(11)), "hold_refused"))]

# What is wrong, the invariant under which it must be found, and the change that makes it so.
WRONG = [
    ("an acknowledged event is not there", "I1", row(7, record(7, stopped=SCHEMA.Stopped(reason="x")))),
    ("another event stands there", "I1", row(7, record(7, accepted=SCHEMA.Accepted(event_id=b"x" * 16, revision=1, agency="polisen",
                                                                                   published_seq=4, published_index=2, verdict=1)))),
    ("other content stands there", "I1", row(4, record(4, published=SCHEMA.Published(agency="polisen", digests=[b"x"] * 4)))),
    ("a record is missing", "I1", lambda e, rows: (e, [r for r in rows if r[0] != 2])),
    ("a lane never gets its last event", "I1", drop(is_delivery(7))),
    ("a lane never gets the Recall", "I1", drop(is_delivery(9))),
    ("delivered to a lane without a verdict", "I2", add(h.Session(8.0, "skolan", 3, 7.5, {OTHER: 0}), delivered(9.0, 5, 3, lane=OTHER))),
    ("delivered though it is held", "I2",
     row(3, record(3, verdict_defined=SCHEMA.VerdictDefined(number=1, lanes=[released(outcome=SCHEMA.OUTCOME_HOLD)])))),
    ("free text that is not revealed", "I2", replaced(7, event=event(7, description="x"), withheld=[])),
    ("an address that is not revealed", "I2",
     row(3, record(3, verdict_defined=SCHEMA.VerdictDefined(number=1, lanes=[released((OPEN,))])))),
    ("a path said to be withheld is there", "I2", replaced(7, withheld=["place.address"])),
    ("a subject too many", "I2", replaced(7, event=with_subject())),
    ("withdrawn by new rules before the session", "I2", with_narrower(SCHEMA.OUTCOME_WITHHOLD, (OPEN,))),
    ("narrowed by new rules before the session", "I2", with_narrower(SCHEMA.OUTCOME_RELEASE, (OPEN,))),
    ("taken back before the session", "I2", recalled_and_sent),
    ("a delivery without a record", "I3", add(delivered(8.0, 77, 2, event(7)))),
    ("a delivery of another event than its record's", "I3", replaced(7, event=event(6))),
    ("a rule that is not recorded", "I3", replaced(7, rule="other-rule")),
    ("a verdict defined afterwards", "I3", lambda e, rows: (e, [r for r in rows if r[0] != 3] + [(11, rows[2][1])])),
    ("a delivery before its commit", "I3", add(h.HeldUp(4.55, 4.45, 6))),
    ("a receipt before its commit", "I3", add(h.HeldUp(2.2, 1.5, 7))),
    ("a decision before its commit", "I3", with_decision(add(h.HeldUp(8.25, 8.15, 10)))),
    ("a record's time goes back", "I3", lambda e, rows: (e, rows[:-1] + [(10, SCHEMA.Record(seq=10, time_ms=1, epoch=1))])),
    ("one event twice", "I6", twice),
    ("two receipts for one event", "I6", add(h.Receipt(5.0, "polisen", EVENTS[5], 1, digest(5), DUPLICATE, 6, 0))),
    ("other content acknowledged", "I1", conflict_taken),
    ("the same content refused", "I6", add(h.Receipt(5.0, "polisen", EVENTS[5], 1, digest(5), REJECTED, 0, SCHEMA.CODE_CONFLICT))),
    ("an event that nobody sent", "I6", drop(lambda e: isinstance(e, h.Sent) and e.event_id == EVENTS[8])),
    ("a sender waits for a recipient", "I8", drop(lambda e: isinstance(e, h.Receipt) and e.t > 4.3)),
    ("a recipient waits for a recipient", "I8",
     lambda e, rows: ([x._replace(t=x.t + 100) if isinstance(x, h.Delivered) and x.t > 4.3 else x for x in e], rows)),
    ("out of order", "I9", swapped),
    ("passed over within a session", "I9", drop(is_delivery(6, 2))),
    ("the same twice in a session", "I9", add(delivered(8.0, 7, 2))),
    ("a session begins after what was not acknowledged", "I9", add(h.Session(9.0, "skolan", 3, 8.5, {LANE: 7}))),
    ("a repeat is something else", "I9", replaced(6, session=1, event=event(6, count=3))),
    ("behind by what was taken back in flight", "I9", said_behind(3)),
    ("not behind, though something waits", "I9", said_behind(1)),
    ("a replay that is not on the record", "I9", with_replay(lambda e, rows: (e, rows[:-1]))),
    ("a replay for which nobody asked", "I9", with_replay(drop(lambda e: isinstance(e, h.Asked)))),
    ("a replay that passes over something", "I9", with_replay(replay_of(5))),
    ("a replay that does not come to its end", "I9", with_replay(replay_of(6))),
    ("a replay whose beginning a refusal has lost", "I9", with_replay(refused_on_its_way(lost=5), session=2)),
    ("a replay of what was not acknowledged", "I9", with_replay(as_replay(7), up_to=7)),
    ("a replay that is out of order", "I9", with_replay(lambda e, rows: (e[:-3] + [e[-3], e[-4]] + e[-2:], rows))),
    ("after a replay something on its way is passed over", "I9", with_replay(drop(lambda e: is_delivery(7)(e) and e.t > 8), session=2)),
    ("delivered again though it was not set aside", "I9",
     with_redelivery(lambda e, rows: (e, [r if r[0] != 11 else record(11, stopped=SCHEMA.Stopped(reason="x")) for r in rows]))),
    ("delivered again without an order", "I9", with_redelivery(drop(lambda e: isinstance(e, h.Asked)))),
    ("ordered to be delivered again, and it never is", "I1", with_redelivery(drop(is_delivery(12)))),
    ("delivered again with more than was set aside", "I2",
     with_redelivery(lambda e, rows: ([x._replace(event=event(7, description="x")) if is_delivery(12)(x) else x for x in e], rows))),
    ("an adapter has a receipt for what is not there", "I1", from_adapter(b"x" * 16)),
    ("an adapter sends a revision that its source never had", "I6", from_adapter(revision=2)),
    ("a decision that was told and is not there", "I1", with_decision(row(11, record(11, stopped=SCHEMA.Stopped(reason="x"))))),
    ("a decision that was told of another hold", "I1", with_decision(add(h.Decided(8.4, "hold_released", "skolan", "p", 6, 11)))),
    ("a decision that was told of another lane", "I1", with_decision(add(h.Decided(8.4, "hold_released", "tycktill", "p", 7, 11)))),
    ("a hold that is decided twice", "I6",
     with_decision(lambda e, rows: (e, rows + [record(12, hold_refused=SCHEMA.HoldRefused(event_seq=7, lane=LANE))]))),
    ("a released hold never comes", "I1", with_decision(drop(is_delivery(11)))),
    ("a refused hold comes", "I2", with_decision(kind="hold_refused")),
    ("an acknowledgement that nobody sent", "I9", row(10, record(10, acknowledged=SCHEMA.Acknowledged(lane=LANE, position=9)))),
]


def main():
    for what, change in HOLDS:
        entries, rows = change(history(), ledger())
        found = h.check(entries, rows)
        assert not found, f"{what}: {h.shown(entries, found[0])}"
    for what, invariant, change in WRONG:
        found = h.check(*change(history(), ledger()))
        assert any(v.invariant == invariant for v in found), f"{what}: not found under {invariant}, but {found}"
        assert h.shown(history(), found[0]).startswith(found[0].invariant)
    assert {invariant for _, invariant, _ in WRONG} == {"I1", "I2", "I3", "I6", "I8", "I9"}
    print(f"{len(HOLDS)} histories that hold, and {len(WRONG)} that do not: all told apart")


if __name__ == "__main__":
    main()
