#!/usr/bin/env python3
"""The hub, and the brokers people use, under the same load in one run: see README.md. Started by tests/bench/run, which installs and builds.

A JSON object a line on standard output, the table of all on standard error; with -o table the table on standard output. Exit code 1 where
something that was accepted did not arrive or a line lacks a key, 2 for a wrong option."""

import argparse
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases  # noqa: E402
import hub_home  # noqa: E402
import table  # noqa: E402

KEYS = ("peer", "case", "accepted_s", "delivered_s", "e2e_p50_us", "e2e_p99_us", "missing")
SECONDS_MAX = 600


def options():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="the hub and its peers under the same load, in one run",
                                     epilog="tests/bench/run --only hub,rabbit --seconds 10")
    parser.add_argument("--short", action="store_true", help="a minute's smoke: does the benchmark work? Its figures mean nothing")
    parser.add_argument("--long", action="store_true", help="also a recipient one million behind, and ten million stored events")
    parser.add_argument("--only", default=",".join(cases.GROUPS), help="a list of: %(default)s")
    parser.add_argument("--seconds", type=float, default=10, help="of each window (10)")
    parser.add_argument("--rounds", type=int, default=3, help="of the comparison, the brokers taking turns (3)")
    parser.add_argument("--quiet", type=float, default=10, help="wait so long at most, before each run, for the machine to be idle (10)")
    parser.add_argument("-o", dest="output", choices=("json", "table"), default="json")
    args = parser.parse_args()
    args.only = args.only.split(",")
    if any(name not in cases.GROUPS for name in args.only):
        parser.error(f"--only takes {', '.join(cases.GROUPS)}")
    if not 1 <= args.seconds <= SECONDS_MAX or not 1 <= args.rounds <= 100:
        parser.error(f"--seconds takes 1 to {SECONDS_MAX}, --rounds 1 to 100")
    return args


def plan(args):
    if args.short:
        return cases.SHORT
    stored = (1000, 100000, 1000000, 10000000) if args.long else (1000, 100000)
    return cases.Plan(seconds=args.seconds, rounds=args.rounds, rates=(1000, 5000), behind=1000000 if args.long else 100000,
                      recipients=(5, 15, 50), stored=stored)


def faults(line, whole):
    """What is wrong with a line: nothing may be missing, and nothing left out."""
    found = [f"{line.get('peer')} {line.get('case')} lacks {key}" for key in KEYS if key not in line]
    if not found and line["missing"] != 0:
        found.append(f"{line['peer']} {line['case']}: {line['missing']} missing")
    elif not found and not whole:
        found.append(f"{line['peer']} {line['case']}: {line['sent'] - line['accepted'] - line['refused']} had no answer at the end")
    if not found and line["accepted_s"] <= 0 and line["delivered_s"] <= 0:
        found.append(f"{line['peer']} {line['case']}: nothing was measured")
    if line.get("refused"):
        found.append(f"{line['peer']} {line['case']}: {line['refused']} refused")
    return found


def main():
    args = options()
    # What was started is stopped on the way out, also where whoever started us had Ctrl-C ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    hub_home.quiet_s = 0 if args.short else args.quiet
    hub_home.wal_mb = 0 if args.short else 1200
    lines, found = [], []
    try:
        for line, whole in cases.run(plan(args), args.only):
            lines.append(line)
            found += faults(line, whole)
            if args.output == "json":
                print(json.dumps(line), flush=True)
    except KeyboardInterrupt:
        found.append("interrupted: the rest was not measured")
    except (AssertionError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        found.append(f"the rest was not measured: {error}")
    print(table.table(lines), file=sys.stdout if args.output == "table" else sys.stderr)
    for what in found:
        print(what, file=sys.stderr)
    return 1 if found or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
