#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A capture with more sites than anybody reads: the report says what is left out, all of it can be had, and no format
holds all of its text in memory.

    deep_sites_test.py LEAKTRACK PROGRAM     PROGRAM N keeps a block of 37 bytes at each of N stacks
"""
import gzip
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

SITES, LISTED, BYTES = 4_000, 2_000, 37
# In addition to the analysis itself: all stacks of this run are 60 MB of JSON.
ROOM_KIB = 40 << 10


class Reports:
    def __init__(self, session):
        self.session = session
        self.capture = session.captures()[0]

    def peak(self, name, *options):
        """The report in a file, what was printed about it, and the peak memory (KiB)."""
        path = os.path.join(self.session.folder, name)
        command = [self.session.leaktrack, "report", "--no-history", "--format", name, *options, "-o", path, self.capture]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in t.REPORT_EXITS, said
        return path, said, usage.ru_maxrss


def lists_the_first_unasked(path, said):
    assert f"{LISTED:,} of" in said and "lists all" in said, said
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    t.check_schema(report)
    selection = report["selection"]
    assert len(report["sites"]) == selection["sites_shown"] == LISTED
    assert selection["sites_total"] >= SITES and f"--top {selection['sites_total']} lists all" in selection["text"], selection
    assert selection["top"] is None
    live = sum(site["live_bytes"] for site in report["sites"]) + selection["live_bytes_left_out"]
    assert live >= SITES * BYTES, live
    assert all(site["stack"] for site in report["sites"] if site["live_bytes"] == BYTES)
    return selection["sites_total"], live


def lists_all_on_demand(path, said, total, live):
    assert said == "", said
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    assert len(report["sites"]) == total and report["selection"]["text"] is None
    assert sum(site["live_bytes"] for site in report["sites"]) == live


def sums_are_those_of_all(folder, live):
    with open(os.path.join(folder, "folded"), encoding="utf-8") as file:
        assert sum(int(line.rsplit(" ", 1)[1]) for line in file) == live
    with open(os.path.join(folder, "speedscope"), encoding="utf-8") as file:
        profile = json.load(file)["profiles"][0]
    assert sum(profile["weights"]) == profile["endValue"] == live and len(profile["samples"]) == len(profile["weights"])
    with gzip.open(os.path.join(folder, "pprof"), "rb") as file:
        assert file.read()


def main():
    with t.tracker(sys.argv[1]) as session:
        session.run([sys.argv[2], str(SITES)], ["--exact"], stderr=subprocess.DEVNULL)
        reports = Reports(session)
        _, _, alone = reports.peak("text")
        first = reports.peak("json")
        os.rename(first[0], first[0] + ".first")
        everything = reports.peak("json", "--top", "1000000")
        peaks = {"json": first[2], "json of all": everything[2]}
        for name in ("folded", "speedscope", "pprof", "html"):
            peaks[name] = reports.peak(name)[2]
        for name, peak in peaks.items():
            assert peak <= alone + ROOM_KIB, f"{name}: {peak} KiB, the text took {alone}"
        total, live = lists_the_first_unasked(first[0] + ".first", first[1])
        lists_all_on_demand(*everything[:2], total, live)
        sums_are_those_of_all(session.folder, live)
    print(f"{total} sites; text {alone} KiB, others at most {max(peaks.values())} KiB")


if __name__ == "__main__":
    main()
