#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The blocks that a look finds are those of the program's own books, and its sums those of malloc_info.

    counts_test.py LEAKTRACK PROGRAM
"""
import json
import re
import sys

from look_test import Running, look

# Blocks that are not in the program's books: its books' vectors, streams, what the C library keeps for each thread.
MOST_OTHERS = 40


def figure(said, kind, name, value):
    """The last of these: the sum of all arenas."""
    return int(re.findall(rf'<{kind} type="{name}"[^>]* {value}="(\d+)"', said)[-1])


def main():
    leaktrack, program = sys.argv[1:]
    with Running(program) as running:
        books = json.loads(running.said[0])
        said = "".join(running.said[1:])
        report, _ = look(leaktrack, running.process.pid)
    arenas = report["heap"]["arenas"]
    ours = report["heap"]["in_use_bytes"] + sum(arena["cached_bytes"] for arena in arenas)
    theirs = (figure(said, "system", "current", "size") + figure(said, "total", "mmap", "size") -
              figure(said, "total", "fast", "size") - figure(said, "total", "rest", "size"))
    blocks = sum(group["objects"] for group in report["groups"]) - books["blocks"]
    print(f"in use and cached {ours}, by malloc_info {theirs}; {blocks} blocks beside the {books['blocks']} of the books")
    if len(arenas) < 5 or sum(arena["cached_bytes"] for arena in arenas) == 0:
        sys.exit("arenas or caches of threads were not found")
    if abs(ours - theirs) > theirs * .01:
        sys.exit("more than 1 % apart")
    if not 0 <= blocks <= MOST_OTHERS:
        sys.exit("other blocks than those of the books")
    if report["heap"]["lost_bytes"] != 0 or report["doubts"]:
        sys.exit(f"{report['heap']['lost_bytes']} bytes called lost; {report['doubts']}")


if __name__ == "__main__":
    main()
