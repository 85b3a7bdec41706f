"""Recall on a whole hub: what a sender takes back reaches everybody who received, was let have, or read it, whatever the rules say; it
is never sent again; and who has not confirmed is seen.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import wait_until  # noqa: E402
from lane_test import Agency, connects, lane_of  # noqa: E402
from people import AssessorHub, event, intervention  # noqa: E402

PURPOSE = "situation-picture"


def disturbance(text):
    return event("bostadsbolaget", "Disturbance", {"kind": "noise", "description": text},
                 place={"area": "bromma", "municipality": "0180"})


def recall(hub, agency, reason, *ids):
    done = hub.json("recall", "send", "--as", agency, "--reason", reason, *ids)
    assert done[0]["status"] == "accepted", done
    wait_until("the recall is in the ledger", lambda: hub.json("recall", "list"))
    return max(r["recall"] for r in hub.json("recall", "list"))


def received_and_pending(hub):
    """The police have it, the school does not: the police get the Recall too, the school the Recall instead."""
    first, second = disturbance("ett"), disturbance("två")
    [seq, other] = hub.publish("bostadsbolaget", first, second)
    hub.run_adapter("polisen")
    assert [d["navseq"] for d in hub.inbox("polisen", PURPOSE)] == [seq, other]
    number = recall(hub, "bostadsbolaget", "wrong", first["id"])
    status = hub.json("recall", "status", str(number))
    told = {(r["agency"], r["purpose"]): r for r in status["recipients"]}
    assert told["polisen", PURPOSE]["had_it"] and not told["skolan", PURPOSE]["had_it"], told
    assert status["missing"] == len(status["recipients"]) and not status["readers"], status

    hub.run_adapter("skolan")
    lines = hub.inbox("skolan", PURPOSE)
    assert [d["type"] for d in lines] == ["nav.v1.Disturbance", "nav.v1.Recall"], lines
    assert lines[0]["id"] == second["id"], "what was taken back is not sent"
    body = lines[1]["data"]["body"]
    assert body["event_ids"] == [first["id"]] and body["reason"] == "wrong" and lines[1]["navrule"] == "recall", lines[1]
    hub.run_adapter("polisen")
    assert hub.inbox("polisen", PURPOSE)[-1]["type"] == "nav.v1.Recall"
    assert not [d for d in hub.inbox("tycktill", "welfare-crime")], "told to nobody who was not let have it"
    return number, first, second


def confirmed(hub, number):
    for agency in ("socialtjansten", "tycktill"):
        hub.run_adapter(agency)
    status = hub.json("recall", "status", str(number))
    told = {(r["agency"], r["purpose"]): r["confirmed"] for r in status["recipients"]}
    assert told["polisen", PURPOSE] and told["skolan", PURPOSE] and told["socialtjansten", PURPOSE], told
    assert not told["brandforsvaret", PURPOSE], "it has no system connected"
    assert status["missing"] == sum(not c for c in told.values()), status
    text = hub.navctl("recall", "status", str(number)).stdout
    assert "have not confirmed" in text and "brandforsvaret" in text


def readers(hub):
    """Who has read it through a briefing, or as an assessor, is told of it and confirms."""
    held = intervention("Läst Person")
    [seq] = hub.publish("socialtjansten", held)
    [hold] = [h for h in hub.json("hold", "list") if h["seq"] == seq and h["purpose"] == "sig"]
    hub.json("hold", "show", hold["hold"])
    number = recall(hub, "socialtjansten", "unlawful", held["id"])
    assert not [h for h in hub.json("hold", "list") if h["seq"] == seq], "nothing of it waits any more"
    [listed] = [r for r in hub.json("recall", "list") if r["recall"] == number]
    assert listed["to_confirm"], listed
    [reader] = hub.json("recall", "status", str(number))["readers"]
    assert reader["person"] == "soc-gruppledare" and reader["how"] == "read" and not reader["confirmed"], reader
    hub.navctl("recall", "confirm", str(number), "--note", "Struket")
    status = hub.json("recall", "status", str(number))
    assert status["readers"][0]["confirmed"] and status["missing"] == 0, status
    assert hub.navctl("recall", "confirm", "999999", check=False).returncode == 4


def refused(hub, first):
    """Only the sender, only what there is."""
    unknown = hub.navctl("recall", "send", "--as", "bostadsbolaget", "--reason", "wrong", "0" * 32, check=False)
    assert unknown.returncode == 1 and "not_found" in unknown.stdout, unknown
    other = hub.navctl("recall", "send", "--as", "polisen", "--reason", "wrong", first["id"], check=False)
    assert other.returncode == 1 and "not_found" in other.stdout, other
    assert hub.navctl("recall", "send", "--as", "polisen", "--reason", "because", first["id"], check=False).returncode == 2


def started_anew(hub):
    hub.kill("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()


def in_flight(hub):
    """Sent, not acknowledged, and then taken back: the lane never gets it, and waits for the Recall alone."""
    school = Agency(hub, "skolan")
    school.client.connect(purposes=[PURPOSE])
    for delivery in school.client.deliveries():
        school.client.acknowledge(delivery)
    wait_until("all is acknowledged", lambda: lane_of(hub)["behind"] == 0)
    kept, taken = disturbance("kvar"), disturbance("åter")
    seqs = hub.publish("bostadsbolaget", kept, taken)
    assert [d.position for d in school.client.deliveries()] == seqs
    recall(hub, "bostadsbolaget", "wrong", taken["id"])
    school.client.close()
    wait_until("it has left", lambda: not next(a for a in hub.status()["agencies"] if a["id"] == "skolan")["connected"])
    assert lane_of(hub)["behind"] == 2, "what was kept, and the Recall"
    started_anew(hub)
    assert lane_of(hub)["behind"] == 2, "counted anew at a start"
    wait_until("a session", lambda: connects(school))
    got = list(school.client.deliveries())
    assert [d.rule == "recall" for d in got] == [False, True] and got[0].position == seqs[0], got
    school.client.acknowledge(got[-1])
    wait_until("all is acknowledged", lambda: lane_of(hub)["cursor"] == got[-1].position)
    assert lane_of(hub)["behind"] == 0, lane_of(hub)
    school.client.close()
    started_anew(hub)
    assert lane_of(hub)["behind"] == 0, "counted anew at a start"
    wait_until("a session", lambda: connects(school))
    assert not list(school.client.deliveries())
    assert lane_of(hub)["behind"] == 0, lane_of(hub)
    school.client.close()


def survives(hub, second):
    """A recall holds for ever: nav-core killed, and an inbox restored from a backup asks for everything again."""
    recall(hub, "bostadsbolaget", "withdrawn", second["id"])
    started_anew(hub)
    for name in os.listdir(hub.path("agencies", "tycktill", "inbox")):
        os.unlink(hub.path("agencies", "tycktill", "inbox", name))
    hub.run_adapter("tycktill")
    lanes = {(lane["agency"], lane["purpose"]): lane for lane in hub.status()["lanes"]}
    assert not [d for d in hub.inbox("tycktill", PURPOSE) if d["type"] == "nav.v1.Disturbance"]
    assert lanes["tycktill", PURPOSE]["behind"] == 0, lanes["tycktill", PURPOSE]


def main():
    with AssessorHub() as hub:
        number, first, second = received_and_pending(hub)
        confirmed(hub, number)
        readers(hub)
        refused(hub, first)
        survives(hub, second)
        in_flight(hub)
        kinds = {line["kind"] for line in hub.json("audit", "search", "--event", first["id"], "--reason", "prov")}
        assert "recalled" in kinds, kinds
        report = hub.verify()
        assert report["ok"], report
    print("recalls: received, pending, in flight, read, refused, after a kill")


if __name__ == "__main__":
    main()
