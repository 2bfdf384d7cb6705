#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is lost at the end of a program: `leaktrack gate --at-exit`, LeakSanitizer (clang's) and valgrind side by side.

    lost_peers.py LEAKTRACK SOURCE BINARY [REPEATS]

SOURCE is tests/e2e/witness/programs/exit_lost.cc, which states what each of its cases loses; BINARY is its build, with
exit_plugin.so beside it. LeakSanitizer needs a build of its own, which is made here. A tool is right if it finds exactly
the lost bytes. Times are wall times of whole commands, the shortest of REPEATS (3), as multiples of the bare program's.
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/e2e/witness"))
from exit_test import cases_of  # noqa: E402


def timed(command, repeats, **more):
    """The last run's output, and the shortest time in seconds."""
    times = []
    for _ in range(repeats):
        begun = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
                              errors="replace", **more)
        times.append(time.monotonic() - begun)
    return done, min(times)


class Ours:
    name = "leaktrack"

    def __init__(self, leaktrack, binary):
        self.command = [leaktrack, "gate", "--at-exit", "--runs", "1", "--interval", "exact", "--format", "json", "--", binary]

    def lost(self, done):
        report = json.loads(done.stdout)
        if report["verdict"] == "inconclusive":
            return None
        return sum(site["bytes"] for site in report["sites"] if not site["suppressed"])


class Lsan:
    name = "LeakSanitizer"

    def __init__(self, source, place):
        self.command = [os.path.join(place, "exit_lost")]
        subprocess.run(["clang++", "-std=c++20", "-O1", "-g", "-w", "-fsanitize=leak", "-pthread", source, "-o", self.command[0],
                        "-ldl"], check=True)

    def lost(self, done):
        return sum(map(int, re.findall(r"SUMMARY: LeakSanitizer: (\d+) byte", done.stderr)))


class Valgrind:
    name = "valgrind"

    def __init__(self, binary):
        self.command = ["valgrind", "--leak-check=full", "--trace-children=yes", binary]

    def lost(self, done):
        found = re.findall(r"(?:definitely|indirectly) lost: ([\d,]+) bytes", done.stderr)
        return sum(int(number.replace(",", "")) for number in found)


def truth_of(expected):
    """The lost bytes; None: nobody can tell."""
    if any(kind == "inconclusive" for kind, *_ in expected):
        return None
    return sum(int(size) * int(count) for kind, size, *rest in expected if kind == "lost" for count in rest)


def main():
    leaktrack, source, binary = map(os.path.abspath, sys.argv[1:4])
    repeats = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(os.path.join(os.path.dirname(binary), "exit_plugin.so"), place)
        tools = [Ours(leaktrack, binary), Lsan(source, place), Valgrind(binary)]
        right = {tool.name: 0 for tool in tools}
        ratios = {tool.name: [] for tool in tools}
        cases = {case: truth_of(expected) for case, expected in cases_of(source).items()}
        print(f"{'case':<22}{'lost':>9}" + "".join(f"{tool.name:>15}" for tool in tools))
        for case, truth in cases.items():
            _, bare = timed([binary, case], repeats)
            line = f"{case:<22}{'?' if truth is None else truth:>9}"
            for tool in tools:
                done, seconds = timed([*tool.command, case], repeats)
                lost = tool.lost(done)
                right[tool.name] += lost == truth
                ratios[tool.name].append(seconds / bare)
                line += f"{'?' if lost is None else lost:>14}{' ' if lost == truth else '*'}"
            print(line, flush=True)
        print(f"\nright, of {len(cases)}; median of the times, in multiples of the bare program's")
        for tool in tools:
            print(f"  {tool.name:<15} {right[tool.name]:>3}   {statistics.median(ratios[tool.name]):>6.1f}")


if __name__ == "__main__":
    main()
