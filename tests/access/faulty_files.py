#!/usr/bin/env python3
"""Each faulty file of tests/access/faults has the faults it says, at their places, no more and no fewer.

    NAV_BIN=build/asan/bin tests/access/faulty_files.py           all of them
    NAV_BIN=build/asan/bin tests/access/faulty_files.py --show 07  what navctl says of one, as its file would have it

A faulty file begins with comments (or has them beside it, in NN-name.expect):

    # at: access/ett.yaml                          where in the good folder (faults/base) it is put
    # make: nested 200                             its content is made here: too large, or too odd, to keep
    # expect: [FILE:]LINE:COLUMN what | hint       a fault; FILE where it is not the file itself

Called by: ctest (access_faulty_files), people. Must never: change faults/base."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FAULTS = Path(__file__).resolve().parent / "faults"
BIN = Path(os.environ.get("NAV_BIN", "build/bin"))
AT_LEAST = 40
EXPECT = re.compile(r"(?:([\w./-]+):)?(\d+):(\d+) (.*?)(?: \| (.*))?$")


class Case:
    def __init__(self, path):
        self.path = path
        beside = path.with_suffix(".expect")
        text = (beside if beside.exists() else path).read_bytes().decode("utf-8", "replace")
        self.at, self.make, self.expected = "access/ett.yaml", None, []
        for line in text.splitlines():
            key, _, value = line.removeprefix("# ").partition(": ")
            if not line.startswith("# "):
                break
            if key == "at":
                self.at = value
            elif key == "make":
                self.make = value.split()
            elif key == "expect":
                self.expected.append(self.fault_of(value))

    def fault_of(self, text):
        match = EXPECT.match(text)
        if match is None:
            sys.exit(f"{self.path.name}: cannot read '{text}'")
        return match[1] or self.at, int(match[2]), int(match[3]), match[4], match[5] or ""

    def content(self):
        if self.make is None:
            return self.path.read_bytes()
        number = int(self.make[1])
        if self.make[0] == "nested":
            return b"rules: " + b"[" * number + b"]" * number + b"\n"
        if self.make[0] == "large":
            return b"# much\n" * (number // 7)
        if self.make[0] == "folder":
            return None
        sys.exit(f"{self.path.name}: cannot make {self.make[0]}")


def write_folder(case, home):
    config = home / "config"
    shutil.copytree(FAULTS / "base", config)
    if case is not None:
        target = config / case.at
        content = case.content()
        if content is None:
            target.unlink(missing_ok=True)
            target.mkdir()
        else:
            target.write_bytes(content)
    (home / "nav.yaml").write_text("hub: test\nendpoint: tcp://127.0.0.1:7700\n"
                                   "database: {core: dbname=nav, desk: dbname=nav, owner: dbname=nav}\n")
    return config


def navctl(home, *arguments):
    done = subprocess.run([BIN / "navctl", *arguments], capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, NAV_HOME=str(home)))
    if done.returncode not in (0, 6):
        sys.exit(f"navctl {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
    return done


def listed(home, *arguments):
    """The faults that navctl lists, and its exit code."""
    done = navctl(home, *arguments, "-o", "json")
    rows = [(f["file"], f["line"], f["column"], f["what"], f["hint"]) for f in json.loads(done.stdout)]
    return rows, done.returncode


def faults_of_tests(home, config):
    """`access test` prints its faults to standard error, "file:line:column: what - hint"."""
    done = navctl(home, "access", "test", config)
    found = [re.match(r"([\w./-]+?)(?::(\d+):(\d+))?: (.*?)(?: - (.*))?$", line) for line in done.stderr.splitlines()]
    return [(m[1], int(m[2] or 0), int(m[3] or 0), m[4], m[5] or "") for m in found if m], done.returncode


def actual(case):
    with tempfile.TemporaryDirectory(prefix="nav-faults-") as folder:
        home = Path(folder)
        config = write_folder(case, home)
        if case is not None and case.at.startswith("access/tests/"):
            found, code = faults_of_tests(home, config)
        elif case is not None and case.at.startswith("meetings/"):
            found, code = listed(home, "config", "check")
        else:
            found, code = listed(home, "access", "check", config)
        return [tuple(part.replace(folder, "HOME") if isinstance(part, str) else part for part in f) for f in found], code


def shown(case, fault):
    file, line, column, what, hint = fault
    return (f"# expect: {'' if file == case.at else file + ':'}{line}:{column} {what}" + (f" | {hint}" if hint else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", metavar="NN", help="print what is said of the files that begin so; demand nothing")
    arguments = parser.parse_args()
    cases = [Case(path) for path in sorted(FAULTS.glob("[0-9]*.yaml"))]
    if arguments.show is not None:
        for case in cases:
            if case.path.name.startswith(arguments.show):
                print(case.path.name, *(shown(case, f) for f in actual(case)[0]), sep="\n")
        return 0
    failed = []
    found, code = actual(None)
    if found or code != 0:
        failed.append(f"the good folder has faults: {found}")
    for case in cases:
        found, code = actual(case)
        missing = [f for f in case.expected if f not in found]
        surplus = [f for f in found if f not in case.expected]
        if missing or surplus or len(found) != len(case.expected) or code != 6 or not case.expected:
            failed.append("\n".join([f"{case.path.name}: exit code {code}", *("  not told:     " + shown(case, f) for f in missing),
                                     *("  not expected: " + shown(case, f) for f in surplus)]))
        elif found != sorted(found, key=lambda f: [found.index(g) for g in found if g[0] == f[0]][:1] + list(f[1:3])):
            failed.append(f"{case.path.name}: the faults are not in order of place")
    if len(cases) < AT_LEAST:
        failed.append(f"only {len(cases)} files; {AT_LEAST} is the least")
    print(*failed, f"{len(cases)} faulty files, {sum(len(c.expected) for c in cases)} faults, {len(failed)} not as they should",
          sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
