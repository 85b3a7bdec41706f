"""What the kinds of tampering share: a case and what it must bring out, the made ledger as it stands, and the list of kinds.

Used by: tamper_test.py. Must never: judge a case."""

import hashlib

LEASE = 0  # how a fault of nav.lease is numbered


class Case:
    """statements; must: each number that some fault must name; exact: numbers that may be accused; hidden: records whose leaf was mended,
    so that the interval up to the next checkpoint may be named in their stead."""

    def __init__(self):
        self.statements, self.must, self.exact, self.hidden, self.untold = [], set(), set(), set(), False

    def sql(self, text):
        self.statements.append(text)
        return self

    def accuse(self, *numbers):
        self.must.update(numbers)
        self.exact.update(numbers)
        return self


def hexed(data):
    return f"'\\x{data.hex()}'"


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


class Ledger:
    def __init__(self, pg):
        def rows(sql):
            return pg.sql("postgres", sql)
        self.record = {int(s): bytes.fromhex(r) for s, r in rows("SELECT seq, encode(record, 'hex') FROM nav.ledger")}
        self.kind = {int(s): int(k) for s, k in rows("SELECT seq, kind FROM nav.ledger")}
        self.events = [int(r[0]) for r in rows("SELECT seq FROM nav.event_view ORDER BY seq")]
        self.identity = {int(s): bytes.fromhex(i) for s, i in rows("SELECT seq, encode(event_id, 'hex') FROM nav.event_view")}
        self.published = {int(s): int(p) for s, p in rows("SELECT seq, published_seq FROM nav.event_view")}
        self.sealed = {int(s): bytes.fromhex(b) for s, b in rows("SELECT seq, encode(sealed, 'hex') FROM nav.content")}
        self.part = {int(s): int(p) for s, p in rows("SELECT seq, part FROM nav.content")}
        self.sizes = [int(r[0]) for r in rows("SELECT size FROM nav.checkpoint ORDER BY size")]
        self.notes = {int(s): bytes.fromhex(n).decode() for s, n in
                      rows("SELECT size, encode(convert_to(note, 'UTF8'), 'hex') FROM nav.checkpoint")}
        self.cosigned = [(int(s), a) for s, a in rows("SELECT size, agency FROM nav.cosignature ORDER BY 1, 2")]
        self.persons = [(int(s), t) for s, t in rows("SELECT seq, encode(token, 'hex') FROM nav.person ORDER BY 1, 2")]
        self.mentions = [(int(s), e) for s, e in rows("SELECT seq, event_seq FROM nav.mention ORDER BY 1, 2")]
        self.texts = [(int(s), bytes.fromhex(h), bytes.fromhex(t)) for s, h, t in
                      rows("SELECT seq, encode(sha256, 'hex'), encode(text, 'hex') FROM nav.rules_text ORDER BY 1, 2")]
        self.erasures = [s for s, k in self.kind.items() if k == 81]
        self.erased = [int(e) for s, e in self.mentions if s in self.erasures]  # singly
        self.last = max(self.record)

    def naming(self, sha256):
        """The RulesChanged records that name the text."""
        return [s for s, k in self.kind.items() if k == 13 and sha256 in self.record[s]]

    def interval(self, seq):
        """The first and last record under the same checkpoint."""
        before = [s for s in self.sizes if s < seq]
        after = [s for s in self.sizes if s >= seq]
        return (before[-1] if before else 0) + 1, after[0] if after else self.last


KINDS = {}


def kind(weight=1):
    def add(function):
        KINDS[function.__name__] = (function, weight)
        return function
    return add


def flip(r, data):
    at = r.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << r.randrange(8))]) + data[at + 1:]


def renumbered(data, seq):
    """Another record's bytes that say they are this one: their first field is Record.seq (ledger.proto), a varint."""
    assert data[0] == 0x08, data[:4]
    end = next(i for i in range(1, len(data)) if data[i] < 0x80) + 1
    number = bytearray()
    while seq >= 0x80:
        number.append(seq & 0x7F | 0x80)
        seq >>= 7
    return bytes([0x08, *number, seq]) + data[end:]


def rewrite(r, lg, seq):
    """Bytes that are not the record's, in one of the ways people change them."""
    data = lg.record[seq]
    way = r.randrange(6)
    if way == 0:
        return data[:r.randrange(len(data))]
    if way == 1:
        return r.randbytes(r.randrange(1, 200))
    if way == 2:
        return data + r.randbytes(1 + r.randrange(8))
    if way == 3:
        return renumbered(lg.record[r.choice([s for s in lg.record if lg.kind[s] != lg.kind[seq]])], seq)
    return flip(r, data)
