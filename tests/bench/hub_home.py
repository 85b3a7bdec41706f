"""A hub for benchmarks: tests/flow's Hub, with the configuration that the load programs expect and without nav-desk, which no event
passes.

    with BenchHub(recipients=5) as hub:
        hub.load("five", "--rate", "1000")      # one run of nav-bench-hub: its line, decoded

The rules are the shipped ones. The first five recipients are shipped agencies; more are added to agencies.yaml as parties of the situation
picture, in the shape that the shipped ones have, so that the same shipped rule releases to them.
Used by: tests/bench. Must never: turn off what a hub in production has on (CURVE, signatures, sealing, ledger, fsync)."""

import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("NAV_BIN", os.path.join(ROOT, "build", "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "flow"))
from hub import BIN, Hub, wait_until  # noqa: E402, F401

SHIPPED = ("socialtjansten", "skolan", "bostadsbolaget", "tycktill", "brandforsvaret")
LOAD_S_MAX = 3600
quiet_s = 0  # how long a run waits for a quiet machine at most; bench.py sets it
wal_mb = 0   # how much write-ahead log a database has behind it before the first run; bench.py and hub_load.py set it
# fsync and synchronous_commit are on by tests/flow/postgres.py; the rest is what an installation of this size would have.
POSTGRES = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "'256MB'", "max_wal_size": "'4GB'", "checkpoint_timeout": "'15min'",
            "min_wal_size": "'1500MB'"}


def environment():
    """Of PostgreSQL, as deploy/quickstart starts it."""
    with open(os.path.join(ROOT, "deploy", "quickstart"), encoding="utf-8") as file:
        return {"GLIBC_TUNABLES": re.search(r"(?m)^database_tunables=(\S+)$", file.read())[1]}


QUIET_BUSY = 0.12  # of the machine


def have_run(postgres):
    """A new database writes each log file's 16 MB of zeros first, which one that has run for a day never does: it has files to use again."""
    for _ in range(0, wal_mb, 100):
        postgres.sql("postgres", "SELECT count(pg_logical_emit_message(true, 'bench', repeat(md5(g::text), 31250))) FROM generate_series(1, 100) g")
    if wal_mb:
        postgres.sql("postgres", "CHECKPOINT")


def busy():
    """(busy, all) ticks of the machine since it started."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(t) for t in file.readline().split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def wait_quiet(seconds):
    """Until the machine has been nearly idle for a second; so many seconds at most. What others use is in each line all the same."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = busy()
        time.sleep(1)
        after = busy()
        if after[0] - before[0] < QUIET_BUSY * (after[1] - before[1]):
            return


def run_load(program, *args):
    """One run of a load program: (its line, whether all that was accepted arrived)."""
    wait_quiet(quiet_s)
    done = subprocess.run([os.path.join(BIN, program), *args], stdout=subprocess.PIPE, text=True, timeout=LOAD_S_MAX, check=False)
    if not done.stdout:
        raise RuntimeError(f"{program} {' '.join(args)} ended with {done.returncode} and no line")
    return json.loads(done.stdout), done.returncode == 0


def extra_agency(number):
    return (f"\n  - id: bench-{number}\n    title: Part {number} i prov av takt\n    kind: city\n    form: authority\n"
            f"    purposes: [situation-picture]\n")


class BenchHub(Hub):
    """recipients: 5 to 64."""

    def __init__(self, recipients=5):
        extra = [f"bench-{n}" for n in range(6, recipients + 1)]
        super().__init__(settings=POSTGRES, agencies=("polisen", *SHIPPED, *extra))
        self.extra = len(extra)
        self.postgres.environment = environment()

    def make_home(self):
        super().make_home()
        have_run(self.postgres)
        self.set("nav.yaml", "every: 1s", "every: 60s")  # as it is shipped: the tests' hub makes checkpoints more often
        if self.extra == 0:
            return
        mark = "\n# Persons of the hub."
        self.set(os.path.join("config", "agencies.yaml"), mark, "".join(extra_agency(n) for n in range(6, 6 + self.extra)) + mark)

    def set(self, name, before, after):
        with open(self.path(name), encoding="utf-8") as file:
            text = file.read()
        assert text.count(before) == 1, f"{name} does not have {before!r} once"
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text.replace(before, after))

    def start(self, name, *command):
        """In a session of its own: Ctrl-C is for the benchmark, which then stops it."""
        with open(self.path("log", name + ".log"), "ab") as log:
            self.processes[name] = subprocess.Popen([os.path.join(BIN, command[0]), *command[1:]], stdin=subprocess.DEVNULL, stdout=log,
                                                    stderr=log, start_new_session=True)

    def __exit__(self, *exc):
        try:
            super().__exit__(*exc)
        finally:
            self.postgres.destroy()  # also where a program did not end as it should

    def start_all(self):
        for name in ("nav-core", "nav-gate"):
            self.start_program(name)
        self.wait_ready()

    def servers(self):
        """The programs whose processor time and memory a run tells."""
        return ["--server", f"core={self.processes['nav-core'].pid}", "--server", f"gate={self.processes['nav-gate'].pid}",
                "--server", f"postgres={self.postgres.pid()}+"]

    def load(self, case, *more):
        line, whole = run_load("nav-bench-hub", "--peer", "trygghetsnavet", "--case", case, "--at", self.home, *self.servers(), *more)
        return {**line, "huge_pages": self.postgres.has_huge_pages()}, whole
