"""Retention on a whole hub whose ledger was begun 400 days ago (nav-core's clock was set back for it): previewed, erased, and then the
content is gone: from the database, and from a dump of before with the keys of now. The ledger verifies before and after; a lane that had
not fetched is told and goes on; a hold of what is erased closes; a month that is erased whole loses its partition.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import ctypes
import ctypes.util
import glob
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bucket_keys  # noqa: E402
import nav_client  # noqa: E402
from agencies import Agency, Ledger  # noqa: E402
from hub import BIN, wait_until  # noqa: E402
from people import AssessorHub, intervention  # noqa: E402
from postgres import SqlError  # noqa: E402

DAYS_AGO = 430
SHIM = os.path.join(BIN, "clock_shim.so")
PURPOSE = "situation-picture"
WORD = "Planterad Person"
SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium"))


class OldHub(AssessorHub):
    """A hub that can live in the past."""

    def start_in_the_past(self, name, *command):
        log = open(self.path("log", name + ".log"), "ab")
        asan = os.environ.get("ASAN_OPTIONS", "")
        environment = {**os.environ, "LD_PRELOAD": SHIM, "NAV_TEST_CLOCK_S": str(-self.days_ago * 86400),
                       "ASAN_OPTIONS": asan + ":verify_asan_link_order=0:detect_leaks=0"}
        self.processes[name] = subprocess.Popen([os.path.join(BIN, command[0]), *command[1:]], stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log, env=environment)
        log.close()

    past = True
    days_ago = DAYS_AGO

    def start(self, name, *command):
        if name == "nav-core" and self.past:
            self.start_in_the_past(name, *command)
        else:
            super().start(name, *command)

    def restart_core(self, kill=False):
        if kill:
            self.kill("nav-core")
        else:
            self.stop("nav-core")
        self.start_program("nav-core")
        self.wait_ready()

    def erased(self, *more):
        return self.json("retention", "run", *more)

    def key_files(self):
        return {os.path.basename(p): p for p in glob.glob(self.path("buckets", "*.key"))}


def incident(agency, days=None):
    event = agency.event()
    event.public_incident.kind = "Brand"
    if days is not None:
        event.retention_days = days
    return event


class Traffic:
    """Agencies that publish without a pause: a run must end all the same."""

    def __init__(self, hub):
        self.agencies = [Agency(hub, name) for name in ("polisen", "skolan", "bostadsbolaget")]
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._publish, args=(agency,)) for agency in self.agencies]

    def _publish(self, agency):
        while not self.over.is_set():
            agency.publish(*[incident(agency) for _ in range(60)])

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


# ---- content, opened by whoever has a key ----

def open_content(key_file, log_id, seq, retention_class, day, sealed):
    """The event's bytes; None: this key does not open it."""
    key = bucket_keys.event_key(bucket_keys.read(key_file), seq)
    if key is None:
        return None
    place = log_id + struct.pack(">QII", seq, retention_class, day)
    out = ctypes.create_string_buffer(len(sealed))
    length = ctypes.c_ulonglong()
    failed = SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(out, ctypes.byref(length), None, sealed[24:],
                                                               ctypes.c_ulonglong(len(sealed) - 24), place,
                                                               ctypes.c_ulonglong(len(place)), sealed[:24], key)
    return None if failed else out.raw[32:length.value]


def dump(hub):
    """What pg_dump has of content: {seq: sealed}."""
    postgres = hub.postgres
    done = subprocess.run([os.path.join(postgres.bin, "pg_dump"), "-d", postgres.connection("postgres")], capture_output=True, text=True,
                          check=True)
    contents, inside = {}, False
    for line in done.stdout.splitlines():
        if line.startswith("COPY nav.content_"):
            inside = True
        elif line == "\\.":
            inside = False
        elif inside:
            seq, _, sealed = line.split("\t")
            contents[int(seq)] = bytes.fromhex(sealed[3:])
    assert contents
    return contents


def opens(hub, keys, contents, seq):
    rows = hub.postgres.sql("postgres", f"SELECT bucket_class, bucket_day FROM nav.event_view WHERE seq = {seq}")
    retention_class, day = map(int, rows[0])
    log_id = bytes.fromhex(hub.postgres.sql("postgres", "SELECT encode(log_id, 'hex') FROM nav.lease")[0][0])
    return [k for k in keys.values() if open_content(k, log_id, seq, retention_class, day, contents[seq])]


def parts(hub):
    rows = hub.postgres.sql("postgres", "SELECT substr(c.relname, 9) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                                        "WHERE inhparent = 'nav.content'::regclass")
    return {int(row[0]) for row in rows}


def notices(hub, agency, kind):
    path = hub.path("agencies", agency, "inbox", "_notices.ndjson")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [n for n in map(json.loads, file) if n["kind"] == kind]


def verifies(hub):
    result = hub.verify()["result"] if "result" in hub.verify() else hub.verify()
    assert result["ok"] and not result["faults"], result


def behind(hub, agency, purpose=PURPOSE):
    return [lane["behind"] for lane in hub.status()["lanes"] if (lane["agency"], lane["purpose"]) == (agency, purpose)][0]


# ---- the test, in the order of a hub's life ----

def in_the_past(hub):
    """400 days ago: what is kept a week, a year and two years; some of it fetched, some not; a hold."""
    police = Agency(hub, "polisen")
    week = police.publish(*[incident(police, 7) for _ in range(3)])
    years = police.publish(incident(police), incident(police))
    [held] = hub.publish("socialtjansten", intervention(WORD))
    hub.run_adapter("skolan")
    assert len(hub.inbox("skolan", PURPOSE)) == 5
    erased_singly(hub, police)
    later = police.publish(incident(police, 7))
    assert [h for h in hub.json("hold", "list") if h["seq"] == held]
    assert hub.json("retention", "preview") == [], "nothing is due on its first day"
    assert hub.erased() == []
    verifies(hub)
    return week + later, years, held


def erased_singly(hub, police):
    """One of the week's, by order, which nobody had fetched: when its bucket's time is up no lane is counted a second time for it."""
    [seq] = police.publish(incident(police, 7))
    event_id = hub.postgres.sql("postgres", f"SELECT encode(event_id, 'hex') FROM nav.event_view WHERE seq = {seq}")[0][0]
    before = behind(hub, "skolan"), behind(hub, "bostadsbolaget")
    [one] = hub.json("retention", "erase", "--event", f"polisen/{event_id}", "--basis", "art. 17.1 d", "--reason", "prov")
    assert {lane["state"] for lane in one["lanes"]} == {"missed"}, one
    assert (behind(hub, "skolan"), behind(hub, "bostadsbolaget")) == (before[0] - 1, before[1] - 1)


def today(hub):
    hub.past = False
    hub.restart_core()
    police = Agency(hub, "polisen")
    fresh = police.publish(incident(police, 7), incident(police))
    return police, fresh


def previewed(hub, week, held):
    before = hub.key_files()
    shown = hub.json("retention", "preview")
    assert [(b["class"], b["events"]) for b in shown] == [(1, len(week) + 1), (4, 1)], shown  # and the one that was erased singly
    assert [b["erased_before"] for b in shown] == [1, 0], shown
    assert shown[0]["first_seq"] == min(week) and shown[0]["last_seq"] == max(week), shown
    assert hub.key_files() == before and "To be erased: 2 buckets with 6 events, of which 1 had been erased singly before." in hub.navctl("retention", "preview").stdout
    lanes = {(lane["agency"], lane["purpose"]): lane["events"] for lane in shown[0]["lanes"]}
    assert lanes["skolan", PURPOSE] == 1 and lanes["bostadsbolaget", PURPOSE] == 4, lanes
    assert shown[1]["holds_closed"] > 0, shown
    return shown


def the_databases_own_refusals(hub):
    """nav_core may not drop what is to be kept, nor anybody else anything."""
    month = time.strftime("%Y%m", time.gmtime())
    for role, part in (("nav_core", f"1{month}"), ("nav_core", "9202001"), ("nav_core", "1202013"), ("nav_desk", "1202001"),
                       ("nav_auditor", "1202001")):
        try:
            hub.postgres.sql(role, f"SELECT nav.drop_part({part})")
        except SqlError:
            continue
        raise AssertionError(f"{role} dropped part {part}")
    try:
        hub.postgres.sql("nav_core", f"DROP TABLE nav.content_1{month}")
    except SqlError:
        return
    raise AssertionError("nav_core dropped a table itself")


def made_ahead(hub):
    now = time.gmtime()
    after = (now.tm_year + now.tm_mon // 12, now.tm_mon % 12 + 1)
    wanted = {c * 1000000 + y * 100 + m for c in range(1, 6) for y, m in ((now.tm_year, now.tm_mon), after)}
    wait_until("partitions of this month and the next", lambda: wanted <= parts(hub))


def run(hub, week, years, fresh, held, backup):
    contents = dump(hub)
    keys = hub.key_files()
    for name, path in keys.items():
        shutil.copy(path, os.path.join(backup, name))
    old_keys = {name: os.path.join(backup, name) for name in keys}
    assert all(opens(hub, old_keys, contents, seq) for seq in week + years + fresh + [held]), "the check itself must be able to fail"
    done = hub.erased("--reason", "Gallring")
    assert [(b["class"], b["events"], b["holds_closed"] > 0, b["holds_kept"]) for b in done] == [(1, 5, False, 0), (4, 1, True, 0)], done
    left = hub.key_files()
    assert set(keys) - set(left) == {f"1-{day_of(hub, week[0])}.key", f"4-{day_of(hub, held)}.key"}
    assert not any(opens(hub, left, contents, seq) for seq in week + [held]), "erased content opens with a key that is still there"
    assert all(opens(hub, left, contents, seq) for seq in years + fresh)
    rows = hub.postgres.sql("postgres", "SELECT seq FROM nav.content")
    assert {int(r[0]) for r in rows} & set(week + [held]) == set(), "the partition is still there"
    assert {int(r[0]) for r in rows} >= set(years + fresh)
    verifies(hub)
    return done


def day_of(hub, seq):
    return hub.postgres.sql("postgres", f"SELECT bucket_day FROM nav.event_view WHERE seq = {seq}")[0][0]


def recorded(hub, week, held, done):
    records = Ledger(hub).records("erased")
    assert [seq for seq, _ in records] == [b["seq"] for b in done]
    record = records[0][1]
    assert (record.retention_class, record.events, record.first_seq, record.last_seq) == (1, 5, min(week), max(week)), record
    lanes = {lane.lane: lane.undelivered for lane in record.lanes}
    assert lanes[Ledger(hub).lane("skolan", PURPOSE)] == 1, lanes
    assert lanes[Ledger(hub).lane("bostadsbolaget", PURPOSE)] == 4, lanes
    assert record.person == hub.person and not record.reason and b"Gallring" not in record.sealed_reason.sealed
    closed = [c for _, c in Ledger(hub).records("hold_closed") if c.event_seq == held]
    assert closed and all(c.reason == 4 and c.by_seq == done[1]["seq"] for c in closed), closed
    assert not [h for h in hub.json("hold", "list") if h["seq"] == held]
    lines = hub.json("audit", "search", "--kind", "erased")
    assert len(lines) == 2 and all("class" in line["reason"] and "Gallring" in line["reason"] for line in lines), lines
    shown = hub.navctl("audit", "show", str(done[0]["seq"])).stdout
    assert "Gallring" in shown, shown


def told_and_gone_on(hub, years, fresh):
    assert behind(hub, "bostadsbolaget") == len(years + fresh)
    assert behind(hub, "skolan") == len(fresh)
    for agency, missed, fetched in (("skolan", 1, 5 + 2), ("bostadsbolaget", 4, 2 + 2)):
        hub.run_adapter(agency)
        assert len(hub.inbox(agency, PURPOSE)) == fetched, (agency, hub.inbox(agency, PURPOSE))
        told = [n for n in notices(hub, agency, "erased") if n["purpose"] == PURPOSE]
        assert [n["text"] for n in told if "ordered" in n["text"]] == ["1 events that you had not fetched were erased: it was ordered"], told
        told = [n for n in told if "ordered" not in n["text"]]
        assert len(told) == 1 and told[0]["text"].startswith(f"{missed} events"), told
        assert behind(hub, agency) == 0
        before = notices(hub, agency, "erased")
        hub.run_adapter(agency)
        assert notices(hub, agency, "erased") == before, ("told twice", before, notices(hub, agency, "erased"))


def again_changes_nothing(hub):
    count = len(Ledger(hub).records("erased"))
    assert hub.json("retention", "preview") == [] and hub.erased() == []
    assert len(Ledger(hub).records("erased")) == count


def killed_before_the_key(hub, backup, week, done):
    """The record is committed and the program ends: the key file is there still when it starts."""
    name = f"1-{day_of(hub, week[0])}.key"
    for kill in (True, False):
        shutil.copy(os.path.join(backup, name), hub.path("buckets", name))
        if kill:
            hub.restart_core(kill=True)
        else:
            assert hub.erased() == []
        assert name not in hub.key_files(), "the key of what was erased is still there"
    assert [seq for seq, _ in Ledger(hub).records("erased")] == [b["seq"] for b in done]
    verifies(hub)
    assert behind(hub, "skolan") == 0 and behind(hub, "bostadsbolaget") == 0, "counted anew at a start"


def killed_while_it_runs(hub, police):
    """kill -9 at some moment of a run; the next one finishes."""
    hub.past = True
    hub.days_ago = DAYS_AGO - 10  # nothing is sealed under a day that was erased
    hub.restart_core()
    seqs = []
    for days in (7, 30, 90, 365):
        seqs += police.publish(*[incident(police, days) for _ in range(40)])
    hub.past = False
    hub.restart_core()
    run = subprocess.Popen([os.path.join(BIN, "navctl"), "--home", hub.home, "retention", "run"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    time.sleep(0.05)
    hub.restart_core(kill=True)
    run.wait(60)
    with Traffic(hub):
        hub.erased()
    assert hub.json("retention", "preview") == []
    verifies(hub)
    contents = {int(r[0]) for r in hub.postgres.sql("postgres", "SELECT seq FROM nav.content")}
    left = hub.postgres.sql("postgres", "SELECT part, count(*) FROM nav.content GROUP BY 1")
    assert not contents & set(seqs), left


def misdated_by_a_clock(hub):
    """Set back, it gives events a day that is not that of their records' times, which never go back: they are erased with that day all the
    same."""
    hub.past, hub.days_ago = True, 20
    hub.restart_core()
    police = Agency(hub, "polisen")
    [seq] = police.publish(incident(police, 7))
    hub.past, hub.days_ago = False, DAYS_AGO
    hub.restart_core()
    [(misdated, day)] = hub.postgres.sql("postgres", f"SELECT nav.misdated(at, bucket_day), bucket_day FROM nav.event_view WHERE seq = {seq}")
    assert misdated == "t" and int(day) == int(time.time() / 86400) - 20, (misdated, day)
    shown = hub.json("retention", "preview")
    assert [(b["class"], b["events"], b["first_seq"]) for b in shown] == [(1, 1, seq)], shown
    assert [(b["class"], b["events"]) for b in hub.erased()] == [(1, 1)]
    verifies(hub)


def verify_accuses_what_no_record_erased(hub, fresh):
    hub.postgres.sql("postgres", f"SET session_replication_role = replica; DELETE FROM nav.content WHERE seq = {fresh[0]}")
    answer = hub.verify()
    result = answer.get("result", answer)
    assert [f["seq"] for f in result["faults"]] == [fresh[0]] and "no record has erased" in result["faults"][0]["what"], result


def main():
    with OldHub() as hub:
        backup = hub.path("old-keys")
        os.makedirs(backup)
        week, years, held = in_the_past(hub)
        police, fresh = today(hub)
        shown = previewed(hub, week, held)
        the_databases_own_refusals(hub)
        made_ahead(hub)
        done = run(hub, week, years, fresh, held, backup)
        told = ("class", "day", "events", "erased_before", "undelivered", "lanes", "holds_closed", "holds_kept")
        assert [[b[key] for key in told] for b in done] == [[b[key] for key in told] for b in shown], (done, shown)
        recorded(hub, week, held, done)
        told_and_gone_on(hub, years, fresh)
        again_changes_nothing(hub)
        killed_before_the_key(hub, backup, week, done)
        killed_while_it_runs(hub, police)
        misdated_by_a_clock(hub)
        verify_accuses_what_no_record_erased(hub, fresh)
    print("ok")


if __name__ == "__main__":
    main()
