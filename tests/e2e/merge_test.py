#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A folder full of captures in one summary: sums equal those of the reports, whatever else lies there.

    merge_test.py LEAKTRACK PROGRAM     PROGRAM OLD NEW keeps so many blocks at OldLeak and NewLeak
"""
import json
import os
import shutil
import subprocess
import sys

import tracker as t

SCHEMA = os.path.join(os.path.dirname(t.SCHEMA), "merge.schema.json")
RUNS = 5


def merge(session, *arguments, code):
    done = subprocess.run([session.leaktrack, "merge", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def check_schema(report):
    try:
        import jsonschema
    except ImportError:
        return
    with open(SCHEMA, encoding="utf-8") as file:
        jsonschema.Draft202012Validator(json.load(file)).validate(report)


def main():
    leaktrack, program = map(os.path.abspath, sys.argv[1:])
    with t.tracker(leaktrack) as session:
        for _ in range(RUNS):
            session.run([program, "50", "20"], ["--exact"])
        session.run(["/bin/true"], ["--exact"])
        reports = [report for report in session.reports() if "gate_target" in report["process"]["command"]]
        assert len(reports) == RUNS, len(reports)

        # All is too short to judge, hence status 3.
        merged = json.loads(merge(session, "--format", "json", session.folder, code=3))
        check_schema(merged)
        assert merged["runs"] == RUNS + 1 and merged["unreadable_total"] == 0 and len(merged["programs"]) == 2, merged
        target = next(p for p in merged["programs"] if p["program"] == "gate_target")
        sites = {site["key"]: site for site in target["sites"]}
        assert target["runs"] == target["conclusions"]["too_short"] == RUNS and target["hosts"] == 1, target
        assert sites["NewLeak < main"]["live_bytes"] == RUNS * 20 * 700 and sites["NewLeak < main"]["live_objects"] == RUNS * 20
        assert sites["OldLeak < main"]["runs"] == RUNS and sites["OldLeak < main"]["blame"]["function"] == "OldLeak"
        assert sum(site["live_bytes"] for site in target["sites"]) == sum(s["live_bytes"] for r in reports for s in r["sites"])
        assert target["live_heap_bytes"] == sum(r["memory"]["live_heap_bytes"] for r in reports)

        # Copies, folders below, links, rubbish and what is no capture.
        below = os.path.join(session.folder, "host-2", "deep")
        os.makedirs(below)
        first = session.captures()[0]
        shutil.copy(first, os.path.join(below, "copy.ltk"))
        os.symlink(session.folder, os.path.join(below, "ring"))
        for name, text in (("empty.ltk", b""), ("rubbish.ltk", b"\x1b[31m" * 9999), ("notes.txt", b"no capture")):
            with open(os.path.join(below, name), "wb") as file:
                file.write(text)
        again = json.loads(merge(session, "--format", "json", session.folder, "/nowhere.ltk", code=3))
        check_schema(again)
        assert again["runs"] == RUNS + 1 and again["repeated"] == 1 and again["unreadable_total"] == 3, again
        for name in ("empty.ltk", "rubbish.ltk", "/nowhere.ltk"):
            assert sum(name in line for line in again["unreadable"]) == 1, again["unreadable"]
        assert {**again, "repeated": 0, "unreadable_total": 0, "unreadable": []} == merged
        assert json.loads(merge(session, "--format", "json", *session.captures(), code=3)) == merged

        text = merge(session, session.folder, code=3)
        assert "6 runs of 2 program versions, none of which grows" in text and "NewLeak < main" in text, text
        assert "2 files could not be read" in text and "1 capture was of runs that had been counted already" in text, text
        output = os.path.join(session.folder, "out.txt")
        assert merge(session, "-o", output, "--top", "1", session.folder, code=3) == ""
        with open(output, encoding="utf-8") as file:
            written = file.read()
        assert "more sites (--top" in written and "\x1b" not in written, written

        # Nothing to sum up is a failure that says so.
        empty = os.path.join(session.folder, "empty")
        os.mkdir(empty)
        assert "no capture (*.ltk) here or below" in merge(session, empty, code=2)
        assert "rubbish.ltk" in merge(session, os.path.join(below, "rubbish.ltk"), code=2)
        merge(session, code=2)
    print("merged sums are those of the reports")


if __name__ == "__main__":
    main()
