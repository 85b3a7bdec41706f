#!/usr/bin/env python3
"""A second verifier of our exports, from public specifications alone and sharing no code with the hub: RFC 6962 section 2.1 (the tree),
c2sp.org/signed-note and c2sp.org/tlog-checkpoint (the tree heads), RFC 8032 (Ed25519, PyNaCl), POSIX tar, protobuf's wire format.

    tests/ledger/verifier.py FILE CHECKPOINT_KEY_HEX      prints what it checked; exit code 1 where the export does not hold

Used by: tests/ledger/export_test.py, and by whoever wants to see how little it takes. Must never: trust the manifest for anything but
that the files are the ones it names."""

import base64
import hashlib
import json
import re
import sys
import tarfile

import nacl.exceptions
import nacl.signing

DASH = "— "
NOTE_NAME = re.compile(r"checkpoints/([1-9][0-9]*)\.txt")
RULES_NAME = re.compile(r"rules/([0-9a-f]{64})\.yaml")
RULES_CHANGED, FILES, FILE_NAME, FILE_SHA256, TEXTS_KEPT = 13, 2, 1, 2, 8  # fields of nav.v1.Record, RulesChanged and RulesFile


class Refused(Exception):
    """Why the export does not hold."""


def need(condition, why):
    if not condition:
        raise Refused(why)


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Merkle tree hash of RFC 6962 over the leaves so far: perfect subtrees, largest first."""

    def __init__(self):
        self.size, self.subtrees = 0, []

    def add(self, data):
        hashed, size = hashlib.sha256(b"\x00" + data).digest(), self.size
        while size & 1:
            hashed, size = node(self.subtrees.pop(), hashed), size >> 1
        self.subtrees.append(hashed)
        self.size += 1

    def root(self):
        if not self.subtrees:
            return hashlib.sha256(b"").digest()
        hashed = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            hashed = node(left, hashed)
        return hashed


def decode64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("a note holds what is no base64") from None
    need(base64.b64encode(data).decode() == text, "a note holds base64 that is not canonical")
    return data


def open_note(raw, key):
    """(origin, size, root) of a checkpoint that the key signed."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("a note is not UTF-8") from None
    need(not any(ord(c) < 0x20 and c != "\n" for c in text), "a note holds a control character")
    body, blank, signatures = text.rpartition("\n\n")
    need(blank and signatures.endswith("\n"), "a note has no signatures")
    body += "\n"
    lines = body.split("\n")
    need(len(lines) >= 4 and lines[0], "a note has fewer than three lines")
    origin, size, root = lines[0], lines[1], decode64(lines[2])
    need(re.fullmatch(r"0|[1-9][0-9]{0,18}", size) and len(root) == 32, "a note's size or root cannot be read")
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + key.encode()).digest()[:4]
    held = False
    for line in signatures[:-1].split("\n"):
        need(line.startswith(DASH), "a line of a note is no signature")
        name, _, encoded = line[len(DASH):].partition(" ")
        need(name and "+" not in name and encoded, "a line of a note is no signature")
        if name != origin:
            continue  # another's: a witness
        signature = decode64(encoded)
        if signature[:4] != key_id:
            continue
        try:
            key.verify(body.encode(), signature[4:])
        except (nacl.exceptions.BadSignatureError, ValueError):
            raise Refused("a note's signature does not hold") from None
        held = True
    need(held, "a note is not signed by the hub's key")
    return origin, int(size), root


def read_archive(path):
    files = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                need(member.isfile() and member.name not in files, f"{member.name} is no plain file, or stands there twice")
                files[member.name] = tar.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError) as failure:
        raise Refused(f"cannot be read: {failure}") from None
    return files


def check_manifest(files):
    try:
        manifest = json.loads(files["manifest.json"])
        named = manifest["files"]
    except (KeyError, TypeError, ValueError):
        raise Refused("manifest.json is not there or cannot be read") from None
    need(isinstance(named, dict) and set(named) == set(files) - {"manifest.json"}, "the manifest names other files than are there")
    for name, wanted in named.items():
        need(hashlib.sha256(files[name]).hexdigest() == wanted, f"{name} is not the file that the manifest names")
    return manifest


def records_of(data):
    at, seq = 0, 0
    while at < len(data):
        need(len(data) - at >= 12, "records.bin ends within a record")
        number, length = int.from_bytes(data[at:at + 8], "big"), int.from_bytes(data[at + 8:at + 12], "big")
        seq += 1
        need(number == seq, f"record {seq} is missing or not in its place")
        need(len(data) - at - 12 >= length, "records.bin ends within a record")
        yield data[at + 12:at + 12 + length]
        at += 12 + length


def fields(data):
    """(number, value) of a protobuf message: integers of varints, bytes of the rest."""
    def varint(at):
        value, shift = 0, 0
        while True:
            need(at < len(data) and shift < 70, "a record is no protobuf")
            value |= (data[at] & 0x7f) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 0x80:
                return value, at
    at = 0
    while at < len(data):
        tag, at = varint(at)
        if tag & 7 == 0:
            value, at = varint(at)
        else:
            need(tag & 7 in (1, 2, 5), "a record is no protobuf")
            size, at = varint(at) if tag & 7 == 2 else (8 if tag & 7 == 1 else 4, at)
            value, at = data[at:at + size], at + size
            need(at <= len(data), "a record is no protobuf")
        yield tag >> 3, value


class Rules:
    """The texts in rules/ against the records that name them."""

    def __init__(self, files):
        self.texts = {match[1]: raw for name, raw in files.items() if (match := RULES_NAME.fullmatch(name))}
        for name, raw in self.texts.items():
            need(hashlib.sha256(raw).hexdigest() == name, f"rules/{name}.yaml is not of its hash")
        self.named, self.kept = set(), False

    def take(self, seq, record):
        for number, changed in fields(record):
            if number != RULES_CHANGED:
                continue
            inner = list(fields(changed))
            self.kept = self.kept or any(n == TEXTS_KEPT and v == 1 for n, v in inner)
            for file in [dict(fields(v)) for n, v in inner if n == FILES]:
                sha256 = file.get(FILE_SHA256, b"").hex()
                self.named.add(sha256)
                need(not self.kept or sha256 in self.texts,
                     f"record {seq} put {file.get(FILE_NAME, b'?').decode(errors='replace')} in force, and its text is not there")

    def end(self):
        need(set(self.texts) <= self.named, "a text in rules/ is named by no record")


def verify(path, key_hex):
    """{"records", "covered", "checkpoints", "origin", "root", "texts"}; Refused where it does not hold. covered: by the last checkpoint."""
    key = nacl.signing.VerifyKey(bytes.fromhex(key_hex))
    files = read_archive(path)
    manifest = check_manifest(files)
    notes = {}
    for name, raw in files.items():
        match = NOTE_NAME.fullmatch(name)
        need(match or RULES_NAME.fullmatch(name) or name in ("GUIDE.md", "manifest.json", "records.bin"), f"{name} does not belong in an export")
        if match:
            notes[int(match[1])] = open_note(raw, key)
            need(notes[int(match[1])][1] == int(match[1]), f"{name} is signed for another size")
    need(notes, "nothing in it is signed")
    origins = {origin for origin, _, _ in notes.values()}
    need(len(origins) == 1, "its checkpoints are of several logs")
    tree, signed, rules = Tree(), 0, Rules(files)
    for record in records_of(files.get("records.bin", b"")):
        tree.add(record)
        rules.take(tree.size, record)
        if tree.size in notes:
            need(tree.root() == notes[tree.size][2], f"records {signed + 1} to {tree.size} do not give the root that was signed")
            signed = tree.size
    rules.end()
    need(signed == max(notes), f"records up to {max(notes)} were signed, and {tree.size} are there")
    origin = origins.pop()
    need(manifest.get("root") == tree.root().hex() and manifest.get("records") == tree.size, "the manifest says another root or number")
    need(origin == f"{manifest.get('hub')}/{manifest.get('log_id')}", "the manifest says another log")
    return {"records": tree.size, "covered": signed, "checkpoints": len(notes), "origin": origin, "root": tree.root().hex(),
            "texts": len(rules.texts)}


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    try:
        print(json.dumps(verify(sys.argv[1], sys.argv[2])))
    except Refused as why:
        print(f"the export does not hold: {why}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
