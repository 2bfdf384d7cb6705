#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that forks is one program whose workers have names. The report says which processes share a limit.

    prefork_test.py LEAKTRACK PREFORK     PREFORK (programs/prefork.c) has three workers with titles
"""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

ROOMY = "a-long-argument-so-that-a-title-has-room"


def memory_cgroup():
    """A cgroup of our own with a limit, and the file that takes its members. None if we may not make one."""
    for top, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        place = os.path.join(top, f"leaktrack-test-{os.getpid()}")
        try:
            os.mkdir(place)
            with open(os.path.join(place, limit), "w", encoding="ascii") as file:
                file.write(str(512 << 20))
            return place
        except OSError:
            if os.path.isdir(place):
                os.rmdir(place)
    return None


def run(session, program, cgroup):
    command = [program, ROOMY, ROOMY, ROOMY]
    if cgroup:
        command = ["sh", "-c", f'echo $$ > {cgroup}/cgroup.procs; exec "$@"', "sh", *command]
    assert session.run(command, ["--exact"]).returncode == 0


def main():
    leaktrack, program = map(os.path.abspath, sys.argv[1:])
    cgroup = memory_cgroup()
    with t.tracker(leaktrack) as session:
        run(session, program, cgroup)
        for capture in session.captures():  # without that of the shell before it
            if ".prefork." not in capture:
                os.remove(capture)
        assert len(session.captures()) == 4, session.captures()
        done = subprocess.run([leaktrack, "merge", "--format", "json", session.folder], capture_output=True, check=False, timeout=60)
        programs = json.loads(done.stdout)["programs"]
        assert [p["program"] for p in programs] == ["prefork"] and programs[0]["runs"] == 4, programs
        roles = {role["role"]: role["runs"] for role in programs[0]["roles"]}
        assert roles == {"prefork: master process": 1, "prefork: worker process N": 3}, roles
        text = subprocess.run([leaktrack, "report", "--no-history", session.folder], capture_output=True, text=True, check=False, timeout=60).stdout
        for number in (10, 11, 12):
            assert f" prefork: worker process {number}\n" in text, text
        assert "''" not in text, text
        if cgroup:
            done = subprocess.run([leaktrack, "report", "--no-history", "--format", "json", session.folder], capture_output=True, check=False, timeout=60)
            report = json.loads(done.stdout)
            t.check_schema(report)
            pids = {c["pid"] for c in report["captures"]}
            assert report["process"]["limit_kind"] == "cgroup", report["process"]
            assert set(report["process"]["limit_shared_with"]) == pids - {report["process"]["pid"]}, report["process"]
            assert "shared with 3 other processes that were captured" in " ".join(text.split()), text
    if cgroup:
        for _ in range(50):
            try:
                os.rmdir(cgroup)
                break
            except OSError:
                time.sleep(0.1)
        print("who shares a limit is said")
    print("workers are named, and are one program")


if __name__ == "__main__":
    main()
