#!/usr/bin/env python3
"""nav-desk and navctl over a made ledger in a real PostgreSQL, with a stand-in for nav-core: what an auditor is told after a superuser has
tampered with the database in every way we can think of; search, show, and the reading of content, each on record first.

    tests/flow/desk_test.py [NAME…]      only these tests"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import time

import nacl.signing

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import BIN, Hub, wait_until  # noqa: E402
from postgres import SqlError  # noqa: E402
from stand_in_core import StandInCore  # noqa: E402

PUBLICATIONS, EVERY = 60, 16
FIELDS = ["seq", "at", "kind", "actor", "from", "to", "event_id", "type", "purpose", "basis", "rule", "outcome", "withheld", "reason"]
KINDS = {"published": 20, "accepted": 21, "acknowledged": 30, "read": 40}


class Desk(Hub):
    """A home, a database with a made ledger, nav-desk; nav-core is the stand-in."""

    def __enter__(self):
        try:
            self.postgres.start()
            self.postgres.create_database()
            self.make_home()
            self.navctl("db", "upgrade")
            self.load()
            self.core = StandInCore(self.path("run", "core.sock"))
            self.start_program("nav-desk")
            wait_until("nav-desk listens", lambda: os.path.exists(self.path("run", "desk.sock")))
        except BaseException:
            self.__exit__()
            raise
        return self

    def load(self):
        made = subprocess.run([os.path.join(BIN, "make_ledger"), str(PUBLICATIONS), str(EVERY), "nav.example.se"], check=True,
                              capture_output=True, text=True).stdout
        self.postgres.sql("postgres", made)
        key = made.split()[2]
        path = self.path("config", "keys", "hub.yaml")
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("checkpoint:")]
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(lines) + f"checkpoint: {key}\n")
        self.admin("ALTER DATABASE nav RENAME TO whole")
        self.renew()

    def admin(self, sql):
        """CREATE and DROP DATABASE will have no transaction."""
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, self.postgres.connection("postgres", "postgres")],
                       check=True, capture_output=True)

    def renew(self):
        """The ledger as it was made."""
        self.admin("DROP DATABASE IF EXISTS nav WITH (FORCE)")
        self.admin("CREATE DATABASE nav TEMPLATE whole OWNER nav_owner")

    def tamper(self, sql):
        """As a superuser who knows how to switch triggers off."""
        self.renew()
        self.postgres.sql("postgres", "SET session_replication_role = replica;" + sql)

    def one(self, sql, database="nav"):
        return self.postgres.sql("postgres", sql, database)[0][0]

    def nth(self, kind, n):
        return int(self.one(f"SELECT seq FROM nav.ledger WHERE kind = {KINDS[kind]} ORDER BY seq OFFSET {n} LIMIT 1", "whole"))

    def verify_report(self):
        done = self.navctl("audit", "verify", "-o", "json", check=False)
        report = json.loads(done.stdout)
        assert done.returncode == (0 if report["ok"] else 6), done
        return report

    def expect_faults(self, sql, expected):
        """expected: [(seq, text in what), …], exactly these."""
        self.tamper(sql)
        faults = self.verify_report()["faults"]
        assert len(faults) == len(expected), (sql, faults)
        for fault, (seq, text) in zip(faults, expected):
            assert fault["seq"] == seq and text in fault["what"], (sql, fault, seq, text)

    def search(self, *args, output="json"):
        done = self.navctl("audit", "search", *args, "-o", output)
        return json.loads(done.stdout) if output == "json" else done.stdout


def interval(seq):
    first = (seq - 1) // EVERY * EVERY + 1
    return first, first + EVERY - 1


# ---- verify ----

def test_whole_ledger_holds(d):
    d.renew()
    report = d.verify_report()
    assert report["ok"] and report["faults"] == []
    assert report["records"] == int(d.one("SELECT count(*) FROM nav.ledger"))
    assert report["events"] == int(d.one("SELECT count(*) FROM nav.event"))
    assert report["checkpoints"] == int(d.one("SELECT count(*) FROM nav.checkpoint"))
    assert report["root"] == d.one("SELECT encode(root, 'hex') FROM nav.checkpoint ORDER BY size DESC LIMIT 1")
    table = d.navctl("audit", "verify").stdout
    assert "The ledger holds." in table and report["root"] in table


def test_root_by_other_peoples_arithmetic(d):
    """RFC 6962's recursive definition and C2SP's note, written here anew."""
    d.renew()
    records = [bytes.fromhex(r[0]) for r in d.postgres.sql("postgres", "SELECT encode(record, 'hex') FROM nav.ledger ORDER BY seq")]

    def root(leaves):
        if len(leaves) == 1:
            return leaves[0]
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()

    leaves = [hashlib.sha256(b"\x00" + r).digest() for r in records]
    assert d.verify_report()["root"] == root(leaves).hex()
    key = bytes.fromhex(open(d.path("config/keys/hub.yaml"), encoding="utf-8").read().split("checkpoint: ")[1].strip())
    for size, note in d.postgres.sql("postgres", "SELECT size, encode(convert_to(note, 'UTF8'), 'hex') FROM nav.checkpoint"):
        text, signatures = bytes.fromhex(note).decode().split("\n\n")
        origin, count, encoded = text.split("\n")
        assert int(count) == int(size) and base64.b64decode(encoded) == root(leaves[: int(size)])
        dash, name, signature = signatures.rstrip("\n").split(" ")
        assert dash == "—" and name == origin and origin.startswith("nav.example.se/")
        raw = base64.b64decode(signature)
        assert raw[:4] == hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
        nacl.signing.VerifyKey(key).verify((text + "\n").encode(), raw[4:])


def test_one_changed_byte(d):
    for kind in KINDS:
        seq = d.nth(kind, 3)
        for place in (1, 9, 30):
            d.expect_faults(f"UPDATE nav.ledger SET record = set_byte(record, {place}, get_byte(record, {place}) # 1) WHERE seq = {seq}",
                            [(seq, "its bytes were changed")])


def test_changed_byte_and_leaf(d):
    # The p of a Read's "prepares": it decodes still, and nothing else refers to it.
    seq = d.nth("read", 1)
    first, last = interval(seq)
    d.expect_faults("UPDATE nav.ledger SET record = overlay(record PLACING '\\x65' FROM position('\\x70726570'::bytea IN record)) "
                    f"WHERE seq = {seq}; UPDATE nav.ledger SET leaf = sha256('\\x00'::bytea || record) WHERE seq = {seq}",
                    [(first, f"one or more of the records {first} to {last} were changed together with their leaf hashes")])


def test_changed_leaf(d):
    d.expect_faults("UPDATE nav.ledger SET leaf = set_byte(leaf, 0, get_byte(leaf, 0) # 1) WHERE seq = 17",
                    [(17, "its column leaf was changed")])


def test_deleted_record(d):
    for seq in (1, 17, d.nth("published", 5), d.nth("accepted", 5), EVERY, EVERY + 1):
        d.expect_faults(f"DELETE FROM nav.ledger WHERE seq = {seq}", [(seq, "the record is missing")])
    d.expect_faults("DELETE FROM nav.ledger WHERE seq BETWEEN 20 AND 60", [(20, "the records 20 to 60 are missing")])


def test_swapped_records(d):
    a, b = d.nth("accepted", 4), d.nth("accepted", 30)
    swap = (f"UPDATE nav.ledger AS x SET record = y.record FROM nav.ledger AS y WHERE (x.seq, y.seq) IN (({a}, {b}), ({b}, {a}))")
    d.expect_faults(swap, [(a, "its bytes were changed"), (b, "its bytes were changed")])
    d.tamper(swap.replace("record = y.record", "record = y.record, leaf = y.leaf"))
    faults = d.verify_report()["faults"]
    assert {f["seq"] for f in faults} == {a, b}, faults
    assert f"says that it is seq {b}" in faults[0]["what"], faults
    # The numbers swapped, so that whole rows change places.
    d.tamper(f"UPDATE nav.ledger SET seq = -1 WHERE seq = {a}; UPDATE nav.ledger SET seq = {a} WHERE seq = {b}; "
             f"UPDATE nav.ledger SET seq = {b} WHERE seq = -1")
    assert {f["seq"] for f in d.verify_report()["faults"]} == {a, b}


def test_inserted_records(d):
    last = int(d.one("SELECT max(seq) FROM nav.ledger", "whole"))
    d.expect_faults(f"INSERT INTO nav.ledger SELECT {last + 1}, at, kind, lane, record, leaf FROM nav.ledger WHERE seq = {last}",
                    [(last + 1, f"says that it is seq {last}")] +
                    ([(0, "nav.subtree, the row of level 8")] if (last + 1) % 256 == 0 else []) +
                    [(last + 1, "stands after the last number that nav.lease knows")])
    d.expect_faults("INSERT INTO nav.ledger SELECT -7, at, kind, lane, record, leaf FROM nav.ledger WHERE seq = 3",
                    [(0, "nav.ledger has a row numbered -7")])


def test_changed_columns(d):
    seq = d.nth("acknowledged", 2)
    d.expect_faults(f"UPDATE nav.ledger SET at = at + interval '1 microsecond' WHERE seq = {seq}", [(seq, " at (")])
    d.expect_faults(f"UPDATE nav.ledger SET kind = 31 WHERE seq = {seq}", [(seq, "kind (31, record 30)")])
    d.expect_faults(f"UPDATE nav.ledger SET lane = NULL WHERE seq = {seq}", [(seq, " lane (0, record ")])
    d.expect_faults(f"UPDATE nav.ledger SET at = '-infinity' WHERE seq = {seq}", [(seq, " at (")])


def test_changed_event_rows(d):
    seq = d.nth("accepted", 7)
    for column, value in {"event_id": "decode(repeat('ab', 16), 'hex')", "agency": "agency % 3 + 1", "revision": "2",
                          "digest": "sha256('')", "type": "40", "time": "time + interval '1 ms'", "verdict": "3 - verdict",
                          "bucket_class": "9", "bucket_day": "1", "published_seq": "1"}.items():
        d.expect_faults(f"UPDATE nav.event SET {column} = {value} WHERE seq = {seq}", [(seq, f"differs from the record: {column}")])
    d.expect_faults(f"DELETE FROM nav.event WHERE seq = {seq}", [(seq, "its row in nav.event is missing")])
    stray = d.nth("read", 0)
    d.expect_faults(f"INSERT INTO nav.event SELECT {stray}, substr(sha256(''), 1, 16), agency, revision, digest, type, time, verdict, "
                    f"bucket_class, bucket_day, published_seq FROM nav.event WHERE seq = {seq}",
                    [(stray, "nav.event has a row that no Accepted record stands behind")])


def test_swapped_and_changed_content(d):
    a, b = d.nth("accepted", 2), d.nth("accepted", 3)
    d.expect_faults(f"UPDATE nav.content AS x SET sealed = y.sealed FROM nav.content AS y WHERE (x.seq, y.seq) IN (({a}, {b}), ({b}, {a}))",
                    [(a, "sealed content was changed or is another's"), (b, "sealed content was changed or is another's")])
    d.expect_faults(f"UPDATE nav.content SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE seq = {a}",
                    [(a, "sealed content was changed")])
    d.expect_faults(f"INSERT INTO nav.content SELECT {d.nth('published', 1)}, part, sealed FROM nav.content WHERE seq = {a}",
                    [(d.nth("published", 1), "nav.content has a row that no Accepted record stands behind")])


def test_content_that_no_record_erased(d):
    seqs = [int(r[0]) for r in d.postgres.sql("postgres", "SELECT seq FROM nav.content WHERE seq < 100 ORDER BY seq", "whole")]
    d.tamper("DELETE FROM nav.content WHERE seq < 100")
    report = d.verify_report()
    assert [f["seq"] for f in report["faults"]] == seqs and report["contents"] == report["events"] - len(seqs), report
    assert all("no record has erased" in f["what"] for f in report["faults"])


def test_forged_checkpoint(d):
    size, root = d.postgres.sql("postgres", "SELECT size, encode(root, 'hex') FROM nav.checkpoint ORDER BY size OFFSET 3 LIMIT 1", "whole")[0]
    origin = "nav.example.se/" + d.one("SELECT encode(log_id, 'hex') FROM nav.lease", "whole")
    forger = nacl.signing.SigningKey.generate()
    forged_root = hashlib.sha256(b"forged").digest()
    text = f"{origin}\n{size}\n{base64.b64encode(forged_root).decode()}\n"
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + bytes(forger.verify_key)).digest()[:4]
    note = f"{text}\n— {origin} {base64.b64encode(key_id + forger.sign(text.encode()).signature).decode()}\n"
    d.expect_faults(f"UPDATE nav.checkpoint SET root = '\\x{forged_root.hex()}', note = '{note}' WHERE size = {size}",
                    [(int(size), "no signature by this hub's checkpoint key")])
    d.expect_faults(f"UPDATE nav.checkpoint SET root = '\\x{forged_root.hex()}' WHERE size = {size}",
                    [(int(size), "its column root is not the root that its note signs")])
    d.expect_faults(f"UPDATE nav.checkpoint SET frontier = '\\x00' WHERE size = {size}", [(int(size), "its frontier does not give")])


def test_cut_tail(d):
    last = int(d.one("SELECT max(seq) FROM nav.ledger", "whole"))
    cut = last - 20
    everywhere = "".join(f"DELETE FROM nav.{t} WHERE seq > {cut};" for t in ("ledger", "event", "content", "person", "mention", "rules_text"))
    everywhere += f"DELETE FROM nav.subtree WHERE (index + 1) << level > {cut};"
    d.expect_faults(everywhere, [(cut + 1, f"the records {cut + 1} to {last} are missing")])
    d.expect_faults(everywhere + f"UPDATE nav.lease SET last_seq = {cut}", [(cut + 1, f"to {last} are missing: a checkpoint covers them")])
    # With the checkpoints gone as well the agencies' cosignatures tell of them; with those gone too nothing here can: that is what the
    # agencies keep checkpoints for.
    gone = everywhere + f"UPDATE nav.lease SET last_seq = {cut}; DELETE FROM nav.checkpoint WHERE size > {cut};" \
        f"DELETE FROM nav.subtree WHERE ((index + 1) << level) > {cut};"
    sizes = [int(s) for s in d.one(f"SELECT string_agg(size::text, ' ' ORDER BY size, agency) FROM nav.cosignature WHERE size > {cut}",
                                   "whole").split()]
    d.expect_faults(gone, [(size, "and none is there") for size in sizes])
    d.tamper(gone + f"DELETE FROM nav.cosignature WHERE size > {cut}")
    assert d.verify_report()["ok"]


def test_lost_lease(d):
    d.expect_faults("DELETE FROM nav.lease", [(0, "nav.lease has no row")])


def test_verify_while_core_is_away(d):
    d.renew()
    d.core.stop()
    try:
        done = d.navctl("audit", "verify", "-o", "json")
        assert json.loads(done.stdout)["ok"] and "stands in no record" in done.stderr
        assert d.navctl("audit", "search", check=False).returncode == 5
        assert d.navctl("audit", "show", "17", check=False).returncode == 5
    finally:
        d.core = StandInCore(d.path("run", "core.sock"))


# ---- search and show ----

def test_search_lines(d):
    d.renew()
    lines = d.search("--limit", "100000")
    assert all(list(line) == FIELDS for line in lines)
    assert [line["seq"] for line in lines] == sorted((line["seq"] for line in lines), reverse=True)
    assert {line["seq"] for line in lines} == set(range(1, int(d.one("SELECT max(seq) FROM nav.ledger")) + 1))
    seq = d.nth("accepted", 1)
    accepted = [line for line in lines if line["seq"] == seq]
    assert {(line["to"], line["purpose"], line["outcome"]) for line in accepted} in (
        {("police-north", "lagesbild", "release")}, {("social-bromma", "lagesbild", "release"), ("police-north", "young-at-risk", "hold")})
    for line in accepted:
        assert line["type"] == "SchoolIncident" and len(line["event_id"]) == 32 and line["rule"] and line["basis"]
        assert line["withheld"] == ["home", "narrative", "contact", "identity", "health", "offence"]


def test_search_filters(d):
    d.renew()
    everything = d.search("--limit", "100000")
    checks = {
        ("--agency", "social-bromma"): lambda x: "social-bromma" in (x["from"], x["to"]),
        ("--purpose", "young-at-risk"): lambda x: x["purpose"] == "young-at-risk",
        ("--basis", "osl-10-18a"): lambda x: x["basis"] == "osl-10-18a",
        ("--rule", "incident-to-police"): lambda x: x["rule"] == "incident-to-police",
        ("--reader", "anna"): lambda x: x["kind"] in ("read", "briefing_compiled", "audit_read") and x["actor"] == "anna",
        ("--kind", "rejected"): lambda x: x["kind"] == "rejected",
        ("--agency", "police-north", "--purpose", "young-at-risk"):
            lambda x: "police-north" in (x["from"], x["to"]) and x["purpose"] == "young-at-risk",
        ("--kind", "redecided", "--agency", "social-bromma"): lambda x: x["kind"] == "redecided" and x["to"] == "social-bromma",
        ("--agency", "nobody"): lambda x: False,
        ("--rule", "none-such"): lambda x: False,
    }
    for arguments, fits in checks.items():
        expected = [x for x in everything if fits(x)]
        found = d.search(*arguments, "--limit", "100000")
        assert found == expected, (arguments, len(found), len(expected))
        assert expected or arguments[1] in ("nobody", "none-such"), arguments
    assert len(d.search("--meeting", "bromma-november")) == len([x for x in everything if x["kind"] == "read"])


def test_search_by_event(d):
    d.renew()
    read = d.search("--kind", "read", "--limit", "1")[0]
    seq = int(d.one(f"SELECT max(seq) FROM nav.event WHERE seq < {read['seq']}"))
    event_id = d.one(f"SELECT encode(event_id, 'hex') FROM nav.event WHERE seq = {seq}")
    lines = d.search("--event", event_id)
    assert {line["seq"] for line in lines} == {seq, read["seq"]}, lines
    assert d.navctl("audit", "search", "--event", "xyz", check=False).returncode == 1


def test_search_by_time(d):
    d.renew()
    times = d.postgres.sql("postgres", "SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM nav.ledger ORDER BY seq")
    (_, start), (_, end) = times[40], times[80]
    found = {line["seq"] for line in d.search("--since", start, "--until", end)}
    assert found == set(range(41, 81)), found
    assert d.search("--since", "1s") == []


def test_search_pages(d):
    d.renew()
    everything = d.search("--limit", "100000")
    limited = d.navctl("audit", "search", "--limit", "7", "-o", "json")
    lines = json.loads(limited.stdout)
    # A record's lines are never torn apart.
    assert len(lines) in (7, 8) and lines == everything[: len(lines)] and "there is more" in limited.stderr
    # From the last line on, none lost and none twice.
    pages, before = [], []
    while True:
        done = d.navctl("audit", "search", "--limit", "31", *before, "-o", "json")
        pages += json.loads(done.stdout)
        if "--before" not in done.stderr:
            break
        before = ["--before", done.stderr.split("--before ")[1].split()[0]]
    assert len(everything) > 300 and [x for x in pages if x["kind"] != "audit_read"] == everything, (len(pages), len(everything))
    assert d.navctl("audit", "search", "--before", "x", check=False).returncode == 2
    rows = d.search("--kind", "accepted", "--limit", "9", output="csv").split("\n")  # text mode: CRLF became LF
    assert rows[0] == ",".join(FIELDS) and len(rows) in (11, 12)
    assert [json.loads(x) for x in d.search("--limit", "100000", output="ndjson").splitlines()] == everything


def test_audit_is_audited(d):
    d.renew()
    d.core.requests.clear()
    d.search("--agency", "police-north", "--reason", "granskning")
    d.navctl("audit", "show", "17")
    d.verify_report()
    queries = [(r["person"], r["agency"], r["query"], r["reason"]) for r in d.core.records("audit_read")]
    assert queries == [("test", "stadsdelen", "audit search agency=police-north limit=1000", "granskning"),
                       ("test", "stadsdelen", "audit show 17", ""), ("test", "stadsdelen", "audit verify", "")], queries


def test_refused_record_means_no_answer(d):
    d.renew()
    d.core.refuse = {"class": "retry", "code": 22, "place": "", "text": "the ledger cannot be written now"}
    try:
        done = d.navctl("audit", "search", "-o", "json", check=False)
        assert done.returncode == 5 and done.stdout == "" and "cannot be written" in done.stderr
    finally:
        d.core.refuse = None


def test_person(d):
    """The events whose token it is and no others, with what became of each; the record first; no scan of the ledger."""
    d.renew()
    wanted = [int(r[0]) for r in d.postgres.sql("postgres", f"SELECT seq FROM nav.person WHERE token = '\\x{d.core.token}' ORDER BY seq DESC")]
    assert wanted
    asked = len(d.core.requests)
    lines = json.loads(d.navctl("audit", "person", "201201012380", "--reason", "prov", "-o", "json").stdout)
    assert d.core.requests[asked]["about_number"] == "201201012380" and d.core.requests[asked]["reason"] == "prov"
    assert list(dict.fromkeys(line["event_seq"] for line in lines)) == wanted
    d.core.refuse = {"class": "retry", "text": "the ledger cannot be written now"}
    done = d.navctl("audit", "person", "201201012380", "--reason", "prov", check=False)
    d.core.refuse = None
    assert done.returncode != 0 and done.stdout == "", done


def test_rows_of_persons_tampered_with(d):
    seq = int(d.one("SELECT min(seq) FROM nav.person", "whole"))
    d.expect_faults(f"DELETE FROM nav.person WHERE seq = {seq}", [(seq, "nav.person lacks")])
    d.expect_faults(f"INSERT INTO nav.person VALUES ('\\x00112233445566778899aabbccddeeff', {seq})", [(seq, "nav.person has 1")])
    read = int(d.one("SELECT min(seq) FROM nav.mention", "whole"))
    d.expect_faults(f"DELETE FROM nav.mention WHERE seq = {read}", [(read, "nav.mention lacks 1")])


def test_show(d):
    d.renew()
    seq = d.nth("accepted", 2)
    shown = json.loads(d.navctl("audit", "show", str(seq), "-o", "json").stdout)
    assert shown["seq"] == seq and shown["kind"] == "accepted" and shown["leaf_agrees"] is True
    assert shown["leaf"] == d.one(f"SELECT encode(leaf, 'hex') FROM nav.ledger WHERE seq = {seq}")
    assert shown["record"]["accepted"]["agency"] and shown["checkpoint"]["size"] >= seq
    swedish, english = shown["words"]["sv"], shown["words"]["en"]
    assert swedish[0].startswith(f"Post {seq} (accepted), ") and "SchoolIncident" in swedish[1] and "kontrollpunkten" in swedish[-1]
    assert english[0].startswith(f"Record {seq} (accepted), ") and len(english) == len(swedish)
    assert swedish[1] in d.navctl("audit", "show", str(seq)).stdout and english[1] in d.navctl("audit", "show", str(seq), "--lang", "en").stdout
    assert d.navctl("audit", "show", str(seq), "--lang", "de", check=False).returncode == 2
    assert d.navctl("audit", "show", "999999", check=False).returncode == 4
    assert "navctl" not in d.navctl("audit", "show", str(seq)).stderr


# ---- who may ----

def set_roles(d, roles):
    path = d.path("config", "persons.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head = text[: text.index("roles: [")]
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + f"roles: [{roles}]" + (", mandate: all" if "auditor" in roles else "") + "}\n")
    d.processes["nav-desk"].send_signal(1)
    time.sleep(0.3)


def test_roles_decide(d):
    d.renew()
    d.core.requests.clear()
    set_roles(d, "reader")
    try:
        for command in (("audit", "search"), ("audit", "show", "1"), ("audit", "verify")):
            done = d.navctl(*command, check=False)
            assert done.returncode == 3 and "auditor" in done.stderr, done
        assert d.core.requests == []
        # A broken file leaves the roles as they were.
        with open(d.path("config", "agencies.yaml"), "a", encoding="utf-8") as file:
            file.write("persns: []\n")
        d.processes["nav-desk"].send_signal(1)
        time.sleep(0.3)
        assert d.navctl("audit", "search", check=False).returncode == 3
    finally:
        with open(d.path("config", "agencies.yaml"), encoding="utf-8") as file:
            text = file.read().replace("persns: []\n", "")
        with open(d.path("config", "agencies.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        set_roles(d, "reader, chair, assessor, auditor, operator")
    assert d.navctl("audit", "search").returncode == 0


def test_slow_callers_delay_nobody(d):
    import socket
    d.renew()
    held = []
    for _ in range(40):
        s = socket.socket(socket.AF_UNIX)
        s.connect(d.path("run", "desk.sock"))
        s.sendall(b"\x00\x00")
        held.append(s)
    started = time.monotonic()
    assert d.navctl("audit", "show", "1").returncode == 0
    assert time.monotonic() - started < 8
    for s in held:
        s.close()


# ---- content ----

def read_events(d, start, end, opened=True, check=True):
    done = subprocess.run([os.path.join(BIN, "read_events"), d.home, "test", str(start), str(end), "1" if opened else "0"],
                          capture_output=True, text=True)
    if check:
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    return done


def span_of(d):
    low, high = d.postgres.sql("postgres", "SELECT (extract(epoch FROM min(time)) * 1000)::bigint, (extract(epoch FROM max(time)) * 1000)::bigint FROM nav.event")[0]
    return int(low), int(high) + 1


def test_reading_is_recorded_then_opened(d):
    d.renew()
    d.core.requests.clear()
    start, end = span_of(d)
    events = read_events(d, start, end)["events"]
    assert len(events) == int(d.one("SELECT count(*) FROM nav.event"))
    assert all(e["event"]["data"]["place"]["address"].startswith("Testgatan ") for e in events)
    assert all(e["event"]["id"] == e["id"] and e["event"]["source"] == e["agency"] for e in events)
    reads = d.core.records("read")
    assert len(reads) == 1 and reads[0]["person"] == "test" and reads[0]["reason"] == "a test reads"
    assert reads[0]["event_seqs"] == [e["seq"] for e in events] == [c[0] for c in reads[0]["contents"]]
    # Lane 2: released by verdict 1, not named by verdict 2; withheld where a Redecided says so.
    again = {line["event_id"] for line in d.search("--kind", "redecided")}
    assert len(again) == PUBLICATIONS // 11
    assert {e["lane_outcome"] for e in events if e["id"] in again} == {1}
    assert {e["lane_outcome"] for e in events if e["verdict"] == 1 and e["id"] not in again} == {3}
    assert {e["lane_outcome"] for e in events if e["verdict"] == 2 and e["id"] not in again} == {-1}


def test_listing_opens_nothing(d):
    d.renew()
    d.core.requests.clear()
    events = read_events(d, *span_of(d), opened=False)["events"]
    assert events and all(e["event"] is None for e in events) and d.core.requests == []


def test_erased_content_is_said_to_be(d):
    seq = d.nth("accepted", 5)
    d.tamper(f"DELETE FROM nav.content WHERE seq = {seq}")
    events = {e["seq"]: e for e in read_events(d, *span_of(d))["events"]}
    assert events[seq]["erased"] and events[seq]["event"] is None
    assert all(not e["erased"] for s, e in events.items() if s != seq)
    d.core.erased_days = {int(x[0]) for x in d.postgres.sql("postgres", "SELECT DISTINCT bucket_day FROM nav.event")}
    try:
        assert all(e["erased"] and e["event"] is None for e in read_events(d, *span_of(d))["events"])
    finally:
        d.core.erased_days = set()


def test_no_record_no_reading(d):
    d.renew()
    d.core.refuse = {"class": "retry", "code": 22, "place": "", "text": "the ledger cannot be written now"}
    try:
        done = read_events(d, *span_of(d), check=False)
        assert done.returncode == 1 and "Testgatan" not in done.stdout and "class 2" in done.stderr, done
    finally:
        d.core.refuse = None


def test_changed_content_is_not_shown(d):
    seq = d.nth("accepted", 5)
    d.tamper(f"UPDATE nav.content SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE seq = {seq}")
    done = read_events(d, *span_of(d), check=False)
    assert done.returncode == 1 and f"content of seq {seq} does not open" in done.stderr


def run(tests):
    """Those of {name: function} that are tests and are asked for; gives the exit code."""
    wanted = set(sys.argv[1:])
    tests = [(n, f) for n, f in tests.items() if n.startswith("test_") and (not wanted or n in wanted)]
    failed = []
    with Desk(agencies=()) as desk:
        for name, test in tests:
            try:
                test(desk)
                print("ok    ", name, flush=True)
            except (AssertionError, SqlError, subprocess.CalledProcessError) as error:
                failed.append(name)
                print("FAILED", name, repr(error)[:3000], getattr(error, "stderr", ""), flush=True)
        if failed:
            desk.show_logs()
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run(globals()))
