#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A core says as much as the process did, packed or not, and what is cut off or missing is said.

    core_test.py LEAKTRACK SOURCE BINARY [SOURCE BINARY ...]

The kernel writes the cores; expectations are those of look_test.py, without the holders that only /proc knows. A core
has registers, so that few lost blocks are certain, too.
"""
import os
import resource
import shutil
import signal
import subprocess
import sys

from look_test import Running, cases_of, look, problems

# What a core does not have: epoll's data, names of threads, and, by default, pages of shared files.
NOT_IN_CORES = {"epoll", "shared_file", "mapped_file", "stack", "thread_local", "local", "erased"}


def core_of(program):
    """The core that the kernel has written for the program, or None."""
    program.process.send_signal(signal.SIGABRT)
    program.process.wait()
    found = [name for name in os.listdir(program.folder.name) if name.startswith("core")]
    return os.path.join(program.folder.name, found[0]) if found else None


def check_case(leaktrack, binary, case, expected):
    with Running(binary, case) as program:
        core = core_of(program)
        if core is None:
            print("the kernel writes no cores into the working directory here")
            sys.exit(77)
        report, _ = look(leaktrack, core)
        found = list(problems(report, expected))
        if report["looks"] != 1 or report["doubts"]:
            found.append(f"looks {report['looks']}, doubts {report['doubts']}")
        return found


def check_packed_and_cut(leaktrack, binary):
    with Running(binary, "list") as program:
        core = core_of(program)
        whole, status = look(leaktrack, core)
        for tool, ending in (("zstd", "zst"), ("lz4", "lz4")):
            if shutil.which(tool):
                subprocess.run([tool, "-q", core, f"{core}.{ending}"], check=True)
                packed, packed_status = look(leaktrack, f"{core}.{ending}")
                if (packed["groups"], packed_status) != (whole["groups"], status):
                    yield f"{tool} changes what is found"
        size = os.path.getsize(core)
        with open(core, "r+b") as file:
            file.truncate(size - size // 8)
        cut, status = look(leaktrack, core)
        if not any("cut off" in doubt for doubt in cut["doubts"]) or status == 1:
            yield f"a core that is cut off: exit {status}, {cut['doubts']}"
        os.truncate(core, 3000)
        refused = subprocess.run([leaktrack, "look", core], capture_output=True, text=True)
        if refused.returncode != 2 or "cut off" not in refused.stderr:
            yield f"a core without memory: exit {refused.returncode}, {refused.stderr}"


def main():
    leaktrack, *pairs = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    failed = False
    for source, binary in zip(pairs[::2], pairs[1::2]):
        for case, expected in cases_of(source).items():
            if case in NOT_IN_CORES:
                continue
            found = check_case(leaktrack, binary, case, expected)
            failed = failed or bool(found)
            print(f"{os.path.basename(source)} {case}: {'; '.join(found) or 'as expected'}")
    found = list(check_packed_and_cut(leaktrack, pairs[1]))
    print(f"packed, cut off: {'; '.join(found) or 'as expected'}")
    sys.exit(1 if failed or found else 0)


if __name__ == "__main__":
    main()
