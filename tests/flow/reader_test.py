#!/usr/bin/env python3
"""Who read, beside the records: the migration fills the column for the readings that a ledger has already, of every kind and however the
record is laid out, and leaves it empty of all others; what a hub writes afterwards is found by `audit search --reader`, and nothing else.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub  # noqa: E402
from postgres import Postgres  # noqa: E402

MIGRATION = "016"
READINGS = (40, 41, 42)


# ---- records as protobuf writes them ----

def varint(value):
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    data = value if isinstance(value, bytes) else value.encode()
    return varint(field << 3 | 2) + varint(len(data)) + data


def record(seq, kind, message):
    return number(1, seq) + number(2, 1790000000000) + number(3, 2**63) + text(kind, message)


# kind, message, who read.
RECORDS = (
    (40, text(1, "anna-ek") + text(2, "polisen") + text(6, b"\x0a\x01x"), "anna-ek"),
    (40, text(2, "polisen") + text(5, varint(300) + varint(2**40)) + text(1, "åsa-öberg"), "åsa-öberg"),
    (40, text(2, "polisen"), None),
    (40, text(1, ""), None),
    (41, text(1, "m") + text(2, "x" * 300) + number(3, 2**63 + 5) + text(5, "bo-ek") + text(6, "polisen"), "bo-ek"),
    (41, text(1, "anna-ek"), None),
    (42, text(1, "anna-ek") + text(4, "audit search reader=bo-ek"), "anna-ek"),
    (60, text(1, "anna-ek") + text(5, "anna-ek"), None),
    (21, text(1, "anna-ek"), None),
)


def migrates(pg):
    pg.apply_schema(up_to=str(int(MIGRATION) - 1).zfill(3))
    for seq, (kind, message, _) in enumerate(RECORDS, 1):
        pg.sql("postgres", "INSERT INTO nav.ledger (seq, at, kind, record, leaf) VALUES "
                           f"({seq}, now(), {kind}, '\\x{record(seq, kind, message).hex()}', '\\x{bytes(32).hex()}')")
    pg.apply_schema(after=str(int(MIGRATION) - 1).zfill(3))
    rows = pg.sql("postgres", "SELECT seq, coalesce(reader, '-') FROM nav.ledger ORDER BY seq")
    assert rows == [[str(seq), who or "-"] for seq, (_, _, who) in enumerate(RECORDS, 1)], rows
    try:
        pg.sql("nav_owner", "UPDATE nav.ledger SET reader = NULL WHERE seq = 1")
    except Exception as refused:
        assert "only grows" in str(refused), refused
    else:
        raise AssertionError("the migration left the ledger open to changes")


def found(hub):
    for _ in range(3):
        hub.navctl("audit", "search", "--reason", "prov")
    hub.navctl("audit", "show", "1")
    everything = json.loads(hub.navctl("audit", "search", "-o", "json").stdout)
    mine = [line["seq"] for line in everything if line["actor"] == "test" and line["kind"] in ("read", "briefing_compiled", "audit_read")]
    assert len(mine) >= 4, mine
    told = json.loads(hub.navctl("audit", "search", "--reader", "test", "-o", "json").stdout)
    assert [line["seq"] for line in told][-len(mine):] == mine and len(told) <= len(mine) + 2, (told, mine)  # and the questions themselves
    assert json.loads(hub.navctl("audit", "search", "--reader", "tes", "-o", "json").stdout) == []
    kinds = {int(row[0]) for row in hub.postgres.sql("postgres", "SELECT DISTINCT kind FROM nav.ledger WHERE reader IS NOT NULL")}
    assert kinds and kinds <= set(READINGS), kinds
    assert hub.verify()["faults"] == []
    hub.postgres.sql("postgres", f"SET session_replication_role = replica; UPDATE nav.ledger SET reader = NULL WHERE seq = {mine[0]}")
    assert [(f["seq"], f["what"].split(": ")[-1]) for f in hub.verify()["faults"]] == [(mine[0], "reader")], hub.verify()["faults"]


def main():
    with Postgres() as pg:
        migrates(pg)
    with Hub(agencies=()) as hub:
        found(hub)
    print("ok")


if __name__ == "__main__":
    main()
