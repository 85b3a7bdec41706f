#!/usr/bin/env python3
"""Cosignatures that do not hold, sent over the wire by an agency that is let in: a flipped bit, another tree, another agency's key or name, a
size that was never shown, and what is no line at all. Each is refused and recorded once a session, the session goes on, nothing of it is
kept or shown to others, and another agency's real adapter goes on confirming, without an alarm. Then the same agency confirms rightly.

    tests/flow/cosign_wrong_test.py"""

import base64
import hashlib
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from nacl import bindings as sodium  # noqa: E402

from agencies import Ledger  # noqa: E402
from cosign_test import cosigned, events, record, state  # noqa: E402
from hub import Hub, wait_until  # noqa: E402
from nav_client import CREDIT, Client, Keys, read_hub_keys, read_key  # noqa: E402

LIAR, OTHER = "skolan", "polisen"


class Witness(Client):
    """A client that wants checkpoints; it has none."""

    def _start(self, purposes, resume):
        self._send(start=self.schema.Start(credit_bytes=CREDIT, client="cosign_wrong_test.py", checkpoint=""))
        while (frame := self._receive()).WhichOneof("frame") != "session":
            pass
        self.session = frame.session
        self.purpose_of_lane = {}

    def shown(self):
        """The note of the next checkpoint that the hub shows."""
        while (frame := self._receive()).WhichOneof("frame") != "checkpoint":
            pass
        return frame.checkpoint

    def confirm(self, size, line):
        self._send(cosignature=self.schema.Cosignature(size=size, line=line))
        self.ping()  # answered, so what was sent before it was taken, and the session goes on


def cosignature(note, agency, secret):
    """A line of c2sp.org/tlog-cosignature as that agency makes it."""
    body = note[:note.index("\n\n") + 1]
    name = f"{agency}.{note.split(chr(10))[0].rpartition('/')[0]}"
    seconds = int(time.time())
    signed = sodium.crypto_sign(f"cosignature/v1\ntime {seconds}\n{body}".encode(), secret)[:64]
    data = hashlib.sha256(name.encode() + b"\n\x04" + secret[32:]).digest()[:4] + seconds.to_bytes(8, "big") + signed
    return f"— {name} {base64.b64encode(data).decode()}\n"


def flipped(line):
    head, _, encoded = line.rstrip("\n").rpartition(" ")
    data = bytearray(base64.b64decode(encoded))
    data[-1] ^= 1
    return f"{head} {base64.b64encode(data).decode()}\n"


def of_another_tree(note):
    lines = note.split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    return "\n".join(lines)


def wrong_ones(own, theirs):
    """(what it is, size and line of a note)."""
    _, stranger = sodium.crypto_sign_keypair()
    return (
        ("a flipped bit", lambda size, note: (size, flipped(cosignature(note, LIAR, own)))),
        ("another tree", lambda size, note: (size, cosignature(of_another_tree(note), LIAR, own))),
        ("a stranger's key", lambda size, note: (size, cosignature(note, LIAR, stranger))),
        ("another agency's, which holds", lambda size, note: (size, cosignature(note, OTHER, theirs))),
        ("one's own key under another's name", lambda size, note: (size, cosignature(note, OTHER, own))),
        ("a size that was not shown", lambda size, note: (size + 1000, cosignature(note, LIAR, own))),
        ("no line", lambda size, note: (size, "hej")),
    )


def rejections(hub):
    return [r for _, r in Ledger(hub).records("rejected") if r.agency == LIAR]


def rejected_count(hub):
    return [a["rejected"] for a in hub.status()["agencies"] if a["id"] == LIAR][0]


def refused(hub, client, what, make):
    before, counted = len(rejections(hub)), rejected_count(hub)
    client.connect()
    shown = client.shown()
    size = int(shown.note.split("\n")[1])
    client.confirm(*make(size, shown.note))
    wait_until(f"{what} is recorded", lambda: len(rejections(hub)) == before + 1)
    assert rejections(hub)[-1].field.startswith("cosignature"), (what, rejections(hub)[-1])
    assert rejected_count(hub) == counted + 1, what
    client.confirm(*make(size, shown.note))  # once a session, or each would make a record, and that a checkpoint
    record(hub)
    assert len(rejections(hub)) == before + 1, what
    client.close()


def nothing_is_kept(hub, client):
    assert not [size for size, agencies in cosigned(hub).items() if LIAR in agencies], cosigned(hub)
    client.connect()
    shown = client.shown()
    assert f"— {LIAR}." not in shown.cosigned_note, shown.cosigned_note
    client.close()


def others_go_on(hub):
    """Each checkpoint is confirmed by who confirms, liar or no."""
    newest = max(cosigned(hub), default=0)
    record(hub)
    wait_until("the other agency confirms a newer checkpoint",
               lambda: max([s for s, a in cosigned(hub).items() if OTHER in a], default=0) > newest or record(hub))
    assert not state(hub, OTHER, "ALARM") and hub.processes["adapter-" + OTHER].poll() is None, hub.log("adapter-" + OTHER)


def confirmed_rightly(hub, client, own):
    """The same agency, the same way, with a line that holds: so what was refused was refused for what it was."""
    before = len(rejections(hub))
    client.connect()

    def stored():
        shown = client.shown()
        client.confirm(int(shown.note.split("\n")[1]), cosignature(shown.note, LIAR, own))
        record(hub)
        return [s for s, a in cosigned(hub).items() if LIAR in a]
    wait_until("a right one is stored", stored)
    client.close()
    assert len(rejections(hub)) == before
    report = hub.verify()
    assert report["ok"] and report["cosignatures"] == sum(len(a) for a in cosigned(hub).values()), report
    return report["cosignatures"]


def main():
    with Hub(agencies=(OTHER, LIAR)) as hub:
        hub.start_adapter(OTHER)
        hub.drop(OTHER, "1.json", events(1))
        wait_until("the other agency confirms", lambda: record(hub) or [a for a in cosigned(hub).values() if OTHER in a])
        own, theirs = (read_key(hub.path("agencies", a, "keys", "witness.key"), "witness") for a in (LIAR, OTHER))
        client = Witness(LIAR, Keys(hub.path("agencies", LIAR, "keys")), f"tcp://127.0.0.1:{hub.port}",
                         *read_hub_keys(hub.path("config", "keys", "hub.yaml")))
        cases = wrong_ones(own, theirs)
        for what, make in cases:
            refused(hub, client, what, make)
        nothing_is_kept(hub, client)
        others_go_on(hub)
        count = confirmed_rightly(hub, client, own)
    print(f"{len(cases)} wrong cosignatures refused and recorded, none kept; {count} right ones verified")


if __name__ == "__main__":
    main()
