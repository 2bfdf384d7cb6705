#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets the kernel's OOM killer end tracked programs, and compares their captures with their own accounts.

    oom_test.py VICTIM LEAKTRACK [--kills N] [--seed S] [--group]

Each victim leaks in a memory cgroup of 64 MiB, exactly recorded, in 0.1 s to 3 s until it is killed. Its capture must
open and say that it was killed (after a second also what its limit was). It must agree with the victim's accounts to the
byte (within one operation in flight per thread, and what is reported lost), and have the leak at rank 1. It must name
the OOM killer, the cgroup whose limit was reached (the parent of the victim's own), the limit and the time: by the
kernel's log, and, in every second kill, without the right to read it, by the cgroup's own counter. A victim that is then
killed by a plain SIGKILL in the same cgroup was not killed by the OOM killer. Skipped if no cgroup can be made.

With --group the cgroup dies as a whole (memory.oom.group, as Kubernetes sets it). `leaktrack run` dies too, so nobody is
left to fold, and so does a second program that does not leak. Both captures must be as accurate.
"""
import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import time

from kill_test import ENTRY, THREADS, read_ledger, victims_share
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import SKIPPED, tracker  # noqa: E402

LIMIT = 64 << 20
VERSIONS = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.oom_control"),
            ("/sys/fs/cgroup", "memory.max", "memory.events"))


NO_LOG = ("setpriv", "--inh-caps", "-syslog", "--bounding-set", "-syslog")


class Cgroup:
    """A memory cgroup with a limit, of version 1 or 2, and one in it without; removed at the end."""

    def __init__(self, group):
        self.folder = None
        reasons = []
        for root, limit, events in VERSIONS:
            folder = f"{root}/leaktrack-oom.{os.getpid()}"
            try:
                os.mkdir(folder)
                self.folder, self.events, self.name = folder, events, folder[len(root):]
                self.write(limit, LIMIT)
                if events == "memory.events":
                    self.write("cgroup.subtree_control", "+memory")
                os.mkdir(os.path.join(folder, "inner"))
                if group:
                    self.write("memory.oom.group", 1)
                return
            except OSError as error:
                reasons.append(str(error))
                self.close()
        print(f"skipped: no memory cgroup can be made here: {'; '.join(reasons)}")
        sys.exit(SKIPPED)

    def write(self, name, value):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
            file.write(str(value))

    def enter(self):
        self.write("inner/cgroup.procs", os.getpid())

    def kills(self):
        with open(os.path.join(self.folder, "inner", self.events), encoding="ascii") as file:
            return int(dict(line.split() for line in file)["oom_kill"])

    def close(self):
        for folder in (os.path.join(self.folder or "", "inner"), self.folder):
            if self.folder and os.path.isdir(folder):
                os.rmdir(folder)
        self.folder = None


def complaints_of_books(report, ledger, end="killed"):
    """What the capture of any victim says wrongly."""
    low_bytes, high_bytes, low_blocks, high_blocks, _ = ledger
    blocks, size, _ = victims_share(report)
    lost = report["coverage"]["lost_allocations"]
    if report["process"]["end"] != end:
        yield f"end is {report['process']['end']}, not {end}"
    if report["coverage"]["lost_frees"]:
        yield f"lost_frees is {report['coverage']['lost_frees']}"
    if not low_blocks - lost <= round(blocks) <= high_blocks:
        yield f"live blocks {blocks} and {lost} lost, the victim knows {low_blocks} to {high_blocks}"
    if not (low_bytes <= round(size) or lost) or round(size) > high_bytes:
        yield f"live bytes {size}, the victim knows {low_bytes} to {high_bytes}"


def complaints_of_proof(report, cgroup, by, scope, began):
    """What the capture of a victim of the OOM killer says wrongly about its end."""
    proof = report["process"]["end_evidence"]
    told = proof and {**proof, "time": began <= proof["time"] <= time.time()}
    expected = {"by": by, "scope": scope, "cgroup": cgroup.name, "limit_bytes": LIMIT, "time": True}
    if told != expected:
        yield f"its end is told as {proof}, not as {expected}"
    for name, value in (("path", cgroup.name + "/inner"), ("level", cgroup.name), ("limit_bytes", LIMIT)):
        if (report["process"]["cgroup"] or {}).get(name) != value:
            yield f"its cgroup is {report['process']['cgroup']}"
    if report["process"]["seconds_to_limit"]["mid"] is not None:
        yield "the dead have a future"


def complaints(report, ledger):
    """What the capture of the leaking victim says wrongly."""
    yield from complaints_of_books(report, ledger, "oom_killed")
    limit = (report["process"]["limit_kind"], report["process"]["limit_bytes"])
    if limit != ("cgroup", LIMIT):
        yield f"the limit is said to be {limit}"
    first = min(report["sites"], key=lambda site: site["rank"])
    if (first["blame"] or {}).get("function", "").find("VictimLeaks") < 0:
        yield f"rank 1 blames {first['blame']}"


class Victim:
    """A tracked victim in the cgroup, and its accounts."""

    def __init__(self, t, args, cgroup, seed, *pause, log=True):
        self.tracker, self.ledger = t, os.path.join(t.folder, "ledger")
        self.cgroup, self.log, self.began = cgroup, log, time.time()
        with open(self.ledger, "wb") as file:
            file.write(bytes(ENTRY.size * THREADS))
        command = [args.victim, self.ledger, str(seed), str(THREADS), *pause]
        self.process = subprocess.Popen([*(() if log else NO_LOG), *t.command(command, ["--exact"])],
                                        start_new_session=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, preexec_fn=cgroup.enter)
        self.process.stdout.read(1)

    def wait(self):
        """Its status. None: it hung."""
        with self.process:
            try:
                return self.process.wait(timeout=120)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                return None

    def complaints(self, judge, expected, scope="cgroup"):
        """(complaints, lost allocations that the report admits)"""
        status = self.wait()
        if status is None:
            return ["hangs"], 0
        if not self.tracker.captures():
            return [f"no capture; run ended with {status}"], 0
        report = self.tracker.only_report()
        found = [] if status == expected else [f"run ended with {status}, not {expected}"]
        found += judge(report, read_ledger(self.ledger))
        by = "kernel_log" if self.log else "cgroup_counter"
        if scope:
            found += complaints_of_proof(report, self.cgroup, by, scope, self.began)
        return found, report["coverage"]["lost_allocations"]


def kill_once(args, cgroup, number, dice):
    """Returns (complaints, lost allocations that the report admits)."""
    before, pause = cgroup.kills(), int(10 ** dice.uniform(1.7, 3.3))
    with contextlib.ExitStack() as stack:
        def start(seed, *pause):
            log = args.group or number % 2 == 0  # the report of a group's victims is the first to ask
            return Victim(stack.enter_context(tracker(args.leaktrack)), args, cgroup, seed, *pause, log=log)

        seed, expected = args.seed + number, 128 + signal.SIGKILL
        scope = "group" if args.group else "cgroup"
        if args.group:
            bystander, expected = start(seed + 1000), -signal.SIGKILL
        found, lost = start(seed, str(pause)).complaints(complaints, expected, scope)
        if args.group:
            beside, lost_beside = bystander.complaints(
                lambda *facts: complaints_of_books(*facts, "oom_killed"), expected, "group")
            found += [f"bystander: {text}" for text in beside]
            lost += lost_beside
        if cgroup.kills() == before:
            found.append("it was not the OOM killer")
        return found, lost


def kill_plainly(args, cgroup, log):
    """What is said wrongly of a victim that did not need the OOM killer, where it has killed before."""
    with tracker(args.leaktrack) as t:
        victim = Victim(t, args, cgroup, args.seed, log=log)
        time.sleep(1.2)
        with open(f"/proc/{victim.process.pid}/task/{victim.process.pid}/children", encoding="ascii") as file:
            os.kill(int(file.read().split()[0]), signal.SIGKILL)
        found, _ = victim.complaints(complaints_of_books, 128 + signal.SIGKILL, None)
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("victim")
    parser.add_argument("leaktrack")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--group", action="store_true")
    args = parser.parse_args()
    args.victim = os.path.abspath(args.victim)
    dice, cgroup, failures, lost = random.Random(args.seed), Cgroup(args.group), 0, 0
    try:
        for number in range(args.kills):
            found, lost_now = kill_once(args, cgroup, number, dice)
            lost += lost_now
            failures += bool(found)
            for complaint in found:
                print(f"OOM kill {number} (seed {args.seed}): {complaint}", flush=True)
        for log in (() if args.group else (True, False)):
            found = kill_plainly(args, cgroup, log)
            failures += bool(found)
            for complaint in found:
                print(f"a plain kill, the log {'read' if log else 'not read'}: {complaint}", flush=True)
    finally:
        cgroup.close()
    print(f"{args.kills} OOM kills, {failures} captures wrong, {lost} allocations reported lost")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
