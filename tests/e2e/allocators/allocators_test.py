#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one program with every allocator, with us before or behind it, and compares it with a plain run.

    allocators_test.py SOURCE BINARIES LEAKTRACK LIBRARY

However the allocator was linked or loaded, the program's output (refusals, errno, usable sizes) must be that of a run
without us. If the allocator's calls reach us, each leak must be seen, and nothing else. If they do not, the report must
claim nothing and say so.
"""
import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import expectations  # noqa: E402
from tracker import SKIPPED, tracker  # noqa: E402

LIBRARIES = {"jemalloc": "libjemalloc.so.2", "tcmalloc_minimal": "libtcmalloc_minimal.so.4",
             "mimalloc": "libmimalloc.so.2"}
LIBRARY_FOLDER = "/usr/lib/x86_64-linux-gnu"


def matrix(binaries, ours):
    """[(name, program, preload without us, preload with us, whether the calls are seen)] for what is installed."""
    plain = os.path.join(binaries, "conformance_glibc")
    rows = [("glibc", plain, "", ours, True)]
    for allocator, soname in LIBRARIES.items():
        library = os.path.join(LIBRARY_FOLDER, soname)
        if not os.path.exists(library):
            continue
        linked = os.path.join(binaries, f"conformance_{allocator}")
        rows += [(f"{allocator} linked", linked, "", ours, True),
                 (f"{allocator} preloaded behind us", plain, library, f"{ours}:{library}", True),
                 (f"{allocator} preloaded before us", plain, library, f"{library}:{ours}", False)]
    for static in sorted(glob.glob(os.path.join(binaries, "conformance_static_*"))):
        rows.append((os.path.basename(static)[len("conformance_"):], static, "", ours, False))
    return rows


def run(program, preload, **more):
    """(exit status, all output)"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LEAKTRACK_")}
    environment.update(more, LD_PRELOAD=preload)
    done = subprocess.run([program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout


def differences(plain, tracked):
    """Output of a tracked run that a plain one does not have, and the reverse."""
    if plain == tracked:
        return []
    ours, theirs = tracked[1].splitlines(), plain[1].splitlines()
    return [f"status {tracked[0]}, plain {plain[0]}"] * (plain[0] != tracked[0]) + \
        [f"said: {a!r}, plain: {b!r}" for a, b in zip(ours, theirs) if a != b][:5] + \
        [f"said {len(ours)} lines, plain {len(theirs)}"] * (len(ours) != len(theirs))


def hook_complaints(report, seen):
    """What `coverage.hooks` says wrongly about malloc and free."""
    wanted = "active" if seen else "bypassed"
    states = {hook["name"]: hook["state"] for hook in report["coverage"]["hooks"]}
    return [f"hook {name} is {states.get(name)}" for name in ("malloc", "free", "calloc", "realloc", "_Znwm", "_ZdlPv")
            if states.get(name) != wanted]


def exact_run(leaktrack, program, preload, plain, case, seen):
    with tracker(leaktrack) as t:
        found = differences(plain, run(program, preload, LEAKTRACK_OUT=t.folder, LEAKTRACK_INTERVAL="exact"))
        report = t.only_report()
        found += expectations.judge(case, [report]) + hook_complaints(report, seen)
        if not seen:
            found += [f"seen by half: {site['stack'][0]['function']}" for site in report["sites"] if site["kind"] == "heap"]
            if "calls that the tracker does not see" not in " ".join(t.text(t.captures()[0]).split()):
                found.append("the report does not say that the heap is unseen")
    return found


def sampled_run(leaktrack, program, preload, plain):
    with tracker(leaktrack) as t:
        return differences(plain, run(program, preload, LEAKTRACK_OUT=t.folder))


def main():
    source, binaries, leaktrack, ours = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        cases = {case.name: case for case in expectations.parse(file.read())}
    failed = False
    rows = matrix(binaries, os.path.abspath(ours))
    for name, program, before, with_us, seen in rows:
        plain = run(program, before)
        found = [f"the plain run ended with {plain[0]}: {plain[1][-300:]}"] if plain[0] else \
            exact_run(leaktrack, program, with_us, plain, cases["seen" if seen else "bypassed"], seen) + \
            [f"sampled: {text}" for text in sampled_run(leaktrack, program, with_us, plain)]
        print(f"{'FAIL' if found else 'ok  '} {name}")
        for complaint in found:
            print("     " + complaint)
        failed = failed or bool(found)
    if failed:
        sys.exit(1)
    if len(rows) < 4:
        print("skipped: no other allocator is installed (scripts/setup.sh --test installs them)")
        sys.exit(SKIPPED)


if __name__ == "__main__":
    main()
