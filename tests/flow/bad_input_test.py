#!/usr/bin/env python3
"""Bad input of every kind gets its clear error in the right place, is counted and recorded, and everything good around it arrives."""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from hub import BIN, Hub, wait_until  # noqa: E402
from nav_client_hub_test import SCHEMA, Agency, statuses  # noqa: E402
from postgres import ROOT  # noqa: E402

FRAME_MAX = 61440


def nested(depth):
    """A field of messages within messages, deeper than anything of ours."""
    data = b""
    for _ in range(depth):
        data = b"\x32" + varint(len(data)) + data  # field 6, length-delimited
    return data


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub(agencies=("polisen", "skolan")).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__(None, None, None)

    def agency(self, name="polisen"):
        agency = Agency(self.hub, name)
        agency.client.connect()
        return agency

    def rejected(self, code):
        """Records of refusals with that code."""
        done = self.hub.navctl("audit", "search", "--kind", "rejected", "--limit", "1000", "-o", "ndjson")
        return [line for line in done.stdout.splitlines() if code in line]

    def test_bad_events_among_good_ones(self):
        police = self.agency()
        good = [police.incident(f"good-{i}") for i in range(3)]
        text = SCHEMA.Event.FromString(police.incident("utf"))
        bad_utf8 = police.incident("utf", text="Brxnd").replace(b"Brxnd", b"Br\xffnd")
        unknown_enum = SCHEMA.Event.FromString(police.incident("enum"))
        unknown_enum = unknown_enum.SerializeToString() + b"\x32\x02\x10\x7f"  # place once more: not canonical
        no_body = SCHEMA.Event(id=text.id, source="polisen", revision=1, time_ms=text.time_ms,
                               recorded_time_ms=text.time_ms).SerializeToString()
        hub_only = SCHEMA.Event.FromString(police.incident("hub-only"))
        hub_only.subjects.add(pseudonym="abc", protection=SCHEMA.PROTECTION_NONE)
        events = [good[0], b"\xff" * 40, good[1], nested(40), bad_utf8, unknown_enum, no_body,
                  hub_only.SerializeToString(), good[2]]
        receipts = police.client.publish(events)
        self.assertEqual([s == "accepted" for s in statuses(receipts)],
                         [True, False, True, False, False, False, False, False, True], statuses(receipts))
        codes = statuses(receipts)
        self.assertEqual(codes[4], "CODE_BAD_UTF8")
        self.assertEqual(receipts[4].field, "public_incident.kind")
        self.assertEqual(codes[7], "CODE_RESERVED_FIELD")
        self.assertIn("subjects.0.pseudonym", receipts[7].field)
        self.assertTrue(all(r.reason for r in receipts if r.HasField("code")))
        self.assertTrue(self.rejected("bad_utf8"))
        self.assertTrue(self.rejected("reserved_field"))

    def test_an_unknown_field_is_dropped_and_never_delivered(self):
        """A newer sender's field is kept out at every level, and the event still passes."""
        police, school = self.agency(), Agency(self.hub, "skolan")
        event = police.incident("newer") + b"\xfa\x3f\x08unheard!"  # field 1023
        self.assertEqual(statuses(police.client.publish([event])), ["accepted"])
        school.client.connect(purposes=["situation-picture"])
        got = list(school.client.deliveries())
        self.assertTrue(got)
        self.assertFalse([d for d in got if b"unheard!" in d.event.SerializeToString()])

    def test_an_unknown_message_and_garbage_within_a_session(self):
        police = self.agency()
        for plain in (b"\xff\xff\xff", b"\xf2\x3f\x02\x08\x01"):
            police.client.socket.send(police.client.stream.seal(plain))
            with self.assertRaises(nav_client.HubError) as refused:
                police.client._receive()
            self.assertIsNotNone(refused.exception.code)
        # The session goes on, and so does everybody else's.
        self.assertEqual(statuses(police.client.publish([police.incident("after-garbage")])), ["accepted"])

    def test_garbage_bytes_instead_of_a_frame(self):
        police, school = self.agency(), self.agency("skolan")
        police.client.socket.send(b"\x99" * 50)
        with self.assertRaises(nav_client.HubError):
            police.client._receive_message()
        school.client.ping()
        self.assertIsNotNone(school.client._receive())

    def test_an_oversized_frame_is_answered(self):
        police = self.agency()
        police.client.socket.send(b"\x04" + b"\0" * (FRAME_MAX + 10))
        with self.assertRaises(nav_client.HubError) as refused:
            police.client._receive_message()
        self.assertEqual(refused.exception.code, SCHEMA.CODE_TOO_LARGE)

    def test_an_unknown_key_is_turned_away(self):
        stranger = Agency(self.hub, "polisen")
        stranger.client.wait_ms = 1500
        from nacl.public import PrivateKey
        secret = PrivateKey.generate()
        stranger.keys.curve_secret, stranger.keys.curve_public = bytes(secret), bytes(secret.public_key)
        with self.assertRaises(nav_client.HubError):
            stranger.client.connect()
        wait_until("the refusal is recorded", lambda: self.hub.navctl(
            "audit", "search", "--kind", "refused_session", "-o", "ndjson").stdout.strip(), 20)

    def test_a_wrong_signature_refuses_the_whole_publication(self):
        police = self.agency()
        police.keys.sign = lambda use, *parts: b"\0" * 64
        self.assertEqual(set(statuses(police.client.publish([police.incident("forged")]))), {"CODE_BAD_SIGNATURE"})
        self.assertTrue(self.rejected("bad_signature"))

    def test_many_refusals_do_not_grow_the_ledger_without_end(self):
        police = self.agency()
        before = self.hub.status()["ledger"]["records"]
        for _ in range(3):
            police.client.publish([b"\xff\xff" + struct.pack(">I", i) for i in range(200)])
        wait_until("the commit", lambda: self.hub.status()["ledger"]["records"] > before)
        self.assertLess(self.hub.status()["ledger"]["records"] - before, 200)

    def test_a_truncated_file_and_a_bad_record_among_good_ones(self):
        records = [{"id": 900000 + i, "datetime": "2026-08-13 7:48:01 +02:00",
                    "name": f"13 augusti 06.3{i}, Brand, Upplands-Bro", "summary": f"Rad {i}.", "url": "/x/",
                    "type": "Brand", "location": {"name": "Stockholms län", "gps": "59.60,18.13"}} for i in range(4)]
        records[2] = {"id": "nonsense"}
        whole = json.dumps(records, ensure_ascii=False)
        self.hub.drop("polisen", "a-bad-record.json", whole)
        cut = json.dumps([{**r, "id": r["id"] + 50} for r in records[:2]], ensure_ascii=False)
        self.hub.drop("polisen", "b-truncated.json", cut[:-40])
        done = self.hub.run_adapter("polisen")
        self.assertIn("a-bad-record.json", done.stderr)
        self.assertIn("b-truncated.json", done.stderr)
        self.assertRegex(done.stderr, r"accepted 4\b", done.stderr)

    def test_the_database_is_down(self):
        police = self.agency()
        self.hub.postgres.stop("immediate")
        try:
            with self.assertRaises(nav_client.HubError) as busy:
                for i in range(20):
                    police.client.publish([police.incident(f"down-{i}")])
            self.assertIn(busy.exception.code, (SCHEMA.CODE_BUSY, None))
            done = self.hub.navctl("audit", "verify", check=False)
            self.assertEqual(done.returncode, 5, done.stderr)
        finally:
            self.hub.postgres.start()
        wait_until("the hub takes events again", lambda: self.takes_again("after-down"), 30)

    def takes_again(self, name):
        try:
            police = self.agency()
            police.client.wait_ms = 2000
            return statuses(police.client.publish([police.incident(name)]))[0] in ("accepted", "duplicate")
        except nav_client.HubError:
            return False


class FaultyRules(unittest.TestCase):
    def test_five_faults_are_told_at_once(self):
        folder = tempfile.mkdtemp(prefix="navrules-", dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        shutil.copytree(os.path.join(ROOT, "config"), os.path.join(folder, "config"))
        path = os.path.join(folder, "config", "access", "sig.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("purpose: {id: sig, titel: SIG}\nrules:\n  - id: a\n    permit: {from: socail, event: Absense, to: police}\n"
                       "    basis: osl-99\n    reveal: [identitet]\n")
        done = subprocess.run([os.path.join(BIN, "navctl"), "access", "check", os.path.join(folder, "config"), "-o", "json"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 6, done.stderr)
        faults = [f for f in json.loads(done.stdout) if f["file"].endswith("sig.yaml")]
        self.assertGreaterEqual(len(faults), 5, done.stdout)
        self.assertTrue(all(f["line"] > 0 and f["column"] > 0 for f in faults))
        self.assertTrue(any("Absence" in f["hint"] or "Absence" in f["what"] for f in faults), done.stdout)


if __name__ == "__main__":
    unittest.main()
