#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A look denies no growth: also where no kind of block grows, it says that resident memory does.

    growing_test.py LEAKTRACK GROWING      GROWING is programs/growing.cc
"""
import subprocess
import sys

from look_test import Running, look


def main():
    leaktrack, growing = sys.argv[1:]
    for how, conclusion, status in (("block", "grows", 3), ("mapping", "grows", 3), ("still", "nothing", 0)):
        with Running(growing, how) as program:
            report, exited = look(leaktrack, program.process.pid)
            assert (report["conclusion"], exited) == (conclusion, status), (how, exited, report)
            assert (report["process"]["rss_growth_bytes"] >= 2 << 20) == (how != "still"), (how, report["process"])
            if how == "mapping":
                text = subprocess.run([leaktrack, "look", "--seconds", "300ms", str(program.process.pid)],
                                      stdout=subprocess.PIPE, text=True, check=False).stdout
                assert text.startswith("GROWS   resident memory by "), text
        print(how, "ok", flush=True)


if __name__ == "__main__":
    main()
