#!/usr/bin/env python3
"""Which events a reading of a span lists, on the made ledger of desk.py: by when they happened, whenever they were accepted,
each in its newest revision.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from desk import read_events, run, span_of  # noqa: E402
from hub import wait_until  # noqa: E402


def test_span_is_by_when_it_happened(d):
    d.renew()
    start, end = span_of(d)
    middle = (start + end) // 2
    parts = [read_events(d, a, b, opened=False)["events"] for a, b in ((start, middle), (middle, end))]
    assert len(parts[0]) + len(parts[1]) == int(d.one("SELECT count(*) FROM nav.event_view")) and parts[0] and parts[1]
    assert all(e["time_ms"] < middle for e in parts[0]) and all(e["time_ms"] >= middle for e in parts[1])


def test_span_finds_what_was_accepted_at_another_time(d):
    """Long after it happened, or before; some on another day than their records' times say, as where a clock went back: what the listing
    finds is what the table has."""
    d.tamper("UPDATE nav.ledger SET bucket_day = bucket_day - (ARRAY[0, 0, 0, 0, 30])[1 + seq % 5] WHERE event_id IS NOT NULL;"
             "UPDATE nav.ledger SET time = to_timestamp(bucket_day * 86400.0 + (ARRAY[-400, -8, -7.001, -7, -6.999, -1, 0, 1.999, 2, 2.001, 3, "
             "400])[1 + seq % 12] * 86400) WHERE event_id IS NOT NULL")
    days = [row[0] for row in d.postgres.sql("postgres", "SELECT DISTINCT time::timestamptz(0) FROM nav.event_view ORDER BY 1")]
    assert len(days) >= 12 and int(d.one("SELECT count(*) FROM nav.event_view WHERE nav.untimely(time, bucket_day)")) > 3
    assert int(d.one("SELECT count(*) FROM nav.event_view WHERE nav.misdated(at, bucket_day) AND NOT nav.untimely(time, bucket_day)")) > 3
    whole = "SELECT seq, (extract(epoch FROM time) * 1000)::bigint FROM nav.event_view e WHERE NOT EXISTS (SELECT FROM nav.event_view n WHERE n.event_id = " \
            "e.event_id AND n.agency = e.agency AND n.revision > e.revision) ORDER BY seq"
    table = [(int(seq), int(time_ms)) for seq, time_ms in d.postgres.sql("postgres", whole)]
    times = sorted({time_ms for _, time_ms in table})
    spans = [(t, t + 1) for t in times] + [(t - 1, t) for t in times] + list(zip(times, times[1:])) + [(times[0], times[-1] + 1)]
    for start, end in spans:
        got = [e["seq"] for e in read_events(d, start, end, opened=False)["events"]]
        assert got == [seq for seq, time_ms in table if start <= time_ms < end], (start, end, got)


def test_a_time_is_looked_up_once_and_not_for_each_event(d):
    d.admin("ALTER ROLE nav_desk SET track_functions = 'pl'")
    d.renew()
    start, end = span_of(d)
    assert len(read_events(d, start, end, opened=False)["events"]) > 50
    calls = "SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE funcname = 'last_before'"
    wait_until("the server has counted", lambda: int(d.one(calls)) > 0, 10)
    assert int(d.one(calls)) <= 4, d.one(calls)  # two ends of one span


def test_only_the_newest_revision(d):
    seq = d.nth("accepted", 5)
    d.tamper(f"UPDATE nav.ledger AS n SET revision = 2, event_id = o.event_id, agency = o.agency FROM nav.event_view o WHERE o.seq = {seq} "
             f"AND n.seq = (SELECT min(seq) FROM nav.event_view WHERE seq > {seq})")
    seqs = [e["seq"] for e in read_events(d, *span_of(d), opened=False)["events"]]
    assert seq not in seqs and len(seqs) == int(d.one("SELECT count(*) FROM nav.event_view")) - 1


if __name__ == "__main__":
    sys.exit(run(globals()))
