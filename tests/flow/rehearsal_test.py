#!/usr/bin/env python3
"""Drafts of rules rehearsed on what has happened, over a whole hub: each change is counted as what it is, in events and in persons a day; the
reading stands on record and names nobody, nothing comes into force, and what is erased is counted apart. The loading of rules: reload_test.py.

Run by: ctest (NAV_BIN is the build's bin folder). Must never: load what it rehearses."""

import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import Hub  # noqa: E402
from rules import DONE, FINDINGS, NOW_MS, PICTURE, SCHEMA, Agency, Folder, config_with_one_test, in_force, records  # noqa: E402

DAY_MS = 86400000
NOON_MS = NOW_MS - NOW_MS % DAY_MS - 9 * DAY_MS + DAY_MS // 2  # nine days ago at noon UTC
CHILD, OTHER_CHILD = "201201012380", "201102212386"  # Skatteverket's test numbers


def make_history(police, school, social):
    """What happened nine days ago. Five kinds, so that each change of the draft moves numbers of its own."""
    incidents = [police.incident(NOON_MS + i) for i in range(6)]
    damage = []
    for i in range(4):
        event = school.event(NOON_MS + i)
        event.place.address = "Testgatan 1"
        event.school_incident.kind = SCHEMA.SCHOOL_INCIDENT_KIND_DAMAGE
        damage.append(event)
    concerns = []
    for child, hours in ((CHILD, 0), (CHILD, 1), (OTHER_CHILD, 0), (CHILD, 24)):  # two of one child on one day
        event = school.event(NOON_MS + hours * 3600000)
        event.subjects.add(role=SCHEMA.ROLE_CHILD, personal_number=child, protection=SCHEMA.PROTECTION_NONE, home_area="bromma")
        event.concern_report.kind = SCHEMA.CONCERN_KIND_NEGLECT
        event.concern_report.assessed_by = "rektor"
        concerns.append(event)
    supports = []
    for i in range(2):  # no number: each is a person of its own
        event = social.event(NOON_MS + i)
        event.subjects.add(role=SCHEMA.ROLE_PARTICIPANT, name="Test Testsson", protection=SCHEMA.PROTECTION_NONE)
        event.social_intervention.kind = SCHEMA.SOCIAL_INTERVENTION_KIND_SIG
        supports.append(event)
    police.publish(incidents)
    school.publish(damage + concerns)
    social.publish(supports)
    return incidents, damage


def rehearse(hub, folder, *more):
    done = hub.navctl("access", "rehearse", folder, "--since", nav_time(NOON_MS - DAY_MS), "--until", nav_time(NOON_MS + 2 * DAY_MS),
                      "-o", "json", *more, check=False)
    assert done.returncode == DONE, done
    return json.loads(done.stdout)


def nav_time(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))


def told(answer):
    return {(r["change"], r["agency"], r["purpose"]): (r["events"], r["person_days"]) for r in answer["rows"]}


def rehearsed(hub, police, school, social):
    incidents, damage = make_history(police, school, social)
    reads = len(records(hub, 40))
    # The rules in force on what they decided themselves: nothing to open, nothing would change.
    same = rehearse(hub, hub.path("config"))
    assert (same["events"], same["opened"], same["rows"], same["hash"]) == (16, 0, [], in_force(hub)), same
    assert len(records(hub, 40)) == reads and "nothing would change" in same["summary"]
    shutil.copytree(hub.path("config"), hub.path("draft"))
    draft = Folder(hub.path("draft"))
    draft.drop_rule("access/situation-picture.yaml", "picture-public-incident")
    draft.change("access/situation-picture.yaml",
                 "permit: {from: school, event: SchoolIncident, to: [police, {all: social}, housing, city, rescue]}\n"
                 "    basis: lag-2023-196-4\n    reveal: [open]",
                 "permit: {from: school, event: SchoolIncident, to: [police, {all: social}, housing, city, rescue]}\n"
                 "    basis: lag-2023-196-4\n    reveal: [place]")
    draft.write("access/situation-picture.yaml", draft.read("access/situation-picture.yaml") +
                "  - id: school-to-civil\n    permit: {from: school, event: SchoolIncident, to: civil}\n    basis: lag-2023-196-4\n"
                "    reveal: [open]\n    roles: none\n")
    draft.change("access/young-at-risk.yaml",
                 "permit: {from: school, event: ConcernReport, to: social}\n    basis: sol-19-1\n",
                 "permit: {from: school, event: ConcernReport, to: social}\n    basis: sol-19-1\n    outcome: hold\n")
    answer = rehearse(hub, draft.path, "--reason", "förslag från juristen")
    expected = {("no_longer_released", agency, PICTURE): (6, 0) for agency in (
        "socialtjansten", "skolan", "bostadsbolaget", "tycktill", "brandforsvaret", "stadsdelen", "hyresgastforeningen", "grannstodet")}
    expected.update({("more_fields", agency, PICTURE): (4, 0) for agency in (
        "polisen", "socialtjansten", "bostadsbolaget", "tycktill", "stadsdelen", "brandforsvaret")})
    expected.update({("newly_released", agency, PICTURE): (4, 0) for agency in ("hyresgastforeningen", "grannstodet")})
    # Four reports, of which two are about one child on one day.
    expected["no_longer_released", "socialtjansten", "young-at-risk"] = (4, 3)
    expected["newly_held", "socialtjansten", "young-at-risk"] = (4, 3)
    expected.update({("depends_on_consent_or_request", agency, "sig"): (2, 2) for agency in ("polisen", "skolan", "kriminalvarden")})
    assert told(answer) == expected, {k: (told(answer).get(k), expected.get(k)) for k in set(told(answer)) | set(expected)
                                      if told(answer).get(k) != expected.get(k)}
    totals = {name: (t["events"], t["person_days"]) for name, t in answer["totals"].items() if t["events"] > 0}
    assert totals == {"no_longer_released": (10, 3), "more_fields": (4, 0), "newly_released": (4, 0), "newly_held": (4, 3),
                      "depends_on_consent_or_request": (2, 2)}, totals
    assert (answer["events"], answer["opened"], answer["erased"], answer["truncated"]) == (16, 16, 0, False)
    rows = {(r["change"], r["agency"]): r for r in answer["rows"]}
    assert rows["newly_released", "grannstodet"]["rules"] == [{"before": None, "after": "school-to-civil", "events": 4}]
    assert rows["newly_held", "socialtjansten"]["rules"] == [
        {"before": "school-concern-to-social", "after": "school-concern-to-social", "events": 4}]
    assert rows["more_fields", "polisen"]["examples"] == [event.id.hex() for event in damage]
    assert len(rows["no_longer_released", "skolan"]["examples"]) == 5
    assert set(rows["no_longer_released", "skolan"]["examples"]) < {event.id.hex() for event in incidents}
    # It was a reading, and stands as one; no person is named in the answer.
    read = records(hub, 40)[-1][1].read
    assert (read.person, read.purpose, len(read.event_seqs)) == ("test", "rehearsal", 16)
    assert not read.reason and "förslag från juristen".encode() not in read.SerializeToString(), "a reason is sealed"
    assert CHILD not in json.dumps(answer) and "Testsson" not in json.dumps(answer)
    # Nothing was put in force, and the draft's own faults are told with their lines.
    assert in_force(hub) == same["hash"]
    table = hub.navctl("access", "rehearse", draft.path, "--since", nav_time(NOON_MS - DAY_MS), "--until", nav_time(NOON_MS + 2 * DAY_MS)).stdout
    assert "school-concern-to-social→school-concern-to-social:4" in table and "16 events" in table, table
    draft.write("access/young-at-risk.yaml", draft.read("access/young-at-risk.yaml").replace("from: police,", "from: polis,", 1))
    done = hub.navctl("access", "rehearse", draft.path, "-o", "json", check=False)
    assert done.returncode == FINDINGS and json.loads(done.stdout)[0]["file"] == "access/young-at-risk.yaml", done
    draft.restore()


def erased_is_counted_apart(hub, draft):
    hub.stop("nav-core")
    for name in os.listdir(hub.path("buckets")):
        os.remove(hub.path("buckets", name))
    hub.start_program("nav-core")
    hub.wait_ready()
    folder = Folder(draft)
    folder.drop_rule("access/situation-picture.yaml", "picture-public-incident")
    answer = rehearse(hub, draft)
    assert (answer["events"], answer["opened"], answer["erased"], answer["rows"]) == (16, 0, 16, []), answer


def main():
    with Hub(agencies=("polisen", "skolan", "socialtjansten")) as hub:
        config_with_one_test(hub)
        agencies = [Agency(hub, name) for name in hub.agencies]
        for agency in agencies:
            agency.client.connect()
        rehearsed(hub, *agencies)
        print("ok rehearsed", flush=True)
        found = hub.verify()
        assert found["ok"], found["faults"][:5]
        print("ok verify", flush=True)
        erased_is_counted_apart(hub, hub.path("draft"))
        print("ok erased_is_counted_apart", flush=True)


if __name__ == "__main__":
    main()
