# SPDX-License-Identifier: Apache-2.0
"""CPU time of processes, instructions by callgrind, ratios with their intervals."""
import glob
import os
import random
import re
import resource
import statistics
import subprocess

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def descendants(pid):
    found = [pid]
    for task in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(task, encoding="ascii") as file:
                for child in file.read().split():
                    found += descendants(int(child))
        except OSError:
            pass
    return found


def cpu_ns(pid):
    """CPU time of a process, of its living descendants (to the nanosecond), and of those it has waited for (to a
    tick)."""
    total = 0
    for one in descendants(pid):
        try:
            for schedule in glob.glob(f"/proc/{one}/task/*/schedstat"):
                with open(schedule, encoding="ascii") as file:
                    total += int(file.read().split()[0])
            with open(f"/proc/{one}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            total += (int(fields[13]) + int(fields[14])) * TICK_NS
        except OSError:
            pass  # it has ended meanwhile: its parent's times include it
    return total


def cpu_seconds_of(command, env, folder):
    """CPU time of a command that runs to its end, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=env, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median_interval(ratios, draws=2000):
    """(median, low, high): the 95 % interval by resampling."""
    random.seed(1)
    medians = sorted(statistics.median(random.choices(ratios, k=len(ratios))) for _ in range(draws))
    return statistics.median(ratios), medians[draws // 40], medians[-draws // 40]


def is_helper(text):
    """True if the thread of this file ran the helper's main function. Its name may come first where it is called."""
    named = re.search(r"^c?fn=\((\d+)\) leaktrack::track::\(anonymous namespace\)::DrainerMain", text, re.M)
    return named is not None and re.search(rf"^fn=\({named[1]}\)", text, re.M) is not None


def instructions(pattern):
    """(instructions of the program's threads, of leaktrack's helper) in callgrind's files, one per thread."""
    own = helper = 0
    for path in glob.glob(pattern + ".*-[0-9]*"):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        count = int(re.search(r"^(?:totals|summary): (\d+)", text, re.M)[1])
        if is_helper(text):
            helper += count
        else:
            own += count
    return own, helper


def under_callgrind(command, pattern):
    return ["valgrind", "-q", "--tool=callgrind", "--separate-threads=yes", "--trace-children=yes", f"--callgrind-out-file={pattern}.%p", *command]
