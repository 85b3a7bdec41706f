#!/usr/bin/env python3
"""A second verifier of our exports, from public specifications alone and sharing no code with the hub: RFC 6962 section 2.1 (the tree),
c2sp.org/signed-note, c2sp.org/tlog-checkpoint (the tree heads) and c2sp.org/tlog-cosignature (the agencies' confirmations, under the
keys that KeyChanged records name, as the export's guide says), RFC 8032 (Ed25519, PyNaCl), POSIX tar, protobuf's wire format.

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
    """(origin, size, root, body, lines) of a checkpoint that the key signed; lines: (name, bytes) of the others'."""
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
    held, others = False, []
    for line in signatures[:-1].split("\n"):
        need(line.startswith(DASH), "a line of a note is no signature")
        name, _, encoded = line[len(DASH):].partition(" ")
        need(name and "+" not in name and encoded, "a line of a note is no signature")
        if name != origin:
            others.append((name, decode64(encoded)))  # an agency's
            continue
        signature = decode64(encoded)
        if signature[:4] != key_id:
            continue
        try:
            key.verify(body.encode(), signature[4:])
        except (nacl.exceptions.BadSignatureError, ValueError):
            raise Refused("a note's signature does not hold") from None
        held = True
    need(held, "a note is not signed by the hub's key")
    return origin, int(size), root, body, others


# ---- records ----

def protobuf(data):
    """(field number, value) of a message's bytes; value: an int, or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            need(at < len(data) and shift < 64, "a record is no protobuf")
            byte, at = data[at], at + 1
            value, shift = value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value
    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        else:
            length = varint() if tag & 7 == 2 else {1: 8, 5: 4}.get(tag & 7, len(data) + 1)
            need(at + length <= len(data), "a record is no protobuf")
            yield tag >> 3, data[at:at + length]
            at += length


# ---- cosignatures ----

def note_witness_key(keys, record):
    """Record.key_changed (15): owner (1), use (2), public_key (3)."""
    for field, value in protobuf(record):
        if field == 15:
            said = dict(protobuf(value))
            if said.get(2) == b"witness":
                keys[said.get(1, b"").decode()] = said.get(3, b"")


def check_cosignatures(keys, note):
    """Every line but the hub's must be of an agency whose key the records name. Returns how many there are."""
    origin, size, _, body, lines = note
    hub = origin.rpartition("/")[0]
    for name, data in lines:
        agency = name[:-len(hub) - 1] if name.endswith("." + hub) else ""
        public = keys.get(agency, b"")
        need(len(public) == 32, f"checkpoint {size}: no record names a witness key of {name}")
        need(len(data) == 76, f"checkpoint {size}: the line of {name} has another length than a cosignature")
        need(data[:4] == hashlib.sha256(name.encode() + b"\n\x04" + public).digest()[:4], f"checkpoint {size}: {name} has another key")
        seconds = int.from_bytes(data[4:12], "big")
        try:
            nacl.signing.VerifyKey(public).verify(f"cosignature/v1\ntime {seconds}\n{body}".encode(), data[12:])
        except (nacl.exceptions.BadSignatureError, ValueError):
            raise Refused(f"checkpoint {size}: the cosignature of {name} does not hold") from None
    return len(lines)


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


class Rules:
    """The texts in rules/ against the records that name them."""

    def __init__(self, files):
        self.texts = {match[1]: raw for name, raw in files.items() if (match := RULES_NAME.fullmatch(name))}
        for name, raw in self.texts.items():
            need(hashlib.sha256(raw).hexdigest() == name, f"rules/{name}.yaml is not of its hash")
        self.named, self.kept = set(), False

    def take(self, seq, record):
        for number, changed in protobuf(record):
            if number != RULES_CHANGED:
                continue
            inner = list(protobuf(changed))
            self.kept = self.kept or any(n == TEXTS_KEPT and v == 1 for n, v in inner)
            for file in [dict(protobuf(v)) for n, v in inner if n == FILES]:
                sha256 = file.get(FILE_SHA256, b"").hex()
                self.named.add(sha256)
                need(not self.kept or sha256 in self.texts,
                     f"record {seq} put {file.get(FILE_NAME, b'?').decode(errors='replace')} in force, and its text is not there")

    def end(self):
        need(set(self.texts) <= self.named, "a text in rules/ is named by no record")


class Erasures:
    """What events_erased records (81) say of their events against the accepted records (21) before them."""

    def __init__(self):
        self.accepted, self.count = {}, 0

    def take(self, seq, record):
        for number, value in protobuf(record):
            if number == 21:
                said = dict(protobuf(value))
                self.accepted[seq] = [said.get(field, empty) for field, empty in ((3, b""), (1, b""), (2, 0), (10, 0), (11, 0))]
            if number == 81:
                inner = list(protobuf(value))
                self.erased(seq, dict(inner).get(1, b""), [dict(protobuf(v)) for n, v in inner if n == 2])

    def erased(self, seq, source, events):
        for event in events:
            is_said = [source] + [event.get(field, empty) for field, empty in ((2, b""), (3, 0), (4, 0), (5, 0))]
            need(self.accepted.get(event.get(1)) == is_said, f"record {seq} erases an event that is none, or another than it says")
            self.count += 1


def verify(path, key_hex):
    """{"records", "covered", "checkpoints", "cosignatures", "origin", "origins", "root", "texts", "erased"}; Refused where it does not hold. covered: by the
    last checkpoint."""
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
    # A database that was put back goes on as another log: in order of size each log's checkpoints stand together.
    origins = []
    for size in sorted(notes):
        if not origins or notes[size][0] != origins[-1]:
            origins.append(notes[size][0])
    hub = f"{manifest.get('hub')}/"
    need(len(set(origins)) == len(origins), "its checkpoints are of several logs, mixed")
    need(all(origin.startswith(hub) and "/" not in origin[len(hub):] for origin in origins), "the manifest says another hub")
    tree, signed, keys, cosignatures, rules, erasures = Tree(), 0, {}, 0, Rules(files), Erasures()
    for record in records_of(files.get("records.bin", b"")):
        tree.add(record)
        rules.take(tree.size, record)
        erasures.take(tree.size, record)
        note_witness_key(keys, record)
        if tree.size in notes:
            need(tree.root() == notes[tree.size][2], f"records {signed + 1} to {tree.size} do not give the root that was signed")
            signed = tree.size
            cosignatures += check_cosignatures(keys, notes[tree.size])
    rules.end()
    need(signed == max(notes), f"records up to {max(notes)} were signed, and {tree.size} are there")
    origin = origins[-1]
    need(manifest.get("root") == tree.root().hex() and manifest.get("records") == tree.size, "the manifest says another root or number")
    need(origin == f"{manifest.get('hub')}/{manifest.get('log_id')}", "the manifest says another log")
    return {"records": tree.size, "covered": signed, "checkpoints": len(notes), "cosignatures": cosignatures, "origin": origin,
            "origins": origins, "root": tree.root().hex(), "texts": len(rules.texts), "erased": erasures.count}


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
