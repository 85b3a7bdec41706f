#!/usr/bin/env python3
"""Which ids the store is asked for: of new events none, once nav-core has read after its start which ids there are; and no id that was
accepted is ever taken for new, before that or after, whatever nav-core was killed in."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub, wait_until  # noqa: E402
from nav_client_hub_test import Agency, statuses  # noqa: E402

PAGE = 4096  # hub/core/known.c
A_PUBLICATION = 200
EVENTS = PAGE + 300
SETTLED_S = 1.5  # PostgreSQL's statistics are told of once a second


def publish(agency, numbers, **more):
    """Of each event: its status."""
    got = []
    for first in range(0, len(numbers), A_PUBLICATION):
        got += statuses(agency.client.publish([agency.incident(n, **more) for n in numbers[first:first + A_PUBLICATION]]))
    return got


def connected(hub):
    agency = Agency(hub, "polisen")
    agency.client.connect()
    return agency


def questions(hub):
    """How often the index of ids was looked into; what is inserted is not counted."""
    time.sleep(SETTLED_S)
    publish(connected(hub), [0])  # a question, so that what is still untold is told with it
    time.sleep(SETTLED_S)
    return int(hub.postgres.sql("postgres", "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'event_identity'")[0][0])


def restart(hub):
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()


def main():
    with Hub() as hub:
        assert publish(connected(hub), range(EVENTS)) == ["accepted"] * EVENTS
        restart(hub)
        # Most of these come before all ids are read.
        assert publish(connected(hub), range(EVENTS)) == ["duplicate"] * EVENTS
        wait_until("all ids are read", lambda: f"the ids of {EVENTS} events are read" in hub.log("nav-core"))
        assert publish(connected(hub), [0, 1, EVENTS - 1]) == ["duplicate"] * 3
        assert publish(connected(hub), [5], text="Rån") == ["CODE_CONFLICT"]
        assert publish(connected(hub), [5], revision=2, text="Rån") == ["accepted"]
        before = questions(hub)
        assert publish(connected(hub), range(EVENTS, EVENTS + 300)) == ["accepted"] * 300
        after = questions(hub)
        assert after == before + 1, f"{after - before - 1} questions for 300 new events"
        publish(connected(hub), range(300))
        asked = questions(hub) - after - 1
        assert asked >= 2, f"{asked} questions for 300 events that were there: nothing was counted"
        hub.verify()
    print(f"{EVENTS} events accepted once; no question for a new one, {asked} looks for 300 known ones")


if __name__ == "__main__":
    signal.alarm(400)
    main()
