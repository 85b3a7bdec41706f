"""The Python client against the client library's fake hub: two implementations of the wire format that share no code must agree.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from nacl import bindings as sodium  # noqa: E402
import nav_client  # noqa: E402

BIN = os.environ["NAV_BIN"]
FAKE_HUB = os.path.join(BIN, "fake_hub")
SCHEMA = nav_client.load_schema()


def make_keys():
    folder = tempfile.mkdtemp(prefix="nav-keys-")
    curve_public, curve_secret = sodium.crypto_box_keypair()
    signing_public, signing_secret = sodium.crypto_sign_keypair()
    for name, use, key in (("curve", "curve", curve_secret), ("signing", "signing", signing_secret),
                           ("id", "id", os.urandom(32))):
        with open(os.path.join(folder, name + ".key"), "w", encoding="ascii") as file:
            file.write(f"{use} {key.hex()}\n")
    keys = nav_client.Keys(folder)
    shutil.rmtree(folder)
    assert keys.curve_public == curve_public
    return keys, signing_public


class FakeHub:
    def __init__(self, *more, agency="skola"):
        self.keys, signing_public = make_keys()
        self.process = subprocess.Popen([FAKE_HUB, agency, self.keys.curve_public.hex(), signing_public.hex(), *more],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.where = json.loads(self.process.stdout.readline())

    def client(self, agency="skola", keys=None, **changes):
        where = dict(self.where, **changes)
        return nav_client.Client(agency, keys or self.keys, where["endpoint"], bytes.fromhex(where["curve"]),
                                 bytes.fromhex(where["session"]), schema=SCHEMA, wait_ms=3000)

    def end(self):
        out, _ = self.process.communicate(timeout=30)
        came = json.loads(out)
        assert came["faults"] == 0, came["fault"]
        assert self.process.returncode == 0
        return came


def event(keys, number):
    made = SCHEMA.Event(source="skola", revision=1, time_ms=1764547200000 + number)
    made.id = keys.event_id(made.time_ms, "skola", f"record-{number}")
    made.citizen_report.description = "x" * 300
    return made.SerializeToString()


def test_ids_salts_and_digests_agree():
    vectors = json.loads(subprocess.run([FAKE_HUB, "--vectors"], check=True, stdout=subprocess.PIPE).stdout)
    keys, _ = make_keys()
    keys.id_key = bytes(range(32))
    events = [bytes([ord("e"), i]) for i in range(3)]
    digests = [nav_client.event_digest(keys.salt(e), e) for e in events]
    assert keys.event_id(1764547200123, "skola", "frånvaro-1").hex() == vectors["id"]
    assert keys.salt(events[2]).hex() == vectors["salt"]
    assert digests[2].hex() == vectors["digest"]
    assert nav_client.merkle_root(digests).hex() == vectors["root"]


def test_publications_are_taken():
    hub = FakeHub()
    client = hub.client()
    client.connect()
    assert client.session.log_id.hex() == hub.where["log_id"]
    for count in (1, 2, 3, 100):
        receipts = client.publish([event(hub.keys, n) for n in range(count)])
        assert [r.status for r in receipts] == [SCHEMA.RECEIPT_STATUS_ACCEPTED] * count
    client.close()
    came = hub.end()
    assert (came["hellos"], came["publications"], came["events"]) == (1, 4, 106)


def test_each_event_has_its_receipt():
    hub = FakeHub("reject-odd")
    client = hub.client()
    client.connect()
    receipts = client.publish([event(hub.keys, n) for n in range(4)])
    accepted, rejected = SCHEMA.RECEIPT_STATUS_ACCEPTED, SCHEMA.RECEIPT_STATUS_REJECTED
    assert [r.status for r in receipts] == [accepted, rejected, accepted, rejected]
    assert receipts[1].code == SCHEMA.CODE_BAD_VALUE
    client.close()
    hub.end()


def test_deliveries_come_are_acknowledged_and_do_not_come_again():
    hub = FakeHub()
    client = hub.client()
    client.connect(purposes=["situation-picture"])
    got = wait_for_deliveries(client, 3)
    assert [d.position for d in got] == [1, 2, 3]
    assert all(d.purpose == "situation-picture" and d.rule == "rule" and not d.replay for d in got)
    assert got[0].event.citizen_report.description == "x" * 100
    client.acknowledge(got[1])  # the third is not stored
    client.connect(purposes=["situation-picture"])
    got = wait_for_deliveries(client, 1)
    assert [d.position for d in got] == [3]
    client.acknowledge(got[0])
    log_id = got[0].log_id
    client.connect(purposes=["situation-picture"], resume={"situation-picture": (log_id, 1)})
    got = wait_for_deliveries(client, 2)
    assert [(d.position, d.replay) for d in got] == [(2, True), (3, True)]
    client.close()
    came = hub.end()
    assert (came["cursor"], came["hellos"]) == (3, 3)


def wait_for_deliveries(client, count):
    # The fake hub does not hold its Pong back for deliveries, as a real one does.
    got, deadline = [], time.monotonic() + 10
    while len(got) < count and time.monotonic() < deadline:
        got.extend(client.deliveries())
    return got


def refused(connect):
    try:
        connect()
    except nav_client.HubError as error:
        return error.code
    raise AssertionError("was let in")


def test_who_is_not_known_is_refused():
    hub = FakeHub()
    other, _ = make_keys()
    stranger = hub.client(keys=other)
    assert refused(stranger.connect) is None  # CURVE: there is no answer at all
    impostor = hub.client()
    impostor.keys.signing_secret, signing = other.signing_secret, impostor.keys.signing_secret
    assert refused(impostor.connect) == SCHEMA.CODE_BAD_SIGNATURE
    impostor.keys.signing_secret = signing
    assert refused(hub.client(agency="polis").connect) == SCHEMA.CODE_WRONG_AGENCY
    assert refused(hub.client(session="00" * 32).connect) == SCHEMA.CODE_UNKNOWN_KEY
    stranger.close()
    hub.end()


def main():
    tests = [(name, test) for name, test in sorted(globals().items()) if name.startswith("test_")]
    for name, test in tests:
        test()
        print(f"ok {name}", flush=True)
    print(f"{len(tests)} passed")


if __name__ == "__main__":
    main()
