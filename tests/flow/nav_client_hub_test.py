"""The Python client against a whole hub: what an agency with a program of its own can and cannot do.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from hub import Hub, wait_until  # noqa: E402

SCHEMA = nav_client.load_schema()
PURPOSE = "situation-picture"
NOW_MS = int(time.time() * 1000)


class Agency:
    def __init__(self, hub, name):
        self.keys = nav_client.Keys(hub.path("agencies", name, "keys"))
        curve, session = nav_client.read_hub_keys(hub.path("config", "keys", "hub.yaml"))
        self.name = name
        self.client = nav_client.Client(name, self.keys, f"tcp://127.0.0.1:{hub.port}", curve, session, schema=SCHEMA)

    def incident(self, number, revision=1, source=None, text="Brand"):
        event = SCHEMA.Event(id=self.keys.event_id(NOW_MS, self.name, f"incident-{number}"), source=source or self.name,
                             revision=revision, time_ms=NOW_MS, recorded_time_ms=NOW_MS)
        event.place.municipality = "0180"
        event.place.precision = SCHEMA.PRECISION_AREA
        event.public_incident.kind = text
        return event.SerializeToString()


def statuses(receipts):
    names = {SCHEMA.RECEIPT_STATUS_ACCEPTED: "accepted", SCHEMA.RECEIPT_STATUS_DUPLICATE: "duplicate"}
    return [names.get(r.status) or SCHEMA.Code.Name(r.code) for r in receipts]


def sending(hub):
    police = Agency(hub, "polisen")
    police.client.connect()
    events = [police.incident(i) for i in range(5)]
    first = police.client.publish(events)
    assert statuses(first) == ["accepted"] * 5, statuses(first)
    again = police.client.publish(events)
    assert statuses(again) == ["duplicate"] * 5
    assert [r.seq for r in again] == [r.seq for r in first]
    mixed = police.client.publish([police.incident(0, text="Rån"), police.incident(9, source="skolan"), b"\xff\xff",
                                   police.incident(1, revision=2, text="Rån"), police.incident(6)])
    assert statuses(mixed) == ["CODE_CONFLICT", "CODE_WRONG_AGENCY", "CODE_MALFORMED", "accepted", "accepted"], \
        statuses(mixed)
    assert mixed[0].latest_revision == 1
    return [r.seq for r in first] + [mixed[3].seq, mixed[4].seq]


def receiving(hub, seqs):
    school = Agency(hub, "skolan")
    school.client.connect(purposes=[PURPOSE])
    got = list(school.client.deliveries())
    assert [d.position for d in got] == seqs, ([d.position for d in got], seqs)
    assert all(d.event.source == "polisen" and d.event.public_incident.kind for d in got)
    assert got[0].rule and got[0].basis
    school.client.acknowledge(got[3])
    acknowledged = wait_until("the cursor moves", lambda: cursor(hub, "skolan") == got[3].position or None)
    assert acknowledged
    # What is not acknowledged comes again in a new session, and nothing else.
    school.client.connect(purposes=[PURPOSE])
    again = list(school.client.deliveries())
    assert [d.position for d in again] == seqs[4:]
    school.client.acknowledge(again[-1])
    wait_until("the cursor moves", lambda: cursor(hub, "skolan") == again[-1].position)
    # An inbox restored to an earlier place gets a replay, which moves nothing.
    school.client.connect(purposes=[PURPOSE], resume={PURPOSE: (again[0].log_id, seqs[1])})
    replayed = list(school.client.deliveries())
    assert [(d.position, d.replay) for d in replayed] == [(s, True) for s in seqs[2:]]


def cursor(hub, agency):
    return [lane["cursor"] for lane in hub.status()["lanes"]
            if lane["agency"] == agency and lane["purpose"] == PURPOSE][0]


def refused(action):
    try:
        action()
    except nav_client.HubError as error:
        return SCHEMA.Code.Name(error.code) if error.code is not None else str(error)
    raise AssertionError("was taken")


def cheating(hub):
    police, school = Agency(hub, "polisen"), Agency(hub, "skolan")
    # Somebody else's CURVE key is of no use without their signing key, nor the other way round.
    school.keys.signing_secret = police.keys.signing_secret
    assert refused(school.client.connect) == "CODE_BAD_SIGNATURE"
    school = Agency(hub, "skolan")
    school.client.agency = "polisen"
    assert refused(school.client.connect) == "CODE_WRONG_AGENCY"
    # A publication signed for another ledger is refused whole, and so is one with an event put in afterwards.
    police.client.connect()
    police.client.session.log_id = b"\0" * 16
    assert set(statuses(police.client.publish([police.incident(20), police.incident(21)]))) == {"CODE_BAD_SIGNATURE"}
    # The same sealed frame twice ends the session, for it alone.
    school = Agency(hub, "skolan")
    school.client.connect()
    police.client.connect()
    frame = police.client.stream.seal(SCHEMA.ClientFrame(ping=SCHEMA.Ping(number=7)).SerializeToString())
    police.client.socket.send(frame)
    assert police.client._receive().pong.number == 7
    police.client.socket.send(frame)
    assert "reset" in refused(police.client._receive)
    school.client.ping()
    assert school.client._receive().pong.number == 1
    # A purpose that the agency takes no part in.
    assert refused(lambda: school.client.connect(purposes=["no-such-purpose"])) == "CODE_UNKNOWN_LANE"


def main():
    with Hub(agencies=("polisen", "skolan")) as hub:
        seqs = sending(hub)
        print("ok sending", flush=True)
        receiving(hub, seqs)
        print("ok receiving", flush=True)
        cheating(hub)
        print("ok cheating", flush=True)
        found = hub.verify()
        assert found["ok"], found["faults"][:5]
        print("ok verify", flush=True)


if __name__ == "__main__":
    main()
