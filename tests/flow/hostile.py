"""Hostile parties at nav-gate's door, each a process of its own with its own addresses (127.0.x.y), as strangers and agencies that went
wrong would be. What each has done is counted, so that a test can see that it did it.

    with Parties(hub) as parties:
        parties.start(silent, 500)
        parties.start(noise)
        ...
    parties.counts["noise"]         # {"connections": 12345, ...}

Used by: hostile_test.py. Must never: leave a process behind, or use another address than loopback."""

import errno
import multiprocessing
import os
import random
import select
import socket
import struct
import time

import nav_client
from agencies import Agency, SCHEMA

GREETING = b"\xff" + b"\0" * 8 + b"\x7f" + b"\x03\x00" + b"CURVE".ljust(20, b"\0") + b"\0" + b"\0" * 31
ADDRESS_SOCKETS = 60       # of one address: fewer than the gate cuts as a crowd, so that they stand as long as it lets them
OPEN_AT_ONCE = 100         # connections that are begun before others are looked at
CREDIT_MAX = 64 * 1024 * 1024
EVENTS = 200               # of one publication at full speed
HOSTILE_NICE = 10          # they have machines of their own: what they compute must not be taken from the hub's, but what they cause is
FORK = multiprocessing.get_context("fork")


class Parties:
    """Processes; the results of each by its function's name once they have ended."""

    def __init__(self, hub):
        self.hub, self.stopping, self.results = hub, FORK.Event(), FORK.SimpleQueue()
        self.processes, self.counts = [], {}

    def __enter__(self):
        return self

    def start(self, what, *args, nice=HOSTILE_NICE):
        process = FORK.Process(target=self._run, args=(nice, what, *args), daemon=True)
        process.start()
        self.processes.append(process)

    def _run(self, nice, what, *args):
        os.nice(nice)
        counts = {}
        what(self.hub, self.stopping, counts, *args)
        self.results.put((what.__name__, counts))

    def __exit__(self, *exc):
        self.stopping.set()
        deadline = time.monotonic() + 20
        while len(self.counts) < len(self.processes) and time.monotonic() < deadline:
            if self.results.empty():
                time.sleep(0.05)
            else:
                name, counts = self.results.get()
                self.counts[name] = counts
        for process in self.processes:
            process.join(1)
            if process.is_alive():
                process.kill()
                process.join()


def add(counts, what, more=1):
    counts[what] = counts.get(what, 0) + more


def connection(hub, group, number, wait=None):
    """A connection begun from 127.<group>.y.z; wait: seconds, None where it must not block. None: it did not come about."""
    s = socket.socket()
    try:
        s.settimeout(wait)
        s.setblocking(wait is not None)
        if wait is not None:
            s.settimeout(wait)
        s.bind((f"127.{group}.{number // 250 % 250}.{number % 250 + 1}", 0))
        if s.connect_ex(("127.0.0.1", hub.port)) in (0, errno.EINPROGRESS):
            return s
    except OSError:
        pass
    s.close()
    return None


# ---- strangers ----


def silent(hub, stopping, counts, sockets):
    """So many connections at all times that say nothing; those that the gate closes are opened again."""
    epoll, live, made = select.epoll(), {}, 0
    while not stopping.is_set():
        for _ in range(min(OPEN_AT_ONCE, sockets - len(live))):
            s = connection(hub, 1, made // ADDRESS_SOCKETS % (sockets // ADDRESS_SOCKETS + 1))
            made += 1
            if s is not None:
                live[s.fileno()] = s
                epoll.register(s.fileno(), select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR)
        counts["most_at_once"] = max(counts.get("most_at_once", 0), len(live))
        for fd, _ in epoll.poll(0.05):
            if not _still_open(live[fd]):
                epoll.unregister(fd)
                live.pop(fd).close()
                add(counts, "closed_by_gate")
    counts["opened"] = made


def _still_open(s):
    try:
        return s.recv(256) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def oversized(hub, stopping, counts, frames):
    """Frames larger than the gate takes, sent after the greeting and before any handshake: each must end its connection."""
    sizes = (65537, 1 << 20, 1 << 31, 1 << 62, (1 << 64) - 1)
    for i in range(frames):
        if stopping.is_set():
            return
        s = connection(hub, 2, i, 10)
        if s is None:
            add(counts, "not_connected")
            continue
        flags = 0x06 if i % 2 else 0x02  # a command, a message; both with a length of 8 bytes
        try:
            s.sendall(GREETING + struct.pack(">BQ", flags, sizes[i % len(sizes)]) + os.urandom(65536))
            while s.recv(4096):
                pass
            add(counts, "closed")
        except ConnectionError:
            add(counts, "closed")
        except OSError:
            add(counts, "left_open")
        s.close()
        add(counts, "sent")


def noise(hub, stopping, counts):
    """Random bytes, and greetings and handshakes with something changed or cut off, as fast as it goes. counts["seed"] repeats them."""
    counts["seed"] = int.from_bytes(os.urandom(4), "big")
    chance, waiting = random.Random(counts["seed"]), []
    while not stopping.is_set():
        s = connection(hub, 3, counts.get("connections", 0), 2)
        if s is None:
            add(counts, "not_connected")
            continue
        try:
            s.sendall(_noise(chance))
        except OSError:
            pass
        waiting.append(s)
        add(counts, "connections")
        if len(waiting) > 50:  # some go on for a moment, most go at once
            waiting.pop(chance.randrange(len(waiting))).close()
    for s in waiting:
        s.close()


def _noise(chance):
    kind = chance.randrange(5)
    if kind == 0:
        return chance.randbytes(chance.randrange(1, 2000))
    if kind == 1:
        return _changed(chance, GREETING)
    if kind == 2:
        return GREETING[:chance.randrange(len(GREETING))]
    hello = b"\x05HELLO\x01\x00" + b"\0" * 72 + chance.randbytes(32 + 8 + 80)
    command = b"\x04" + bytes([len(hello)]) + hello
    if kind == 3:
        return GREETING + command
    return GREETING + _changed(chance, command) + chance.randbytes(chance.randrange(300))


def _changed(chance, data):
    data = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data[:chance.randrange(1, len(data) + 1)])


# ---- agencies that went wrong ----


def slow_reader(hub, stopping, counts, name, purpose):
    """Takes part with all the credit there is, and reads nothing; every so often it starts anew."""
    nav_client.CREDIT = CREDIT_MAX
    agency = Agency(hub, name)
    while not stopping.is_set():
        try:
            agency.client.connect(purposes=[purpose])
            add(counts, "sessions")
        except nav_client.HubError:
            add(counts, "refused")
        stopping.wait(4)
    agency.client.close()


def full_speed(hub, stopping, counts, name):
    """Publications as large as they may be, one after the other, and no pause when told to wait."""
    agency, number = Agency(hub, name), 0
    agency.client.wait_ms = 2000
    while not stopping.is_set():
        try:
            if agency.client.socket is None:
                agency.client.connect()
            events = [_report(agency, number + i) for i in range(EVENTS)]
            number += EVENTS
            for receipt in agency.client.publish(events):
                add(counts, "accepted" if receipt.status == SCHEMA.RECEIPT_STATUS_ACCEPTED else "refused")
        except nav_client.HubError as e:
            add(counts, f"told {SCHEMA.Code.Name(e.code)}" if e.code else "no_answer")
            if e.code != SCHEMA.CODE_BUSY:
                agency.client.close()
    agency.client.close()


def _report(agency, number):
    now_ms = int(time.time() * 1000)
    event = SCHEMA.Event(id=agency.keys.event_id(now_ms, agency.name, f"speed-{number}"), source=agency.name, revision=1,
                         time_ms=now_ms, recorded_time_ms=now_ms)
    event.place.municipality = "0180"
    event.place.precision = SCHEMA.PRECISION_AREA
    event.citizen_report.SetInParent()
    return event.SerializeToString()
