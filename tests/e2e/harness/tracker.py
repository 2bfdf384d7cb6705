# SPDX-License-Identifier: Apache-2.0
"""Runs programs under leaktrack and reads the reports. Shared by all tests of this folder.

Promises: everything that a test writes is in one temporary folder, which is removed at the end unless the test failed and
LEAKTRACK_KEEP is set. No call waits for ever.
"""
import contextlib
import functools
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

REPORT_EXITS = (0, 1, 3)  # nothing found, leak found, inconclusive; 2 would be the tool's own failure


# Neither names that an earlier test has read, nor the developer's own cache, may help.
os.environ["XDG_CACHE_HOME"] = "/dev/null"

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools", "report", "report.schema.json")


@functools.lru_cache(maxsize=None)
def validator():
    """None if python3-jsonschema is not installed for this interpreter."""
    try:
        import jsonschema
    except ImportError:
        return None
    with open(SCHEMA, encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(json.load(file))


def check_schema(report):
    """Every report that a test reads must match the published schema. Of very many sites only the first hundred are
    checked."""
    if validator() is not None:
        validator().validate({**report, "sites": report["sites"][:100]})


class Tracker:
    """One leaktrack program and one folder of captures."""

    def __init__(self, leaktrack, folder):
        self.leaktrack = os.path.abspath(leaktrack)
        self.folder = folder

    def command(self, command, options=()):
        return [self.leaktrack, "run", "-o", self.folder, *options, "--", *command]

    def run(self, command, options=(), timeout=60, **popen):
        """Runs `command` to its end; returns subprocess.CompletedProcess. After `timeout` all its processes are
        killed."""
        with self.start(command, options, **popen) as process:
            try:
                output, errors = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise AssertionError(f"did not end within {timeout} s: {' '.join(command)}") from None
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def start(self, command, options=(), **popen):
        """A Popen with its own process group, so that killpg also reaches the tracked program."""
        return subprocess.Popen(self.command(command, options), start_new_session=True, **popen)

    def captures(self):
        return sorted(glob.glob(os.path.join(self.folder, "*.ltk")))

    def report(self, capture, timeout=120):
        """The JSON report of one capture, all sites."""
        done = subprocess.run([self.leaktrack, "report", capture, "--format", "json", "--top", "1000000",
                               "--no-history"],
                              timeout=timeout, check=False, capture_output=True, text=True)
        if done.returncode not in REPORT_EXITS:
            raise AssertionError(f"report {capture}: exit {done.returncode}: {done.stderr.strip()}")
        report = json.loads(done.stdout)
        check_schema(report)
        report["exit"] = done.returncode
        return report

    def reports(self):
        return [self.report(capture) for capture in self.captures()]

    def only_report(self):
        captures = self.captures()
        if len(captures) != 1:
            raise AssertionError(f"one capture expected, found {[os.path.basename(c) for c in captures]}")
        return self.report(captures[0])

    def text(self, capture):
        done = subprocess.run([self.leaktrack, "report", "--no-history", capture], timeout=120, check=False, capture_output=True,
                              text=True)
        return done.stdout


@contextlib.contextmanager
def tracker(leaktrack):
    """A Tracker with its own folder."""
    folder = tempfile.mkdtemp(prefix="leaktrack-e2e.")
    try:
        yield Tracker(leaktrack, folder)
    except BaseException:
        if os.environ.get("LEAKTRACK_KEEP"):
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


SKIPPED = 77  # ctest's SKIP_RETURN_CODE in this folder


def need(*programs):
    """Ends the test as skipped unless all programs are installed."""
    for program in programs:
        if not (os.path.exists(program) if "/" in program else shutil.which(program)):
            print(f"skipped: {program} is not installed (scripts/setup.sh --test installs it)")
            sys.exit(SKIPPED)


def frames_of(site):
    return [frame.get("function") or "" for frame in site["stack"]]


def describe(report, count=5):
    """The first sites in a few lines, for messages of failed tests."""
    lines = [f"end {report['process']['end']}, {len(report['sites'])} sites, exit {report['exit']}"]
    for site in sorted(report["sites"], key=lambda s: s["rank"])[:count]:
        blame = (site["blame"] or {}).get("function")
        lines.append(f"  {site['rank']} {site['verdict']}/{site['trend']} {site['live_bytes']} B "
                     f"{site['growth_bytes_per_hour']} B/h blame {blame} | {' < '.join(frames_of(site)[:6])}")
        lines.append(f"    {site['evidence']}")
    return "\n".join(lines)


def victim_pid(run_pid):
    """The tracked program: `run` has forked it, or has become it by exec."""
    with open(f"/proc/{run_pid}/task/{run_pid}/children", encoding="ascii") as file:
        children = file.read().split()
    return int(children[0]) if children else run_pid
