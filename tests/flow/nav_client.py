"""A whole client of Trygghetsnavet in one short file, with none of the hub's own code: pyzmq, protobuf, PyNaCl and cryptography from Debian's
packages and the schemas in schemas/nav/v1. Read it from top to bottom if you want to write a client of your own.

    keys = Keys("agencies/skolan/keys")
    client = Client("skolan", keys, "tcp://127.0.0.1:7700", *read_hub_keys("config/keys/hub.yaml"))
    client.connect(purposes=["situation-picture"])

    event = client.schema.Event(source="skolan", revision=1, ...)
    event.id = keys.event_id(created_ms, "skolan", "the record's own id")
    for receipt in client.publish([event.SerializeToString()]):
        print(receipt.status, receipt.seq, receipt.reason)

    for delivery in client.deliveries():           # until all that the hub has for us is here
        store(delivery.log_id, delivery.position, delivery.event)      # and fsync
        client.acknowledge(delivery)

How it goes, with what is signed and sealed by which key:

  1. A DEALER socket connects with CURVE. The hub lets in the agencies' CURVE keys that it knows, and nobody else.
  2. We send HELLO: a fresh X25519 key, signed with the agency's Ed25519 key. The hub answers WELCOME: its own fresh key, and the hash of
     our Hello, signed with the hub's session key. From both fresh keys come two stream keys (libsodium's crypto_kx; we
     are its client).
  3. From then on every message is sealed with AES-256-GCM, a key each way, under its number: in order, nothing repeated, nothing
     left out. The hub's gateway carries the messages and can read none of them.
  4. One socket is one session. After RESET, silence, a lost connection or a frame that does not open: a new socket and a new HELLO;
     what has no receipt is sent again, the very same bytes, and counts once.

Used by: tests/flow. Must never: import our C code, or be cleverer than a reader needs."""

import atexit
import hashlib
import importlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import types
from collections import namedtuple

import zmq
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl import bindings as sodium
from nacl.utils import random as random_bytes

# The first byte of every ZeroMQ message.
HELLO, WELCOME, OPEN, SEALED, RESET, REFUSED = 1, 2, 3, 4, 5, 6

VERSION = 2
FRAME_MAX = 61440          # bytes of a message as ZeroMQ carries it
EVENTS_MAX = 256           # events of one publication
CREDIT = 1024 * 1024       # bytes of deliveries that the hub may send ahead
PREFIX = b"trygghetsnavet/v1/"


class HubError(Exception):
    """The session is over; code is a nav.v1.Code where the hub gave one."""

    def __init__(self, text, code=None):
        super().__init__(text)
        self.code = code


Delivery = namedtuple("Delivery", "purpose lane log_id position replay event withheld rule basis obligations")


# ---- the schemas ----


def load_schema(folder=None):
    """Python classes of schemas/nav/v1, made by protoc into a temporary folder."""
    folder = folder or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas")
    out = tempfile.mkdtemp(prefix="nav-schema-")
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    names = [os.path.join("nav", "v1", name) for name in sorted(os.listdir(os.path.join(folder, "nav", "v1")))
             if name.endswith(".proto")]
    subprocess.run(["protoc", f"-I{folder}", "-I/usr/include", f"--python_out={out}", *names], check=True)
    sys.path.insert(0, out)
    schema = types.SimpleNamespace()
    for name in names:
        module = importlib.import_module(name[:-len(".proto")].replace("/", ".") + "_pb2")
        for key in dir(module):
            if not key.startswith("_"):
                setattr(schema, key, getattr(module, key))
    return schema


# ---- keys, ids and hashes ----


def read_key(path, use):
    """A key file is one line: what it is for, and the key in hexadecimal."""
    with open(path, encoding="ascii") as file:
        found, key = file.read().split()
    if found != use:
        raise ValueError(f"{path} holds a key for '{found}', not for '{use}'")
    return bytes.fromhex(key)


def read_hub_keys(path):
    """The hub's public keys as its operator gives them out: config/keys/hub.yaml, 'name: hexadecimal' a line."""
    with open(path, encoding="utf-8") as file:
        pairs = [line.split(": ") for line in file if not line.startswith("#") and ": " in line]
    keys = {name.strip(): bytes.fromhex(value.strip()) for name, value in pairs}
    return keys["curve"], keys["session"]


class Keys:
    """An agency's folder of keys: one for the door (CURVE), one to sign with (Ed25519), one to make ids and salts from."""

    def __init__(self, folder):
        self.curve_secret = read_key(os.path.join(folder, "curve.key"), "curve")
        self.signing_secret = read_key(os.path.join(folder, "signing.key"), "signing")
        self.id_key = read_key(os.path.join(folder, "id.key"), "id")
        self.curve_public = sodium.crypto_scalarmult_base(self.curve_secret)

    def event_id(self, created_ms, source, source_id):
        """16 bytes, the same for ever for the same record: the day the source created it, and a keyed hash."""
        digest = hashlib.blake2b(source.encode() + b"\0" + source_id.encode(), digest_size=16, key=self.id_key)
        return struct.pack(">I", created_ms // 86400000) + digest.digest()[:12]

    def salt(self, event):
        """32 bytes, the same when the event is sent again; without them nobody can guess an event from its digest."""
        return hashlib.blake2b(event, digest_size=32, key=self.id_key).digest()

    def sign(self, use, *parts):
        message = PREFIX + use.encode() + b"\0" + b"".join(parts)
        return sodium.crypto_sign(message, self.signing_secret)[:64]


def verify(public_key, signature, use, *parts):
    message = PREFIX + use.encode() + b"\0" + b"".join(parts)
    sodium.crypto_sign_open(signature + message, public_key)  # raises where it does not hold


def event_digest(salt, event):
    return hashlib.sha256(b"\0" + salt + event).digest()


def merkle_root(hashes):
    """RFC 6962, section 2.1, of leaves that are hashed already."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\1" + merkle_root(hashes[:split]) + merkle_root(hashes[split:])).digest()


# ---- the sealed stream ----


class Stream:
    """A key each way. Messages are numbered from 0 each way; the number is the nonce, the kind byte is authenticated with the message."""

    def __init__(self, receive_key, send_key):
        self.receive_cipher, self.received = AESGCM(receive_key), 0
        self.send_cipher, self.sent = AESGCM(send_key), 0

    def seal(self, plain):
        kind = bytes([OPEN if self.sent == 0 else SEALED])
        frame = kind + self.send_cipher.encrypt(struct.pack(">IQ", 0, self.sent), plain, kind)
        if len(frame) > FRAME_MAX:
            raise ValueError(f"a frame of {len(frame)} bytes is larger than {FRAME_MAX}")
        self.sent += 1
        return frame

    def open(self, sealed):
        try:
            plain = self.receive_cipher.decrypt(struct.pack(">IQ", 0, self.received), sealed, bytes([SEALED]))
        except InvalidTag:
            raise HubError("a frame that is not the hub's next one") from None
        self.received += 1
        return plain


# ---- the client ----


class Client:
    def __init__(self, agency, keys, endpoint, hub_curve_key, hub_session_key, schema=None, wait_ms=10000):
        self.agency, self.keys, self.endpoint = agency, keys, endpoint
        self.hub_curve_key, self.hub_session_key = hub_curve_key, hub_session_key
        self.schema = schema or load_schema()
        self.wait_ms = wait_ms
        self.socket = self.stream = self.session = None
        self.publication_number = self.ping_number = 0

    # One session.

    def connect(self, purposes=(), resume=None):
        """Begins a session. resume: {purpose: (log id, the last position that was stored)}."""
        self.close()
        self._open_socket()
        self._shake_hands()
        self._start(purposes, resume or {})

    def close(self):
        if self.socket is not None:
            self.socket.close(linger=500)
        self.socket = self.stream = self.session = None
        self.waiting = []      # deliveries read while something else was waited for
        self.unsettled = {}    # publication number → its receipt, when it has come
        self.sent_position = {}
        self.refusing = set()  # lanes that wait for the hub's answer to our Nack
        self.resent = []       # those answers

    def _open_socket(self):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.SNDTIMEO, self.wait_ms)  # without a connection it would wait for ever
        self.socket.setsockopt(zmq.RECONNECT_IVL, -1)  # a lost connection is a lost session: we begin anew ourselves
        self.socket.setsockopt(zmq.CURVE_SERVERKEY, self.hub_curve_key)
        self.socket.setsockopt(zmq.CURVE_PUBLICKEY, self.keys.curve_public)
        self.socket.setsockopt(zmq.CURVE_SECRETKEY, self.keys.curve_secret)
        self.socket.connect(self.endpoint)

    def _shake_hands(self):
        public, secret = sodium.crypto_kx_keypair()
        hello = self.schema.Hello(version=VERSION, agency=self.agency, ephemeral_key=public, nonce=random_bytes(32),
                                  hub_key=self.hub_session_key)
        body = hello.SerializeToString()
        signed = self.schema.Signed(body=body, signature=self.keys.sign("hello", body))
        self._send_message(bytes([HELLO]) + signed.SerializeToString())
        kind, rest = self._receive_message()
        if kind != WELCOME:
            raise HubError(f"a message of kind {kind} came instead of WELCOME")
        signed = self.schema.Signed.FromString(rest)
        verify(self.hub_session_key, signed.signature, "welcome", signed.body)
        welcome = self.schema.Welcome.FromString(signed.body)
        if welcome.version != VERSION or welcome.hello_hash != hashlib.sha256(body).digest():
            raise HubError("the Welcome answers another Hello")
        receive_key, send_key = sodium.crypto_kx_client_session_keys(public, secret, welcome.ephemeral_key)
        self.stream = Stream(receive_key, send_key)

    def _start(self, purposes, resume):
        start = self.schema.Start(credit_bytes=CREDIT, client="nav_client.py")
        for purpose in purposes:
            lane = start.lanes.add(purpose=purpose)
            if purpose in resume:
                lane.log_id, lane.position = resume[purpose]
        self._send(start=start)
        frame = self._receive()
        if frame.WhichOneof("frame") != "session":
            raise HubError("the hub did not answer Start with Session")
        self.session = frame.session
        self.purpose_of_lane = {lane.number: lane.purpose for lane in self.session.lanes}

    # Messages.

    def _receive_message(self, wait_ms=None):
        """The next message's kind and the rest of it. None: nothing within that time."""
        if not self.socket.poll(self.wait_ms if wait_ms is None else wait_ms):
            if wait_ms is not None:
                return None
            raise HubError(f"the hub has not answered within {self.wait_ms} ms")
        message = self.socket.recv()
        kind, rest = message[0], message[1:]
        if kind == RESET:
            raise HubError("the hub has reset the session: connect again")
        if kind == REFUSED:
            refused = self.schema.Refused.FromString(rest)
            raise HubError(f"refused: {refused.text}", refused.code)
        return kind, rest

    def _send_message(self, message):
        try:
            self.socket.send(message)
        except zmq.Again:
            raise HubError(f"the hub has taken nothing within {self.wait_ms} ms") from None

    def _send(self, **frame):
        self._send_message(self.stream.seal(self.schema.ClientFrame(**frame).SerializeToString()))

    def _receive(self, wait_ms=None):
        """The next HubFrame; None: nothing within that time."""
        message = self._receive_message(wait_ms)
        if message is None:
            return None
        kind, sealed = message
        if kind != SEALED:
            raise HubError(f"a message of kind {kind} came within the session")
        plain = self.stream.open(sealed)
        frame = self.schema.HubFrame.FromString(plain)
        if frame.WhichOneof("frame") == "refused":
            raise HubError(f"refused: {frame.refused.text}", frame.refused.code)
        if frame.WhichOneof("frame") == "resent":
            self.refusing.discard(frame.resent.lane)
            self.resent.append(frame.resent)
        if frame.WhichOneof("frame") == "deliveries":
            if frame.deliveries.lane not in self.refusing:
                self.waiting.extend(self._deliveries_of(frame.deliveries))
            self._send(credit=self.schema.Credit(bytes=len(plain)))  # what was taken may come again
        if frame.WhichOneof("frame") == "receipt":
            self.unsettled[frame.receipt.number] = frame.receipt
        return frame

    # Sending.

    def publish(self, events):
        """Sends encoded events (nav.v1.Event) as one publication. Gives a receipt for each, in their order.

        Should the session end before: connect, and publish the same bytes again."""
        number = self.send_publication(events)
        while number not in self.unsettled:
            frame = self._receive()
            if frame.WhichOneof("frame") == "wait" and frame.wait.number == number:
                raise HubError(f"not now: send it again in {frame.wait.wait_ms} ms", frame.wait.code)
        receipt = self.unsettled.pop(number)
        return list(receipt.events) * len(events) if receipt.whole else list(receipt.events)

    def send_publication(self, events):
        """One signature covers the publication: over the ledger's id, the agency, and the Merkle root of the events' digests."""
        if not 1 <= len(events) <= EVENTS_MAX:
            raise ValueError(f"a publication has 1 to {EVENTS_MAX} events")
        salts = [self.keys.salt(event) for event in events]
        root = merkle_root([event_digest(salt, event) for salt, event in zip(salts, events)])
        self.publication_number += 1
        publication = self.schema.Publication(
            number=self.publication_number,
            signature=self.keys.sign("publication", self.session.log_id, self.agency.encode() + b"\0", root))
        for salt, event in zip(salts, events):
            publication.events.add(event=event, salt=salt)
        self._send(publication=publication)
        return self.publication_number

    # Receiving.

    def _deliveries_of(self, message):
        for delivery in message.deliveries:
            verdict = message.verdicts[delivery.verdict]
            yield Delivery(self.purpose_of_lane[message.lane], message.lane, message.log_id, delivery.position,
                           delivery.replay, self.schema.Event.FromString(delivery.event), list(delivery.withheld),
                           verdict.rule, verdict.basis, list(verdict.obligations))

    def deliveries(self):
        """What the hub has for us, until all of it is here: the hub answers a Ping after what it had to send before.

        A delivery may come again after a new session: drop what has been stored, by (log id, position)."""
        number = self.ping()
        while True:
            while self.waiting:
                yield self.waiting.pop(0)
            frame = self._receive()
            if frame.WhichOneof("frame") == "pong" and frame.pong.number == number and not self.waiting:
                return

    def ping(self):
        self.ping_number += 1
        self._send(ping=self.schema.Ping(number=self.ping_number))
        return self.ping_number

    def refuse(self, delivery, reason, final=False):
        """Says that this delivery cannot be taken. The hub sends it, and all after it, again: after a pause, or, where we refuse it
        too often or for good, past it. What is on its way meanwhile is passed over."""
        self.refusing.add(delivery.lane)
        self.waiting = [d for d in self.waiting if d.lane != delivery.lane]
        self._send(nack=self.schema.Nack(lane=delivery.lane, position=delivery.position, reason=reason, final=final))

    def replay(self, lane, after=None, since_ms=None):
        """Asks for what we have had, once more; each delivery of it says `replay`."""
        self._send(replay_request=self.schema.ReplayRequest(lane=lane, after_position=after, since_time_ms=since_ms))

    def acknowledge(self, delivery):
        """Says, signed, that everything of the lane up to this delivery is stored; the hub does not send it again.

        A replay (what was acknowledged before) needs no acknowledgement and moves nothing."""
        if delivery.replay:
            return
        place = struct.pack(">IQ", delivery.lane, delivery.position)
        signature = self.keys.sign("acknowledge", self.session.log_id, self.agency.encode() + b"\0", place)
        self._send(acknowledge=self.schema.Acknowledge(lane=delivery.lane, position=delivery.position,
                                                       signature=signature))
