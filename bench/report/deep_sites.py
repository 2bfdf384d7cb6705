#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a report costs on a small capture of very many sites with deep stacks: size, time and peak memory of each format.

    bench/report/deep_sites.py [LEAKTRACK...]     SITES=130000

Compiles tests/e2e/programs/deep_sites.c and has the first LEAKTRACK (build/bench's) track it exactly. Each LEAKTRACK then
reports on the capture in every format: by default and, if that leaves sites out, with --top for all. With two programs:
before and after, in one run.
"""
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
REPORTS = (("text",), ("json",), ("json", "--top", "10000000"), ("html",), ("pprof",), ("folded",), ("speedscope",))


def report(leaktrack, capture, folder, words):
    """Megabytes written, seconds, peak MiB resident."""
    output = os.path.join(folder, "report")
    begin = time.monotonic()
    with subprocess.Popen([leaktrack, "report", "--no-history", "-o", output, "--format", *words, capture], stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode == 2:
        sys.exit(f"{leaktrack} report --format {words[0]} failed")
    return os.path.getsize(output) / 1e6, time.monotonic() - begin, usage.ru_maxrss / 1024


def main():
    programs = [os.path.abspath(path) for path in sys.argv[1:] or [os.path.join(ROOT, "build/bench/bin/leaktrack")]]
    sites = os.environ.get("SITES", "130000")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = "/dev/null"
        made = os.path.join(folder, "deep_sites")
        source = os.path.join(ROOT, "tests/e2e/programs/deep_sites.c")
        subprocess.run(["gcc", "-O1", "-g", "-fno-optimize-sibling-calls", source, "-o", made], check=True)
        subprocess.run([programs[0], "run", "--exact", "-o", folder, "--", made, sites], check=True, stderr=subprocess.DEVNULL)
        capture = next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".ltk"))
        print(f"{sites} sites, {os.path.getsize(capture) / 1e3:.0f} KB of capture")
        for words in REPORTS:
            for program in programs:
                size, seconds, mib = report(program, capture, folder, words)
                print(f"{' '.join(words):24} {size:8.1f} MB {seconds:6.1f} s {mib:6.0f} MiB  {program}")


if __name__ == "__main__":
    main()
