#!/usr/bin/env python3
"""How fast `audit verify` is over a database and offline, on made ledgers of several shapes and two sizes: 1, 64 and 256 events a publication.

    tests/bench/verify_bench.py [--events 1 64 256] [--records 50000 200000] [--runs 2]

Prints a JSON object a run: records a second, processor time a record of the verifier (own_cpu_us) and of the server, the verifier's peak
memory (which must be the same for both sizes), the machine's load, and ed25519_us: what one verification of a signature costs at the same
time. A shared machine is several times slower at one time than at another, and that yardstick says how slow it was; two_cores_s is what two
cores of that speed would do that had nothing else to do. Acknowledgements come one per 250 events, as of four lanes that each acknowledge
once per 1,000. A shape of one event a publication is bounded by Ed25519: half its records are signed. Needs programs of the release build
with tests: cmake --preset release -DNAV_TESTS=ON; NAV_BIN says where they are. Must never: be a test."""

import argparse
import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("NAV_BIN", os.path.join(ROOT, "build", "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "flow"))
from postgres import Postgres  # noqa: E402

HUB, CHECKPOINT_EVERY, ACKNOWLEDGE_EVERY = "nav.example.se", 1000, 250


def make(events, records):
    publications = records // (events + 1)
    return subprocess.run([os.path.join(BIN, "make_ledger"), str(publications), str(CHECKPOINT_EVERY), HUB, str(events),
                           str(ACKNOWLEDGE_EVERY)], check=True, capture_output=True, text=True).stdout


def copied(sql, table):
    """The rows, each {column: text}: COPY's first line names the columns."""
    head = sql.index(f"COPY nav.{table} (")
    begin = sql.index("\n", head) + 1
    columns = sql[sql.index("(", head) + 1:sql.index(")", head)].split(", ")
    return (dict(zip(columns, line.split("\t"))) for line in sql[begin:sql.index("\\.\n", begin)].splitlines())


def unhex(cell):
    return bytes.fromhex(cell[3:])  # after the backslashes and x


def unescape(cell):
    return cell.replace("\\n", "\n").encode()


def add(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
    return hashlib.sha256(data).hexdigest()


def export(sql, path):
    """The archive that `navctl audit export` writes; hub/ctl/export_write.c."""
    records, count = bytearray(), 0
    for row in copied(sql, "ledger"):
        record = unhex(row["record"])
        records += int(row["seq"]).to_bytes(8, "big") + len(record).to_bytes(4, "big") + record
        count += 1
    notes = {f"checkpoints/{row['size']}.txt": unescape(row["note"]) for row in copied(sql, "checkpoint")}
    for row in copied(sql, "cosignature"):
        notes[f"checkpoints/{row['size']}.txt"] += unescape(row["line"])
    notes.update((f"rules/{row['sha256'][3:]}.yaml", unhex(row["text"])) for row in copied(sql, "rules_text"))
    files = {name: hashlib.sha256(note).hexdigest() for name, note in notes.items()}
    files["records.bin"] = hashlib.sha256(records).hexdigest()
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        add(tar, "manifest.json", json.dumps({"records": count, "files": files}).encode())
        for name, note in notes.items():
            add(tar, name, note)
        add(tar, "records.bin", bytes(records))


def peak_mb(program):
    """Of a program of its own, until it ends: rusage also counts what its parent had when it was forked. Its output is short."""
    peak = 0
    while program.poll() is None:
        try:
            with open(f"/proc/{program.pid}/status", encoding="utf-8") as file:
                peak = max([peak] + [int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM:")])
        except OSError:
            pass
        time.sleep(0.005)
    return peak


def yardstick():
    return json.loads(subprocess.run([os.path.join(BIN, "verify_bench")], check=True, capture_output=True, text=True).stdout)


def offline(sql, key, folder, runs, shape):
    archive, hub = os.path.join(folder, "ledger.tar"), os.path.join(folder, "hub.yaml")
    export(sql, archive)
    with open(hub, "w", encoding="utf-8") as file:
        file.write(f"curve: {'0' * 62}02\nsession: {'0' * 62}01\ncheckpoint: {key}\n")
    for _ in range(runs):
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        program = subprocess.Popen([os.path.join(BIN, "navctl"), "audit", "verify", "--offline", archive, "--key", hub, "-o", "json"],
                                   stdout=subprocess.PIPE, text=True)
        peak = peak_mb(program)
        out = program.stdout.read()
        seconds, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        if program.returncode != 0:
            raise SystemExit(f"navctl audit verify --offline: {out[:500]}")
        records = json.loads(out)["records"]
        cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / records * 1e6
        print(json.dumps({**shape, "case": "offline", "records": records, "seconds": round(seconds, 2),
                          "records_s": round(records / seconds), "own_cpu_us": round(cpu, 2), "two_cores_s": round(2e6 / cpu),
                          "peak_mb": peak, **yardstick(), "load": round(os.getloadavg()[0], 2)}), flush=True)


def server_cpu_s(pg):
    """Of the server and of those of its processes that have ended: every connection of a run has."""
    with open(f"/proc/{pg.pid()}/stat", encoding="utf-8") as file:
        return sum(int(field) for field in file.read().rsplit(")", 1)[1].split()[11:15]) / os.sysconf("SC_CLK_TCK")


def database(sql, key, runs, shape):
    with Postgres(settings={"fsync": "off", "shared_buffers": "512MB", "autovacuum": "off"}) as pg:
        pg.apply_schema()
        pg.script("postgres", sql)
        subprocess.run(["psql", "-X", "-q", "-c", "VACUUM ANALYZE", pg.connection("postgres")], check=True)
        time.sleep(1)  # for the last of these connections to be gone
        for _ in range(runs):
            before = server_cpu_s(pg)
            done = subprocess.run([os.path.join(BIN, "verify_bench"), pg.connection("nav_desk"), HUB, key], check=True,
                                  capture_output=True, text=True)
            time.sleep(0.5)  # the backends end after their client
            line = json.loads(done.stdout)
            server = (server_cpu_s(pg) - before) / line["records"] * 1e6
            print(json.dumps({**shape, **line, "server_cpu_us": round(server, 2), "huge_pages": pg.has_huge_pages(),
                              "two_cores_s": round(2e6 / (server + line["own_cpu_us"]))}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1, 64, 256])
    parser.add_argument("--records", type=int, nargs="+", default=[50000, 200000])
    parser.add_argument("--runs", type=int, default=2)
    args = parser.parse_args()
    for events in args.events:
        for records in args.records:
            sql = make(events, records)
            key = sql.split()[2]
            shape = {"events_a_publication": events}
            with tempfile.TemporaryDirectory(prefix="navbench-", dir="/tmp") as folder:
                offline(sql, key, folder, args.runs, shape)
            database(sql, key, args.runs, shape)


if __name__ == "__main__":
    main()
