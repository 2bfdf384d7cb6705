#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tracking adds to a child that ends at once, over a preloaded library that does nothing.

    short_lived.py LIBRARY [--count COUNT] [--rounds ROUNDS]

A shell makes COUNT children, one by one, and is the first process of its tree:
subshells   (:): fork, and an end without exec
printf      /usr/bin/printf: fork, exec, some allocations
true        /bin/true: fork, exec, none
The modes alternate within each round. Prints processor time (user and system, all processes) per child in ms, the median of
the rounds, and its ratio to that with the library that does nothing; then what the default mode has left.
"""
import argparse
import os
import resource
import statistics
import subprocess
import tempfile

CHILDREN = {"subshells": "(:)", "printf": "/usr/bin/printf x >/dev/null", "true": "/bin/true"}


def cpu_ms(script, environment):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["/bin/bash", "-c", script], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def library_that_does_nothing(folder):
    path = os.path.join(folder, "libnothing.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", path], input=b"int nothing;", check=True)
    return path


def a_child(kind, preload, interval, count):
    """Milliseconds per child, and how many captures are left."""
    script = f"for ((i = 0; i < {count}; ++i)); do {CHILDREN[kind]}; done"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LD_PRELOAD": preload, "LEAKTRACK_OUT": folder, "LEAKTRACK_INTERVAL": interval}
        return cpu_ms(script, environment) / count, len(os.listdir(folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=os.path.abspath)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        modes = {"nothing": (library_that_does_nothing(folder), "auto"), "default": (options.library, "auto"),
                 "exact": (options.library, "exact")}
        for kind in CHILDREN:
            rounds = [{name: a_child(kind, *mode, options.count) for name, mode in modes.items()} for _ in range(options.rounds)]
            ms = {name: statistics.median(one[name][0] for one in rounds) for name in modes}
            left = statistics.median(one["default"][1] for one in rounds)
            print(kind, *(f"{name} {value:.2f} ms ({value / ms['nothing']:.2f})" for name, value in ms.items()),
                  f"{left:.0f} captures", sep="   ", flush=True)


if __name__ == "__main__":
    main()
