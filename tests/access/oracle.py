"""A second evaluator of the access rules, written from their description alone (config/access/README.md and the design), to be held
against hub/access. It is slow and plain: one rule after another, one condition after another.

Where the description left something open, the hub's reading was taken and the missing sentence written there. Three-valued: True,
False, and None for what is not known. Called by: oracle_test.py. Must never: share a line or a table with hub/access,
or take its answer for anything."""

import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from schema_reader import ALL_BITS, BIT

WITHHOLD, HOLD, RELEASE = "withhold", "hold", "release"
PROTECTED = ("sekretessmarkering", "skyddad_folkbokforing")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY_MS = 86400000


# ---- small things ----

def all_of(answers):
    """False where one is false, else not known where one is not."""
    unknown = False
    for answer in answers:
        if answer is False:
            return False
        unknown = unknown or answer is None
    return None if unknown else True


def any_of(answers):
    """True where one is true, else not known where one is not."""
    unknown = False
    for answer in answers:
        if answer is True:
            return True
        unknown = unknown or answer is None
    return None if unknown else False


def as_list(value):
    return value if isinstance(value, list) else [value]


def to_ms(text):
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def swedish_date(ms):
    return (EPOCH + timedelta(milliseconds=ms)).astimezone(STOCKHOLM).date()


def rule_time(text):
    """A date is the beginning of that Swedish day."""
    if len(text) == 10:
        return (datetime.combine(date.fromisoformat(text), datetime.min.time(), STOCKHOLM) - EPOCH) // timedelta(milliseconds=1)
    return to_ms(text)


def duration_ms(text):
    return int(text[:-1]) * {"m": 60000, "h": 3600000, "d": DAY_MS}[text[-1]]


def real_date(year, month, day):
    try:
        return date(year, month, day)
    except ValueError:
        return None


def born(subject):
    """The dates of birth that a person's fields tell: by birth date, by number (a coordination number adds 60 to the day)."""
    told = []
    if subject.get("birth_date"):
        told.append(real_date(*map(int, subject["birth_date"].split("-"))))
    number = subject.get("personal_number")
    if number and re.match(r"\d{8}", number):
        day = int(number[6:8])
        told.append(real_date(int(number[:4]), int(number[4:6]), day - 60 if day > 60 else day))
    return told


def age(subject, now_ms):
    dates = born(subject)
    if not dates or dates[0] is None or dates[-1] != dates[0]:
        return None
    today = swedish_date(now_ms)
    years = today.year - dates[0].year - ((today.month, today.day) < (dates[0].month, dates[0].day))
    return years if years >= 0 else None


# ---- configuration ----

def read_yaml(path):
    """Every scalar as the text it is."""
    return yaml.load(Path(path).read_text(), yaml.BaseLoader)


class Areas:
    def __init__(self, folder):
        self.parent, self.ring = {}, {}
        for path in sorted(Path(folder).glob("*.yaml")):
            for area in read_yaml(path)["areas"]:
                self.parent[area["id"]] = area.get("parent")
                self.ring[area["id"]] = [(float(x), float(y)) for x, y in area.get("polygon", [])]

    def depth(self, area):
        return 0 if self.parent[area] is None else 1 + self.depth(self.parent[area])

    def within(self, area, outer):
        """None: one of them is no area that is known."""
        if area not in self.parent or outer not in self.parent:
            return None
        while area is not None:
            if area == outer:
                return True
            area = self.parent[area]
        return False

    def overlap(self, one, other):
        return any_of([self.within(one, other), self.within(other, one)])

    def at(self, position):
        """The deepest area that has the position inside."""
        if position is None or "latitude" not in position or "longitude" not in position:
            return None
        inside = [a for a, ring in self.ring.items() if ring and self._inside(ring, position["longitude"], position["latitude"])]
        return max(inside, key=self.depth) if inside else None

    @staticmethod
    def _inside(ring, x, y):
        odd = False
        for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1]):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                odd = not odd
        return odd


class Agency:
    def __init__(self, entry):
        self.id, self.kind, self.form = entry["id"], entry["kind"], entry["form"]
        self.groups, self.areas = entry.get("groups", []), entry.get("areas", [])
        self.purposes = entry["purposes"]

    def answers_to(self, word):
        """By a selector's word: an agency, a kind, a group, everybody."""
        if isinstance(word, dict):
            return self.kind == word["all"]
        return word == "*" or word in (self.id, self.kind) or word in self.groups


class Basis:
    def __init__(self, entry):
        self.duty, self.urgent = entry.get("duty") == "true", entry.get("urgent") == "true"
        self.valid = entry.get("valid_from", "0000"), entry.get("valid_to", "9999")


class Case:
    """One event, asked about at one time."""

    def __init__(self, event, now_ms, areas, consent=None, request=None, only=None, could_be=False):
        self.event, self.data, self.now_ms = event, event["data"], now_ms
        self.source, self.type = event["source"], event["type"].removeprefix("nav.v1.")
        self.subjects = self.data.get("subjects", [])
        self.place, self.marks, self.body = self.data.get("place", {}), self.data.get("marks", {}), self.data["body"]
        self.addressee = self.data.get("addressee")
        self.consent, self.request, self.only, self.could_be = consent, request, only, could_be
        self.today = swedish_date(now_ms).isoformat()
        self.area = self.place.get("area") or areas.at(self.place.get("position"))
        self.ages = [age(subject, now_ms) for subject in self.subjects]
        protections = [subject.get("protection", "unspecified") for subject in self.subjects]
        self.has_protected = any(p in PROTECTED for p in protections)
        self.has_unknown_protection = "unspecified" in protections


# ---- conditions ----

class Condition:
    """One name of a `when` with all its tests: ask(case, recipient, subject's index) → three-valued."""

    def __init__(self, name, tests, rule):
        self.name, self.rules, self.is_forbid = name, rule.rules, rule.is_forbid
        self.areas = rule.rules.areas
        self.of_subject = name == "subject" or name.startswith("subject.")
        scope, _, self.key = name.partition(".")
        self.scope = scope if self.key else "event"
        self.key = self.key or name
        self.field = self._field(rule)
        self.tests = [self._test(operator, value) for operator, value in tests.items()]

    def _field(self, rule):
        messages = rule.rules.schema.messages
        message = {"event": "Event", "place": "Place", "marks": "Marks", "subject": "Subject", "body": rule.events[0]}.get(self.scope)
        return messages[message].get(self.key) if message in messages else None

    def ask(self, case, recipient, index):
        return all_of(test(case, recipient, index) for test in self.tests)

    def value(self, case, recipient, index):
        """None: not known."""
        if self.scope == "event":
            key = {"recorded_time": "recordedtime", "in_reply_to": "navinreplyto", "revision": "navrevision"}.get(self.key, self.key)
            found = case.event.get(key, case.data.get(key))
        elif self.scope == "recipient":
            return case.addressee == recipient.id if self.key == "addressed" else getattr(recipient, self.key)
        elif self.name == "place.area":
            return case.area
        elif self.name == "subject.age":
            return case.ages[index]
        elif self.name == "subject.protected":
            found = case.subjects[index].get("protection")
            return None if found == "unspecified" else found
        else:
            holder = case.subjects[index] if self.scope == "subject" else getattr(case, self.scope)
            found = holder.get(self.key)
        if self.field and self.field.kind in self.rules.schema.enums and found == "unspecified":
            return None
        if found in ("", []):
            return None
        return to_ms(found) if found is not None and self.field and self.field.is_time else found

    def _test(self, operator, wanted):
        if operator == "present":
            return lambda case, recipient, index: self._present(case, index) == (wanted == "true")
        if operator == "consent":
            return lambda case, recipient, index: self._consent(case, recipient, index, wanted == "true")
        if self.name == "request":
            return lambda case, recipient, index: self._request(case, recipient, wanted == "true")
        if self.name == "subject.protected":
            return lambda case, recipient, index: self._protected(case, index, as_list(wanted))
        compare = getattr(self, "_" + operator)(wanted)

        def test(case, recipient, index):
            found = self.value(case, recipient, index)
            return None if found is None else compare(found, recipient, case)
        return test

    def _present(self, case, index):
        if self.name == "subjects":
            return bool(case.subjects)
        if self.name == "place.area":
            return case.area is not None
        if self.scope == "event" or self.name in ("subject.age", "subject.protected"):
            return self.value(case, None, index) is not None
        holder = case.subjects[index] if self.scope == "subject" else getattr(case, self.scope)
        return holder.get(self.key) not in (None, "", [])  # an enum that is there is there, whatever it says

    def _given(self, case):
        """At the edge, where neither consent nor requests are known: taken as given by a permit, as not by a forbid."""
        return not self.is_forbid if case.could_be else None

    def _consent(self, case, recipient, index, wanted):
        if case.could_be:
            return self._given(case)
        answer = case.consent(index, recipient.id) if case.consent else None
        return None if answer is None else answer == wanted

    def _request(self, case, recipient, wanted):
        if "navinreplyto" not in case.event:
            return not wanted
        if case.could_be:
            return self._given(case)
        answer = case.request(recipient.id) if case.request else None
        return None if answer is None else answer == wanted

    def _protected(self, case, index, wanted):
        known = case.subjects[index].get("protection", "unspecified")
        if known == "unspecified":
            return True if "unknown" in wanted else None
        return known in wanted or ("true" if known in PROTECTED else "false") in wanted

    def _is(self, wanted):
        return self._in([wanted])

    def _in(self, wanted):
        def same(found, recipient, case):
            if isinstance(found, bool):
                return ("true" if found else "false") in wanted
            return str(found) in wanted
        return same

    def _limit(self, text):
        return rule_time(text) if self.field and self.field.is_time else float(text)

    def _below(self, wanted):
        limit = self._limit(wanted)
        return lambda found, recipient, case: found < limit

    def _atLeast(self, wanted):  # noqa: N802 (the operator's name)
        limit = self._limit(wanted)
        return lambda found, recipient, case: found >= limit

    def _within(self, wanted):
        if self.field and self.field.is_time:
            length = duration_ms(wanted)
            return lambda found, recipient, case: 0 <= case.now_ms - found <= length
        return lambda found, recipient, case: self.areas.within(found, wanted)

    def _overlaps(self, wanted):
        of_areas = self.name in ("place.area", "subject.home_area", "subject.stay_area", "recipient.areas")

        def test(found, recipient, case):
            others = recipient.areas if wanted == "recipient.areas" else wanted
            if self.scope == "recipient" and of_areas:
                return any_of(self.areas.overlap(one, other) for one in found for other in others)
            if of_areas:
                return None if found not in self.areas.parent else any_of(self.areas.within(found, other) for other in others)
            return any(one in others for one in found)
        return test


# ---- rules ----

class Rule:
    def __init__(self, entry, purpose, rules):
        self.rules, self.id, self.purpose = rules, entry["id"], purpose
        self.what = next(word for word in ("permit", "forbid", "aggregate") if word in entry)
        self.is_forbid = self.what == "forbid"
        self.is_limit = self.is_forbid and entry.get("outcome") == "hold"
        self.outcome = entry.get("outcome", RELEASE)
        selectors = entry[self.what]
        self.senders, self.recipients = as_list(selectors["from"]), as_list(selectors["to"])
        self.events = as_list(selectors["event"])
        self.basis_id = entry.get("basis")
        self.basis = rules.law.get(self.basis_id)
        self.roles = entry.get("roles")
        reveal = as_list(entry.get("reveal", []))
        self.reveal = ALL_BITS if reveal == ["all"] else BIT["open"] | sum(BIT[name] for name in set(reveal) - {"open"})
        self.valid = entry.get("valid_from", "0000"), entry.get("valid_to", "9999")
        self.exceptions = entry.get("except", [])
        self.smallest_cell = int(entry.get("smallest_cell", 5))
        conditions = [Condition(name, tests, self) for name, tests in entry.get("when", {}).items()]
        self.names_protected = any(c.name == "subject.protected" for c in conditions)
        self.of_subject = [c for c in conditions if c.of_subject]
        self.of_event = [c for c in conditions if not c.of_subject]
        self.is_conditional = bool(conditions) or self.roles not in (None, "none")

    def in_force(self, day):
        spans = [self.valid] if self.is_forbid or not self.basis else [self.valid, self.basis.valid]
        return all(start <= day <= end for start, end in spans)

    def binds(self, source, recipient, purpose):
        """A rule binds only where both take part in the lane's purpose; one of common.yaml for every purpose."""
        if self.purpose not in (None, purpose) or purpose not in source.purposes or purpose not in recipient.purposes:
            return False
        return any(source.answers_to(word) for word in self.senders)

    def is_for(self, event_type):
        return "*" in self.events or event_type in self.events

    def selected(self, case):
        """The persons that the rule asks about. To a forbid, whoever has no known role may have any."""
        everybody = range(len(case.subjects))
        if not self.roles or self.roles == "none":
            return list(everybody)
        known = as_list(self.roles) + (["unspecified"] if self.is_forbid else [])
        return [i for i in everybody if case.subjects[i].get("role", "unspecified") in known]

    def kept(self, case, unknown):
        """Who is left in the copy. Where a duty cannot tell whom it is about, whoever assesses it sees those without a known role."""
        if self.roles == "none":
            return 0
        chosen = self.selected(case)
        if unknown and not chosen:
            chosen = [i for i, subject in enumerate(case.subjects) if subject.get("role", "unspecified") == "unspecified"]
        return sum(1 << i for i in chosen)

    def meant(self, case, recipient):
        """Is the recipient one of those in `to`?"""
        answers = []
        for word in self.recipients:
            if word == "social" and self.what == "permit":
                answers.append(self._board(case, recipient) if recipient.kind == "social" else False)
            else:
                answers.append(recipient.answers_to(word))
        return any_of(answers)

    def _board(self, case, recipient):
        """`to: social`: the addressee, else the board where the persons live or stay."""
        if case.addressee:
            return case.addressee == recipient.id
        chosen = self.selected(case)
        return all_of(self._lives(case.subjects[i], recipient) for i in chosen) if chosen else None

    def _lives(self, subject, recipient):
        told = [subject[key] for key in ("home_area", "stay_area") if subject.get(key)]
        if not told:
            return None
        return any_of(any_of(self.rules.areas.within(area, own) for own in recipient.areas) if area in self.rules.areas.parent else None
                      for area in told)

    def holds(self, case, recipient):
        """Its conditions: of the event, and of all selected persons (a permit) or any (a forbid)."""
        chosen = self.selected(case)
        answers = [c.ask(case, recipient, None) for c in self.of_event]
        if self.of_subject or (self.roles and self.roles != "none"):
            persons = [all_of(c.ask(case, recipient, i) for c in self.of_subject) for i in chosen]
            if not persons:
                answers.append(None)
            else:
                answers.append(any_of(persons) if self.is_forbid else all_of(persons))
        return all_of(answers)

    def forbids(self, case, recipient):
        """What is not known forbids."""
        return self.meant(case, recipient) is True and self.holds(case, recipient) is not False

    def permits(self, case, recipient):
        """RELEASE, HOLD or None; and whether it is a duty that rests on something unknown."""
        if not self.names_protected:
            if case.has_protected or (case.has_unknown_protection and not self.basis.duty):
                return None, False
        answer = all_of([self.meant(case, recipient), self.holds(case, recipient)])
        if answer is True:
            return self.outcome, False
        return (HOLD, True) if answer is None and self.basis.duty else (None, False)


class Match:
    """A permit that a lane's event meets."""

    def __init__(self, outcome, rule, case, unknown, limit):
        self.outcome, self.rule, self.limit = outcome, rule, limit
        self.reveal, self.subjects = rule.reveal, rule.kept(case, unknown)
        duty_waits = rule.basis.duty and (unknown or limit is not None)
        self.urgent = case.marks.get("urgent", False) or rule.basis.urgent or duty_waits

    def gives_more(self, other):
        return bool(self.reveal & ~other.reveal or self.subjects & ~other.subjects)


class Decision:
    def __init__(self, outcome=WITHHOLD, rule=None):
        self.outcome, self.rule, self.hold_rule, self.limit = outcome, rule, None, None
        self.reveal = self.subjects = self.hold_reveal = self.hold_subjects = 0
        self.urgent = self.edited = False


class Rules:
    """The rules of a configuration folder."""

    def __init__(self, folder, schema):
        folder = Path(folder)
        self.schema, self.areas = schema, Areas(folder / "areas")
        self.agencies = {a["id"]: Agency(a) for a in read_yaml(folder / "agencies.yaml")["agencies"]}
        self.law = {b["id"]: Basis(b) for b in read_yaml(folder / "law.yaml")["bases"]}
        self.rules = []
        for path in sorted((folder / "access").glob("*.yaml"), key=lambda p: p.name.encode()):
            file = read_yaml(path)
            purpose = file["purpose"]["id"] if "purpose" in file else None
            self.rules += [Rule(entry, purpose, self) for entry in file["rules"]]
        self.bound = {}

    def _bound(self, source, event_type, recipient, purpose):
        """The rules that could say something of such an event on this lane, in file order."""
        key = source, event_type, recipient, purpose
        if key not in self.bound:
            sender, receiver = self.agencies[source], self.agencies[recipient]
            self.bound[key] = [r for r in self.rules if r.is_for(event_type) and r.binds(sender, receiver, purpose)]
        return self.bound[key]

    def decide(self, case, recipient, purpose):
        if recipient == case.source or (case.only is not None and recipient != case.only):
            return Decision()
        receiver = self.agencies[recipient]
        rules = [r for r in self._bound(case.source, case.type, recipient, purpose) if r.in_force(case.today)]
        forbids = [r for r in rules if r.is_forbid and r.forbids(case, receiver)]
        stops, limits = [r for r in forbids if not r.is_limit], [r for r in forbids if r.is_limit]
        matched = []
        for rule in (r for r in rules if r.what == "permit"):
            if any(rule.id not in stop.exceptions for stop in stops):
                continue
            outcome, unknown = rule.permits(case, receiver)
            limit = next((l for l in limits if rule.id not in l.exceptions), None) if outcome == RELEASE else None
            if outcome:
                matched.append(Match(HOLD if limit else outcome, rule, case, unknown, limit))
        return self._answer(case, recipient, matched, stops)

    def _answer(self, case, recipient, matched, stops):
        """The first release, and beside it the first hold that gives more; else the first hold. Urgent where any such hold is."""
        release = next((m for m in matched if m.outcome == RELEASE), None)
        holds = [m for m in matched if m.outcome == HOLD and (not release or m.gives_more(release))]
        if not release and not holds:
            return Decision(rule=stops[0].id if stops else None)
        decision = Decision((release or holds[0]).outcome, (release or holds[0]).rule.id)
        decision.reveal, decision.subjects = (release or holds[0]).reveal, (release or holds[0]).subjects
        if holds:
            decision.limit = holds[0].limit.id if holds[0].limit else None
            decision.urgent = any(m.urgent for m in holds)
        if release and holds:
            decision.hold_rule, decision.hold_reveal, decision.hold_subjects = holds[0].rule.id, holds[0].reveal, holds[0].subjects
        decision.edited = recipient in case.marks.get("edited_for", [])
        return decision

    def counts(self, source, event_type, recipient, purpose, now_ms):
        """The rule and the smallest cell by which a recipient may have counts; None: it may not."""
        if source == recipient:
            return "own"
        receiver, day = self.agencies[recipient], swedish_date(now_ms).isoformat()
        rules = [r for r in self._bound(source, event_type, recipient, purpose)
                 if r.in_force(day) and any(receiver.answers_to(word) for word in r.recipients)]
        if any(r.is_forbid and not r.is_limit and not r.is_conditional for r in rules):
            return None  # what it excepts are permits, never counts
        return next(((r.id, r.smallest_cell) for r in rules if r.what == "aggregate"), None)


# ---- redaction ----

class Redaction:
    """What may be seen of an event, and the paths that were left out. pseudonyms: indices of subjects that must have one; ages: the
    ages that must show as a band."""

    def __init__(self, rules, decision, case):
        self.schema, self.withheld, self.pseudonyms, self.ages = rules.schema, [], [], []
        self.reveal = decision.reveal | BIT["open"]
        if self.reveal != ALL_BITS and not decision.edited:
            self.reveal &= ~BIT["narrative"]
        self.event = {key: value for key, value in case.event.items() if key != "data"}
        self.data = {}
        for key, value in case.data.items():
            if key == "subjects":
                self.data[key] = self._subjects(case, decision.subjects)
            elif key in ("place", "marks", "body"):
                message = {"place": "Place", "marks": "Marks", "body": case.type}[key]
                self.data[key] = self._message(message, value, key)
            else:
                self.data[key] = value
        if "position" in case.place and "position" not in self.data["place"] and not case.place.get("area") and case.area:
            self.data["place"]["area"] = case.area
        self.event["data"] = self.data

    def _message(self, message, value, path):
        kept = {}
        for key, inner in value.items():
            if not self.schema.messages[message][key].bit & self.reveal:
                self.withheld.append(f"{path}.{key}" + "_ms" * self.schema.messages[message][key].is_time)  # as the schema has it
            else:
                kept[key] = inner
        return kept

    def _subjects(self, case, mask):
        kept = []
        for i, subject in enumerate(case.subjects):
            if not mask & 1 << i:
                self.withheld.append(f"subjects.{i}")
                continue
            kept.append(self._message("Subject", subject, f"subjects.{i}"))
            hidden = not self.reveal & BIT["identity"]
            self.pseudonyms.append(hidden)
            self.ages.append(case.ages[i] if hidden else None)
        return kept
