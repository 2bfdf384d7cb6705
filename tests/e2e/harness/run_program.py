#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test programs under leaktrack and checks what their sources expect.

    run_program.py PROGRAM_SOURCE BINARY [PROGRAM_SOURCE BINARY]... LEAKTRACK

The grammar of the expectations is in tests/README.md. The cases of one program run one after the other; several programs
(which mostly sleep) run side by side. With LEAKTRACK_KEEP set, a failing case keeps its captures.
"""
import concurrent.futures
import os
import subprocess
import sys

import expectations
from tracker import tracker


def run_case(case, binary, leaktrack):
    """Complaints about one case."""
    environment = {**os.environ, **case.environment}
    with tracker(leaktrack) as t:
        done = t.run([binary, *case.args], case.run_options, env=environment, stdout=subprocess.PIPE,
                     stderr=subprocess.STDOUT, text=True, errors="replace", cwd=t.folder)
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        found = [] if status == case.status else [f"exit status {status}, expected {case.status}"]
        found += expectations.judge(case, t.reports())
        if found and done.stdout:
            found.append("the program's own words:\n" + done.stdout[-2000:])
        if found and os.environ.get("LEAKTRACK_KEEP"):
            raise AssertionError("\n".join(found))
    return found


def cases_of(source):
    with open(source, encoding="utf-8") as file:
        return expectations.parse(file.read())


def complaints_about(source, binary, case, leaktrack):
    """What to print about one case: a line, and one more for each complaint."""
    try:
        found = run_case(case, os.path.abspath(binary), leaktrack)
    except AssertionError as failure:
        found = [str(failure)]
    label = os.path.basename(source) + (f" [{case.name}]" if case.name else "")
    return [f"{'FAIL' if found else 'ok  '} {label}", *found]


def main():
    if len(sys.argv) < 4 or len(sys.argv) % 2 != 0:
        sys.exit(__doc__)
    *programs, leaktrack = sys.argv[1:]
    jobs = [(source, binary, case, leaktrack) for source, binary in zip(programs[::2], programs[1::2])
            for case in cases_of(source)]
    with concurrent.futures.ThreadPoolExecutor(len(jobs) if len(programs) > 2 else 1) as pool:
        results = list(pool.map(lambda job: complaints_about(*job), jobs))
    for lines in results:
        print("\n     ".join(lines))
    sys.exit(1 if any(len(lines) > 1 for lines in results) else 0)


if __name__ == "__main__":
    main()
