#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures of processes in containers, read from the host, from the container, and from another container.

    containers_test.py LEAKTRACK KEEPER     KEEPER (programs/keeps_in_a_container.c) prints "ready", then waits for input

A container here is what matters to us: a pid namespace, in which the program is pid 1, and a separate /dev/shm. unshare
creates it, as root or, if users may, in a user namespace.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

LIBRARY = "lib/libleaktrack.so"
UNSHARE = ["unshare", "--pid", "--fork", "--mount", "--mount-proc", "--kill-child"]


def unshare():
    for words in (UNSHARE, [*UNSHARE, "--user", "--map-root-user"]):
        if subprocess.run([*words, "mount", "-t", "tmpfs", "shm", "/dev/shm"], capture_output=True, check=False).returncode == 0:
            return words
    print("skipped: neither root nor a user who may make pid namespaces")
    sys.exit(t.SKIPPED)


class Containers:
    def __init__(self, session, keeper):
        self.session, self.keeper, self.words = session, keeper, unshare()
        self.library = os.path.join(os.path.dirname(os.path.dirname(session.leaktrack)), LIBRARY)

    def start(self, folder):
        """KEEPER as pid 1 of a container, tracked. Returns when it has allocated."""
        os.makedirs(folder, exist_ok=True)
        script = (f"mount -t tmpfs shm /dev/shm; LEAKTRACK_OUT={folder} LEAKTRACK_INTERVAL=exact LD_PRELOAD={self.library} "
                  f"exec {self.keeper}")
        process = subprocess.Popen([*self.words, "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        return process, self.capture_in(folder)

    def capture_in(self, folder):
        captures = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".ltk")]
        assert len(captures) == 1, captures
        assert ".1." in os.path.basename(captures[0]), f"not pid 1: {captures}"
        return captures[0]

    def from_host(self, capture):
        return self.session.report(capture)

    def from_container(self, *words, codes=t.REPORT_EXITS):
        """The tool in another container, whose pid 1 is another process."""
        done = subprocess.run([*self.words, self.session.leaktrack, *words], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode in codes, f"{words}: {done.returncode} {done.stderr}"
        return done


def end_of(report):
    return report["process"]["end"]


def words(text):
    """The text without its line breaks."""
    return " ".join(text.split())


def kept(report):
    return sum(site["live_bytes"] for site in report["sites"] if any("KeepForEver" in (f["function"] or "") for f in site["stack"]))


def names(report):
    return [f["function"] for site in report["sites"] for f in site["stack"] if f["function"]]


def stop(process):
    process.kill()
    process.wait()
    process.stdout.read()  # its pid 1 is killed with it, a moment later
    for pipe in (process.stdin, process.stdout):
        pipe.close()


def living_and_dead(containers, folder):
    process, capture = containers.start(folder)
    report = containers.from_host(capture)
    assert end_of(report) == "running" and report["process"]["pid"] == 1, t.describe(report)
    # Its recorder is in its own /dev/shm. Blocks younger than 2 s are known only from there.
    assert kept(report) == 70 * 1003, t.describe(report)
    assert end_of(json.loads(containers.from_container("report", "--no-history", "--format", "json", capture).stdout)) == "running"
    copy = os.path.join(folder, "elsewhere", "copy.ltk")
    os.makedirs(os.path.dirname(copy))
    seal = subprocess.run([containers.session.leaktrack, "seal", "-o", copy, capture], capture_output=True, text=True, check=False)
    assert seal.returncode == 0 and "as of now" in seal.stdout, seal
    stop(process)
    deadline = time.monotonic() + 10  # its pid 1 ends a moment after the process that made it
    while end_of(containers.from_host(capture)) == "running":
        assert time.monotonic() < deadline, "pid 1 of a dead container is alive for ever"
        time.sleep(.1)
    # The container's pid 1 is the reader's own number there, and its namespace may have the same
    # number.
    told = words(containers.from_container("report", "--no-history", capture).stdout)
    assert "lived at the last step" in told or "its flight recorder is gone" in told, told
    return capture, copy


def sealed_as_of(containers, copy):
    """A copy that was sealed while the process ran is complete where neither the process nor its recorder exists."""
    report = containers.from_host(copy)
    assert end_of(report) == "running" and kept(report) == 70 * 1003, t.describe(report)
    text = words(containers.session.text(copy))
    assert "running when this was sealed" in text and "younger than 2 s" not in text, text
    gate = subprocess.run([containers.session.leaktrack, "diff", "--at-exit", copy, copy], capture_output=True, text=True, check=False)
    assert gate.returncode == 2 and "sealed while its program ran" in gate.stderr, gate


def dead_are_sealed(containers, capture):
    done = subprocess.run([containers.session.leaktrack, "seal", capture], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "as of now" not in done.stdout, done
    assert ": sealed" in containers.from_container("seal", capture, codes=(0,)).stdout


def with_a_recorder(containers, folder):
    """If /dev/shm is shared, the kernel's mark in the recorder decides, whatever the process numbers are."""
    os.makedirs(folder)
    script = f"LEAKTRACK_OUT={folder} LEAKTRACK_INTERVAL=exact LD_PRELOAD={containers.library} exec {containers.keeper}"
    process = subprocess.Popen([*containers.words, "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    capture = containers.capture_in(folder)
    assert end_of(containers.from_host(capture)) == "running"
    stop(process)
    report = containers.from_host(capture)
    assert end_of(report) == "killed" and kept(report) == 70 * 1003, t.describe(report)


def symbols_come_from_its_root(containers, folder):
    """A program that exists only below the root of a running container has names. After its death no other process's
    root is read."""
    process, capture = containers.start(folder)
    assert "KeepForEver" in names(containers.from_host(capture))
    stop(process)


def copies_take_nothing(session, folder, keeper):
    """Reading a copy after the kill leaves the end of the run for the original capture."""
    os.makedirs(folder)
    env = {**os.environ, "LEAKTRACK_OUT": folder, "LEAKTRACK_INTERVAL": "exact",
           "LD_PRELOAD": os.path.join(os.path.dirname(os.path.dirname(session.leaktrack)), LIBRARY)}
    with subprocess.Popen([keeper], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout.readline() == "ready\n"
        capture, = [os.path.join(folder, name) for name in os.listdir(folder)]
        copy = os.path.join(folder, "copy.ltk")
        shutil.copy(capture, copy)
        process.send_signal(signal.SIGKILL)
        process.wait()
    report = session.report(copy)
    assert end_of(report) == "killed" and kept(report) == 70 * 1003, t.describe(report)
    assert "is a copy of" in words(session.text(copy))
    os.remove(copy)
    assert kept(session.report(capture)) == 70 * 1003, "the copy has taken the last moments with it"


def main():
    leaktrack, keeper = map(os.path.abspath, sys.argv[1:])
    with t.tracker(leaktrack) as session:
        containers = Containers(session, keeper)
        capture, copy = living_and_dead(containers, os.path.join(session.folder, "one"))
        sealed_as_of(containers, copy)
        dead_are_sealed(containers, capture)
        with_a_recorder(containers, os.path.join(session.folder, "two"))
        symbols_come_from_its_root(containers, os.path.join(session.folder, "three"))
        copies_take_nothing(session, os.path.join(session.folder, "four"), keeper)


if __name__ == "__main__":
    main()
