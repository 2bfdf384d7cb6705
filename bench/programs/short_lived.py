#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tracking adds to a child that ends at once: processor time of a shell that makes COUNT of them, one by one.

    short_lived.py LIBRARY [--count COUNT] [--rounds ROUNDS]

forks       subshells that do nothing: fork, and an end without exec
commands    /bin/true: fork, exec, and a start of the library in each
Prints the milliseconds of processor time per child (user and system, all processes), the median of the rounds.
"""
import argparse
import os
import resource
import statistics
import subprocess
import tempfile

CHILDREN = {"forks": "(:)", "commands": "/bin/true"}
MODES = {"alone": None, "default": "auto", "exact": "exact"}


def cpu_ms(script, environment):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["/bin/sh", "-c", script], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def a_child(kind, library, interval, count):
    script = f"i=0; while [ $i -lt {count} ]; do {CHILDREN[kind]}; i=$((i+1)); done"
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ)
        if interval is not None:
            environment.update(LD_PRELOAD=library, LEAKTRACK_OUT=folder, LEAKTRACK_INTERVAL=interval)
        return cpu_ms(script, environment) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=os.path.abspath)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for kind in CHILDREN:
        rounds = [{name: a_child(kind, options.library, interval, options.count) for name, interval in MODES.items()}
                  for _ in range(options.rounds)]
        medians = {name: statistics.median(one[name] for one in rounds) for name in MODES}
        print(kind, *(f"{name} {ms:.2f} ms" for name, ms in medians.items()), sep="   ", flush=True)


if __name__ == "__main__":
    main()
