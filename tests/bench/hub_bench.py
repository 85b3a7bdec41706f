#!/usr/bin/env python3
"""From file to committed, delivered to four recipients and acknowledged: the whole hub with CURVE, signatures, shipped rules, sealing and
ledger on, adapters included.

    tests/bench/hub_bench.py [--file polisen-events.jsonl.gz] [--scale N] [--runs N]

Without --file the sample city's police feed is used, --scale times its usual size. Prints one JSON object a run, with the names that
other benchmarks use: accepted_s and delivered_s are events and deliveries a second over the whole run, from the start of the sending
adapter; missing is what was accepted and not received. Needs the release build (cmake --preset release)."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("NAV_BIN", os.path.join(ROOT, "build", "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "flow"))
from hub import ADAPTERS, BIN, Hub  # noqa: E402

RECIPIENTS = [a for a in ADAPTERS if a != "polisen"]
SECONDS_MAX = 900


def peak_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sample_files(scale):
    folder = tempfile.mkdtemp(prefix="navbench-", dir="/tmp")
    subprocess.run([os.path.join(BIN, "nav-sample-city"), "--out", folder, "--only", "polisen", "--scale", str(scale)],
                   check=True, stdout=subprocess.DEVNULL)
    source = os.path.join(folder, "polisen")
    return folder, [os.path.join(source, name) for name in sorted(os.listdir(source))]


def run(files):
    with Hub() as hub:
        for agency in RECIPIENTS:
            hub.start_adapter(agency)
        for path in files:
            shutil.copyfile(path, hub.path("agencies", "polisen", "outbox", os.path.basename(path)))
        begin = time.monotonic()
        hub.start_adapter("polisen")
        accepted_at = None
        before = (-1, -1)
        while time.monotonic() - begin < SECONDS_MAX:
            time.sleep(0.1)
            status = hub.status()
            now = (status["ledger"]["events"], sum(lane["received"] for lane in status["lanes"]))
            waiting = os.listdir(hub.path("agencies", "polisen", "outbox"))
            drained = not any(os.path.basename(f) in waiting for f in files)
            if now != before:
                before = now
            if drained and accepted_at is None:
                accepted_at = time.monotonic()
            if drained and hub.behind(ADAPTERS) == 0:
                break
        end = time.monotonic()
        events = status["ledger"]["events"]
        delivered = sum(lane["received"] for lane in status["lanes"])
        inboxes = sum(len(hub.inbox(lane["agency"], lane["purpose"])) for lane in status["lanes"]
                      if lane["agency"] in RECIPIENTS)
        pids = {name: process.pid for name, process in hub.processes.items()}
        return {"peer": "trygghetsnavet", "case": "police-file-to-four", "events": events, "deliveries": delivered,
                "accepted_s": round(events / (accepted_at - begin)), "delivered_s": round(delivered / (end - begin)),
                "seconds_accepted": round(accepted_at - begin, 2), "seconds_delivered": round(end - begin, 2),
                "e2e_p50_us": None, "e2e_p99_us": None, "missing": delivered - inboxes,
                "peak_mb": {n: peak_kb(p) // 1024 for n, p in pids.items()},
                "cpu_s": {n: round(cpu_s(p), 2) for n, p in pids.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--file", action="append")
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--runs", type=int, default=1)
    args = parser.parse_args()
    folder, files = (None, args.file) if args.file else sample_files(args.scale)
    try:
        for _ in range(args.runs):
            print(json.dumps(run(files)), flush=True)
    finally:
        if folder:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
