#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gates a program that has not changed against a baseline of its own: how often does growth mode fail a build for nothing?

    same_baseline.py LEAKTRACK SERVICE [--gates 200] [--pool 18] [--seconds 16] [--jobs 2] [--keep DIR] [--json FILE]

Four programs that grow are run --pool times each, as the gate runs them: the bundled service and its leak; Python threads whose caches
fill at random for longer than the run; Ruby's leak of grapheme_clusters, as often as there is time for it; Redis with lists that clients
push to as fast as they can. How much that is depends on what else the machine does. Each gate draws six different runs of one program:
three write the baseline, three are held against it. Gates of one program share a pool, so they are not independent. With --keep the
runs stay in DIR, and are used again.
Prints one line a program: gates, failures (exit 1), inconclusive ones (exit 3), gates that know the leak. Exits 1 if more than one in
a hundred fails, or any is broken.
"""
import contextlib
import os
import subprocess
import sys
import tempfile

from same_version import measure, parse, redis, two_versions

PYTHON = """
import os, random, threading, time
def work(seed):
    r, cache, end = random.Random(seed), {}, time.time() + SECONDS
    while time.time() < end:
        cache[r.randrange(60000)] = bytearray(r.randrange(2000))
        time.sleep(r.random() / 1000)
threads = [threading.Thread(target=work, args=(random.random(),)) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
os._exit(0)  # or the interpreter would free it all, and nothing have grown
"""
RUBY = """
text = "leak".encode("UTF-32LE"); t = Time.now
while Time.now - t < SECONDS
  rand(40).times { text.grapheme_clusters }
  sleep rand / 4
end
"""


def programs(service, seconds):
    def script(text):
        return text.replace("SECONDS", str(seconds))

    clients = f"timeout {seconds} redis-benchmark -l -q -n 2000 -c 4 -d 200 -r 20000 -t set,get,lpush"
    return {"service": lambda folder: [service, "--seconds", str(seconds)],
            "python": lambda folder: ["/usr/bin/python3", "-c", script(PYTHON)],
            "ruby": lambda folder: ["ruby", "-e", script(RUBY)], "redis": lambda folder: redis(folder, clients)}


def gate(leaktrack, runs, _, dice):
    with tempfile.TemporaryDirectory() as place:
        (old, new), baseline = two_versions(place, runs, dice), os.path.join(place, "baseline.txt")
        wrote = subprocess.run([leaktrack, "gate", old, "--write-baseline", baseline], capture_output=True, text=True, check=False, timeout=300)
        if not os.path.exists(baseline):
            return 3 if wrote.returncode == 3 else 2, wrote.stdout + wrote.stderr
        done = subprocess.run([leaktrack, "gate", new, "--baseline", baseline], capture_output=True, text=True, check=False, timeout=300)
        with open(baseline, encoding="utf-8") as file:
            return done.returncode, done.stdout + done.stderr + file.read()


def knowing(results):
    return {"knows the leak": sum("KNOWN: " in text for _, text in results)}


def main():
    args = parse(__doc__, "gates", [("--seconds", {"type": int, "default": 16}), ("--keep", {"metavar": "DIR", "type": os.path.abspath})])
    with contextlib.nullcontext(args.keep) if args.keep else tempfile.TemporaryDirectory() as base:
        total = measure(args, "gates", programs(args.service, args.seconds), base, gate, knowing)
    sys.exit(1 if total["failed"] * 100 > total["gates"] or total["broken"] else 0)


if __name__ == "__main__":
    main()
