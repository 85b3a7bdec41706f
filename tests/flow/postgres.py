"""A private PostgreSQL for one test: its own cluster in a temporary folder, a unix socket only, never the machine's own.

    with Postgres() as pg:
        pg.apply_schema()
        pg.sql("nav_core", "SELECT count(*) FROM nav.ledger")
        pg.connection("nav_desk")      # "host=/tmp/… port=5432 dbname=nav user=nav_desk"

PostgreSQL refuses root: when root runs the test the cluster belongs to the user `postgres` (setpriv). Whoever runs the test may log in
as each of the hub's roles, by peer and a map in pg_ident.conf; nobody else may log in at all. fsync and synchronous_commit are on, as
in production: tests of durability rest on it.

Used by: tests/flow. Must never: touch a cluster it did not make, or listen on a network."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import libpq
from libpq import SqlError  # noqa: F401: for those who use this

ROLES = ("nav_owner", "nav_core", "nav_desk", "nav_auditor")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START_S_MAX = 60


def _bin_folder():
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    if not folders:
        raise RuntimeError("no PostgreSQL server here: apt-get install postgresql")
    return max(folders, key=lambda f: float(f.split("/")[4]))


class Postgres:
    """settings: lines for postgresql.conf, {"name": "value"}."""

    def __init__(self, folder=None, settings=None):
        self.bin = _bin_folder()
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="navpg-", dir="/tmp")
        self.data = os.path.join(self.folder, "data")
        self.socket = os.path.join(self.folder, "s")
        self.log = os.path.join(self.folder, "log")
        self.settings = dict(settings or {})
        self.environment = {}  # of the server, beside our own
        self._make()

    def __enter__(self):
        try:
            self.start()
            self.create_database()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, *exc):
        self.destroy()

    def _as_user(self, command):
        if os.getuid() == 0:
            return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--"] + command
        return command

    def _run(self, command):
        done = subprocess.run(self._as_user(command), capture_output=True, text=True, cwd=self.folder, env={**os.environ, **self.environment})
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")
        return done.stdout

    def _make(self):
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o711)  # others must reach the socket, and nothing else
        if os.getuid() == 0:
            shutil.chown(self.folder, self.user, self.user)
        self._run([f"{self.bin}/initdb", "-D", self.data, "-U", "postgres", "--auth=peer", "--no-sync", "-E", "UTF8",
                   "--locale=C.UTF-8"])
        self._run(["mkdir", "-m", "755", self.socket])
        lines = {"listen_addresses": "''", "unix_socket_directories": f"'{self.socket}'", "fsync": "on",
                 "synchronous_commit": "on", "max_connections": "40", "shared_buffers": "64MB",
                 "logging_collector": "off", "timezone": "'UTC'", **self.settings}
        self._write("postgresql.conf", "".join(f"{k} = {v}\n" for k, v in lines.items()), "a")
        self._write("pg_hba.conf", "local all all peer map=nav\n", "w")
        users = {pwd.getpwuid(os.getuid()).pw_name, self.user}
        self._write("pg_ident.conf",
                    "".join(f"nav {u} {r}\n" for u in sorted(users) for r in ("postgres",) + ROLES), "w")

    def allow(self, role):
        """Whoever runs the test may log in as that role too."""
        self._write("pg_ident.conf", f"nav {pwd.getpwuid(os.getuid()).pw_name} {role}\n", "a")
        self._run([f"{self.bin}/pg_ctl", "-D", self.data, "reload"])

    def _write(self, name, text, mode):
        with open(os.path.join(self.data, name), mode, encoding="utf-8") as file:
            file.write(text)

    def start(self):
        deadline = time.monotonic() + START_S_MAX
        while True:
            # After a kill -9 the last children may hold the shared memory for a moment: start again.
            try:
                self._run([f"{self.bin}/pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "30", "start"])
                return
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def pid(self):
        with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
            return int(file.readline())

    def has_huge_pages(self):
        """Whether its shared memory stands in huge pages: it takes them where the machine has enough set aside (deploy/README.md)."""
        with open(f"/proc/{self.pid()}/maps", encoding="utf-8") as file:
            return any("anon_hugepage" in line for line in file)

    def stop(self, mode="fast"):
        self._run([f"{self.bin}/pg_ctl", "-D", self.data, "-w", "-m", mode, "stop"])

    def kill(self):
        """kill -9 of the postmaster and its children, as a crashed machine would."""
        pid = self.pid()
        children = []
        for path in glob.glob(f"/proc/{pid}/task/*/children"):
            with open(path, encoding="utf-8") as file:
                children += [int(p) for p in file.read().split()]
        for each in [pid] + children:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and any(_runs(p) for p in [pid] + children):
            time.sleep(0.02)

    def create_database(self):
        for role in ROLES:
            self.sql("postgres", f"CREATE ROLE {role} LOGIN", database="postgres")
        self.empty_database()

    def empty_database(self):
        """A database nav with nothing in it; one that is there must be renamed first."""
        self.sql("postgres", "CREATE DATABASE nav OWNER nav_owner", database="postgres")

    def apply_schema(self, after="", up_to="999"):
        """schemas/sql in order, as nav_owner: what `navctl db upgrade` does, for tests that do without navctl. Or part of it, by number."""
        for path in sorted(glob.glob(os.path.join(ROOT, "schemas/sql/*.sql"))):
            if not after < os.path.basename(path)[:3] <= up_to:
                continue
            with open(path, encoding="utf-8") as file:
                self.sql("nav_owner", file.read())

    def connection(self, role, database="nav"):
        return f"host={self.socket} port=5432 dbname={database} user={role}"

    def sql(self, role, text, database="nav"):
        """Runs text in one transaction, on a connection of its own, as that role; gives the rows of all its statements as lists of strings
        (NULL: ""). SqlError where the server refuses."""
        return libpq.run(self.connection(role, database), text)

    def script(self, role, text):
        """The same for what brings rows along, COPY ... FROM stdin, as pg_dump and make_ledger write it; gives nothing."""
        done = subprocess.run(["psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", "-", self.connection(role)], input=text,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SqlError(done.stderr.strip())

    @contextlib.contextmanager
    def commits_held_up(self):
        """Holds the lease's row, which every commit of nav-core needs; gives the number of the last record. For less than the lease, or
        nav-core steps down."""
        with self.held("SELECT last_seq FROM nav.lease FOR UPDATE") as first:
            yield int(first)

    @contextlib.contextmanager
    def held(self, text):
        """Keeps a superuser's transaction open in which that was done; gives the first line of what it said."""
        session = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", self.connection("postgres")], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        try:
            session.stdin.write(f"BEGIN; {text};\n")
            session.stdin.flush()
            yield session.stdout.readline()
        finally:
            session.communicate("ROLLBACK;\n")

    def try_each(self, role, statements):
        """Each statement in a transaction of its own that is taken back: what the server said against it, or None where it was done."""
        script = "".join(f"BEGIN;\n{s};\n\\if :ERROR\n\\else\n\\warn @done\n\\endif\nROLLBACK;\n\\warn @next\n" for s in statements)
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-f", "-", self.connection(role)], input=script, capture_output=True,
                              text=True)
        said = done.stderr.split("@next\n")
        if len(said) != len(statements) + 1:
            raise SqlError(done.stderr.strip()[-2000:])
        return [None if "@done" in text else text.strip() for text in said[:-1]]

    def destroy(self):
        try:
            self.stop("immediate")
        except (RuntimeError, OSError):
            pass  # it was killed or never started
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
