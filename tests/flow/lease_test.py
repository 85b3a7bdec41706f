#!/usr/bin/env python3
"""nav.lease as the database keeps it (schemas/sql/013), without nav-core: taken by compare and swap, renewed and committed under the
held epoch alone, the holder's session seen and ended, and nobody but nav_core lets anything move.

    tests/flow/lease_test.py"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Postgres, SqlError  # noqa: E402

ONE, TWO = "\\x" + "01" * 16, "\\x" + "02" * 16


def take(pg, epoch, beat, node=ONE, name="one"):
    beat = "NULL" if beat is None else beat
    return pg.sql("nav_core", f"SELECT epoch, last_seq FROM nav.take_lease({epoch}, {beat}, '{node}', '{name}', 3000)")


def look(pg):
    names = ("epoch", "beat", "node", "node_name", "lease_ms", "session_lives", "server_is_new", "taken_ms", "renewed_ms")
    return dict(zip(names, pg.sql("nav_core", "SELECT * FROM nav.look_at_lease()")[0]))


def refused(pg, sql, text, role="nav_core"):
    try:
        pg.sql(role, sql)
    except SqlError as error:
        assert text in str(error), error
        return
    raise AssertionError(f"was not refused: {sql}")


class Session:
    """A holder: a session with the database that stays, and may have a transaction open."""

    def __init__(self, pg):
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", pg.connection("nav_core")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def sql(self, text):
        self.process.stdin.write(text + "\n\\echo done\n")
        self.process.stdin.flush()
        rows = []
        for line in self.process.stdout:
            if line.strip() == "done":
                return rows
            rows.append(line.strip())
        raise AssertionError("the session has ended")

    def ended(self):
        try:
            self.sql("SELECT 1;")
        except (AssertionError, BrokenPipeError):
            return True
        return False

    def kill(self):
        self.process.kill()
        self.process.wait()


def compare_and_swap(pg):
    pg.sql("nav_core", "INSERT INTO nav.lease (log_id, epoch, last_seq) VALUES (decode(repeat('0a', 16), 'hex'), 0, 0)")
    assert look(pg)["node"] == "" and look(pg)["session_lives"] == ""
    assert take(pg, 1, 0) == [] and take(pg, 0, 1) == [], "taken as it did not stand"
    assert take(pg, 0, 0) == [["1", "0"]]
    assert take(pg, 0, 0) == [], "taken twice as it stood once"
    row = look(pg)
    assert row["epoch"] == "1" and row["node_name"] == "one" and row["lease_ms"] == "3000", row
    assert take(pg, 1, None) == [["2", "0"]], "its own epoch alone is enough for who committed under it"


def only_under_the_held_epoch(pg):
    beat = int(look(pg)["beat"])
    pg.sql("nav_core", "SELECT nav.renew_lease(2, 4000)")
    assert int(look(pg)["beat"]) == beat + 1 and look(pg)["lease_ms"] == "4000"
    pg.sql("nav_core", "SELECT nav.advance(2, 1, 0)")
    assert int(look(pg)["beat"]) == beat + 2, "a commit renews"
    for sql in ("SELECT nav.renew_lease(1, 3000)", "SELECT nav.advance(1, 1, 0)"):
        refused(pg, sql, "another core's now")
    refused(pg, "SELECT nav.advance(2, 7, 7)", "does not follow the last record")
    pg.sql("nav_core", "SELECT nav.release_lease(1)")
    assert look(pg)["node"] != "", "given back by who had it no more"
    pg.sql("nav_core", "SELECT nav.release_lease(2)")
    assert look(pg)["node"] == "" and look(pg)["epoch"] == "2"


def a_frozen_holders_session_is_ended(pg):
    holder = Session(pg)
    assert holder.sql(f"SELECT epoch FROM nav.take_lease(2, NULL, '{ONE}', 'one', 3000);") == ["3"]
    assert look(pg)["session_lives"] == "t" and look(pg)["server_is_new"] == "f"
    holder.sql("BEGIN; SELECT nav.advance(3, 1, 5);")  # the row is locked, and nobody ends the transaction
    begun = time.monotonic()
    assert take(pg, 3, look(pg)["beat"], TWO, "two") == [["4", "0"]], "what was not committed is not there"
    assert time.monotonic() - begun < 4
    assert holder.ended()
    holder.kill()
    assert look(pg)["node_name"] == "two"


def the_end_of_a_session_is_seen(pg):
    holder = Session(pg)
    holder.sql(f"SELECT epoch FROM nav.take_lease(4, NULL, '{ONE}', 'one', 3000);")
    assert look(pg)["session_lives"] == "t"
    holder.kill()
    deadline = time.monotonic() + 10
    while look(pg)["session_lives"] == "t":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert look(pg)["server_is_new"] == "f"
    pg.kill()
    pg.start()
    assert look(pg)["session_lives"] == "f" and look(pg)["server_is_new"] == "t", "a new server knows nothing of the holder"


def nobody_else(pg):
    for role in ("nav_desk", "nav_auditor"):
        for sql in ("SELECT * FROM nav.look_at_lease()", "SELECT nav.renew_lease(5, 3000)", "SELECT nav.release_lease(5)",
                    f"SELECT * FROM nav.take_lease(5, NULL, '{ONE}', 'x', 3000)", "SELECT nav.advance(5, 1, 0)"):
            refused(pg, sql, "permission denied", role)
    refused(pg, "DELETE FROM nav.lease", "permission denied")
    refused(pg, "UPDATE nav.lease SET log_id = decode(repeat('0b', 16), 'hex')", "permission denied")


def one_whole_row(pg):
    for row in ("decode(repeat('0c', 16), 'hex'), 0, 0, false, NULL, ''", "'short', 0, 0, true, NULL, ''",
                "decode(repeat('0c', 16), 'hex'), 0, 0, true, 'short', ''",
                "decode(repeat('0c', 16), 'hex'), 0, 0, true, NULL, repeat('x', 65)"):
        refused(pg, f"INSERT INTO nav.lease (log_id, epoch, last_seq, only_one, node, node_name) VALUES ({row})", "nav.lease has one row")
    refused(pg, "INSERT INTO nav.lease (log_id, epoch, last_seq) VALUES (decode(repeat('0c', 16), 'hex'), 0, 0)", "duplicate key")
    for change in ("node = 'short'", "node_name = repeat('x', 65)", "lease_ms = -1"):
        refused(pg, f"UPDATE nav.lease SET {change}", "nav.lease has one row")


def main():
    with Postgres() as pg:
        pg.apply_schema()
        for test in (compare_and_swap, only_under_the_held_epoch, a_frozen_holders_session_is_ended, the_end_of_a_session_is_seen,
                     nobody_else, one_whole_row):
            test(pg)
            print(test.__name__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
