"""A hub of two nodes for standby_test.py: two homes, each with its own sockets, state and gate, on one database and with the keys, content
keys, configuration and note of the last checkpoint in folders that both see; and clients in Python that know both nodes and write down what
they were told, when, and by which node.

Used by: tests/flow. Must never: ask the hub's code what a client got."""

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import sys
import threading
import time

import zmq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from hub import Hub, free_port, wait_until  # noqa: E402

SCHEMA = nav_client.load_schema()
PURPOSE = "situation-picture"
WAIT_MS = 1000
STEPPED_DOWN = 5


class Nodes(Hub):
    """The first node is the Hub itself; `second` has the same database and keys."""

    def make_home(self):
        super().make_home()
        os.makedirs(self.path("shared"), exist_ok=True)
        self.second = Second(self)
        self.nodes = (self, self.second)
        self.second.make_home()
        self.know_other(self, "node-1", self.second.port)
        for agency in self.agencies:
            self.name_both(agency)

    def know_other(self, node, name, other_port):
        with open(node.path("nav.yaml"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace("seen: state ", f"seen: {self.path('shared')} ").replace("# node: nav-1 ", f"node: {name} ")
        text = text.replace("others: []", f"others: [\"tcp://127.0.0.1:{other_port}\"]")
        node.wire = self.wire_of(node)
        text = text.replace(f"core: host='{self.postgres.socket}'", f"core: host='{node.wire.folder}'")
        assert name in text and str(other_port) in text and "/shared" in text and node.wire.folder in text
        with open(node.path("nav.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def wire_of(self, node):
        """What carries that node's bytes to the database; its folder has the socket."""
        return Wire(node.path("run"), self.postgres.socket)

    def name_both(self, agency):
        path = self.path("agencies", agency, "adapter.yaml")
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"(?m)^  endpoint: .*$", "  endpoint: [\"tcp://127.0.0.1:%d\", \"tcp://127.0.0.1:%d\"]"
                      % (self.port, self.second.port), text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def start_all(self):
        super().start_all()
        for name in ("nav-core", "nav-gate", "nav-desk"):
            self.second.start_program(name)
        wait_until("the second node stands by", lambda: self.second.state() == "stands by")
        wait_until("its gate listens", self.second.gate_listens)

    def state(self):
        return state(self)

    def active(self):
        """The active node, or None."""
        found = [node for node in self.nodes if node.state() == "active"]
        assert len(found) < 2, "both say that they are active"
        return found[0] if found else None

    def other(self, node):
        return self.second if node is self else self

    def __exit__(self, *exc):
        nodes = [node for node in (self, getattr(self, "second", None)) if node is not None]
        if exc and exc[0] is not None:
            nodes[-1].show_logs()
        with contextlib.ExitStack() as rest:  # the last one first, and all of them
            rest.callback(super().__exit__, *exc)
            rest.callback(shutil.rmtree, self.home + "-second", ignore_errors=True)
            for node in nodes:
                if hasattr(node, "wire"):
                    rest.callback(node.wire.close)
            for node in reversed(nodes):  # a core that stepped down in a test that failed is no reason to leave the rest
                rest.callback(node.stop_all, fine=(0, STEPPED_DOWN, -signal.SIGKILL, -signal.SIGTERM))


class Wire:
    """What stands for the network between one node's core and the database: a process that carries bytes, and can be frozen, so that
    nothing arrives and no connection ends."""

    def __init__(self, folder, target):
        self.folder = folder
        path, target = (os.path.join(f, ".s.PGSQL.5432") for f in (folder, target))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(16)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.carry(listener, target)
            finally:
                os._exit(1)
        listener.close()

    @staticmethod
    def carry(listener, target):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        other = {}
        while True:
            for s in select.select([listener, *other], [], [])[0]:
                if s is listener:
                    near, far = s.accept()[0], socket.socket(socket.AF_UNIX)
                    try:
                        far.connect(target)
                        other[near], other[far] = far, near
                    except OSError:
                        near.close()
                    continue
                if s not in other:
                    continue
                try:
                    data = s.recv(1 << 16)
                    other[s].sendall(data)
                except OSError:
                    data = b""
                if not data:
                    peer = other.pop(s)
                    del other[peer]
                    s.close()
                    peer.close()

    def send(self, number):
        os.kill(self.pid, number)

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Second(Hub):
    def __init__(self, first):  # not Hub's: the database is the first's
        self.first = first
        self.home = first.home + "-second"
        self.agencies, self.processes, self.port, self.postgres = (), {}, free_port(), first.postgres

    def make_home(self):
        for folder in ("run", "state", "log"):
            os.makedirs(self.path(folder), exist_ok=True)
        with open(self.first.path("nav.yaml"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace(f":{self.first.port}", f":{self.port}")
        for folder in ("keys", "buckets", "config"):
            text, count = re.subn(rf"(?m)^  {folder}: {folder} ", f"  {folder}: {self.first.path(folder)} ", text)
            assert count == 1, folder
        with open(self.path("nav.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        self.first.know_other(self, "node-2", self.first.port)

    def state(self):
        return state(self)


def state(node):
    status = node.status(fail=False)
    return status and status["node"]["state"]


def name_of(node):
    return "node-2" if isinstance(node, Second) else "node-1"


def send(node, names, number):
    for name in names:
        node.processes[name].send_signal(number)


def wait_stepped_down(node):
    code = node.processes.pop("nav-core").wait(20)
    assert code == STEPPED_DOWN, f"{name_of(node)} ended with {code}"


class Talker(threading.Thread):
    """One agency's client, on whichever node serves it. A thread of its own; what ends it is kept in `error`."""

    def __init__(self, hub, agency, purposes=()):
        super().__init__(daemon=True)
        self.agency, self.purposes = agency, purposes
        self.keys = nav_client.Keys(hub.path("agencies", agency, "keys"))
        curve, session = nav_client.read_hub_keys(hub.path("config", "keys", "hub.yaml"))
        self.clients = [nav_client.Client(agency, self.keys, f"tcp://127.0.0.1:{node.port}", curve, session, schema=SCHEMA,
                                          wait_ms=WAIT_MS) for node in hub.nodes]
        self.at, self.stopping, self.error, self.refused = 0, False, None, 0

    def run(self):
        failures = 0
        while not self.stopping:
            client = self.clients[self.at]
            try:
                client.connect(purposes=self.purposes)
                failures = 0
                self.talk(client)
            except nav_client.HubError as error:
                self.refused += error.code == SCHEMA.CODE_STANDBY
                failures += 1
                self.at = (self.at + 1) % len(self.clients)
                if failures % len(self.clients) == 0:
                    time.sleep(0.05)
            except Exception as error:  # a test that goes on would say nothing
                self.error = error
                raise
        self.clients[self.at].close()

    def stop(self):
        self.stopping = True
        self.join(30)
        assert not self.is_alive() and self.error is None, self.error


class Publisher(Talker):
    """Publishes without end, each publication until it is acknowledged: the same bytes on whichever node."""
    BATCH = 5

    def __init__(self, hub):
        super().__init__(hub, "polisen")
        self.number, self.pending, self.acknowledged, self.times = 0, None, {}, []

    def event(self):
        self.number += 1
        now_ms = int(time.time() * 1000)
        event = SCHEMA.Event(id=self.keys.event_id(now_ms, self.agency, f"standby-{self.number}"), source=self.agency, revision=1,
                             time_ms=now_ms, recorded_time_ms=now_ms)
        event.place.municipality = "0180"
        event.place.precision = SCHEMA.PRECISION_AREA
        event.public_incident.kind = "Brand"
        return bytes(event.id), event.SerializeToString()

    def talk(self, client):
        while not self.stopping:
            self.pending = self.pending or [self.event() for _ in range(self.BATCH)]
            receipts = client.publish([encoded for _, encoded in self.pending])
            self.times.append(time.time())
            for (event_id, _), receipt in zip(self.pending, receipts):
                fine = (SCHEMA.RECEIPT_STATUS_ACCEPTED, SCHEMA.RECEIPT_STATUS_DUPLICATE)
                assert receipt.status in fine, receipt
                assert event_id not in self.acknowledged
                self.acknowledged[event_id] = receipt.seq
            self.pending = None
            time.sleep(0.01)


class Recipient(Talker):
    """Takes deliveries, says so, and writes down each with its time and the node that sent it."""

    def __init__(self, hub, agency):
        super().__init__(hub, agency, [PURPOSE])
        self.got = []    # (time, node, session, position, event's id)
        self.heard = []  # (time, node): of anything sealed
        self.sessions = 0

    def talk(self, client):
        self.sessions += 1
        acknowledged = 0.0
        while not self.stopping:
            frame = client._receive(200)
            if frame is None:
                self.still_there(client)
                continue
            self.heard.append((time.time(), self.at))
            delivery = None
            while client.waiting:
                delivery = client.waiting.pop(0)
                self.got.append((time.time(), self.at, self.sessions, delivery.position, bytes(delivery.event.id)))
            if delivery is not None and time.time() - acknowledged > 0.1:
                client.acknowledge(delivery)
                acknowledged = time.time()

    def still_there(self, client):
        """A silent hub: ask. No answer within WAIT_MS raises, and the other node is tried."""
        number = client.ping()
        deadline = time.time() + 3 * WAIT_MS / 1000
        while time.time() < deadline:
            frame = client._receive(100)
            if frame is not None:
                self.heard.append((time.time(), self.at))
            if frame is not None and frame.WhichOneof("frame") == "pong" and frame.pong.number == number:
                return
            if client.waiting:
                return  # taken by talk
        raise nav_client.HubError("silent")


class Inbox(threading.Thread):
    """When an adapter's inbox grew: to within a fiftieth of a second."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.times, self.stopping = path, [], False

    def run(self):
        size = 0
        while not self.stopping:
            now = os.path.getsize(self.path) if os.path.exists(self.path) else 0
            if now != size:
                self.times.append(time.time())
            size = now
            time.sleep(0.02)


class Ear(threading.Thread):
    """Stays with one node's gate whatever happens, on a session of its own, asks without end, and hears whether anything sealed still comes
    from there: a delivery, or an answer to a Ping, which nav-core gives from memory."""

    def __init__(self, hub, node, agency):
        super().__init__(daemon=True)
        keys = nav_client.Keys(hub.path("agencies", agency, "keys"))
        curve, session = nav_client.read_hub_keys(hub.path("config", "keys", "hub.yaml"))
        self.client = nav_client.Client(agency, keys, f"tcp://127.0.0.1:{node.port}", curve, session, schema=SCHEMA)
        self.client.connect(purposes=[PURPOSE])
        self.sealed, self.stopping = [], False  # (time, the Ping that it answers; 0: a delivery or the like)

    def run(self):
        while not self.stopping:
            if self.client.socket.poll(0, zmq.POLLOUT):
                self.client.ping()
            if self.client.socket.poll(50):
                self.take(self.client.socket.recv())

    def take(self, message):
        if message[0] == nav_client.SEALED:
            frame = SCHEMA.HubFrame.FromString(self.client.stream.open(message[1:]))
            self.sealed.append((time.time(), frame.pong.number if frame.WhichOneof("frame") == "pong" else 0))

    def late(self, since, pings):
        """What came after a moment, but for answers to the first `pings` Pings: those had left nav-core before it was stopped, and a gate
        that is stopped beside it may hold them."""
        return [number for t, number in self.sealed if t >= since and not 0 < number <= pings]

    def stop(self):
        self.stopping = True
        self.join(10)
        self.client.close()
