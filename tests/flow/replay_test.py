"""What a client may ask for at a session's start and of a replay, and what it may not: an impossible time, one place twice, a place that the
ledger does not have; a replay that is cut off goes on; and a refusal whose words were cut is read all the same.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nav_client  # noqa: E402
from hub import Hub, wait_until  # noqa: E402
from lane_test import PURPOSE, SCHEMA, Agency, connects, lane_of, publish, set_aside, waiting_ones  # noqa: E402

PAUSE_S = 10  # REPLAY_AGAIN_MS
MANY = 3000   # some frames
ASIDE_MAX = 256


def refused(what, code, says):
    try:
        what()
        raise AssertionError("it was taken")
    except nav_client.HubError as error:
        assert error.code == code and says in str(error), error


def records(hub, kind):
    done = hub.navctl("audit", "search", "--kind", kind, "-o", "ndjson", check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def impossible_time(hub, school):
    """Refused and recorded; the database is not asked, and others are read for."""
    for since_ms in (2**62, -2**62):
        school.client.connect(purposes=[PURPOSE])
        school.client.replay(lane_of(hub)["number"], since_ms=since_ms)
        refused(lambda: list(school.client.deliveries()), SCHEMA.CODE_BAD_VALUE, "the years 1900 to 2200")
    assert len([r for r in records(hub, "rejected") if "since_time_ms" in r["reason"]]) == 2
    answer = hub.ask("core", {"command": "lane-replay", "agency": "skolan", "purpose": PURPOSE, "reason": "prov", "since_ms": 2**62})
    assert not answer["ok"] and "1900 to 2200" in answer["error"]["text"], answer
    school.client.connect(purposes=[PURPOSE])
    replay = json.loads(hub.navctl("lane", "replay", "skolan", PURPOSE, "--since", "1d", "--reason", "prov", "-o", "json").stdout)[0]
    assert [d.replay for d in school.client.deliveries()].count(True) > 0, replay
    with open(hub.path("log", "nav-core.log"), encoding="utf-8") as log:
        assert "a query failed" not in log.read(), "the database was asked"


def starts(hub, school, seqs):
    """The same lane twice, a place past the ledger's end, an older place: what is refused leaves the lane to whom it is."""
    log_id, last = school.client.session.log_id, seqs[-1]
    other = Agency(hub, "skolan")
    school.client.connect(purposes=[PURPOSE])
    refused(lambda: other.client.connect(purposes=[PURPOSE, PURPOSE]), SCHEMA.CODE_BAD_VALUE, "asked for twice")
    ahead = hub.status()["ledger"]["records"] + 1000
    refused(lambda: other.client.connect(purposes=[PURPOSE], resume={PURPOSE: (log_id, ahead)}), SCHEMA.CODE_BAD_POSITION, "this ledger ends at")
    assert [r for r in records(hub, "rejected") if "start.lanes.position" in r["reason"]], records(hub, "rejected")
    hub.navctl("lane", "replay", "skolan", PURPOSE, "--after", str(seqs[-3]), "--reason", "prov")
    assert [d.position for d in school.client.deliveries()] == seqs[-2:], "the lane was taken from it"
    other.client.connect(purposes=[PURPOSE], resume={PURPOSE: (bytes(16), ahead)})  # another ledger's: it says nothing here
    assert list(other.client.deliveries()) == []
    time.sleep(PAUSE_S)
    before = len(records(hub, "replayed"))
    other.client.connect(purposes=[PURPOSE], resume={PURPOSE: (log_id, seqs[10])})
    # Further back than what is recorded: that is another, and too soon.
    refused(lambda: other.client.connect(purposes=[PURPOSE], resume={PURPOSE: (log_id, 0)}), SCHEMA.CODE_BUSY, "once in 10 seconds")
    # Cut off, it goes on from where the client is, on the same record.
    for place in (10, 10, 20, len(seqs) - 3):
        other.client.connect(purposes=[PURPOSE], resume={PURPOSE: (log_id, seqs[place])})
        got = list(other.client.deliveries())
        assert all(d.replay for d in got) and [d.position for d in got] == seqs[place + 1:], (place, len(got))
    assert len(records(hub, "replayed")) == before + 1
    other.client.connect(purposes=[PURPOSE], resume={PURPOSE: (log_id, last)})
    assert list(other.client.deliveries()) == []
    other.client.close()


def cut_off(hub, school, police):
    """A replay whose session ends goes on in the next, under its one record; status shows it; what came meanwhile comes once."""
    before = len(records(hub, "replayed"))
    credit, nav_client.CREDIT = nav_client.CREDIT, 1  # for one frame, of which none is given back
    school.client.connect(purposes=[PURPOSE])
    nav_client.CREDIT = credit
    hub.navctl("lane", "replay", "skolan", PURPOSE, "--after", "0", "--reason", "prov")
    replay = wait_until("it stands for want of credit", lambda: lane_of(hub).get("replay"))
    assert replay["after"] == 0 and replay["at"] < replay["up_to"], replay
    school.client.close()
    seqs = publish(hub, police, range(MANY, MANY + 3))
    assert lane_of(hub)["replay"]["up_to"] == replay["up_to"], "it is forgotten"
    school.client.connect(purposes=[PURPOSE])
    got = [(d.position, d.replay) for d in school.client.deliveries()]
    again = [p for p, replayed in got if replayed]
    assert len(again) >= MANY and again == sorted(again) and again[-1] == replay["up_to"], (len(again), again[-1:], replay)
    assert [p for p, replayed in got if not replayed] == seqs, got[-5:]
    assert "replay" not in lane_of(hub) and len(records(hub, "replayed")) == before + 1
    ends_with_its_session(hub, school)
    return seqs


def ends_with_its_session(hub, school):
    """What the recipient itself had asked for: it asks again."""
    time.sleep(PAUSE_S)
    credit, nav_client.CREDIT = nav_client.CREDIT, 1
    school.client.connect(purposes=[PURPOSE])
    nav_client.CREDIT = credit
    school.client.replay(lane_of(hub)["number"], after=0)
    wait_until("it stands for want of credit", lambda: lane_of(hub).get("replay"))
    school.client.connect(purposes=[PURPOSE])
    assert not [d for d in school.client.deliveries() if d.replay] and "replay" not in lane_of(hub)


def place_past_the_end(hub):
    """An adapter whose inbox is of a ledger that this one has lost: it says so, and tries again."""
    hub.run_adapter("tycktill", "--once")
    path = hub.path("agencies", "tycktill", "inbox", ".place-" + PURPOSE)
    with open(path, encoding="utf-8") as file:
        mark, log_id, _, offset = file.read().split()
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{mark} {log_id} {10**9} {offset}\n")
    hub.start_adapter("tycktill")
    wait_until("it says so", lambda: "up to position 1000000000, and this ledger ends at" in hub.log("adapter-tycktill"))
    hub.stop("adapter-tycktill")


def words_that_were_cut(hub, school, seqs):
    """What a recipient says is at most 512 bytes: cut between two characters, and read by auditors."""
    number = lane_of(hub)["number"]
    school.client._send(nack=SCHEMA.Nack(lane=number, position=seqs[0], final=True, reason="a" + 400 * "å"))
    wait_until("it is set aside", lambda: [a["position"] for a in set_aside(hub)] == [seqs[0]])
    [line] = records(hub, "nacked")
    assert line["reason"].endswith("å") and "aååå" in line["reason"], line
    assert "åå" in hub.navctl("audit", "show", str(line["seq"])).stdout


def refuses_everything(hub, school, police):
    """Where nothing more can be set aside the lane stands still, and status and log say so; one redelivered, and it goes on."""
    have = len(set_aside(hub))
    for first in range(2 * MANY, 2 * MANY + ASIDE_MAX, 128):
        publish(hub, police, range(first, first + 128))
    school.client.connect(purposes=[PURPOSE])
    for refusals in range(have, ASIDE_MAX + 1):
        if refusals == ASIDE_MAX - 1:
            assert "full" not in lane_of(hub), "too early"
        delivery = waiting_ones(school.client, 1)[0]
        school.client.refuse(delivery, "prov", final=True)
        wait_until("it is answered", lambda count=refusals - have: answers(school.client) > count)
    assert [r.set_aside for r in school.client.resent][-2:] == [True, False] and len(set_aside(hub)) == ASIDE_MAX
    assert lane_of(hub)["full"] and "nothing more can be set aside" in hub.navctl("status").stdout
    with open(hub.path("log", "nav-core.log"), encoding="utf-8") as log:
        assert log.read().count("stands still at position") == 1
    position = set_aside(hub)[-1]["position"]
    hub.navctl("lane", "redeliver", "skolan", PURPOSE, str(position), "--reason", "prov")
    assert "full" not in lane_of(hub) and delivery.position == waiting_ones(school.client, 1)[0].position


def answers(client):
    client._receive(wait_ms=100)
    return len(client.resent)


def main():
    with Hub() as hub:
        police, school = Agency(hub, "polisen"), Agency(hub, "skolan")
        seqs = []
        for first in range(0, MANY, 250):
            seqs += publish(hub, police, range(first, first + 250))
        wait_until("a session", lambda: connects(school))
        got = list(school.client.deliveries())
        assert [d.position for d in got] == seqs
        school.client.acknowledge(got[-1])  # each by itself would be more frames than an agency may send
        wait_until("all is acknowledged", lambda: lane_of(hub)["cursor"] == seqs[-1])
        impossible_time(hub, school)
        starts(hub, school, seqs)
        more = cut_off(hub, school, police)
        place_past_the_end(hub)
        words_that_were_cut(hub, school, more)
        refuses_everything(hub, school, police)
        hub.verify()
        print("replays: bounded, held apart, gone on with; the ledger holds")


if __name__ == "__main__":
    main()
