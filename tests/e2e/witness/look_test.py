#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at programs that state in their source what is lost in them, and what is held by whom.

    look_test.py [--tracked-by LIBRARY] LEAKTRACK SOURCE BINARY [SOURCE BINARY ...]

    // CASE: ARGUMENT                        the lines below belong to this run
    // EXPECT: lost NAME N                   exactly N blocks of the groups with NAME in their type are lost
    // EXPECT: held NAME N by KIND HOLDER    exactly N blocks of them are held, most of those by this holder
    // EXPECT: possible NAME N               N blocks of them are reached by interior pointers alone
NAME may be a number: then it is the groups of about that many bytes a block. In a case where nothing is expected to be
lost, nothing may be called lost at all, and the exit status must say so.

A tracked program is the same to a look as one that is not: what the tracker knows of blocks holds none of them.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

# The C library keeps the stacks of threads that have ended. The tracker goes deeper into them than the program, whose
# next thread then leaves an address of the one before standing.
STALE_WHEN_TRACKED = {"threads"}
LINE = re.compile(r"// (CASE|EXPECT): (.*)")


def cases_of(source):
    cases = {}
    with open(source, encoding="utf-8") as file:
        for kind, text in LINE.findall(file.read()):
            if kind == "CASE":
                expected = cases.setdefault(text, [])
            else:
                expected.append(text.split())
    if not cases or not all(cases.values()):
        sys.exit(f"{source}: a case without expectations")
    return cases


class Running:
    """A program that says "ready" and waits for its input to end."""

    def __init__(self, *command, until="ready", library=None):
        self.folder = tempfile.TemporaryDirectory()
        tracked = {"LD_PRELOAD": library, "LEAKTRACK_OUT": self.folder.name, "LEAKTRACK_INTERVAL": "exact"} if library else {}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        cwd=self.folder.name, env={**os.environ, **tracked})
        self.said = []
        for line in self.process.stdout:
            if line.strip() == until:
                return
            self.said.append(line)
        sys.exit(f"{command}: ended before it was ready")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def look(leaktrack, target, *options, seconds="300ms"):
    done = subprocess.run([leaktrack, "look", "--format", "json", "--seconds", seconds, *options, str(target)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=100)
    if not done.stdout:
        sys.exit(f"look {target}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout), done.returncode


def groups_of(report, name):
    if name.isdigit():
        size = int(name)
        return [g for g in report["groups"] if g["type"] is None and abs(g["block_bytes"] - size) <= size * .03]
    return [g for g in report["groups"] if g["type"] and re.search(rf"\b{name}\b", g["type"])]


def holds(group, kind, name):
    first = next((h for h in group["memory"]["holders"] if h["kind"] not in ("heap", "itself")), None)
    return first is not None and first["kind"] == kind and name in (first["name"] or "")


def problems(report, expected):
    for kind, name, count, *rest in expected:
        groups = groups_of(report, name)
        if not groups:
            yield f"no group {name}"
        lost = sum(g["memory"]["lost"] for g in groups)
        if kind == "lost" and lost != int(count):
            yield f"{lost} blocks of {name} are lost, not {count}"
        held = sum(g["memory"]["examined"] - g["memory"]["lost"] for g in groups)
        if kind == "held" and held != int(count):
            yield f"{held} blocks of {name} are held, not {count}"
        if kind == "held" and not all(holds(g, rest[1], rest[2]) for g in groups):
            yield f"{name} is not held by {rest[1]} {rest[2]}: {[g['memory']['holders'] for g in groups]}"
        if kind == "possible" and sum(g["memory"]["possible"] for g in groups) != int(count):
            yield f"possible of {name} is not {count}"
    if not any(kind == "lost" for kind, *_ in expected) and report["heap"]["lost_bytes"] != 0:
        yield f"{report['heap']['lost_bytes']} bytes are called lost"


def run_case(leaktrack, binary, case, expected, library):
    with Running(binary, case, library=library) as program:
        report, status = look(leaktrack, program.process.pid)
        found = list(problems(report, expected))
        wants = 1 if any(kind == "lost" for kind, *_ in expected) else 0
        if status != wants:
            reasons = {g["memory"]["reason"] for g in report["groups"]} - {None}
            found.append(f"exit status {status}, not {wants}; {report['conclusion']}, {report['doubts']}, {reasons}")
        if report["cost"]["stopped_seconds"] != 0:
            found.append("somebody was stopped")
        return found


def main():
    arguments = sys.argv[1:]
    library = arguments[1] if arguments[0] == "--tracked-by" else None
    leaktrack, *pairs = arguments[2:] if library else arguments
    failed = False
    for source, binary in zip(pairs[::2], pairs[1::2]):
        for case, expected in cases_of(source).items():
            if library and case in STALE_WHEN_TRACKED:
                continue
            found = run_case(leaktrack, binary, case, expected, library)
            failed = failed or bool(found)
            print(f"{os.path.basename(source)} {case}: {'; '.join(found) or 'as expected'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
