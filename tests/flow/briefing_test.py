#!/usr/bin/env python3
"""A meeting's briefing over a whole hub: the sample city flows in through its five adapters, and then a person at the table opens the
briefing. What it holds is on record first; nobody sees another's annex, a meeting that is not theirs, one that has not opened or is
closed, or a picture by rules that are not in force."""

import json
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import ADAPTERS, BIN, Hub  # noqa: E402

LAST_DAY, OPENS = "2026-11-15", "2026-11-16"
NOT_PERMITTED, NOT_FOUND = 3, 4


def agreed(number, kind, time, body, **data):
    return {"specversion": "1.0", "id": f"00004d00{number:024x}", "source": "stadsdelen", "type": "nav.v1." + kind, "time": time,
            "recordedtime": time, "navrevision": 1, "datacontenttype": "application/json",
            "data": {"place": {"area": "bromma", "municipality": "0180", "precision": "area"}, "body": body, **data}}


# What meetings agreed half a year before, and a report that its sender takes back after the period.
AGREED = [
    agreed(1, "Problem", "2026-05-04T09:00:00Z", {"title": "Otryggt i gångtunneln", "priority": 1}),
    agreed(2, "Action", "2026-05-04T09:00:00Z", {"problem_id": f"00004d00{1:024x}", "title": "Byt belysning", "owner": "stadsdelen",
                                                  "due_time": "2026-08-31T12:00:00Z", "status": "ongoing"}),
    agreed(3, "SafetyWalkFinding", "2026-11-10T17:00:00Z", {"category": "Skymd sikt"}),
    agreed(4, "Recall", "2026-11-15T23:30:00Z", {"event_ids": [f"00004d00{3:024x}"], "reason": "wrong"}),
]


def set_opens(hub, meeting, opens, closes=None):
    path = hub.path("config", "meetings", meeting + ".yaml")
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"(?m)^closes:.*\n", "", file.read())
    text = re.sub(r"(?m)^opens:.*$", f"opens: {opens}" + (f"\ncloses: {closes}" if closes else ""), text)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Briefing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub(agencies=(*ADAPTERS, "stadsdelen"))
        cls.hub.__enter__()
        city = cls.hub.path("city")
        subprocess.run([os.path.join(BIN, "nav-sample-city"), "--out", city, "--until", LAST_DAY], check=True, capture_output=True)
        for agency in ADAPTERS:
            for name in sorted(os.listdir(os.path.join(city, agency))):
                with open(os.path.join(city, agency, name), "rb") as file:
                    cls.hub.drop(agency, name, file.read())
            cls.hub.run_adapter(agency)
        cls.hub.navctl("publish", "--as", "stadsdelen", "-", text="".join(json.dumps(event) + "\n" for event in AGREED))
        for meeting in ("bromma-lagesbild", "brommaplan-platssamverkan", "sig-exempel"):
            set_opens(cls.hub, meeting, OPENS)

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__(None, None, None)

    def show(self, *args):
        return self.hub.navctl("briefing", "show", *args, "--reason", "test av lägesbilden", check=False)

    def shown(self, *args):
        done = self.show(*args, "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def recorded(self, kind):
        done = self.hub.navctl("audit", "search", "--kind", kind, "--limit", "100000", "-o", "ndjson")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_the_picture_and_its_record(self):
        before = len(self.recorded("briefing_compiled"))
        briefing = self.shown("bromma-lagesbild")
        self.assertEqual(briefing["period"], {"start": "2026-10-19", "end": "2026-11-15", "days": 28})
        self.assertGreater(briefing["incidents"]["now"], 20)
        self.assertGreater(len(briefing["clusters"]), 0)
        senders = {feed["agency"]: feed["events"] for feed in briefing["feeds"]}
        for agency in ("polisen", "bostadsbolaget", "tycktill"):
            self.assertGreater(senders[agency], 0, agency)
        records = self.recorded("briefing_compiled")
        self.assertEqual(len(records), before + 1)
        record = {r["seq"]: r for r in records}[briefing["record"]]
        self.assertEqual(record["purpose"], "situation-picture")
        self.assertEqual(record["actor"], "test")
        self.assertIn("test av lägesbilden", record["reason"])
        self.assertNotIn("annex", briefing)

    def test_agreed_before_and_taken_back_after(self):
        briefing = self.shown("bromma-lagesbild")
        titles = {(a["kind"], a[a["kind"]]["title"]): a["overdue"] for a in briefing["agreed"]}
        self.assertEqual(titles, {("problem", "Otryggt i gångtunneln"): False, ("action", "Byt belysning"): True})
        self.assertEqual(briefing["recalled"], 1)
        self.assertNotIn("SafetyWalkFinding", [c["type"] for c in briefing["categories"]])

    def test_no_person_and_no_free_text(self):
        for output in ("json", "html", "text"):
            done = self.show("bromma-lagesbild", "-o", output)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(re.findall(r"\b(?:19|20)\d{6}-?\d{4}\b", done.stdout), [], "a personal number")
        briefing = self.shown("bromma-lagesbild")
        for event in briefing["events"]:
            self.assertFalse({"subjects"} & set(event["data"]), event)
            self.assertFalse({"description", "observation"} & set(event["data"]["body"]), event)
            self.assertNotIn("dwelling", event["data"].get("place", {}))

    def test_counted_only_is_told_in_whole_or_not_at_all(self):
        counted = [c for c in self.shown("bromma-lagesbild")["categories"] if c["counted_only"]]
        self.assertGreater(len(counted), 0)
        for category in counted:
            self.assertGreaterEqual(category["smallest_cell"], 5)
            for cell in [category["total"], *category["areas"]]:
                for span in ("now", "before", "year"):
                    if isinstance(cell[span], int):
                        self.assertTrue(cell[span] == 0 or cell[span] >= category["smallest_cell"], category)

    def test_only_ones_own_annex(self):
        annex = self.shown("bromma-lagesbild", "--for", "stadsdelen")["annex"]
        self.assertEqual(annex["agency"], "stadsdelen")
        self.assertEqual(self.show("bromma-lagesbild", "--for", "polisen").returncode, NOT_PERMITTED)

    def test_only_ones_own_meetings(self):
        listed = {m["id"]: m for m in json.loads(self.hub.navctl("meeting", "list", "-o", "json").stdout)}
        self.assertIn("bromma-lagesbild", listed)
        self.assertNotIn("sig-exempel", listed)
        self.assertEqual(self.show("sig-exempel").returncode, NOT_PERMITTED)
        self.assertEqual(self.show("finns-inte").returncode, NOT_FOUND)

    def test_each_part_by_itself(self):
        all_of_them = self.shown("brommaplan-platssamverkan")
        with_associations = self.shown("brommaplan-platssamverkan", "--part", "foreningar")
        self.assertEqual(all_of_them["meeting"]["part"], "platsen")
        self.assertGreaterEqual(all_of_them["incidents"]["now"], with_associations["incidents"]["now"])
        self.assertIn("grannstodet", [p["agency"] for p in with_associations["participants"]])

    def test_not_before_it_opens_nor_after_it_closes(self):
        try:
            set_opens(self.hub, "bromma-lagesbild", "2099-01-01")
            self.assertEqual(self.show("bromma-lagesbild").returncode, NOT_PERMITTED)
            set_opens(self.hub, "bromma-lagesbild", "2026-01-01", "2026-01-31")
            self.assertEqual(self.show("bromma-lagesbild").returncode, NOT_PERMITTED)
        finally:
            set_opens(self.hub, "bromma-lagesbild", OPENS)

    def test_not_by_rules_that_are_not_in_force(self):
        path = self.hub.path("config", "access", "situation-picture.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n# a draft\n")
            done = self.show("bromma-lagesbild")
            self.assertEqual(done.returncode, 1)
            self.assertIn("in force", done.stderr)
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

    def test_nothing_without_its_record(self):
        self.hub.kill("nav-core")
        try:
            done = self.show("bromma-lagesbild")
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(done.stdout, "")
        finally:
            self.hub.start_program("nav-core")
            self.hub.wait_ready()
        self.assertTrue(self.hub.verify()["ok"])


if __name__ == "__main__":
    unittest.main()
