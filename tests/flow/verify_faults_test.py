#!/usr/bin/env python3
"""`navctl audit verify` of a whole ledger: that it holds as it was made, and what an auditor is told after a superuser has tampered with the
database in every way we can think of; over a made ledger, with nav-desk and a stand-in for nav-core (desk.py). Ranges, and how far it has
come: verify_part_test.py.

    tests/flow/verify_faults_test.py [NAME…]      only these tests

Run by: ctest (NAV_BIN is the build's bin folder). Must never: need nav-core."""

import base64
import hashlib
import json
import os
import sys

import nacl.signing

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from desk import EVERY, KINDS, run  # noqa: E402
from stand_in_core import StandInCore  # noqa: E402


def interval(seq):
    first = (seq - 1) // EVERY * EVERY + 1
    return first, first + EVERY - 1


def test_whole_ledger_holds(d):
    d.renew()
    report = d.verify_report()
    assert report["ok"] and report["faults"] == []
    assert report["records"] == int(d.one("SELECT count(*) FROM nav.ledger"))
    assert report["events"] == int(d.one("SELECT count(*) FROM nav.event_view"))
    assert report["checkpoints"] == int(d.one("SELECT count(*) FROM nav.checkpoint"))
    assert report["root"] == d.one("SELECT encode(root, 'hex') FROM nav.checkpoint ORDER BY size DESC LIMIT 1")
    table = d.navctl("audit", "verify").stdout
    assert "The ledger holds." in table and report["root"] in table


def test_root_by_other_peoples_arithmetic(d):
    """RFC 6962's recursive definition and C2SP's note, written here anew."""
    d.renew()
    records = [bytes.fromhex(r[0]) for r in d.postgres.sql("postgres", "SELECT encode(record, 'hex') FROM nav.ledger ORDER BY seq")]

    def root(leaves):
        if len(leaves) == 1:
            return leaves[0]
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()

    leaves = [hashlib.sha256(b"\x00" + r).digest() for r in records]
    assert d.verify_report()["root"] == root(leaves).hex()
    key = bytes.fromhex(open(d.path("config/keys/hub.yaml"), encoding="utf-8").read().split("checkpoint: ")[1].strip())
    for size, note in d.postgres.sql("postgres", "SELECT size, encode(convert_to(note, 'UTF8'), 'hex') FROM nav.checkpoint"):
        text, signatures = bytes.fromhex(note).decode().split("\n\n")
        origin, count, encoded = text.split("\n")
        assert int(count) == int(size) and base64.b64decode(encoded) == root(leaves[: int(size)])
        dash, name, signature = signatures.rstrip("\n").split(" ")
        assert dash == "—" and name == origin and origin.startswith("nav.example.se/")
        raw = base64.b64decode(signature)
        assert raw[:4] == hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
        nacl.signing.VerifyKey(key).verify((text + "\n").encode(), raw[4:])


def test_one_changed_byte(d):
    places = {d.nth(kind, 3 + n): place for kind in KINDS for n, place in enumerate((1, 9, 30))}
    d.expect_faults("".join(f"UPDATE nav.ledger SET record = set_byte(record, {place}, get_byte(record, {place}) # 1) WHERE seq = {seq};"
                            for seq, place in places.items()), [(seq, "its bytes were changed") for seq in sorted(places)])


def test_changed_byte_and_leaf(d):
    # The p of a Read's "prepares": it decodes still, and nothing else refers to it.
    seq = d.nth("read", 1)
    first, last = interval(seq)
    d.expect_faults("UPDATE nav.ledger SET record = overlay(record PLACING '\\x65' FROM position('\\x70726570'::bytea IN record)) "
                    f"WHERE seq = {seq}; UPDATE nav.ledger SET leaf = sha256('\\x00'::bytea || record) WHERE seq = {seq}",
                    [(first, f"one or more of the records {first} to {last} were changed together with their leaf hashes")])


def test_changed_leaf(d):
    d.expect_faults("UPDATE nav.ledger SET leaf = set_byte(leaf, 0, get_byte(leaf, 0) # 1) WHERE seq = 17",
                    [(17, "its column leaf was changed")])


def test_deleted_record(d):
    alone = sorted({1, EVERY, d.nth("published", 5), d.nth("accepted", 7)})
    assert len(alone) == 4 and all(b - a > 1 for a, b in zip(alone, alone[1:])), alone
    d.expect_faults("".join(f"DELETE FROM nav.ledger WHERE seq = {seq};" for seq in alone), [(seq, "the record is missing") for seq in alone])
    d.expect_faults(f"DELETE FROM nav.ledger WHERE seq = {EVERY + 1} OR seq BETWEEN 20 AND 60",
                    [(EVERY + 1, "the record is missing"), (20, "the records 20 to 60 are missing")])


def test_swapped_records(d):
    a, b = d.nth("accepted", 4), d.nth("accepted", 30)
    swap = (f"UPDATE nav.ledger AS x SET record = y.record FROM nav.ledger AS y WHERE (x.seq, y.seq) IN (({a}, {b}), ({b}, {a}))")
    d.expect_faults(swap, [(a, "its bytes were changed"), (b, "its bytes were changed")])
    d.tamper(swap.replace("record = y.record", "record = y.record, leaf = y.leaf"))
    faults = d.verify_report()["faults"]
    assert {f["seq"] for f in faults} == {a, b}, faults
    assert f"says that it is seq {b}" in faults[0]["what"], faults
    # The numbers swapped, so that whole rows change places.
    d.tamper(f"UPDATE nav.ledger SET seq = -1 WHERE seq = {a}; UPDATE nav.ledger SET seq = {a} WHERE seq = {b}; "
             f"UPDATE nav.ledger SET seq = {b} WHERE seq = -1")
    assert {f["seq"] for f in d.verify_report()["faults"]} == {a, b}


def test_inserted_records(d):
    last = int(d.one("SELECT max(seq) FROM nav.ledger", "whole"))
    d.expect_faults(f"INSERT INTO nav.ledger SELECT {last + 1}, at, kind, lane, record, leaf FROM nav.ledger WHERE seq = {last}",
                    [(last + 1, f"says that it is seq {last}")] +
                    ([(0, "nav.subtree, the row of level 8")] if (last + 1) % 256 == 0 else []) +
                    [(last + 1, "stands after the last number that nav.lease knows")])
    d.expect_faults("INSERT INTO nav.ledger SELECT -7, at, kind, lane, record, leaf FROM nav.ledger WHERE seq = 3",
                    [(0, "nav.ledger has a row numbered -7")])


def test_changed_columns(d):
    changes = [("at = at + interval '1 microsecond'", " at ("), ("kind = 31", "kind (31, record 30)"), ("lane = NULL", " lane (0, record "),
               ("at = '-infinity'", " at (")]
    seqs = [d.nth("acknowledged", 2 + n) for n in range(len(changes))]
    d.expect_faults("".join(f"UPDATE nav.ledger SET {change} WHERE seq = {seq};" for seq, (change, _) in zip(seqs, changes)),
                    [(seq, what) for seq, (_, what) in zip(seqs, changes)])


def test_changed_event_columns(d):
    seq, *seqs = [d.nth("accepted", 7 + n) for n in range(11)]
    other = {"event_id": "decode(repeat('ab', 16), 'hex')", "agency": "agency % 3 + 1", "revision": "2", "digest": "sha256('')", "type": "40",
             "time": "time + interval '1 ms'", "verdict": "3 - verdict", "bucket_class": "9", "bucket_day": "1", "published_seq": "1"}
    assert len(seqs) == len(other)
    longer = {column: "digest || repeat('x', 100000)::bytea" if column == "digest" else value for column, value in other.items()}
    for changes in (other, dict.fromkeys(other, "NULL"), longer):
        d.expect_faults("".join(f"UPDATE nav.ledger SET {column} = {value} WHERE seq = {at};" for at, (column, value) in zip(seqs, changes.items())),
                        [(at, f"differ from the record: {column}") for at, column in zip(seqs, changes)])
    d.expect_faults(f"UPDATE nav.ledger SET {', '.join(f'{c} = NULL' for c in other)} WHERE seq = {seq}",
                    [(seq, f"differ from the record: {' '.join(other)}")])
    stray = d.nth("read", 0)
    columns = ", ".join(other)
    d.expect_faults(f"DROP INDEX nav.event_identity; UPDATE nav.ledger SET ({columns}) = (SELECT {columns} FROM nav.event_view WHERE seq = {seq}) "
                    f"WHERE seq = {stray}", [(stray, f"differ from the record, which is of no event: {' '.join(other)}")])


def test_swapped_and_changed_content(d):
    a, b = d.nth("accepted", 2), d.nth("accepted", 3)
    d.expect_faults(f"UPDATE nav.content AS x SET sealed = y.sealed FROM nav.content AS y WHERE (x.seq, y.seq) IN (({a}, {b}), ({b}, {a}))",
                    [(a, "sealed content was changed or is another's"), (b, "sealed content was changed or is another's")])
    d.expect_faults(f"UPDATE nav.content SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE seq = {a}",
                    [(a, "sealed content was changed")])
    d.expect_faults(f"INSERT INTO nav.content SELECT {d.nth('published', 1)}, part, sealed FROM nav.content WHERE seq = {a}",
                    [(d.nth("published", 1), "nav.content has a row that no Accepted record stands behind")])


def test_content_that_no_record_erased(d):
    seqs = [int(r[0]) for r in d.postgres.sql("postgres", "SELECT seq FROM nav.content WHERE seq < 100 ORDER BY seq", "whole")]
    d.tamper("DELETE FROM nav.content WHERE seq < 100")
    report = d.verify_report()
    assert [f["seq"] for f in report["faults"]] == seqs and report["contents"] == report["events"] - len(seqs), report
    assert all("no record has erased" in f["what"] for f in report["faults"])


def test_forged_checkpoint(d):
    size, root = d.postgres.sql("postgres", "SELECT size, encode(root, 'hex') FROM nav.checkpoint ORDER BY size OFFSET 3 LIMIT 1", "whole")[0]
    origin = "nav.example.se/" + d.one("SELECT encode(log_id, 'hex') FROM nav.lease", "whole")
    forger = nacl.signing.SigningKey.generate()
    forged_root = hashlib.sha256(b"forged").digest()
    text = f"{origin}\n{size}\n{base64.b64encode(forged_root).decode()}\n"
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + bytes(forger.verify_key)).digest()[:4]
    note = f"{text}\n— {origin} {base64.b64encode(key_id + forger.sign(text.encode()).signature).decode()}\n"
    d.expect_faults(f"UPDATE nav.checkpoint SET root = '\\x{forged_root.hex()}', note = '{note}' WHERE size = {size}",
                    [(int(size), "no signature by this hub's checkpoint key")])
    d.expect_faults(f"UPDATE nav.checkpoint SET root = '\\x{forged_root.hex()}' WHERE size = {size}",
                    [(int(size), "its column root is not the root that its note signs")])
    d.expect_faults(f"UPDATE nav.checkpoint SET frontier = '\\x00' WHERE size = {size}", [(int(size), "its frontier does not give")])


def test_cut_tail(d):
    last = int(d.one("SELECT max(seq) FROM nav.ledger", "whole"))
    cut = last - 20
    everywhere = "".join(f"DELETE FROM nav.{t} WHERE seq > {cut};" for t in ("ledger", "content", "person", "mention", "rules_text"))
    everywhere += f"DELETE FROM nav.subtree WHERE (index + 1) << level > {cut};"
    d.expect_faults(everywhere, [(cut + 1, f"the records {cut + 1} to {last} are missing")])
    d.expect_faults(everywhere + f"UPDATE nav.lease SET last_seq = {cut}", [(cut + 1, f"to {last} are missing: a checkpoint covers them")])
    # With the checkpoints gone as well the agencies' cosignatures tell of them; with those gone too nothing here can: that is what the
    # agencies keep checkpoints for.
    gone = everywhere + f"UPDATE nav.lease SET last_seq = {cut}; DELETE FROM nav.checkpoint WHERE size > {cut};" \
        f"DELETE FROM nav.subtree WHERE ((index + 1) << level) > {cut};"
    sizes = [int(s) for s in d.one(f"SELECT string_agg(size::text, ' ' ORDER BY size, agency) FROM nav.cosignature WHERE size > {cut}",
                                   "whole").split()]
    d.expect_faults(gone, [(size, "and none is there") for size in sizes])
    d.tamper(gone + f"DELETE FROM nav.cosignature WHERE size > {cut}")
    assert d.verify_report()["ok"]


def test_lost_lease(d):
    d.expect_faults("DELETE FROM nav.lease", [(0, "nav.lease has no row")])


def test_rows_of_persons_tampered_with(d):
    seq = int(d.one("SELECT min(seq) FROM nav.person", "whole"))
    d.expect_faults(f"DELETE FROM nav.person WHERE seq = {seq}", [(seq, "nav.person lacks")])
    d.expect_faults(f"INSERT INTO nav.person VALUES ('\\x00112233445566778899aabbccddeeff', {seq})", [(seq, "nav.person has 1")])
    read = int(d.one("SELECT min(seq) FROM nav.mention", "whole"))
    d.expect_faults(f"DELETE FROM nav.mention WHERE seq = {read}", [(read, "nav.mention lacks 1")])


def test_verify_while_core_is_away(d):
    d.renew()
    d.core.stop()
    try:
        done = d.navctl("audit", "verify", "-o", "json")
        assert json.loads(done.stdout)["ok"] and "stands in no record" in done.stderr
        assert d.navctl("audit", "search", check=False).returncode == 5
        assert d.navctl("audit", "show", "17", check=False).returncode == 5
    finally:
        d.core = StandInCore(d.path("run", "core.sock"))


if __name__ == "__main__":
    sys.exit(run(globals()))
