"""A real adapter in a history: the city's system in front of nav-tycktill, which drops files of reports into its outbox, new ones, changed ones
and the same again; and the adapter's inbox as a recipient's deliveries, in history_check.py's entries.

The adapter keeps its place over every kill, so its inbox is as one session that never ended: each line once, in order, nothing passed over; and
it acknowledges a line only once the line is durable.
Used by: history_test.py. Must never: decide whether anything was right, or read the adapter's state."""

import json
import os
from datetime import datetime, timezone

import history_check as h
import nav_client
from history_clients import Worker
from nodes import SCHEMA

AGENCY, PROGRAM = "tycktill", "adapter-tycktill"
REQUESTED = datetime(2026, 10, 5, 21, 41, 45, tzinfo=timezone.utc)
REQUESTED_MS = round(REQUESTED.timestamp() * 1000)
REPORTS_MAX = 6   # in one file
TOP = {"time": "time_ms", "recordedtime": "recorded_time_ms", "navrevision": "revision", "navinreplyto": "in_reply_to"}
HUBS_OWN = {"specversion", "type", "datacontenttype", "data", "navseq", "navrule", "navbasis", "navpurpose", "navwithheld", "navreplay"}
BODIES = {field.message_type.name: field.name for field in SCHEMA.Event.DESCRIPTOR.oneofs[0].fields}


class Reporter(Worker):
    """Drops files while it runs, and writes down which of them the adapter has put aside as done: each of their events has its receipt."""

    def __init__(self, hub, seed, history):
        super().__init__(hub, seed, history)
        self.keys = nav_client.Keys(hub.path("agencies", AGENCY, "keys"))
        self.outbox = hub.path("agencies", AGENCY, "outbox")
        for folder in ("done", "failed"):
            os.makedirs(os.path.join(self.outbox, folder), exist_ok=True)
        self.reports, self.waiting, self.files = {}, {}, 0  # number → report; name of a file → (id, revision) of its events
        self.revisions = {}  # id → what the event was last, and its revision: another one whenever that changes

    def step(self):
        self.drop()
        self.see_done()

    def written(self, number):
        """A new report, or an old one: as it was, changed, or answered."""
        report = self.reports.setdefault(number, {
            "service_request_id": f"H-{number}", "status": "open", "service_code": "7", "service_name": "Klotter",
            "description": f"Prov {number}.", "requested_datetime": REQUESTED.isoformat(), "address": f"Provgatan {number}, Bromma"})
        roll = self.chance.random()
        if roll < 0.3:
            report["description"] += " Ändrad."
        elif roll < 0.5:
            report.update(status="closed", status_notes=f"Svar {self.files}.")
        return report

    def events(self, report):
        """(id, revision) of the report, and of the city's answer to it."""
        said = {report["service_request_id"]: (report["status"], report["description"])}
        if "status_notes" in report:
            said[report["service_request_id"] + "/update"] = (report["status"], report["status_notes"])
        for name, content in said.items():
            event_id = self.keys.event_id(REQUESTED_MS, AGENCY, name)
            before, revision = self.revisions.get(event_id, (None, 0))
            self.revisions[event_id] = (content, revision + (content != before))
            yield event_id, self.revisions[event_id][1]

    def drop(self):
        fresh = range(len(self.reports), len(self.reports) + self.chance.randint(1, REPORTS_MAX))
        known = self.chance.sample(sorted(self.reports), min(len(self.reports), self.chance.randint(0, 2)))
        reports = [self.written(number) for number in (*fresh, *known)]
        self.files += 1
        name = f"{self.files:06d}.json"
        self.waiting[name] = [event for report in reports for event in self.events(report)]
        for event_id, revision in self.waiting[name]:
            self.history.add(h.Reported, AGENCY, event_id, revision)
        self.hub.drop(AGENCY, name, json.dumps(reports, ensure_ascii=False))

    def see_done(self):
        for name in set(os.listdir(os.path.join(self.outbox, "done"))) & set(self.waiting):
            for event_id, revision in self.waiting.pop(name):
                self.history.add(h.Filed, AGENCY, event_id, revision)

    def drained(self):
        self.see_done()
        return not self.waiting

    def refused(self):
        """What the adapter says of events that the hub took not, and of files that it could not read."""
        path = os.path.join(self.outbox, "rejected.ndjson")
        unread = os.listdir(os.path.join(self.outbox, "failed"))
        if not os.path.exists(path):
            return unread
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines() + unread


# ---- the inbox ----

def value_of(field, value):
    if field.message_type is not None:
        return filled(getattr(SCHEMA, field.message_type.name)(), value)
    if field.enum_type is not None and isinstance(value, str):
        return next(v.number for v in field.enum_type.values if v.name.lower().endswith("_" + value))
    if field.type == field.TYPE_BYTES:
        return bytes.fromhex(value)
    if field.name.endswith("_ms") and isinstance(value, str):
        return round(datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp() * 1000)
    return value


def filled(message, values):
    """The message with what the JSON has of it; a key that is no field of it raises."""
    for key, value in values.items():
        fields = message.DESCRIPTOR.fields_by_name
        field = fields[key] if key in fields else fields[key + "_ms"]
        if field.label == field.LABEL_REPEATED:
            getattr(message, field.name).extend(value_of(field, v) for v in value)
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(value_of(field, value))
        else:
            setattr(message, field.name, value_of(field, value))
    return message


def event_of(line):
    """nav.v1.Event of an inbox line: all that the agency's system is told. Another key than we know raises."""
    top = {TOP.get(key, key): value for key, value in line.items() if key not in HUBS_OWN}
    data = dict(line["data"])
    body = data.pop("body", None)
    if body is not None:
        data[BODIES[line["type"].rsplit(".", 1)[1]]] = body
    return filled(SCHEMA.Event(), {**top, **data})


def add_inbox(hub, history, lanes):
    """The adapter's deliveries and acknowledgements, of one session. lanes: {(agency, purpose): number}."""
    numbers = {purpose: number for (agency, purpose), number in lanes.items() if agency == AGENCY}
    history.add(h.Session, AGENCY, 1, 0, {number: 0 for number in numbers.values()})
    for purpose, number in numbers.items():
        for line in hub.inbox(AGENCY, purpose):
            withheld = [path for path in line.get("navwithheld", "").split(",") if path]
            history.add(h.Delivered, AGENCY, 1, number, line["navseq"], line.get("navreplay", False), event_of(line).SerializeToString(),
                        withheld, line["navrule"], line["navbasis"])
            history.add(h.Acknowledged, AGENCY, 1, number, line["navseq"])
