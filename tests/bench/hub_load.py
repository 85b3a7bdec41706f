#!/usr/bin/env python3
"""One run of the load on one hub, for whoever makes the hub faster: starts a hub of the release build with its own PostgreSQL, runs
nav-bench-hub, prints its line.

    tests/bench/hub_load.py                                  as fast as it goes, one publisher, five recipients
    tests/bench/hub_load.py --rate 1000 --seconds 10         latency: events due at even times
    tests/bench/hub_load.py --publishers 2 --window 2048     any option of nav-bench-hub (which names them all)

NAV_BIN names the folder of the programs; else build/bin. Needs a release build with its tests (cmake --preset release -DNAV_TESTS=ON)."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hub_home  # noqa: E402


def main(args):
    recipients = int(args[args.index("--recipients") + 1]) if "--recipients" in args else 5
    hub_home.wal_mb = 1200
    with hub_home.BenchHub(max(recipients, 5)) as hub:
        line, whole = hub.load("latency" if "--rate" in args else "throughput", *args)
        print(json.dumps(line))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
