#!/usr/bin/env python3
"""The texts of rules are kept with the ledger: what was in force at any record comes back byte for byte, also after other rules, a kill -9 in
the middle of a change, and a hub from before there were any; what is missing, changed or added is found and its record named.

Run by: ctest (NAV_BIN is the build's bin folder)."""

import base64
import hashlib
import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub import BIN, Hub, wait_until  # noqa: E402
from postgres import SqlError  # noqa: E402
from rules import DONE, FAILED, UNREACHABLE, Agency, Folder, load, rules_changed  # noqa: E402

USAGE, NOT_FOUND = 2, 4
PARAGRAPH, OTHER_PARAGRAPH = "    section: 6 kap. 5 §\n", "    section: 6 kap. 5 z §\n"
KILLS = 4


def files_of(hub):
    """{name: bytes} of what decides, as it stands now."""
    found = {}
    for name in ["agencies.yaml", "law.yaml"] + [f"{folder}/{name}" for folder in ("access", "areas")
                                                 for name in os.listdir(hub.path("config", folder)) if name.endswith(".yaml")]:
        with open(hub.path("config", *name.split("/")), "rb") as file:
            found[name] = file.read()
    return found


def files_under(folder):
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                found[os.path.relpath(os.path.join(path, name), folder)] = file.read()
    return found


def kept_rows(hub):
    """{hash: seq} of nav.rules_text."""
    return {h: int(s) for h, s in hub.postgres.sql("postgres", "SELECT encode(sha256, 'hex'), seq FROM nav.rules_text")}


def last_seq(hub):
    return int(hub.postgres.sql("postgres", "SELECT max(seq) FROM nav.ledger")[0][0])


def faults(hub):
    report = hub.verify()
    return [(fault["seq"], fault["what"]) for fault in report["faults"]]


def history(hub, config, police):
    """Three sets of rules and an event under each: [(record of the change, record of the event, files)]."""
    states = []
    for step in range(3):
        if step == 1:
            config.write("access/young-at-risk.yaml", config.read("access/young-at-risk.yaml") + "# ändrad\n")
            config.write("areas/tom.yaml", 'municipality: "0180"\nareas:\n  - {id: tom, title: Tom, parent: bromma, population: 1}\n')
        if step == 2:
            text = config.read("law.yaml")
            assert text.count(PARAGRAPH) == 1
            config.write("law.yaml", text.replace(PARAGRAPH, OTHER_PARAGRAPH))
            os.remove(hub.path("config", "areas", "tom.yaml"))
            config.before.pop("areas/tom.yaml")
        if step > 0:
            done, loaded = load(hub, "--since", "none")
            assert done.returncode == DONE and loaded["changed"], done
        [event] = police.publish([police.incident()])
        states.append((rules_changed(hub)[-1][0], event, files_of(hub)))
    return states


def kept_once(hub, states):
    """Each text once, with the first record that named it; the database itself refuses another text for a hash, and every change."""
    first = {}
    for seq, _, files in states:
        for text in files.values():
            first.setdefault(hashlib.sha256(text).hexdigest(), seq)
    assert kept_rows(hub) == first
    assert all(changed.texts_kept for _, changed in rules_changed(hub))
    hash_of = f"decode('{next(iter(first))}', 'hex')"
    for role, sql in (("nav_core", f"UPDATE nav.rules_text SET seq = 1 WHERE sha256 = {hash_of}"), ("nav_owner", "DELETE FROM nav.rules_text"),
                      ("nav_core", "INSERT INTO nav.rules_text VALUES (sha256('a'), 1, 'b')")):
        try:
            hub.postgres.sql(role, sql)
        except SqlError as error:
            assert any(text in str(error) for text in ("only grows", "permission denied", "rules_text_is_of_its_hash")), error
        else:
            raise AssertionError(f"{role} may: {sql}")


def listed(hub, states):
    lines = hub.json("audit", "rules", "--reason", "granskning")
    assert [line["seq"] for line in lines] == [seq for seq, _, _ in reversed(states)], lines
    changes = dict(rules_changed(hub))
    for line in lines:
        changed = changes[line["seq"]]
        assert line["hash"] == changed.hash.hex() and line["rules"] == len(changed.rules) and line["person"] == changed.person, line
        assert line["names"] == [file.name for file in changed.files] and line["files"] == len(changed.files) and line["kept"] is True
    assert lines[0]["person"] == "test" and lines[-1]["person"] == "", lines
    table = hub.navctl("audit", "rules").stdout
    assert "PERSON" in table and lines[0]["hash"] in table, table
    assert len(hub.navctl("audit", "rules", "-o", "csv").stdout.splitlines()) == 4
    assert "more" in hub.navctl("audit", "rules", "--limit", "1").stderr


def asked_for(hub, states):
    """By the record of the change, the event's under it, and in each form."""
    for number, (change, event, files) in enumerate(states):
        for seq in (change, event):
            folder = hub.path("run", f"then-{number}-{seq}")
            said = hub.navctl("audit", "rules", str(seq), "--out", folder).stdout
            assert f"{len(files)} files" in said, said
            assert files_under(folder) == files, seq
        checked = hub.navctl("access", "check", folder, check=False)
        assert checked.returncode == DONE, checked
        told = hub.json("audit", "rules", str(event))
        assert told["seq"] == change and {f["name"]: f["text"].encode() for f in told["texts"]} == files
        assert all(hashlib.sha256(f["text"].encode()).hexdigest() == f["sha256"] for f in told["texts"])
        table = hub.navctl("audit", "rules", str(event)).stdout
        assert f"In force since record {change}" in table and all(f"==== {name}  SHA-256" in table for name in files), table[:500]
        done = subprocess.run([os.path.join(BIN, "navctl"), "--home", hub.home, "audit", "rules", str(event), "--file", "law.yaml"],
                              check=True, capture_output=True)
        assert done.stdout == files["law.yaml"]
    # Explained by the rules of then, which named the paragraph otherwise.
    for number, paragraph in ((0, "6 kap. 5 §"), (2, "6 kap. 5 z §")):
        words = " ".join(hub.json("audit", "show", str(states[number][1]))["words"]["sv"])
        assert f"{paragraph} OSL (osl-6-5)" in words and "dagens law.yaml" not in words, words


def refusals(hub, states):
    def code(*args):
        return hub.navctl("audit", "rules", *args, check=False).returncode
    folder = hub.path("run", "there-already")
    os.makedirs(folder)
    assert code(str(states[0][0]), "--out", folder) == FAILED and os.listdir(folder) == []
    assert code("1") == NOT_FOUND and code(str(last_seq(hub) + 1000)) == NOT_FOUND
    assert code(str(states[0][0]), "--file", "access/no.yaml") == NOT_FOUND
    for args in (("x",), ("0",), ("--out", "x"), (str(states[0][0]), "--out", "x", "--file", "law.yaml"), (str(states[0][0]), "--limit", "3"), (str(states[0][0]), "-o", "csv")):
        assert code(*args) == USAGE, args
    queries = [line["reason"] or "" for line in hub.json("audit", "search", "--kind", "audit_read")]
    for query in ("audit rules", f"audit rules {states[0][0]}", f"audit rules {states[0][1]} --file law.yaml"):
        assert any(query in asked for asked in queries), (query, queries)
    assert any("granskning" in asked for asked in queries)


def any_mandate(hub, states):
    """The rules are the hub's own: an auditor of one agency has them too. Nobody has them unrecorded."""
    config = Folder(hub.path("config"))
    config.change("persons.yaml", "mandate: all", "mandate: [polisen]")
    hub.stop("nav-desk")
    hub.start_program("nav-desk")
    wait_until("nav-desk listens", lambda: os.path.exists(hub.path("run", "desk.sock")))
    assert hub.json("audit", "rules", str(states[0][1]))["seq"] == states[0][0]
    assert len(hub.json("audit", "rules")) == len(states)
    hub.kill("nav-core")
    folder = hub.path("run", "unrecorded")
    assert hub.navctl("audit", "rules", str(states[0][1]), "--out", folder, check=False).returncode == UNREACHABLE
    assert not os.path.exists(folder)
    config.restore()
    hub.stop("nav-desk")
    hub.start_program("nav-core")
    hub.start_program("nav-desk")
    hub.wait_ready()


def names_are_no_paths(hub):
    """A stand-in for nav-desk, which says that a record names files elsewhere: nothing is written."""
    hub.stop("nav-desk")
    path = hub.path("run", "desk.sock")
    if os.path.exists(path):
        os.unlink(path)
    text = b"rules: []\n"
    for number, name in enumerate(("../x.yaml", "/tmp/x.yaml", "access/../../x.yaml", "access/.x.yaml", "access/a/b.yaml", "access/x.yml", "",
                                   "keys/hub.yaml", "nav.yaml", "access/", "access/.yaml", "access/x\n.yaml")):
        answer = json.dumps({"ok": True, "change": {"seq": 2}, "texts": [
            {"name": n, "sha256": hashlib.sha256(text).hexdigest(), "text": base64.b64encode(text).decode()}
            for n in ("law.yaml", name)]}).encode()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(struct.pack(">I", len(answer)) + answer)
        thread = threading.Thread(target=serve)
        thread.start()
        folder = hub.path("run", f"named-{number}")
        done = hub.navctl("audit", "rules", "2", "--out", folder, check=False)
        thread.join(10)
        listener.close()
        os.unlink(path)
        assert done.returncode == FAILED and not os.path.exists(folder), (name, done)
    hub.start_program("nav-desk")
    wait_until("nav-desk listens", lambda: os.path.exists(path))


def exported(hub, states):
    path, early = hub.path("run", "hub.tar"), hub.path("run", "early.tar")
    key = hub.path("config", "keys", "hub.yaml")
    hub.navctl("audit", "export", "--out", path)
    hub.navctl("audit", "export", "--out", early, "--until", str(states[1][0]))
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "ledger"))
    import verifier
    with open(key, encoding="utf-8") as file:
        key_hex = file.read().split("checkpoint: ")[1].split()[0]
    for archive, known in ((path, states), (early, states[:2])):
        texts = {text for _, _, files in known for text in files.values()}
        files = verifier.read_archive(archive)
        assert {raw for name, raw in files.items() if name.startswith("rules/")} == texts
        assert hub.navctl("audit", "verify", "--offline", archive, "--key", key).returncode == 0
    assert verifier.verify(path, key_hex)["texts"] == len({t for _, _, files in states for t in files.values()})


def tampered(hub, states):
    """As a superuser who knows how to switch triggers and constraints off; put back after each."""
    def admin(sql):
        hub.postgres.sql("postgres", "SET session_replication_role = replica;" + sql)
    both = hashlib.sha256(states[0][2]["access/common.yaml"]).hexdigest()  # of all three
    second = hashlib.sha256(states[1][2]["areas/tom.yaml"]).hexdigest()    # of the second alone
    hub.postgres.sql("postgres", "CREATE TABLE public.as_it_was AS SELECT * FROM nav.rules_text")
    again = "DELETE FROM nav.rules_text; INSERT INTO nav.rules_text SELECT * FROM public.as_it_was"
    assert faults(hub) == []
    admin(f"DELETE FROM nav.rules_text WHERE sha256 = decode('{both}', 'hex')")
    found = faults(hub)
    assert [seq for seq, _ in found] == [seq for seq, _, _ in states], found
    assert all("the text of access/common.yaml, which it put in force, is not kept" in what for _, what in found), found
    done = hub.navctl("audit", "rules", str(states[2][1]), check=False)
    assert done.returncode == FAILED and "audit verify" in done.stderr, done
    admin(again)
    admin(f"DELETE FROM nav.rules_text WHERE sha256 = decode('{second}', 'hex')")
    assert [seq for seq, _ in faults(hub)] == [states[1][0]]
    admin(again)
    admin("ALTER TABLE nav.rules_text DROP CONSTRAINT rules_text_is_of_its_hash; "
          f"UPDATE nav.rules_text SET text = text || 'x' WHERE sha256 = decode('{second}', 'hex')")
    [(seq, what)] = faults(hub)
    assert seq == states[1][0] and "the kept text of areas/tom.yaml is not the one that the record hashes" in what, (seq, what)
    assert hub.navctl("audit", "rules", str(states[1][1]), check=False).returncode == FAILED
    admin(again + "; ALTER TABLE nav.rules_text ADD CONSTRAINT rules_text_is_of_its_hash CHECK (sha256 = sha256(text))")
    admin(f"INSERT INTO nav.rules_text VALUES (sha256('more'), {states[1][0]}, 'more')")
    [(seq, what)] = faults(hub)
    assert seq == states[1][0] and hashlib.sha256(b"more").hexdigest() in what and "does not name" in what, (seq, what)
    admin(again)
    assert faults(hub) == []


def from_before(hub):
    """The last change says, as those of an older hub, that no texts came with it: the next start puts the rules in force again, with them."""
    last, changed = rules_changed(hub)[-1]
    record = hub.postgres.sql("postgres", f"SELECT encode(record, 'hex') FROM nav.ledger WHERE seq = {last}")[0][0]
    assert record.endswith("4001"), "texts_kept is the last field"
    hub.stop("nav-core")
    hub.postgres.sql("postgres", "SET session_replication_role = replica; UPDATE nav.ledger SET record = "
                     f"decode('{record[:-2]}00', 'hex') WHERE seq = {last}")
    hub.start_program("nav-core")
    hub.wait_ready()
    seq, again = rules_changed(hub)[-1]
    assert seq > last and again.hash == changed.hash and again.texts_kept and again.person == ""
    hub.postgres.sql("postgres", "SET session_replication_role = replica; UPDATE nav.ledger SET record = "
                     f"decode('{record}', 'hex') WHERE seq = {last}")
    assert faults(hub) == []
    hub.stop("nav-core")
    hub.start_program("nav-core")
    hub.wait_ready()
    assert rules_changed(hub)[-1][0] == seq, "a start alone is no change"


def killed_around(hub, config):
    """kill -9 at some moment of a change: the record and its texts are both there, or neither."""
    r = random.Random(7)
    changes = 0
    for number in range(KILLS):
        before = len(rules_changed(hub))
        config.write("access/young-at-risk.yaml", config.read("access/young-at-risk.yaml") + f"# {number}\n")
        waiting = subprocess.Popen([os.path.join(BIN, "navctl"), "--home", hub.home, "access", "load", "--since", "none"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if number % 2 == 0:
            time.sleep(r.random())
        else:  # as soon as the record is there
            wait_until("the change is recorded", lambda: len(rules_changed(hub)) > before)
        hub.kill("nav-core")
        waiting.wait(60)
        rows = kept_rows(hub)
        for seq, changed in rules_changed(hub):
            for file in changed.files:
                assert rows.get(file.sha256.hex(), seq + 1) <= seq, (seq, file.name)
        hub.start_program("nav-core")
        hub.wait_ready()
        assert faults(hub) == []
        changes += len(rules_changed(hub)) - before
        told = hub.json("audit", "rules", str(last_seq(hub)), "--file", "access/young-at-risk.yaml")
        assert told["texts"][0]["text"] == config.read("access/young-at-risk.yaml"), "a start puts in force what is there, and keeps it"
    assert changes == KILLS


class RulesHub(Hub):
    def json(self, *args):
        return json.loads(self.navctl(*args, "-o", "json").stdout)


def main():
    with RulesHub(agencies=("polisen",)) as hub:
        config = Folder(hub.path("config"))
        police = Agency(hub, "polisen")
        police.client.connect()
        states = history(hub, config, police)
        kept_once(hub, states)
        listed(hub, states)
        asked_for(hub, states)
        refusals(hub, states)
        exported(hub, states)
        tampered(hub, states)
        any_mandate(hub, states)
        names_are_no_paths(hub)
        from_before(hub)
        killed_around(hub, config)
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
