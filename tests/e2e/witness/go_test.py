#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goroutines are counted from outside, by where they were created and where they wait, in stripped programs, too.

    go_test.py LEAKTRACK SOURCE
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

from look_test import Running, look


def compiler():
    return next(iter(glob.glob("/usr/lib/go-1.19/bin/go")), shutil.which("go"))


def build(go, source, to, *flags):
    environment = os.environ | {"HOME": os.path.dirname(to), "GO111MODULE": "off", "CGO_ENABLED": "0"}
    subprocess.run([go, "build", *flags, "-o", to, source], check=True, env=environment)
    return to


def of(report, function):
    found = [one for one in report["goroutines"] if one["created"].startswith(function)]
    return found[0] if len(found) == 1 else sys.exit(f"{function}: {report['goroutines']}, {report['doubts']}")


def check_counts(leaktrack, program):
    with Running(program) as running:
        report, status = look(leaktrack, running.process.pid)
    leaked, asleep = of(report, "main.leak at goroutines.go:13"), of(report, "main.main at goroutines.go:26")
    print(leaked, asleep, status)
    assert leaked["count"] == 487 and leaked["growth_per_hour"] == 0, leaked
    assert leaked["waiting"] == "chan send, main.leak.func1 at goroutines.go:13", leaked
    assert asleep["count"] == 5 and asleep["waiting"].startswith("sleep, main.sleeper"), asleep
    assert status == 3 and report["conclusion"] == "inconclusive"


def check_growth(leaktrack, program):
    with Running(program, "grow") as running:
        report, status = look(leaktrack, running.process.pid, seconds="1")
    leaked = of(report, "main.leak at goroutines.go:13")
    print(leaked, status)
    assert leaked["count"] > 487 and leaked["growth_per_hour"] > 100_000, leaked
    assert status == 3 and report["conclusion"] == "grows"


def main():
    leaktrack, source = sys.argv[1:]
    go = compiler()
    version = go and subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout
    if not go:
        print("there is no Go compiler")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        program = build(go, source, f"{folder}/whole")
        if "go1.19" not in version:
            with Running(program) as running:
                report, status = look(leaktrack, running.process.pid)
            assert status == 3 and any("goroutines" in doubt for doubt in report["doubts"]), report
            return
        check_counts(leaktrack, program)
        check_counts(leaktrack, build(go, source, f"{folder}/stripped", "-ldflags", "-s -w"))
        check_growth(leaktrack, program)


if __name__ == "__main__":
    main()
