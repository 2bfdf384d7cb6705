#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs real programs with and without the tracker and compares the runs. Started by scripts/survival.sh.

Each file programs/NAME.sh is one workload. Its head says what it is and how its output is made comparable. It runs three
times in an empty folder that has the same path each time: plain, at the default interval, and exactly. It puts $TRACK
before the programs to be tracked; $TRACK is empty in the plain run. Standard output and exit status must be the same,
nothing may hang, and every capture that is left must open with `leaktrack report` (exit 0, 1 or 3).
"""
import argparse
import concurrent.futures
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = {"plain": None, "default": [], "exact": ["--exact"]}


class Program:
    """One workload and what the head of its file says about it."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path).removesuffix(".sh")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.needs = self.head(text, "NEEDS").split()
        self.timeout = int(self.head(text, "TIMEOUT"))
        self.short = "SHORT:" in text

    @staticmethod
    def head(text, word):
        found = re.search(rf"^# {word}: (.*)$", text, re.M)
        if not found:
            sys.exit(f"survival: a workload without '# {word}:'")
        return found.group(1)

    def missing(self):
        return [n for n in self.needs if not (glob.glob(n) if "/" in n else shutil.which(n))]

    def shell(self, arguments, folder, environment, timeout):
        """(status, output). Status None: it hung. What is left in its process group is killed."""
        with open(os.path.join(folder, "stdout"), "wb+") as output, open(os.path.join(folder, "stderr"), "wb") as errors:
            process = subprocess.Popen(["bash", self.path, *arguments], cwd=os.path.join(folder, "work"), stderr=errors,
                                       stdin=subprocess.DEVNULL, stdout=output, env=environment, start_new_session=True)
            try:
                status = process.wait(timeout)
            except subprocess.TimeoutExpired:
                status = None
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            output.seek(0)
            return status, output.read()

    def version(self, folder):
        return self.shell(["version"], folder, dict(os.environ), 60)[1].decode(errors="replace").strip()


def opens(leaktrack, capture):
    """None, or why the report on this capture failed."""
    try:
        done = subprocess.run([leaktrack, "report", capture, "--format", "json", "--top", "1"], check=False, timeout=300,
                              capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        return "report hangs"
    if done.returncode not in (0, 1, 3):
        return f"report exits {done.returncode}: {done.stderr.strip()[:200]}"
    json.loads(done.stdout)
    return None


class Run:
    """One workload in one mode."""

    def __init__(self, program, mode, args, folder):
        work, self.captures = os.path.join(folder, "work"), os.path.join(folder, f"captures.{mode}")
        shutil.rmtree(work, ignore_errors=True)
        for path in (work, self.captures):
            os.makedirs(path)
            os.chmod(path, 0o777)
        options = MODES[mode]
        track = [] if options is None else [args.leaktrack, "run", "-o", self.captures, *options, "--"]
        environment = dict(os.environ, TRACK=" ".join(track), SHORT="1" if args.short else "", LC_ALL="C.UTF-8", HOME=work,
                           SOURCE=os.path.dirname(os.path.dirname(HERE)))
        self.status, self.output = program.shell([], folder, environment, program.timeout)
        for stream in ("stdout", "stderr"):
            os.rename(os.path.join(folder, stream), os.path.join(folder, f"{stream}.{mode}"))
        self.bad_captures, self.capture_count = [], 0
        if track:
            self.open_captures(args.leaktrack)

    def open_captures(self, leaktrack):
        captures = sorted(glob.glob(os.path.join(self.captures, "*.ltk")))
        self.capture_count = len(captures)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            reasons = pool.map(lambda capture: opens(leaktrack, capture), captures)
        self.bad_captures = [f"{os.path.basename(c)}: {why}" for c, why in zip(captures, reasons) if why]

    def verdict(self, plain):
        """("same, N captures" or the complaint, whether it is right)"""
        if self.status is None:
            return "HANGS", False
        if self.status != plain.status:
            return f"STATUS {self.status}, plain {plain.status}", False
        if self.output != plain.output:
            return "OUTPUT DIFFERS", False
        if self.bad_captures:
            return f"{len(self.bad_captures)} CAPTURES DO NOT OPEN", False
        if self.capture_count == 0:
            return "NO CAPTURE", False
        return f"same, {self.capture_count} captures", True


def run_program(program, args):
    """True if all was right."""
    folder = tempfile.mkdtemp(prefix=f"survival.{program.name}.")
    os.chmod(folder, 0o755)
    os.makedirs(os.path.join(folder, "work"))
    version = program.version(folder)
    plain = Run(program, "plain", args, folder)
    cells, right = [], plain.status == 0
    if not right:
        cells = [f"the plain run already ends with {plain.status}"]
    for mode in ("default", "exact") if right else ():
        run = Run(program, mode, args, folder)
        text, good = run.verdict(plain)
        right &= good
        cells.append(text)
        for complaint in run.bad_captures[:5]:
            print(f"  {mode}: {complaint}", file=sys.stderr)
    print(f"| {program.name} | {version} | {' | '.join(cells)} |", flush=True)
    if right and not args.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"  outputs, messages and captures are kept in {folder}", file=sys.stderr)
    return right


def main():
    parser = argparse.ArgumentParser(prog="survival.sh", description="real programs with and without the tracker")
    parser.add_argument("--short", action="store_true", help="less load, and only what setup.sh --test installs")
    parser.add_argument("--keep", action="store_true", help="keep outputs and captures also when all is well")
    parser.add_argument("--leaktrack", default=os.path.join(HERE, "../../build/release/bin/leaktrack"))
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="names of files in tests/survival/programs")
    args = parser.parse_args()
    args.leaktrack = os.path.abspath(args.leaktrack)
    all_programs = {p.name: p for p in map(Program, sorted(glob.glob(os.path.join(HERE, "programs", "*.sh"))))}
    unknown = [name for name in args.programs if name not in all_programs]
    if unknown or not os.path.exists(args.leaktrack):
        sys.exit(f"survival: no such program: {unknown[0]}" if unknown else f"survival: not built: {args.leaktrack}")
    chosen = [all_programs[name] for name in args.programs] or [
        p for p in all_programs.values() if p.short or not args.short]
    failures = skipped = 0
    print("| program | version | default interval | exact |\n|---|---|---|---|")
    for program in chosen:
        if program.missing():
            skipped += 1
            print(f"| {program.name} | not installed: {' '.join(program.missing())} | | |", flush=True)
        else:
            failures += not run_program(program, args)
    print(f"{len(chosen) - failures - skipped} programs survive, {failures} do not, {skipped} not installed")
    sys.exit(1 if failures else 77 if skipped == len(chosen) else 0)


if __name__ == "__main__":
    main()
