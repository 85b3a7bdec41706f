#!/usr/bin/env python3
"""Whoever is not the session's own party gets nothing of it: not with its routing id, not with a key that was revoked, not with a recording
of all that it sent.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import os
import shutil
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
import zmq  # noqa: E402
from agencies import Agency, SCHEMA  # noqa: E402
from hub import Hub, wait_until  # noqa: E402

PICTURE = "situation-picture"
QUIET_MS = 1500     # so long nothing must come
ROUNDS = 8          # an id is taken over right after its owner has gone, so often
GREETED = (nav_client.WELCOME, nav_client.SEALED)  # kinds that only a session's own party may get


class Routed(Agency):
    """An agency's session with a routing id of its choice; what it sent is kept."""

    def __init__(self, hub, name, routing_id=None):
        super().__init__(hub, name)
        self.routing_id, self.sent, self.client.wait_ms = routing_id, [], 5000
        self._open = self.client._open_socket
        self.client._open_socket = self.open_socket

    def open_socket(self):
        if self.routing_id is None:
            self._open()
        else:
            self.client.socket = socket = zmq.Context.instance().socket(zmq.DEALER)
            for option, value in ((zmq.LINGER, 0), (zmq.RECONNECT_IVL, -1), (zmq.SNDTIMEO, QUIET_MS), (zmq.ROUTING_ID, self.routing_id),
                                  (zmq.CURVE_SERVERKEY, self.client.hub_curve_key), (zmq.CURVE_PUBLICKEY, self.keys.curve_public),
                                  (zmq.CURVE_SECRETKEY, self.keys.curve_secret)):
                socket.setsockopt(option, value)
            socket.connect(self.client.endpoint)
        send = self.client.socket.send
        self.client.socket = Recorded(self.client.socket, send, self.sent)

    def kinds(self, wait_ms=QUIET_MS):
        """The kinds of all messages that come in that time; RESET among them where it was told so."""
        kinds, until = [], time.monotonic() + wait_ms / 1000
        while (left := until - time.monotonic()) > 0:
            if self.client.socket.poll(left * 1000):
                kinds.append(self.client.socket.recv()[0])
        return kinds

    def push(self, message):
        """Sends bytes as they are; it is nothing to us if the hub has cut the connection already."""
        try:
            self.client.socket.send(message)
        except zmq.Again:
            pass

    def incident(self):
        event = self.event()
        event.place.municipality = "0180"
        event.place.precision = SCHEMA.PRECISION_AREA
        event.public_incident.kind = "Brand"
        return event

    def give(self, *events):
        receipts = self.client.publish([event.SerializeToString() for event in events])
        assert [r.status for r in receipts] == [SCHEMA.RECEIPT_STATUS_ACCEPTED] * len(events), receipts
        return [receipt.seq for receipt in receipts]

    def got(self):
        positions = []
        for delivery in self.client.deliveries():
            positions.append(delivery.position)
            self.client.acknowledge(delivery)
        return positions


def begins(party):
    try:
        party.client.connect(purposes=[PICTURE])
        return True
    except nav_client.HubError:
        return False


class Recorded:
    """A socket whose sent messages are kept."""

    def __init__(self, socket, send, kept):
        self._socket, self._send, self._kept = socket, send, kept

    def __getattr__(self, name):
        return getattr(self._socket, name)

    def send(self, message):
        self._kept.append(message)
        return self._send(message)


class Stolen(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub(agencies=("polisen", "skolan", "tycktill")).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__(None, None, None)

    def party(self, name, routing_id=None, purposes=None):
        party = Routed(self.hub, name, routing_id)
        self.addCleanup(party.client.close)
        if purposes is not None:
            party.client.connect(purposes=purposes)
            party.got() if purposes else None
        return party

    def test_the_routing_id_of_a_living_session(self):
        """Another agency with its own good key: not even a Welcome, and the owner does not notice."""
        police = self.party("polisen", purposes=[])
        owner = self.party("skolan", b"owner-lives", [PICTURE])
        thief = self.party("tycktill", b"owner-lives")
        thief.open_socket()
        thief.push(owner.sent[-1])  # a sealed frame of the owner's
        seqs = police.give(police.incident())
        self.assertFalse([k for k in thief.kinds() if k in GREETED])
        self.assertEqual(owner.got(), seqs)
        with self.assertRaises(nav_client.HubError):
            thief.client.wait_ms = QUIET_MS
            thief.client.connect(purposes=[PICTURE])
        self.assertEqual(owner.got(), [])
        seqs = police.give(police.incident())
        self.assertEqual(owner.got(), seqs)

    def test_the_routing_id_of_a_session_that_has_gone(self):
        """Taken over in the moment its owner goes, with deliveries and a receipt on their way to it."""
        police = self.party("polisen", purposes=[])
        for number in range(ROUNDS):
            owner = self.party("skolan", b"owner-went-%d" % number, [PICTURE])
            thief = self.party("tycktill", owner.routing_id)
            seqs = police.give(police.incident(), police.incident())
            owner.client.send_publication([owner.incident().SerializeToString()])
            frame = owner.sent[-1]
            owner.client.socket.close(linger=0)
            owner.client.socket = None
            thief.open_socket()
            seqs += police.give(police.incident())
            thief.push(frame)
            self.assertFalse([k for k in thief.kinds(QUIET_MS if number == 0 else 300) if k in GREETED])
            # Its own session, with that id, gets what is its own and nothing else.
            thief.client.wait_ms = QUIET_MS
            wait_until("the id is free again, and the thief begins a session of its own", lambda: begins(thief))
            mine = thief.got()
            self.assertTrue(set(seqs) <= set(mine) or number > 0, (seqs, mine))
            self.assertFalse(thief.client.unsettled, "a receipt of the owner's")
            owner = self.party("skolan", purposes=None)
            owner.client.connect(purposes=[PICTURE])
            self.assertEqual([p for p in owner.got() if p in seqs], seqs)
            owner.client.close()
            thief.client.close()

    def test_a_key_that_was_revoked_while_its_session_lives(self):
        police = self.party("polisen", purposes=[])
        school = self.party("skolan", purposes=[PICTURE])
        path = self.hub.path("config", "keys", "skolan.yaml")
        shutil.move(path, path + ".away")
        try:
            self.hub.reload(["nav-gate"], says="sessions ended")
            seqs = police.give(police.incident())
            try:
                school.client.send_publication([school.incident().SerializeToString()])
            except nav_client.HubError:
                pass  # it has no connection any more
            self.assertFalse([k for k in school.kinds() if k in GREETED])
            again = self.party("skolan")
            again.client.wait_ms = QUIET_MS
            with self.assertRaises(nav_client.HubError):
                again.client.connect(purposes=[PICTURE])
            self.assertEqual([s for s in self.stored() if s > seqs[0]], [], "what the revoked key sent was accepted")
        finally:
            shutil.move(path + ".away", path)
            self.hub.reload(["nav-gate"], says="sessions ended")
        school = self.party("skolan")
        school.client.connect(purposes=[PICTURE])
        self.assertEqual([p for p in school.got() if p >= seqs[0]], seqs)

    def stored(self):
        return [int(row[0]) for row in self.hub.postgres.sql("postgres", "SELECT seq FROM nav.event_view ORDER BY seq")]

    def test_a_recording_of_a_session(self):
        """All that a session sent, sent again by somebody who has even its CURVE key."""
        school = self.party("skolan", purposes=[PICTURE])
        school.give(school.incident(), school.incident())
        recording = list(school.sent)
        self.assertGreater(len(recording), 3)
        before = self.stored()
        replayed = self.party("skolan")
        replayed.open_socket()
        for message in recording:
            replayed.push(message)
        police = self.party("polisen", purposes=[])
        seqs = police.give(police.incident())
        kinds = replayed.kinds()
        self.assertNotIn(nav_client.SEALED, kinds, "a receipt or a delivery")
        self.assertEqual([s for s in self.stored() if s not in seqs], before)
        # The true session still has its lane.
        self.assertEqual(school.got(), seqs)


if __name__ == "__main__":
    unittest.main()
