#!/usr/bin/env python3
"""A database that was put back to an earlier state, and the way on: nav-core refuses until an operator says why on the record; then the
ledger goes on under a new log id, old content still opens, agencies are alarmed until each is told, and everything verifies.

    tests/flow/restored_test.py"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checkpoint_test import newest, refuses, sql  # noqa: E402
from hub import BIN, ROOT, Hub, wait_until  # noqa: E402
from kill_test import EVENTS_A_FILE, police_file  # noqa: E402
from witness_test import ALARM, grow, state, witnessed  # noqa: E402

REASON = "Disken gick sönder; säkerhetskopian från i går lades tillbaka"
PURPOSE = "situation-picture"


def asked(hub, *args):
    return json.loads(hub.navctl(*args, "-o", "json").stdout)


def log_id(hub):
    return hub.status()["ledger"]["log_id"]


def restored(hub, reason, code):
    done = subprocess.run([os.path.join(BIN, "nav-core"), "--home", hub.home, "--restored", reason], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == code, done
    return done.stderr


def cut(hub, size):
    hub.stop("nav-core", fine=(0, 1))
    sql(hub, "SET session_replication_role = replica;"
        f"DELETE FROM nav.ledger WHERE seq > {size}; DELETE FROM nav.event WHERE seq > {size};"
        f"DELETE FROM nav.content WHERE seq > {size}; DELETE FROM nav.checkpoint WHERE size > {size};"
        f"DELETE FROM nav.cosignature WHERE size > {size}; DELETE FROM nav.rules_text WHERE seq > {size};"
        f"DELETE FROM nav.person WHERE seq > {size}; DELETE FROM nav.mention WHERE seq > {size};"
        f"DELETE FROM nav.subtree WHERE ((index + 1) << level) > {size};"
        f"UPDATE nav.lease SET last_seq = {size}")


def publish(hub, number):
    hub.drop("polisen", f"{number}.json", police_file(number))
    hub.run_adapter("polisen")


def life(hub):
    """Something that was received, something that was not, and something that will be gone. Returns the state to go back to."""
    publish(hub, 0)
    hub.run_adapter("skolan")
    publish(hub, 1)
    kept = grow(hub, newest(hub))
    publish(hub, 2)
    grow(hub, newest(hub))
    # A newer one is shown once those who have a witness key have confirmed the last, or have not for a while.
    wait_until("a later checkpoint is witnessed", lambda: hub.run_adapter("polisen") and witnessed(hub) > kept)
    return kept


def put_back(hub, kept):
    """An empty reason, none that is needed, and then the one."""
    before = log_id(hub)
    hub.stop("nav-core")
    assert "nothing was put back" in restored(hub, REASON, 1)
    hub.start_program("nav-core")
    hub.wait_ready()
    cut(hub, kept)
    refuses(hub, "records are gone")
    assert "say in 1 to" in restored(hub, "", 1)
    refuses(hub, "records are gone")
    assert "says that the database was put back" in restored(hub, REASON, 0)
    # The checkpoint of the new log is not the one that was given up; a crash before it was noted leaves that.
    for _ in range(2):
        hub.start_program("nav-core")
        hub.wait_ready()
        hub.stop("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    assert log_id(hub) != before
    assert "nothing was put back" in stopped(hub, lambda: restored(hub, REASON, 1))


def stopped(hub, what):
    hub.stop("nav-core")
    said = what()
    hub.start_program("nav-core")
    hub.wait_ready()
    return said


def on_record(hub, kept):
    [line] = asked(hub, "audit", "search", "--kind", "restored")
    assert REASON in line["reason"] and f"the last record was {kept}" in line["reason"], line
    shown = asked(hub, "audit", "show", str(line["seq"]))
    words = " ".join(shown["words"]["sv"])
    assert REASON in words and f"slutade med post {kept}" in words, words
    assert REASON.encode().hex() not in sql(hub, f"SELECT encode(record, 'hex') FROM nav.ledger WHERE seq = {line['seq']}")[0][0]
    return line["seq"]


def agencies_go_on(hub):
    """Who held the checkpoint that is gone is alarmed; told, it goes on. Who held none, or fetches late, gets what was sealed before."""
    done = subprocess.run([os.path.join(BIN, hub.adapter_command("polisen")[0]), *hub.adapter_command("polisen", "--once")[1:]],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == ALARM, done
    assert "put back to an earlier state" in done.stderr + hub.log("nav-core"), done.stderr
    os.remove(state(hub, "ALARM"))
    os.remove(state(hub, "witness"))
    publish(hub, 3)
    hub.run_adapter("bostadsbolaget")
    numbers = [line["event"]["id"] if "event" in line else line["id"] for line in hub.inbox("bostadsbolaget", PURPOSE)]
    assert len(set(numbers)) == len(numbers) == 3 * EVENTS_A_FILE, "files 0 and 1 of the old log, 3 of the new; 2 is gone"
    grow(hub, newest(hub))


def it_holds(hub, seq):
    report = hub.verify()
    assert report["ok"], report
    for number in (seq - 5, seq):
        wait_until("a checkpoint covers it", lambda number=number: hub.navctl("audit", "prove", str(number), check=False).returncode == 0)
    tar = hub.path("all.tar")
    hub.navctl("audit", "export", "--out", tar)
    done = hub.navctl("audit", "verify", "--offline", tar, "--key", hub.path("config", "keys", "hub.yaml"))
    assert "The ledger holds." in done.stdout, done
    with open(hub.path("config", "keys", "hub.yaml"), encoding="utf-8") as file:
        key = [line.split(":")[1].strip() for line in file if line.startswith("checkpoint")][0]
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tests", "ledger", "verifier.py"), tar, key], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert len(json.loads(done.stdout)["origins"]) == 2, done.stdout


def main():
    with Hub() as hub:
        kept = life(hub)
        put_back(hub, kept)
        seq = on_record(hub, kept)
        agencies_go_on(hub)
        it_holds(hub, seq)
    print("restored: refused, said on the record, went on under a new id, verified")
    return 0


if __name__ == "__main__":
    sys.exit(main())
