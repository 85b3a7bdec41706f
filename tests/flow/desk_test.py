#!/usr/bin/env python3
"""nav-desk and navctl over a made ledger, with a stand-in for nav-core (desk.py): search, show, and the reading of content, each on record
first; and who may. What verification tells: verify_faults_test.py.

    tests/flow/desk_test.py [NAME…]      only these tests

Run by: ctest (NAV_BIN is the build's bin folder). Must never: need nav-core."""

import json
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from desk import PUBLICATIONS, read_events, run, span_of  # noqa: E402

FIELDS = ["seq", "at", "kind", "actor", "from", "to", "event_id", "type", "purpose", "basis", "rule", "outcome", "withheld", "reason"]


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
    seq = int(d.one(f"SELECT max(seq) FROM nav.event_view WHERE seq < {read['seq']}"))
    event_id = d.one(f"SELECT encode(event_id, 'hex') FROM nav.event_view WHERE seq = {seq}")
    lines = d.search("--event", event_id)
    assert {line["seq"] for line in lines} == {seq, read["seq"]}, lines
    assert d.navctl("audit", "search", "--event", "xyz", check=False).returncode == 2


def test_search_by_time(d):
    d.renew()
    times = d.postgres.sql("postgres", "SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM nav.ledger ORDER BY seq")
    (_, start), (_, end) = times[40], times[80]
    found = {line["seq"] for line in d.search("--since", start, "--until", end)}
    assert found == set(range(41, 81)), found
    assert d.search("--since", "1s") == []
    # Whoever speaks to the socket may ask for times that no calendar has.
    for of_time, found in (({"since_ms": -2**63}, 1), ({"until_ms": 2**63 - 1}, 1), ({"since_ms": 2**63 - 1}, 0), ({"until_ms": -2**63}, 0)):
        answer = d.ask("desk", {"command": "audit-search", "reason": "prov", "limit": 1, **of_time})
        assert answer["ok"] and len(answer["lines"]) == found, (of_time, answer)


def said_length(d, length):
    """What nav-desk says to a request that only says that it has so many bytes."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(d.path("run", "desk.sock"))
        caller.sendall(struct.pack(">I", length))
        with caller.makefile("rb") as answer:
            return json.loads(answer.read(struct.unpack(">I", answer.read(4))[0]))["error"]


def test_large_requests(d):
    d.renew()
    request = {"command": "audit-search", "reason": "x" * 100000}
    refused = d.ask("desk", request)["error"]
    assert refused["class"] == "peer" and "longer than 65536 bytes" in refused["text"], refused
    # Two say that they will be large, and then nothing: a third is told to come again.
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        for silent in (one, two):
            silent.connect(d.path("run", "desk.sock"))
            silent.sendall(struct.pack(">I", 1000000))
        busy = said_length(d, 100000)
        assert busy["class"] == "retry" and "try again soon" in busy["text"], busy
        assert d.ask("desk", {"command": "audit-search", "reason": "prov", "limit": 1})["ok"]
    refused = said_length(d, 100000000)
    assert refused["class"] == "peer" and "longer than 8388608 bytes" in refused["text"], refused


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
    d.reload(["nav-desk"])


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
        d.reload(["nav-desk"], says="agencies.yaml has faults")
        assert d.navctl("audit", "search", check=False).returncode == 3
    finally:
        with open(d.path("config", "agencies.yaml"), encoding="utf-8") as file:
            text = file.read().replace("persns: []\n", "")
        with open(d.path("config", "agencies.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        set_roles(d, "reader, chair, assessor, auditor, operator")
    assert d.navctl("audit", "search").returncode == 0


def test_slow_callers_delay_nobody(d):
    d.renew()
    held = []
    for _ in range(40):
        s = socket.socket(socket.AF_UNIX)
        s.connect(d.path("run", "desk.sock"))
        s.sendall(b"\x00\x00")
        s.setblocking(False)
        held.append(s)
    assert d.navctl("audit", "show", "1").returncode == 0
    # One after the other they would have been waited for 10 s each (DESK_READ_MS_MAX).
    for s in held:
        try:
            raise AssertionError(f"the answer came only when a slow caller was let go: {s.recv(1)}")
        except BlockingIOError:  # it is waited for still
            s.close()


# ---- content ----

def test_reading_is_recorded_then_opened(d):
    d.renew()
    d.core.requests.clear()
    start, end = span_of(d)
    events = read_events(d, start, end)["events"]
    assert len(events) == int(d.one("SELECT count(*) FROM nav.event_view"))
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
    d.core.erased_days = {int(x[0]) for x in d.postgres.sql("postgres", "SELECT DISTINCT bucket_day FROM nav.event_view")}
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


if __name__ == "__main__":
    sys.exit(run(globals()))
