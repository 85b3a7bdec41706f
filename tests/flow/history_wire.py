"""What stands between nav-core and the database in history_test.py: a process that carries bytes, and, when it is told to, cuts a
connection at the worst moment: when the database has committed, in place of the answer that says so.

Used by: history_test.py. Must never: change a byte, or cut unless it was told to."""

import os
import select
import signal
import socket
import tempfile

CONNECTIONS_MAX = 32
CARRIED_BYTES = 1 << 16
COMMITTED = b"C\0\0\0\x0bCOMMIT\0"  # CommandComplete, PostgreSQL's protocol 3.0


class CuttingWire:
    def __init__(self, target):
        self.folder = tempfile.mkdtemp(prefix="navwire-", dir="/tmp")
        path, target = (os.path.join(f, ".s.PGSQL.5432") for f in (self.folder, target))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(16)
        self.told, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                Carrier(listener, target, tell).carry()
            finally:
                os._exit(1)
        listener.close()
        os.close(tell)

    def send_signal(self, number):
        os.kill(self.pid, number)

    def cut_next_commit(self):
        self.send_signal(signal.SIGUSR1)

    def wait_cut(self, seconds):
        """Whether it has cut one by then."""
        return bool(select.select([self.told], [], [], seconds)[0]) and bool(os.read(self.told, 1))

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.told)
        os.unlink(os.path.join(self.folder, ".s.PGSQL.5432"))
        os.rmdir(self.folder)


class Carrier:
    """The process's own loop. `other` maps each end to its peer; `near` holds the ends on nav-core's side."""

    def __init__(self, listener, target, tell):
        self.listener, self.target, self.tell = listener, target, tell
        self.other, self.near, self.armed = {}, set(), False
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, self.arm)

    def arm(self, *_):
        self.armed = True

    def carry(self):
        while True:
            for s in select.select([self.listener, *self.other], [], [])[0]:
                if s is self.listener:
                    self.accept()
                elif s in self.other:
                    self.pass_on(s)

    def accept(self):
        near, far = self.listener.accept()[0], socket.socket(socket.AF_UNIX)
        try:
            if len(self.near) >= CONNECTIONS_MAX:
                raise OSError("too many connections")
            far.connect(self.target)
        except OSError:
            near.close()
            far.close()
            return
        self.other[near], self.other[far] = far, near
        self.near.add(near)

    def pass_on(self, s):
        try:
            data = s.recv(CARRIED_BYTES)
            committed = self.armed and s not in self.near and COMMITTED in data
            if data and not committed:
                self.other[s].sendall(data)
                return
        except OSError:
            committed = False
        self.cut(s)
        if committed:
            self.armed = False
            os.write(self.tell, b"c")

    def cut(self, s):
        peer = self.other.pop(s)
        del self.other[peer]
        for end in (s, peer):
            self.near.discard(end)
            end.close()
