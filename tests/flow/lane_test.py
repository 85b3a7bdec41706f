"""Deliveries that a recipient cannot take, and what is sent again: tries with pauses, set aside with the reason on record, past it in order,
redelivered on an operator's word; replays from a position and from a time; all of it the same after the hub was killed.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from hub import Hub, wait_until  # noqa: E402

SCHEMA = nav_client.load_schema()
PURPOSE = "situation-picture"
NOW_MS = int(time.time() * 1000)
TRIES_MAX = 5


class Agency:
    def __init__(self, hub, name):
        self.keys = nav_client.Keys(hub.path("agencies", name, "keys"))
        curve, session = nav_client.read_hub_keys(hub.path("config", "keys", "hub.yaml"))
        self.name = name
        self.client = nav_client.Client(name, self.keys, f"tcp://127.0.0.1:{hub.port}", curve, session, schema=SCHEMA,
                                        wait_ms=20000)

    def incident(self, number):
        event = SCHEMA.Event(id=self.keys.event_id(NOW_MS, self.name, f"incident-{number}"), source=self.name,
                             revision=1, time_ms=NOW_MS, recorded_time_ms=NOW_MS)
        event.place.municipality = "0180"
        event.place.precision = SCHEMA.PRECISION_AREA
        event.public_incident.kind = "Brand"
        return event.SerializeToString()


def publish(hub, police, numbers):
    police.client.connect()
    receipts = police.client.publish([police.incident(i) for i in numbers])
    assert all(r.status == SCHEMA.RECEIPT_STATUS_ACCEPTED for r in receipts), receipts
    return [r.seq for r in receipts]


def lane_of(hub, agency="skolan"):
    return next(lane for lane in hub.status()["lanes"] if lane["agency"] == agency and lane["purpose"] == PURPOSE)


def set_aside(hub):
    return json.loads(hub.navctl("lane", "list", "-o", "json").stdout)


def take_all(client, bad=(), final=False):
    """Takes what comes and refuses the bad positions, until all is here. Gives positions taken, in order, and refusals."""
    taken, refusals = [], []
    number = client.ping()
    while True:
        while client.waiting:
            delivery = client.waiting.pop(0)
            if delivery.position in bad:
                refusals.append((delivery.position, time.monotonic()))
                client.refuse(delivery, f"HTTP 422 on {delivery.position}", final)
                number = client.ping()  # a Pong that was on its way says nothing of what comes again
                continue
            taken.append(delivery.position)
            client.acknowledge(delivery)
        frame = client._receive()
        if frame.WhichOneof("frame") == "pong" and frame.pong.number == number and not client.waiting:
            return taken, refusals


def refused_again_and_again(hub, seqs):
    school = Agency(hub, "skolan")
    school.client.connect(purposes=[PURPOSE])
    bad = seqs[2]
    taken, refusals = take_all(school.client, bad={bad})
    assert taken == [s for s in seqs if s != bad], (taken, seqs)
    assert [position for position, _ in refusals] == [bad] * TRIES_MAX, refusals
    pauses = [b - a for (_, a), (_, b) in zip(refusals, refusals[1:])]
    assert all(pause >= 0.9 * 2 ** i for i, pause in enumerate(pauses)), pauses
    assert [r.set_aside for r in school.client.resent] == [False] * (TRIES_MAX - 1) + [True]
    wait_until("all is acknowledged", lambda: lane_of(hub)["cursor"] == seqs[-1])
    lane = lane_of(hub)
    assert (lane["set_aside"], lane["behind"]) == (1, 0), lane
    aside = set_aside(hub)
    assert [(a["agency"], a["purpose"], a["position"]) for a in aside] == [("skolan", PURPOSE, bad)], aside
    # A new session is not sent it either.
    school.client.connect(purposes=[PURPOSE])
    assert take_all(school.client) == ([], [])
    return school, bad


def on_the_record(hub, bad):
    lines = [json.loads(line) for line in
             hub.navctl("audit", "search", "--kind", "nacked", "-o", "ndjson").stdout.splitlines()]
    reasons = [line["reason"] for line in lines]
    assert len(lines) == TRIES_MAX and all(f"HTTP 422 on {bad}" in reason for reason in reasons), reasons
    assert sum("set aside" in reason for reason in reasons) == 1, reasons
    said = hub.navctl("audit", "show", str(max(line["seq"] for line in lines))).stdout
    assert "lades åt sidan" in said, said


def killed_and_redelivered(hub, bad):
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    assert [a["position"] for a in set_aside(hub)] == [bad]
    assert (lane_of(hub)["set_aside"], lane_of(hub)["behind"]) == (1, 0)
    school = Agency(hub, "skolan")
    wait_until("a session", lambda: connects(school))
    assert take_all(school.client) == ([], [])
    refused = hub.navctl("lane", "redeliver", "skolan", PURPOSE, str(bad + 1), "--reason", "fel", check=False)
    assert refused.returncode == 4, refused
    refused = hub.navctl("lane", "redeliver", "skolan", PURPOSE, str(bad), check=False)
    assert refused.returncode == 2 and "--reason is missing" in refused.stderr, refused
    unsaid = hub.ask("core", {"command": "lane-redeliver", "agency": "skolan", "purpose": PURPOSE, "position": bad})
    assert not unsaid["ok"] and "say why" in unsaid["error"]["text"], unsaid
    answer = json.loads(hub.navctl("lane", "redeliver", "skolan", PURPOSE, str(bad), "--reason", "Rättat hos mottagaren",
                                   "-o", "json").stdout)[0]
    got = wait_until("it comes", lambda: list(school.client.deliveries()))
    assert [d.position for d in got] == [answer["seq"]] and got[0].event.public_incident.kind == "Brand", got
    school.client.acknowledge(got[0])
    wait_until("all is acknowledged", lambda: lane_of(hub)["cursor"] == answer["seq"])
    assert (lane_of(hub)["set_aside"], lane_of(hub)["behind"]) == (0, 0), lane_of(hub)
    said = hub.navctl("audit", "show", str(answer["seq"])).stdout
    assert "Rättat hos mottagaren" in said and "lämnas ut igen" in said, said
    return school, answer["seq"]


def connects(agency):
    try:
        agency.client.connect(purposes=[PURPOSE])
        return True
    except nav_client.HubError:
        return False


def refused_for_good(hub, police, school, numbers):
    seqs = publish(hub, police, numbers)
    taken, refusals = take_all(school.client, bad=set(seqs[:2]), final=True)
    assert (taken, [p for p, _ in refusals]) == (seqs[2:], seqs[:2]), (taken, refusals)
    # Redelivered, refused again and redelivered: nothing is lost on the way.
    for position in seqs[:2]:
        hub.navctl("lane", "redeliver", "skolan", PURPOSE, str(position), "--reason", "Nytt försök")
    again = take_all(school.client)[0]
    assert len(again) == 2 and set_aside(hub) == [], again
    wait_until("all is acknowledged", lambda: lane_of(hub)["cursor"] == again[-1])
    return seqs


def replayed(hub, school, all_seqs, middle_ms):
    lane = lane_of(hub)
    school.client.replay(lane["number"], after=all_seqs[1])
    got = [(d.position, d.replay) for d in school.client.deliveries()]
    assert got and all(replay for _, replay in got), got
    positions = [p for p, _ in got]
    assert positions == sorted(positions) and set(all_seqs[3:]) <= set(positions), (positions, all_seqs)
    # Too soon: told to wait, and nothing comes.
    school.client.replay(lane["number"], after=all_seqs[1])
    assert list(school.client.deliveries()) == []
    # By an operator, from a time.
    answer = hub.navctl("lane", "replay", "skolan", PURPOSE, "--since",
                        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(middle_ms / 1000)) + f".{middle_ms % 1000:03d}Z",
                        "--reason", "Återläst säkerhetskopia", "-o", "json")
    answer = json.loads(answer.stdout)[0]
    got = [d.position for d in school.client.deliveries() if d.replay]
    assert got and min(got) > answer["after"] and got == [p for p in positions if p > answer["after"]], (got, answer)
    assert lane_of(hub)["cursor"] == lane["cursor"], "a replay moves no cursor"
    nothing = hub.navctl("lane", "replay", "skolan", PURPOSE, "--after", str(lane["cursor"]), "--reason", "x", check=False)
    assert nothing.returncode != 0 and "nothing to replay" in nothing.stderr, nothing
    away = hub.navctl("lane", "replay", "social", PURPOSE, "--after", "1", "--reason", "x", check=False)
    assert away.returncode == 4, away


def recalled_meanwhile(hub, police, school):
    """What its sender has taken back is not redelivered: it stands aside no more, also after a restart."""
    seq, = publish(hub, police, [20])
    take_all(school.client, bad={seq}, final=True)
    event_id = police.keys.event_id(NOW_MS, "polisen", "incident-20").hex()
    hub.navctl("recall", "send", "--as", "polisen", "--reason", "wrong", event_id)
    said = hub.navctl("lane", "redeliver", "skolan", PURPOSE, str(seq), "--reason", "fel").stdout
    assert "taken it back" in said and set_aside(hub) == [], said
    lines = hub.navctl("audit", "search", "--kind", "redelivered", "-o", "ndjson").stdout.splitlines()
    ended = max(map(json.loads, lines), key=lambda line: line["seq"])
    assert "nothing was left" in ended["reason"] and ended["actor"], ended
    assert "fanns inget kvar" in hub.navctl("audit", "show", str(ended["seq"])).stdout
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    assert set_aside(hub) == [] and lane_of(hub)["set_aside"] == 0
    wait_until("a session", lambda: connects(school))
    assert seq not in take_all(school.client)[0]
    assert lane_of(hub)["behind"] == 0, lane_of(hub)


def one_nack_a_pause(hub, police, school):
    """A recipient that refuses one position after the other cannot fill the ledger."""
    seqs = publish(hub, police, range(30, 34))
    got = {d.position: d for d in school.client.deliveries()}
    assert set(got) >= set(seqs), (got, seqs)
    for position in reversed(seqs):
        school.client.refuse(got[position], "en efter en")
    try:
        list(school.client.deliveries())
        raise AssertionError("a second Nack within the pause was taken")
    except nav_client.HubError as error:
        assert error.code == SCHEMA.CODE_BAD_POSITION, error
    nacked = [line for line in hub.navctl("audit", "search", "--kind", "nacked", "-o", "ndjson").stdout.splitlines()
              if "en efter en" in line]
    assert len(nacked) == 1, nacked
    wait_until("a session", lambda: connects(school))
    assert take_all(school.client)[0] == seqs
    wait_until("all is acknowledged", lambda: lane_of(hub)["cursor"] == seqs[-1])


def refused_as_a_replay_comes(hub, police, school):
    """The refusal of what was sent before the replay began: what is passed over until its answer is the replay, which comes again."""
    had = [d.position for d in replay_by_order(hub, school, 0)]
    seqs = publish(hub, police, range(40, 44))
    wait_until("they are on their way", lambda: lane_of(hub)["behind"] == 4)
    waiting = waiting_ones(school.client, 4)
    hub.navctl("lane", "replay", "skolan", PURPOSE, "--after", "0", "--reason", "prov")
    school.client.refuse(waiting[0], "prov")
    taken = []
    while not taken or taken[-1] != (seqs[-1], False):
        delivery = waiting_ones(school.client, 1)[0]
        school.client.waiting.remove(delivery)
        taken.append((delivery.position, delivery.replay))
        school.client.acknowledge(delivery)
    assert [p for p, replay in taken if replay] == had, (taken, had)
    assert [p for p, replay in taken if not replay] == seqs, taken
    wait_until("all is acknowledged", lambda: lane_of(hub)["cursor"] == seqs[-1])
    assert lane_of(hub)["behind"] == 0, lane_of(hub)


def replay_by_order(hub, school, after):
    hub.navctl("lane", "replay", "skolan", PURPOSE, "--after", str(after), "--reason", "prov")
    return [d for d in school.client.deliveries() if d.replay]


def waiting_ones(client, count):
    """Deliveries that have come and that nothing is said of yet."""
    while len(client.waiting) < count:
        client._receive()
    return client.waiting[:count]


def acknowledged_before_the_session(hub, police, school):
    """What a session before acknowledged and what is committed after the next began is sent to that too, and waited for by nobody."""
    seqs = publish(hub, police, range(50, 53))
    waiting = waiting_ones(school.client, 3)
    with hub.postgres.commits_held_up():
        school.client.acknowledge(waiting[-1])
        time.sleep(0.6)  # until it is on its way to the database
        school.client.connect(purposes=[PURPOSE])
        again = waiting_ones(school.client, 3)
    assert [d.position for d in again] == seqs, again
    wait_until("the first is committed", lambda: lane_of(hub)["cursor"] == seqs[-1])
    school.client.acknowledge(again[-1])
    school.client.waiting = []
    assert list(school.client.deliveries()) == []
    assert lane_of(hub)["behind"] == 0, lane_of(hub)


def bad_nacks(hub, school, seqs):
    """Of what was not sent: refused, recorded, and the session goes on."""
    number = lane_of(hub)["number"]
    school.client._send(nack=SCHEMA.Nack(lane=number, position=seqs[-1] + 1000, reason="?"))
    try:
        list(school.client.deliveries())
        raise AssertionError("a Nack of what was never sent was taken")
    except nav_client.HubError as error:
        assert error.code == SCHEMA.CODE_BAD_POSITION, error


def place(hub):
    """Where the adapter's inbox stands: what it goes on from."""
    with open(hub.path("agencies", "skolan", "inbox", ".place-" + PURPOSE), encoding="utf-8") as file:
        return int(file.read().split()[2])


def positions(lines, replayed):
    assert all(line.get("navreplay", False) == replayed for line in lines), lines
    return [line["navseq"] for line in lines]


def inbox_refilled(hub, police):
    """An adapter that has had everything is sent it once more: beside what it has, and where its reader moved that away. What comes next
    comes once, as it would have."""
    new = publish(hub, police, range(60, 63))
    hub.run_adapter("skolan", "--once")
    assert positions(hub.inbox("skolan", PURPOSE), False) == new
    hub.run_adapter("skolan", "--once", "--replay-since", "2020-01-01T00:00:00Z")
    had = positions(hub.inbox("skolan", PURPOSE)[3:], True)
    assert len(had) >= 8 and had[-3:] == new and had == sorted(set(had)), had
    assert place(hub) == new[-1]
    path = hub.path("agencies", "skolan", "inbox", PURPOSE + ".ndjson")
    os.rename(path, path + ".taken")
    hub.run_adapter("skolan", "--once", "--replay-after", "0")
    assert positions(hub.inbox("skolan", PURPOSE), True) == had
    hub.run_adapter("skolan", "--once", "--replay-after", str(new[0]))
    assert positions(hub.inbox("skolan", PURPOSE), True) == had + new[1:]
    assert place(hub) == new[-1]


def inbox_refilled_by_order(hub, police):
    """By the hub's operator, while the adapter runs."""
    before = hub.inbox("skolan", PURPOSE)
    had = positions(before, True)[:-2]
    hub.start_adapter("skolan")
    wait_until("a session", lambda: "connected to" in hub.log("adapter-skolan"))
    hub.navctl("lane", "replay", "skolan", PURPOSE, "--since", "7d", "--reason", "Inkorgen skadades")
    wait_until("it is replayed", lambda: len(hub.inbox("skolan", PURPOSE)) >= len(before) + len(had))
    seq, = publish(hub, police, [63])
    wait_until("it comes", lambda: lane_of(hub)["cursor"] == seq)
    hub.stop("adapter-skolan")
    lines = hub.inbox("skolan", PURPOSE)[len(before):]
    assert positions(lines[:-1], True) == had and positions(lines[-1:], False) == [seq], lines
    assert place(hub) == seq
    hub.run_adapter("skolan", "--once")
    assert len(hub.inbox("skolan", PURPOSE)) == len(before) + len(lines)


def main():
    with Hub() as hub:
        police = Agency(hub, "polisen")
        seqs = publish(hub, police, range(6))
        school, bad = refused_again_and_again(hub, seqs)
        on_the_record(hub, bad)
        school, seq = killed_and_redelivered(hub, bad)
        time.sleep(0.05)
        middle_ms = int(time.time() * 1000)
        time.sleep(0.05)
        more = refused_for_good(hub, police, school, range(10, 15))
        replayed(hub, school, seqs + [seq] + more[2:], middle_ms)
        recalled_meanwhile(hub, police, school)
        one_nack_a_pause(hub, police, school)
        refused_as_a_replay_comes(hub, police, school)
        acknowledged_before_the_session(hub, police, school)
        bad_nacks(hub, school, more)
        inbox_refilled(hub, police)
        inbox_refilled_by_order(hub, police)
        hub.verify()
        print("lanes: refused, set aside, redelivered, replayed; the ledger holds")


if __name__ == "__main__":
    main()
