"""Rule sets and events by chance, the same for the same seed: they fit the law that goes with them, so that they load, and their values
come from small pools, so that conditions are met about as often as not.

Called by: oracle_test.py. Must never: know how a rule decides."""

import json
import random
from datetime import datetime, timedelta, timezone

from schema_reader import CLASSES

KINDS = {"pol": "police", "soc-norr": "social", "soc-soder": "social", "skola": "school", "bo": "housing", "stad": "city",
         "forening": "civil", "frivard": "probation"}
AREAS = [  # id, parent, ring
    ("norr", None, [[17.9, 59.4], [18.0, 59.4], [18.0, 59.5], [17.9, 59.5]]),
    ("norr-liten", "norr", [[17.92, 59.42], [17.96, 59.42], [17.96, 59.46], [17.92, 59.46]]),
    ("norr-minst", "norr-liten", [[17.93, 59.43], [17.95, 59.43], [17.94, 59.45]]),
    ("soder", None, [[17.9, 59.2], [18.0, 59.2], [18.0, 59.3], [17.9, 59.3]]),
    ("soder-by", "soder", None),
    ("annan", None, None),
]
AREA_IDS = [area[0] for area in AREAS] + ["okand"]  # the last is no area
POSITIONS = [(59.48, 17.98), (59.425, 17.925), (59.435, 17.94), (59.25, 17.95), (58.0, 17.95), (59.455, 17.955)]
GROUPS = ["husen", "natet"]
PURPOSES = ["ett", "tva"]
ROLES = ["child", "suspect", "victim", "participant"]
PROTECTIONS = ["none", "sekretessmarkering", "skyddad_folkbokforing"]
NUMBERS = ["201201012380", "201002212395", "201102212386", "199002252394", "200602202392", "200002292399", "195704289999",
           "197302889931", "191500722390", "20130101TF01"]  # coordination numbers (one tells the year alone), an interim one
DAYS = ["2026-03-29", "2026-10-25", "2026-11-22", "2026-11-30", "2027-01-01", "2028-02-29"]
WORDS = ["a", "b", "0365", "ord"]
HOME = "2026-11-22"

LAW = [  # what a basis presupposes of a rule stands in Maker.permit
    {"id": "fri"}, {"id": "plikt", "duty": True}, {"id": "plikt-akut", "duty": True, "urgent": True},
    {"id": "plikt-begaran", "duty": True, "trigger": "request", "weighing": "case-by-case"},
    {"id": "plikt-prov", "duty": True, "weighing": "case-by-case"}, {"id": "prov", "weighing": "case-by-case"},
    {"id": "bradska", "weighing": "case-by-case", "urgent": True}, {"id": "begaran", "trigger": "request"},
    {"id": "ung", "presupposes": {"age_below": 21}}, {"id": "bedomd", "presupposes": {"assessed": True}},
    {"id": "samtycke", "presupposes": {"consent": True}}, {"id": "antal", "counts": True}, {"id": "hemlig", "closed": True},
    {"id": "ny", "valid_from": "2026-11-22"}, {"id": "snart-gammal", "valid_to": "2026-11-30"},
    {"id": "ej-social", "excludes": ["osl-26-1"]}, {"id": "plats", "reveals": ["open", "place"]},
    {"id": "hemlig-ny", "closed": True, "valid_from": "2026-11-22"},
]
MESSAGES = ["Damage", "Disturbance", "ConcernReport", "SocialIntervention", "PoliceNotice", "CrimeReport", "SchoolIncident", "Absence",
            "SurveyResult", "Agreement", "WelfareFraudNotice", "Action", "Consent", "FollowUp", "GuardRound", "VictimSupport",
            "CitizenReport", "Request", "CaseCounts", "PublicIncident"]


def rfc3339(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Maker:
    """One rule set, and events for it."""

    def __init__(self, seed, schema):
        self.random, self.schema = random.Random(seed), schema
        self.messages = self.random.sample(MESSAGES, 3)
        self.count = 0
        self.agencies = self._agencies()
        self.files = {"common.yaml": {"rules": [self.forbid(None) for _ in range(self.random.choice([0, 1, 1, 2]))]}}
        for purpose in PURPOSES:
            self.files[f"{purpose}.yaml"] = {"purpose": {"id": purpose, "title": purpose}, "rules": self._rules(purpose)}
        self._add_exceptions()
        self._tie_counts()

    def often(self, share):
        return self.random.random() < share

    def some(self, items, most=3):
        return self.random.sample(items, self.random.randint(1, min(most, len(items))))

    # ---- agencies and files ----

    def _agencies(self):
        agencies = []
        for name in self.random.sample(sorted(KINDS), 6) if self.often(0.6) else sorted(KINDS):
            kind = KINDS[name]
            agency = {"id": name, "title": name, "kind": kind, "form": "association" if kind == "civil" else "authority",
                      "purposes": PURPOSES if self.often(0.9) else self.some(PURPOSES + ["tre"], 2)}
            if self.often(0.5):
                agency["groups"] = self.some(GROUPS, 2)
            if kind == "social" or self.often(0.4):
                agency["areas"] = self.some(AREA_IDS[:-1], 2) if self.often(0.9) else []
            if kind == "social":
                agency["secrecy"] = ["osl-26-1"]
            agencies.append(agency)
        return agencies

    def _rules(self, purpose):
        makers = [(self.permit, 10), (self.forbid, 2), (self.limit, 1), (self.aggregate, 1)]
        chosen = self.random.choices([m for m, _ in makers], [w for _, w in makers], k=self.random.randint(9, 15))
        return [make(purpose) for make in chosen]

    def each(self):
        return [rule for file in self.files.values() for rule in file["rules"]]

    def _add_exceptions(self):
        """A forbid that would stop a duty must except it; some except others too."""
        duties = {b["id"] for b in LAW if b.get("duty")}
        permits = {r["id"]: r for r in self.each() if "permit" in r}
        for rule in (r for r in self.each() if "forbid" in r):
            limit = rule.get("outcome") == "hold"
            excepted = [p["id"] for p in permits.values() if p["basis"] in duties and not limit and self._meet(rule, p)]
            if self.often(0.3):
                excepted += self.some(sorted(permits)) if permits else []
            if excepted:
                rule["except"] = sorted(set(excepted))

    @staticmethod
    def _meet(forbid, permit):
        return "*" in forbid["forbid"]["event"] or set(forbid["forbid"]["event"]) & set(permit["permit"]["event"])

    def _tie_counts(self):
        """So that an aggregate is not always alone with its messages."""
        for rule in (r for r in self.each() if "aggregate" in r):
            rule["aggregate"]["event"] = self.some(self.messages, 2)

    def drop(self, places):
        """Takes away the rules at (file name, line) and every word of them."""
        gone = set()
        for name, line in places:
            rules = self.files[name]["rules"] if name in self.files else []
            first = 3 if "purpose" in self.files.get(name, {}) else 2
            if 0 <= line - first < len(rules):
                gone.add(rules[line - first]["id"])
        for file in self.files.values():
            file["rules"] = [r for r in file["rules"] if r["id"] not in gone]
            for rule in file["rules"]:
                rule["except"] = [e for e in rule.get("except", []) if e not in gone]
                if not rule["except"]:
                    del rule["except"]
        return bool(gone)

    def write(self, folder):
        """One rule a line: drop() counts on it. JSON is YAML; texts stand plain where they may."""
        (folder / "access").mkdir(parents=True, exist_ok=True)
        (folder / "areas").mkdir(exist_ok=True)
        law = []
        for basis in LAW:
            entry = {"statute": "Lag", "section": "1 §", "text": "T", "english": "T", "verified": "test"} | basis
            if not entry.pop("closed", False):
                entry |= {"from": ["any"], "to": ["any"]}
            law.append(entry)
        law.append({"id": "osl-26-1", "statute": "OSL", "section": "26", "text": "T", "english": "T", "verified": "test"})
        areas = [{"id": i, "title": i} | ({"parent": p} if p else {}) | ({"polygon": r} if r else {}) for i, p, r in AREAS]
        self._lines(folder / "law.yaml", "", "bases", law)
        self._lines(folder / "agencies.yaml", "", "agencies", self.agencies)
        self._lines(folder / "areas" / "a.yaml", "municipality: \"0180\"\n", "areas", areas)
        for name, file in self.files.items():
            path = folder / "access" / name
            path.unlink(missing_ok=True)
            if file["rules"]:
                head = f"purpose: {json.dumps(file['purpose'])}\n" if "purpose" in file else ""
                self._lines(path, head, "rules", file["rules"])

    @staticmethod
    def _lines(path, head, key, entries):
        path.write_text(head + f"{key}:\n" + "".join(f"  - {json.dumps(entry, ensure_ascii=False)}\n" for entry in entries))

    # ---- rules ----

    def _id(self, word):
        self.count += 1
        return f"{word}-{self.count}"

    def selector(self, every=0.5):
        if self.often(every):
            return "*"
        ids = [a["id"] for a in self.agencies]
        kinds = sorted({a["kind"] for a in self.agencies})
        words = self.some(ids, 2) + self.some(kinds, 2) + [{"all": kind} for kind in self.some(kinds, 1)]
        words += ["social"] * 2 if "social" in kinds else []
        words += [g for g in GROUPS if any(g in a.get("groups", []) for a in self.agencies)]
        chosen = []
        for word in self.some(words, 5):
            if word not in chosen:
                chosen.append(word)
        return chosen[0] if len(chosen) == 1 and self.often(0.7) else chosen

    def _dates(self, rule):
        if self.often(0.12):
            rule["valid_from"] = self.random.choice(DAYS)
        elif self.often(0.12):
            rule["valid_to"] = self.random.choice(DAYS)

    def permit(self, purpose):
        basis = self.random.choice([b for b in LAW if "counts" not in b and "closed" not in b])
        pool = ([m for m in self.messages if "assessed_by" in self.schema.messages[m]] if basis["id"] == "bedomd" else self.messages)
        if not pool:
            basis, pool = LAW[0], self.messages
        events = self.some(pool, 2)
        rule = {"id": self._id("p"), "permit": {"from": self.selector(), "event": events, "to": self.selector()}, "basis": basis["id"]}
        when = self.when(events, self.random.choice([0, 0, 0, 0, 1, 1, 2, 3]), 0.8)
        self._roles(rule, 0.3)
        needs = basis.get("presupposes", {})
        if basis["id"] == "ej-social":
            rule["permit"]["from"] = [a["id"] for a in self.agencies if a["kind"] != "social"]
        if "age_below" in needs:
            when["subject.age"] = {"below": self.random.choice([18, 21])}
        if "assessed" in needs:
            when["body.assessed_by"] = {"present": True}
        if "consent" in needs:
            when["subject"] = {"consent": True}
        if basis.get("trigger") == "request" or self.often(0.04):
            when["request"] = {"is": True}
        if self.often(0.65):
            when["subject.protected"] = self.random.choice([{"in": ["none", *PROTECTIONS[1:], "unknown"]}, self.protected()])
            if self.often(0.3):
                del when["subject.protected"]
        if when:
            rule["when"] = when
        if "weighing" in basis or self.often(0.15):
            rule["outcome"] = "hold"
        self._reveal(rule, basis.get("reveals", list(CLASSES)))
        if self.often(0.2):
            rule["answer_within"] = "24h"
        self._dates(rule)
        return rule

    def _roles(self, rule, share):
        if self.often(share):
            rule["roles"] = "none" if self.often(0.25) else self.some(ROLES)

    def _reveal(self, rule, classes):
        if len(classes) == len(CLASSES) and self.often(0.25):
            rule["reveal"] = "all"
        elif self.often(0.9):
            rule["reveal"] = self.some(classes, 5)
            if "narrative" in classes and "narrative" not in rule["reveal"] and self.often(0.3):
                rule["reveal"].append("narrative")

    def forbid(self, purpose):
        events = "*" if self.often(0.2) else self.some(self.messages, 2)
        wide = 0.1
        rule = {"id": self._id("f"), "forbid": {"from": self.selector(wide), "event": events, "to": self.selector(wide)}}
        when = self.when([] if events == "*" else events, self.random.choice([0, 1, 2, 2, 3, 3]), 0.1)
        if self.often(0.25):
            when["subjects"] = {"present": True}
        if when:
            rule["when"] = when
        self._roles(rule, 0.15)
        if self.often(0.4):
            rule["basis"] = self.random.choice(["hemlig", "hemlig-ny", "fri"])
        self._dates(rule)
        return rule

    def limit(self, purpose):
        return self.forbid(purpose) | {"outcome": "hold"}

    def aggregate(self, purpose):
        rule = {"id": self._id("a"), "aggregate": {"from": self.selector(), "event": self.messages[:1], "to": self.selector()},
                "basis": "antal"}
        if self.often(0.5):
            rule["smallest_cell"] = self.random.choice([5, 6, 10])
        self._dates(rule)
        return rule

    # ---- conditions ----

    def when(self, events, count, met):
        """met: about how often values are taken that most events have."""
        makers = [self.time_condition, self.text_condition, self.place_condition, self.mark_condition, self.age_condition,
                  self.subject_condition, self.subject_condition, self.consent_condition, self.subjects_condition,
                  self.request_condition, self.recipient_condition, self.recipient_condition]
        if events:
            makers += [self.body_condition] * 4
        when = {}
        for _ in range(count):
            name, tests = self.random.choice(makers)(events)
            if self.often(met) and "in" in tests and self.often(0.5) and "present" not in tests:
                tests = {"present": True} if name not in ("subject.protected",) and not name.startswith("recipient") else tests
            when[name] = tests
        return when

    def time_tests(self):
        if self.often(0.4):
            return {"within": self.random.choice(["1d", "30d", "36h", "400d"])}
        return self.random.choice([{"below": self.moment()}, {"atLeast": self.moment()}, {"present": self.often(0.7)}])

    def moment(self):
        return self.random.choice(DAYS) if self.often(0.6) else self.random.choice(
            ["2026-11-22T12:00:00Z", "2026-10-25T02:30:00+01:00", "2026-11-30T23:59:59.999+01:00"])

    def time_condition(self, _):
        return self.random.choice(["time", "recorded_time"]), self.time_tests()

    def text_condition(self, _):
        ids = [a["id"] for a in self.agencies]
        return self.random.choice([("addressee", self.one_of(ids)), ("in_reply_to", {"present": self.often(0.6)}),
                                   ("source", self.one_of(ids)), ("retention_days", self.number_tests()),
                                   ("revision", self.number_tests())])

    def one_of(self, values):
        if self.often(0.2):
            return {"present": self.often(0.7)}
        tests = {"is": self.random.choice(values)} if self.often(0.3) else {"in": self.some(values)}
        return {"present": True} | tests if self.often(0.3) else tests

    def number_tests(self):
        low = self.random.randint(0, 4)
        return self.random.choice([{"below": low + 3}, {"atLeast": low}, {"atLeast": low, "below": low + 4}, {"is": low},
                                   {"in": [0, low, low + 1]}, {"present": True}])

    def area_tests(self):
        known = AREA_IDS[:-1]
        tests = [{"within": self.random.choice(known)}, {"overlaps": self.some(known)}, {"overlaps": "recipient.areas"},
                 self.one_of(known), {"present": self.often(0.7)}]
        return self.random.choice(tests)

    def place_condition(self, _):
        return self.random.choice([("place.area", self.area_tests()), ("place.area", self.area_tests()),
                                   ("place.precision", self.one_of(["point", "address", "area"])),
                                   ("place.municipality", self.one_of(["0180", "0139"])),
                                   ("place.position", {"present": self.often(0.6)}), ("place.address", {"present": True})])

    def mark_condition(self, _):
        ids = [a["id"] for a in self.agencies]
        return self.random.choice([("marks.handling", self.one_of(["h0", "h1", "h2", "h3"])),
                                   ("marks.source_evaluation", self.one_of(["a", "b", "x"])),
                                   ("marks.information_evaluation", self.number_tests()),
                                   ("marks.edited_for", {"overlaps": self.some(ids)} if self.often(0.7) else {"present": True}),
                                   ("marks.urgent", {"is": self.often(0.6)})])

    def age_condition(self, _):
        below, least = self.random.choice([15, 18, 21]), self.random.choice([13, 15, 18])
        return "subject.age", self.random.choice([{"present": self.often(0.7)}, {"below": below}, {"atLeast": least},
                                                  {"atLeast": 15, "below": 21}])

    def protected(self):
        return self.random.choice([{"is": self.often(0.3)}, {"is": "none"}, {"present": self.often(0.7)}, {"in": ["none", "unknown"]},
                                   {"in": self.some(PROTECTIONS + ["unknown"])}, {"is": "unknown"}])

    def subject_condition(self, _):
        return self.random.choice([("subject.protected", self.protected()), ("subject.role", self.one_of(ROLES)),
                                   ("subject.home_area", self.area_tests()), ("subject.stay_area", self.area_tests()),
                                   ("subject.name", {"present": self.often(0.7)}), ("subject.school_unit", self.one_of(WORDS)),
                                   ("subject.personal_number", {"present": self.often(0.5)})])

    def consent_condition(self, _):
        return "subject", {"consent": self.often(0.6)}

    def subjects_condition(self, _):
        return "subjects", {"present": self.often(0.75)}

    def request_condition(self, _):
        return "request", {"is": True}

    def recipient_condition(self, _):
        ids, kinds = [a["id"] for a in self.agencies], sorted({a["kind"] for a in self.agencies})
        plain = [("recipient.id", ids), ("recipient.kind", kinds), ("recipient.form", ["authority", "association"])]
        name, values = self.random.choice(plain)
        return self.random.choice([(name, {"in": self.some(values, 4)}), (name, {"is": self.random.choice(values)}),
                                   ("recipient.groups", {"overlaps": self.some(GROUPS, 2)}),
                                   ("recipient.areas", {"overlaps": self.some(AREA_IDS[:-1])}),
                                   ("recipient.addressed", {"is": self.often(0.6)})])

    def body_condition(self, events):
        messages = [self.schema.messages[m] for m in events]
        same = [n for n, f in messages[0].items()
                if all(n in m and (m[n].kind, m[n].repeated) == (f.kind, f.repeated) for m in messages)]
        if not same:
            return self.mark_condition(events)
        name = self.random.choice(same)
        return "body." + name, self.field_tests(messages[0][name])

    def field_tests(self, field):
        if field.is_time:
            return self.time_tests()
        if field.kind in ("uint32", "int64", "double"):
            return {"below": 2.5} if field.kind == "double" and self.often(0.5) else self.number_tests() if field.kind != "double" else {
                "atLeast": 1}
        if field.kind == "bool":
            return {"is": self.often(0.6)}
        if field.kind == "bytes":
            return {"present": self.often(0.7)}
        if field.repeated:
            return {"overlaps": self.some(WORDS)} if self.often(0.7) else {"present": self.often(0.7)}
        return self.one_of(self.schema.enums[field.kind][1:4] if field.kind in self.schema.enums else WORDS)

    # ---- events ----

    def now(self):
        """Midday mostly; else about midnight of a day at which something begins or ends."""
        day = datetime.fromisoformat(HOME if self.often(0.6) else self.random.choice(DAYS)).replace(tzinfo=timezone.utc)
        if self.often(0.6):
            return day + timedelta(hours=11)
        return day + timedelta(hours=self.random.choice([-1, -2, 22, 23, 24]), milliseconds=self.random.choice([-1, 0, 1]))

    def event(self, now):
        source = self.random.choice(self.agencies)["id"]
        message = self.random.choice(self.messages) if self.often(0.95) else self.random.choice(MESSAGES)
        event = {"specversion": "1.0", "id": f"{self.random.getrandbits(128):032x}", "source": source, "type": "nav.v1." + message}
        if self.often(0.85):
            event["time"] = self.when_it_was(now)
        if self.often(0.6):
            event["recordedtime"] = self.when_it_was(now)
        if self.often(0.8):
            event["navrevision"] = self.random.randint(1, 3)
        if self.often(0.3):
            event["navinreplyto"] = f"{self.random.getrandbits(128):032x}"
        data = {"body": self.body(message)}
        if self.often(0.65):
            data["place"] = self.place()
        if self.often(0.7):
            data["subjects"] = [self.subject(now) for _ in range(self.random.choice([1, 1, 1, 1, 2, 3]))]
        if self.often(0.6):
            data["marks"] = self.marks()
        if self.often(0.25):
            data["addressee"] = self.random.choice(self.agencies)["id"] if self.often(0.9) else "ingen"
        if self.often(0.2):
            data["retention_days"] = self.random.randint(1, 5)
        event["data"] = data
        if self.often(0.15):
            self._blank(data, message)
        return event

    def _blank(self, data, message):
        """Texts that say nothing, and enums that say unspecified: as good as absent."""
        self._blank_in(data["body"], message)
        for subject in data.get("subjects", []):
            self._blank_in(subject, "Subject")
        for key, kind in (("place", "Place"), ("marks", "Marks")):
            self._blank_in(data.get(key, {}), kind)
        if "addressee" in data and self.often(0.3):
            data["addressee"] = ""

    def _blank_in(self, holder, message):
        for name in holder:
            field = self.schema.messages[message][name]
            if not field.repeated and self.often(0.3) and field.kind in ("string", *self.schema.enums):
                holder[name] = "" if field.kind == "string" else "unspecified"

    def when_it_was(self, now):
        if self.often(0.3):
            return self.moment_as_text()
        ago = timedelta(days=self.random.choice([0, 0, 1, 2, 29, 30, 31, 400])) + timedelta(milliseconds=self.random.choice([-1, 0, 1]))
        return rfc3339(now - ago)

    def moment_as_text(self):
        day = datetime.fromisoformat(self.random.choice(DAYS)).replace(tzinfo=timezone.utc)
        return rfc3339(day - timedelta(hours=self.random.choice([1, 2]), milliseconds=self.random.choice([0, 0, 1])))

    def place(self):
        place = {}
        if self.often(0.6):
            place["position"] = dict(zip(("latitude", "longitude"), self.random.choice(POSITIONS)))
        if self.often(0.5):
            place["area"] = self.random.choice(AREA_IDS)
        for key, values in (("precision", ["point", "address", "area"]), ("address", ["Gatan 1"]), ("property", ["Kvarnen 1"]),
                            ("dwelling", ["1101"]), ("municipality", ["0180", "0139"]), ("county", ["01"])):
            if self.often(0.4):
                place[key] = self.random.choice(values)
        return place

    def marks(self):
        marks = {}
        for key, values in (("source_evaluation", ["a", "b", "x"]), ("handling", ["h0", "h1", "h2", "h3"]),
                            ("information_evaluation", [1, 2, 3, 4]), ("urgent", [True, False])):
            if self.often(0.5):
                marks[key] = self.random.choice(values)
        if self.often(0.4):
            marks["edited_for"] = self.some([a["id"] for a in self.agencies])
        return marks

    def subject(self, now):
        subject = {}
        if self.often(0.85):
            subject["role"] = self.random.choice(ROLES)
        if self.often(0.92):
            subject["protection"] = self.random.choices(PROTECTIONS, [10, 1, 1])[0]
        if self.often(0.3):
            subject["personal_number"] = self.random.choice(NUMBERS)
        if self.often(0.6):
            subject["birth_date"] = self.birth_date(now, subject.get("personal_number"))
        for key, values, share in (("name", ["Prov Person"], 0.6), ("telephone", ["070-0000000"], 0.4), ("email", ["a@example.org"], 0.2),
                                   ("home_address", ["Gatan 2"], 0.4), ("school_unit", WORDS, 0.4), ("home_area", AREA_IDS, 0.6),
                                   ("stay_area", AREA_IDS, 0.3)):
            if self.often(share):
                subject[key] = self.random.choice(values)
        return subject

    def birth_date(self, now, number):
        if number and self.often(0.6):
            return f"{number[:4]}-{number[4:6]}-{number[6:]}"[:10]
        if self.often(0.05):
            return "2012-02-29"
        day = now + timedelta(days=self.random.choice([-1, 0, 1, -200, 200]))
        return f"{day.year - self.random.choice([0, 12, 13, 15, 18, 21, 40])}-{day.month:02d}-{min(day.day, 28):02d}"

    def body(self, message):
        body = {}
        for name, field in self.schema.messages[message].items():
            if self.often(0.65):
                value = [self.value(field) for _ in range(self.random.randint(1, 3))] if field.repeated else self.value(field)
                body[name] = value
        return body

    def value(self, field):
        if field.is_time:
            return self.moment_as_text()
        if field.kind in ("uint32", "int64"):
            return self.random.randint(0, 6)
        if field.kind == "double":
            return self.random.choice([0.5, 1.0, 2.5, 3.25])
        if field.kind == "bool":
            return self.often(0.5)
        if field.kind == "bytes":
            return f"{self.random.getrandbits(128):032x}"
        return self.random.choice(self.schema.enums[field.kind][1:4] if field.kind in self.schema.enums else WORDS)

    def known(self, subjects):
        """What is known of consent (by subject) and of requests."""
        def one():
            answers = {"*": self.random.choice([1, 1, 0, -1])}
            if self.often(0.3):
                answers[self.random.choice(self.agencies)["id"]] = self.random.choice([1, 0, -1])
            return answers
        return [one() for _ in range(subjects)], one()
