"""The schemas as a test sees them: every message's fields with type and sensitivity, read from protoc's descriptors, none of our C code.

Used by: tests/flow. Must never: share code with what it tests."""

import os
import subprocess
import tempfile

from google.protobuf import descriptor_pb2

from postgres import ROOT

OPTION_SENSITIVITY = 50001
CLASSES = ("unspecified", "open", "place", "home", "narrative", "contact", "identity", "health", "offence")


def _sensitivity(field):
    """Our own option, which descriptor_pb2 does not know: read from the options' bytes (a varint)."""
    data = field.options.SerializeToString()
    i = 0
    while i < len(data):
        tag, i = _varint(data, i)
        if tag & 7 == 0:
            value, i = _varint(data, i)
            if tag >> 3 == OPTION_SENSITIVITY:
                return CLASSES[value]
        elif tag & 7 == 2:
            length, i = _varint(data, i)
            i += length
        else:
            raise ValueError("an option of an unforeseen wire type")
    return None


def _varint(data, i):
    value = shift = 0
    while True:
        byte = data[i]
        i += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, i


class Field:
    def __init__(self, proto):
        self.name = proto.name
        self.number = proto.number
        self.repeated = proto.label == proto.LABEL_REPEATED
        self.type_name = proto.type_name.rsplit(".", 1)[-1]
        self.sensitivity = _sensitivity(proto)
        kinds = {proto.TYPE_STRING: "string", proto.TYPE_BYTES: "bytes", proto.TYPE_MESSAGE: "message",
                 proto.TYPE_ENUM: "enum", proto.TYPE_BOOL: "bool", proto.TYPE_DOUBLE: "double"}
        self.kind = kinds.get(proto.type, "int")
        self.in_oneof = proto.HasField("oneof_index")


class Schema:
    """messages: name → list of Field; enums: name → list of short value names."""

    def __init__(self):
        with tempfile.NamedTemporaryFile() as out:
            folder = os.path.join(ROOT, "schemas")
            files = sorted(os.path.join("nav/v1", f) for f in os.listdir(os.path.join(folder, "nav/v1")))
            subprocess.run(["protoc", "-I.", "-I/usr/include", "--descriptor_set_out=" + out.name, *files], cwd=folder,
                           check=True)
            descriptors = descriptor_pb2.FileDescriptorSet.FromString(out.read())
        self.messages = {}
        self.enums = {}
        for file in descriptors.file:
            for message in file.message_type:
                self.messages[message.name] = [Field(f) for f in message.field]
            for enum in file.enum_type:
                prefix = enum.value[0].name[: -len("UNSPECIFIED")]
                self.enums[enum.name] = [v.name[len(prefix):].lower() for v in enum.value]
        self.bodies = [f for f in self.messages["Event"] if f.in_oneof]
