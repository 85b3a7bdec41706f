"""Persons for tests: the one who runs the test, as an assessor of any agency; and events that rules hold.

Used by: tests/flow. Must never: change the shipped configuration."""

import json
import os
import re
import subprocess
import time
import uuid

from hub import Hub

USER = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
ALL_ROLES = "[reader, chair, assessor, auditor, operator], mandate: all"


class AssessorHub(Hub):
    """A hub whose tester is `person` of agencies.yaml, with every role; holds wait as short as `holds` says."""

    def __init__(self, person="soc-gruppledare", holds="answer_within: 72h, urgent_within: 2h", **more):
        super().__init__(**more)
        self.person = person
        self.holds = holds

    def make_home(self):
        super().make_home()
        os.unlink(self.path("config", "persons.yaml"))
        self.be(self.person)
        self.edit("nav.yaml", r"(?s)\nholds:\n.*?(?=\n\S|\Z)", f"\nholds: {{{self.holds}}}\n")

    def edit(self, name, pattern, replacement):
        path = self.path(*name.split("/"))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed, count = re.subn(pattern, replacement, text, count=1)
        assert count == 1, f"{name} has no {pattern}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)

    def be(self, person, roles=ALL_ROLES):
        """Makes the tester that person (take it into use with a reload)."""
        path = self.path("config", "agencies.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(rf", system_user: {USER}, roles: \[[^]]*\](, mandate: \w+|, mandate: \[[^]]*\])?", ", roles: [reader, assessor]", text)
        changed, count = re.subn(rf"(id: {person}, title: [^,]*, agency: [a-z]+), roles: \[[^]]*\]",
                                 rf"\1, system_user: {USER}, roles: {roles}", text)
        assert count == 1, person
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)

    def json(self, *args):
        return json.loads(self.navctl(*args, "-o", "json").stdout)

    def publish(self, agency, *events):
        """Sends CloudEvents as the agency; every one must be accepted. Gives their seqs."""
        done = self.navctl("publish", "--as", agency, "-", "-o", "json", text="\n".join(json.dumps(e) for e in events))
        receipts = json.loads(done.stdout)
        assert all(r["status"] == "accepted" for r in receipts), receipts
        return [r["seq"] for r in receipts]


def event(source, message, body, subjects=(), event_id=None, revision=1, marks=None, reply_to=None, addressee=None,
          place=None):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    data = {"body": body}
    if subjects:
        data["subjects"] = list(subjects)
    if marks:
        data["marks"] = marks
    if addressee:
        data["addressee"] = addressee
    if place:
        data["place"] = place
    made = {"specversion": "1.0", "id": event_id or uuid.uuid4().hex, "source": source, "type": "nav.v1." + message,
            "time": now, "navrevision": revision, "datacontenttype": "application/json", "data": data}
    if reply_to:
        made["navinreplyto"] = reply_to
    return made


def intervention(name, **more):
    """A young person at particular risk: held for the police in young-at-risk and sig (OSL 10:18 a)."""
    person = {"role": "participant", "protection": "none", "personal_number": "201201012380", "name": name,
              "telephone": "070-0000000"}
    return event("socialtjansten", "SocialIntervention",
                 {"kind": "sig", "status": "started", "crime_risk": "Dras in i skjutningar"}, [person], **more)
