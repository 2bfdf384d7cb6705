#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Short lives leave nothing, long ones begin with what they did while they were young.

    young_test.py LEAKTRACK LIBRARY YOUNG      YOUNG is programs/young.c

Below the first process of a tree a run is born after 100 ms or 1 MiB, or before a call after which it could not be.
"""
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

LARGE, LATER = 300001, 200003


class Trees:
    """Shells as first processes of their trees; each run has a folder of its own."""

    def __init__(self, leaktrack, library, young):
        self.leaktrack, self.library, self.young = leaktrack, os.path.abspath(library), os.path.abspath(young)

    def run(self, script, *options):
        """What `run` said, and the reports on all captures but the shell's own."""
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            session = t.Tracker(self.leaktrack, folder)
            command = ["/bin/sh", "-c", f"Y={self.young}\n{script}\ntrue"]
            done = session.run(command, options, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            assert done.returncode == 0, done
            # Other runs on this machine have theirs.
            left = [name for name in os.listdir("/dev/shm")
                    if name.startswith("leaktrack-run.") and not os.path.exists("/proc/" + name.split(".")[1])]
            assert not left, left
            reports = [session.report(one) for one in session.captures()]
            shells = [one for one in reports if one["process"]["command"].startswith("/bin/sh")]
            assert shells, done.stderr
            return done.stderr, [one for one in reports if not one["process"]["command"].startswith("/bin/sh")]

    def preloaded(self, command, **variables):
        """How many captures a program leaves that is started with LD_PRELOAD alone."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(command, check=True, env={**os.environ, "LD_PRELOAD": self.library, "LEAKTRACK_OUT": folder, **variables})
            return len(os.listdir(folder))


def live(report, function):
    """Objects and bytes alive of the sites with that function in their stack."""
    sites = [site for site in report["sites"] if any(frame["function"] == function for frame in site["stack"])]
    return sum(round(site["live_objects"]) for site in sites), sum(round(site["live_bytes"]) for site in sites)


def check_live(report, function, objects, size):
    """Estimates: a block of 18 intervals counts for a little more than itself."""
    found, found_bytes = live(report, function)
    assert found == objects and abs(found_bytes - objects * size) <= 1e-4 * objects * size, (function, found, found_bytes)


def check_grown(report):
    for function, objects, size in (("KeptWhileYoung", 1, LARGE), ("KeptWhenGrown", 4, LATER), ("FreedWhileYoung", 0, 0),
                                    ("FreedWhenGrown", 0, 0)):
        check_live(report, function, objects, size)
    coverage = report["coverage"]
    assert coverage["lost_allocations"] == coverage["lost_frees"] == 0, coverage


def short_lives_leave_nothing(trees):
    said, reports = trees.run("for i in 1 2 3 4 5 6 7 8; do (:); /bin/true; $Y short; done")
    assert not reports, [one["process"] for one in reports]
    assert "24 processes of its tree ended too young and too small to be captured" in said, said


def a_long_life_begins_with_its_youth(trees):
    for life in ("grows", "thread", "child", "grandchild"):
        _, reports = trees.run(f"$Y {life}")
        assert len(reports) == 1, (life, len(reports))
        check_grown(reports[0])
    _, (moved,) = trees.run("$Y moves")
    check_live(moved, "MovedWhileYoung", 1, LARGE + 10)


def a_large_or_a_mapped_block_is_reason_enough(trees):
    for life in ("large", "maps"):
        _, reports = trees.run(f"$Y {life}")
        assert len(reports) == 1, (life, reports)
    assert sum(site["live_bytes"] for site in reports[0]["sites"]) == 1 << 22, reports[0]["sites"]


def threads_are_reason_enough(trees):
    _, reports = trees.run("$Y threads")
    assert len(reports) == 1, reports


def what_would_forbid_a_run_lets_it_begin(trees):
    lives = ["filter"] + (["drops"] if os.geteuid() == 0 else [])
    for life in lives:
        _, reports = trees.run(f"$Y {life}")
        assert len(reports) == 1, (life, reports)
        check_live(reports[0], "KeptWhenGrown", 4, LATER)


def no_run_is_born_in_a_handler(trees):
    said, reports = trees.run("$Y handlers")
    assert not reports, reports
    assert "1 process of its tree ended" in said, said


def the_first_process_is_recorded_however_short_it_is(trees):
    with tempfile.TemporaryDirectory() as folder:
        session = t.Tracker(trees.leaktrack, folder)
        session.run([trees.young, "short"], stderr=subprocess.DEVNULL)
        (capture,) = session.captures()
        check_live(session.report(capture), "KeptWhileYoung", 1, LARGE)


def who_must_know_all_has_runs_from_the_first_moment(trees):
    _, reports = trees.run("$Y short; $Y short", "--exact")
    assert len(reports) == 2, reports
    os.environ["LEAKTRACK_BIRTH"] = "early"
    _, reports = trees.run("$Y short; $Y short")
    del os.environ["LEAKTRACK_BIRTH"]
    assert len(reports) == 2, reports


def a_pattern_chooses(trees):
    both = "$Y grows; cp $Y $LEAKTRACK_OUT/other; $LEAKTRACK_OUT/other grows"
    for pattern, programs in (("all", {"young", "other"}), ("none", set()), ("you*", {"young"}), ("?ther", {"other"})):
        _, reports = trees.run(both, f"--children={pattern}")
        assert {os.path.basename(one["process"]["command"].split()[0]) for one in reports} == programs, (pattern, reports)


def a_tree_has_a_bound_and_says_when_it_is_reached(trees):
    full = "head -c 999 /dev/zero >> /dev/shm/leaktrack-run.$PPID.$(id -u).born"
    said, reports = trees.run(f"{full}; $Y large; $Y large; $Y large")
    assert len(reports) == 1, reports
    assert "2 processes were not captured, because the tree had 1000 captures already; choose with --children" in said, said


def a_preload_alone_knows_its_first_process(trees):
    assert trees.preloaded([trees.young, "short"]) == 1
    shell = ["/bin/sh", "-c", f"{trees.young} short; {trees.young} short; {trees.young} grows; true"]
    assert trees.preloaded(shell) == 2
    assert trees.preloaded(shell, LEAKTRACK_CHILDREN="none") == 1


def a_killed_run_leaves_counts_that_the_next_one_removes(trees):
    with tempfile.TemporaryDirectory() as folder:
        session = t.Tracker(trees.leaktrack, folder)
        with session.start(["/bin/sh", "-c", "echo here; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            run.stdout.readline()
            run.kill()
            run.wait()
            os.killpg(run.pid, signal.SIGKILL)
        trees.run("true")  # looks for what is left


def main():
    trees = Trees(*sys.argv[1:4])
    for check in (short_lives_leave_nothing, a_long_life_begins_with_its_youth, a_large_or_a_mapped_block_is_reason_enough,
                  threads_are_reason_enough,
                  what_would_forbid_a_run_lets_it_begin, no_run_is_born_in_a_handler,
                  the_first_process_is_recorded_however_short_it_is, who_must_know_all_has_runs_from_the_first_moment, a_pattern_chooses,
                  a_tree_has_a_bound_and_says_when_it_is_reached, a_preload_alone_knows_its_first_process,
                  a_killed_run_leaves_counts_that_the_next_one_removes):
        check(trees)
        print(check.__name__, "ok", flush=True)


if __name__ == "__main__":
    main()
