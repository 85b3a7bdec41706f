#!/usr/bin/env python3
"""One partition wanted by two at once, as a commit and nav-core's work ahead may: who comes second waits and finds it there, or, ahead of
time, is told to come again; neither fails. A failure would cost nav-core the connection by which it looks for duplicates."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Postgres  # noqa: E402

PART = 1209902  # of class 1, in February 2099
HELD_S = 3.0
HOLDS = "SELECT count(*) FROM pg_locks WHERE relation = 'nav.content'::regclass AND mode = 'ShareUpdateExclusiveLock' AND granted"


def main():
    with Postgres() as pg:
        pg.apply_schema()
        first = threading.Thread(target=pg.sql, args=("nav_core", f"SELECT nav.ensure_part({PART}); SELECT pg_sleep({HELD_S})"))
        first.start()
        while first.is_alive() and pg.sql("postgres", HOLDS) == [["0"]]:
            time.sleep(0.05)
        begin = time.monotonic()
        assert pg.sql("nav_core", f"SELECT nav.make_part_ahead({PART})") == [["f"]], "it was not made ahead while another made it"
        assert first.is_alive(), "the first ended too early: nothing was tested"
        pg.sql("nav_core", f"SELECT nav.ensure_part({PART})")
        waited = time.monotonic() - begin
        first.join()
        assert pg.sql("nav_core", f"SELECT nav.make_part_ahead({PART})") == [["t"]]
        assert pg.sql("postgres", f"SELECT count(*) FROM pg_inherits WHERE inhrelid = 'nav.content_{PART}'::regclass") == [["1"]]
    print(f"the second found the partition after {waited:.1f} s")


if __name__ == "__main__":
    main()
