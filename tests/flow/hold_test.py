"""The assessment queue on a whole hub: what is held waits for a named person; released, less of it, refused, escalated, lapsed; all of it
in the ledger; and the one who would receive learns nothing.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import datetime
import glob
import json
import os
import re
import sys
import time
import zoneinfo

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agencies import Ledger  # noqa: E402
from hub import wait_until  # noqa: E402
from people import AssessorHub, event, intervention  # noqa: E402
from records import flow, person, text  # noqa: E402

WORD = "Planterad Person"
SEALED_S = 2  # that a sealed case waits


def holds_of(hub, seq):
    return {(h["to"], h["purpose"]): h for h in hub.json("hold", "list") if h["seq"] == seq}


def conditions_of(hub, hold):
    return ",".join(c["id"] for c in hub.json("hold", "show", hold)["conditions"])


def release(hub, hold, *more, conditions=None):
    conditions = conditions_of(hub, hold) if conditions is None else conditions
    choice = ["--conditions", conditions] if conditions else []
    return hub.json("hold", "release", hold, "--reason", "Särskild risk, bedömd i det enskilda fallet", *choice, *more)[0]


def held_and_released(hub):
    [seq] = hub.publish("socialtjansten", intervention(WORD))
    holds = holds_of(hub, seq)
    sig = holds["polisen", "sig"]
    assert sig["rule"] == "social-sig-to-police" and sig["basis"] == "osl-10-18a", sig
    assert ("polisen", "young-at-risk") in holds, holds
    hub.run_adapter("polisen")
    assert hub.inbox("polisen", "sig") == [], "the recipient has learned of a hold"
    long = hub.navctl("hold", "show", sig["hold"], "--reason", "x" * 100000, check=False)
    assert long.returncode == 2 and "longer than 65536 bytes" in long.stderr, long

    shown = hub.json("hold", "show", sig["hold"])
    assert shown["preview"]["data"]["subjects"][0]["name"] == WORD
    assert "telephone" not in shown["preview"]["data"]["subjects"][0], "contact data are no part of the rule"
    assert shown["event"]["data"]["subjects"][0]["telephone"] == "070-0000000"
    assert shown["recipient"]["agency"] == "polisen" and "subjects.0.telephone" in shown["withheld"]

    nobody = hub.navctl("hold", "show", sig["hold"], "--persons", "9", check=False)
    assert nobody.returncode == 2 and "none of the persons named" in nobody.stderr, nobody
    text = hub.navctl("hold", "show", sig["hold"]).stdout
    assert WORD in text and "Om ingen svarar" in text, text
    end = datetime.datetime.fromisoformat(sig["deadline"]).astimezone(zoneinfo.ZoneInfo("Europe/Stockholm"))
    assert f"Besvaras före: {end:%Y-%m-%d %H.%M}\n" in text, (end, text)
    done = hub.navctl("hold", "release", sig["hold"], check=False)
    assert done.returncode == 2 and "--reason" in done.stderr
    found = conditions_of(hub, sig["hold"]).split(",")
    said_often = ",".join([found[0]] * 100 + found)
    released = release(hub, sig["hold"], "--reveal", "identity", conditions=said_often)
    recorded = hub.json("audit", "show", str(released["seq"]))["record"]["hold_released"]["conditions"]
    assert found[0] and recorded == found, (recorded, found)
    assert released["outcome"] == "release" and set(released["reveal"]) == {"open", "identity"}, released
    hub.run_adapter("polisen")
    [line] = hub.inbox("polisen", "sig")
    assert line["navseq"] == released["seq"], "its place is the release's, not the event's"
    assert line["data"]["subjects"][0]["name"] == WORD and "crime_risk" not in line["data"]["body"], line
    assert hub.inbox("polisen", "young-at-risk") == []
    gone = hub.navctl("hold", "release", sig["hold"], "--reason", "igen", check=False)
    assert gone.returncode == 4, gone
    return seq, holds["polisen", "young-at-risk"]["hold"]


def refused(hub, hold):
    done = hub.json("hold", "refuse", hold, "--reason", "Olämpligt att lämna")[0]
    assert done["outcome"] == "refuse"
    assert hold not in [h["hold"] for h in hub.json("hold", "list")]
    shown = hub.json("audit", "show", str(done["seq"]))
    assert shown["kind"] == "hold_refused" and shown["record"]["hold_refused"]["reason"] == "Olämpligt att lämna"
    hub.run_adapter("polisen")
    assert hub.inbox("polisen", "young-at-risk") == []


def not_by_others(hub):
    """An assessor of another agency sees that it waits only where they audit or run the hub, and never decides."""
    [seq] = hub.publish("socialtjansten", intervention("Någon"))
    hold = holds_of(hub, seq)["polisen", "sig"]["hold"]
    hub.be("skola-rektor")
    hub.reload()
    done = hub.navctl("hold", "refuse", hold, "--reason", "nej", check=False)
    assert done.returncode == 3 and "no assessor of socialtjansten" in done.stderr, done
    done = hub.navctl("hold", "show", hold, check=False)
    assert done.returncode == 3, done
    assert hub.status()["holds"]["open"] > 0
    # The one who would receive: not even that something waits.
    hub.be("polis-kommunpolis", "[reader, assessor]")
    hub.reload()
    assert hub.json("hold", "list") == []
    status = hub.status()
    assert status["holds"] == {"open": 0, "urgent": 0, "escalated": 0}, status["holds"]
    assert [a["id"] for a in status["agencies"] if "held" in a or "withheld" in a] == ["polisen"]
    hub.be("soc-gruppledare")
    hub.reload()
    return seq


def reasons_are_sealed(hub):
    """What people gave as reasons is told to an auditor, and stands nowhere in the database; with its key gone it is gone."""
    lines = hub.json("audit", "search", "--since", "1d", "--kind", "hold_refused", "--reason", "Ordagrant skäl")
    seq = [line["seq"] for line in lines if line["reason"] == "Olämpligt att lämna"][0]
    read = hub.json("audit", "search", "--since", "1d", "--kind", "audit_read")[1]
    assert "Ordagrant skäl" in read["reason"], read
    for words in ("Olämpligt att lämna", "Särskild risk, bedömd", "Ordagrant skäl"):
        found = hub.postgres.sql("postgres", f"SELECT count(*) FROM nav.ledger WHERE position('{words}'::bytea in record) > 0")
        assert found == [["0"]] or found == [("0",)], (words, found)
    shown = hub.json("audit", "show", str(seq))["record"]["hold_refused"]
    assert shown["reason"] == "Olämpligt att lämna" and "sealed_reason" in shown, shown
    for key in glob.glob(hub.path("buckets", "6-*.key")):
        os.unlink(key)
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    shown = hub.json("audit", "show", str(seq))["record"]["hold_refused"]
    assert "erased" in shown["reason"], shown


def hostile_words(hub):
    """What an agency writes reaches the assessor's terminal as text, never as orders to it."""
    name = "Anna\x1b[2J\u009b31m \u202eOlle\x07"
    [seq] = hub.publish("socialtjansten", intervention(name))
    hold = holds_of(hub, seq)["polisen", "sig"]["hold"]
    shown = hub.navctl("hold", "show", hold).stdout
    assert "Anna" in shown and "Olle" in shown
    assert not [c for c in shown if c in "\x1b\x07\u009b\u202e"], ascii(shown)
    assert hub.json("hold", "show", hold)["event"]["data"]["subjects"][0]["name"] == name, "programs get it as it was sent"
    hub.navctl("hold", "refuse", hold, "--reason", "nej")


def survives(hub, seq):
    """The queue is a cache: nav-core killed with nothing in memory has it again."""
    before = hub.json("hold", "list")
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    assert hub.json("hold", "list") == before
    [line] = [h for h in before if h["seq"] == seq and h["purpose"] == "sig"]
    wait_until("the gate is back", lambda: hub.status()["ledger"])
    released = release(hub, line["hold"])
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    hub.run_adapter("polisen")
    assert [d["navseq"] for d in hub.inbox("polisen", "sig")][-1] == released["seq"], "read from the store"
    lanes = {(lane["agency"], lane["purpose"]): lane for lane in hub.status()["lanes"]}
    assert lanes["polisen", "sig"]["behind"] == 0, lanes["polisen", "sig"]


def revised(hub):
    """A newer revision takes the place of what waited."""
    first = intervention("Ett")
    [seq] = hub.publish("socialtjansten", first)
    newer = dict(intervention("Två"), id=first["id"], navrevision=2)
    [again] = hub.publish("socialtjansten", newer)
    assert holds_of(hub, seq) == {} and holds_of(hub, again) != {}


def limits(hub):
    """A rule that no longer lets it closes the way that a hold was open."""
    [seq] = hub.publish("socialtjansten", intervention("Tre"))
    hold = holds_of(hub, seq)["polisen", "sig"]["hold"]
    hub.edit("config/access/sig.yaml", r"subject.age: \{below: 21\}", "subject.age: {below: 13}")
    hub.edit("config/access/tests/sig.yaml", r"(?s)\ntests:.*", "\ntests: []\n")
    hub.reload()
    conditions = conditions_of(hub, hold)
    done = hub.navctl("hold", "release", hold, "--reason", "…", *(["--conditions", conditions] if conditions else []), check=False)
    assert done.returncode == 3 and "no longer let it" in done.stderr, done
    hub.json("hold", "refuse", hold, "--reason", "Reglerna tillåter det inte längre")


def shown_is_what_leaves(hub):
    """Two persons, of whom by a consent that nobody has given one alone could be told of: the rule holds both, both are shown, and both leave."""
    both = [{"role": role, "protection": "sekretessmarkering", "personal_number": "201201012380", "name": name}
            for role, name in (("participant", "Zqvist Ett"), ("child", "Zqvist Två"))]
    [seq] = hub.publish("socialtjansten", event("socialtjansten", "SocialIntervention",
                                                {"kind": "sig", "status": "started", "crime_risk": "Dras in"}, both))
    hold = holds_of(hub, seq)["polisen", "sig"]
    assert hold["persons"] == [0, 1], hold
    shown = hub.json("hold", "show", hold["hold"])["preview"]["data"]["subjects"]
    assert [s["name"] for s in shown] == ["Zqvist Ett", "Zqvist Två"], shown
    [one] = hub.json("hold", "show", hold["hold"], "--persons", "1")["preview"]["data"]["subjects"]
    assert one["name"] == "Zqvist Två", one
    release(hub, hold["hold"])
    hub.run_adapter("polisen")
    left = hub.inbox("polisen", "sig")[-1]["data"]["subjects"]
    assert [s["name"] for s in left] == [s["name"] for s in shown], left


def explained_by_what_is_registered(hub):
    """A protected person who has consented: why it waits is told by the register, which nav-core alone has."""
    number = "199002252394"
    hub.publish("socialtjansten", event("socialtjansten", "Consent", {"recipients": ["polisen"], "purposes": ["sig"]},
                                        [{"personal_number": number}]))
    protected = {"role": "participant", "protection": "sekretessmarkering", "personal_number": number, "name": "Zqvist Samtycker"}
    [seq] = hub.publish("socialtjansten", event("socialtjansten", "SocialIntervention", {"kind": "sig", "status": "started"}, [protected]))
    [hold] = holds_of(hub, seq).values()
    assert (hold["to"], hold["rule"]) == ("polisen", "sig-protected-with-consent"), hold
    why = hub.json("hold", "show", hold["hold"], "--lang", "en")["explain"]
    assert (why["outcome"], why["rule"]) == ("hold", hold["rule"]), why
    assert any("has consented to this recipient" in line for line in why["because"]) and why["missing"] == [], why
    why = hub.json("hold", "show", hold["hold"])["explain"]
    assert any("har samtyckt till att just mottagaren" in line for line in why["because"]), why
    hub.json("hold", "refuse", hold["hold"], "--reason", "Behövs inte")


def reads(hub):
    return [seq for seq, _ in Ledger(hub).records("read")]


def only_what_waits_is_opened(hub):
    """nav-desk itself, asked past navctl: a request to another agency by the number of an own lane, and what no longer waits."""
    [seq] = hub.publish("polisen", event("polisen", "Request", {"basis": "lag-2025-170-4", "need": "Zqvist", "asked_by": "utredare-7"},
                                         addressee="skolan"))
    before = reads(hub)
    [own] = [lane["number"] for lane in hub.status()["lanes"] if (lane["agency"], lane["purpose"]) == ("socialtjansten", "young-at-risk")]
    for lane in (own, 0, -1, 2**40):
        answer = hub.ask("desk", {"command": "hold-show", "seq": seq, "lane": lane})
        assert not answer["ok"] and answer["error"]["code"] == 26 and "Zqvist" not in json.dumps(answer), answer
    # Another agency's case, which waits: to the recipient's assessor no more than one that does not.
    [waits] = hub.publish("socialtjansten", intervention("Zqvist Väntar"))
    hold = holds_of(hub, waits)["polisen", "sig"]["hold"]
    lane = int(hold.split("-")[1])
    hub.be("polis-kommunpolis", "[reader, assessor]")
    hub.reload()
    answers = [hub.ask("desk", {"command": "hold-show", "seq": waits, "lane": number}) for number in (lane, own)]
    assert answers[0] == answers[1] and answers[0]["error"]["code"] == 26, answers
    hub.be("soc-gruppledare")
    hub.reload()
    hub.json("hold", "refuse", hold, "--reason", "Olämpligt")
    gone = hub.ask("desk", {"command": "hold-show", "seq": waits, "lane": lane})
    assert gone["error"]["code"] == 26, gone
    assert reads(hub) == before, "something was read all the same"


def not_opened_in_vain(hub, hold, conditions):
    """What nav-core would refuse is refused before the event is opened to it."""
    found = ",".join(c["id"] for c in conditions)
    assert found, conditions
    before = hub.status()["ledger"]["records"]
    for says, options in (("must be found to hold", ["--conditions", ""]), ("is no condition here", ["--conditions", found + ",annat"]),
                          ("--conditions is not UTF-8", ["--conditions", found + ",s\udce4rskild"]),
                          ("no class of fields", ["--conditions", found, "--reveal", "bogus"]),
                          ("no person's place", ["--conditions", found, "--persons", "x"]),
                          ("is one that the rule is about", ["--conditions", found, "--persons", "9"])):
        done = hub.navctl("hold", "release", hold, "--reason", "x", "--as", "socialtjansten", *options, check=False)
        assert done.returncode == 2 and says in done.stderr, done
    done = hub.navctl("hold", "show", hold, "--as", "socialtjansten", "--persons", "9", check=False)
    assert done.returncode == 2 and "is one that the rule is about" in done.stderr and not done.stdout, done
    kinds = [line["kind"] for line in hub.json("audit", "search", "--since", "1d", "--reason", "prov") if line["seq"] > before]
    assert "accepted" not in kinds and "hold_released" not in kinds, kinds


def sealed(hub):
    """What an agency's edge has sealed: the queue has it, the hub cannot read it, and its own keys release it."""
    before = {h["hold"] for h in hub.json("hold", "list")}
    hub.drop("socialtjansten", "fall.xml", "<FlowInstances>" + flow(2, 9102, {"deltagare": person("Zqvist", "Sekretessmarkering"), "plan": text("Plan"),
                                                               "riskForBrott": text("Risk")}) + "</FlowInstances>")
    hub.run_adapter("socialtjansten")
    waiting = [h for h in hub.json("hold", "list") if h["hold"] not in before]
    assert waiting and all(h["kind"] == "sealed" for h in waiting), waiting
    [hold] = [h for h in waiting if (h["to"], h["purpose"]) == ("polisen", "sig")]
    closed = hub.json("hold", "show", hold["hold"])
    assert closed["sealed"] and "Zqvist" not in json.dumps(closed, ensure_ascii=False), "the hub can read it"
    opened = hub.json("hold", "show", hold["hold"], "--as", "socialtjansten")
    assert "Zqvist" in json.dumps(opened["preview"], ensure_ascii=False), opened
    done = hub.navctl("hold", "release", hold["hold"], "--reason", "x", check=False)
    assert done.returncode == 2 and "--as AGENCY" in done.stderr, done
    closed = hub.navctl("hold", "show", hold["hold"]).stdout
    assert "--as MYNDIGHET" in closed and "Ingen regel" not in closed, closed
    wrong = hub.navctl("hold", "show", hold["hold"], "--reveal", "bogus", check=False)
    assert wrong.returncode == 2 and "'bogus' is no class of fields" in wrong.stderr, wrong
    not_opened_in_vain(hub, hold["hold"], opened["conditions"])
    count = len(hub.inbox("polisen", "sig"))
    time.sleep(SEALED_S)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    released = release(hub, hold["hold"], "--as", "socialtjansten")
    found = hub.json("audit", "follow-up", "--since", since, "--reason", "prov")["findings"]
    [held] = [f for f in found if f["what"] == "released_holds"]
    assert held["released"] == 1 and held["shortest_s"] >= SEALED_S, "it was there to be assessed since the sealed event came"
    hub.run_adapter("polisen")
    lines = hub.inbox("polisen", "sig")
    assert len(lines) == count + 1 and lines[-1]["navseq"] == released["seq"], lines
    assert "Zqvist" in json.dumps(lines[-1], ensure_ascii=False)
    assert hold["hold"] not in [h["hold"] for h in hub.json("hold", "list")]


def largest_revision(hub):
    """The database's numbers have a sign: what an agency counts is followed up and verified to the last (more is refused)."""
    [seq] = hub.publish("socialtjansten", intervention("Någon", revision=2**31 - 1))
    for hold in holds_of(hub, seq).values():
        hub.json("hold", "refuse", hold["hold"], "--reason", "Olämpligt att lämna")
    assert hub.json("audit", "follow-up", "--since", "1d", "--reason", "prov")["findings"]


def main_queue():
    with AssessorHub() as hub:
        seq, other = held_and_released(hub)
        refused(hub, other)
        waiting = not_by_others(hub)
        survives(hub, waiting)
        revised(hub)
        hostile_words(hub)
        sealed(hub)
        shown_is_what_leaves(hub)
        explained_by_what_is_registered(hub)
        only_what_waits_is_opened(hub)
        largest_revision(hub)
        limits(hub)
        kinds = {line["kind"] for line in hub.json("audit", "search", "--since", "1d", "--reason", "prov")}
        assert {"hold_released", "hold_refused", "hold_closed"} <= kinds, kinds
        reasons_are_sealed(hub)
        report = hub.verify()
        assert report["ok"], report


def deadlines():
    """On own initiative it goes to the deputies and lapses; what must be answered goes to the on-call desk and stays."""
    with AssessorHub(holds="answer_within: 2s, urgent_within: 1s") as hub:
        law = re.sub(r"\n    answer_within: \w+", "", open(hub.path("config/law.yaml"), encoding="utf-8").read())
        with open(hub.path("config/law.yaml"), "w", encoding="utf-8") as file:
            file.write(law)
        hub.reload()
        [own] = hub.publish("socialtjansten", intervention("Fyra"))
        [duty] = hub.publish("skolan", event("skolan", "ConcernReport", {"kind": "neglect", "assessed_by": "rektor"},
                                             [{"role": "child", "protection": "none", "name": "Fem", "home_area": "alvik"}]))
        urgent = holds_of(hub, duty)["socialtjansten", "young-at-risk"]
        assert urgent["urgent"] and urgent["must_answer"], urgent
        wait_until("it has lapsed", lambda: not holds_of(hub, own), 30)
        waiting = wait_until("it is at the on-call desk", lambda: [
            h for h in holds_of(hub, duty).values() if h["assessor"] == "Utbildningsförvaltningens beredskap"], 30)
        assert waiting[0]["then"] == "on-call"
        assert hub.status()["holds"]["escalated"] >= 1
        kinds = [line["kind"] for line in hub.json("audit", "search", "--since", "1d", "--reason", "prov")]
        assert "hold_lapsed" in kinds and "hold_escalated" in kinds, kinds
        hub.kill("nav-core")
        hub.start_program("nav-core")
        hub.wait_ready()
        assert not holds_of(hub, own)
        [still] = holds_of(hub, duty).values()
        assert still["level"] >= 2, still
        hub.run_adapter("socialtjansten")
        assert hub.inbox("socialtjansten", "young-at-risk") == []
        hub.run_adapter("skolan")
        [notice] = [n for n in hub.inbox("skolan", "_notices") if n["seq"] == duty]
        assert notice["kind"] == "held" and notice["recipient"] == "socialtjansten" and notice["urgent"], notice
        assert not [n for n in hub.inbox("socialtjansten", "_notices") if n["seq"] == duty], "the recipient has learned of it"
        assert hub.verify()["ok"]


if __name__ == "__main__":
    main_queue()
    deadlines()
    print("holds: released, refused, revised, escalated, lapsed; nothing told to those who wait")
