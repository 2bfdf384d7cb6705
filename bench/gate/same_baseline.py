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
import argparse
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

from same_version import run_once

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


def redis(folder, seconds):
    socket = os.path.join(folder, "s")
    return ["sh", "-c", f"redis-server --port 0 --unixsocket {socket} --save '' --dir {folder} >/dev/null & server=$!;"
            f" until redis-cli -s {socket} ping >/dev/null 2>&1; do sleep .05; done;"
            f" LD_PRELOAD= timeout {seconds} redis-benchmark -l -q -s {socket} -n 2000 -c 4 -d 200 -r 20000 -t set,get,lpush >/dev/null;"
            f" LD_PRELOAD= redis-cli -s {socket} shutdown nosave; wait $server"]


def programs(service, seconds):
    def script(text):
        return text.replace("SECONDS", str(seconds))

    return {"service": lambda folder: [service, "--seconds", str(seconds)], "python": lambda folder: ["/usr/bin/python3", "-c", script(PYTHON)],
            "ruby": lambda folder: ["ruby", "-e", script(RUBY)], "redis": lambda folder: redis(folder, seconds)}


def arrange(place, name, runs):
    version = os.path.join(place, name)
    os.makedirs(version)
    for i, run in enumerate(runs):
        os.symlink(run, os.path.join(version, f"run-{i + 1}"))
    return version


def gate(leaktrack, runs, dice):
    with tempfile.TemporaryDirectory() as place:
        drawn, baseline = dice.sample(runs, 6), os.path.join(place, "baseline.txt")
        old, new = arrange(place, "old", drawn[:3]), arrange(place, "new", drawn[3:])
        wrote = subprocess.run([leaktrack, "gate", old, "--write-baseline", baseline], capture_output=True, text=True, check=False, timeout=300)
        if not os.path.exists(baseline):
            return 3, wrote.stdout + wrote.stderr
        done = subprocess.run([leaktrack, "gate", new, "--baseline", baseline], capture_output=True, text=True, check=False, timeout=300)
        with open(baseline, encoding="utf-8") as file:
            return done.returncode, done.stdout + done.stderr + file.read()


def pool_of(leaktrack, name, command, args, base, workers):
    places = [os.path.join(base, name, str(i)) for i in range(args.pool)]
    missing = [place for place in places if not os.path.isdir(place)]
    list(workers.map(lambda place: run_once(leaktrack, place, command), missing))
    return places


def measure(leaktrack, runs, count, dice, workers):
    jobs = [random.Random(dice.random()) for _ in range(count)]
    results = list(workers.map(lambda one: gate(leaktrack, runs, one), jobs))
    codes = [code for code, _ in results]
    row = {"gates": count, "failed": codes.count(1), "inconclusive": codes.count(3), "broken": codes.count(2),
           "knows the leak": sum("KNOWN: " in text for _, text in results)}
    return row, [text for code, text in results if code != 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("leaktrack")
    parser.add_argument("service")
    parser.add_argument("--gates", type=int, default=200)
    parser.add_argument("--pool", type=int, default=18)
    parser.add_argument("--seconds", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--programs", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("--json")
    args = parser.parse_args()
    leaktrack, dice, rows = os.path.abspath(args.leaktrack), random.Random(args.seed), {}
    commands = programs(os.path.abspath(args.service), args.seconds)
    chosen = {name: command for name, command in commands.items() if not args.programs or name in args.programs}
    base = os.path.abspath(args.keep) if args.keep else tempfile.mkdtemp()
    try:
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as workers:
            for number, (name, command) in enumerate(chosen.items()):
                runs = pool_of(leaktrack, name, command, args, base, workers)
                count = args.gates // len(chosen) + (number < args.gates % len(chosen))
                rows[name], texts = measure(leaktrack, runs, count, dice, workers)
                print(name, rows[name], flush=True)
                print("".join(texts[:5]), end="", flush=True)
    finally:
        if not args.keep:
            shutil.rmtree(base)
    total = {key: sum(row[key] for row in rows.values()) for key in ("gates", "failed", "inconclusive", "broken")}
    print("all", total)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"programs": rows, "all": total}, file, indent=2)
    sys.exit(1 if total["failed"] * 100 > total["gates"] or total["broken"] else 0)


if __name__ == "__main__":
    main()
