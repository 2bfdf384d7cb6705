#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A plugin that is loaded from ever new paths, gone when the report is made, is one site, and a baseline of it holds.

    plugin_copies_test.py LEAKTRACK PLUGIN_COPIES PLUGIN
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

COPIES = 12


def gate(session, program, plugin, *options):
    done = subprocess.run([session.leaktrack, "gate", "--at-exit=all", "--runs", "1", "--interval", "exact", *options, "--", program,
                           plugin, str(COPIES)], capture_output=True, text=True, check=False, timeout=60, cwd=session.folder)
    return done.returncode, done.stdout + done.stderr


def main():
    leaktrack, program, plugin = map(os.path.abspath, sys.argv[1:4])
    with t.tracker(leaktrack) as session:
        session.run([program, plugin, str(COPIES)], ["--exact"], cwd=session.folder)
        sites = [site for report in session.reports() for site in report["sites"] if site["live_bytes"] % 1333 == 0 and site["live_bytes"]]
        assert [site["live_objects"] for site in sites] == [COPIES], sites
        assert any(frame["function"] == "RunPluginOnce" for frame in sites[0]["stack"]), sites
        baseline = os.path.join(session.folder, "baseline.txt")
        code, text = gate(session, program, plugin, "--write-baseline", baseline)
        assert os.path.exists(baseline), text
        with open(baseline, encoding="utf-8") as file:
            lines = [line for line in file if line.startswith(str(COPIES))]
        assert len(lines) == 1 and "RunPluginOnce" in lines[0] and "copy-" not in lines[0], lines
        code, text = gate(session, program, plugin, "--baseline", baseline)
        assert code == 0 and "PASS" in text, f"{code}: {text}"


if __name__ == "__main__":
    main()
