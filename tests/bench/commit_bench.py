#!/usr/bin/env python3
"""What tree and checkpoint cost a commit, as a ratio in one run: makes two databases in a private PostgreSQL and runs commit_bench, which
says how it measures. One JSON object a batch size: microseconds an event with and without, of which hashing, and the ratio.

    tests/bench/commit_bench.py          (needs a release build with its tests: cmake --preset release -DNAV_TESTS=ON)"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("NAV_BIN", os.path.join(ROOT, "build", "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "flow"))
from postgres import Postgres  # noqa: E402


def main():
    with Postgres() as with_tree, Postgres() as without:
        for database in (with_tree, without):
            database.apply_schema()
        command = [os.path.join(os.environ["NAV_BIN"], "commit_bench"), with_tree.connection("nav_core"), without.connection("nav_core")]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
