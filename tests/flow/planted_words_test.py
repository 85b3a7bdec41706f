#!/usr/bin/env python3
"""A unique word is planted in every text field of every message from every agency. Then every inbox, briefing, log and table is
searched: each recipient's inbox holds exactly the words that the rules reveal to it, the briefing none that any participant may not
see, and logs and ledger none at all.

What the rules reveal to whom is read from the ledger (`navctl audit search`, one line an event and lane) and, for a sample, asked of
`navctl access explain`, which must agree; which field has which class is read from the schemas by this test alone."""

import json
import os
import random
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import ADAPTERS, Hub, wait_until  # noqa: E402
from schema import Schema  # noqa: E402

WORD = re.compile(r"zq[0-9a-f]{6}qz|7070[0-9]{6}7070")
DIGITS_ONLY = {"school_unit"}
# Skatteverket's test number: no living person has it.
PERSONAL_NUMBER = "201701022384"
HUB_ONLY = {"age_band", "pseudonym"}


class Planter:
    """Makes events with words and remembers what stands where: word → (event id, path, class)."""

    def __init__(self, schema):
        self.schema = schema
        self.words = {}
        self.events = {}

    def word(self, event_id, path, sensitivity):
        digits = path.rsplit(".", 1)[-1] in DIGITS_ONLY
        word = f"7070{len(self.words):06d}7070" if digits else f"zq{len(self.words):06x}qz"
        self.words[word] = (event_id, path, sensitivity)
        return word

    def message(self, name, event_id, path, enclosing, skip=()):
        value = {}
        for field in self.schema.messages[name]:
            if field.name in HUB_ONLY or field.name in skip:
                continue
            here = f"{path}.{field.name}"
            # A field within one that is not revealed is not revealed either.
            classes = enclosing | {field.sensitivity}
            value_of = self.value(field, event_id, here, classes)
            if value_of is not None:
                key = field.name[:-3] if field.name.endswith("time_ms") else field.name
                value[key] = [value_of] if field.repeated else value_of
        return value

    def value(self, field, event_id, path, classes):
        if field.kind == "string":
            return self.text(field, event_id, path, classes)
        if field.kind == "enum":
            return self.schema.enums[field.type_name][1]
        if field.kind == "bool":
            return True
        if field.kind == "double":
            return 59.34 if field.name == "latitude" else 17.94 if field.name == "longitude" else 1.5
        if field.kind == "message":
            return self.message(field.type_name, event_id, path, classes)
        if field.kind == "bytes":
            return "000000ff" * 4
        return "2026-10-01T12:00:00Z" if field.name.endswith("time_ms") else 3

    def text(self, field, event_id, path, classes):
        fixed = {"personal_number": PERSONAL_NUMBER, "birth_date": "2017-01-02", "municipality": "0180", "county": "01",
                 "area": "bromma", "home_area": "bromma", "stay_area": "bromma", "crime_code": "0375",
                 "messages": "SocialIntervention"}
        if field.name in fixed:
            return fixed[field.name]
        return self.word(event_id, path, frozenset(classes))

    def event(self, agency, body, number):
        event_id = f"{20727:08x}{number:024x}"
        data = {"place": self.message("Place", event_id, "place", frozenset()),
                "subjects": [self.message("Subject", event_id, "subjects.0", frozenset(), {"role", "protection"})],
                "body": self.message(body.type_name, event_id, "body", frozenset())}
        data["subjects"][0].update({"role": "child", "protection": "none"})
        if body.type_name == "Request":
            data["addressee"] = "socialtjansten" if agency != "socialtjansten" else "polisen"
        event = {"specversion": "1.0", "id": event_id, "source": agency, "type": "nav.v1." + body.type_name,
                 "time": "2026-10-01T12:00:00Z", "recordedtime": "2026-10-01T12:00:01Z", "navrevision": 1,
                 "datacontenttype": "application/json", "data": data}
        self.events[event_id] = event
        return event


CLASSES = {"open", "place", "home", "narrative", "contact", "identity", "health", "offence"}
WITHHELD = {"outcome": "withhold", "reveal": []}
EXPLAINED = 40  # lanes that explain is asked about as well


def expected_words(planter, event_id, verdict):
    """What a recipient with this verdict may find of the event."""
    if verdict["outcome"] != "release":
        return set()
    revealed = set(verdict["reveal"]) | {"open"}
    if not CLASSES <= revealed:
        revealed.discard("narrative")  # free text can carry anything
    return {word for word, (of, _, classes) in planter.words.items() if of == event_id and classes <= revealed}


class PlantedWords(unittest.TestCase):
    def setUp(self):
        self.planter = Planter(Schema())

    def explain(self, hub, event, agency, purpose):
        done = hub.navctl("access", "explain", "--event", "-", "--to", agency, "--purpose", purpose, "-o", "json",
                          text=json.dumps(event), check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def recorded(self, hub):
        """(event id, recipient, purpose) → verdict, as the ledger has it. A lane without a line is withheld."""
        done = hub.navctl("audit", "search", "--kind", "accepted", "--limit", "100000", "-o", "ndjson")
        verdicts = {}
        for line in map(json.loads, done.stdout.splitlines()):
            if line["to"]:
                reveal = CLASSES - set(line["withheld"]) if line["outcome"] == "release" else set()
                verdicts[line["event_id"], line["to"], line["purpose"]] = {
                    "outcome": line["outcome"], "reveal": sorted(reveal), "rule": line["rule"]}
        return verdicts

    def publish(self, hub, agency):
        events = [e for e in self.planter.events.values() if e["source"] == agency]
        path = hub.path(agency + ".ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(e) + "\n" for e in events)
        done = hub.navctl("publish", "--as", agency, path, check=False)
        self.assertNotIn("rejected", done.stdout, done.stdout[:2000])
        self.assertEqual(done.returncode, 0, done.stdout[:3000] + done.stderr)

    def test_exactly_what_the_rules_reveal(self):
        number = 0
        for agency in ADAPTERS:
            for body in self.planter.schema.bodies:
                if body.type_name in ("Sealed", "Recall"):
                    continue  # only its own agency opens the one (edge_test.py); the other goes past the rules (recall_test.py)
                number += 1
                self.planter.event(agency, body, number)
        with Hub() as hub:
            for agency in ADAPTERS:
                self.publish(hub, agency)
            for agency in ADAPTERS:
                hub.start_adapter(agency)
            wait_until("all is delivered", lambda: hub.behind(ADAPTERS) == 0)
            verdicts = self.recorded(hub)
            self.check_inboxes(hub, verdicts)
            self.check_explain(hub, verdicts)
            self.check_silence(hub)
            self.check_briefing(hub, verdicts)
            verified = hub.verify()
            self.assertTrue(verified["ok"], verified)

    def check_inboxes(self, hub, verdicts):
        lanes = [(lane["agency"], lane["purpose"]) for lane in hub.status()["lanes"] if lane["agency"] in ADAPTERS]
        total = 0
        for agency, purpose in lanes:
            found = {}
            for line in hub.inbox(agency, purpose):
                found.setdefault(line["id"], set()).update(WORD.findall(json.dumps(line)))
            for event_id, event in self.planter.events.items():
                if event["source"] == agency:
                    self.assertNotIn(event_id, found, "an agency was sent its own event")
                    continue
                verdict = verdicts.get((event_id, agency, purpose), WITHHELD)
                expected = expected_words(self.planter, event_id, verdict)
                self.assertEqual({self.planter.words[w][1] for w in found.get(event_id, set())},
                                 {self.planter.words[w][1] for w in expected},
                                 f"{event['type']} from {event['source']} to {agency} for {purpose}: {verdict}")
                self.assertEqual(event_id in found, verdict["outcome"] == "release")
                total += len(expected)
        self.assertGreater(total, 100, "hardly anything was revealed: the test would prove nothing")

    def check_explain(self, hub, verdicts):
        """What the ledger says was decided is what explain says would be."""
        chance = random.Random(1)
        lanes = [(lane["agency"], lane["purpose"]) for lane in hub.status()["lanes"]]
        released = [key for key, verdict in verdicts.items() if verdict["outcome"] == "release"]
        anything = [(e, *chance.choice(lanes)) for e in chance.sample(sorted(self.planter.events), EXPLAINED // 2)]
        for event_id, agency, purpose in chance.sample(released, EXPLAINED // 2) + anything:
            event = self.planter.events[event_id]
            if event["source"] == agency:
                continue
            explained = self.explain(hub, event, agency, purpose)
            recorded = verdicts.get((event_id, agency, purpose), WITHHELD)
            self.assertEqual(explained["outcome"], recorded["outcome"], (event["type"], agency, purpose))
            if recorded["outcome"] == "release":
                self.assertEqual(set(explained["reveal"]) | {"open"}, set(recorded["reveal"]) | {"open"})

    def check_silence(self, hub):
        """Neither logs nor anything in the database is readable."""
        for path in os.listdir(hub.path("log")):
            with open(hub.path("log", path), encoding="utf-8", errors="replace") as file:
                self.assertEqual(WORD.findall(file.read()), [], path)
        dump = subprocess.run([f"{hub.postgres.bin}/pg_dump", "--inserts", hub.postgres.connection("postgres")],
                              capture_output=True, check=True).stdout
        # bytea stands as hexadecimal in a dump: search for both.
        self.assertEqual(WORD.findall(dump.decode("utf-8", "replace")), [])
        self.assertNotIn(b"zq0000".hex().encode(), dump)
        self.assertGreater(dump.count(b"INSERT INTO nav.ledger"), len(self.planter.events))

    def check_briefing(self, hub, verdicts):
        for meeting in json.loads(hub.navctl("meeting", "list", "-o", "json").stdout):
            for output in ("json", "text", "html"):
                done = hub.navctl("briefing", "show", meeting["id"], "-o", output, "--reason", "test", check=False)
                self.assertIn(done.returncode, (0, 3), done.stderr)
                for word in set(WORD.findall(done.stdout)):
                    self.check_briefing_word(verdicts, meeting, word)

    def check_briefing_word(self, verdicts, meeting, word):
        """A word of the joint part may be seen by every participant, its own source aside."""
        event_id, path, classes = self.planter.words[word]
        event = self.planter.events[event_id]
        for participant in meeting["participants"]:
            if participant == event["source"]:
                continue
            verdict = verdicts.get((event_id, participant, meeting["purpose"]), WITHHELD)
            self.assertEqual(verdict["outcome"], "release", f"{path} of {event['type']} in {meeting['id']}")
            self.assertTrue(classes <= set(verdict["reveal"]) | {"open"},
                            f"{path} of {event['type']} in {meeting['id']} for {participant}: {verdict}")


if __name__ == "__main__":
    unittest.main()
