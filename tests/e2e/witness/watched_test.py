#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What reports say of memory: of processes that were watched under `run`, also killed ones, and of one that nobody watched.

    watched_test.py LEAKTRACK LIBRARY LOST HELD
        LOST CASE and HELD CASE are the programs of look_test.py; they say "ready" and wait.
"""
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

LEAKTRACK, LIBRARY, LOST, HELD = (os.path.abspath(path) for path in sys.argv[1:5])
CASES = [(LOST, "overwritten", "LoseOverwritten", 64, None), (LOST, "list", "LoseLists", 3200, None),
         (LOST, "ring", "LoseRings", 192, None), (LOST, "graph", "LoseGraphs", 256, None),
         (HELD, "global_map", None, 0, "global"), (HELD, "singleton", None, 0, "global"),
         (HELD, "thread_local", None, 0, "thread_local")]


def report(folder):
    done = subprocess.run([LEAKTRACK, "report", "--format", "json", "--no-history", folder], stdout=subprocess.PIPE, text=True,
                          check=False, timeout=60)
    return json.loads(done.stdout), done.returncode


def memory_of(found, function=None):
    return [site["memory"] for site in found["sites"] if site["memory"] and
            (function is None or any(function in (frame["function"] or "") for frame in site["stack"]))]


def check(case, found, status, looks):
    program, _, function, lost, holder = case
    if program == LOST:
        seen = memory_of(found, function)
        assert sum(memory["lost"] for memory in seen) == lost, (case, seen)
        assert all(memory["looks"] >= looks for memory in seen), (case, seen)
        assert status == 1 and found["conclusion"] == "leak", (case, status, found["conclusion"])
    else:
        seen = memory_of(found)
        assert not any(memory["lost"] for memory in seen), (case, seen)
        kinds = {memory["holders"][0]["kind"] for memory in seen if memory["holders"] and memory["examined"] > 10}
        assert holder in kinds, (case, kinds, seen)
        assert found["conclusion"] != "leak", (case, found["conclusion"])


def start(folder, case, *command, **more):
    process = subprocess.Popen([*command, case[0], case[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder,
                               start_new_session=True, **more)
    while process.stdout.readline().strip() not in (b"ready", b""):
        pass
    return process


def main():
    with tempfile.TemporaryDirectory() as place:
        folders = [os.path.join(place, str(number)) for number in range(len(CASES))]
        for folder in folders:
            os.mkdir(folder)
        running = [start(folder, case, LEAKTRACK, "run", "--exact", "-o", folder, "--") for folder, case in zip(folders, CASES)]
        # Nobody watches what was preloaded by hand: the report looks itself.
        alone = os.path.join(place, "alone")
        os.mkdir(alone)
        environment = {**os.environ, "LD_PRELOAD": LIBRARY, "LEAKTRACK_OUT": alone, "LEAKTRACK_INTERVAL": "exact"}
        by_hand = start(alone, CASES[0], env=environment)
        time.sleep(2)
        check(CASES[0], *report(alone), 2)
        assert not glob.glob(alone + "/*.memory")
        by_hand.kill()
        by_hand.wait()
        until = time.monotonic() + 60
        while not all(glob.glob(folder + "/*.memory") for folder in folders):
            assert time.monotonic() < until, "nobody looked"
            time.sleep(.5)
        for process in running:  # the last look outlives the process
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for folder, case in zip(folders, CASES):
            check(case, *report(folder), 2)
            print(f"{os.path.basename(case[0])} {case[1]}: as expected")


if __name__ == "__main__":
    main()
