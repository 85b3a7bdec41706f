#!/usr/bin/env python3
"""nav-core's store against a real PostgreSQL: batches of every small size, so that every number of rows a statement can have is sent, and
larger ones; batches that the database refuses, at their first statement of a kind too, and that are then committed as they are. Each row
is there once, and each leaf is its record's hash.

    tests/flow/store_test.py"""

import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Postgres  # noqa: E402

BIN = os.environ["NAV_BIN"]


class Store:
    def __init__(self, pg):
        self.pg = pg
        self.process = subprocess.Popen([os.path.join(BIN, "store_driver"), pg.connection("nav_core")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.last = self.events = 0

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def commit(self, what, count):
        answer = self.say(f"{what} {count}")
        self.committed(what, count, answer)

    def committed(self, what, count, answer):
        self.last += count
        self.events += count if what == "events" else 0
        assert answer == ["committed", str(self.last)], (what, count, answer, self.last)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


def owner(pg, sql):
    return pg.sql("nav_owner", sql)


def refuse_inserts(pg, table):
    owner(pg, f"""CREATE FUNCTION nav.test_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a test refuses'; END $$;
        CREATE TRIGGER test_refuses BEFORE INSERT ON nav.{table} FOR EACH ROW EXECUTE FUNCTION nav.test_refuses()""")


def refused_then_committed(store, table, what, count):
    refuse_inserts(store.pg, table)
    assert store.say(f"{what} {count}") == ["failed"], "the database refused, and it was not told"
    assert store.say("again") == ["failed"]
    owner(store.pg, "DROP FUNCTION nav.test_refuses() CASCADE")
    store.committed(what, count, store.say("again"))


def check(store):
    rows = store.pg.sql("nav_core", "SELECT seq, encode(record, 'hex'), encode(leaf, 'hex') FROM nav.ledger ORDER BY seq")
    assert [int(row[0]) for row in rows] == list(range(1, store.last + 1)), "not each record once"
    for seq, record, leaf in rows:
        assert hashlib.sha256(b"\0" + bytes.fromhex(record)).hexdigest() == leaf, f"record {seq}: not its leaf"
    for table in ("event_view", "content", "person"):
        counted = store.pg.sql("nav_owner", f"SELECT count(*), count(DISTINCT seq) FROM nav.{table}")[0]
        assert counted == [str(store.events)] * 2, (table, counted, store.events)
    assert store.pg.sql("nav_core", "SELECT last_seq FROM nav.lease") == [[str(store.last)]]


def main():
    with Postgres() as pg:
        pg.apply_schema()
        store = Store(pg)
        refused_then_committed(store, "ledger", "records", 3)  # before any statement is known to the connection
        for count in range(1, 36):
            store.commit("records", count)
        for count in range(1, 12):
            store.commit("events", count)
        print("every small size, and some larger")
        for table, count in (("ledger", 1), ("person", 7), ("content", 6), ("ledger", 40)):
            refused_then_committed(store, table, "events", count)
            store.commit("events", count)
            store.commit("records", 13)
        print("what was refused is committed as it is, and what follows it")
        store.commit("events", 200)
        store.commit("events", 3)
        store.end()
        check(store)
        print(f"{store.last} records, {store.events} events, each once")
    return 0


if __name__ == "__main__":
    sys.exit(main())
