"""nav-desk over a made ledger in a real PostgreSQL, with a stand-in for nav-core: for tests that tamper with the ledger and have it as it was
made again. What a reader is given of it, and the run of a file's tests.

Used by: desk_test.py, desk_span_test.py, verify_faults_test.py, verify_part_test.py, tests/ledger/export_test.py. Must never: start nav-core."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import BIN, Hub, run_tests, wait_until  # noqa: E402
from stand_in_core import StandInCore  # noqa: E402

PUBLICATIONS, EVERY = 60, 16
KINDS = {"published": 20, "accepted": 21, "acknowledged": 30, "read": 40}


class Desk(Hub):
    """A home, a database with a made ledger, nav-desk; nav-core is the stand-in."""

    def __init__(self):
        super().__init__(agencies=(), settings={"fsync": "off"})  # nothing here is to outlive a crash, and databases are made by the dozen

    def begin(self):
        self.navctl("db", "upgrade")
        self.load()
        self.core = StandInCore(self.path("run", "core.sock"))
        self.start_program("nav-desk")
        wait_until("nav-desk listens", lambda: os.path.exists(self.path("run", "desk.sock")))

    def load(self):
        made = subprocess.run([os.path.join(BIN, "make_ledger"), str(PUBLICATIONS), str(EVERY), "nav.example.se"], check=True,
                              capture_output=True, text=True).stdout
        self.postgres.script("postgres", made)
        key = made.split()[2]
        path = self.path("config", "keys", "hub.yaml")
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("checkpoint:")]
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(lines) + f"checkpoint: {key}\n")
        self.admin("ALTER DATABASE nav RENAME TO whole")
        self.renew()

    def admin(self, sql):
        """CREATE and DROP DATABASE, one at a time: they will have no transaction."""
        self.postgres.sql("postgres", sql, database="postgres")

    def renew(self):
        """The ledger as it was made."""
        self.admin("DROP DATABASE IF EXISTS nav WITH (FORCE)")
        self.admin("CREATE DATABASE nav TEMPLATE whole OWNER nav_owner")

    def tamper(self, sql):
        """As a superuser who knows how to switch triggers off."""
        self.renew()
        self.postgres.sql("postgres", "SET session_replication_role = replica;" + sql)

    def one(self, sql, database="nav"):
        return self.postgres.sql("postgres", sql, database)[0][0]

    def nth(self, kind, n):
        return int(self.one(f"SELECT seq FROM nav.ledger WHERE kind = {KINDS[kind]} ORDER BY seq OFFSET {n} LIMIT 1", "whole"))

    def verify_report(self):
        done = self.navctl("audit", "verify", "-o", "json", check=False)
        report = json.loads(done.stdout)
        assert done.returncode == (0 if report["ok"] else 6), done
        return report

    def expect_faults(self, sql, expected):
        """expected: [(seq, text in what), …], exactly these."""
        self.tamper(sql)
        faults = self.verify_report()["faults"]
        assert len(faults) == len(expected), (sql, faults)
        for fault, (seq, text) in zip(faults, expected):
            assert fault["seq"] == seq and text in fault["what"], (sql, fault, seq, text)

    def search(self, *args, output="json"):
        done = self.navctl("audit", "search", *args, "-o", output)
        return json.loads(done.stdout) if output == "json" else done.stdout


def read_events(d, start, end, opened=True, check=True):
    done = subprocess.run([os.path.join(BIN, "read_events"), d.home, "test", str(start), str(end), "1" if opened else "0"],
                          capture_output=True, text=True)
    if check:
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    return done


def span_of(d):
    low, high = d.postgres.sql("postgres", "SELECT (extract(epoch FROM min(time)) * 1000)::bigint, (extract(epoch FROM max(time)) * 1000)::bigint FROM nav.event_view")[0]
    return int(low), int(high) + 1


def run(tests):
    return run_tests(Desk(), tests)
