"""Consent at a whole hub: what it opens, to whom, and until when; a withdrawal stops what is pending and nothing else; a start of
nav-core makes the register anew.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agencies import SCHEMA, Agency, Ledger  # noqa: E402
from hub import Hub, wait_until  # noqa: E402

# Skatteverket's test numbers; all of age, but the one of the example meeting.
ANNA, BO, CECILIA, DAVID, ERIK = "199002252394", "200002292399", "193100602394", "191711602399", "195704289999"
YOUNG = "201001012382"
BOTH = ("polisen", "skolan")


def opens(hub, social, police, school, ledger):
    before, = social.publish(social.intervention(ANNA))
    assert ledger.verdict(before, "polisen", "sig")[0] == "withhold"
    # A consent and what it opens may come together: the ledger's order counts.
    consent, after = social.publish(social.consent(ANNA, ["polisen"], messages=["SocialIntervention"]), social.intervention(ANNA))
    other, = social.publish(social.intervention(BO))
    assert ledger.verdict(after, "polisen", "sig") == ("release", "sig-with-consent")
    assert ledger.verdict(after, "skolan", "sig")[0] == "withhold"
    assert ledger.verdict(other, "polisen", "sig")[0] == "withhold"
    assert ledger.verdict(consent, "polisen", "sig")[0] == "withhold"
    got = police.fetch("sig")
    assert list(got) == [after], list(got)
    assert got[after].event.subjects[0].personal_number == ANNA
    assert school.fetch("sig") == {}
    changed = ledger.records("consent_changed")
    assert [(seq, c.event_seq, c.agency, c.withdrawn) for seq, c in changed] == [(consent + 1, consent, "socialtjansten", False)]
    assert ANNA.encode() not in b"".join(c.SerializeToString() for _, c in changed)


def counts_only_for_who_registered_it(hub, social, police, school, ledger):
    school.publish(school.consent(BO, ["polisen"]))
    seq, = social.publish(social.intervention(BO))
    assert ledger.verdict(seq, "polisen", "sig")[0] == "withhold"
    assert police.fetch("sig") == {}


def withdrawn_while_pending(hub, social, police, school, ledger):
    social.publish(social.consent(CECILIA, BOTH))
    pending, also = social.publish(social.intervention(CECILIA), social.intervention(ANNA))
    assert ledger.verdict(pending, "polisen", "sig") == ("release", "sig-with-consent")
    # Whoever registers a withdrawal, it counts; here of the police alone.
    withdrawal, = school.publish(school.consent(CECILIA, ["polisen"], withdrawn=True))
    got = police.fetch("sig")
    assert list(got) == [also], (pending, also, list(got))
    # The record narrows what the ledger says already, so the frame does not wait for it.
    redecided = wait_until("redecided", lambda: [r for _, r in ledger.records("redecided") if r.event_seq == pending])
    assert [(r.lane.lane, r.lane.outcome) for r in redecided] == [(ledger.lane("polisen", "sig"), SCHEMA.OUTCOME_WITHHOLD)]
    assert list(school.fetch("sig")) == [pending]
    assert [c.withdrawn for seq, c in ledger.records("consent_changed") if c.event_seq == withdrawal] == [True]
    later, = social.publish(social.intervention(CECILIA))
    assert ledger.verdict(later, "polisen", "sig")[0] == "withhold"
    assert list(school.fetch("sig")) == [later]
    assert police.fetch("sig") == {}


def expired(hub, social, police, school, ledger):
    end_ms = int(time.time() * 1000) + 4000
    social.publish(social.consent(DAVID, ["polisen"], end_time_ms=end_ms))
    pending, = social.publish(social.intervention(DAVID))
    assert ledger.verdict(pending, "polisen", "sig") == ("release", "sig-with-consent")
    time.sleep(max(0, end_ms / 1000 - time.time()) + 0.2)
    after, = social.publish(social.intervention(DAVID))
    assert ledger.verdict(after, "polisen", "sig")[0] == "withhold"
    assert police.fetch("sig") == {}


def a_revision_narrows(hub, social, police, school, ledger):
    consent = social.consent(ERIK, BOTH)
    social.publish(consent)
    pending, = social.publish(social.intervention(ERIK))
    consent.revision = 2
    del consent.consent.recipients[0]
    social.publish(consent)
    assert police.fetch("sig") == {}
    assert list(school.fetch("sig")) == [pending]


def restart(hub):
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()


def kept_over_a_restart(hub, social, police, school, ledger):
    restart(hub)
    anna, cecilia, david, bo, erik = social.publish(*[social.intervention(p) for p in (ANNA, CECILIA, DAVID, BO, ERIK)])
    assert list(police.fetch("sig")) == [anna]
    assert list(school.fetch("sig")) == [cecilia, erik]
    social.publish(social.consent(ANNA, purposes=(), withdrawn=True))
    pending, = social.publish(social.intervention(CECILIA))
    school.publish(school.consent(CECILIA, purposes=(), withdrawn=True))
    restart(hub)
    anna, = social.publish(social.intervention(ANNA))
    assert ledger.verdict(anna, "polisen", "sig")[0] == "withhold"
    assert police.fetch("sig") == {} and school.fetch("sig") == {}


def refused(hub, social, police, school, ledger):
    nobody = social.consent(ANNA, ["polisen"])
    del nobody.subjects[:]
    assert social.refused(nobody) == ("CODE_BAD_VALUE", "subjects")
    assert social.refused(social.consent(ANNA)) == ("CODE_MISSING_FIELD", "consent.recipients")
    assert social.refused(social.consent(ANNA, ["polisen"], ())) == ("CODE_MISSING_FIELD", "consent.purposes")
    seq, = social.publish(social.intervention(ANNA))
    assert ledger.verdict(seq, "polisen", "sig")[0] == "withhold"


def meet(hub):
    """The example's support group opens today, and whoever runs this test attends for the police."""
    path = hub.path("config", "meetings", "sig-exempel.yaml")
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"(?m)^(opens|closes):.*\n", "", file.read()).replace("polis-kommunpolis", "test")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + time.strftime("opens: %Y-%m-%d\n", time.gmtime(time.time() - 86400)))
    path = hub.path("config", "persons.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("agency: stadsdelen", "agency: polisen")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    hub.stop("nav-desk")
    hub.start_program("nav-desk")
    hub.wait_ready()


def shown(hub):
    done = hub.navctl("briefing", "show", "sig-exempel", "--reason", "test av samtycke", "-o", "json")
    return json.loads(done.stdout)


def of_social(briefing):
    return [feed["events"] for feed in briefing["feeds"] if feed["agency"] == "socialtjansten"][0]


def ask_core(hub, asked):
    """nav-desk's question, over nav-core's control socket."""
    return hub.ask("core", {"command": "consent-ask", "asked": asked})


def asked_by_the_desk(hub, social, police, school, ledger):
    usual = ["socialtjansten", ERIK, "skolan", "sig", "SocialIntervention"]
    unknown = ["nobody", ERIK, "skolan", "sig", "SocialIntervention"]
    other = ["socialtjansten", ERIK, "polisen", "sig", "SocialIntervention"]
    assert ask_core(hub, [usual, other, unknown]) == {"ok": True, "answers": [1, 0, -1]}
    assert ask_core(hub, []) == {"ok": True, "answers": []}
    assert ask_core(hub, [usual] * 5000)["answers"] == [1] * 5000
    for wrong in ([usual] * 5001, [usual[:4]], [ERIK], [[1, 2, 3, 4, 5]]):
        assert ask_core(hub, wrong)["ok"] is False, wrong[0]


def in_a_briefing(hub, social, police, school, ledger):
    meet(hub)
    social.publish(social.consent(YOUNG, BOTH))
    assert of_social(shown(hub)) == 0
    past = social.intervention(YOUNG)
    past.time_ms -= 3 * 86400000
    past.place.area = "bromma"
    seq, = social.publish(past)
    assert ledger.verdict(seq, "polisen", "sig") == ledger.verdict(seq, "skolan", "sig") == ("release", "sig-with-consent")
    assert of_social(shown(hub)) == 1
    # One at the table may not have it any more, so nobody is shown it; consented anew, all are.
    social.publish(social.consent(YOUNG, ["skolan"], withdrawn=True))
    assert of_social(shown(hub)) == 0
    social.publish(social.consent(YOUNG, ["skolan"]))
    assert of_social(shown(hub)) == 1


def main():
    with Hub(agencies=("polisen", "socialtjansten", "skolan")) as hub:
        social, police, school = (Agency(hub, name) for name in ("socialtjansten", "polisen", "skolan"))
        for part in (opens, counts_only_for_who_registered_it, withdrawn_while_pending, expired, a_revision_narrows,
                     kept_over_a_restart, refused, asked_by_the_desk, in_a_briefing):
            part(hub, social, police, school, Ledger(hub))
            print("ok", part.__name__.replace("_", " "), flush=True)
        found = hub.verify()
        assert found["ok"], found["faults"][:5]
        print("ok verify", flush=True)


if __name__ == "__main__":
    main()
