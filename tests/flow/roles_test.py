#!/usr/bin/env python3
"""What each database role may not do: nobody updates, deletes or truncates the ledger, readers write nothing, and each sees no more than
its work needs."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import BIN  # noqa: E402
from postgres import Postgres, SqlError  # noqa: E402

TABLES = ("ledger", "event", "content", "checkpoint")
VIEWS = tuple(f"{t}_view" for t in TABLES) + ("lease_view",)
KEY = {"ledger": "seq", "event": "seq", "content": "seq", "checkpoint": "size"}
CHANGED = {"ledger": "kind = 22", "event": "revision = 9", "content": "sealed = ''", "checkpoint": "note = ''"}
DENIED = ("permission denied", "only grows", "must be owner", "cannot insert into view")


def forbidden():
    """(role, statement) that must be refused."""
    for role in ("nav_owner", "nav_core", "nav_desk", "nav_auditor"):
        for table in TABLES:
            yield role, f"UPDATE nav.{table} SET {CHANGED[table]}"
            yield role, f"DELETE FROM nav.{table}"
            yield role, f"DELETE FROM nav.{table} WHERE {KEY[table]} = (SELECT min({KEY[table]}) FROM nav.{table})"
            yield role, f"TRUNCATE nav.{table}"
            yield role, f"TRUNCATE nav.{table} CASCADE"
        yield role, "DELETE FROM nav.lease"
        yield role, "TRUNCATE nav.lease"
        yield role, f"UPDATE nav.content_{PART} SET sealed = ''"
        yield role, f"DELETE FROM nav.content_{PART}"
        yield role, f"TRUNCATE nav.content_{PART}"
    for role in ("nav_core", "nav_desk", "nav_auditor"):
        for table in TABLES:
            yield role, f"DROP TABLE nav.{table} CASCADE"
            yield role, f"ALTER TABLE nav.{table} DISABLE TRIGGER ALL"
        yield role, "CREATE TABLE nav.mine (x int)"
        yield role, "CREATE TABLE public.mine (x int)"
        yield role, "CREATE OR REPLACE FUNCTION nav.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"
        yield role, "SET session_replication_role = replica"
        yield role, "SET ROLE nav_owner"
    for role in ("nav_desk", "nav_auditor"):
        for table in TABLES:
            yield role, f"SELECT * FROM nav.{table}"
            yield role, f"INSERT INTO nav.{table} SELECT * FROM nav.{table}"
        for view in VIEWS:
            yield role, f"INSERT INTO nav.{view} SELECT * FROM nav.{view}"
            yield role, f"DELETE FROM nav.{view}"
        yield role, "UPDATE nav.ledger_view SET kind = 22"
        yield role, "UPDATE nav.lease_view SET last_seq = 0"
        yield role, "UPDATE nav.lease SET last_seq = 0"
        yield role, "SELECT nav.advance(3, 1, 2)"
        yield role, f"SELECT nav.ensure_part({PART})"
    yield "nav_auditor", "SELECT * FROM nav.content_view"
    yield "nav_core", "UPDATE nav.lease SET log_id = decode(repeat('00', 16), 'hex')"


ALLOWED = [("nav_core", "SELECT nav.ensure_part(9202611)"), ("nav_core", "SELECT count(*) FROM nav.ledger"),
           ("nav_core", "BEGIN; SELECT nav.advance(3, (SELECT last_seq + 1 FROM nav.lease), (SELECT last_seq + 1 FROM nav.lease)); ROLLBACK")]
ALLOWED += [("nav_desk", f"SELECT count(*) FROM nav.{view}") for view in VIEWS]
ALLOWED += [("nav_auditor", f"SELECT count(*) FROM nav.{view}") for view in VIEWS if view != "content_view"]
PART = "0"


def check(pg):
    failures = []
    before = pg.sql("postgres", "SELECT count(*), sum(hashtext(encode(record, 'hex'))) FROM nav.ledger")
    count = 0
    for role, statement in forbidden():
        count += 1
        try:
            pg.sql(role, statement)
            failures.append(f"{role} may: {statement}")
        except SqlError as error:
            if not any(text in str(error) for text in DENIED):
                failures.append(f"{role}: {statement}: refused for another reason: {error}")
    for role, statement in ALLOWED:
        count += 1
        try:
            pg.sql(role, statement)
        except SqlError as error:
            failures.append(f"{role} may not: {statement}: {error}")
    if pg.sql("postgres", "SELECT count(*), sum(hashtext(encode(record, 'hex'))) FROM nav.ledger") != before:
        failures.append("the ledger is not what it was")
    return count, failures


def main():
    global PART
    with Postgres() as pg:
        pg.apply_schema()
        made = subprocess.run([os.path.join(BIN, "make_ledger"), "10", "8", "nav.example.se"], check=True, capture_output=True,
                              text=True).stdout
        pg.sql("postgres", made)
        PART = pg.sql("postgres", "SELECT part FROM nav.content LIMIT 1")[0][0]
        count, failures = check(pg)
    for failure in failures:
        print("FAILED", failure)
    print(f"{count - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
