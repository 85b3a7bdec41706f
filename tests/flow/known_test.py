#!/usr/bin/env python3
"""What nav-core reads of the past, the newest at its start and the rest in the background: which ids the store is asked for (of new events
none, once all are read; and no id that was accepted is ever taken for new, before that or after, whatever nav-core was killed in), and what
status counts, which is then as if it had never been stopped."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub, wait_until  # noqa: E402
from nav_client_hub_test import NOW_MS, Agency, statuses  # noqa: E402

PAGE, AT_START = 4096, 8 * 4096  # hub/core/past.c
A_PUBLICATION = 200
IN_THE_BACKGROUND = PAGE + 300
EVENTS = AT_START + IN_THE_BACKGROUND
OLDER, UNSENT = 600000, 999999
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


def counts(hub):
    status = hub.status()
    police = next(row for row in status["agencies"] if row["id"] == "polisen")
    lanes = {(row["agency"], row["purpose"]): row["behind"] for row in status["lanes"]}
    return [status["ledger"]["events"], police["accepted"], police["withheld"], police["held"], lanes]


def older_ones_wait(hub):
    """Rows before all others, so many that reading them takes longer than to ask; the last to be read has the id of an event that is sent
    meanwhile. It must be asked for, and not be taken for new."""
    identity = connected(hub).keys.event_id(NOW_MS, "polisen", f"incident-{UNSENT}").hex()
    before = counts(hub)
    hub.postgres.sql("postgres", "INSERT INTO nav.ledger (seq, at, kind, record, leaf, event_id, agency, revision, digest, type, time, verdict, "
                                 f"bucket_class, bucket_day, published_seq) SELECT -g, at, kind, '', '', decode(CASE WHEN g = {OLDER} THEN '{identity}' "
                                 "ELSE lpad(to_hex(g), 32, '0') END, 'hex'), agency, 1, digest, type, time, verdict, bucket_class, bucket_day, "
                                 "published_seq FROM (SELECT * FROM nav.ledger WHERE event_id IS NOT NULL ORDER BY seq LIMIT 1) AS e, "
                                 f"generate_series(1, {OLDER}) AS g")
    restart(hub)
    status = hub.status()
    assert status["ledger"]["counted"] is False, "all was read before anybody could ask: plant more"
    assert AT_START <= status["ledger"]["events"] < before[0] + OLDER, status["ledger"]
    assert {lane["behind"] for lane in status["lanes"]} == {None}
    assert publish(connected(hub), [UNSENT]) == ["CODE_CONFLICT"]
    wait_until("all are counted", lambda: hub.status()["ledger"]["counted"], 120)
    after = counts(hub)
    assert after[:4] == [before[0] + OLDER, before[1] + OLDER, *before[2:4]], (before, after)
    assert publish(connected(hub), [UNSENT]) == ["CODE_CONFLICT"]
    assert publish(connected(hub), [UNSENT + 1]) == ["accepted"]


def main():
    with Hub() as hub:
        assert publish(connected(hub), range(EVENTS)) == ["accepted"] * EVENTS
        before = counts(hub)
        assert before[0] == EVENTS and EVENTS in before[-1].values(), before
        restart(hub)
        assert publish(connected(hub), range(IN_THE_BACKGROUND)) == ["duplicate"] * IN_THE_BACKGROUND
        assert publish(connected(hub), range(0, EVENTS, 10)) == ["duplicate"] * len(range(0, EVENTS, 10))
        wait_until("all ids are read", lambda: f"the ids of {EVENTS} events are read" in hub.log("nav-core"))
        assert hub.status()["ledger"]["counted"] is True
        assert counts(hub) == before, (counts(hub), before)
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
        older_ones_wait(hub)
    print(f"{EVENTS} events accepted once; no question for a new one, {asked} looks for 300 known ones")


if __name__ == "__main__":
    signal.alarm(400)
    main()
