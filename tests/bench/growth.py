#!/usr/bin/env python3
"""How a ledger grows, and how quickly auditors are answered by one of many years: a whole hub of the release build with its own PostgreSQL,
to which growth_ledger adds events by the million through nav-core's own batch and store; then what each table and index takes, and the time
of audit person, audit search and audit prove, asked of nav-desk as navctl asks, each recorded by nav-core before it is answered.

    tests/bench/growth.py [--records N] [--asks N]      a JSON object on standard output

Needs a release build with its tests (cmake --preset release -DNAV_TESTS=ON) and about 1 kB of disk a record in the folder for temporary files, which is removed at the
end. What the figures mean stands in hub/ledger/GROWTH.md."""

import argparse
import json
import os
import random
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("NAV_BIN", os.path.join(ROOT, "build", "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "flow"))
from hub import BIN, Hub, wait_until  # noqa: E402
from rules import Agency  # noqa: E402
from stand_in_core import StandInCore  # noqa: E402

EVENTS_A_DAY = 5000
RECORDS_AN_EVENT = 1.48  # about; the number of events is taken from it
KEPT_DAYS = 365         # content's longest ordinary time
YEARS_DAYS = 3650
SETTINGS = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "'1GB'", "max_wal_size": "'4GB'", "checkpoint_timeout": "'15min'",
            "maintenance_work_mem": "'512MB'"}


def personal_number(number):
    """Twelve characters with a right last digit; of the birth numbers that Skatteverket's test numbers have."""
    digits = f"90{number // 28 % 12 + 1:02}{number % 28 + 1:02}{238 + number // 336 % 2}"
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(digits))
    return f"19{digits}{-total % 10}"


def ask(hub, request):
    """(answer, seconds) of nav-desk."""
    begin = time.monotonic()
    answer = hub.ask("desk", request)
    seconds = time.monotonic() - begin
    if not answer["ok"]:
        raise AssertionError(f"{request}: {answer}")
    return answer, seconds


def times(hub, requests):
    """Milliseconds; the first ask warms nothing up: each is of another person, event or record."""
    took, lines = [], 0
    for request in requests:
        answer, seconds = ask(hub, request)
        took.append(seconds * 1000)
        lines += len(answer.get("lines", [1]))
    took.sort()
    return {"asks": len(took), "lines": lines, "p50_ms": round(took[len(took) // 2], 1), "p99_ms": round(took[min(len(took) - 1, len(took) * 99 // 100)], 1)}


def sizes(hub, events):
    rows = hub.postgres.sql("postgres", "SELECT c.relname, c.relkind, coalesce(t.relname, c.relname), pg_relation_size(c.oid) + CASE WHEN "
                            "c.reltoastrelid <> 0 THEN pg_total_relation_size(c.reltoastrelid) ELSE 0 END, coalesce(s.n_live_tup, 0) FROM "
                            "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN "
                            "pg_class t ON t.oid = i.indrelid LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE n.nspname = 'nav' "
                            "AND c.relkind IN ('r', 'i')")
    found = {}
    for name, kind, table, size, live in rows:
        if table.startswith("content_"):
            name, table = ("content" if kind == "r" else "content_seq_idx"), "content"
        one = found.setdefault(f"{table}.{name}" if kind == "i" else table, {"bytes": 0, "rows": 0})
        one["bytes"] += int(size)
        one["rows"] += int(live)
    for one in found.values():
        one["bytes_an_event"] = round(one["bytes"] / events, 1)
    return dict(sorted(found.items(), key=lambda item: -item[1]["bytes"]))


def ten_years(found, events, contents):
    """GB of EVENTS_A_DAY for ten years; content is erased after KEPT_DAYS."""
    total = EVENTS_A_DAY * YEARS_DAYS
    ledger = sum(one["bytes"] for name, one in found.items() if not name.startswith("content"))
    content = sum(one["bytes"] for name, one in found.items() if name.startswith("content"))
    return {"events": total, "ledger_gb": round(ledger / events * total / 1e9, 1),
            "content_gb": round(content / max(contents, 1) * EVENTS_A_DAY * KEPT_DAYS / 1e9, 1)}


def grow(hub, records, numbers):
    police = Agency(hub, "polisen")
    police.client.connect()
    police.publish([police.incident()])
    police.client.close()
    for name in ("nav-desk", "nav-gate", "nav-core"):
        hub.stop(name)
    lanes = hub.postgres.sql("postgres", "SELECT count(*) FROM nav.ledger WHERE kind = 17")[0][0]
    events = int(records / RECORDS_AN_EVENT)
    begin = time.monotonic()
    subprocess.run([os.path.join(BIN, "growth_ledger"), hub.home, str(events), str(max(events // EVENTS_A_DAY, 1)), str(KEPT_DAYS), "1",
                    str(min(int(lanes), 8)), *numbers], check=True, stdout=subprocess.DEVNULL)
    hub.postgres.sql("postgres", "ANALYZE")
    made = time.monotonic() - begin
    # nav-core would read every leaf after the checkpoint that it showed last, which is that of before.
    os.unlink(hub.path("state", "seen"))
    begin = time.monotonic()
    hub.start_all()
    started = time.monotonic() - begin
    wait_until("all events are counted, in the background", lambda: hub.status()["ledger"]["counted"], 1800)
    return round(made), round(started, 1), round(time.monotonic() - begin, 1)


def measure(hub, numbers, asks):
    r = random.Random(1)
    last = int(hub.postgres.sql("postgres", "SELECT max(seq) FROM nav.ledger")[0][0])
    some = [r.randrange(1000, last) for _ in range(asks)]
    events = [row[0] for row in hub.postgres.sql("postgres", "SELECT (SELECT encode(event_id, 'hex') FROM nav.event_view WHERE seq >= s ORDER BY seq "
                                                 f"LIMIT 1) FROM unnest(ARRAY{some}) AS s")]
    readers = [f"lasare-{r.randrange(400)}" for _ in range(asks)]
    why = "prov av hur fort det går"
    return {
        "person": times(hub, [{"command": "audit-person", "number": n, "reason": why} for n in numbers[:asks]]),
        "search_event": times(hub, [{"command": "audit-search", "event": e, "reason": why, "limit": 100} for e in events]),
        "search_reader": times(hub, [{"command": "audit-search", "reader": n, "reason": why, "limit": 100} for n in readers]),
        "prove": times(hub, [{"command": "audit-prove", "seq": s, "reason": why} for s in some]),
        "prove_without_commit": without_commit(hub, lambda: times(hub, [{"command": "audit-prove", "seq": s, "reason": why} for s in some])),
    }


def without_commit(hub, measured):
    """With a stand-in for nav-core, which records nothing: what is left is nav-desk's and the database's own part."""
    hub.stop("nav-core")
    core = StandInCore(hub.path("run", "core.sock"))
    try:
        return measured()
    finally:
        core.stop()
        hub.start_program("nav-core")
        hub.wait_ready()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=20000000)
    parser.add_argument("--asks", type=int, default=50)
    args = parser.parse_args()
    numbers = [personal_number(i) for i in range(args.asks)]
    with Hub(settings=SETTINGS, agencies=("polisen",)) as hub:
        made_s, start_s, counted_s = grow(hub, args.records, numbers)
        events, contents = (int(hub.postgres.sql("postgres", f"SELECT count(*) FROM nav.{t}")[0][0]) for t in ("event_view", "content"))
        records = int(hub.postgres.sql("postgres", "SELECT count(*) FROM nav.ledger")[0][0])
        found = sizes(hub, events)
        print(json.dumps({"records": records, "events": events, "contents": contents, "made_s": made_s, "start_s": start_s,
                          "counted_s": counted_s, "sizes": found,
                          "ten_years": ten_years(found, events, contents), "times": measure(hub, numbers, args.asks)}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
