"""hub/ledger/README.md against ledger.proto: every record kind stands in it, and every record, field and kind that it names exists.

Run by: ctest. Must never: need a hub."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import ROOT  # noqa: E402
from schema import Schema  # noqa: E402

KIND_FIRST = 10  # of Record: below stand seq, time and epoch


def faults_of(text, schema):
    record = schema.messages["Record"]
    kinds = {f.name: f.type_name for f in record if f.number >= KIND_FIRST}
    section = text[text.index("## Posterna"):text.index("## Artikel 25")]
    table = text[text.index("## Artikel 25"):text.index("## Vad som inte")]
    faults = [f"the kind {kind} is not in the table of records" for kind in kinds if f"`{kind}`" not in section]
    listed = re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `")))
    faults += [f"there is no kind {kind}" for kind in listed if kind not in kinds]
    named = re.findall(r"`(\w+)\.(\w+)`", table)
    for kind, field in named:
        message = "Record" if kind == "record" else kinds.get(kind)
        if message is None or field not in {f.name for f in schema.messages[message]}:
            faults.append(f"ledger.proto has no {kind}.{field}")
    faults += [f"--kind {kind} is no kind" for kind in re.findall(r"--kind (\w+)", text) if kind not in kinds]
    return faults, len(named)


def main():
    schema = Schema()
    with open(os.path.join(ROOT, "hub/ledger/README.md"), encoding="utf-8") as file:
        text = file.read()
    faults, named = faults_of(text, schema)
    assert not faults, faults
    assert named > 30, named
    # The check itself finds what it is for.
    assert faults_of(text.replace("`read.reason`", "`read.why`"), schema)[0] == ["ledger.proto has no read.why"]
    assert faults_of(text.replace("`nacked`", "`nack`"), schema)[0] == ["the kind nacked is not in the table of records", "there is no kind nack"]
    print(f"ok {named} fields in the document")


if __name__ == "__main__":
    main()
