#!/usr/bin/env python3
"""hub/access against oracle.py: rule sets and events by chance, every lane of every event. A disagreement prints the seed, the folder, the
event, the lane and both answers, and fails.

    tests/access/oracle_test.py --driver DRIVER [--cases N] [--seed N] [--only SEED]

DRIVER is decide_driver of a build. --only runs one rule set again, as a disagreement named it, and keeps its folder."""

import argparse
import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import oracle  # noqa: E402
from cases import MESSAGES, Maker  # noqa: E402
from schema_reader import ALL_BITS, BIT, Schema  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = Schema(ROOT / "schemas" / "nav" / "v1")
EVENTS_A_SET = 60
SHOWN = 20
RANK = [oracle.WITHHOLD, oracle.HOLD, oracle.RELEASE]


class Driver:
    """The C program: answers come in the order of the questions."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        return next(self.ask_all([question]))

    def ask_all(self, questions):
        writer = threading.Thread(target=self._write, args=(questions,))
        writer.start()
        for _ in questions:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit(f"the driver has ended with {self.process.wait()}")
            yield json.loads(line)
        writer.join()

    def _write(self, questions):
        self.process.stdin.writelines(json.dumps(q) + "\n" for q in questions)
        self.process.stdin.flush()


class Question:
    """An event at a time, with what is known of consent and requests. base: the question that it repeats under other circumstances."""

    def __init__(self, event, now, consent, request, only=None, could_be=False, base=None):
        self.event, self.now_ms, self.consent, self.request = event, oracle.to_ms(now.isoformat()), consent, request
        self.only, self.could_be, self.base, self.answers = only, could_be, base, None

    def line(self):
        line = {"event": self.event, "now": self.now_ms}
        if self.consent is not None:
            line |= {"consent": self.consent, "request": self.request}
        return line | ({"only": self.only} if self.only else {}) | ({"could_be": True} if self.could_be else {})

    def case(self, areas):
        def by_recipient(answers, recipient):
            return {-1: None, 0: False, 1: True}[answers.get(recipient, answers["*"])]
        consent = request = None
        if self.consent is not None:
            consent = lambda index, recipient: by_recipient(self.consent[index], recipient)  # noqa: E731
            request = lambda recipient: by_recipient(self.request, recipient)  # noqa: E731
        return oracle.Case(self.event, self.now_ms, areas, consent, request, self.only, self.could_be)


class RuleSet:
    """One rule set and its questions."""

    def __init__(self, seed, driver, folder):
        self.seed, self.driver, self.folder = seed, driver, folder
        self.maker = Maker(seed, SCHEMA)
        self.shares, self.faults, self.disagreements, self.pseudonyms = Counter(), Counter(), [], {}
        self.lanes = self._load()

    def _load(self):
        """What breaks its law after all is dropped, until the rest loads."""
        for _ in range(40):
            self.maker.write(self.folder)
            answer = self.driver.ask({"load": str(self.folder)})
            if "lanes" in answer:
                self.shares["rules"] += len(self.maker.each())
                return answer["lanes"]
            self.faults.update(what for _, _, what in answer["faults"])
            if not self.maker.drop({(Path(file).name, line) for file, line, _ in answer["faults"]}):
                raise SystemExit(f"seed {self.seed}: rules that do not load: {answer['faults'][:3]}")
        raise SystemExit(f"seed {self.seed}: rules that never load")

    def questions(self):
        maker, made = self.maker, []
        for _ in range(EVENTS_A_SET):
            now = maker.now()
            event = maker.event(now)
            count = len(event["data"].get("subjects", []))
            only = maker.random.choice(maker.agencies)["id"] if maker.often(0.05) else None
            base = Question(event, now, *(maker.known(count) if maker.often(0.9) else (None, None)), only)
            made.append(base)
            if maker.often(0.15):
                made.append(Question(event, max(now, maker.now()), *maker.known(count), only, base=base))
            if maker.often(0.2):
                made.append(Question(event, now, None, None, only, could_be=True, base=base))
        return made

    def run(self):
        rules = oracle.Rules(self.folder, SCHEMA)
        questions = self.questions()
        for question, answer in zip(questions, self.driver.ask_all([q.line() for q in questions])):
            question.answers = answer["lanes"]
            case = question.case(rules.areas)
            for number, (lane, said) in enumerate(zip(self.lanes, question.answers)):
                self.shares["cases"] += 1
                self._compare(question, lane, said, rules.decide(case, *lane), case, rules)
                if question.base:
                    self._relate(question, lane, question.base.answers[number], said)
        self._counts(rules)
        return self

    def _differ(self, question, lane, what, expected, said):
        self.shares["disagreed"] += 1
        if len(self.disagreements) < SHOWN:
            self.disagreements.append({"seed": self.seed, "what": what, "lane": lane, "oracle": expected, "hub": said,
                                       "question": question.line() if question else None})

    def _compare(self, question, lane, said, decision, case, rules):
        basis = next((r.basis_id for r in rules.rules if r.id == decision.rule), None) if decision.rule else None
        expected = {"outcome": decision.outcome, "rule": decision.rule, "hold_rule": decision.hold_rule, "limit": decision.limit,
                    "basis": basis, "urgent": decision.urgent}
        if decision.outcome != oracle.WITHHOLD:
            expected |= {"reveal": decision.reveal, "subjects": decision.subjects}
            if any(BIT["narrative"] & r and r != ALL_BITS for r in (decision.reveal, decision.hold_reveal)):
                expected["edited"] = decision.edited  # elsewhere it changes nothing
        if decision.hold_rule:
            expected |= {"hold_reveal": decision.hold_reveal, "hold_subjects": decision.hold_subjects}
        self.shares[decision.outcome] += 1
        for kind in ("hold_rule", "limit", "urgent"):
            self.shares[kind] += bool(expected[kind])
        said["basis"] = said.get("basis") or None
        differences = [key for key, value in expected.items() if said.get(key) != value]
        if differences:
            return self._differ(question, lane, differences, expected, {k: v for k, v in said.items() if k not in ("copy", "withheld")})
        if decision.outcome != oracle.WITHHOLD:
            self._compare_copy(question, lane, said, oracle.Redaction(rules, decision, case), case, decision)

    def _compare_copy(self, question, lane, said, wanted, case, decision):
        copy = said["copy"]
        copy.pop("datacontenttype", None)
        wrong = self._generalised(copy["data"].get("subjects", []), lane, wanted, case, decision)
        if wrong:
            return self._differ(question, lane, wrong, {"ages": wanted.ages, "pseudonyms": wanted.pseudonyms}, copy)
        for data in (copy["data"], wanted.data):
            for key in ("place", "marks", "subjects"):
                if not data.get(key, True):
                    del data[key]
        if copy != wanted.event:
            self._differ(question, lane, "copy", wanted.event, copy)
        elif sorted(said["withheld"]) != sorted(wanted.withheld):
            self._differ(question, lane, "withheld", sorted(wanted.withheld), sorted(said["withheld"]))
        elif said["personal"] != any(wanted.pseudonyms):
            self._differ(question, lane, "personal", any(wanted.pseudonyms), said["personal"])

    def _generalised(self, subjects, lane, wanted, case, decision):
        """Takes age bands and pseudonyms out of the copy; tells what is wrong with them."""
        kept = [i for i in range(len(case.subjects)) if decision.subjects >> i & 1]
        if len(subjects) != len(kept):
            return "subjects"
        for index, subject, pseudonym, years in zip(kept, subjects, wanted.pseudonyms, wanted.ages):
            band, name = subject.pop("age_band", None), subject.pop("pseudonym", None)
            if (band is None) != (years is None) or (band is not None and not in_band(years, band)):
                return f"age_band {band} of {years} years"
            if (name is None) == pseudonym:
                return f"pseudonym of {index}"
            if name is None:
                continue
            number = case.subjects[index].get("personal_number")
            key = (*lane, number or (case.event["id"], index))
            if self.pseudonyms.setdefault(key, name) != name or self.pseudonyms.setdefault(name, key) != key:
                return f"pseudonym of {index}: not stable, or shared"
        return None

    def _relate(self, question, lane, before, said):
        """What must hold between two answers of the hub's own."""
        if question.could_be:
            if RANK.index(said["outcome"]) < RANK.index(before["outcome"]):
                self._differ(question, lane, "could_be is less than what is", before["outcome"], said["outcome"])
        elif not before["volatile"] and RANK.index(said["outcome"]) < RANK.index(before["outcome"]):
            self._differ(question, lane, f"not volatile, and less; first at {question.base.line()}", before["outcome"], said["outcome"])

    def _counts(self, rules):
        """Where counts may be had, of every sender and message."""
        now = oracle.to_ms(self.maker.now().isoformat())
        asked = [(a["id"], m) for a in self.maker.agencies for m in self.maker.messages + MESSAGES[:1]]
        lines = [{"counts": pair, "now": now} for pair in asked]
        for pair, answer in zip(asked, self.driver.ask_all(lines)):
            for lane, said in zip(self.lanes, answer["lanes"]):
                self.shares["counts"] += 1
                wanted = rules.counts(*pair, *lane, now)
                self.shares["counts allowed"] += wanted is not None
                if (wanted == "own") != (said is not None and said[0] is None) or (wanted != "own" and said != (list(wanted) if wanted else None)):
                    self._differ(None, lane, f"counts of {pair} at {now}", wanted, said)


def in_band(years, band):
    """Bands are written 15-17, 65+."""
    low, _, high = band.rstrip("+").partition("-")
    return int(low) <= years and (band.endswith("+") or years <= int(high or low))


def run_one(job):
    seed, keep = job
    folder = Path(keep or tempfile.mkdtemp(dir=run_one.base))
    done = RuleSet(seed, run_one.driver, folder).run()
    if not keep and not done.disagreements:
        shutil.rmtree(folder)
    return done.shares, done.faults, done.disagreements, str(folder)


def start(path, base):
    run_one.driver, run_one.base = Driver(path), base


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--faults", action="store_true", help="tell what was dropped so that rules load")
    options = parser.parse_args()
    shares, faults, shown = Counter(), Counter(), 0
    base = tempfile.mkdtemp(prefix="nav-oracle-")
    jobs = ([(options.only, base)] if options.only is not None
            else ((options.seed * 1000000 + i, None) for i in range(1000000)))
    with multiprocessing.Pool(2, start, (options.driver, base)) as pool:
        for counted, dropped, disagreements, folder in pool.imap_unordered(run_one, jobs):
            shares.update(counted)
            faults.update(dropped)
            shares["rule sets"] += 1
            for disagreement in disagreements[: max(0, SHOWN - shown)]:
                shown += 1
                print(f"DISAGREEMENT in {folder}\n{json.dumps(disagreement, ensure_ascii=False, indent=1)}", flush=True)
            if shares["cases"] >= options.cases:
                break
        pool.terminate()
        pool.join()
    if not shares["disagreed"] and options.only is None:
        shutil.rmtree(base)
    if options.faults:
        print("\n".join(f"{n} dropped: {what}" for what, n in faults.most_common(25)))
    return tell(shares, options)


def tell(shares, options):
    cases = shares["cases"]
    parts = {name: shares[name] / cases for name in (*RANK, "hold_rule", "limit", "urgent")}
    print(f"{shares['rule sets']} rule sets with {shares['rules']} rules; " + ", ".join(f"{n} {v:.1%}" for n, v in parts.items()) +
          f"; counts asked {shares['counts']}, allowed {shares['counts allowed'] / max(1, shares['counts']):.1%}")
    rare = [name for name in RANK if parts[name] < 0.10]
    if rare and options.only is None:
        print(f"too rare to prove anything: {', '.join(rare)}")
    print(f"{cases + shares['counts'] - shares['disagreed']} of {cases + shares['counts']} cases agreed (seed {options.seed})")
    return 1 if shares["disagreed"] or (rare and options.only is None) else 0


if __name__ == "__main__":
    sys.exit(main())
