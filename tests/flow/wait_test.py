#!/usr/bin/env python3
"""A hub that is there and takes nothing, since its database is away, and one that is nowhere: navctl publish and the adapters say which
it is. An adapter says so once, goes on by itself and loses nothing; one that is to end by itself gives up after its limit.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import glob
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import BIN, Hub, free_port, wait_until  # noqa: E402
from kill_test import EVENTS_A_FILE, police_file  # noqa: E402
from navctl_test import EVENT  # noqa: E402

TOLD = "tells us to wait (busy: its database is away, or it has too much to do)"
OVER = "the hub takes what is sent again"
UNREACHABLE = 5


def begin(hub, agency, *more):
    """An adapter that ends by itself, as it runs."""
    program, *args = hub.adapter_command(agency, "--once", *more)
    return subprocess.Popen([os.path.join(BIN, program), *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process):
    _, errors = process.communicate(timeout=300)
    assert process.returncode == UNREACHABLE, (process.returncode, errors)
    return errors


def lose_database(hub):
    lost = hub.log("nav-core").count("the database is lost")
    hub.postgres.stop("immediate")
    wait_until("it is lost", lambda: hub.log("nav-core").count("the database is lost") > lost)


def get_database(hub):
    hub.postgres.start()
    wait_until("it is back", lambda: hub.status(fail=False))


def outbox(hub):
    return [os.path.basename(path) for path in glob.glob(hub.path("agencies", "polisen", "outbox", "*.json"))]


def told_and_over(hub):
    hub.run_adapter("polisen")  # it has the rules
    hub.start_adapter("polisen")
    wait_until("a session", lambda: "connected to" in hub.log("adapter-polisen"))
    lose_database(hub)
    hub.drop("polisen", "1.json", police_file(1))
    wait_until("the adapter says so", lambda: TOLD in hub.log("adapter-polisen"))
    done = hub.navctl("publish", "--as", "skolan", "--wait", "4s", "-", text=json.dumps(EVENT), check=False)
    assert done.returncode == UNREACHABLE, done
    assert "no receipt for 1 of 1 events: the hub " + TOLD + "; try again later" in done.stderr, done.stderr
    assert OVER not in hub.log("adapter-polisen")
    get_database(hub)
    wait_until("it goes on", lambda: OVER in hub.log("adapter-polisen"))
    wait_until("all is sent", lambda: not outbox(hub))
    hub.stop("adapter-polisen")
    assert [hub.log("adapter-polisen").count(said) for said in (TOLD, OVER)] == [1, 1], hub.log("adapter-polisen")


def given_up(hub):
    """Told to wait by one hub, and none there at two addresses, at the same time."""
    path = hub.path("agencies", "skolan", "adapter.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    nodes = [f"tcp://127.0.0.1:{free_port()}" for _ in range(2)]
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^  endpoint: .*$", f'  endpoint: ["{nodes[0]}", "{nodes[1]}"]', text))
    lose_database(hub)
    hub.drop("polisen", "2.json", police_file(2))
    both = [begin(hub, "polisen"), begin(hub, "skolan")]
    waited, away = (ended(process) for process in both)
    assert "the hub told us to wait for 30 seconds (busy: its database is away" in waited, waited
    assert f"{nodes[0]}, {nodes[1]}: the hub was not reached for 30 seconds" in away, away
    assert outbox(hub) == ["2.json"]
    get_database(hub)
    hub.run_adapter("polisen")
    assert not outbox(hub)


def main():
    with Hub(agencies=("polisen", "skolan")) as hub:
        told_and_over(hub)
        given_up(hub)
        verified = hub.verify()
        assert verified["ok"] and verified["events"] == 2 * EVENTS_A_FILE, verified
        print("told to wait, and said so; the ledger holds")


if __name__ == "__main__":
    main()
