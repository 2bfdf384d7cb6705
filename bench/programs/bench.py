#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What leaktrack costs whole programs and bare allocation, beside other tools: one table, in text and JSON.

    bench.py --library LIBLEAKTRACK [--before LIBLEAKTRACK] [--json FILE] [--readme FILE] [--rounds N] [--only SECTION ...]

Sections: instructions (callgrind: per request, exact), time (CPU time as a ratio to the program alone, alternating),
allocation (wall ns per operation of programs that only allocate, every tool), threads (the same from 1 to 64 threads),
memory (added resident bytes). A program or tool that is not installed is named and left out. --before: an older build, to
measure beside the present one under allocation. --readme: writes the table of each section between its marks in that
document (tables.py).
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

import measure
import tables
from batch import BATCHES
from modes import modes, seldom
from services import SERVICES

HERE = os.path.dirname(os.path.abspath(__file__))
SECTIONS = ("instructions", "time", "allocation", "threads", "memory")
STARTS = 3  # of each server: memory placement differs by start and changes the result by a percent
ALLOCATIONS = [("pair", 1), ("server", 1), ("server", 2), ("server", 64), ("factor", 1)]
THREADS = (1, 2, 4, 8, 16, 32, 64)
OPERATIONS = 4_000_000  # per program; slow tools do a fraction of it
SHARE = {"leaktrack exact": 4, "heaptrack": 16, "tcmalloc heap profiler": 16, "valgrind memcheck": 64, "valgrind massif": 64}


class Bench:
    def __init__(self, options):
        self.options, self.rows = options, []
        self.folder = tempfile.mkdtemp(prefix="leaktrack-bench.")
        os.chmod(self.folder, 0o755)
        self.churn, forward = os.path.join(self.folder, "churn"), os.path.join(self.folder, "forward.so")
        subprocess.run(["gcc", "-O2", "-pthread", f"{HERE}/churn.c", "-o", self.churn], check=True)
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", f"{HERE}/forward.c", "-o", forward], check=True)
        self.modes = modes(os.path.abspath(options.library), forward, options.before and os.path.abspath(options.before))
        self.alone, self.tracked = self.modes["alone"], self.modes["leaktrack"]
        self.seldom = seldom(os.path.abspath(options.library))

    def new_folder(self):
        return tempfile.mkdtemp(dir=self.folder)

    def add(self, section, what, **figures):
        self.rows.append({"section": section, "what": what, **figures})
        shown = "  ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items())
        print(f"{section:13} {what:36} {shown}", flush=True)

    # ---- instructions ----
    def batch_instructions(self, batch, mode, amount):
        folder = self.new_folder()
        batch.prepare(folder)
        pattern = os.path.join(folder, "callgrind")
        subprocess.run(measure.under_callgrind(batch.command(folder, amount), pattern), env=mode.env(folder), check=True, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=900)
        return measure.instructions(pattern)

    def service_instructions(self, kind, mode, amount):
        folder = self.new_folder()
        service = kind(folder)
        service.prepare()
        pattern = os.path.join(folder, "callgrind")
        service.start(measure.under_callgrind(service.command(), pattern), mode.env(folder))
        try:
            service.load(amount)
        finally:
            service.stop()
        return measure.instructions(pattern)

    def instructions_of(self, what, count, small, large, tracked):
        """`count(mode, amount)`. The difference of two amounts contains neither start nor end."""
        per, helper = {}, 0.0
        for mode in (self.alone, tracked):
            (own_small, helper_small), (own_large, helper_large) = count(mode, small), count(mode, large)
            per[mode.name] = (own_large - own_small) / (large - small)
            helper = (helper_large - helper_small) / (large - small)
        if per["alone"] <= 0:
            print(f"no count: {what}: callgrind left none of the processes that did the work")
            return
        self.add("instructions", what, alone=per["alone"], tracked=per[tracked.name], ratio=per[tracked.name] / per["alone"], helper=helper)

    def churn_instructions(self, mode, program, amount):
        folder = self.new_folder()
        pattern = os.path.join(folder, "callgrind")
        subprocess.run(measure.under_callgrind([self.churn, program, "1", str(amount)], pattern), env=mode.env(folder), check=True, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=900)
        return measure.instructions(pattern)

    def instructions(self):
        for program in ("pair", "factor"):
            for tracked in ("leaktrack", "leaktrack exact"):
                self.instructions_of(f"{program}, malloc and free, {tracked}", lambda mode, amount, p=program: self.churn_instructions(mode, p, amount),
                                     20_000, 60_000, self.modes[tracked])
        for batch in BATCHES:
            if self.is_there(batch):
                self.instructions_of(batch.name, lambda mode, amount, b=batch: self.batch_instructions(b, mode, amount), batch.small, batch.large,
                                     self.seldom)
        for kind in SERVICES:
            if kind.small and self.is_there(kind()):
                self.instructions_of(kind.name, lambda mode, amount, k=kind: self.service_instructions(k, mode, amount), kind.small, kind.large,
                                     self.seldom)

    # ---- time ----
    def time_ratio(self, what, ratios, unit_us):
        middle, low, high = measure.median_interval(ratios)
        self.add("time", what, ratio=middle, low=low, high=high, rounds=len(ratios), alone_us=unit_us)

    def batch_time(self, batch):
        folder = self.new_folder()
        batch.prepare(folder)
        command, ratios, alone = batch.command(folder, batch.full), [], []
        for number in range(self.options.rounds):
            order = (self.alone, self.tracked) if number % 2 == 0 else (self.tracked, self.alone)
            seconds = {mode.name: measure.cpu_seconds_of(command, mode.env(folder), folder) for mode in order}
            ratios.append(seconds["leaktrack"] / seconds["alone"])
            alone.append(seconds["alone"])
        self.time_ratio(batch.name, ratios, statistics.median(alone) / batch.full * 1e6)

    @staticmethod
    def burst_ns(service):
        """CPU nanoseconds of the server per request."""
        before = measure.cpu_ns(service.process.pid)
        requests = service.load(service.burst) or service.burst
        return (measure.cpu_ns(service.process.pid) - before) / requests

    def service_time(self, kind):
        ratios, alone = [], []
        for _ in range(STARTS):
            pair = {}
            try:
                for mode in (self.alone, self.tracked):
                    service = pair[mode.name] = kind(self.new_folder())
                    service.prepare()
                    service.start(service.command(), mode.env(service.folder))
                    self.burst_ns(service)  # warms it up
                for number in range(max(self.options.rounds // STARTS, 1) + 1):
                    order = ("alone", "leaktrack") if number % 2 == 0 else ("leaktrack", "alone")
                    ns = {name: self.burst_ns(pair[name]) for name in order}
                    ratios.append(ns["leaktrack"] / ns["alone"])
                    alone.append(ns["alone"])
            finally:
                for service in pair.values():
                    service.stop()
        self.time_ratio(kind.name, ratios, statistics.median(alone) / 1e3)

    def time(self):
        for batch in BATCHES:
            if self.is_there(batch):
                self.batch_time(batch)
        for kind in SERVICES:
            if self.is_there(kind()):
                self.service_time(kind)

    # ---- allocation ----
    def ns(self, mode, program, threads):
        folder = self.new_folder()
        operations = OPERATIONS // threads // SHARE.get(mode.name, 1)
        done = subprocess.run(mode.command([self.churn, program, str(threads), str(operations)], folder), env=mode.env(folder), check=True, cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=600)
        shutil.rmtree(folder)
        return next(float(line) for line in done.stdout.splitlines() if line.replace(".", "").isdigit())

    def rounds_of(self, section, modes, program, threads):
        """Alternates the modes. Returns the names of the rows, and the medians by mode."""
        ns = {mode.name: [] for mode in modes}
        for _ in range(self.options.rounds):
            for mode in modes:
                if mode.name.startswith("valgrind") and len(ns[mode.name]) == 2:
                    continue  # for scale only
                ns[mode.name].append(self.ns(mode, program, threads))
        middle = {name: statistics.median(values) for name, values in ns.items()}
        what = f"{program}, {threads} thread{'s' if threads > 1 else ''}"
        for name, values in ns.items():
            self.add(section, f"{what}: {name}", ns=middle[name], low=min(values), high=max(values))
        paired = [forward / tracked for forward, tracked in zip(ns["forwarding"], ns["leaktrack"])]
        share, low, high = measure.median_interval(paired)
        self.add(section, f"{what}: speed of forwarding kept", ratio=share, low=low, high=high)
        return what, middle

    def threads(self):
        modes = [self.modes[name] for name in ("alone", "forwarding", "leaktrack", "leaktrack exact")]
        for threads in THREADS:
            self.rounds_of("threads", modes, "server", threads)

    def allocation(self):
        for mode in self.modes.values():
            if not mode.there():
                print(f"not installed: {mode.name}")
        there = [mode for mode in self.modes.values() if mode.there()]
        for program, threads in ALLOCATIONS:
            what, middle = self.rounds_of("allocation", there, program, threads)
            self.add("allocation", f"{what}: exact, times alone", ratio=middle["leaktrack exact"] / middle["alone"])
            if "before exact" in middle:
                self.add("allocation", f"{what}: exact, of before's", ratio=middle["leaktrack exact"] / middle["before exact"])
            if "heaptrack" in middle:
                added = {name: middle[name] - middle["alone"] for name in ("leaktrack exact", "heaptrack")}
                self.add("allocation", f"{what}: exact, of heaptrack's added", ratio=added["leaktrack exact"] / added["heaptrack"])

    # ---- memory ----
    def resident_kib(self, mode, threads):
        folder = self.new_folder()
        command = ["/usr/bin/time", "-f", "%M", self.churn, "server", str(threads), str(OPERATIONS // threads)]
        done = subprocess.run(command, env=mode.env(folder), check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return int(done.stderr.split()[-1])

    def memory(self):
        added = {}
        for threads in (1, 64):
            kib = {mode: statistics.median(self.resident_kib(self.modes[mode], threads) for _ in range(3))
                   for mode in ("alone", "leaktrack", "leaktrack exact")}
            for mode in ("leaktrack", "leaktrack exact"):
                added[mode, threads] = kib[mode] - kib["alone"]
                self.add("memory", f"{mode}, {threads} thread{'s' if threads > 1 else ''}: added", MiB=added[mode, threads] / 1024)
        for mode in ("leaktrack", "leaktrack exact"):
            self.add("memory", f"{mode}: a thread", KiB=(added[mode, 64] - added[mode, 1]) / 63)

    @staticmethod
    def is_there(program):
        if not program.there():
            print(f"not installed: {program.name} ({', '.join(program.needs)})")
        return program.there()

    def run(self):
        sections = self.options.only or SECTIONS
        for section in sections:
            if self.options.readme:
                # Otherwise a missing place would be noticed after half an hour.
                tables.divide(self.options.readme, section)
        for section in sections:
            getattr(self, section)()
            self.write(section)

    def write(self, section):
        """After each section, so that a failure in a later one does not lose it."""
        machine = {"cores": os.cpu_count(), "system": platform.platform(terse=True), "date": datetime.date.today().isoformat()}
        if self.options.json:
            with open(self.options.json, "w", encoding="utf-8") as file:
                json.dump({"machine": machine, "rounds": self.options.rounds, "rows": self.rows}, file, indent=1)
        if self.options.readme:
            rows = [row for row in self.rows if row["section"] == section]
            tables.put_into(self.options.readme, section, tables.markdown(rows, machine, self.options.rounds))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--before")
    parser.add_argument("--json")
    parser.add_argument("--readme")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="+", choices=SECTIONS)
    bench = Bench(parser.parse_args())
    try:
        bench.run()
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
