"""`audit prove` on a whole hub, checked by arithmetic that shares no code with it: RFC 6962 written again here, Ed25519 from PyNaCl, the
formats from c2sp.org (signed-note, tlog-checkpoint, tlog-proof).

Run by: ctest (NAV_BIN is the build's bin folder)."""

import base64
import hashlib
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nacl.signing  # noqa: E402

from hub import wait_until  # noqa: E402
from people import AssessorHub, event  # noqa: E402

FINDINGS, NOT_FOUND, USAGE = 6, 4, 2


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(leaves):
    """MTH of RFC 6962 2.1, straight from its definition."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\x01", root_of(leaves[:k]), root_of(leaves[k:]))


def climb(index, size, leaf, path):
    """The root that a PATH leads to, by the recursion of RFC 6962 2.1.1 backward."""
    if size == 1:
        assert path == []
        return leaf
    k = 1 << (size - 1).bit_length() - 1
    if index < k:
        return sha(b"\x01", climb(index, k, leaf, path[:-1]), path[-1])
    return sha(b"\x01", path[-1], climb(index - k, size - k, leaf, path[:-1]))


def consistent(old, new, old_root, proof):
    """(old root, new root) that a PROOF leads to, by the recursion of RFC 6962 2.1.2 backward."""
    def sub(m, n, whole, hashes):
        if m == n:
            return (old_root, old_root) if whole else (hashes[-1], hashes[-1])
        k = 1 << (n - 1).bit_length() - 1
        if m <= k:
            a, b = sub(m, k, whole, hashes[:-1])
            return a, sha(b"\x01", b, hashes[-1])
        a, b = sub(m - k, n - k, False, hashes[:-1])
        return sha(b"\x01", hashes[-1], a), sha(b"\x01", hashes[-1], b)
    return sub(old, new, True, proof)


def open_note(note, key):
    """(size, root) of a signed note that the key signed."""
    text, signatures = note.split("\n\n")
    text += "\n"
    origin, size, root = text.splitlines()[:3]
    key_id = sha(origin.encode(), b"\n\x01", bytes(key))[:4]
    for line in signatures.splitlines():
        mark, name, encoded = line.split(" ")
        data = base64.b64decode(encoded)
        if mark == "\u2014" and name == origin and data[:4] == key_id:
            key.verify(text.encode(), data[4:])
            return int(size), base64.b64decode(root)
    raise AssertionError("no signature of that key")


def read_file(text):
    """(record, index, path, note) of a tlog-proof."""
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ") and lines[2].startswith("index ")
    return base64.b64decode(lines[1][6:]), int(lines[2][6:]), [base64.b64decode(line) for line in lines[3:]], note


def check(text, key):
    record, index, path, note = read_file(text)
    size, root = open_note(note, key)
    assert climb(index, size, sha(b"\x00", record), path) == root
    return record, index, size, root


def fill(hub, records):
    """Events until the ledger has so many records, and a checkpoint over them."""
    number = 0
    while hub.status()["ledger"]["records"] < records:
        hub.publish("polisen", *[event("polisen", "PublicIncident", {"kind": "Trafikolycka", "summary": f"Nummer {number + i}"})
                                 for i in range(200)])
        number += 200
    return wait_until("a checkpoint", lambda: newest(hub)[0] >= records and newest(hub))


def newest(hub):
    note = hub.status()["ledger"]["checkpoint"]
    return (int(note.split("\n")[1]), note) if note else (0, "")


def leaves_of(hub):
    rows = hub.postgres.sql("postgres", "SELECT encode(record, 'hex') FROM nav.ledger ORDER BY seq")
    return [sha(b"\x00", bytes.fromhex(row[0])) for row in rows]


def records_are_proven(hub, key, size):
    leaves = leaves_of(hub)
    for seq in sorted({1, 2, 255, 256, 257, 300, 511, 512, 513, size - 1, size}):
        record, index, under, root = check(hub.navctl("audit", "prove", str(seq)).stdout, key)
        assert index == seq - 1 and under >= size
        assert sha(b"\x00", record) == leaves[seq - 1]
        assert root == root_of(leaves_of(hub)[:under]), "the root is that of the records themselves"
    shown = hub.json("audit", "prove", "257")
    assert shown["seq"] == 257 and shown["file"].startswith("c2sp.org/tlog-proof@v1\n")


def checkpoints_continue(hub, key, size):
    for row in hub.postgres.sql("postgres", "SELECT size, encode(root, 'hex') FROM nav.checkpoint ORDER BY size"):
        old, old_root = int(row[0]), bytes.fromhex(row[1])
        proof = hub.json("audit", "prove", "--from", str(old))
        new, root = open_note(proof["note"], key)
        assert (proof["from"], proof["size"]) == (old, new)
        assert consistent(old, new, old_root, [bytes.fromhex(h) for h in proof["hashes"]]) == (old_root, root)
    done = hub.navctl("audit", "prove", "--from", str(10 ** 9), check=False)
    assert done.returncode == NOT_FOUND and "records are gone" in done.stderr, done


def changed(text, where):
    """The file with one character changed for another of base64's or of the digits."""
    c = text[where]
    other = "B" if c != "B" else "C"
    if c.isdigit():
        other = "7" if c != "7" else "8"
    return text[:where] + other + text[where + 1:]


def navctl_checks_them(hub, key):
    path, keys = hub.path("proof"), hub.path("config", "keys", "hub.yaml")
    hub.navctl("audit", "prove", "256", "--out", path)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    done = json.loads(hub.navctl("audit", "prove", "--check", path, "--key", keys, "-o", "json").stdout)
    assert done["ok"] and done["seq"] == 256, done
    again = hub.navctl("audit", "prove", "256", "--out", path, check=False)
    assert again.returncode == 1 and "is there already" in again.stderr
    # Each line of it counts: the record, its index, every hash, the checkpoint's size, root and signature.
    starts = [m.start() for m in re.finditer(r"(?m)^(?=.)", text)]
    for start in starts:
        line_end = text.index("\n", start)
        where = line_end - 3 if line_end - start > 8 else line_end - 1
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed(text, where))
        done = hub.navctl("audit", "prove", "--check", path, "--key", keys, check=False)
        assert done.returncode == FINDINGS, (text[start:line_end], done)
    for damaged in (text[:-1], text.split("\n\n")[0] + "\n", text.replace("@v1", "@v2"), text + text, "", "extra\n"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(damaged)
        assert hub.navctl("audit", "prove", "--check", path, "--key", keys, check=False).returncode == FINDINGS, damaged
    other = nacl.signing.SigningKey.generate().verify_key
    with open(keys, encoding="utf-8") as file:
        forged = re.sub(r"(?m)^checkpoint: .*$", f"checkpoint: {bytes(other).hex()}", file.read())
    with open(hub.path("forged.yaml"), "w", encoding="utf-8") as file:
        file.write(forged)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = hub.navctl("audit", "prove", "--check", path, "--key", hub.path("forged.yaml"), check=False)
    assert done.returncode == FINDINGS and "checkpoint" in done.stderr, done


def refused(hub, size):
    for arguments, code in ((["999999999"], NOT_FOUND), (["0"], USAGE), (["x"], USAGE), ([], USAGE), (["1", "--from", "2"], USAGE)):
        done = hub.navctl("audit", "prove", *arguments, check=False)
        assert done.returncode == code, (arguments, done)
    queries = {line["reason"] for line in hub.json("audit", "search", "--kind", "audit_read")}
    assert "audit prove 257" in queries and "audit prove --from 1000000000" in queries, "each is on record"


def main():
    with AssessorHub() as hub:
        with open(hub.path("config", "keys", "hub.yaml"), encoding="utf-8") as file:
            key = nacl.signing.VerifyKey(bytes.fromhex(re.search(r"(?m)^checkpoint: (\w+)", file.read()).group(1)))
        size, note = fill(hub, 700)
        assert open_note(note, key)[0] == size
        records_are_proven(hub, key, size)
        checkpoints_continue(hub, key, size)
        navctl_checks_them(hub, key)
        refused(hub, size)
        assert hub.verify()["ok"]
    print(f"proofs of a ledger of {size} records and more")


if __name__ == "__main__":
    main()
