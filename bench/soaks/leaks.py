# SPDX-License-Identifier: Apache-2.0
"""The leaky programs of tests/e2e/leaks in their long form: all at once (they sleep), with the default interval.

Leaves OUT/NAME.leak/ with the capture and run.json. Their sources state their truth. wrong() checks a report against it.
"""
import json
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(ROOT, "tests/e2e/harness"))
import expectations  # noqa: E402
from tracker import Tracker  # noqa: E402

SOURCES = os.path.join(ROOT, "tests/e2e/leaks")


def cases(name):
    with open(os.path.join(SOURCES, f"{name}.cc"), encoding="utf-8") as file:
        return expectations.parse(file.read())


def names():
    files = sorted(os.listdir(SOURCES))
    return [file[:-3] for file in files if file.endswith(".cc") and file != "stage.cc"]


def start(options, name, case):
    folder = os.path.join(options.out, "_".join([name, *case.args]) + ".leak")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    binary = os.path.join(os.path.dirname(options.leaktrack), "../e2e", f"leak_{name}")
    process = Tracker(options.leaktrack, folder).start([binary, *case.args, "--seconds", str(options.seconds)],
                                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return name, case, folder, process


def run(options):
    """Runs all of them; each ends by itself."""
    begin = time.monotonic()
    for name, case, folder, process in [start(options, name, case) for name in names() for case in cases(name)]:
        status = process.wait(timeout=options.seconds + 60)
        with open(os.path.join(folder, "run.json"), "w", encoding="utf-8") as file:
            json.dump({"program": name, "case": case.name, "load": "leak", "status": status,
                       "minutes": round((time.monotonic() - begin) / 60, 1)}, file)


def wrong(run_json, report):
    """The expectations in the source of a leaky program that the report on its long run does not meet, one text
    each."""
    case = next(case for case in cases(run_json["program"]) if case.name == run_json["case"])
    told_anew = {text.split()[0] for text, _ in case.long}
    main = [check for check in case.main if check[0].split()[0] not in told_anew]
    return expectations.complaints(main + case.long, report, losses_allowed=False)
