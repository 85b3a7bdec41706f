"""What must hold over a whole history: a pure function over what clients wrote down and the ledger's records. It asks no hub and opens no
file, so that history_check_test.py can hand it histories that were made wrong on purpose.

    violations = check(history, ledger)     # history: entries in the order of their times; ledger: [(seq, nav.v1.Record)]

  I1  what a receipt says is accepted stands in the ledger at that number with the very content that was sent, and reached every lane
      whose verdict releases it; what an adapter has put aside as done stands there; what an assessor was told is decided stands there
  I2  nothing was delivered without a verdict that releases it to that lane; no field outside what the verdict reveals; no more subjects
      than it keeps; nothing that was withdrawn before the session began
  I3  each delivery's position is a record that says what was delivered, decided by a definition before it; while commits were held up
      nothing after the last commit was told to anybody
  I6  an event is there once whatever was sent how often; other content under its number is refused
  I8  while one recipient does not read, every other party goes on within PROGRESS_S_MAX
  I9  within a session a lane goes upward and passes over nothing; a session begins after nothing that was not acknowledged; a repeat is
      the same; a replay is on the record and was asked for, gives what was acknowledged, in order, passes over nothing and comes to its
      end, and then what was on its way comes again; what is delivered again was set aside, and somebody ordered it; when all is quiet the hub says of each lane that it is as far behind as the records say, which is not at all where somebody
      takes all there is

Called by: history_test.py, history_check_test.py. Must never: trust what the hub says about itself, but for the ledger's records."""

from bisect import bisect_right
from collections import defaultdict, namedtuple

from history_ledger import Ledger

PROGRESS_S_MAX = 30.0  # generous: a sanitizer's build on a busy machine

# What clients and the scheduler write down; t: seconds of one clock. `lane` is the hub's number, `digest` that of the event as sent.
Sent = namedtuple("Sent", "t agency event_id revision digest")
Receipt = namedtuple("Receipt", "t agency event_id revision digest status seq code")
Session = namedtuple("Session", "t name session since lanes")  # since: it began after this; lanes: {number: position resumed at}
Delivered = namedtuple("Delivered", "t name session lane position replay event withheld rule basis")
Acknowledged = namedtuple("Acknowledged", "t name session lane position")
Refused = namedtuple("Refused", "t name session lane position")
Committed = namedtuple("Committed", "t seq")              # everything up to seq was committed by then
HeldUp = namedtuple("HeldUp", "t since seq")              # between since and t nothing after seq could be committed
Stalled = namedtuple("Stalled", "t who parties")          # who reads nothing; the others must go on
Disturbed = namedtuple("Disturbed", "t what")
Asked = namedtuple("Asked", "t what lane position")       # "replay" after that position, "redeliver" of it
Reported = namedtuple("Reported", "t agency event_id revision")  # what an adapter's outbox is given
Filed = namedtuple("Filed", "t agency event_id revision")  # the adapter says that it has the event's receipt
Decided = namedtuple("Decided", "t kind to purpose event_seq seq")  # an assessor was told that the hold was decided, by record seq
Behind = namedtuple("Behind", "t lane count")             # nothing happens any more, and the hub says so of the lane

Violation = namedtuple("Violation", "invariant text index")  # index: of the entry that shows it; None: only the end shows it


class Checker:
    def __init__(self, history, ledger):
        self.history, self.ledger, self.found = history, Ledger(ledger), []

    def wrong(self, invariant, text, index=None):
        self.found.append(Violation(invariant, text, index))

    def entries(self, kind):
        return ((i, e) for i, e in enumerate(self.history) if isinstance(e, kind))

    # ---- I1 and I6: what was sent ----

    def receipts(self):
        schema = self.ledger.schema
        accepted = (schema.RECEIPT_STATUS_ACCEPTED, schema.RECEIPT_STATUS_DUPLICATE)
        first = {}
        for i, r in self.entries(Receipt):
            if r.status in accepted:
                self.accepted(i, r)
                if first.setdefault((r.agency, r.event_id, r.revision), r.seq) != r.seq:
                    self.wrong("I6", f"two receipts for one event name {first[r.agency, r.event_id, r.revision]} and {r.seq}", i)
            elif r.code == schema.CODE_CONFLICT and self.ledger.digest_of(r.agency, r.event_id, r.revision) == r.digest:
                self.wrong("I6", "refused as other content, though it is what the ledger has", i)

    def accepted(self, i, receipt):
        record = self.ledger.accepted.get(receipt.seq)
        if record is None:
            self.wrong("I1", f"acknowledged as {receipt.seq}, and no event stands there", i)
            return
        if (record.agency, record.event_id, record.revision) != (receipt.agency, receipt.event_id, receipt.revision):
            self.wrong("I1", f"acknowledged as {receipt.seq}, and another event stands there", i)
        elif self.ledger.digest_at(receipt.seq) != receipt.digest:
            self.wrong("I1", f"{receipt.seq} stands there with other content than was acknowledged", i)

    def once(self):
        seen = {}
        sent = {(e.agency, e.event_id, e.revision, e.digest) for _, e in self.entries(Sent)}
        reported = {(e.agency, e.event_id, e.revision) for _, e in self.entries(Reported)}
        for seq, record in self.ledger.accepted.items():
            key = (record.agency, record.event_id, record.revision)
            if key in seen:
                self.wrong("I6", f"one event stands in the ledger as {seen[key]} and as {seq}")
            seen[key] = seq
            if key + (self.ledger.digest_at(seq),) not in sent and key not in reported:
                self.wrong("I6", f"nobody sent what stands in the ledger as {seq}")

    def filed(self):
        there = {(record.agency, record.event_id, record.revision) for record in self.ledger.accepted.values()}
        for i, e in self.entries(Filed):
            if (e.agency, e.event_id, e.revision) not in there:
                self.wrong("I1", f"{e.agency} has a receipt for {e.event_id.hex()}, revision {e.revision}, which does not stand in the ledger", i)

    def decided(self):
        for i, e in self.entries(Decided):
            kind, lane, event_seq = self.ledger.decided.get(e.seq, (None, None, None))
            if (kind, self.ledger.lanes.get(lane), event_seq) != (e.kind, (e.to, e.purpose), e.event_seq):
                self.wrong("I1", f"told as {e.kind} of {e.event_seq} to {e.to}, {e.purpose}, by record {e.seq}, which is not that", i)
        seen = {}
        for seq, (_, lane, event_seq) in self.ledger.decided.items():
            if seen.setdefault((lane, event_seq), seq) != seq:
                self.wrong("I6", f"the hold of {event_seq} for lane {lane} is decided by {seen[lane, event_seq]} and by {seq}")

    # ---- I2 and I3: what came out ----

    def deliveries(self):
        committed, seqs = [], []
        for _, mark in self.entries(Committed):
            committed.append(mark.t)
            seqs.append(max(mark.seq, seqs[-1] if seqs else 0))
        known = {}  # session → the last record that was committed before it began
        for i, entry in self.entries((Session, Delivered)):
            if isinstance(entry, Session):
                place = bisect_right(committed, entry.since)
                known[entry.name, entry.session] = seqs[place - 1] if place else 0
            else:
                self.delivery(i, entry, known.get((entry.name, entry.session), 0))

    def delivery(self, i, d, known):
        expected = self.ledger.expected(d.lane).get(d.position)
        if expected is None:
            kind = self.ledger.kinds.get(d.position)
            said = f"position {d.position} is a record '{kind}' that gives the lane nothing" if kind else f"no record {d.position}"
            self.wrong("I2" if kind else "I3", said, i)
            return
        if not expected.defined_before:
            self.wrong("I3", f"the verdict of {d.position} was defined after it", i)
        event = self.ledger.schema.Event.FromString(d.event)
        if (event.id, event.revision) != expected.event:
            self.wrong("I3", f"what came at {d.position} is not the event of that record", i)
        if (d.rule, d.basis) != (expected.rule, expected.basis):
            self.wrong("I3", f"{d.position} came by {d.rule}/{d.basis}; recorded is {expected.rule}/{expected.basis}", i)
        # A replay decides anew, and may give more than was found at a delivery before.
        verdict = expected.verdict if d.replay else self.ledger.narrowed(d.lane, d.position, expected.verdict, known)
        recalled = expected.verdict and self.ledger.recalled_by(expected.event_seq, d.lane)  # a Recall is told whatever follows
        if verdict is not None and verdict.outcome != self.ledger.schema.OUTCOME_RELEASE or recalled and recalled <= known:
            self.wrong("I2", f"{d.position} was withdrawn before this session began, and came", i)
        elif verdict is not None:
            self.fields(i, d, event, verdict)

    def fields(self, i, d, event, verdict):
        revealed = self.ledger.revealed(verdict)
        for path, bit in self.ledger.present(event):
            if not bit & revealed:
                self.wrong("I2", f"{path} came at {d.position}, and its verdict does not reveal it", i)
            if path in d.withheld:
                self.wrong("I2", f"{path} came at {d.position}, and is said to be withheld", i)
        if len(event.subjects) > bin(verdict.subjects).count("1"):
            self.wrong("I2", f"{len(event.subjects)} subjects came at {d.position}; the verdict keeps fewer", i)

    def held_up(self):
        """I3 without a race: while somebody holds the lease's row no commit can end, so nothing after it may be told."""
        told = [(i, e, e.position if isinstance(e, Delivered) else e.seq) for i, e in self.entries((Delivered, Receipt, Decided))]
        for _, held in self.entries(HeldUp):
            for i, e, seq in told:
                if held.since <= e.t <= held.t and seq > held.seq:
                    self.wrong("I3", f"{seq} was told while nothing after {held.seq} could be committed", i)

    # ---- I9, and I1's other half: each lane ----

    def lanes(self):
        sessions, acknowledged, got, last = {}, defaultdict(int), defaultdict(dict), {}
        replays = Replays(self)
        for i, e in self.entries((Session, Delivered, Acknowledged, Refused)):
            if isinstance(e, Session):
                sessions[e.name] = e.session
                for lane, position in e.lanes.items():
                    self.passed(i, lane, acknowledged[lane], position, "the session begins after")
                    last[e.name, e.session, lane] = position
            elif isinstance(e, Acknowledged):
                acknowledged[e.lane] = max(acknowledged[e.lane], e.position)
            elif isinstance(e, Refused):
                last[e.name, e.session, e.lane] = e.position - 1  # it and all after it come again
                replays.disturbed((e.name, e.session, e.lane))
            elif e.replay:
                replays.take(i, e, acknowledged[e.lane])
            else:
                replays.over(i, e, last)
                self.in_order(i, e, last, got[e.lane])
        for lane in {lane for _, e in self.entries(Session) for lane in e.lanes}:
            lost = [p for p in self.ledger.owed(lane) if p not in got[lane]]
            if lost:
                self.wrong("I1", f"lane {lane} ({' '.join(self.ledger.lanes[lane])}) never got {lost[:10]}, of {len(lost)}")
        return got

    def in_order(self, i, d, last, got):
        key = (d.name, d.session, d.lane)
        if key not in last:
            self.wrong("I9", f"{d.position} came on a lane that the session does not have", i)
            return
        if d.position <= last[key]:
            self.wrong("I9", f"{d.position} came after {last[key]}", i)
        else:
            self.passed(i, d.lane, last[key], d.position - 1, f"before {d.position} came")
        last[key] = d.position
        before = got.setdefault(d.position, d.event)
        if before != d.event and not self.ledger.redecided[d.lane, d.position]:
            self.wrong("I9", f"{d.position} came again as something else", i)

    def passed(self, i, lane, after, up_to, when):
        skipped = self.ledger.owed_between(lane, after, up_to)
        if skipped:
            self.wrong("I9", f"{when}, {skipped[:10]} had not come (after {after})", i)

    def signed(self):
        """A cursor moves only by what the recipient said."""
        said = {(e.lane, e.position) for _, e in self.entries(Acknowledged)}
        for seq, record in self.ledger.acknowledged.items():
            if (record.lane, record.position) not in said:
                self.wrong("I9", f"record {seq} says that lane {record.lane} acknowledged {record.position}, which nobody said")
        asked = {(e.what, e.lane, e.position) for _, e in self.entries(Asked)}
        for lane, replays in self.ledger.replays.items():
            for r in replays:
                if ("replay", lane, r.after) not in asked:
                    self.wrong("I9", f"record {r.seq} is a replay of lane {lane} after {r.after}, for which nobody asked")
        for seq, record in self.ledger.redelivered.items():
            if ("redeliver", record.lane, record.position) not in asked or (record.lane, record.position) not in self.ledger.aside:
                self.wrong("I9", f"record {seq} delivers {record.position} of lane {record.lane} again: not set aside, or nobody's order")

    def behind(self):
        cursors = defaultdict(int)
        for record in self.ledger.acknowledged.values():
            cursors[record.lane] = max(cursors[record.lane], record.position)
        for i, e in self.entries(Behind):
            waiting = self.ledger.owed_between(e.lane, cursors[e.lane], self.ledger.seqs[-1])
            if e.count != len(waiting):
                self.wrong("I9", f"lane {e.lane} is said to be {e.count} behind; {len(waiting)} wait after {cursors[e.lane]}: {waiting[:10]}", i)

    # ---- I8 ----

    def progress(self):
        at = defaultdict(list)
        for _, e in self.entries((Receipt, Delivered)):
            at[e.agency if isinstance(e, Receipt) else e.name].append(e.t)
        for i, stall in self.entries(Stalled):
            for party in stall.parties:
                place = bisect_right(at[party], stall.t)
                if place == len(at[party]) or at[party][place] > stall.t + PROGRESS_S_MAX:
                    self.wrong("I8", f"{party} was served nothing in {PROGRESS_S_MAX:.0f} s while {stall.who} did not read", i)

    # ---- the ledger by itself ----

    def sequence(self):
        if self.ledger.seqs != list(range(1, len(self.ledger.seqs) + 1)):
            self.wrong("I1", "numbers are missing in the ledger")
        for what, values in (("time", self.ledger.times), ("epoch", self.ledger.epochs)):
            if values != sorted(values):
                self.wrong("I3", f"a record's {what} is before that of the record before it")


class Replays:
    """What is said to be a replay, by name, session and lane: which Replayed records it may be of, and how far it has come."""

    def __init__(self, checker):
        self.checker, self.ledger = checker, checker.ledger
        self.running, self.used = {}, set()

    def disturbed(self, key):
        """A Nack: the client passes over what comes until it is answered, and that may be of a replay. One of which nothing had come yet
        is sent again from its beginning."""
        if key in self.running:
            self.running[key] = (self.running[key][0], None)

    def take(self, i, d, acknowledged):
        key = (d.name, d.session, d.lane)
        records, last = self.running.get(key, ([], 0))
        whole = last is not None
        goes_on = [r for r in records if d.position <= r.up_to and (not whole or d.position > last and not self.between(d, last))]
        begins = [r for r in self.ledger.replays[d.lane] if r.after < d.position <= r.up_to and not self.between(d, r.after)]
        if not goes_on and not begins:
            near = [(r.seq, r.after, r.up_to, self.ledger.owed_between(d.lane, r.after, d.position - 1)[:3])
                    for r in self.ledger.replays[d.lane] if r.after < d.position]
            self.checker.wrong("I9", f"{d.position} came in a replay that is not on the record, out of order, or passes over something; it had come to "
                                     f"{last}; replays of the lane, with what would be passed over: {near[-4:]}", i)
        if d.position > acknowledged:
            self.checker.wrong("I9", f"{d.position} came in a replay, and was acknowledged only up to {acknowledged}", i)
        self.running[key] = (goes_on or begins, d.position)

    def between(self, d, after):
        return self.ledger.owes_between(d.lane, after, d.position - 1)

    def over(self, i, d, last):
        """Something else comes: the replay must have come to its end; what was on its way before it comes again."""
        key = (d.name, d.session, d.lane)
        records, came = self.running.pop(key, (None, None))
        if records is None:  # of a replay of which nothing is left to be sent
            again = [r for r in self.ledger.replays[d.lane] if r.seq not in self.used and r.up_to < d.position and not self.between(d, r.up_to)]
            if key in last and d.position <= last[key] and again:
                self.used.add(again[0].seq)
                last[key] = again[0].up_to
            return
        ended = [r for r in records if came is None or not self.ledger.owed_between(d.lane, came, r.up_to)]
        if records and not ended:
            self.checker.wrong("I9", f"{d.position} came before a replay was over, which had come to {came}", i)
        if ended and key in last:
            last[key] = min(last[key], max(r.up_to for r in ended))


def check(history, ledger):
    """Everything that does not hold, in the order of the invariants' checks."""
    checker = Checker(history, ledger)
    for part in (checker.sequence, checker.receipts, checker.once, checker.filed, checker.decided, checker.deliveries, checker.held_up,
                 checker.lanes, checker.signed, checker.behind, checker.progress):
        part()
    return checker.found


def brief(entry):
    """An entry in one line: bytes by their first sixteen."""
    values = ((name, value[:16].hex() if isinstance(value, bytes) else value) for name, value in entry._asdict().items())
    return type(entry).__name__ + " " + " ".join(f"{name}={value}" for name, value in values)


def shown(history, violation, around=8):
    """The violation with the history around it."""
    lines = [f"{violation.invariant}: {violation.text}"]
    if violation.index is not None:
        for i in range(max(0, violation.index - around), min(len(history), violation.index + around + 1)):
            lines.append(f"{'>' if i == violation.index else ' '} {i}: {brief(history[i])}")
    return "\n".join(lines)
