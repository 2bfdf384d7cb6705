#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program that runs untracked behind a tracked one is named, with the reason and the remedy: by `run` at its end, by
every report on the tracked programs, by the gate, and by `doctor` beforehand.

    untracked_test.py LEAKTRACK FOLDER     FOLDER holds doctor_target and its variants, which end when their input does
"""
import json
import os
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

OTHER = "libm.so.6"  # a library that is no allocator


class Start:
    """Start scripts around one program."""

    def __init__(self, session, folder):
        self.session, self.program = session, os.path.join(folder, "doctor_target")

    def script(self, text):
        path = os.path.join(self.session.folder, "start.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n# a start script\n" + text.replace("PROGRAM", self.program) + "\n")
        os.chmod(path, 0o755)
        return path

    def run(self, command, status=0):
        """What `run` prints at its end, and the reports on its new captures."""
        before = set(self.session.captures())
        done = self.session.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert done.returncode == status, done
        return done.stderr, [self.session.report(one) for one in self.session.captures() if one not in before]

    def expect(self, text, words, why, child=False):
        said, reports = self.run([self.script(text)])
        told = [(report, one) for report in reports for one in report["coverage"]["untracked"]]
        assert len(told) == 1, f"{text}: {told}\n{said}"
        report, one = told[0]
        verb = "it started" if child else "it became"
        name = self.program[-20:]
        assert one["why"] == why and one["child"] is child and one["path"].endswith(name), one
        line = [line for line in said.splitlines() if verb in line and name in line and words in line]
        assert len(line) == 1 and "ran untracked" in line[0] and "; " in line[0], said
        if not child:
            assert report["process"]["end"] == "exec" and report["exit"] == 3, report["process"]
            assert verb in report["coverage"]["inconclusive_because"], report["coverage"]


def replaced_and_emptied(start):
    start.expect(f"export LD_PRELOAD={OTHER}\nexec PROGRAM", "LD_PRELOAD was replaced", "preload_replaced")
    start.expect("unset LD_PRELOAD; exec PROGRAM", "no LD_PRELOAD", "preload_gone")
    start.expect("exec env -i PROGRAM", "no LD_PRELOAD", "preload_gone")
    start.expect("exec nice timeout 60 env -u LD_PRELOAD PROGRAM", "no LD_PRELOAD", "preload_gone", child=False)


def children(start):
    start.expect(f"LD_PRELOAD={OTHER} PROGRAM\ntrue", "LD_PRELOAD was replaced", "preload_replaced", child=True)
    start.expect("for i in 1 2 3; do LD_PRELOAD= PROGRAM; done", "no LD_PRELOAD", "preload_gone", child=True)


def cannot_be_preloaded(start):
    plain = start.program
    start.program = plain + "_static"
    start.expect("exec PROGRAM", "statically linked", "static")
    start.expect("PROGRAM; true", "statically linked", "static", child=True)
    if os.geteuid() == 0:
        start.program = os.path.join(start.session.folder, "setuid_target")
        shutil.copy(plain, start.program)
        os.chown(start.program, 65534, 65534)
        os.chmod(start.program, stat.S_ISUID | 0o755)
        start.expect("exec PROGRAM", "set-id bits", "raises_rights")
    start.program = plain


def nothing_to_tell(start):
    """A program that passes the preload on, or fails to be executed, is not accused of anything."""
    for text, status in (("exec PROGRAM", 0), ("PROGRAM; exec nice PROGRAM", 0), ("exec env -i /no/such/program", 127),
                         (f'LD_PRELOAD="$LD_PRELOAD:{OTHER}" exec PROGRAM', 0), ("env -i /no/such/program; exec PROGRAM", 0)):
        said, reports = start.run([start.script(text)], status)
        assert "untracked" not in said and not any(report["coverage"]["untracked"] for report in reports), f"{text}: {said}"


def allocator_before_us(start):
    jemalloc = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
    if not os.path.exists(jemalloc):
        print("not tried: no jemalloc")
        return
    said, _ = start.run([start.script(f'LD_PRELOAD="{jemalloc}:$LD_PRELOAD" exec PROGRAM')])
    assert "bypassed the tracker" in said and "put the allocator behind" in said, said


def last_name(start):
    """If the library could not look, the kernel knows the last name: the C library searches PATH."""
    folder = os.path.dirname(start.program)
    said, _ = start.run([start.script(f"PATH={folder}:$PATH exec env doctor_target_static")])
    assert "it became another program ('doctor_target_s')" in said and "leaktrack doctor" in said, said


def gate(start):
    script = start.script("exec env -i PROGRAM")
    done = subprocess.run([start.session.leaktrack, "gate", "--runs", "1", "--", script], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3 and "ran untracked" in done.stdout, done


def doctor(start):
    def ask(*words, code):
        done = subprocess.run([start.session.leaktrack, "doctor", "--format", "json", *words], capture_output=True, text=True, check=False,
                              timeout=60)
        assert done.returncode == code, f"{words}: {done}"
        return [(one["check"], one["level"], one["what"], one["remedy"]) for one in json.loads(done.stdout)["findings"]]

    def script(text, what):
        found = [one for one in ask(start.script(text), code=0) if one[0] == "preload"]
        assert bool(found) == bool(what) and all(one[1] == "warning" and one[3] for one in found), f"{text}: {found}"
        assert not what or any(what in one[2] for one in found), f"{text}: {found}"

    script("exec PROGRAM", "")
    script('export LD_PRELOAD="${LD_PRELOAD:+$LD_PRELOAD:}/x.so"\nexec PROGRAM', "")
    script("# export LD_PRELOAD=/x.so\nexec PROGRAM", "")
    script("export LD_PRELOAD=/x.so\nexec PROGRAM", "line 3 overwrites LD_PRELOAD")
    script('export LD_PRELOAD="/x.so${LD_PRELOAD:+:$LD_PRELOAD}"\nexec PROGRAM', "line 3 puts another library before the tracker")
    script("true\nexec env -i PROGRAM", "line 4 empties the environment")
    script("unset A LD_PRELOAD", "line 3 removes LD_PRELOAD")
    script("exec sudo -u nobody PROGRAM", "line 3 runs sudo")

    def wrapper(command, code, what):
        found = [one[2] for one in ask("--", *command, start.program, "--its", "own", code=code) if one[0] == "wrapper"]
        assert any(what in one for one in found) if what else not found, f"{command}: {found}"

    wrapper(["nice", "-n", "5", "timeout", "-s", "KILL", "10s", "env", "A=b"], 0, "")
    wrapper(["env", "-i"], 1, "empties the environment")
    wrapper(["nice", "env", "-u", "LD_PRELOAD"], 1, "removes LD_PRELOAD")
    wrapper(["env", "LD_PRELOAD=/x.so"], 1, "overwrites LD_PRELOAD")
    assert ask("--", "nice", start.program + "_static", code=1)[0][2:] != ""
    assert any(one[0] == "wrapper" and "runs another program" in one[2] for one in ask("env", code=0))


def main():
    leaktrack, folder = map(os.path.abspath, sys.argv[1:])
    t.need("nice", "timeout", "env")
    for check in (replaced_and_emptied, children, cannot_be_preloaded, nothing_to_tell, allocator_before_us, last_name, gate, doctor):
        with t.tracker(leaktrack) as session:
            check(Start(session, folder))
    print("all that ran untracked was named")


if __name__ == "__main__":
    main()
