#!/usr/bin/env python3
"""kill -9 of nav-core around the moments when it writes checkpoints; proofs that hold without us; and a database that was put back to
an earlier state, which nav-core refuses to go on with.

    tests/flow/proof_test.py [--kills N] [--seed N]     (ctest: 8 kills)"""

import argparse
import base64
import hashlib
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub, wait_until  # noqa: E402
from kill_test import police_file  # noqa: E402


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_inclusion(leaf, index, size, path):
    """RFC 9162, 2.1.3.2; shares nothing with the hub's C."""
    at, last, value = index, size - 1, leaf
    for step in path:
        assert last != 0
        if at & 1 or at == last:
            value = node(step, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node(value, step)
        at, last = at >> 1, last >> 1
    assert last == 0
    return value


def check_file(text, record):
    head, rest = text.split("\n\n", 1)
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("index "), lines[:2]
    _, size, root = rest.split("\n")[:3]
    leaf = hashlib.sha256(b"\x00" + record).digest()
    path = [base64.b64decode(line, validate=True) for line in lines[2:]]
    return root_of_inclusion(leaf, int(lines[1][6:]), int(size), path) == base64.b64decode(root)


def consistent(proof, old_root):
    """RFC 9162, 2.1.4.2."""
    first, second = proof["old_size"], proof["size"]
    path = [bytes.fromhex(h) for h in proof["hashes"]]
    if first == second:
        return not path and proof["root"] == old_root.hex()
    if first & (first - 1) == 0:
        path.insert(0, old_root)
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    one = two = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            one, two = node(step, one), node(step, two)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            two = node(two, step)
        at, last = at >> 1, last >> 1
    return last == 0 and one == old_root and two.hex() == proof["root"]


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


def proofs(hub, rng):
    wait_until("a checkpoint covers what is there", lambda: newest(hub) > 512)
    size = newest(hub)
    for seq in [1, 2, 256, 257, 512, size] + [rng.randrange(1, size) for _ in range(4)]:
        record = bytes.fromhex(sql(hub, f"SELECT encode(record, 'hex') FROM nav.ledger WHERE seq = {seq}")[0][0])
        text = hub.navctl("audit", "prove", str(seq)).stdout
        assert check_file(text, record), text
        assert not check_file(text, record + b"x")
    path = hub.path("one.tlog-proof")
    hub.navctl("audit", "prove", "256", "--out", path)
    with open(path, encoding="utf-8") as file:
        assert file.read().startswith("c2sp.org/tlog-proof@v1\nindex 255\n")
    for old_size, root in sql(hub, "SELECT size, encode(root, 'hex') FROM nav.checkpoint ORDER BY size")[:6]:
        proof = json.loads(hub.navctl("audit", "prove", "--from", old_size).stdout)
        assert proof["old_root"] == root and consistent(proof, bytes.fromhex(root)), proof
        assert not consistent(proof, bytes(32))
    assert hub.navctl("audit", "prove", "99999999", check=False).returncode == 4
    assert hub.navctl("audit", "prove", "--from", "99999999", check=False).returncode == 4
    assert hub.navctl("audit", "prove", check=False).returncode == 2
    reads = hub.navctl("audit", "search", "--kind", "audit_read", "-o", "json").stdout
    assert "audit prove 256" in json.dumps(json.loads(reads)), "a proof was made that no record tells of"
    print("proofs hold, and each was recorded")


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


def put_back(hub):
    """A ledger cut to one of its own checkpoints is whole by itself; only what was shown tells."""
    hub.stop("nav-core")
    size = sql(hub, "SELECT size FROM nav.checkpoint ORDER BY size DESC OFFSET 1 LIMIT 1")[0][0]
    sql(hub, "SET session_replication_role = replica;"
        f"DELETE FROM nav.ledger WHERE seq > {size}; DELETE FROM nav.event WHERE seq > {size};"
        f"DELETE FROM nav.content WHERE seq > {size}; DELETE FROM nav.checkpoint WHERE size > {size};"
        f"DELETE FROM nav.person WHERE seq > {size};"
        f"DELETE FROM nav.subtree WHERE ((index + 1) << level) > {size};"
        f"UPDATE nav.lease SET last_seq = {size}")
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
        proofs(hub, rng)
        subtrees(hub)
        put_back(hub)
    return 0


if __name__ == "__main__":
    sys.exit(main())
