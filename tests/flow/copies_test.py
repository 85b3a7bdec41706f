#!/usr/bin/env python3
"""What recipients who wait are sent was redacted when its event was accepted; what others are sent, and what is sent again, is redacted
when it is sent. It is the same: events with fields of several classes and persons, to recipients who wait, to one who comes later, and
to all of them once more.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from history_clients import SCHEMA, WRITES  # noqa: E402
from hub import Hub, wait_until  # noqa: E402

PURPOSES = {"polisen": ["situation-picture", "place-collaboration", "young-at-risk", "sig", "welfare-crime"],
            "stadsdelen": ["situation-picture", "place-collaboration", "young-at-risk", "welfare-crime"],
            "socialtjansten": ["situation-picture", "young-at-risk", "sig", "welfare-crime"]}
LATE = "socialtjansten"
SENDERS = ("bostadsbolaget", "skolan")
EVENTS = 120  # of each sender
NOW_MS = int(time.time() * 1000)


def client_of(hub, agency):
    curve, session = nav_client.read_hub_keys(hub.path("config", "keys", "hub.yaml"))
    return nav_client.Client(agency, nav_client.Keys(hub.path("agencies", agency, "keys")), f"tcp://127.0.0.1:{hub.port}", curve, session,
                             schema=SCHEMA, wait_ms=30000)


def take(client):
    taken, last = {}, {}
    for d in client.deliveries():
        taken[d.purpose, d.position] = (d.event, d.withheld, d.rule, d.basis, d.obligations)
        last[d.purpose] = d
    for delivery in last.values():
        if not delivery.replay:
            client.acknowledge(delivery)
    return taken


def event_of(client, agency, chance, number):
    event = SCHEMA.Event(id=client.keys.event_id(NOW_MS, agency, f"copies-{number}"), source=agency, revision=1, time_ms=NOW_MS,
                         recorded_time_ms=NOW_MS)
    WRITES[agency](event, chance, number, f"Prov {number}")
    return event.SerializeToString()


def publish(hub, agency):
    client, chance = client_of(hub, agency), random.Random(agency)
    client.connect()
    receipts = client.publish([event_of(client, agency, chance, number) for number in range(EVENTS)])
    assert all(r.status == SCHEMA.RECEIPT_STATUS_ACCEPTED for r in receipts), receipts


def same(agency, before, now):
    assert before.keys() == now.keys(), (agency, len(before), len(now))
    for key, delivery in before.items():
        assert now[key] == delivery, (agency, key, delivery, now[key])


def main():
    with Hub(agencies=(*SENDERS, *PURPOSES)) as hub:
        clients = {agency: client_of(hub, agency) for agency in PURPOSES}
        for agency in PURPOSES:
            if agency != LATE:
                clients[agency].connect(purposes=PURPOSES[agency])
        for sender in SENDERS:
            publish(hub, sender)
        clients[LATE].connect(purposes=PURPOSES[LATE])
        got = {agency: take(client) for agency, client in clients.items()}
        kinds = {(rule, tuple(withheld)) for d in got.values() for _, withheld, rule, *_ in d.values()}
        assert all(got.values()) and sum(len(d) for d in got.values()) >= EVENTS, {a: len(d) for a, d in got.items()}
        assert sum(1 for _, withheld in kinds if withheld) >= 2, kinds  # else this test sees little
        wait_until("all is acknowledged", lambda: hub.behind(PURPOSES) == 0)
        hub.kill("nav-core")  # it remembers no copy, and reads what it sends again from the store
        hub.start_program("nav-core")
        hub.wait_ready()
        for agency in PURPOSES:
            client = client_of(hub, agency)
            client.connect(purposes=PURPOSES[agency])
            again = {}
            for lane in client.session.lanes:
                client.replay(lane.number, after=0)
                again.update(take(client))
            same(agency, got[agency], again)
        print("copies:", ", ".join(f"{agency} {len(d)}" for agency, d in got.items()),
              f"deliveries of {len(kinds)} kinds, and all once more, the same")
    return 0


if __name__ == "__main__":
    sys.exit(main())
