#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills 200 tracked programs at random moments and compares their captures with their own accounts.

    kill_test.py VICTIM LEAKTRACK [--kills N] [--seed S]

Half run exactly: live bytes must agree to the byte, and blocks to the block, within one operation in flight per thread.
Half run sampled (4 KiB): each must be within five of its stated standard errors, and all together, where single errors
average out, within four. Nothing may be counted twice: that would be an excess, and both halves would show it.

Operations in flight are no noise. A block leaves leaktrack's accounts before free and realloc, and the victim's after
them. So most kills find leaktrack some bytes lower (about 7 KB here, and the same in exact runs, where nothing is
estimated). The test allows for them, and does not count them into the standard errors.
"""
import argparse
import math
import os
import random
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import tracker, victim_pid  # noqa: E402

THREADS = 3
ENTRY = struct.Struct("<qqI4xqqQ16x")
NOTHING, ALLOCATE, FREE, REALLOCATE = range(4)


def read_ledger(path):
    """(bytes low, bytes high, blocks low, blocks high, operations) according to the victim."""
    with open(path, "rb") as file:
        data = file.read()
    low_bytes = high_bytes = low_blocks = high_blocks = operations = 0
    for i in range(THREADS):
        live_bytes, live_blocks, operation, before, after, done = ENTRY.unpack_from(data, i * ENTRY.size)
        # The kill came inside an operation, or between its booking and its end: the sums may differ
        # by one operation either way.
        change_bytes, change_blocks = {NOTHING: (0, 0), ALLOCATE: (after, 1), FREE: (before, 1),
                                       REALLOCATE: (max(before, after), 1)}[operation]
        low_bytes += live_bytes - change_bytes
        high_bytes += live_bytes + change_bytes
        low_blocks += live_blocks - change_blocks
        high_blocks += live_blocks + change_blocks
        operations += done
    return low_bytes, high_bytes, low_blocks, high_blocks, operations


def victims_share(report):
    """Live blocks, live bytes and variance of the victim's own allocations."""
    blocks = size = variance = 0
    for site in report["sites"]:
        if any("Victim" in (frame.get("function") or "") for frame in site["stack"]):
            blocks += site["live_objects"]
            size += site["live_bytes"]
            # live_bytes_error is half of the 90 % interval: 1.645 standard errors.
            variance += (float(site.get("live_bytes_error") or 0) / 1.645) ** 2
    return blocks, size, variance


def kill_once(args, number, dice):
    """Runs and kills one victim. Returns (complaints, operations, and for a sampled run: difference, variance,
    slack)."""
    exact = number % 2 == 0
    life = dice.uniform(0.020, 0.300)
    with tracker(args.leaktrack) as t:
        ledger = os.path.join(t.folder, "ledger")
        with open(ledger, "wb") as file:
            file.write(bytes(ENTRY.size * THREADS))
        options = ["--exact"] if exact else ["--interval", "4KiB"]
        read_end, write_end = os.pipe()
        process = t.start([args.victim, ledger, str(args.seed + number), str(THREADS)], options, stdout=write_end,
                          stderr=subprocess.DEVNULL)
        os.close(write_end)
        os.read(read_end, 1)
        time.sleep(life)
        os.kill(victim_pid(process.pid), signal.SIGKILL)
        status = process.wait(timeout=30)
        os.close(read_end)
        report = t.only_report()
        low_bytes, high_bytes, low_blocks, high_blocks, operations = read_ledger(ledger)
    found = []
    if status not in (137, -9):
        found.append(f"run ended with {status}, not 137")
    if report["process"]["end"] != "killed":
        found.append(f"end is {report['process']['end']}")
    for loss in ("lost_allocations", "lost_frees"):
        if report["coverage"][loss]:
            found.append(f"{loss} is {report['coverage'][loss]}")
    blocks, size, variance = victims_share(report)
    truth = (low_bytes + high_bytes) / 2
    if exact:
        if not low_bytes <= round(size) <= high_bytes:
            found.append(f"live bytes {size}, the victim knows {low_bytes} to {high_bytes}")
        if not low_blocks <= round(blocks) <= high_blocks:
            found.append(f"live blocks {blocks}, the victim knows {low_blocks} to {high_blocks}")
        return found, operations, (0, 0, 0)
    slack = (high_bytes - low_bytes) / 2
    if abs(size - truth) > 5 * math.sqrt(variance) + slack:
        found.append(f"live bytes {size:.0f} +- {math.sqrt(variance):.0f}, the victim knows {truth:.0f}")
    return found, operations, (size - truth, variance, slack)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("victim")
    parser.add_argument("leaktrack")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20)
    args = parser.parse_args()
    args.victim = os.path.abspath(args.victim)
    dice = random.Random(args.seed)
    failures, operations, samples = 0, 0, []
    for number in range(args.kills):
        found, done, sample = kill_once(args, number, dice)
        operations += done
        samples.append(sample)
        for complaint in found:
            print(f"kill {number} ({'sampled' if number % 2 else 'exact'}, seed {args.seed}): {complaint}", flush=True)
        failures += bool(found)
    difference, variance, slack = (sum(column) for column in zip(*samples))
    print(f"{args.kills} kills, {operations} operations, {failures} captures wrong; sampled together: {difference:+.0f} "
          f"bytes, standard error {math.sqrt(variance):.0f}, in flight at most {slack:.0f}")
    sys.exit(1 if failures or abs(difference) > 4 * math.sqrt(variance) + slack else 0)


if __name__ == "__main__":
    main()
