"""A whole hub for one test: a home folder, a private PostgreSQL, nav-core, nav-gate and nav-desk, each started, killed and started
again at will, and adapters with outboxes and inboxes.

    with Hub() as hub:
        hub.drop("polisen", "a.json", text)
        hub.run_adapter("polisen")              # --once
        hub.inbox("skolan", "situation-picture")

The programs are those of the build folder that NAV_BIN names (ctest sets it), so they run with its sanitizers.
Used by: tests/flow. Must never: leave a process behind."""

import glob
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import ROOT, Postgres, SqlError  # noqa: E402

BIN = os.environ.get("NAV_BIN", os.path.join(ROOT, "build", "bin"))
ADAPTERS = {"polisen": ("police", "nav-police"), "socialtjansten": ("social", "nav-social"),
            "skolan": ("school", "nav-school"), "bostadsbolaget": ("housing", "nav-housing"),
            "tycktill": ("tyck_till", "nav-tycktill")}
READ_AGAIN = {"nav-core": "configuration loaded", "nav-desk": "agencies.yaml was read again"}  # what they log
DATA = os.path.join(os.path.dirname(ROOT), "shared", "data")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"did not happen in {seconds} s: {what}")


_LOOKED_AT = set()


def run_short(command, key, **more):
    """Runs a short program; a sanitizer looks for leaks, which takes it as long as all else, until one run that is the same by its key has
    gone well."""
    options = os.environ.get("ASAN_OPTIONS", "") + (":detect_leaks=0" if key in _LOOKED_AT else "")
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "ASAN_OPTIONS": options}, **more)
    assert "LeakSanitizer" not in done.stderr, f"{' '.join(command)}:\n{done.stderr}"  # which is no refusal, whatever is expected
    if done.returncode == 0:
        _LOOKED_AT.add(key)
    return done


class Hub:
    """config: a folder to copy instead of the shipped config; database_folder: where the cluster is made, instead of a new folder (its
    owner removes it)."""

    def __init__(self, config=None, settings=None, agencies=tuple(ADAPTERS), database_folder=None):
        self.home = tempfile.mkdtemp(prefix="navhub-", dir="/tmp")
        self.agencies = agencies
        self.postgres = Postgres(database_folder, settings)
        self.processes = {}
        self.port = free_port()
        self.config = config or os.path.join(ROOT, "config")

    # ---- set up and take down ----

    def __enter__(self):
        try:
            self.postgres.start()
            self.postgres.create_database()
            self.make_home()
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        """What a hub with a home and a database does first."""
        self.navctl("db", "upgrade")
        self.start_all()

    def __exit__(self, *exc):
        try:
            self.stop_all()
        finally:
            if exc and exc[0] is not None:
                self.show_logs()
            self.postgres.destroy()
            if os.environ.get("NAV_KEEP"):
                print("kept:", self.home, file=sys.stderr)
            else:
                shutil.rmtree(self.home, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def ask(self, program, request):
        """The answer of "desk" or "core" on its control socket (hub/wire/control.h)."""
        message = json.dumps(request).encode()
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(self.path("run", program + ".sock"))
            control.sendall(struct.pack(">I", len(message)) + message)
            with control.makefile("rb") as answer:
                return json.loads(answer.read(struct.unpack(">I", answer.read(4))[0]))

    def make_home(self):
        shutil.copytree(self.config, self.path("config"), dirs_exist_ok=True)
        for folder in ("run", "keys", "buckets", "state", "log", "agencies"):
            os.makedirs(self.path(folder), exist_ok=True)
        with open(os.path.join(ROOT, "config", "nav.yaml"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace("tcp://127.0.0.1:7700", f"tcp://127.0.0.1:{self.port}")
        text = text.replace("host='{home}/postgres'", f"host='{self.postgres.socket}' port=5432")
        text = text.replace("every: 60s", "every: 1s")
        with open(self.path("nav.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        with open(self.path("config", "persons.yaml"), "w", encoding="utf-8") as file:
            file.write("persons:\n  - {id: test, title: Test, agency: stadsdelen, system_user: " + user +
                       ", roles: [reader, chair, assessor, auditor, operator], mandate: all}\n")
        self.navctl("keys", "new", "hub")
        for agency in self.agencies:
            self.make_agency(agency)

    def make_agency(self, agency):
        self.navctl("keys", "new", agency)
        for folder in ("outbox", "inbox", "state"):
            os.makedirs(self.path("agencies", agency, folder), exist_ok=True)
        if agency not in ADAPTERS:
            return
        with open(os.path.join(ROOT, "adapters", ADAPTERS[agency][0], "adapter.yaml"), encoding="utf-8") as file:
            text = file.read().replace("tcp://127.0.0.1:7700", f"tcp://127.0.0.1:{self.port}")
        with open(self.path("agencies", agency, "adapter.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    # ---- programs ----

    def start(self, name, *command):
        assert name not in self.processes, f"{name} runs already"
        log = open(self.path("log", name + ".log"), "ab")
        self.processes[name] = subprocess.Popen([os.path.join(BIN, command[0]), *command[1:]], stdin=subprocess.DEVNULL,
                                                stdout=log, stderr=log)
        log.close()

    def start_program(self, name):
        self.start(name, name, "--home", self.home)

    def start_all(self):
        for name in ("nav-core", "nav-gate", "nav-desk"):
            self.start_program(name)
        self.wait_ready()

    def wait_ready(self):
        wait_until("nav-core answers", lambda: self.status(fail=False))
        wait_until("nav-gate listens", self.gate_listens)
        if "nav-desk" in self.processes:
            wait_until("nav-desk listens", lambda: os.path.exists(self.path("run", "desk.sock")))

    def gate_listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def reload(self, names=tuple(READ_AGAIN), says=None):
        """Each reads its configuration again; back when it has said so, or has said what it says where there are faults."""
        for name in names:
            line = says or READ_AGAIN[name]
            before = self.log(name).count(line)
            self.processes[name].send_signal(signal.SIGHUP)
            wait_until(f"{name} says: {line}", lambda: self.log(name).count(line) > before)

    def stop(self, name, number=signal.SIGTERM, fine=(0, -signal.SIGKILL, -signal.SIGTERM)):
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(number)
        try:
            code = process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{name} did not stop in 30 s")
        assert code in fine, f"{name} ended with {code}:\n{self.log(name)[-3000:]}"

    def kill(self, name):
        self.stop(name, signal.SIGKILL)

    def stop_all(self, **how):
        """The hub's own programs last, nav-core at the very end. What the test has frozen goes on first, and where one does not end well
        the rest is killed: what is left running keeps the test's output open, and so the test from ending."""
        try:
            for name in reversed(list(self.processes)):
                self.processes[name].send_signal(signal.SIGCONT)
                self.stop(name, **how)
        finally:
            for process in self.processes.values():
                process.kill()
                process.wait()
            self.processes.clear()

    def log(self, name):
        with open(self.path("log", name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def show_logs(self):
        for path in sorted(glob.glob(self.path("log", "*.log"))):
            with open(path, encoding="utf-8", errors="replace") as file:
                print(f"---- {os.path.basename(path)}\n{file.read()[-4000:]}", file=sys.stderr)

    def navctl(self, *args, check=True, text=None):
        done = run_short([os.path.join(BIN, "navctl"), "--home", self.home, *args], args[:2] if check else args, input=text, timeout=300)
        if check and done.returncode != 0:
            raise AssertionError(f"navctl {' '.join(args)} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
        return done

    def status(self, fail=True):
        done = self.navctl("status", "-o", "json", check=fail)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def status_within(self, seconds):
        """How long navctl status takes; past the limit it is given up."""
        begin = time.monotonic()
        done = subprocess.run([os.path.join(BIN, "navctl"), "--home", self.home, "status"], stdout=subprocess.DEVNULL, timeout=seconds)
        assert done.returncode == 0, "navctl status is refused"
        return round(time.monotonic() - begin, 2)

    def verify(self):
        done = self.navctl("audit", "verify", "-o", "json", check=False)
        return json.loads(done.stdout)

    # ---- adapters ----

    def drop(self, agency, name, content):
        """Puts a file into the outbox, whole at once. content: text, bytes, or the path of a file to copy."""
        outbox = self.path("agencies", agency, "outbox")
        hidden = os.path.join(outbox, "." + name)
        if isinstance(content, os.PathLike):
            shutil.copyfile(content, hidden)
        else:
            with open(hidden, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
        os.rename(hidden, os.path.join(outbox, name))

    def adapter_command(self, agency, *more):
        return (ADAPTERS[agency][1], "--config", self.path("agencies", agency, "adapter.yaml"), *more)

    def start_adapter(self, agency):
        self.start("adapter-" + agency, *self.adapter_command(agency))

    def run_adapter(self, agency, *more, timeout=300):
        program, *args = self.adapter_command(agency, "--once", *more)
        done = run_short([os.path.join(BIN, program), *args], program, timeout=timeout)
        if done.returncode != 0:
            raise AssertionError(f"{program} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
        return done

    def inbox(self, agency, purpose):
        path = self.path("agencies", agency, "inbox", purpose + ".ndjson")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def behind(self, agencies):
        """None while older events are still being counted."""
        status = self.status()
        if not status["ledger"]["counted"]:
            return None
        lanes = status["lanes"]
        return sum(lane["behind"] for lane in lanes if lane["agency"] in agencies)


def run_tests(hub, tests):
    """Those of {name: function} that are tests and that the command line asks for, on one hub; gives the exit code."""
    wanted = set(sys.argv[1:])
    tests = [(n, f) for n, f in tests.items() if n.startswith("test_") and (not wanted or n in wanted)]
    failed = []
    with hub:
        for name, test in tests:
            try:
                test(hub)
                print("ok    ", name, flush=True)
            except (AssertionError, SqlError, subprocess.CalledProcessError) as error:
                failed.append(name)
                print("FAILED", name, repr(error)[:3000], getattr(error, "stderr", ""), flush=True)
        if failed:
            hub.show_logs()
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0
