"""What the ledger has about a person, on a whole hub: everybody who could have, had, assessed, read or was told of a recall; nobody else's
events; the number in no record, log or dump; and no more than an auditor's mandate covers.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import glob
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import wait_until  # noqa: E402
from people import AssessorHub, event, intervention  # noqa: E402

CHILD, OTHER, COORDINATION, INTERIM = "201201012380", "199002252394", "197302889931", "20000101T220"
WAYS = (CHILD, "20120101-2380", "120101-2380", "1201012380")
WORD = "Planterad Person"


def about(hub, number, *more):
    return hub.json("audit", "person", number, "--reason", "Begäran om registerutdrag", *more)


def concern(name, number):
    subject = {"role": "child", "protection": "none", "name": name, "home_area": "alvik", "personal_number": number}
    return event("skolan", "ConcernReport", {"kind": "neglect", "assessed_by": "rektor"}, [subject])


def kinds_of(lines, seq):
    return [line["kind"] for line in lines if line["event_seq"] == seq]


def history(hub):
    """One event held, opened, released, received, recalled; one of another agency; one of somebody else."""
    first = intervention(WORD)
    [seq] = hub.publish("socialtjansten", first)
    holds = {(h["to"], h["purpose"]): h["hold"] for h in hub.json("hold", "list") if h["seq"] == seq}
    hold = holds["polisen", "sig"]
    conditions = ",".join(c["id"] for c in hub.json("hold", "show", hold)["conditions"])
    released = hub.json("hold", "release", hold, "--reason", "Särskild risk", *(["--conditions", conditions] if conditions else []))[0]
    hub.json("hold", "refuse", holds["polisen", "young-at-risk"], "--reason", "Olämpligt")
    hub.run_adapter("polisen")
    assert hub.inbox("polisen", "sig")[0]["navseq"] == released["seq"]
    [second] = hub.publish("skolan", concern(WORD, CHILD))
    [strange] = hub.publish("skolan", concern("Annan Person", OTHER))
    hub.json("recall", "send", "--as", "socialtjansten", "--reason", "wrong", first["id"])
    recall = wait_until("the recall is in the ledger", lambda: hub.json("recall", "list"))[0]["recall"]
    hub.navctl("recall", "confirm", str(recall), "--note", "Struket")
    return first, seq, released["seq"], second, strange


def told(hub, first, seq, released, second, strange):
    lines = about(hub, CHILD)
    assert {line["event_seq"] for line in lines} == {seq, second}, lines
    assert strange not in [line["event_seq"] for line in lines]
    assert [line["event_seq"] for line in lines] == sorted([line["event_seq"] for line in lines], reverse=True), "newest first"
    others = [kind for kind in kinds_of(lines, seq) if kind not in ("accepted", "hold_closed")]
    assert others == ["read", "hold_released", "hold_refused", "recalled", "recall_confirmed"], others
    mine = {line["kind"]: line for line in lines if line["event_seq"] == seq}
    accepted = {(line["to"], line["purpose"]): line for line in lines if (line["event_seq"], line["kind"]) == (seq, "accepted")}
    sig = accepted["polisen", "sig"]
    assert (sig["outcome"], sig["rule"], sig["basis"]) == ("hold", "social-sig-to-police", "osl-10-18a"), sig
    assert sig["from"] == "socialtjansten" and sig["type"] == "SocialIntervention" and sig["delivered"] is None, sig
    assert sig["event_id"] == first["id"] and sig["event_time"] and not sig["erased"], sig
    release = mine["hold_released"]
    assert release["seq"] == released and release["actor"] == "soc-gruppledare" and release["to"] == "polisen", release
    assert release["delivered"] is True and release["acknowledged_seq"] > released, release
    receipt = hub.json("audit", "show", str(release["acknowledged_seq"]))
    assert receipt["kind"] == "acknowledged" and receipt["record"]["acknowledged"]["position"] >= released, receipt
    assert mine["read"]["actor"] == "soc-gruppledare" and mine["read"]["to"] == "socialtjansten", mine["read"]
    assert mine["hold_refused"]["reason"] == "Olämpligt", mine["hold_refused"]
    assert mine["recalled"]["outcome"] == "wrong" and mine["recall_confirmed"]["actor"] == "soc-gruppledare", mine
    for way in WAYS:
        assert about(hub, way) == lines, way
    return lines


def other_numbers(hub):
    for number in (COORDINATION, INTERIM):
        [seq] = hub.publish("skolan", concern("Tredje", number))
        assert {line["event_seq"] for line in about(hub, number)} == {seq}, number
    assert about(hub, "191711602399") == []


def forms(hub, lines):
    done = hub.navctl("audit", "person", CHILD, check=False)
    assert done.returncode == 2 and "--reason" in done.stderr, done
    done = hub.navctl("audit", "person", "201201012381", "--reason", "prov", check=False)
    assert done.returncode == 2 and "2381" not in done.stderr, done
    csv = hub.navctl("audit", "person", CHILD, "--reason", "prov", "-o", "csv").stdout.splitlines()
    assert csv[0].startswith("event_seq,seq,at,kind,actor") and len(csv) == len(lines) + 1, csv
    ndjson = hub.navctl("audit", "person", CHILD, "--reason", "prov", "-o", "ndjson").stdout.splitlines()
    assert [json.loads(line) for line in ndjson] == lines
    done = hub.navctl("audit", "person", CHILD, "--reason", "prov", "--limit", "1")
    assert "there is more" in done.stderr and "sealed" in done.stderr and "RECEIPT" in done.stdout, done
    newest = lines[0]["event_seq"]
    assert {line["event_seq"] for line in about(hub, CHILD, "--limit", "1")} == {newest}
    first = [line for line in lines if line["event_seq"] != newest][0]
    assert about(hub, CHILD, "--until", first["at"]) == []


def extracts(hub, lines):
    """The whole in plain words, for the person; written once, readable by nobody else, and no more than the mandate has."""
    path = os.path.join(hub.home, "utdrag.txt")
    done = hub.navctl("audit", "person", CHILD, "--reason", "Art. 15, dnr 12", "--extract", path)
    assert done.stdout == "" and "2 events; try secrecy" in done.stderr, done
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for words in ("Registerutdrag ur Trygghetsnavet", "Ärende: Art. 15, dnr 12", "allt som navets liggare har", "lämnade en orosanmälan",
                  "beslutade efter bedömning att lämna ut", "Särskild risk", "återkallade 1 händelse", "Händelser: 2"):
        assert words in text, (words, text)
    assert "dagens law.yaml" not in text and "10 kap. 18 a § OSL" in text, text
    assert WORD not in text and "kontrollpunkt" not in text and "navctl" not in text, "content, or what is no matter of the person's"
    assert text.count("\nPost ") >= len({line["seq"] for line in lines}), text
    assert hub.navctl("audit", "person", CHILD, "--reason", "prov", "--extract", path, check=False).returncode == 1, "never over another"
    hub.navctl("audit", "person", CHILD, "--reason", "prov", "--extract", path + ".en", "--lang", "en")
    with open(path + ".en", encoding="utf-8") as file:
        assert "decided, after assessment, to release" in file.read()


def on_record(hub):
    """The query names the token; the number stands nowhere."""
    reads = [line for line in hub.json("audit", "search", "--kind", "audit_read") if "audit person" in (line["reason"] or "")]
    token = hub.postgres.sql("postgres", "SELECT encode(token, 'hex') FROM nav.person ORDER BY seq LIMIT 1")[0][0]
    assert any(f"audit person {token} limit=" in line["reason"] for line in reads), reads
    dump = subprocess.run([f"{hub.postgres.bin}/pg_dump", "--inserts", hub.postgres.connection("postgres")], check=True,
                          capture_output=True).stdout
    places = [("the dump", dump)]
    for path in glob.glob(hub.path("log", "nav-*.log")) + [hub.postgres.log]:
        with open(path, "rb") as file:
            places.append((path, file.read()))
    for number in (CHILD, OTHER, COORDINATION, INTERIM, "20120101-2380", "120101-2380", "1201012380"):
        for written in (number.encode(), number.encode().hex().encode()):
            for place, content in places:
                assert written not in content, f"{number} stands in {place}"


def part_of_a_record(hub, seq, told):
    """A record of which the mandate has one lane: what it says of other lanes is not told, in no form."""
    for number in told:
        record = hub.json("audit", "show", str(number))
        assert record["mandate"] == ["polisen"] and record["meaning"], record
        words = " ".join(record["words"]["sv"] + record["words"]["en"])
        if record["kind"] == "recalled":
            assert record["record"] is None, "a recall names every recipient"
            assert "inom ditt mandat" in words and "utlämnanden hade skett" not in words, words
            assert hub.navctl("audit", "prove", str(number), check=False).returncode == 3
        for other in ["skolan", "bostadsbolaget", "kommunen"]:
            assert f"({other})" not in words, (other, words)
    table = hub.navctl("audit", "show", str(told[-1]))
    assert "outside your mandate (polisen)" in table.stderr and "Post " in table.stdout, table
    done = hub.navctl("audit", "show", str(seq), check=False)
    assert done.returncode == 3, "the police were released nothing by the verdict itself"


def mandates(hub, seq, second):
    """The police's own auditor: what the police were given, not what waited for or was kept from them; the school's: the school's."""
    hub.be("soc-gruppledare", "[assessor, auditor], mandate: [polisen]")
    hub.reload()
    done = hub.navctl("audit", "person", CHILD, "--reason", "prov", "-o", "json")
    lines = json.loads(done.stdout)
    assert {line["kind"] for line in lines} == {"hold_released", "recalled"}, lines
    assert {line["event_seq"] for line in lines} == {seq} and "outside your mandate" in done.stderr, done.stderr
    assert "(polisen)" in done.stderr and not any(c.isdigit() for c in done.stderr.split("mandate", 1)[1]), "nor how much"
    for command in ["show", "prove"]:
        done = hub.navctl("audit", command, str(second), check=False)
        assert done.returncode == 3 and "outside your mandate" in done.stderr, done
    part_of_a_record(hub, seq, [line["seq"] for line in lines])
    path = os.path.join(hub.home, "part.txt")
    hub.navctl("audit", "person", CHILD, "--reason", "prov", "--extract", path)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "läst eller deltagit i: polisen." in text and "Särskild risk" in text and "Olämpligt" not in text, text
    assert "ingår inte i utdraget" in text and "ditt mandat" not in text and "Händelser: 1" in text, text
    done = hub.navctl("audit", "export", "--out", os.path.join(hub.home, "all.tar"), check=False)
    assert done.returncode == 3 and "mandate in agencies.yaml is all" in done.stderr, done
    assert not os.path.exists(os.path.join(hub.home, "all.tar"))
    done = hub.navctl("audit", "search", "--agency", "skolan", "--kind", "accepted", "-o", "json")
    assert json.loads(done.stdout) == [] and "outside your mandate" in done.stderr, done
    hub.be("soc-gruppledare", "[assessor, auditor]")  # its own agency's
    hub.reload()
    strange = [line for line in about(hub, CHILD) if line["from"] == "skolan"]
    assert all(line["to"] == "socialtjansten" for line in strange), "what others were let have is not its own"
    assert all(line["outcome"] == "release" for line in strange if line["kind"] == "accepted"), strange
    assert [line for line in about(hub, CHILD) if line["event_seq"] == seq and line["kind"] == "read"]
    hub.be("soc-gruppledare")
    hub.reload()


def follow_up(hub):
    answer = hub.json("audit", "follow-up", "--since", "1d", "--reason", "kvartalsgranskning")
    findings = {(f["what"], f["who"]): f for f in answer["findings"]}
    held = findings["released_holds", "soc-gruppledare"]
    assert (held["released"], held["refused"], held["share"]) == (1, 1, 0.5) and held["shortest_s"] >= 0, held
    assert len(held["seqs"]) == 2 and answer["complete"] is True
    assert ("never_acknowledges", "polisen") not in findings
    unused = {who for what, who in findings if what == "unused_rule"}
    assert unused and "social-sig-to-police" not in unused, unused
    assert not [rule for rule in unused if rule.startswith("picture-count-")], "no decision names a rule of counts"
    now = time.gmtime()
    reads = [line for line in hub.json("audit", "search", "--kind", "read") if line["actor"] == "soc-gruppledare"]
    outside = findings.get(("outside_hours", "soc-gruppledare"))
    assert outside is None or set(outside["seqs"]) <= {line["seq"] for line in reads}, (now, outside)
    if now.tm_wday >= 5 and 3 <= now.tm_hour <= 20:  # a weekend in Sweden as well
        assert outside and outside["count"] == len(reads), outside
    table = hub.navctl("audit", "follow-up").stdout
    assert "Bedömarens släppta uppgifter" in table and "Ovanlig mängd: en dag" in table, table
    english = hub.navctl("audit", "follow-up", "--lang", "en").stdout
    assert "What the assessor released" in english and "quickest" in english and not set("åäöÅÄÖ") & set(english), english
    assert english.count("\n") == table.count("\n"), (english, table)
    assert [line for line in hub.json("audit", "search", "--kind", "audit_read") if "kvartalsgranskning" in (line["reason"] or "")]


def main():
    with AssessorHub() as hub:
        first, seq, released, second, strange = history(hub)
        lines = told(hub, first, seq, released, second, strange)
        other_numbers(hub)
        forms(hub, lines)
        extracts(hub, lines)
        on_record(hub)
        mandates(hub, seq, second)
        follow_up(hub)
        report = hub.verify()
        assert report["ok"], report
    print("persons: received, read, recalled, on record, by mandate; follow-up")


if __name__ == "__main__":
    main()
