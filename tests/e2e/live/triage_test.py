#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`leaktrack triage` on real processes: a leak in a cgroup with a limit, tracked or not, beside one that is steady.

    triage_test.py LEAKTRACK

As root it makes cgroups of its own; without the right to, the machine's memory is the limit and the kill is left out.
"""
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

MEMORY = "/sys/fs/cgroup/memory"
LEAK = "import time\nb = []\nwhile 1:\n b.append(bytearray(1 << 20)); time.sleep(.1)\n"
STEADY = "import time\nb = bytearray(40 << 20)\nprint(flush=True)\ntime.sleep(100)\n"
CACHE = ("import os, sys, time\nf = open(sys.argv[1], 'wb')\nfor i in range(60):\n"
         " f.write(b'x' * (1 << 20)); f.flush(); time.sleep(.05)\ntime.sleep(100)\n")


@contextlib.contextmanager
def cgroup(limit):
    """A cgroup of version 1 or 2 with a limit; None where it cannot be made."""
    first = os.path.isdir(MEMORY)
    folder = os.path.join(MEMORY if first else "/sys/fs/cgroup", f"leaktrack-triage.{os.getpid()}")
    try:
        os.mkdir(folder)
        with open(os.path.join(folder, "memory.limit_in_bytes" if first else "memory.max"), "w", encoding="utf-8") as file:
            file.write(str(limit))
    except OSError:
        yield None
        return
    try:
        yield folder
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
                break
            time.sleep(.1)


@contextlib.contextmanager
def running(command, folder=None, **popen):
    def enter():
        if folder:
            with open(os.path.join(folder, "cgroup.procs"), "w", encoding="utf-8") as file:
                file.write("0")
    with subprocess.Popen(command, preexec_fn=enter, start_new_session=True, **popen) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def triage(leaktrack, seconds, *options):
    done = subprocess.run([leaktrack, "triage", "--seconds", str(seconds), "--format", "json", *options],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 1, 3), done.stderr
    return done.returncode, json.loads(done.stdout)


def of(report, pid):
    return next(one for one in report["processes"] if one["pid"] == pid)


def check_an_untracked_leak(leaktrack):
    """The leak is in trouble, with its rate, limit and time; its steady neighbour on the machine is not."""
    with cgroup(400 << 20) as folder, running([sys.executable, "-c", STEADY], stdout=subprocess.PIPE) as steady, \
         running([sys.executable, "-c", LEAK], folder) as leak:
        steady.stdout.readline()
        time.sleep(.5)
        status, report = triage(leaktrack, 6)
        one, other = of(report, leak.pid), of(report, steady.pid)
        rate = one["growth_bytes_per_hour"] / 3600 / (1 << 20)
        assert 3 < rate <= 12, rate  # 10 MiB/s on an idle machine
        assert one["growth_low"] <= one["growth_bytes_per_hour"] <= one["growth_high"], one
        assert one["tracked"] is False and one["worst_site"] is None, one
        assert other["class"] in ("steady", "unknown") and other["status"] == "ok", other
        if folder:
            assert status == 1 and one["status"] in ("critical", "oom_imminent"), one
            assert (one["limit_bytes"], one["limit_kind"]) == (400 << 20, "cgroup"), one
            left = ((400 << 20) - one["anonymous_bytes"]) / (rate * (1 << 20))
            assert abs(one["seconds_to_limit"]["mid"] - left) < .4 * left + 5, (left, one)
            assert report["processes"].index(one) == 0 or report["processes"][0]["status"] == one["status"], report
        assert any("leaktrack run" in step["command"] for step in report["next"] if step["command"]) or not folder


def check_a_tracked_leak(leaktrack):
    """The place that leaks is named, from the capture of the living process."""
    with t.tracker(leaktrack) as runs:
        command = [leaktrack, "run", "-o", runs.folder, "--", sys.executable, "-c", LEAK]
        with running(command, env={**os.environ, "PYTHONMALLOC": "malloc"}):
            time.sleep(6)
            _, report = triage(leaktrack, 3)
            tracked = [one for one in report["processes"] if one["tracked"] and (one["capture"] or "").startswith(runs.folder)]
            assert len(tracked) == 1, tracked
            site = tracked[0]["worst_site"]
            assert site and site["function"] and site["live_bytes"] > 5 << 20, site


def check_a_filling_page_cache(leaktrack, folder):
    """What a process reads and writes in files is no use of its limit that anybody has to fear."""
    with cgroup(100 << 20) as group, running([sys.executable, "-c", CACHE, os.path.join(folder, "file")], group) as writer:
        time.sleep(1)
        _, report = triage(leaktrack, 4)
        one = of(report, writer.pid)
        assert one["status"] == "ok", one


def check_a_kill(leaktrack):
    """An OOM kill is told with its cgroup, by the kernel's log or by the counter."""
    with cgroup(30 << 20) as folder:
        if folder is None:
            return
        with running([sys.executable, "-c", "b = bytearray(90 << 20)"], folder) as victim:
            assert victim.wait(30) == -signal.SIGKILL
            # The counter goes with the cgroup, so somebody has to live there.
            with running([sys.executable, "-c", "import time; time.sleep(60)"], folder):
                _, report = triage(leaktrack, 1)
        name = os.path.basename(folder)
        kills = [kill for kill in report["oom_kills"] if name in kill["cgroup"]]
        assert len(kills) == 1, report["oom_kills"]
        if kills[0]["by"] == "kernel log":
            assert kills[0]["pid"] == victim.pid and kills[0]["limit_bytes"] == 30 << 20, kills
            assert abs(kills[0]["time"] - time.time()) < 60, kills


def check_the_page(leaktrack):
    """The first page comes after two seconds, the last at the end; all lines fit."""
    with subprocess.Popen([leaktrack, "triage", "--seconds", "4"], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "COLUMNS": "80"}) as page:
        text, _ = page.communicate(timeout=60)
    assert text.count("processes, watched for") == 2, text
    assert "better after 4 s" in text, text
    assert "\x1b" not in text


def check_bad_input(leaktrack):
    for options, words in ((["--seconds", "0"], "seconds"), (["--status-use", "90,80,70"], "--status-use"),
                           (["--format", "xml"], "--format")):
        done = subprocess.run([leaktrack, "triage", *options], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 2 and words in done.stderr, (options, done)


def check_another_user(leaktrack):
    """Unprivileged it works, and says what it could not see."""
    if os.geteuid() != 0:
        return
    with running([sys.executable, "-c", LEAK]):
        done = subprocess.run([leaktrack, "triage", "--seconds", "3", "--format", "json"], capture_output=True, text=True,
                              timeout=60, check=False, user=65534, group=65534, extra_groups=[])
    assert done.returncode in (0, 1, 3), done
    report = json.loads(done.stdout)
    assert len(report["processes"]) > 3, report
    assert any("not ours" in text for text in report["not_seen"]), report["not_seen"]


def main():
    leaktrack = os.path.abspath(sys.argv[1])
    check_bad_input(leaktrack)
    check_the_page(leaktrack)
    check_an_untracked_leak(leaktrack)
    check_a_tracked_leak(leaktrack)
    check_a_kill(leaktrack)
    with t.tracker(leaktrack) as runs:
        check_a_filling_page_cache(leaktrack, runs.folder)
    check_another_user(leaktrack)


if __name__ == "__main__":
    main()
