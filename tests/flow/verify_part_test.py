#!/usr/bin/env python3
"""`navctl audit verify` of a range of records, and how far a verification has come, on a terminal: over a made ledger in a real PostgreSQL,
with nav-desk and a stand-in for nav-core (desk.py). Faults in the whole of a ledger: verify_faults_test.py.

    tests/flow/verify_part_test.py [NAME…]      only these tests"""

import json
import os
import pty
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from desk import run  # noqa: E402
from hub import BIN  # noqa: E402


def ranged(d, first, last, *more, check=False):
    return d.navctl("audit", "verify", "--from", str(first), "--to", str(last), *more, check=check)


def test_a_range_is_verified_alone(d):
    d.renew()
    last = int(d.one("SELECT max(seq) FROM nav.ledger"))
    root, size = d.postgres.sql("postgres", "SELECT encode(root, 'hex'), size FROM nav.checkpoint ORDER BY size DESC LIMIT 1")[0]
    for first, to in ((1, 1), (1, last), (last, last), (17, 200), (127, 130), (last - 9, last)):
        report = json.loads(ranged(d, first, to, "-o", "json", check=True).stdout)
        assert report["ok"] and report["faults"] == [] and report["records"] == to - first + 1, (first, to, report)
        assert (report["from"], report["to"], report["covering"], report["root"]) == (first, to, int(size), root), report
        events = d.one(f"SELECT count(*) FROM nav.event_view WHERE seq BETWEEN {first} AND {to}")
        assert report["events"] == report["contents"] == int(events) and report["unproved"] == 0 and report["not_looked_at"]
    table = ranged(d, 17, 200, check=True).stdout
    assert "records 17 to 200 alone" in table and "not looked at: every record before and after" in table and "The range holds." in table


def test_a_range_names_its_own_faults_alone(d):
    seq = d.nth("accepted", 40)
    for sql, says in ((f"UPDATE nav.ledger SET record = record || '\\x00' WHERE seq = {seq}", "its bytes were changed"),
                      (f"UPDATE nav.ledger SET leaf = sha256('x') WHERE seq = {seq}", "its column leaf was changed"),
                      (f"UPDATE nav.ledger SET verdict = verdict + 1 WHERE seq = {seq}", "verdict"),
                      (f"UPDATE nav.content SET sealed = '\\x00' WHERE seq = {seq}", "its sealed content was changed"),
                      (f"DELETE FROM nav.ledger WHERE seq = {seq}", "the record is missing")):
        d.tamper(sql)
        for first, to in ((seq, seq), (seq - 20, seq + 20), (seq, seq + 1), (seq - 1, seq)):
            done = ranged(d, first, to, "-o", "json")
            faults = json.loads(done.stdout)["faults"]
            assert done.returncode == 6 and [f["seq"] for f in faults if says in f["what"]] == [seq], (sql, first, to, faults)
            assert {f["seq"] for f in faults} <= {seq, 0}, (sql, first, to, faults)
    d.tamper(f"UPDATE nav.ledger SET verdict = verdict + 1 WHERE seq = {seq}")
    assert json.loads(ranged(d, seq + 1, seq + 50, "-o", "json", check=True).stdout)["ok"]
    # Bytes and leaf together: the range does not stand in the signed tree any more.
    d.tamper(f"UPDATE nav.ledger SET record = record || '\\x00', leaf = sha256('\\x00' || record || '\\x00') WHERE seq = {seq}")
    faults = json.loads(ranged(d, seq - 1, seq + 1, "-o", "json").stdout)["faults"]
    assert any("does not stand in the tree" in f["what"] for f in faults), faults


def test_a_range_that_cannot_be_is_refused(d):
    d.renew()
    last = int(d.one("SELECT max(seq) FROM nav.ledger"))
    for first, to, says in ((0, 5, "from 1"), ("x", 5, "from 1"), (9, 5, "before"), (-3, 2, "from 1")):
        done = ranged(d, first, to)
        assert done.returncode == 2 and says in done.stderr, done
    done = ranged(d, 1, last + 1)
    assert done.returncode == 4 and f"the last record is {last}" in done.stderr, done
    assert d.navctl("audit", "verify", "--from", "3", check=False).returncode == 2
    done = ranged(d, 1, 2, "--offline", "x.tar", "--key", "hub.yaml")
    assert done.returncode == 2 and "go with the database" in done.stderr, done


def on_a_terminal(d, *args, **environment):
    """(standard output, what came on a terminal as standard error, its length in seconds)"""
    begin = time.monotonic()
    master, slave = pty.openpty()
    program = subprocess.Popen([os.path.join(BIN, "navctl"), "--home", d.home, *args], stdout=subprocess.PIPE, stderr=slave,
                               env={**os.environ, **environment})
    os.close(slave)
    seen = b""
    while True:
        try:
            more = os.read(master, 4096)
        except OSError:  # EIO: nobody has the other end any more
            break
        if not more:
            break
        seen += more
    os.close(master)
    out = program.stdout.read().decode()
    assert program.wait() == 0, (out, seen)
    return out, seen.decode(), time.monotonic() - begin


def test_how_far_it_has_come_is_shown_on_a_terminal_alone(d):
    made = subprocess.run([os.path.join(BIN, "make_ledger"), "400", "1000", "nav.example.se", "64", "250"], check=True,
                          capture_output=True, text=True).stdout
    d.admin("DROP DATABASE IF EXISTS nav WITH (FORCE)")
    d.admin("CREATE DATABASE nav OWNER nav_owner")
    d.navctl("db", "upgrade")
    d.postgres.script("postgres", made)
    last = int(d.one("SELECT max(seq) FROM nav.ledger"))
    for range_, count in (((), last), (("--from", "2", "--to", str(last - 1)), last - 2)):
        out, seen, seconds = on_a_terminal(d, "audit", "verify", *range_, "-o", "json", NO_COLOR="1")
        assert json.loads(out)["ok"] and json.loads(out)["records"] == count
        assert seen.endswith("\r\x1b[K"), seen
        lines = [line for line in seen.split("\r\x1b[K") if line]
        shown = [re.fullmatch(rf"(\d+) of {count} records, (\d+) %", line).groups() for line in lines]
        records = [int(r) for r, _ in shown]
        assert records[0] == 0 and records == sorted(records) and records[-1] <= count, shown
        assert all(int(percent) == int(r) * 100 // count for r, percent in shown), shown
        assert len(records) > 1 or seconds < 1, (seconds, shown)
    done = d.navctl("audit", "verify", "-o", "json")
    assert done.stderr == "" and json.loads(done.stdout)["records"] == last
    archive = d.path("ledger.tar")
    d.navctl("audit", "export", "--out", archive)
    offline = ("audit", "verify", "--offline", archive, "--key", d.path("config", "keys", "hub.yaml"), "-o", "json")
    out, seen, _ = on_a_terminal(d, *offline)
    assert json.loads(out)["records"] >= last and seen.startswith("\r\x1b[K0 records\r") and "\x1b[K8192 records\r" in seen, seen
    assert d.navctl(*offline).stderr == ""
    os.unlink(archive)
    d.renew()


if __name__ == "__main__":
    sys.exit(run(globals()))
