#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A gate that holds processes at their end, when something stands in its way.

    exit_hold_test.py LEAKTRACK EXIT_LOST GATE_TARGET
        EXIT_LOST CASE loses or keeps a block, as its source says. GATE_TARGET OLD NEW keeps all in a global.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

LEAKTRACK, EXIT_LOST, GATE_TARGET = (os.path.abspath(path) for path in sys.argv[1:4])
HOW = ("--runs", "1", "--interval", "exact")
GATE = (LEAKTRACK, "gate", "--at-exit", *HOW)
ALL = (LEAKTRACK, "gate", "--at-exit=all", *HOW)


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **more)


def expect(done, code, *words):
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == code and all(" ".join(word.split()) in text for word in words), \
        f"exit {done.returncode}, expected {code} and {words}:\n{done.stdout}{done.stderr}"


def what_is_held_passes_and_is_told():
    expect(run(*GATE, "--", GATE_TARGET, "50", "0"), 0, "PASS: no leaks, 1 still reachable",
           "OldLeak still has 14.6 KiB in 50 blocks per run, held by kept (gate_target)")
    expect(run(*ALL, "--", GATE_TARGET, "50", "0"), 1, "NEW LEAK: OldLeak")
    expect(run(LEAKTRACK, "gate", "--at-exit=some", "--", GATE_TARGET, "50", "0"), 2, "--at-exit")


def baselines_say_lost_and_reachable():
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "base.txt")
        expect(run(*GATE, "--write-baseline", path, "--", EXIT_LOST, "exit_in_thread"), 0, "baseline written")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert "what was lost" in text and " per run, lost: " in text and " per run, reachable: " in text, text
        expect(run(*GATE, "--baseline", path, "--", EXIT_LOST, "exit_in_thread"), 0, "KNOWN:")
        done = run(*ALL, "--baseline", path, "--", GATE_TARGET, "0", "0")
        expect(done, 3, "the baseline counts what was lost")
        # A baseline of what was never freed excuses what is lost of it.
        old = os.path.join(place, "old.txt")
        run(*ALL, "--write-baseline", old, "--", EXIT_LOST, "list")
        expect(run(*GATE, "--baseline", old, "--", EXIT_LOST, "list"), 0, "KNOWN:")


def suppressed_blocks_cover_what_they_hold():
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "supp")
        with open(path, "w", encoding="utf-8") as file:
            file.write("leak:MakeHead\n")
        expect(run(*GATE, "--", EXIT_LOST, "head_and_body"), 1, "2 new")
        expect(run(*GATE, "--suppressions", path, "--", EXIT_LOST, "head_and_body"), 0, "PASS: 2 suppressed")


def in_a_shell_by_another_user_and_in_a_chroot():
    expect(run(*GATE, "--", "sh", "-c", f"{EXIT_LOST} overwritten; exit 0"), 1, "1 new")
    if os.geteuid() == 0:
        expect(run(*GATE, "--", EXIT_LOST, "other_user"), 1, "1 new")
        expect(run(*GATE, "--", EXIT_LOST, "chroot"), 1, "1 new")


def hundreds_of_children():
    begun = time.monotonic()
    done = run(*GATE, "--format", "json", "--", EXIT_LOST, "children", "300")
    took = time.monotonic() - begun
    report = json.loads(done.stdout)
    assert [site["blocks"] for site in report["sites"] if not site["suppressed"]] == [300], report["sites"]
    assert done.returncode == 1, done
    print(f"300 forked children: {took:.1f} s")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def await_that(condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to that in time"
        time.sleep(.05)


def frees_what_it_holds(how, seconds):
    """The program waits for its input to end; then the gate is killed or stopped, and the program goes to its end."""
    with tempfile.TemporaryDirectory() as place:
        with subprocess.Popen([*GATE, "--keep", os.path.join(place, "k"), "--", EXIT_LOST, "waits"], cwd=place,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as gate:
            assert gate.stdout.readline().strip() == b"ready"
            [program] = children_of(gate.pid)
            gate.send_signal(how)
            begun = time.monotonic()
            gate.stdin.close()
            await_that(lambda: gone(program), seconds)
            print(f"{how.name} for the gate: the program ended after {time.monotonic() - begun:.1f} s")
            gate.kill()


def a_gate_in_a_gate_does_not_hold():
    inner = (*GATE, "--", GATE_TARGET, "5", "0")
    expect(run(*GATE, "--", "sh", "-c", '"$@"; echo inner $?', "sh", *inner), 0, "inner 3", "runs inside another gate")


def main():
    what_is_held_passes_and_is_told()
    baselines_say_lost_and_reachable()
    suppressed_blocks_cover_what_they_hold()
    in_a_shell_by_another_user_and_in_a_chroot()
    hundreds_of_children()
    frees_what_it_holds(signal.SIGKILL, 5)
    frees_what_it_holds(signal.SIGSTOP, 40)
    a_gate_in_a_gate_does_not_hold()
    print("processes are held at their end, and let go")


if __name__ == "__main__":
    main()
