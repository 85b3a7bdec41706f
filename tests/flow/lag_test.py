#!/usr/bin/env python3
"""A recipient far behind, of a database that knows nothing of its tables yet (no ANALYZE has run): what it lacks is read once, not once for each
page that it is sent, and comes in order and whole. Tables without statistics made each page look at all rows that were left."""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub  # noqa: E402
from nav_client_hub_test import PURPOSE, Agency, statuses  # noqa: E402

EVENTS, A_PUBLICATION = 8000, 200
# The page's own row, and that of the event which it joins; what a start reads; and as much again.
ROWS_AN_EVENT = 6
SETTLED_S = 1.5  # PostgreSQL's statistics are told of once a second


def rows_read(hub):
    """Of nav.ledger, by whoever."""
    time.sleep(SETTLED_S)
    police = Agency(hub, "polisen")
    police.client.connect()
    assert statuses(police.client.publish([police.incident(0)])) == ["duplicate"]  # a question, so that what is still untold is told with it
    time.sleep(SETTLED_S)
    return int(hub.postgres.sql("postgres", "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE "
                                            "schemaname = 'nav' AND relname = 'ledger'")[0][0])


def publish(hub):
    police = Agency(hub, "polisen")
    police.client.connect()
    seqs = []
    for first in range(0, EVENTS, A_PUBLICATION):
        receipts = police.client.publish([police.incident(n) for n in range(first, first + A_PUBLICATION)])
        assert statuses(receipts) == ["accepted"] * A_PUBLICATION
        seqs += [r.seq for r in receipts]
    return seqs


def retention_asks_for_its_days_alone(hub):
    """Of a month that is long past its time, and has nothing."""
    hub.postgres.sql("postgres", "SELECT nav.ensure_part(1202501)")
    before = rows_read(hub)
    assert json.loads(hub.navctl("retention", "preview", "-o", "json").stdout) == []
    read = rows_read(hub) - before
    assert 0 < read < EVENTS / 20, f"{read} rows of nav.ledger read to find that there is nothing to erase"


def main():
    with Hub(settings={"autovacuum": "off"}) as hub:
        seqs = publish(hub)
        hub.kill("nav-core")  # what it had in memory is gone
        hub.start_program("nav-core")
        hub.wait_ready()
        before = rows_read(hub)
        school = Agency(hub, "skolan")
        school.client.connect(purposes=[PURPOSE])
        assert [d.position for d in school.client.deliveries()] == seqs
        read = rows_read(hub) - before
        assert read >= EVENTS, f"{read} rows read: nothing was counted"
        assert read <= ROWS_AN_EVENT * EVENTS, f"{read} rows of nav.ledger read to send {EVENTS}"
        retention_asks_for_its_days_alone(hub)
        hub.verify()
    print(f"{EVENTS} events sent to a recipient that was away, {read / EVENTS:.1f} rows read for each")


if __name__ == "__main__":
    signal.alarm(300)
    main()
