#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A gate on what grows, beside more blocks than a capture keeps one by one: each leaking site fails it, and a first baseline knows each.

    growth_gate_test.py LEAKTRACK MANY_LIVE_BLOCKS
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

SITES = 60


def gate(leaktrack, *arguments):
    done = subprocess.run([leaktrack, "gate", *arguments], capture_output=True, text=True, check=False, timeout=100)
    return done.returncode, done.stdout, done.stdout + done.stderr


def main():
    leaktrack, program = map(os.path.abspath, sys.argv[1:])
    with t.tracker(leaktrack) as session:
        runs, baseline = os.path.join(session.folder, "runs"), os.path.join(session.folder, "known.txt")
        code, _, text = gate(leaktrack, "--baseline", baseline, "--runs", "1", "--", program)
        assert code == 2 and "--update-baseline makes it" in text, text
        code, _, text = gate(leaktrack, "--runs", "1", "--interval", "exact", "--keep", runs, "--baseline", baseline, "--update-baseline",
                             "--", program, "110", "100")
        assert code == 0 and f"made the baseline {baseline}" in text and "PASS: baseline written" in text, text
        code, out, text = gate(leaktrack, runs, "--format", "json")
        failing = [site for site in json.loads(out)["sites"] if site["fails"]]
        named = [site["site"] for site in failing]
        assert code == 1 and len([name for name in named if "LoseAtAll" in name]) == SITES, f"{code} {named}"
        # Of a whole run, by the pace of its second half: in the first the table is built.
        lost, truth = sum(site["bytes"] for site in failing), SITES * 110 * 1207
        assert .9 * truth < lost <= 2 * truth, f"{lost} bytes are lost, not {truth}"
        code, _, text = gate(leaktrack, runs, "--baseline", baseline)
        assert code == 0 and "KNOWN: " in text and "NEW LEAK" not in text, text
    print("what grows beside a million blocks fails the gate, and is known to its first baseline")


if __name__ == "__main__":
    main()
