#!/usr/bin/env python3
"""A whole ledger from before a migration that writes rows anew: afterwards it is, row by row, what the same ledger is where it was made after
it, and closed to changes as it was before. What would be lost on the way is refused.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import BIN, Hub  # noqa: E402
from postgres import Postgres, SqlError  # noqa: E402

BEFORE_READERS, BEFORE_ONE_ROW = "015", "020"
OF_ALL = "seq, at, kind, lane, about, record, leaf"
OF_EVENTS = "event_id, agency, revision, digest, type, time, verdict, bucket_class, bucket_day, published_seq"
EVERYTHING = f"SELECT {OF_ALL}, reader, {OF_EVENTS} FROM nav.ledger ORDER BY seq"
NULL = "\\N"


def made_ledger():
    return subprocess.run([os.path.join(BIN, "make_ledger"), "40", "16", "nav.example.se"], check=True, capture_output=True, text=True).stdout


def copied(table, columns, rows):
    return f"COPY {table} ({columns}) FROM stdin;\n" + "".join("\t".join(row) + "\n" for row in rows) + "\\.\n"


def as_before(made, has_readers):
    """The same ledger with its events' columns in a table of their own, and who read nowhere or beside its record."""
    head, columns, body, tail = re.match(r"(?s)(.*)COPY nav.ledger \(([^)]*)\) FROM stdin;\n(.*?\n)\\\.\n(.*)", made).groups()
    names = columns.split(", ")
    rows = [dict(zip(names, line.split("\t"))) for line in body.splitlines()]
    kept = OF_ALL + (", reader" if has_readers else "")
    ledger = copied("nav.ledger", kept, ([row[c] for c in kept.split(", ")] for row in rows))
    of_events = "seq, " + OF_EVENTS
    events = copied("nav.event", of_events, ([row[c] for c in of_events.split(", ")] for row in rows if row["event_id"] != NULL))
    assert events.count("\n") > 50 and sum(row["reader"] != NULL for row in rows) >= 3, "the made ledger has events and readings"
    return head + ledger + events + tail


def fresh(pg):
    pg.sql("postgres", "DROP SCHEMA IF EXISTS nav CASCADE")


def upgraded(pg, made, last, written):
    fresh(pg)
    pg.apply_schema(up_to=last)
    pg.script("postgres", as_before(made, has_readers=last >= "016"))
    pg.apply_schema(after=last)
    assert pg.sql("postgres", EVERYTHING) == written, last
    for change in ("UPDATE nav.ledger SET verdict = 1", "DELETE FROM nav.ledger"):
        try:
            pg.sql("nav_owner", change)
        except SqlError as refused:
            assert "only grows" in str(refused), refused
        else:
            raise AssertionError("the migration left the ledger open to changes")


def refused_and_kept(pg, seq):
    count = pg.sql("postgres", "SELECT count(*) FROM nav.event")
    try:
        pg.apply_schema(after=BEFORE_ONE_ROW)
    except SqlError as refused:
        assert f"a row numbered {seq} that no record stands behind" in str(refused) and "Run navctl audit verify" in str(refused), refused
    else:
        raise AssertionError("a fault is gone without a trace")
    assert pg.sql("postgres", "SELECT count(*) FROM nav.event") == count


def stray_row_is_not_lost(pg, made):
    """Of nav.event, with no record behind it, or a second one: faults that are gone once the table is."""
    fresh(pg)
    pg.apply_schema(up_to=BEFORE_ONE_ROW)
    pg.script("postgres", as_before(made, has_readers=True))
    columns = OF_EVENTS.replace("event_id", "decode(repeat('ab', 16), 'hex')")
    pg.sql("postgres", f"INSERT INTO nav.event (seq, {OF_EVENTS}) SELECT 999999, {columns} FROM nav.event LIMIT 1")
    refused_and_kept(pg, 999999)
    [[twice]] = pg.sql("postgres", "SET session_replication_role = replica; DELETE FROM nav.event WHERE seq = 999999; ALTER TABLE nav.event DROP CONSTRAINT event_pkey; INSERT INTO "
                                   f"nav.event (seq, {OF_EVENTS}) SELECT seq, {columns} FROM nav.event LIMIT 1 RETURNING seq")
    refused_and_kept(pg, int(twice))


class NotUpgraded(Hub):
    """A database as the version before left it, under this version's nav-core."""

    def begin(self):
        self.postgres.apply_schema(up_to=BEFORE_ONE_ROW)
        self.start_program("nav-core")


def a_hub_says_that_its_database_is_older():
    with NotUpgraded(agencies=()) as hub:
        assert hub.processes.pop("nav-core").wait(timeout=60) == 5
        assert "(is `navctl db upgrade` done?)" in hub.log("nav-core"), hub.log("nav-core")


def main():
    made = made_ledger()
    with Postgres() as pg:
        pg.apply_schema()
        pg.script("postgres", made)
        written = pg.sql("postgres", EVERYTHING)
        for last in (BEFORE_READERS, BEFORE_ONE_ROW):
            upgraded(pg, made, last, written)
        stray_row_is_not_lost(pg, made)
    a_hub_says_that_its_database_is_older()
    print(f"{len(written)} records, as if written today")


if __name__ == "__main__":
    main()
