#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program that only allocates, tracked for a long time: do the tracker's memory and the capture's growth stay flat?

    steady.py LIBLEAKTRACK [--minutes 30] [--threads 2] [--exact]

Runs churn's server (1,000 blocks per thread, replaced at random, as fast as it goes). At every tenth of the time it
prints the resident KiB of the process with its recorder, and the KiB of the capture on disk. Exits 1 if in the second half
the resident memory has grown by more than 1 MiB, or the capture by a MiB more than in the first.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LOOKS = 10
ALLOWED_KIB = 1024


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(("RssAnon:", "RssShmem:")))


def capture_kib(folder):
    return sum(os.stat(path).st_blocks for path in glob.glob(f"{folder}/*.ltk")) / 2


def look(process, folder, minutes):
    time.sleep(max(0.0, process.begin + 60 * minutes - time.monotonic()))
    if process.poll() is not None:
        raise SystemExit(f"the program ended with {process.returncode}")
    seen = (resident_kib(process.pid), capture_kib(folder))
    print(f"{minutes:6.1f} min  {seen[0]:8} KiB resident  {seen[1]:8.0f} KiB of capture", flush=True)
    return seen


def judge(seen):
    """The first tenth is the warm-up. Compares the second reading with the middle, and the middle with the end."""
    first, middle, last = seen[0], seen[len(seen) // 2 - 1], seen[-1]
    grown = last[0] - middle[0]
    before, after = middle[1] - first[1], last[1] - middle[1]
    share = (len(seen) // 2 - 1) / (len(seen) - len(seen) // 2)
    print(f"second half: {grown:+} KiB resident; capture {after:+.0f} KiB, {before / share:+.0f} KiB at the first half's rate")
    return 1 if grown > ALLOWED_KIB or after > before / share + ALLOWED_KIB else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--exact", action="store_true")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="leaktrack-steady.")
    churn = os.path.join(folder, "churn")
    subprocess.run(["gcc", "-O2", "-pthread", f"{HERE}/churn.c", "-o", churn], check=True)
    env = {**os.environ, "LD_PRELOAD": os.path.abspath(options.library), "LEAKTRACK_OUT": folder}
    if options.exact:
        env["LEAKTRACK_INTERVAL"] = "exact"
    process = subprocess.Popen([churn, "server", str(options.threads), str(10**15)], env=env, stdout=subprocess.DEVNULL)
    process.begin = time.monotonic()
    try:
        return judge([look(process, folder, options.minutes * tenth / LOOKS) for tenth in range(1, LOOKS + 1)])
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
