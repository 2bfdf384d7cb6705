#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the include graph against the order of the folders: a folder includes only from itself and from those named here.

    check_layering.py [ROOT]

Some folders have rooms. From outside, a room can be reached like its folder. ROOMS gives the order between the rooms of
one folder. The same order is in ARCHITECTURE.md. Exceptions are single lines with a reason, below.
"""
import os
import re
import sys

# Folder -> the folders it may include from, besides itself.
LAYERS = {
    "include/leaktrack": [],
    "libtrack/capture": [],
    "libtrack/platform": ["include/leaktrack", "libtrack/capture"],
    "libtrack/record": ["include/leaktrack", "libtrack/capture", "libtrack/platform"],
    "libtrack/runtime": ["include/leaktrack", "libtrack/capture", "libtrack/platform", "libtrack/record"],
    "libtrack/wrap": ["include/leaktrack", "libtrack/capture", "libtrack/platform", "libtrack/record",
                      "libtrack/runtime"],
    "libtrack/api": ["include/leaktrack", "libtrack/capture", "libtrack/platform", "libtrack/record",
                     "libtrack/runtime", "libtrack/wrap"],
    "libtrack/interpose": ["include/leaktrack", "libtrack/capture", "libtrack/platform", "libtrack/record",
                           "libtrack/runtime", "libtrack/wrap"],
    "tools/base": ["libtrack/capture"],
    "tools/symbolize": ["libtrack/capture", "tools/base"],
    "tools/inspect": ["libtrack/capture", "tools/base", "tools/symbolize"],
    "tools/witness": ["libtrack/capture", "tools/base", "tools/symbolize"],
    "tools/analysis": ["libtrack/capture", "tools/base", "tools/symbolize", "tools/witness"],
    "tools/compare": ["libtrack/capture", "tools/base", "tools/symbolize", "tools/witness", "tools/analysis"],
    "tools/report": ["libtrack/capture", "tools/base", "tools/symbolize", "tools/witness", "tools/analysis",
                     "tools/compare"],
    "tools/live": ["libtrack/capture", "tools/base", "tools/symbolize", "tools/analysis", "tools/report"],
    "tools/push": ["tools/base"],
    "tools/commands": ["libtrack/capture", "tools/base", "tools/symbolize", "tools/inspect", "tools/witness",
                       "tools/analysis", "tools/compare", "tools/report", "tools/live", "tools/push"],
    "tools": ["tools/base", "tools/commands"],
}

# Folder -> room -> the rooms of the same folder that it may include from, besides itself. "" is the folder's own floor.
ROOMS = {
    "libtrack/capture": {
        "": [],
        "write": [""],
        "read": ["", "write"],
    },
    "libtrack/platform": {
        "os": [],
        "cfi": [],
        "modules": ["os", "cfi"],
        "real": ["os", "modules"],
        "walk": ["os", "cfi", "modules"],
    },
    "tools/witness": {
        "memory": [],
        "heaps": ["memory"],
        "roots": ["memory"],
        "graph": ["memory", "heaps", "roots"],
        "types": ["memory", "roots"],
        "go": ["memory"],
        "": ["memory", "heaps", "roots", "graph", "types", "go"],
        "exit": ["memory", "heaps", "roots", "graph", "types", ""],
    },
    "tools/analysis": {
        "model": [],
        "history": ["model"],
        "blame": ["model", "history"],
        "detect": ["model", "history", "blame"],
        "process": ["model", "history"],
        "": ["model", "history", "blame", "detect", "process"],
    },
    "tools/live": {
        "model": [],
        "read": ["model"],
        "words": ["model"],
        "http": [],
    },
    "tools/report": {
        "input": [],
        "words": ["input"],
        "encode": [],
        "json": ["input", "words", "encode"],
        "exchange": ["input", "words", "encode", "json"],
        "gate": ["words", "encode", "json"],
        "merge": ["words", "json"],
        "look": ["words", "encode", "json"],
        "text": ["input", "words"],
        "page": ["input", "words", "encode", "json", "gate", "text"],
        "": ["input", "words", "encode", "json", "exchange", "gate", "merge", "text", "page"],
    },
}

# Headers that the tracked process must not include, not even through another header: they allocate,
# throw or lock. The decoder side of libtrack/capture is ordinary C++, so it must not be reachable
# from other folders.
IN_PROCESS = ["libtrack/platform", "libtrack/record", "libtrack/runtime", "libtrack/wrap", "libtrack/api",
              "libtrack/interpose"]
FORBIDDEN = {"string", "vector", "map", "set", "unordered_map", "unordered_set", "deque", "list", "functional", "mutex",
             "thread", "condition_variable", "iostream", "fstream", "sstream", "memory", "optional", "stdexcept",
             "filesystem", "stdio.h", "cstdio", "future", "regex", "locale"}

# (file, header) pairs that break the table, each with its reason.
ALLOWED = {}

# The half of libtrack/capture that is linked into the library. capture.h is data for the tools.
IN_PROCESS_ROOM = "libtrack/capture/write/"

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def sources(root):
    for top in ("include", "libtrack", "tools"):
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in files:
                if name.endswith((".h", ".hpp", ".cc", ".c")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def layer_of(path):
    return max((layer for layer in LAYERS if path.startswith(layer + "/")), key=len, default=None)


def room_of(path, layer):
    """The room of a file in a folder that has rooms; "" on the folder's own floor."""
    return os.path.dirname(path)[len(layer) + 1:]


def in_process(path):
    return layer_of(path) in IN_PROCESS or path.startswith(IN_PROCESS_ROOM)


def room_violation(path, header, layer):
    """What is wrong with an include within one folder. None: nothing."""
    rooms = ROOMS.get(layer)
    if rooms is None:
        return None
    room, target = room_of(path, layer), room_of(header, layer)
    if target == room:
        return None
    if target not in rooms:
        return f"{path}: includes {header}, which lies in no room of {layer}"
    if target not in rooms[room]:
        return f"{path}: room {layer}/{room} must not include from {target or 'the floor'} ({header})"
    return None


def read_includes(root):
    """file -> ([own headers], [system headers])"""
    graph = {}
    for path in sources(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            found = INCLUDE.findall(file.read())
        graph[path] = ([name for kind, name in found if kind == '"'], [name for kind, name in found if kind == "<"])
    return graph


def reachable_system_headers(graph, path, seen):
    """(header, file that includes it) for everything `path` sees through our own headers."""
    if path in seen or path not in graph:
        return
    seen.add(path)
    own, system = graph[path]
    for header in system:
        yield header, path
    for header in own:
        yield from reachable_system_headers(graph, header, seen)


def violations(graph):
    for path, (own, _) in sorted(graph.items()):
        layer = layer_of(path)
        if layer is None:
            yield f"{path}: lies in no folder of the table"
            continue
        if layer in ROOMS and room_of(path, layer) not in ROOMS[layer]:
            yield f"{path}: lies in no room of {layer}"
            continue
        for header in own:
            target = layer_of(header)
            if (path, header) in ALLOWED:
                continue
            if target == layer:
                wrong = room_violation(path, header, layer)
                if wrong:
                    yield wrong
                continue
            if target is None and header.startswith(("libtrack/", "tools/", "include/", "bench/", "tests/")):
                yield f"{path}: includes {header}, which lies in no folder of the table"
            elif target is not None and target not in LAYERS[layer]:
                yield f"{path}: {layer} must not include from {target} ({header})"
        if in_process(path):
            for header, through in reachable_system_headers(graph, path, set()):
                if header in FORBIDDEN:
                    yield f"{path}: sees <{header}>, forbidden in the tracked process, through {through}"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    graph = read_includes(root)
    if len(graph) < 20:
        sys.exit(f"{root}: only {len(graph)} sources found; wrong folder?")
    found = list(violations(graph))
    print("\n".join(found) or f"{len(graph)} files keep the order of the folders")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
