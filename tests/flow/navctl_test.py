#!/usr/bin/env python3
"""navctl's commands that make and check an installation: keys, database, configuration; publish through a real hub; exit codes.

    tests/flow/navctl_test.py [NAME…]      only these tests"""

import json
import os
import re
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub, run_tests  # noqa: E402
from postgres import ROLES  # noqa: E402

EVENT = {"specversion": "1.0", "id": "00004fbe0a1b2c3d4e5f607182930000", "source": "skolan", "type": "nav.v1.SchoolIncident",
         "time": "2026-11-20T10:00:00Z", "navrevision": 1, "datacontenttype": "application/json",
         "data": {"place": {"area": "bromma", "municipality": "0180"}, "body": {"kind": "violence"}}}


def event(number, **more):
    return {**EVENT, "id": EVENT["id"][:-4] + f"{number:04x}", **more}


class Home(Hub):
    """A home and a database without schema; no program runs until start_hub."""

    def begin(self):
        pass

    def fails(self, code, says, *args):
        done = self.navctl(*args, check=False)
        assert done.returncode == code and says in done.stderr, (args, done.returncode, done.stderr, done.stdout)
        return done


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_hub_keys(h):
    for use in ("curve", "session", "checkpoint", "pseudonym"):
        assert mode(h.path("keys", use + ".key")) == 0o600
        assert open(h.path("keys", use + ".key"), encoding="utf-8").read().startswith(use + " ")
    public = open(h.path("config/keys/hub.yaml"), encoding="utf-8").read()
    assert re.findall(r"^(\w+): [0-9a-f]{64}$", public, re.M) == ["curve", "session", "checkpoint"]
    before = {f: open(h.path("keys", f), encoding="utf-8").read() for f in os.listdir(h.path("keys"))}
    h.fails(1, "exists already", "keys", "new", "hub")
    assert before == {f: open(h.path("keys", f), encoding="utf-8").read() for f in os.listdir(h.path("keys"))}


def test_agency_keys(h):
    assert "names no agency" not in h.navctl("keys", "new", "jobbtorg").stderr
    public = open(h.path("config/keys/jobbtorg.yaml"), encoding="utf-8").read()
    assert re.findall(r"^(\w+): [0-9a-f]{64}$", public, re.M) == ["curve", "signing", "witness"]
    for use in ("curve", "signing", "witness", "id"):
        assert mode(h.path("agencies/jobbtorg/keys", use + ".key")) == 0o600
    h.fails(1, "exists already", "keys", "new", "jobbtorg")
    # A run that ended between the two: the public file is written from the keys that are there.
    os.unlink(h.path("config/keys/jobbtorg.yaml"))
    h.navctl("keys", "new", "jobbtorg")
    assert open(h.path("config/keys/jobbtorg.yaml"), encoding="utf-8").read() == public
    # Keys from before witness keys: that one alone is made and added; and where only the public line is missing, that.
    lines = public.splitlines(keepends=True)
    for remove in ("witness.key", "witness.pub"):
        os.unlink(h.path("agencies/jobbtorg/keys", remove))
    for _ in range(2):
        with open(h.path("config/keys/jobbtorg.yaml"), "w", encoding="utf-8") as file:
            file.write("".join(lines[:-1]))
        h.navctl("keys", "new", "jobbtorg")
        with open(h.path("config/keys/jobbtorg.yaml"), encoding="utf-8") as file:
            now = file.read()
        with open(h.path("agencies/jobbtorg/keys/witness.pub"), encoding="utf-8") as file:
            assert now == "".join(lines[:-1]) + file.read().replace("witness ", "witness: ") and now != public
    h.fails(1, "exists already", "keys", "new", "jobbtorg")
    h.fails(2, "is no agency's id", "keys", "new", "../evil")
    assert "agencies.yaml names no agency 'annan' yet" in h.navctl("keys", "new", "annan").stderr


def test_upgrade_runs_once(h):
    assert "ran 001_ledger.sql" in h.navctl("db", "upgrade").stderr
    assert h.navctl("db", "upgrade").stderr == ""
    assert h.postgres.sql("nav_owner", "SELECT count(*) FROM public.nav_schema_version")[0][0] != "0"
    owners = {r[0] for r in h.postgres.sql("postgres", "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'nav'::regnamespace")}
    assert owners == {"nav_owner"}, owners


def test_upgrade_of_another_build_is_refused(h):
    h.navctl("db", "upgrade")
    h.postgres.sql("nav_owner", "UPDATE public.nav_schema_version SET sha256 = repeat('0', 64) WHERE name = '001_ledger.sql'")
    try:
        h.fails(1, "001_ledger.sql: ran here as another text", "db", "upgrade")
    finally:
        h.postgres.sql("nav_owner", "DROP SCHEMA nav CASCADE; DROP TABLE public.nav_schema_version")


def run_psql(h, sql):
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, h.postgres.connection("postgres", "postgres")], check=True,
                   capture_output=True)


def with_owner(h, change):
    path = h.path("nav.yaml")
    text = open(path, encoding="utf-8").read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"owner: .*", change, text))
    return text


def test_upgrade_by_a_superuser_makes_roles(h):
    """On a bare cluster: the superuser's login makes the roles, and all belongs to nav_owner."""
    run_psql(h, "DROP DATABASE nav WITH (FORCE)")
    for role in ROLES:
        run_psql(h, f"DROP ROLE {role}")
    run_psql(h, "CREATE DATABASE nav")
    kept = with_owner(h, f"owner: host='{h.postgres.socket}' port=5432 dbname=nav user=postgres")
    try:
        done = h.navctl("db", "upgrade")
        assert all(f"made the role {role}" in done.stderr for role in ROLES)
        owners = {r[0] for r in h.postgres.sql("postgres", "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'nav'::regnamespace")}
        assert owners == {"nav_owner"}, owners
    finally:
        with open(h.path("nav.yaml"), "w", encoding="utf-8") as file:
            file.write(kept)


def test_failed_migration_leaves_nothing(h):
    run_psql(h, "DROP DATABASE nav WITH (FORCE)")
    run_psql(h, "CREATE DATABASE nav OWNER nav_owner")
    h.postgres.sql("nav_owner", "CREATE SCHEMA nav; CREATE TABLE nav.checkpoint (x int)")
    h.fails(1, "001_ledger.sql: ", "db", "upgrade")
    assert h.postgres.sql("nav_owner", "SELECT count(*) FROM public.nav_schema_version") == [["0"]]
    assert h.postgres.sql("nav_owner", "SELECT to_regclass('nav.ledger') IS NULL") == [["t"]]
    h.postgres.sql("nav_owner", "DROP SCHEMA nav CASCADE")
    h.navctl("db", "upgrade")


def test_database_away_is_unreachable(h):
    h.postgres.stop()
    try:
        h.fails(5, "cannot connect", "db", "upgrade")
    finally:
        h.postgres.start()


def test_config_check_names_all_at_once(h):
    assert json.loads(h.navctl("config", "check", "-o", "json").stdout) == []
    agencies = h.path("config/agencies.yaml")
    meeting = h.path("config/meetings", sorted(os.listdir(h.path("config/meetings")))[0])
    keys = h.path("config/keys/hub.yaml")
    kept = {p: open(p, encoding="utf-8").read() for p in (agencies, meeting, keys)}
    try:
        open(keys, "w", encoding="utf-8").write(kept[keys].replace("session:", "sesion:"))
        open(meeting, "w", encoding="utf-8").write(kept[meeting] + "purpse: x\n")
        done = h.navctl("config", "check", "-o", "json", check=False)
        faults = json.loads(done.stdout)
        assert done.returncode == 6 and {f["file"] for f in faults} >= {"keys/hub.yaml", os.path.relpath(meeting, h.path("config"))}, faults
        assert all(set(f) == {"file", "line", "column", "what", "hint"} for f in faults)
        table = h.navctl("config", "check", check=False)
        assert "purpse: x" in table.stdout and "did you mean 'purpose'" in table.stdout and "^" in table.stdout
    finally:
        for path, text in kept.items():
            open(path, "w", encoding="utf-8").write(text)
    h.fails(1, "the home folder cannot be opened", "--home", "/nonexistent", "status")


def test_output_that_cannot_be_written_is_said(h):
    """A full disk: what is there is not whole, and no script may take it for that."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([os.path.join(os.environ["NAV_BIN"], "navctl"), "--home", h.home, "access", "matrix", "-o", "csv"], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "not all could be written" in done.stderr, done


def test_explain(h):
    path = h.path("one.json")
    open(path, "w", encoding="utf-8").write(json.dumps(event(1)))
    said = json.loads(h.navctl("access", "explain", "--event", path, "--to", "polisen", "--purpose", "situation-picture", "-o", "json").stdout)
    assert said["outcome"] == "release" and said["because"] and set(said) >= {"rule", "basis", "reveal", "withheld", "would_allow"}
    h.fails(4, "takes no part in", "access", "explain", "--event", path, "--to", "nobody", "--purpose", "situation-picture")
    h.fails(2, "write:", "access", "explain", "--to", "polisen")
    assert said["ask"] == [] and said["answer_within"] is None and "§" in said["paragraph"]


def test_explain_tells_whom_to_ask(h):
    path = h.path("held.json")
    held = event(2, data={"subjects": [{"role": "suspect", "protection": "none"}], "body": {"kind": "weapon"}})
    open(path, "w", encoding="utf-8").write(json.dumps(held))
    words = ("access", "explain", "--event", path, "--to", "polisen", "--purpose", "young-at-risk")
    said = json.loads(h.navctl(*words, "-o", "json").stdout)
    assert said["outcome"] == "hold" and said["ask"][0] == "Rektor" and said["answer_within"], said
    assert all(set(c) == {"id", "text"} for c in said["conditions"])
    swedish, english = h.navctl(*words).stdout, h.navctl(*words, "--lang", "en").stdout
    assert "Väntar på bedömning\nLagrum: " in swedish and "Bedöms av: Rektor, därefter " in swedish, swedish
    assert "Held for assessment\nLaw: " in english and "Assessed by: Rektor, then " in english, english


def test_matrix(h):
    asked = ("access", "matrix", "--from", "social", "--class", "identity", "--role", "child")
    rows = json.loads(h.navctl(*asked, "-o", "json").stdout)
    assert rows and all(r["from"] == "socialtjansten" and "identity" in r["classes"] for r in rows)
    assert all(set(r["roles"]) & {"all", "child"} and r["outcome"] in ("release", "hold") and r["basis"] for r in rows)
    assert not [r for r in rows if r["to"] in ("hyresgastforeningen", "bostadsbolaget")], "secret from landlords and associations"
    lines = [json.loads(line) for line in h.navctl(*asked, "-o", "ndjson").stdout.splitlines()]
    assert lines == rows
    csv = h.navctl(*asked, "-o", "csv").stdout.splitlines()
    assert len(csv) == len(rows) + 1 and csv[0].startswith("from,event,to,purpose,outcome,may_hold,classes,roles,")
    assert h.navctl(*asked).stdout.splitlines()[0].split()[:4] == ["FROM", "EVENT", "TO", "PURPOSE"]
    counts = json.loads(h.navctl("access", "matrix", "--outcome", "counts", "-o", "json").stdout)
    assert counts and all(r["outcome"] == "counts" and r["smallest_cell"] >= 2 and r["classes"] == [] for r in counts)
    assert json.loads(h.navctl("access", "matrix", h.path("config"), "--event", "FieldWorkNote", "-o", "json").stdout) == []
    h.fails(0, "nobody can ever receive that", "access", "matrix", "--event", "FieldWorkNote")
    h.fails(4, "did you mean 'polisen'?", "access", "matrix", "--to", "polisenn")
    h.fails(4, "purpose 'sigg' is not known - did you mean 'sig'?", "access", "matrix", "--purpose", "sigg")
    h.fails(2, "did you mean 'identity'?", "access", "matrix", "--class", "identiti")
    h.fails(2, "did you mean 'child'?", "access", "matrix", "--role", "chidl")
    h.fails(2, "did you mean 'ConcernReport'?", "access", "matrix", "--event", "ConcernRaport")
    h.fails(2, "--lang 'fi' is neither sv nor en", "access", "matrix", "--lang", "fi")


def test_check_shows_the_line(h):
    path = h.path("config/access/sig.yaml")
    kept = open(path, encoding="utf-8").read()
    extra = "  - id: dead\n    forbid: {from: social, event: SocialIntervention, to: police}\n    basis: osl-26-1\n    except: [sig-contact-on-request]\n"
    try:
        open(path, "w", encoding="utf-8").write(kept + extra)
        done = h.navctl("access", "check", check=False)
        assert done.returncode == 6 and "permit 'social-sig-to-police' can never open: the forbid 'dead'" in done.stdout, done.stdout
        assert "  - id: social-sig-to-police\n" in done.stdout and "except it, or remove it" in done.stdout
        found = json.loads(h.navctl("access", "check", "-o", "json", check=False).stdout)
        assert all(set(f) == {"file", "line", "column", "what", "hint"} for f in found)
    finally:
        open(path, "w", encoding="utf-8").write(kept)


def test_access_test_reports(h):
    report = json.loads(h.navctl("access", "test", "-o", "json").stdout)
    assert report["failed"] == 0 and isinstance(report["rules_without_negative"], list), report


# ---- with a hub ----

def start_hub(h):
    if "nav-core" not in h.processes:
        h.navctl("db", "upgrade")
        h.start_all()


def publish(h, events, *more, check=True):
    path = h.path("events.ndjson")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(e) for e in events))
    done = h.navctl("publish", "--as", "skolan", path, "-o", "json", *more, check=check)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def test_publish_unreachable(h):
    code, _, said = publish(h, [event(1)], "--wait", "1s", check=False)
    assert code == 5 and "cannot be reached" in said, said


def test_publish(h):
    start_hub(h)
    events = [event(n) for n in range(700)]
    code, receipts, _ = publish(h, events)
    assert code == 0 and [r["status"] for r in receipts] == ["accepted"] * 700
    assert [r["id"] for r in receipts] == [e["id"] for e in events] and len({r["seq"] for r in receipts}) == 700
    code, again, _ = publish(h, events)
    assert code == 0 and {r["status"] for r in again} == {"duplicate"} and [r["seq"] for r in again] == [r["seq"] for r in receipts]
    assert json.loads(h.navctl("status", "-o", "json").stdout)["ledger"]["events"] == 700


def test_publish_refusals_stand_by_their_events(h):
    start_hub(h)
    bad = [event(1, time="1700-01-01T00:00:00Z"), event(2, source="polisen"), event(5000), {**event(3), "type": "nav.v1.Nothing"},
           event(4, time="2026-11-20T11:00:00Z")]
    code, receipts, _ = publish(h, bad, check=False)
    assert code == 1
    assert [r["status"] for r in receipts] == ["not sent", "rejected", "accepted", "not sent", "rejected"], receipts
    assert receipts[1]["code"] == "wrong_agency" and receipts[4]["code"] == "conflict" and receipts[0]["field"]
    h.fails(1, "keys", "publish", "--as", "nobody", h.path("events.ndjson"))


def test_what_was_published_is_found(h):
    start_hub(h)
    lines = json.loads(h.navctl("audit", "search", "--event", event(7)["id"], "-o", "json").stdout)
    assert lines and all(line["from"] == "skolan" and line["type"] == "SchoolIncident" for line in lines)
    # What was refused under an event's id stands beside it: it names no record, only the id.
    lines = json.loads(h.navctl("audit", "search", "--event", event(4)["id"], "-o", "json").stdout)
    assert {line["kind"] for line in lines} == {"accepted", "rejected"}, lines
    lines = json.loads(h.navctl("audit", "search", "--event", event(4)["id"], "--kind", "rejected", "-o", "json").stdout)
    assert [line["kind"] for line in lines] == ["rejected"], lines
    report = h.verify()
    assert report["ok"], report
    status = h.navctl("status").stdout
    assert "skolan" in status and "situation-picture" in status and report["root"]


if __name__ == "__main__":
    sys.exit(run_tests(Home(agencies=("polisen", "skolan")), globals()))
