# SPDX-License-Identifier: Apache-2.0
"""Reads protobuf messages by their wire format alone, and profiles by the field numbers of two published schemas."""
import gzip
import struct


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Each field of a message: (number, value); the value is an int, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size, "a field is longer than its message"
        else:
            raise AssertionError(f"wire type {kind}")
        yield number, value


def all_of(data, number):
    return [value for found, value in fields(data) if found == number]


def one_of(data, number, default=0):
    found = all_of(data, number)
    assert len(found) <= 1, number
    return found[0] if found else default


def packed(data):
    at, values = 0, []
    while at < len(data):
        value, at = varint(data, at)
        values.append(value - (1 << 64) if value >> 63 else value)
    return values


def pprof_sums(data):
    """{sample type: sum of its values} of perftools.profiles.Profile."""
    data = gzip.decompress(data)
    strings = [text.decode() for text in all_of(data, 6)]
    types = [strings[one_of(one, 1)] for one in all_of(data, 1)]
    values = [packed(one_of(sample, 2, b"")) for sample in all_of(data, 2)]
    return {name: sum(row[i] for row in values) for i, name in enumerate(types)}


class Otlp:
    """ExportProfilesServiceRequest of opentelemetry.proto.profiles.v1development."""

    def __init__(self, data):
        dictionary = one_of(data, 2, b"")
        self.mappings, self.locations, self.functions, self.links = (all_of(dictionary, i) for i in (1, 2, 3, 4))
        self.strings = [text.decode() for text in all_of(dictionary, 5)]
        self.attributes, self.stacks = all_of(dictionary, 6), all_of(dictionary, 7)
        (resource_profiles,) = all_of(data, 1)
        self.resource = dict(self.attribute(one, lambda x: one_of(x, 1, b"").decode()) for one in all_of(one_of(resource_profiles, 1), 1))
        (scope_profiles,) = all_of(resource_profiles, 2)
        self.scope = one_of(one_of(scope_profiles, 1), 1, b"").decode()
        self.profiles = all_of(scope_profiles, 2)

    @staticmethod
    def attribute(data, key):
        return key(data), one_of(one_of(data, 2, b""), 1, b"").decode()

    def table_attribute(self, index):
        return self.attribute(self.attributes[index], lambda one: self.strings[one_of(one, 1)])

    def type_of(self, profile, field):
        value = one_of(profile, field, b"")
        return self.strings[one_of(value, 1)], self.strings[one_of(value, 2)]

    def sums(self):
        found = {}
        for profile in self.profiles:
            values = [packed(one_of(sample, 4, b"")) for sample in all_of(profile, 2)]
            assert all(len(row) == 1 for row in values)
            found[self.type_of(profile, 1)[0]] = sum(row[0] for row in values)
        return found

    def functions_of(self, sample):
        """Names from the leaf on."""
        names = []
        for location in packed(one_of(self.stacks[one_of(sample, 1)], 1, b"")):
            for line in all_of(self.locations[location], 3):
                names.append(self.strings[one_of(self.functions[one_of(line, 1)], 1)])
        return names

    def check(self):
        """What the protocol demands, and both servers check."""
        for table in (self.mappings, self.locations, self.functions, self.links, self.attributes, self.stacks):
            assert table and table[0] == b"", "index 0 is not the zero value"
            assert len(set(table)) == len(table), "a table has a duplicate"
        assert self.strings[0] == "" and len(set(self.strings)) == len(self.strings)
        used = {one_of(sample, 1) for profile in self.profiles for sample in all_of(profile, 2)}
        assert used | {0} == set(range(len(self.stacks))), "a stack is an orphan, or is missing"
        locations = {i for stack in self.stacks for i in packed(one_of(stack, 1, b""))}
        assert locations | {0} == set(range(len(self.locations)))
        functions = {one_of(line, 1) for location in self.locations for line in all_of(location, 3)}
        assert functions | {0} == set(range(len(self.functions)))
        for profile in self.profiles:
            keys = [(one_of(s, 1), tuple(packed(one_of(s, 2, b"")))) for s in all_of(profile, 2)]
            assert len(set(keys)) == len(keys), "two samples have one identity"
            assert self.type_of(profile, 5) == ("space", "bytes") and one_of(profile, 6) > 0
            assert one_of(profile, 3) > 0
