"""A bucket's key file, read by whoever has it: the keys of single events from the tree that hub/ledger/keytree.h describes.

Used by: retention_test.py, retention_archive_test.py, erase_test.py. Must never: share code with the hub."""

import hashlib
import re

LINE = re.compile(r"([0-9a-f]{16})/([0-9]{2}) ([0-9a-f]{64})")
DEPTH, WAYS = 16, 16


def nodes_of(text):
    """[(first number, depth, key)] of a whole file; None where it is torn."""
    lines = text.splitlines()
    body, _, end = text.rpartition("end ")
    if not lines or lines[0] != "bucket-tree 1" or end.strip() != hashlib.blake2b(body.encode(), digest_size=32).hexdigest():
        return None
    return [(int(m[1], 16), int(m[2]), bytes.fromhex(m[3])) for m in map(LINE.fullmatch, lines[1:-1])]


def read(path):
    with open(path, encoding="utf-8") as file:
        return nodes_of(file.read())


def event_key(nodes, seq):
    """None: nothing in the file leads to it."""
    for first, depth, key in nodes:
        if not first <= seq < first + WAYS ** (DEPTH - depth):
            continue
        for level in range(depth + 1, DEPTH + 1):
            digit = seq >> 4 * (DEPTH - level) & 15
            key = hashlib.blake2b(b"trygghetsnavet/v1/node" + bytes([level, digit]), key=key, digest_size=32).digest()
        return key
    return None
