#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`leaktrack gate --at-exit` on programs that state in their source what is lost at their end, and what is held.

    exit_test.py [--only CASE] LEAKTRACK SOURCE BINARY

    // CASE: ARGUMENT                  the lines below belong to this run
    // EXPECT: lost BYTES N            N blocks of that size are lost: the gate fails
    // EXPECT: held BYTES N            N blocks of that size are still reachable
    // EXPECT: none BYTES              no block of that size is lost, nor reachable
    // EXPECT: inconclusive BYTES      the gate cannot tell, and does not pass
Beside what is expected nothing may be lost.
"""
import json
import os
import subprocess
import sys
import time

from look_test import cases_of


def gate(leaktrack, *command):
    done = subprocess.run([leaktrack, "gate", "--at-exit", "--runs", "1", "--interval", "exact", "--format", "json", "--",
                           *command], capture_output=True, text=True, timeout=60, check=False)
    if not done.stdout:
        sys.exit(f"gate {command}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout), done.returncode


def blocks_of(sites, size):
    return sum(site["blocks"] for site in sites if site["blocks"] and round(site["bytes"] / site["blocks"]) == size)


def problems(report, status, expected):
    lost = [site for site in report["sites"] if not site["suppressed"]]
    explained = 0
    for kind, size, *rest in expected:
        size, count = int(size), int(rest[0]) if rest else 0
        found = {"lost": blocks_of(lost, size), "held": blocks_of(report["reachable"], size)}
        if kind in found and found[kind] != count:
            yield f"{found[kind]} blocks of {size} bytes are {kind}, not {count}"
        if kind == "none" and any(found.values()):
            yield f"blocks of {size} bytes are left: {found}"
        if kind == "inconclusive" and report["verdict"] != "inconclusive":
            yield f"the verdict is {report['verdict']}"
        explained += count * size if kind == "lost" else 0
    if sum(site["bytes"] for site in lost) != explained:
        yield f"lost beside what is expected: {[(site['site'], site['blocks'], site['bytes']) for site in lost]}"
    kinds = {kind for kind, *_ in expected}
    wants = 1 if "lost" in kinds else 3 if "inconclusive" in kinds else 0
    if status != wants:
        yield f"exit status {status}, not {wants}: {report['inconclusive_because']}"


def main():
    arguments = sys.argv[1:]
    only = arguments[1] if arguments[0] == "--only" else None
    leaktrack, source, binary = arguments[2:] if only else arguments
    failed = False
    for case, expected in cases_of(source).items():
        if only and case != only:
            continue
        begun = time.monotonic()
        report, status = gate(leaktrack, os.path.abspath(binary), case)
        found = list(problems(report, status, expected))
        failed = failed or bool(found)
        print(f"{case}: {'; '.join(found) or 'as expected'} ({time.monotonic() - begun:.2f} s)", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
