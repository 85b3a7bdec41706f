"""Requests at a whole hub: one reaches who is asked, its answer is held for an assessment and recorded as an answer; an answer to
somebody else's request, by somebody else or about another person, is nothing of the kind. And what answers an event that came with
no-onward goes back to its sender alone.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agencies import SCHEMA, Agency, Ledger  # noqa: E402
from hub import Hub  # noqa: E402
from postgres import ROOT  # noqa: E402

ANNA, BO, CHILD = "199002252394", "200002292399", "201201012380"
PURPOSE, RULE = "young-at-risk", "social-contact-on-request"

# Where the shipped rules let no Request pass.
ASKING_LAW = """
  - id: test-asking
    statute: Test
    section: 1 §
    text: Frågan får ställas.
    english: The question may be asked.
    from: [any]
    to: [any]
    trigger: own-initiative
    verified: Bara för testet.
"""
ASKING_RULE = """
  - id: test-asking
    note: En begäran når den som tillfrågas.
    note_english: A request reaches who is asked.
    permit: {from: police, event: Request, to: {all: social}}
    basis: test-asking
    when: {recipient.addressed: {is: true}, subject.protected: {is: false}}
    reveal: all
    then: {no-onward: true}
"""


def make_config(folder):
    shutil.copytree(os.path.join(ROOT, "config"), folder, dirs_exist_ok=True)
    path = os.path.join(folder, "access", PURPOSE + ".yaml")
    with open(path, encoding="utf-8") as file:
        if "event: Request" in file.read():
            return
    for path, more in (path, ASKING_RULE), (os.path.join(folder, "law.yaml"), ASKING_LAW):
        with open(path, "a", encoding="utf-8") as file:
            file.write(more)


def request(agency, addressee, *persons, **fields):
    event = agency.event(persons, addressee=addressee, **fields)
    event.request.MergeFrom(SCHEMA.Request(basis="lag-2025-170-4", need="Telefonnummer", asked_by="utredare-7"))
    return event


def answer(social, person, to, **fields):
    return social.intervention(person, kind=SCHEMA.SOCIAL_INTERVENTION_KIND_OTHER, in_reply_to=to.id, **fields)


def held(hub, agency):
    return [a["held"] for a in hub.status()["agencies"] if a["id"] == agency][0]


def answered(ledger, seq):
    return [(r.request_seq, r.agency) for _, r in ledger.records("request_answered") if r.event_seq == seq]


def asked_and_answered(hub, social, police, school, ledger):
    asks = request(police, "socialtjansten", ANNA)
    asked, = police.publish(asks)
    got = social.fetch(PURPOSE)
    assert list(got) == [asked], list(got)
    assert got[asked].event.request.basis == "lag-2025-170-4" and got[asked].event.subjects[0].personal_number == ANNA
    assert school.fetch(PURPOSE) == {}
    before = held(hub, "socialtjansten")
    seq, = social.publish(answer(social, ANNA, got[asked].event))
    assert ledger.verdict(seq, "polisen", PURPOSE) == ("hold", RULE)
    assert held(hub, "socialtjansten") == before + 1
    assert answered(ledger, seq) == [(asked, "socialtjansten")]
    assert police.fetch(PURPOSE) == {}  # it waits for somebody's assessment
    return asks


def not_an_answer(hub, social, police, school, ledger, asks):
    before, records = held(hub, "socialtjansten"), len(ledger.records("request_answered"))
    unknown = police.event()
    others = request(school, "socialtjansten", ANNA)
    elsewhere = request(police, "skolan", ANNA)
    school.publish(others)
    police.publish(elsewhere)
    for event in (answer(social, BO, asks),          # about another person
                  answer(social, ANNA, elsewhere),   # another was asked
                  answer(social, ANNA, unknown),     # nobody asked
                  social.intervention(ANNA, kind=SCHEMA.SOCIAL_INTERVENTION_KIND_OTHER)):
        seq, = social.publish(event)
        assert ledger.verdict(seq, "polisen", PURPOSE)[0] == "withhold", event
        assert answered(ledger, seq) == []
    # Of the school's own request: an answer to the school, nothing for the police.
    seq, = social.publish(answer(social, ANNA, others))
    assert ledger.verdict(seq, "polisen", PURPOSE)[0] == "withhold"
    assert len(answered(ledger, seq)) == 1
    assert (held(hub, "socialtjansten"), len(ledger.records("request_answered"))) == (before, records + 1)


def kept_over_a_restart(hub, social, police, school, ledger, asks):
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    right, wrong = social.publish(answer(social, ANNA, asks), answer(social, BO, asks))
    assert ledger.verdict(right, "polisen", PURPOSE) == ("hold", RULE)
    assert ledger.verdict(wrong, "polisen", PURPOSE)[0] == "withhold"
    assert len(answered(ledger, right)) == 1 and answered(ledger, wrong) == []


def no_onward(hub, social, police, school, ledger, asks):
    concern = school.event([SCHEMA.Subject(role=SCHEMA.ROLE_CHILD, protection=SCHEMA.PROTECTION_NONE, personal_number=CHILD,
                                           home_area="bromma")])
    concern.concern_report.assessed_by = "rektor"
    given, = school.publish(concern)
    assert list(social.fetch(PURPOSE)) == [given]
    social.publish(social.consent(BO, ["polisen", "skolan"]))
    free, bound, unknown = social.publish(social.intervention(BO), social.intervention(BO, in_reply_to=concern.id),
                                          social.intervention(BO, in_reply_to=police.event().id))
    got = list(school.fetch("sig"))
    assert [p for p in got if p >= free] == [free, bound, unknown], got  # before them stands a request to the school
    assert list(police.fetch("sig")) == [free, unknown]
    assert ledger.verdict(bound, "polisen", "sig") == ("withhold", "")
    # An answer in the very publication of what it answers, which was never given to the sender: bound to nothing.
    own = social.intervention(BO)
    _, reply = social.publish(own, social.intervention(BO, in_reply_to=own.id))
    assert reply in police.fetch("sig") and reply in school.fetch("sig")


def refused(hub, social, police, school, ledger, asks):
    for field, event in (("addressee", request(police, None, ANNA)), ("request.need", request(police, "socialtjansten", ANNA))):
        event.request.need = "" if field == "request.need" else "Telefonnummer"
        assert police.refused(event) == ("CODE_MISSING_FIELD", field)
    recall = police.event()
    recall.recall.event_ids.extend([asks.id] * 257)
    recall.recall.reason = SCHEMA.RECALL_REASON_WRONG
    assert police.refused(recall) == ("CODE_TOO_MANY", "recall.event_ids")


def many_ids_in_one_publication(hub, social, police, school, ledger, asks):
    recalls = [police.event() for _ in range(12)]
    for recall in recalls:
        recall.recall.event_ids.extend([asks.id] * 256)
        recall.recall.reason = SCHEMA.RECALL_REASON_WRONG
    assert len(police.publish(*recalls)) == 12


def main():
    with tempfile.TemporaryDirectory(prefix="navconfig-", dir="/tmp") as config:
        make_config(config)
        with Hub(config=config, agencies=("polisen", "socialtjansten", "skolan")) as hub:
            social, police, school = (Agency(hub, name) for name in ("socialtjansten", "polisen", "skolan"))
            ledger = Ledger(hub)
            asks = asked_and_answered(hub, social, police, school, ledger)
            print("ok asked and answered", flush=True)
            for part in (not_an_answer, kept_over_a_restart, no_onward, refused, many_ids_in_one_publication):
                part(hub, social, police, school, ledger, asks)
                print("ok", part.__name__.replace("_", " "), flush=True)
            found = hub.verify()
            assert found["ok"], found["faults"][:5]
            print("ok verify", flush=True)


if __name__ == "__main__":
    main()
