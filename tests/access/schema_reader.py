"""The messages' fields, types and classes, read from the text of schemas/nav/v1/*.proto.

Called by: oracle.py and cases.py. Must never: use the tables that the build generates from the same files (those are what is tested)."""

import re
from pathlib import Path

CLASSES = ("open", "place", "home", "narrative", "contact", "identity", "health", "offence")  # bit n + 1 of a reveal
BIT = {name: 1 << (number + 1) for number, name in enumerate(CLASSES)}
ALL_BITS = sum(BIT.values())

FIELD = re.compile(r"(optional|repeated)?\s*(\w+)\s+(\w+)\s*=\s*(\d+)\s*\[\(sensitivity\)\s*=\s*SENSITIVITY_(\w+)\]")


class Field:
    def __init__(self, repeated, kind, name, number, bit):
        self.repeated, self.kind, self.number, self.bit = repeated, kind, number, bit
        self.is_time = kind == "int64" and name.endswith("time_ms")
        self.name = name[:-3] if self.is_time else name  # as rules and JSON write it


class Schema:
    """messages: name → {field name: Field}; enums: name → short names, the unspecified one first."""

    def __init__(self, folder):
        self.messages, self.enums, self.bodies = {}, {}, {}
        for path in sorted(Path(folder).glob("*.proto")):
            text = re.sub(r"//[^\n]*", "", path.read_text())
            for kind, name, inside in re.findall(r"\b(message|enum)\s+(\w+)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", text):
                if kind == "enum":
                    self._enum(name, inside)
                else:
                    self._message(name, inside)
        for field in self.messages["Event"].values():
            if field.number >= 20:
                self.bodies[field.kind] = field.number

    def _enum(self, name, inside):
        values = re.findall(r"(\w+)\s*=\s*\d+", inside)
        prefix = values[0][: -len("UNSPECIFIED")] if values[0].endswith("UNSPECIFIED") else ""
        self.enums[name] = [value[len(prefix):].lower() for value in values]

    def _message(self, name, inside):
        fields = [Field(label == "repeated", kind, field, int(number), BIT[sensitivity.lower()])
                  for label, kind, field, number, sensitivity in FIELD.findall(inside)]
        self.messages[name] = {field.name: field for field in fields}
