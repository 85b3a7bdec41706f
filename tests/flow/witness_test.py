#!/usr/bin/env python3
"""An agency as a witness of the hub's ledger, with the real programs: it verifies checkpoint after checkpoint; a database that was put back, and
one that went another way, are noticed when it next connects, though the hub's own memory of what it has shown was removed.

    tests/flow/witness_test.py"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checkpoint_test import cut, newest, refuses, sql  # noqa: E402
from hub import Hub, wait_until  # noqa: E402
from kill_test import police_file  # noqa: E402

ALARM = 9


def state(hub, name):
    return hub.path("agencies", "polisen", "state", name)


def witnessed(hub):
    """The size in the note that the agency holds; 0: none."""
    if not os.path.exists(state(hub, "witness")):
        return 0
    with open(state(hub, "witness"), encoding="utf-8") as file:
        return int(file.read().split("\n")[1])


def grow(hub, beyond):
    hub.navctl("audit", "show", "1", check=False)
    return wait_until("a newer checkpoint", lambda: newest(hub) > beyond and newest(hub))


def witnesses(hub):
    """Returns the size of one checkpoint that was witnessed early and the last."""
    hub.start_adapter("polisen")
    first = wait_until("a first checkpoint is witnessed", lambda: witnessed(hub))
    for number in range(3):
        hub.drop("polisen", f"{number}.json", police_file(number))
        size = grow(hub, newest(hub) + 10)
        wait_until("the next one is witnessed", lambda size=size: witnessed(hub) >= size)
    for _ in range(2):
        size = grow(hub, newest(hub))
        wait_until("a small one is witnessed", lambda size=size: witnessed(hub) >= size)
    hub.stop("adapter-polisen")
    assert not os.path.exists(state(hub, "ALARM"))
    print(f"witnessed from {first} to {witnessed(hub)} records")
    return first


def put_back(hub, size):
    """As one would who holds the hub's machine: the ledger cut, and what the hub remembers of it removed."""
    cut(hub, size)
    os.remove(hub.path("state", "seen"))
    hub.start_program("nav-core")
    wait_until("nav-core answers again", lambda: hub.status(fail=False))


def is_alarmed(hub, *texts):
    """The adapter ends by itself, with one of these, and does not start while the file is there."""
    for _ in range(2):
        hub.start_adapter("polisen")
        wait_until("the adapter ends", lambda: hub.processes["adapter-polisen"].poll() is not None)
        hub.stop("adapter-polisen", fine=(ALARM,))
        with open(state(hub, "ALARM"), encoding="utf-8") as file:
            told = file.read()
        assert any(text in told for text in texts) and "LARM: " in told, told
    assert "an alarm about the hub's ledger stands" in hub.log("adapter-polisen")
    assert any(text in hub.log("adapter-polisen") for text in texts), hub.log("adapter-polisen")[-2000:]


def main():
    with Hub(agencies=("polisen",)) as hub:
        first = witnesses(hub)
        seen = witnessed(hub)

        # Another ledger with the same keys, and longer than what the agency holds.
        put_back(hub, sql(hub, f"SELECT max(size) FROM nav.checkpoint WHERE size < {seen}")[0][0])
        while newest(hub) <= seen:
            for _ in range(25):  # the last file may have come whole under the last checkpoint
                hub.navctl("audit", "show", "1", check=False)
            grow(hub, newest(hub))
        # The second where a checkpoint of the other ledger, made by the clock, happens to be as long as the one that is held.
        is_alarmed(hub, "does not prove that its ledger begins with", "signed two different ledgers of the same length")
        assert witnessed(hub) == seen
        assert "polisen as a witness" in hub.log("nav-core")
        print("a ledger that went another way: the agency is alarmed")

        os.remove(state(hub, "ALARM"))
        put_back(hub, first)
        assert newest(hub) < seen
        is_alarmed(hub, "shorter ledger than it has shown before")
        assert witnessed(hub) == seen
        hub.stop("nav-core")
        refuses(hub, "records are gone")
        print("a ledger put back: the agency is alarmed, the hub's next start refuses")
    return 0


if __name__ == "__main__":
    sys.exit(main())
