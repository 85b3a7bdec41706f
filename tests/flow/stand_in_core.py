"""Stands in for nav-core's control socket: takes records of readings and hands out keys of made ledgers (tests/unit/ledger/made.c), so
that nav-desk can be tested alone. Keeps what it was asked.

Used by: tests/flow/desk.py, verify_faults_test.py, tests/bench/growth.py. Must never: share code with nav-core."""

import hashlib
import json
import os
import socket
import struct
import threading


def bucket_key(retention_class, day):
    return hashlib.blake2b(b"bucket" + struct.pack(">II", retention_class, day), digest_size=32).digest()


def event_key(seq, retention_class, day):
    return hashlib.blake2b(b"event" + struct.pack(">Q", seq), key=bucket_key(retention_class, day), digest_size=32).digest()


def person_token(n):
    """made_person of made.c."""
    return hashlib.blake2b(b"person" + struct.pack(">I", n), digest_size=16).hexdigest()


class StandInCore:
    def __init__(self, path):
        self.path = path
        self.requests = []
        self.refuse = None      # an error to answer with
        self.erased_days = set()
        self.token = person_token(4)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(16)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
        os.unlink(self.path)

    def records(self, kind):
        return [r for r in self.requests if r.get("kind") == kind]

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                request = self._read(connection)
                if request is not None:
                    answer = json.dumps(self._answer(request)).encode()
                    connection.sendall(struct.pack(">I", len(answer)) + answer)

    @staticmethod
    def _read(connection):
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">I", data[:4])[0]:
            more = connection.recv(1 << 20)
            if not more:
                return None
            data += more
        return json.loads(data[4:])

    def _answer(self, request):
        self.requests.append(request)
        if self.refuse is not None:
            return {"ok": False, "error": self.refuse}
        keys = [None if day in self.erased_days else event_key(seq, retention_class, day).hex()
                for seq, retention_class, day in request.get("contents", [])]
        answer = {"ok": True, "seq": 1000000 + len(self.requests), "keys": keys, "answers": [-1] * len(request.get("asked", []))}
        if "about_number" in request:
            answer["token"] = self.token  # of made.c's persons
        return answer
