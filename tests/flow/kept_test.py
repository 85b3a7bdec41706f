#!/usr/bin/env python3
"""A worker of nav-desk that stays: its connection is ready before anybody asks and serves question after question, holds no transaction
between them, is made anew where the database ended it, and ends where agencies.yaml changes, so that a role that is gone is gone.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub, wait_until  # noqa: E402

REFUSED = 3


def backends(hub):
    """{pid: whether it is idle and outside a transaction} of nav-desk's connections."""
    return {pid: idle == "t" for pid, idle in hub.postgres.sql(
        "postgres", "SELECT pid, state = 'idle' AND xact_start IS NULL FROM pg_stat_activity WHERE application_name = 'nav-desk'")}


def prove(hub, seq, code=0):
    done = hub.navctl("audit", "prove", str(seq), "--reason", "prov", "-o", "json", check=False)
    assert done.returncode == code, done
    return json.loads(done.stdout)["seq"] if code == 0 else None


def one_serves_many(hub):
    [first] = wait_until("a connection is ready before anybody asks", lambda: [p for p, idle in backends(hub).items() if idle])
    wait_until("a checkpoint covers the first record", lambda: hub.navctl("audit", "prove", "1", check=False).returncode == 0)
    for seq in range(1, 8):
        assert prove(hub, seq) == seq
        hub.navctl("audit", "show", str(seq))
        hub.navctl("audit", "search", "--limit", "5")
    assert first in backends(hub), "the worker of the first question was to serve the others too"
    wait_until("another is made ready, and no transaction is left open between questions",
               lambda: list(backends(hub).values()) == [True, True])
    return first


def ended_by_the_database(hub, first):
    hub.postgres.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nav-desk'")
    wait_until("they are gone", lambda: first not in backends(hub))
    assert prove(hub, 1) == 1, "asked over a connection that had ended"
    hub.postgres.stop()
    prove(hub, 1, code=5)
    hub.postgres.start()
    wait_until("nav-core has its database again", lambda: hub.navctl("audit", "prove", "1", check=False).returncode == 0)


def roles_are_read_again(hub):
    path = hub.path("config", "persons.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before = set(backends(hub))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("auditor, ", "").replace(", mandate: all", ""))
    hub.reload(["nav-desk"])
    prove(hub, 1, code=REFUSED)
    wait_until("workers of before have ended", lambda: not before & set(backends(hub)))


def main():
    with Hub(agencies=()) as hub:
        first = one_serves_many(hub)
        ended_by_the_database(hub, first)
        roles_are_read_again(hub)
        assert "a worker ended by signal" not in hub.log("nav-desk"), hub.log("nav-desk")
    print("ok")


if __name__ == "__main__":
    main()
