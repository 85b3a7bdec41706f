#!/usr/bin/env python3
"""kill -9 of nav-core around the moments when it writes checkpoints; the tree that is stored, filled and compared; and a database that was put back to
an earlier state, which nav-core refuses to go on with.

    tests/flow/checkpoint_test.py [--kills N] [--seed N]     (ctest: 8 kills)"""

import argparse
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub, wait_until  # noqa: E402
from kill_test import police_file  # noqa: E402


def sql(hub, text):
    return hub.postgres.sql("postgres", text)


def kills(hub, count, rng):
    """A record wakes the next checkpoint, which comes within a second of it: the kill falls anywhere around that."""
    for _ in range(count):
        hub.navctl("audit", "show", "1", check=False)
        time.sleep(rng.uniform(0, 1.1))
        hub.kill("nav-core")
        hub.start_program("nav-core")
        wait_until("nav-core answers again", lambda: hub.status(fail=False))
    report = hub.verify()
    assert report["ok"], report
    print(f"{count} kills, {report['checkpoints']} checkpoints: the ledger holds")


def newest(hub):
    return int(sql(hub, "SELECT coalesce(max(size), 0) FROM nav.checkpoint")[0][0])


def subtrees(hub):
    """What is missing is filled at start; what is changed is named."""
    before = sql(hub, "SELECT level, index, hash FROM nav.subtree ORDER BY 1, 2")
    hub.stop("nav-core")
    sql(hub, "SET session_replication_role = replica; DELETE FROM nav.subtree")
    faults = hub.verify()["faults"]
    assert "nav.subtree, the row of level 8, index 0: it is missing" in faults[0]["what"], faults
    hub.start_program("nav-core")
    wait_until("nav-core answers again", lambda: hub.status(fail=False))
    assert sql(hub, "SELECT level, index, hash FROM nav.subtree ORDER BY 1, 2")[:len(before)] == before
    sql(hub, "SET session_replication_role = replica; UPDATE nav.subtree SET hash = sha256('x') WHERE level = 8 AND index = 1")
    faults = hub.verify()["faults"]
    assert len(faults) == 1 and "level 8, index 1: it is not the hash" in faults[0]["what"], faults
    hub.stop("nav-core")
    sql(hub, "SET session_replication_role = replica; DELETE FROM nav.subtree WHERE level = 8 AND index = 1")
    hub.start_program("nav-core")
    wait_until("nav-core answers again", lambda: hub.status(fail=False))
    assert hub.verify()["ok"]
    print("subtrees are filled and compared")


def refuses(hub, text):
    hub.start_program("nav-core")
    wait_until("nav-core ends", lambda: hub.processes["nav-core"].poll() is not None)
    hub.stop("nav-core", fine=(1,))
    assert text in hub.log("nav-core"), hub.log("nav-core")[-1500:]


def cut(hub, size):
    """The database as it was when it had so many records; nav-core is stopped, and what it has shown stays as it is."""
    hub.stop("nav-core", fine=(0, 1))
    rows = [("ledger", "seq"), ("content", "seq"), ("checkpoint", "size"), ("person", "seq"), ("mention", "seq"),
            ("cosignature", "size"), ("rules_text", "seq"), ("subtree", "((index + 1) << level)")]
    sql(hub, "SET session_replication_role = replica;" + "".join(f"DELETE FROM nav.{t} WHERE {c} > {size};" for t, c in rows) +
        f"UPDATE nav.lease SET last_seq = {size}")


def noted_at_the_start(hub):
    """nav-core was killed between a checkpoint's commit and its note: the next one would show it, so first it notes it. Here it gets no
    further than that: what it listens on is a folder."""
    hub.stop("nav-core")
    older, newest_note = [bytes.fromhex(row[0]).decode() for row in sql(hub, "SELECT encode(convert_to(note, 'UTF8'), 'hex') FROM (SELECT * FROM "
                                                                             "nav.checkpoint ORDER BY size DESC LIMIT 2) AS c ORDER BY size")]
    with open(hub.path("state", "seen"), "w", encoding="utf-8") as file:
        file.write(older)
    if os.path.exists(hub.path("run", "core.sock")):
        os.unlink(hub.path("run", "core.sock"))
    os.mkdir(hub.path("run", "core.sock"))
    refuses(hub, "core.sock")
    with open(hub.path("state", "seen"), encoding="utf-8") as file:
        assert file.read() == newest_note
    os.rmdir(hub.path("run", "core.sock"))
    hub.start_program("nav-core")
    hub.wait_ready()
    print("what an earlier run did not come to note is noted before it is shown")


def put_back(hub):
    """A ledger cut to one of its own checkpoints is whole by itself; only what was shown tells."""
    size = sql(hub, "SELECT size FROM nav.checkpoint ORDER BY size DESC OFFSET 1 LIMIT 1")[0][0]
    cut(hub, size)
    refuses(hub, f"the database holds {size}: records are gone")
    print("a database put back is refused")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    rng = random.Random(args.seed)
    print("seed", args.seed)
    with Hub(agencies=("polisen",)) as hub:
        for number in range(2):
            hub.drop("polisen", f"{number}.json", police_file(number))
        hub.run_adapter("polisen")
        kills(hub, args.kills, rng)
        subtrees(hub)
        noted_at_the_start(hub)
        put_back(hub)
    return 0


if __name__ == "__main__":
    sys.exit(main())
