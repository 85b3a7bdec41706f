#!/usr/bin/env python3
"""Tampering by a superuser with a made ledger in a real PostgreSQL: each case is seeded, tampered in a copy of the database, and
verified there by `audit verify`'s own source. Every case must be found, the right record named, and no untouched one accused;
what no verification of the database alone can tell (tests/ledger/UNTOLD.md) must be exactly that: no fault at all.

    tests/ledger/tamper_test.py [--count N] [--seed N] [--first N] [--only KIND] [--verbose]"""

import argparse
import collections
import hashlib
import json
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "flow")]
from postgres import Postgres  # noqa: E402
from tamper_case import KINDS, LEASE, Case, Ledger, flip, hexed, kind, leaf, rewrite  # noqa: E402
from tamper_judge import wrong  # noqa: E402

BIN = os.environ["NAV_BIN"]
PUBLICATIONS, EVERY, HUB, ERASED = 150, 16, "nav.example.se", 6


# ---- nav.ledger ----

@kind(3)
def record_changed(r, lg):
    seq = r.randrange(1, lg.last + 1)
    return Case().accuse(seq).sql(f"UPDATE nav.ledger SET record = {hexed(rewrite(r, lg, seq))} WHERE seq = {seq}")


@kind(1)
def leaf_changed(r, lg):
    seq = r.randrange(1, lg.last + 1)
    new = r.choice([flip(r, leaf(lg.record[seq])), r.randbytes(32), r.randbytes(r.randrange(32))])
    return Case().accuse(seq).sql(f"UPDATE nav.ledger SET leaf = {hexed(new)} WHERE seq = {seq}")


@kind(3)
def record_and_leaf_changed(r, lg):
    """Nothing in the row betrays it: the interval is named."""
    seq = r.randrange(1, lg.last + 1)
    new = rewrite(r, lg, seq)
    case = Case()
    case.must.add(seq)
    case.exact.add(seq)
    case.hidden.add(seq)
    return case.sql(f"UPDATE nav.ledger SET record = {hexed(new)}, leaf = {hexed(leaf(new))} WHERE seq = {seq}")


@kind(3)
def ledger_column_changed(r, lg):
    seq = r.randrange(1, lg.last + 1)
    change = r.choice([f"at = at + interval '{r.randrange(1, 10**6)} microseconds'", "at = at - interval '1 year'", "at = 'infinity'",
                       f"kind = kind + {r.randrange(1, 50)}", f"lane = coalesce(lane, 0) + {r.randrange(1, 5)}",
                       f"about = coalesce(about, 0) + {r.randrange(1, 500)}",
                       "lane = CASE WHEN lane IS NULL THEN 1 END", "reader = coalesce(reader, '') || 'x'", "about = CASE WHEN about IS NULL THEN 1 END"])
    return Case().accuse(seq).sql(f"UPDATE nav.ledger SET {change} WHERE seq = {seq}")


@kind(3)
def record_deleted(r, lg):
    seq = r.randrange(1, lg.last + 1)
    count = r.choice([1, 1, 1, r.randrange(1, 60)])
    gone = range(seq, min(seq + count, lg.last + 1))
    return Case().accuse(*gone).sql(f"DELETE FROM nav.ledger WHERE seq BETWEEN {gone[0]} AND {gone[-1]}")


@kind(1)
def record_and_all_its_rows_deleted(r, lg):
    seq = r.choice(lg.events)
    case = Case().accuse(seq)
    for table in ("ledger", "content"):
        case.sql(f"DELETE FROM nav.{table} WHERE seq = {seq}")
    return case


@kind(1)
def record_moved(r, lg):
    """A row takes a number after the end."""
    seq, to = r.randrange(1, lg.last + 1), lg.last + r.randrange(1, 9)
    case = Case().accuse(seq, to).sql(f"UPDATE nav.ledger SET seq = {to} WHERE seq = {seq}")
    case.exact.update(range(lg.last + 1, to + 1))  # the numbers between are missing too
    case.must = {seq}
    return case


@kind(2)
def records_swapped(r, lg):
    a, b = r.sample(range(1, lg.last + 1), 2)
    case = Case().accuse(a, b)
    return case.sql(f"UPDATE nav.ledger SET seq = -1 WHERE seq = {a}").sql(f"UPDATE nav.ledger SET seq = {a} WHERE seq = {b}").sql(
        f"UPDATE nav.ledger SET seq = {b} WHERE seq = -1")


@kind(1)
def records_bytes_swapped(r, lg):
    a, b = r.sample(range(1, lg.last + 1), 2)
    case = Case().accuse(a, b)
    for x, y in ((a, b), (b, a)):
        case.sql(f"UPDATE nav.ledger SET record = {hexed(lg.record[y])} WHERE seq = {x}")
    return case


@kind(2)
def older_record_replayed(r, lg):
    """An older row's copy over a later one, with and without its leaf."""
    old, seq = sorted(r.sample(range(1, lg.last + 1), 2))
    case = Case().accuse(seq)
    also = f", leaf = {hexed(leaf(lg.record[old]))}" if r.random() < 0.5 else ""
    return case.sql(f"UPDATE nav.ledger SET record = {hexed(lg.record[old])}{also} WHERE seq = {seq}")


@kind(1)
def record_inserted_after_the_end(r, lg):
    to = lg.last + 1
    new = lg.record[r.randrange(1, lg.last + 1)]
    case = Case().accuse(to)
    if to % 256 == 0:
        case.exact.add(LEASE)  # with it a subtree would be whole, and its row is missing
    return case.sql("INSERT INTO nav.ledger (seq, at, kind, lane, about, reader, record, leaf) SELECT "
                    f"{to}, at, kind, lane, about, reader, {hexed(new)}, {hexed(leaf(new))} FROM nav.ledger WHERE seq = {lg.last}")


@kind(1)
def record_inserted_below_one(r, lg):
    return Case().accuse(LEASE).sql("INSERT INTO nav.ledger (seq, at, kind, lane, about, reader, record, leaf) SELECT "
                                      f"{-r.randrange(5)}, at, kind, lane, about, reader, record, leaf FROM nav.ledger WHERE seq = {lg.last}")


@kind(1)
def row_inserted_twice(r, lg):
    seq = r.choice([r.randrange(1, lg.last + 1), r.choice(lg.events)])
    return Case().accuse(seq).sql("ALTER TABLE nav.ledger DROP CONSTRAINT IF EXISTS ledger_pkey").sql("DROP INDEX IF EXISTS nav.event_identity").sql(
        f"INSERT INTO nav.ledger SELECT * FROM nav.ledger WHERE seq = {seq}")


@kind(1)
def tail_cut_off(r, lg):
    """Of the ledger and its rows, with the lease or without the checkpoints."""
    first = lg.last - r.randrange(0, 90)
    case = Case().accuse(*range(first, lg.last + 1))
    if r.random() < 0.7:
        case.sql(f"DELETE FROM nav.content WHERE seq >= {first}")
    if r.random() < 0.5:
        case.sql(f"UPDATE nav.lease SET last_seq = {first - 1}")
    else:
        case.sql(f"DELETE FROM nav.checkpoint WHERE size >= {first}")
    return case.sql(f"DELETE FROM nav.ledger WHERE seq >= {first}")


# ---- an event's columns of nav.ledger ----

EVENT = ("event_id", "agency", "revision", "digest", "type", "time", "verdict", "bucket_class", "bucket_day", "published_seq")


def event_columns(source):
    """What UPDATE nav.ledger sets them to: those of a row by that name."""
    return f"({', '.join(EVENT)}) = ({', '.join(f'{source}.{c}' for c in EVENT)})"


@kind(4)
def event_column_changed(r, lg):
    seq = r.choice(lg.events)
    new = r.choice([f"event_id = {hexed(r.randbytes(16))}", "agency = agency + 1", "agency = -1", "agency = agency % 3 + 1",
                    f"revision = revision + {r.randrange(1, 9)}", f"digest = {hexed(r.randbytes(32))}", "type = type + 1",
                    "time = time + interval '1 microsecond'", "verdict = verdict + 1", "verdict = 3 - verdict",
                    "bucket_class = bucket_class + 1", "bucket_day = bucket_day - 1", "published_seq = published_seq - 1"])
    return Case().accuse(seq).sql(f"UPDATE nav.ledger SET {new} WHERE seq = {seq}")


@kind(2)
def event_columns_emptied(r, lg):
    """Some of them, or all: then no question finds the event."""
    gone = r.sample(lg.events, r.choice([1, 1, 3]))
    columns = r.sample(EVENT, r.choice([1, 2, len(EVENT)]))
    return Case().accuse(*gone).sql(f"UPDATE nav.ledger SET {', '.join(f'{c} = NULL' for c in columns)} WHERE seq IN ({', '.join(map(str, gone))})")


@kind(2)
def event_columns_invented(r, lg):
    """A record of another kind, or one after the end, takes an event's columns."""
    event, seq = r.choice(lg.events), r.choice([s for s in lg.record if s not in lg.sealed])
    if r.random() < 0.2:
        return record_inserted_after_the_end(r, lg).sql("DROP INDEX IF EXISTS nav.event_identity").sql(
            f"UPDATE nav.ledger l SET {event_columns('e')} FROM nav.ledger e WHERE l.seq = {lg.last + 1} AND e.seq = {event}")
    change = r.choice([f"event_id = {hexed(r.randbytes(16))}", "verdict = 1", "revision = 0", "bucket_day = 20000", "time = now()"])
    return Case().accuse(seq).sql(f"UPDATE nav.ledger SET {change} WHERE seq = {seq}")


@kind(1)
def event_columns_swapped(r, lg):
    a, b = r.sample(lg.events, 2)
    return Case().accuse(a, b).sql("DROP INDEX IF EXISTS nav.event_identity").sql(
        f"UPDATE nav.ledger l SET {event_columns('e')} FROM nav.ledger e WHERE (l.seq, e.seq) IN (({a}, {b}), ({b}, {a}))")


# ---- nav.content ----

@kind(2)
def content_changed(r, lg):
    seq = r.choice(lg.events)
    new = r.choice([flip(r, lg.sealed[seq]), lg.sealed[seq][:-1], r.randbytes(100), b""])
    return Case().accuse(seq).sql(f"UPDATE nav.content SET sealed = {hexed(new)} WHERE seq = {seq}")


@kind(2)
def contents_swapped(r, lg):
    a, b = r.sample(lg.events, 2)
    case = Case().accuse(a, b)
    for x, y in ((a, b), (b, a)):
        case.sql(f"UPDATE nav.content SET sealed = {hexed(lg.sealed[y])} WHERE seq = {x}")
    return case


@kind(1)
def content_in_another_part(r, lg):
    seq = r.choice(lg.events)
    return Case().accuse(seq).sql("SELECT nav.ensure_part(9209901)").sql(f"UPDATE nav.content SET part = 9209901 WHERE seq = {seq}")


@kind(1)
def content_copied(r, lg):
    """A second row of the same number, or one of a record that has none."""
    seq = r.choice(lg.events) if r.random() < 0.5 else r.choice([s for s in lg.record if s not in lg.sealed])
    return Case().accuse(seq).sql("SELECT nav.ensure_part(9209901)").sql(
        f"INSERT INTO nav.content (seq, part, sealed) VALUES ({seq}, 9209901, {hexed(lg.sealed[r.choice(lg.events)])})")


@kind(2)
def records_rewritten_together(r, lg):
    """Under one checkpoint, with their leaves; half the time every agency's definition and a key's, by which later cosignatures are judged."""
    defined, keys = ([s for s, k in lg.kind.items() if k == wanted] for wanted in (16, 15))
    first, last = lg.interval(r.choice(sorted(lg.record)))
    changed = r.sample(range(first, last + 1), min(2, last + 1 - first))
    if r.random() < 0.5:
        first, last = lg.interval(r.choice(keys))
        changed = [s for s in defined if first <= s <= last] + [r.choice([s for s in keys if first <= s <= last])]
    case = Case()
    for seq in changed:
        new = rewrite(r, lg, seq)
        case.accuse(seq).hidden.add(seq)
        case.sql(f"UPDATE nav.ledger SET record = {hexed(new)}, leaf = {hexed(leaf(new))} WHERE seq = {seq}")
    return case


# ---- what was erased singly ----

@kind(2)
def erased_event_changed(r, lg):
    """It is accused alone, or its interval: not the record that erased it, which says what the event was."""
    seq = r.choice(lg.erased)
    new = rewrite(r, lg, seq)
    if r.random() < 0.5:
        return Case().accuse(seq).sql(f"UPDATE nav.ledger SET record = {hexed(new)} WHERE seq = {seq}")
    case = Case().accuse(seq)
    case.hidden.add(seq)
    return case.sql(f"UPDATE nav.ledger SET record = {hexed(new)}, leaf = {hexed(leaf(new))} WHERE seq = {seq}")


@kind(2)
def erasure_changed(r, lg):
    """Its events are not accused, whatever it says of them now."""
    seq = r.choice(lg.erasures)
    new = lg.record[seq]
    for event in r.sample(lg.erased, 2):  # another's id, or its own with a bit flipped
        identity = lg.identity[event]
        new = new.replace(identity, r.choice([flip(r, identity), lg.identity[r.choice(lg.events)]]))
    if new == lg.record[seq]:
        new = flip(r, new)
    case = Case().accuse(seq)
    case.hidden.add(seq)
    return case.sql(f"UPDATE nav.ledger SET record = {hexed(new)}, leaf = {hexed(leaf(new))} WHERE seq = {seq}")


@kind(1)
def erased_event_deleted(r, lg):
    seq = r.choice(lg.erased)
    case = Case().accuse(seq)
    for table in ("ledger", "content", "person"):
        case.sql(f"DELETE FROM nav.{table} WHERE seq = {seq}")
    return case


@kind(1)
def untold_content_of_an_erased_event_deleted(r, lg):
    case = Case()
    case.untold = True
    return case.sql(f"DELETE FROM nav.content WHERE seq = {r.choice(lg.erased)}")


# ---- nav.person and nav.mention: a record's own row names the record; nav.subtree: a row is named by itself, as number 0 ----

def index_row(r, lg):
    table, column, rows = r.choice([("person", "token", lg.persons), ("mention", "event_seq", lg.mentions)])
    seq, value = r.choice(rows)
    return table, column, seq, f"seq = {seq} AND {column} = " + (f"'\\x{value}'" if table == "person" else value)


@kind(2)
def index_row_deleted(r, lg):
    table, _, seq, where = index_row(r, lg)
    return Case().accuse(seq).sql(f"DELETE FROM nav.{table} WHERE {where}")


@kind(2)
def index_row_changed(r, lg):
    table, column, seq, where = index_row(r, lg)
    new = hexed(r.randbytes(16)) if table == "person" else f"event_seq + {r.randrange(1, 9)} * 100000"
    return Case().accuse(seq).sql(f"UPDATE nav.{table} SET {column} = {new} WHERE {where}")


@kind(2)
def index_row_inserted(r, lg):
    seq = r.randrange(1, lg.last + 9)
    if r.random() < 0.5:
        return Case().accuse(seq).sql(f"INSERT INTO nav.person (token, seq) VALUES ({hexed(r.randbytes(16))}, {seq})")
    return Case().accuse(seq).sql(f"INSERT INTO nav.mention (event_seq, seq) VALUES ({lg.last + r.randrange(1, 99)}, {seq})")


@kind(3)
def subtree_changed(r, lg):
    index = r.randrange(lg.last // 256)
    where = f"level = 8 AND index = {index}"
    return Case().accuse(LEASE).sql(r.choice([
        f"UPDATE nav.subtree SET hash = {hexed(r.randbytes(32))} WHERE {where}", f"DELETE FROM nav.subtree WHERE {where}",
        f"INSERT INTO nav.subtree (level, index, hash) VALUES (8, {lg.last // 256 + r.randrange(9)}, {hexed(r.randbytes(32))})",
        f"INSERT INTO nav.subtree (level, index, hash) VALUES (16, {r.randrange(3)}, {hexed(r.randbytes(32))})",
        f"UPDATE nav.subtree SET index = index + {lg.last} WHERE {where}"]))


# ---- nav.cosignature: a row names its checkpoint ----

@kind(3)
def cosignature_changed(r, lg):
    size, agency = r.choice(lg.cosigned)
    where = f"size = {size} AND agency = '{agency}'"
    other = r.choice([s for s, a in lg.cosigned if a == agency and s != size])
    at = r.randrange(4, 120)
    other_agency = next(a for s, a in lg.cosigned if a != agency)
    return Case().accuse(size).sql("UPDATE nav.cosignature SET " + r.choice([
        f"line = (SELECT line FROM nav.cosignature WHERE size = {other} AND agency = '{agency}')", "line = ''", "line = line || line",
        f"line = overlay(line placing (CASE WHEN substr(line, {at}, 1) = 'A' THEN 'B' ELSE 'A' END) FROM {at})", "agency = 'okänd'",
        f"line = (SELECT line FROM nav.cosignature WHERE size = {size} AND agency = '{other_agency}')"]) + f" WHERE {where}")


@kind(1)
def cosignature_of_no_checkpoint(r, lg):
    size = r.choice([s for s in range(1, lg.last + 30) if s not in lg.sizes])
    return Case().accuse(size).sql(f"INSERT INTO nav.cosignature SELECT {size}, agency, line FROM nav.cosignature WHERE size = "
                                   f"{r.choice(lg.cosigned)[0]} LIMIT 1")


@kind(1)
def cosigned_checkpoint_taken_away(r, lg):
    size = r.choice(lg.cosigned)[0]
    return Case().accuse(size).sql(f"DELETE FROM nav.checkpoint WHERE size = {size}")


@kind(1)
def cosignature_inserted_below_one(r, lg):
    return Case().accuse(LEASE).sql("ALTER TABLE nav.cosignature DROP CONSTRAINT cosignature_size_check").sql(
        f"INSERT INTO nav.cosignature VALUES ({-r.randrange(5)}, 'polisen', '')")


@kind(1)
def untold_cosignature_taken_away(r, lg):
    case = Case()
    case.untold = True
    size, agency = r.choice(lg.cosigned)
    return case.sql(f"DELETE FROM nav.cosignature WHERE size = {size} AND agency = '{agency}'")


# ---- nav.rules_text ----

@kind(3)
def rules_text_changed(r, lg):
    """By one who takes the constraint away first, which the database itself would hold."""
    seq, sha256, text = r.choice(lg.texts)
    return Case().accuse(seq).sql("ALTER TABLE nav.rules_text DROP CONSTRAINT rules_text_is_of_its_hash").sql(
        f"UPDATE nav.rules_text SET text = {hexed(flip(r, text))} WHERE sha256 = {hexed(sha256)}")


@kind(3)
def rules_text_deleted(r, lg):
    """Every record that names it is named."""
    _, sha256, _ = r.choice(lg.texts)
    return Case().accuse(*lg.naming(sha256)).sql(f"DELETE FROM nav.rules_text WHERE sha256 = {hexed(sha256)}")


@kind(2)
def rules_text_inserted(r, lg):
    seq, text = r.randrange(1, lg.last + 9), r.randbytes(r.randrange(200))
    return Case().accuse(seq).sql(f"INSERT INTO nav.rules_text VALUES (sha256({hexed(text)}), {seq}, {hexed(text)})")


@kind(2)
def rules_text_moved(r, lg):
    """To another record: it does not name it, and those before that one lack theirs."""
    _, sha256, _ = r.choice(lg.texts)
    to = r.choice([s for s in range(1, lg.last + 1) if s not in lg.naming(sha256)])
    return Case().accuse(to, *[s for s in lg.naming(sha256) if s < to]).sql(
        f"UPDATE nav.rules_text SET seq = {to} WHERE sha256 = {hexed(sha256)}")


# ---- nav.checkpoint, nav.lease ----

@kind(3)
def checkpoint_changed(r, lg):
    size = r.choice(lg.sizes)
    note = lg.notes[size]
    other = r.choice([s for s in lg.sizes if s != size])
    text = flip(r, note.encode()).decode("utf-8", "replace").replace("\0", "0")
    new = r.choice([f"root = {hexed(r.randbytes(32))}", "frontier = substr(frontier, 1, length(frontier) - 1)",
                    f"frontier = {hexed(r.randbytes(72))}", "frontier = set_byte(frontier, 20, get_byte(frontier, 20) # 1)",
                    f"note = convert_from({hexed(lg.notes[other].encode())}, 'UTF8')", "note = ''",
                    f"note = convert_from({hexed(text.encode())}, 'UTF8')"])
    return Case().accuse(size).sql(f"UPDATE nav.checkpoint SET {new} WHERE size = {size}")


@kind(2)
def checkpoint_forged(r, lg):
    """Well made, over another root, and signed with a key of the forger's own."""
    import base64
    import nacl.signing
    key = nacl.signing.SigningKey(r.randbytes(32))
    origin = lg.notes[lg.sizes[0]].split("\n")[0]
    size = r.choice([r.choice(lg.sizes), r.randrange(1, lg.last + 20)])
    root = r.randbytes(32)
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    name = hashlib.sha256(origin.encode() + b"\n\x01" + key.verify_key.encode()).digest()[:4]
    note = f"{text}\n— {origin} {base64.b64encode(name + key.sign(text.encode()).signature).decode()}\n"
    frontier = size.to_bytes(8, "big") + r.randbytes(32 * size.bit_count())
    return Case().accuse(size).sql(f"DELETE FROM nav.checkpoint WHERE size = {size}").sql(
        f"INSERT INTO nav.checkpoint VALUES ({size}, {hexed(root)}, convert_from({hexed(note.encode())}, 'UTF8'), {hexed(frontier)})")


@kind(1)
def checkpoint_moved(r, lg):
    size, to = r.choice(lg.sizes), r.randrange(1, lg.last + 30)
    while to in lg.sizes:
        to += 1
    case = Case().accuse(to)
    case.exact.add(size)  # its cosignatures stand alone
    return case.sql(f"UPDATE nav.checkpoint SET size = {to} WHERE size = {size}")


@kind(1)
def lease_changed(r, lg):
    way = r.randrange(5)
    if way == 0:  # as if records were missing
        more = r.randrange(1, 20)
        return Case().accuse(*range(lg.last + 1, lg.last + more + 1)).sql(f"UPDATE nav.lease SET last_seq = last_seq + {more}")
    new = ["", f"last_seq = last_seq - {r.randrange(1, 90)}", "epoch = epoch - 1", f"log_id = {hexed(r.randbytes(16))}"]
    sql = "DELETE FROM nav.lease" if way == 4 else f"UPDATE nav.lease SET {new[way]}"
    return Case().accuse(LEASE).sql(sql)


# ---- what cannot be told, and several at once ----

@kind(1)
def untold_tail_with_everything(r, lg):
    """A whole older state: what the agencies' witnesses are for."""
    keep = r.choice(lg.sizes[:-1]) if r.random() < 0.5 else r.randrange(1, lg.last)
    case = Case()
    case.untold = True
    for table, column in (("ledger", "seq"), ("content", "seq"), ("checkpoint", "size"), ("person", "seq"),
                          ("mention", "seq"), ("cosignature", "size"), ("rules_text", "seq"), ("subtree", "((index + 1) << level)")):
        case.sql(f"DELETE FROM nav.{table} WHERE {column} > {keep}")
    return case.sql(f"UPDATE nav.lease SET last_seq = {keep}")


@kind(1)
def untold_checkpoint_taken_away(r, lg):
    case = Case()
    case.untold = True
    gone = ", ".join(map(str, r.sample(lg.sizes, r.choice([1, 2, len(lg.sizes)]))))
    return case.sql(f"DELETE FROM nav.checkpoint WHERE size IN ({gone})").sql(f"DELETE FROM nav.cosignature WHERE size IN ({gone})")


@kind(2)
def content_deleted(r, lg):
    """No record says that it was erased."""
    seq = r.choice([s for s in lg.events if s not in lg.erased])
    return Case().accuse(seq).sql(f"DELETE FROM nav.content WHERE seq = {seq}")


@kind(1)
def untold_epoch_of_the_lease_raised(r, lg):
    case = Case()
    case.untold = True
    return case.sql(f"UPDATE nav.lease SET epoch = epoch + {r.randrange(1, 9)}")


ALONE = {"tail_cut_off", "records_swapped", "records_bytes_swapped", "record_moved", "record_deleted", "lease_changed",
         "checkpoint_changed", "checkpoint_forged", "checkpoint_moved", "cosigned_checkpoint_taken_away", "cosignature_of_no_checkpoint", "row_inserted_twice", "record_inserted_after_the_end", "record_inserted_below_one", "several"}


@kind(4)
def several(r, lg):
    """Two to five at once, each under a checkpoint of its own, so that what each must give is known."""
    names = [n for n in KINDS if n not in ALONE and not n.startswith("untold")]
    case = Case()
    used = set()
    for _ in range(r.randrange(2, 6)):
        part = KINDS[r.choice(names)][0](r, lg)
        here = {lg.interval(s) for s in part.exact if s > 0} | {lg.interval(lg.published[s]) for s in part.exact if s in lg.published}
        if here & used or any(("CONSTRAINT" in s) for s in part.statements):
            continue
        used |= here
        case.statements += part.statements
        case.must |= part.must
        case.exact |= part.exact
        case.hidden |= part.hidden
    return case


def load():
    made = subprocess.run([os.path.join(BIN, "make_ledger"), str(PUBLICATIONS), str(EVERY), HUB, str(ERASED)], check=True, capture_output=True,
                          text=True).stdout
    return made, made.split()[2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case: one alone with --count 1")
    parser.add_argument("--only")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    names = [n for n in KINDS if args.only in (None, n)]
    weights = [KINDS[n][1] for n in names]
    tried, failed, start = collections.Counter(), 0, time.monotonic()
    with Postgres(settings={"fsync": "off"}) as pg:
        pg.apply_schema()
        made, key = load()
        pg.script("postgres", made)
        pg.sql("postgres", "ANALYZE")
        lg = Ledger(pg)
        driver = subprocess.Popen([os.path.join(BIN, "tamper_driver"), pg.connection("postgres", "postgres"), "nav", HUB, key], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)

        def ask(statements):
            driver.stdin.write(json.dumps(statements) + "\n")
            driver.stdin.flush()
            return json.loads(driver.stdout.readline())

        whole = ask([])
        assert whole["faults"] == [] and whole["records"] == lg.last and whole["unproved"] == 0, whole
        for number in range(args.first, args.first + args.count):
            r = random.Random(f"{args.seed}/{number}")
            # Each kind at least once, then by weight.
            name = names[number] if number < len(names) else r.choices(names, weights)[0]
            case = KINDS[name][0](r, lg)
            answer = ask(case.statements)
            tried[name] += 1
            problem = wrong(case, lg, answer)
            if problem is not None:
                failed += 1
                print(f"case {number} of seed {args.seed}, {name}: {problem}")
                if args.verbose:
                    print("   ", [s[:300] for s in case.statements], answer)
        assert ask([]) == whole, "the ledger is not as it was: a tampering was kept"
        driver.stdin.close()
        assert driver.wait(30) == 0
    seconds = time.monotonic() - start
    print(f"{args.count} tamperings of seed {args.seed}, {lg.last} records: {failed} wrong, {seconds:.0f} s")
    print("  " + ", ".join(f"{n} {c}" for n, c in sorted(tried.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
