#!/usr/bin/env python3
"""Do the tests of the access rules notice a mistake? Puts one small mistake at a time into the sources that decide and
redact, builds that source alone, and runs the unit tests against it: a test must fail.

    tests/access/mutate.py                       all mutants of decide.c and redact.c (some minutes)
    tests/access/mutate.py --sample 40 --seed 1  some of them
    tests/access/mutate.py --files facts.c       other sources of hub/access
    tests/access/mutate.py --build DIR           where to build; default build/mutants

Prints every mutant that no test notices as "file:line: change: code". Exit code 1 if one of them is not listed, with the
reason why it is harmless, in MUTANTS.md; or if fewer than 95 % are noticed. A mutant that runs into the time limit counts
as noticed. What survives is tried once more with the sanitizers on.
Called by: people. Must never: change the tree."""
import argparse
import json
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mutations import mutants_of  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LISTED = Path(__file__).resolve().parent / "MUTANTS.md"
TESTS = ("access_verdicts", "access_copies", "access_decide", "access_redact", "access_explain", "access_shipped")
# The first try, with the tests that are quick and close to the source; the second try runs all.
CLOSE = {"decide.c": ("access_verdicts", "access_shipped", "access_decide"), "redact.c": ("access_copies", "access_redact")}
FILES = tuple(CLOSE)
CAUGHT_AT_LEAST = 0.95
PARALLEL = 2
SECONDS = 60


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(map(str, command))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


class Build:
    """Test programs that take one source of hub/access from a shared object next to them."""

    def __init__(self, folder, file, sanitized):
        self.folder, self.file, self.sanitized = folder / ("sanitized" if sanitized else "plain"), file, sanitized
        self.programs = self.folder / "programs" / file
        self.configure()
        self.link()

    def configure(self):
        flags = ["-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g"] if self.sanitized else ["-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1"]
        if self.sanitized:
            flags.append("-DNAV_SANITIZE=address,undefined")
        run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", self.folder, "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
             "-DCMAKE_C_COMPILER=gcc", *flags])
        known = run(["ninja", "-C", self.folder, "-t", "targets", "all"])
        wanted = TESTS if self.sanitized else CLOSE.get(self.file, TESTS)
        self.tests = [test for test in wanted if f"{test}: phony" in known]
        run(["ninja", "-C", self.folder, f"-j{PARALLEL}", *self.tests])

    def compile_command(self, source, target):
        for entry in json.loads((self.folder / "compile_commands.json").read_text()):
            if entry["file"] == str(ROOT / "hub/access" / self.file):
                words = [w for w in shlex.split(entry["command"]) if w not in ("-Werror", "-fPIE")]
                words[words.index("-o") + 1] = str(target)
                words[words.index("-c") + 1] = str(source)
                words.remove("-c")
                return words + ["-w", "-fPIC", "-shared", "-Wl,-soname,libmutant.so"], entry["directory"]
        sys.exit(f"{self.file} is built by no CMakeLists.txt")

    def compile(self, text, target):
        """True: built. The source stands beside what it makes, so that asserts tell a place."""
        source = target.with_name(self.file)
        source.write_text(text)
        command, folder = self.compile_command(source, target)
        return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0

    def link(self):
        self.programs.mkdir(parents=True, exist_ok=True)
        original = self.programs / "libmutant.so"
        if not self.compile((ROOT / "hub/access" / self.file).read_text(), original):
            sys.exit(f"{self.file} does not build as it is")
        for test in self.tests:
            line = run(["ninja", "-C", self.folder, "-t", "commands", "-s", f"bin/{test}"]).strip().splitlines()[-1]
            words = shlex.split(line.removeprefix(": && ").removesuffix(" && :"))
            at = words.index("-o")
            words[at + 1] = str(self.programs / test)
            words.insert(at + 2, str(original))
            run(words, cwd=self.folder)

    def passes(self, folder):
        """Whether every test passes with the shared object of that folder."""
        environment = dict(os.environ, LD_LIBRARY_PATH=str(folder), ASAN_OPTIONS="detect_leaks=0:abort_on_error=0",
                           LSAN_OPTIONS="")
        return all(self.passes_one(self.programs / test, environment) for test in self.tests)

    @staticmethod
    def passes_one(program, environment):
        process = subprocess.Popen([str(program)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        failed = False
        for line in process.stderr:  # the first failed test is enough
            if b"[  FAILED  ]" in line:
                failed = True
                process.kill()
                break
        process.stderr.close()
        code = process.wait()
        timer.cancel()
        return not failed and code == 0


def try_mutant(build, text, mutant):
    """invalid (does not build), caught or survived."""
    with tempfile.TemporaryDirectory(prefix="nav-mutant-") as name:
        folder = Path(name)
        if not build.compile(text[:mutant.start] + mutant.new + text[mutant.end:], folder / "libmutant.so"):
            return "invalid"
        return "survived" if build.passes(folder) else "caught"


def try_all(build, text, mutants, told):
    results = {}
    with ThreadPoolExecutor(PARALLEL) as pool:
        for number, (mutant, result) in enumerate(zip(mutants, pool.map(lambda m: try_mutant(build, text, m), mutants)), 1):
            results[mutant] = result
            if told and (result == "survived" or number % 50 == 0):
                place = f"{mutant.file}:{mutant.line}: {mutant.change}" if result == "survived" else ""
                print(f"  {number} of {len(mutants)} {place}", file=sys.stderr, flush=True)
    return results


def listed_reasons():
    """key -> reason, of the items "- KEY: reason" of MUTANTS.md."""
    if not LISTED.exists():
        return {}
    found = {}
    for line in LISTED.read_text().splitlines():
        match = re.match(r"- (\S+\.c .*?) :: (.+)", line)
        if match:
            found[match[1]] = match[2]
    return found


def run_file(file, arguments, reasons):
    text = (ROOT / "hub/access" / file).read_text()
    mutants = mutants_of(file, text)
    if arguments.sample:
        mutants = random.Random(arguments.seed).sample(mutants, min(arguments.sample, len(mutants)))
    plain = Build(arguments.build, file, False)
    if not plain.passes(plain.programs):
        sys.exit(f"the tests fail without any mistake in {file}")
    if plain.passes(plain.folder):
        sys.exit(f"the tests do not take {file} from the shared object: every mutant would survive")
    results = try_all(plain, text, mutants, True)
    left = [m for m in mutants if results[m] == "survived"]
    if left and not arguments.plain:
        results.update(try_all(Build(arguments.build, file, True), text, left, False))
    left = [m for m in mutants if results[m] == "survived"]
    valid = [m for m in mutants if results[m] != "invalid"]
    caught = len(valid) - len(left)
    print(f"{file}: {len(valid)} mutants, {caught} caught ({100 * caught / max(1, len(valid)):.1f} %), {len(left)} survived")
    unlisted = [m for m in left if m.key not in reasons]
    for mutant in left:
        mark = "" if mutant.key in reasons else "  NOT IN MUTANTS.md"
        print(f"  hub/access/{file}:{mutant.line}: {mutant.change}: {mutant.code}{mark}")
        if mark and arguments.keys:
            print(f"- {mutant.key} :: ")
    stale = [key for key in reasons if key.startswith(file + " ") and key not in {m.key for m in left}]
    for key in stale if not arguments.sample else []:
        print(f"  in MUTANTS.md, but caught or gone: {key}")
    return not unlisted and caught >= CAUGHT_AT_LEAST * len(valid)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", nargs="+", default=list(FILES))
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", type=Path, default=ROOT / "build/mutants")
    parser.add_argument("--plain", action="store_true", help="without the second try under the sanitizers")
    parser.add_argument("--keys", action="store_true", help="print unlisted survivors as MUTANTS.md would have them")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    reasons = listed_reasons()
    good = [run_file(file, arguments, reasons) for file in arguments.files]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
