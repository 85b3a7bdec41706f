#!/usr/bin/env python3
"""navctl audit export over a made ledger, checked by navctl audit verify --offline and by verifier.py, which shares no code with it; then
seeded forgeries of the archive, each with the manifest mended, of which both must refuse every one.

    tests/ledger/export_test.py [--count N] [--seed N]"""

import argparse
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "flow"))
sys.path.insert(0, HERE)
import nacl.signing  # noqa: E402
from desk import EVERY, Desk  # noqa: E402
from hub import BIN  # noqa: E402
import verifier  # noqa: E402

import base64  # noqa: E402


class Export:
    """The files of an archive, taken apart."""

    def __init__(self, path):
        self.files = verifier.read_archive(path)

    def copy(self):
        other = object.__new__(Export)
        other.files = dict(self.files)
        return other

    def records(self):
        return list(verifier.records_of(self.files["records.bin"]))

    def put_records(self, records):
        """(number, bytes) pairs, as they are."""
        self.files["records.bin"] = b"".join(n.to_bytes(8, "big") + len(r).to_bytes(4, "big") + r for n, r in records)

    def notes(self):
        return sorted((n for n in self.files if n.startswith("checkpoints/")), key=lambda n: int(n[12:-4]))

    def rules(self):
        return sorted(n for n in self.files if n.startswith("rules/"))

    def mend_manifest(self):
        """As a forger would: everything in it fits what is there."""
        manifest = json.loads(self.files["manifest.json"])
        manifest["files"] = {n: hashlib.sha256(f).hexdigest() for n, f in self.files.items() if n != "manifest.json"}
        tree, data, at, count = verifier.Tree(), self.files["records.bin"], 0, 0
        while at + 12 <= len(data):
            length = int.from_bytes(data[at + 8:at + 12], "big")
            tree.add(data[at + 12:at + 12 + length])
            at, count = at + 12 + length, count + 1
        manifest.update(records=count, root=tree.root().hex(), checkpoints=len(self.notes()))
        self.files["manifest.json"] = json.dumps(manifest, indent=2).encode()

    def write(self, path):
        order = ["GUIDE.md", "manifest.json", *self.notes(), *self.rules(), "records.bin"]
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            for name in order:
                info = tarfile.TarInfo(name)
                info.size = len(self.files[name])
                tar.addfile(info, io.BytesIO(self.files[name]))


def flip(r, data):
    at = r.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << r.randrange(8))]) + data[at + 1:]


# ---- forgeries ----

def record_byte(r, e):
    records = e.records()
    at = r.randrange(len(records))
    records[at] = flip(r, records[at])
    e.put_records(enumerate(records, 1))


def record_missing(r, e):
    pairs = list(enumerate(e.records(), 1))
    del pairs[r.randrange(len(pairs))]
    e.put_records(pairs)


def record_missing_renumbered(r, e):
    records = e.records()
    del records[r.randrange(len(records))]
    e.put_records(enumerate(records, 1))


def records_swapped(r, e):
    records = e.records()
    a, b = r.sample(range(len(records)), 2)
    records[a], records[b] = records[b], records[a]
    e.put_records(enumerate(records, 1))


def record_inserted(r, e):
    records = e.records()
    records.insert(r.randrange(len(records)), r.choice(records))
    e.put_records(enumerate(records, 1))


def tail_cut(r, e):
    records = e.records()
    e.put_records(enumerate(records[:-r.randrange(1, 40)], 1))


def any_byte_of_records(r, e):
    e.files["records.bin"] = flip(r, e.files["records.bin"])


def note_byte(r, e):
    name = r.choice(e.notes())
    e.files[name] = flip(r, e.files[name])


def note_of_another_size(r, e):
    a, b = r.sample(e.notes(), 2)
    e.files[a] = e.files[b]


def note_of_another_key(r, e):
    """All of them: a log of the forger's own, with his own records."""
    key = nacl.signing.SigningKey(r.randbytes(32))
    records = e.records()
    at = r.randrange(len(records))
    records[at] = flip(r, records[at])
    e.put_records(enumerate(records, 1))
    tree, roots = verifier.Tree(), {}
    for record in records:
        tree.add(record)
        roots[tree.size] = tree.root()
    for name in e.notes():
        size = int(name[12:-4])
        origin = e.files[name].decode().split("\n")[0]
        body = f"{origin}\n{size}\n{base64.b64encode(roots[size]).decode()}\n"
        key_id = hashlib.sha256(origin.encode() + b"\n\x01" + key.verify_key.encode()).digest()[:4]
        signature = base64.b64encode(key_id + key.sign(body.encode()).signature).decode()
        e.files[name] = f"{body}\n— {origin} {signature}\n".encode()


def cosigned(e):
    """Names of notes that carry an agency's line."""
    return [n for n in e.notes() if e.files[n].count("— ".encode()) > 1]


def cosignature_byte(r, e):
    name = r.choice(cosigned(e))
    head, mark, lines = e.files[name].partition("\n\n— ".encode())
    own, end, others = lines.partition(b"\n")
    e.files[name] = head + mark + own + end + flip(r, others)


def cosignature_of_another_size(r, e):
    a, b = r.sample(cosigned(e), 2)
    own = e.files[a].decode().split("\n— ")
    own[-1] = e.files[b].decode().split("\n— ")[-1]
    e.files[a] = "\n— ".join(own).encode()


def cosignature_of_another_key(r, e):
    name = r.choice(cosigned(e))
    key, signer = nacl.signing.SigningKey(r.randbytes(32)), "polisen." + e.files[name].decode().split("/")[0]
    body = e.files[name].decode().rpartition("\n\n")[0] + "\n"
    seconds = r.randrange(1, 2**32)
    data = hashlib.sha256(signer.encode() + b"\n\x04" + key.verify_key.encode()).digest()[:4] + seconds.to_bytes(8, "big")
    data += key.sign(f"cosignature/v1\ntime {seconds}\n{body}".encode()).signature
    e.files[name] += f"— {signer} {base64.b64encode(data).decode()}\n".encode()


def no_notes(_, e):
    for name in e.notes():
        del e.files[name]


def rules_byte(r, e):
    name = r.choice(e.rules())
    e.files[name] = flip(r, e.files[name])


def rules_missing(r, e):
    del e.files[r.choice(e.rules())]


def rules_added(r, e):
    text = r.randbytes(r.randrange(1, 99))
    e.files[f"rules/{hashlib.sha256(text).hexdigest()}.yaml"] = text


def rules_renamed(r, e):
    """Another text in its place, under its own hash's name."""
    rules_missing(r, e)
    rules_added(r, e)


FORGERIES = [rules_byte, rules_missing, rules_added, rules_renamed, record_byte, record_missing, record_missing_renumbered,
             records_swapped, record_inserted, tail_cut, any_byte_of_records, note_byte, note_of_another_size, note_of_another_key,
             cosignature_byte, cosignature_of_another_size, cosignature_of_another_key, no_notes]


def manifest_not_mended(r, e):
    """Bytes of any file, the guide's too, under the old manifest."""
    name = r.choice([n for n in e.files if n != "manifest.json"])
    e.files[name] = flip(r, e.files[name])


def ours(path, key_file):
    """navctl's exit code and report, in an environment that knows of no hub."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("NAV_")}
    done = subprocess.run([os.path.abspath(os.path.join(BIN, "navctl")), "audit", "verify", "--offline", path, "--key", key_file, "-o", "json"],
                          capture_output=True, text=True, env=env, cwd="/", check=False)
    assert done.returncode in (0, 1, 6), done
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def theirs(path, key):
    try:
        return verifier.verify(path, key)
    except verifier.Refused:
        return None


def test_real_export(d, path, key, key_file):
    said = d.navctl("audit", "export", "--out", path, "--reason", "granskning")
    assert path in said.stdout, said
    recorded = [json.dumps(r) for r in d.core.records("audit_read")]
    assert recorded and all("audit export" in r and "granskning" in r for r in recorded), recorded
    code, report = ours(path, key_file)
    assert code == 0 and report["ok"], report
    database = d.verify_report()
    assert report["root"] == database["root"] and report["records"] == database["records"], (report, database)
    second = theirs(path, key)
    assert report["cosignatures"] > 2 and second["cosignatures"] == report["cosignatures"] == database["cosignatures"], (report, second)
    assert second is not None and second["root"] == report["root"] and second["records"] == report["records"], second
    files = verifier.read_archive(path)
    assert second["texts"] == 3 and len([n for n in files if n.startswith("rules/")]) == 3, second
    assert "rules/SHA256.yaml" in files["GUIDE.md"].decode()
    assert "Kontrollera" in files["GUIDE.md"].decode() and "Check it" in files["GUIDE.md"].decode()
    again = d.navctl("audit", "export", "--out", path, check=False)
    assert again.returncode == 1 and "there already" in again.stderr, again


def test_until(d, folder, key, key_file):
    """Up to a record between two checkpoints: what is after the last is there and said to be unproved."""
    path, until = os.path.join(folder, "until.tar"), 3 * EVERY + 5
    d.navctl("audit", "export", "--out", path, "--until", str(until))
    code, report = ours(path, key_file)
    assert code == 0 and report["records"] == until and report["unproved"] == 5, report
    second = theirs(path, key)
    assert second["records"] == until and second["covered"] == 3 * EVERY, second


def test_nothing_without_a_record(d, folder):
    path = os.path.join(folder, "unrecorded.tar")
    d.core.refuse = {"class": "retry", "code": 0, "place": "", "text": "not now"}
    done = d.navctl("audit", "export", "--out", path, check=False)
    d.core.refuse = None
    assert done.returncode == 5 and not os.path.exists(path) and os.listdir(folder).count("unrecorded.tar") == 0, done


def test_usage(d, path, key_file):
    assert d.navctl("audit", "export", check=False).returncode == 2
    assert d.navctl("audit", "verify", "--offline", path, check=False).returncode == 2
    assert d.navctl("audit", "verify", "--offline", key_file, "--key", key_file, check=False).returncode == 1


def test_wrong_key(path, folder):
    other = os.path.join(folder, "other.yaml")
    with open(other, "w", encoding="utf-8") as file:
        file.write("".join(f"{name}: {'ab' * 32}\n" for name in ("curve", "session", "checkpoint")))
    code, report = ours(path, other)
    assert code == 6 and report["unproved"] == report["records"], report
    assert theirs(path, nacl.signing.SigningKey(b"\7" * 32).verify_key.encode().hex()) is None


def test_forgeries(path, key, key_file, count, seed):
    whole = Export(path)
    forged = path + ".forged"
    for number in range(count):
        r = random.Random(f"{seed}/{number}")
        e = whole.copy()
        way = manifest_not_mended if number % 19 == 18 else FORGERIES[number % len(FORGERIES)]
        way(r, e)
        if way is not manifest_not_mended:
            e.mend_manifest()
        e.write(forged)
        if e.files == whole.files:
            continue
        assert theirs(forged, key) is None, (number, way.__name__, "the second verifier accepts it")
        code, report = ours(forged, key_file)
        assert code != 0, (number, way.__name__, report)
    e = whole.copy()
    e.mend_manifest()
    e.write(forged)
    assert theirs(forged, key) is not None and ours(forged, key_file)[0] == 0, "what is whole is refused"
    print(f"{count} forgeries of seed {seed}, all refused by both")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with Desk() as d:
        key_file = d.path("config", "keys", "hub.yaml")
        with open(key_file, encoding="utf-8") as file:
            key = file.read().split("checkpoint: ")[1].strip()
        folder = d.path("run")
        path = os.path.join(folder, "liggaren.tar")
        test_real_export(d, path, key, key_file)
        test_until(d, folder, key, key_file)
        test_nothing_without_a_record(d, folder)
        test_usage(d, path, key_file)
        test_wrong_key(path, folder)
        test_forgeries(path, key, key_file, args.count, args.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
