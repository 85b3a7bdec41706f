"""Private brokers for the benchmark, each started in a folder of its own, listening on a unix socket or the loopback address alone, and
stopped by its process id.

    with Redis() as redis:
        redis.load("five", "--rate", "1000")            # one run of nav-bench-redis: its line, decoded
    with Rabbit() as rabbit, Postgres() as postgres:
        rabbit.load("gate", *gate(postgres))            # with the gate that commits before it publishes

Configured as durable as the hub is: what is accepted is on disk.
Used by: tests/bench. Must never: touch a broker that it did not start, or leave one behind."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from hub_home import POSTGRES, have_run, run_load  # first: it makes tests/flow found
from hub import free_port, wait_until
from postgres import Postgres

START_S_MAX = 90
STOP_S_MAX = 30
RABBIT_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"


class Peer:
    """name: of the line's "peer"; program: the load program."""

    name = program = None

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix=f"navbench-{self.name}-", dir="/tmp")
        self.processes = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if not exc or exc[0] is not None:
            self.show_log()
        shutil.rmtree(self.folder, ignore_errors=True)

    def show_log(self):
        path = os.path.join(self.folder, "log")
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                print(f"---- {self.name}\n{file.read()[-3000:]}", file=os.sys.stderr)

    def spawn(self, command, env=None):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, env=env,
                                       start_new_session=True)
        self.processes.append(process)
        return process

    def wait_for(self, what, condition):
        def came():
            if any(p.poll() is not None for p in self.processes):
                raise RuntimeError(f"{self.name} ended while it was started")
            return condition()
        wait_until(what, came, START_S_MAX)

    def load(self, case, *more):
        return run_load(self.program, "--peer", self.name, "--case", case, "--at", self.at(), "--server", f"{self.name}={self.pid()}", *more)


class Redis(Peer):
    name, program = "redis", "nav-bench-redis"
    settings = "port 0\nunixsocket redis.sock\nsave \"\"\nappendonly yes\nappendfsync always\nauto-aof-rewrite-percentage 0\ndaemonize no\n"

    def start(self):
        path = os.path.join(self.folder, "redis.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.settings + f"dir {self.folder}\n")
        self.spawn(["redis-server", path])
        self.wait_for("redis listens", lambda: os.path.exists(self.at()))

    def at(self):
        return os.path.join(self.folder, "redis.sock")

    def pid(self):
        return self.processes[0].pid


class Rabbit(Peer):
    """One node, as the hub is one; its queues are quorum queues all the same, whose log is on disk before a confirm."""

    name, program = "rabbitmq", "nav-bench-rabbit"

    def start(self):
        self.port, node_port, names_port = free_port(), free_port(), free_port()
        for part in ("home", "mnesia", "logs"):
            os.mkdir(os.path.join(self.folder, part))
        config = os.path.join(self.folder, "rabbitmq.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"listeners.tcp.1 = 127.0.0.1:{self.port}\nloopback_users.guest = true\nlog.file.level = warning\nlog.console = false\n")
        env = {**os.environ, "HOME": os.path.join(self.folder, "home"), "ERL_EPMD_PORT": str(names_port), "ERL_EPMD_ADDRESS": "127.0.0.1",
               "RABBITMQ_NODENAME": "bench@localhost", "RABBITMQ_MNESIA_BASE": os.path.join(self.folder, "mnesia"),
               "RABBITMQ_LOG_BASE": os.path.join(self.folder, "logs"), "RABBITMQ_CONFIG_FILE": config,
               "RABBITMQ_ENABLED_PLUGINS_FILE": os.path.join(self.folder, "plugins"),
               "RABBITMQ_PID_FILE": os.path.join(self.folder, "pid"), "RABBITMQ_DIST_PORT": str(node_port),
               "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"}
        self.spawn(["epmd", "-port", str(names_port), "-address", "127.0.0.1"], env)
        self.wait_for("epmd listens", lambda: listens(names_port))
        self.spawn([RABBIT_SERVER], env)
        self.wait_for("rabbitmq listens", lambda: listens(self.port) and self.node_pid())
        time.sleep(2)  # it listens a little before the last of its parts has started

    def at(self):
        return str(self.port)

    def node_pid(self):
        path = os.path.join(self.folder, "pid")
        if not os.path.exists(path):
            return None
        with open(path, encoding="ascii") as file:
            return int(file.read().strip() or 0)

    pid = node_pid

    def __exit__(self, *exc):
        pid = self.node_pid()
        if pid:  # the shell script that started it waits for it
            stop_pid(pid)
        super().__exit__(*exc)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def stop_pid(pid):
    deadline = time.monotonic() + STOP_S_MAX
    try:
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class GateDatabase(Postgres):
    """The database of the gate before a broker, with the settings that the hub's has."""

    def __init__(self):
        super().__init__(settings=POSTGRES)

    def __enter__(self):
        super().__enter__()
        have_run(self)
        return self

    def options(self):
        return ["--database", self.connection("postgres"), "--server", f"postgres={self.pid()}+"]
