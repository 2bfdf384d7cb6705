#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares versions that do not differ: how often does `leaktrack diff` fail a build without a reason?

    same_version.py LEAKTRACK SERVICE [--comparisons 200] [--pool 18] [--jobs 2] [--json FILE]

Five programs with threads, random seeds or servers are run --pool times each under the gate's default interval. Each
comparison draws six different runs of one program and calls three the old version and three the new one. Half of the
comparisons count growth, and half count what was never freed. Comparisons of one program share a pool, so they are not
independent.
Prints one line per program: comparisons, failures (exit 1), inconclusive ones (exit 3). Exits 1 if any failed.
"""
import argparse
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import tempfile
import time

PYTHON = """
import random, threading, time
def work(seed):
    r, cache, end = random.Random(seed), {}, time.time() + 2.5
    while time.time() < end:
        cache[r.randrange(2000)] = ''.join(chr(65 + r.randrange(26)) for _ in range(r.randrange(200)))
threads = [threading.Thread(target=work, args=(random.random(),)) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
"""
RUBY = "cache = {}; t = Time.now; while Time.now - t < 2.5; cache[rand(2000)] = 'x' * rand(300); [1, 2, 3].map { |i| i.to_s * rand(50) }; end"
SQL = ("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);"
       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 400000)"
       " INSERT INTO t SELECT i, hex(randomblob(abs(random()) % 60)) FROM n;"
       "CREATE INDEX x ON t(b); SELECT count(*) FROM t WHERE b LIKE 'A%'; UPDATE t SET b = b || 'x' WHERE random() % 3 = 0;")


def redis(folder, clients):
    """A server in `folder`, and untracked clients: the command that they are, which is given the server by -s."""
    socket = os.path.join(folder, "s")
    return ["sh", "-c", f"redis-server --port 0 --unixsocket {socket} --save '' --dir {folder} >/dev/null & server=$!;"
            f" until redis-cli -s {socket} ping >/dev/null 2>&1; do sleep .05; done;"
            f" LD_PRELOAD= {clients} -s {socket} >/dev/null;"
            f" LD_PRELOAD= redis-cli -s {socket} shutdown nosave; wait $server"]


def programs(service):
    return {"service": lambda folder: [service, "--seconds", "3"], "python": lambda folder: ["/usr/bin/python3", "-c", PYTHON],
            "ruby": lambda folder: ["ruby", "-e", RUBY], "sqlite3": lambda folder: ["sqlite3", ":memory:", SQL],
            "redis": lambda folder: redis(folder, "redis-benchmark -q -n 100000 -r 20000 -t set,get,lpush,lpop -P 16")}


def run_once(leaktrack, place, command):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([leaktrack, "run", "-o", place, "--interval", "16KiB", "--", *command(folder)], check=True, timeout=120,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return place


def two_versions(place, runs, dice):
    """Two folders below `place` of three runs each, drawn from `runs`."""
    versions = [os.path.join(place, "old"), os.path.join(place, "new")]
    for version in versions:
        os.makedirs(version)
    for i, run in enumerate(dice.sample(runs, 6)):
        os.symlink(run, os.path.join(versions[i // 3], f"run-{i % 3 + 1}"))
    return versions


def compare(leaktrack, runs, number, dice):
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run([leaktrack, "diff", *two_versions(place, runs, dice), *(["--at-exit"] if number % 2 else [])],
                              capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def parse(description, trials, options=()):
    """The options of this script and of its sibling; `trials` is the name of that for their number."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("leaktrack", type=os.path.abspath)
    parser.add_argument("service", type=os.path.abspath)
    parser.add_argument("--" + trials, dest="trials", type=int, default=200)
    parser.add_argument("--pool", type=int, default=18)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--programs", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json")
    for name, more in options:
        parser.add_argument(name, **more)
    return parser.parse_args()


def measure(args, trials, commands, base, judge, more=None):
    """Runs each program of `commands` --pool times below `base`, but for runs that are there, and judges draws of them:
    judge(leaktrack, runs, number, dice) gives an exit status and what was printed. Prints a line per program, with what
    more(results) adds, and the output of what failed or broke. Returns the sums.
    """
    dice, rows = random.Random(args.seed), {}
    chosen = {name: command for name, command in commands.items() if not args.programs or name in args.programs}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as workers:
        for number, (name, command) in enumerate(chosen.items()):
            runs = [os.path.join(base, name, str(i)) for i in range(args.pool)]
            missing = [place for place in runs if not os.path.isdir(place)]
            list(workers.map(lambda place, command=command: run_once(args.leaktrack, place, command), missing))
            mine = args.trials // len(chosen) + (number < args.trials % len(chosen))
            jobs = [(i, random.Random(dice.random())) for i in range(mine)]
            begun = time.monotonic()
            results = list(workers.map(lambda job, runs=runs: judge(args.leaktrack, runs, *job), jobs))
            codes = [code for code, _ in results]
            rows[name] = {trials: mine, "failed": codes.count(1), "inconclusive": codes.count(3), "broken": codes.count(2),
                          "seconds_each": round((time.monotonic() - begun) * args.jobs / max(1, mine), 2), **(more(results) if more else {})}
            print(name, rows[name], flush=True)
            print("".join(text for code, text in results if code in (1, 2)), end="", flush=True)
    total = {key: sum(row[key] for row in rows.values()) for key in (trials, "failed", "inconclusive", "broken")}
    print("all", total)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"programs": rows, "all": total}, file, indent=2)
    return total


def main():
    args = parse(__doc__, "comparisons")
    with tempfile.TemporaryDirectory() as base:
        total = measure(args, "comparisons", programs(args.service), base, compare)
    sys.exit(1 if total["failed"] or total["broken"] else 0)


if __name__ == "__main__":
    main()
