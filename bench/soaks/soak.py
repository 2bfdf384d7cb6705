# SPDX-License-Identifier: Apache-2.0
"""Runs real programs under the tracker for many minutes and keeps their captures. Called by scripts/soak.sh.

A run is one program under one load. It leaves OUT/PROGRAM.LOAD/ with its captures (one for each process of the tree),
looks/MINUTES/ with the captures as they were after 1, 2, 4, 8 and 12 minutes, and run.json. Every run is bounded in time,
and nothing of it outlives us: a process that does not end when asked is killed with its process group.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import judge
import leaks
import pace
import programs

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/e2e/harness"))
from tracker import Tracker  # noqa: E402  (one way to start the tool, for tests and soaks)

LOOKS = (1, 2, 4, 8, 12)  # minutes
ENDING_SECONDS = 90


def child_of(pid):
    """The tracked program: the child of `leaktrack run`, below runuser if that is in between."""
    while True:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
        if not children:
            return pid
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            if file.read().strip() not in ("runuser", "leaktrack"):
                return pid
        pid = int(children[0])


def process_is_gone(capture):
    pid = re.fullmatch(r".*\.(\d+)\.[0-9a-f]+\.ltk", os.path.basename(capture))
    return pid is not None and not os.path.exists(f"/proc/{pid.group(1)}")


class Run:
    """One program under one load."""

    def __init__(self, options, name, load):
        self.name, self.load, self.seconds = name, load, options.seconds
        self.out = os.path.join(options.out, f"{name}.{load}")
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)
        self.tracker = Tracker(options.leaktrack, self.out)
        self.work = tempfile.mkdtemp(prefix=f"soak.{name}.")
        self.program = programs.PROGRAMS[name](self.work, load, options.seconds)
        self.stopped = threading.Event()

    def own(self):
        """Gives the folders to the user that the program needs."""
        if self.program.user:
            for folder in (self.work, self.out):
                shutil.chown(folder, self.program.user)

    def start(self):
        command = self.tracker.command(self.program.command())
        if self.program.user:
            command = self.program.as_user(command)
        with open(os.path.join(self.out, "output.log"), "wb") as log:
            return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd=self.work,
                                    stdout=subprocess.DEVNULL, stderr=log)

    def look(self, minutes):
        """Keeps the captures as they are now. Captures of ended processes do not change any more, so a second name
        suffices."""
        folder = os.path.join(self.out, "looks", f"{minutes:02}")
        os.makedirs(folder)
        for capture in self.tracker.captures():
            target = os.path.join(folder, os.path.basename(capture))
            if process_is_gone(capture):
                os.link(capture, target)
            else:
                subprocess.run(["cp", "--sparse=always", capture, target], check=True)

    def keep_looks(self, start):
        for minutes in LOOKS:
            if self.stopped.wait(max(0.0, start + 60 * minutes - time.monotonic())):
                return
            self.look(minutes)

    def drive(self, process):
        """The load, until the time is up or the program ends."""
        self.program.started(process)
        for number, count in enumerate(self.moments()):
            if process.poll() is not None:
                return
            self.program.request(process, count, number)

    def moments(self):
        """Ticks with their number of requests, or seconds for a program that makes its own load."""
        if self.program.rate:
            yield from pace.ticks(self.load, self.program.rate, self.seconds)
            return
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            yield 0
            time.sleep(1)

    def wait_until_ready(self, process, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.program.ready():
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"{self.name} does not start, see {self.out}/output.log")
            time.sleep(0.1)

    def load_until_done(self, process):
        """Load and looks. Returns the minutes that passed, and the exit status."""
        self.wait_until_ready(process)
        start = time.monotonic()
        looks = threading.Thread(target=self.keep_looks, args=(start,), daemon=True)
        looks.start()
        self.drive(process)
        self.stopped.set()
        looks.join()
        minutes = (time.monotonic() - start) / 60
        if process.poll() is None:
            self.program.stop(process, child_of(process.pid))
        return minutes, process.wait(timeout=ENDING_SECONDS)

    def run(self):
        self.own()
        self.program.prepare()
        process = self.start()
        try:
            minutes, status = self.load_until_done(process)
        finally:
            self.stopped.set()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            shutil.rmtree(self.work, ignore_errors=True)
        with open(os.path.join(self.out, "run.json"), "w", encoding="utf-8") as file:
            json.dump({"program": self.name, "load": self.load, "minutes": round(minutes, 1), "status": status}, file)
        print(f"soak: {self.name} {self.load}: {minutes:.1f} minutes, exit status {status}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/soak.sh", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="[SECONDS] [PROGRAM...]",
                        help=f"780 seconds of each of: {' '.join(programs.PROGRAMS)}")
    parser.add_argument("-o", "--out", required=True, help="folder of the captures; default build/soaks")
    parser.add_argument("--leaktrack", required=True)
    parser.add_argument("--judge", metavar="DIR", help="no run: judge the captures that are there")
    parser.add_argument("--leaks", action="store_true", help="the leaky programs of tests/e2e/leaks instead, all at once")
    parser.add_argument("--jobs", type=int, default=2, help="programs at a time; default 2")
    parser.add_argument("--loads", default=",".join(pace.LOADS), help="default steady,bursty")
    options = parser.parse_args()
    options.seconds = int(options.words.pop(0)) if options.words and options.words[0].isdigit() else 780
    options.names = options.words or list(programs.PROGRAMS)
    for name in options.names:
        if name not in programs.PROGRAMS:
            parser.error(f"no such program: {name}; there are {' '.join(programs.PROGRAMS)}")
    return options


def soak(options):
    """Runs everything that is asked for. True if a run failed."""
    runs = []
    for load in options.loads.split(","):
        for name in options.names:
            absent = programs.missing(programs.PROGRAMS[name])
            if absent:
                print(f"soak: {name} left out: {absent} is not installed", file=sys.stderr)
            else:
                runs.append((name, load))
    failed = False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for future in [pool.submit(lambda pair: Run(options, *pair).run(), pair) for pair in runs]:
            try:
                future.result()
            except Exception as error:  # one program that fails must not end the others' hour
                print(f"soak: FAILED: {error}", file=sys.stderr, flush=True)
                failed = True
    return failed


def main():
    options = arguments()
    failed = False
    if options.leaks:
        leaks.run(options)
    elif not options.judge:
        failed = soak(options)
    verdict = judge.judge(options.leaktrack, options.judge or options.out)
    sys.exit(2 if failed else verdict)


if __name__ == "__main__":
    main()
