"""What retention leaves nobody to find: after a run neither the live database, nor a dump made before and restored, nor the archive of
the write-ahead log opens with the keys that are left; no file of the hub has the words; and a duty that waited can only be refused.

Run by: ctest (NAV_BIN is the build's bin folder; clock_shim moves nav-core's clock on)."""

import ctypes
import glob
import os
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bucket_keys  # noqa: E402
from hub import BIN, wait_until  # noqa: E402
from people import AssessorHub, event, intervention  # noqa: E402

DAY_S = 86400
SHIM = os.path.abspath(os.path.join(BIN, "clock_shim.so"))
WEEK, LASTING = "Veckoord Gallring", "Kvarord Bestående"
SODIUM = ctypes.CDLL("libsodium.so.23")


def later(hub, days):
    """Starts nav-core again with its clock moved on."""
    for name in ("nav-desk", "nav-gate", "nav-core"):
        hub.stop(name)
    options = os.environ.get("ASAN_OPTIONS", "")
    shim = {"LD_PRELOAD": SHIM, "NAV_TEST_CLOCK_S": str(days * DAY_S),
            "ASAN_OPTIONS": options + ":verify_asan_link_order=0:detect_leaks=0"}
    before = dict(os.environ)
    os.environ.update(shim)
    try:
        hub.start_program("nav-core")
    finally:
        os.environ.clear()
        os.environ.update(before)
    for name in ("nav-gate", "nav-desk"):
        hub.start_program(name)
    hub.wait_ready()


# ---- what the keys that are left open ----

def opens(log_id, row, keys):
    """The plaintext of a row of sealed content with any of these bucket keys; None."""
    seq, retention_class, day, sealed = row
    place = log_id + struct.pack(">QII", seq, retention_class, day)
    for nodes in keys:
        key = bucket_keys.event_key(nodes, seq)
        if key is None:
            continue
        plain = ctypes.create_string_buffer(len(sealed))
        length = ctypes.c_ulonglong()
        if SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(
                plain, ctypes.byref(length), None, sealed[24:], ctypes.c_ulonglong(len(sealed) - 24), place,
                ctypes.c_ulonglong(len(place)), sealed[:24], key) == 0:
            return plain.raw[:length.value]
    return None


def keys_left(hub):
    return [bucket_keys.read(path) for path in glob.glob(hub.path("buckets", "*"))]


def contents(hub, database="nav"):
    rows = hub.postgres.sql("postgres", "SELECT c.seq, e.bucket_class, e.bucket_day, encode(c.sealed, 'hex') FROM nav.content c "
                            "JOIN nav.event_view e ON e.seq = c.seq ORDER BY 1", database=database)
    return {int(s): (int(s), int(c), int(d), bytes.fromhex(b)) for s, c, d, b in rows}


def log_id(hub):
    return bytes.fromhex(hub.postgres.sql("postgres", "SELECT encode(log_id, 'hex') FROM nav.lease")[0][0])


def dump(hub, path):
    subprocess.run(["pg_dump", "-d", hub.postgres.connection("postgres"), "-f", path], check=True, capture_output=True)


def restore(hub, path, name):
    hub.postgres.sql("postgres", f"COMMENT ON DATABASE postgres IS 'restored {name}'", database="postgres")
    subprocess.run(["psql", "-X", "-q", "-c", f"CREATE DATABASE {name}", hub.postgres.connection("postgres", "postgres")], check=True,
                   capture_output=True)
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", path, hub.postgres.connection("postgres", name)], check=True,
                   capture_output=True)


def in_archive(hub, archive, sealed):
    hub.postgres.sql("postgres", "SELECT pg_switch_wal()")
    wait_until("the log is archived", lambda: glob.glob(os.path.join(archive, "0*")), 30)
    time.sleep(1)
    for path in glob.glob(os.path.join(archive, "0*")):
        with open(path, "rb") as file:
            data = file.read()
        if sealed[:64] in data:  # a row's beginning: a page's end may part it
            return True
    return False


def words_in(folder, words):
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            found += [(path, word) for word in words if word.encode() in data]
    return found


# ---- the test ----

def make_events(hub):
    """What lives a week, of which something waits and something was let go, and what lives as long as its type says."""
    def with_days(made, days):
        made["data"]["retention_days"] = days
        return made
    week = [with_days(event("skolan", "SchoolIncident", {"kind": "threat", "description": WEEK + " beskrivning"}), 7) for _ in range(3)]
    week_seqs = hub.publish("skolan", *week)
    held = hub.publish("socialtjansten", with_days(intervention(WEEK), 7))
    lasting = hub.publish("socialtjansten", intervention(LASTING))
    return week_seqs, held, lasting


def erase_a_week(hub, archive):
    week, held, lasting = make_events(hub)
    assert hub.json("retention", "preview") == []
    before = contents(hub)
    identity = log_id(hub)
    assert WEEK.encode() in opens(identity, before[held[0]], keys_left(hub)), "the check itself opens what can be opened"
    dump(hub, os.path.join(archive, "before.sql"))
    later(hub, 40)  # the month is past, whichever day it was, but not by the database's clock
    assert hub.verify()["faults"] == []
    [bucket] = hub.json("retention", "preview")
    assert bucket["class"] == 1 and bucket["events"] == len(week + held), bucket
    assert bucket["holds_closed"] > 0 and bucket["holds_kept"] == len(week) and bucket["undelivered"] > 0, bucket
    done = hub.navctl("retention", "run").stdout
    assert "0 partitions dropped, " in done and "left to the next run" in done, done
    assert hub.verify()["faults"] == []
    gone(hub, archive, identity, before, week + held, lasting)


def gone(hub, archive, identity, before, erased, lasting):
    keys = keys_left(hub)
    assert opens(identity, before[lasting[0]], keys), "what is not due is still there"
    restore(hub, os.path.join(archive, "before.sql"), "restored")
    for rows in (contents(hub), contents(hub, "restored")):
        assert set(erased) <= set(rows), "the partition of this month is not dropped"
        for seq in erased:
            assert opens(identity, rows[seq], keys) is None, f"{seq} can be read"
    for seq in erased:
        assert in_archive(hub, archive, before[seq][3]), "the log's archive has the ciphertext, as it must"
        assert opens(identity, before[seq], keys) is None
    assert words_in(hub.path("config"), ["socialtjansten"]), "the check itself finds words"
    assert words_in(hub.home, [WEEK]) == [], "a word of what was erased"
    assert words_in(hub.postgres.data, [WEEK]) == []


def duties_stay(hub):
    """Nobody can release what is gone, but its agency can still answer."""
    stays = [h for h in hub.json("hold", "list") if h["must_answer"]]
    assert stays and all(h["must_answer"] for h in hub.json("hold", "list") if h["agency"] == "skolan"), stays
    hub.be("skola-rektor")
    hub.processes["nav-core"].send_signal(signal.SIGHUP)
    wait_until("the tester is another", lambda: hub.navctl("hold", "refuse", stays[0]["hold"], "--reason", "gallrat",
                                                           check=False).returncode == 0)
    done = hub.navctl("hold", "release", stays[1]["hold"], "--reason", "för sent", check=False)
    assert done.returncode != 0 and stays[1]["hold"] in [h["hold"] for h in hub.json("hold", "list")], done


def main():
    hub = AssessorHub(holds="answer_within: 45d, urgent_within: 45d")
    archive = hub.path("archive")
    os.makedirs(archive)
    os.chmod(hub.home, 0o755)
    os.chmod(archive, 0o777)
    with open(os.path.join(hub.postgres.data, "postgresql.conf"), "a", encoding="utf-8") as file:
        file.write(f"archive_mode = on\narchive_command = 'cp %p {archive}/%f'\n")
    with hub:
        erase_a_week(hub, archive)
        duties_stay(hub)
    print("retention: nothing that is left opens what was erased")


if __name__ == "__main__":
    main()
