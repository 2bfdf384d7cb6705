#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs in the guest of scripts/guest.sh: kills and namespaces under a separate kernel.

    checks.py [--short] [CHECK...]

Version 2 cgroups that the OOM killer ends as a whole; yama's levels, which forbid tracing others; a kernel that is locked
down. If something is forbidden, the check first proves that it is. The kills themselves are those of tests/e2e.
Each check prints one line. The last line is "N passed, N failed".
"""
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from kill_test import ENTRY, THREADS, read_ledger
from tracker import victim_pid
from oom_test import complaints_of_books

E2E, BUILD = "/run/source/tests/e2e", "/run/build"
LEAKTRACK, LIBRARY = f"{BUILD}/bin/leaktrack", f"{BUILD}/lib/libleaktrack.so"
VICTIM = f"{BUILD}/e2e/kill_victim"
# The command that starts a program as process 1 of a new namespace, with the library alone.
AS_PROCESS_1 = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child", "env",
                f"LD_PRELOAD={LIBRARY}", "LEAKTRACK_INTERVAL=exact", "LEAKTRACK_OUT=FOLDER"]
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
SHORT = "--short" in sys.argv
PTRACE_ATTACH = 16


class Wrong(Exception):
    """Something is not as it must be."""


def must(condition, what):
    if not condition:
        raise Wrong(what)


def run(command, allowed=(0,), **popen):
    """Returns the output. If the command fails, the exception contains it."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False,
                          **popen)
    must(done.returncode in allowed, f"exit {done.returncode}: {' '.join(command)}\n"
                                     f"{done.stdout}{done.stderr}")
    return done.stdout


def kills(script, count, *options, **popen):
    """A test of tests/e2e that kills victims."""
    command = [sys.executable, f"{E2E}/kills/{script}", VICTIM, LEAKTRACK, "--kills", str(count)]
    run([*command, *options], **popen)


def programs(*names, **popen):
    """Programs of tests/e2e that state their truth."""
    for name in names:
        run([sys.executable, f"{E2E}/harness/run_program.py", f"{E2E}/programs/{name}.c",
             f"{BUILD}/e2e/{name}", LEAKTRACK], **popen)


def report(folder, program="", **popen):
    """The report on the only capture of such a program there."""
    found = [os.path.join(folder, name) for name in os.listdir(folder)
             if name.endswith(".ltk") and program in name]
    must(len(found) == 1, f"one capture expected, found {found}")
    options = ["--no-history", "--format", "json", "--top", "1000000"]
    return json.loads(run([LEAKTRACK, "report", *options, *found], allowed=(0, 1, 3), **popen))


def must_agree(found, ledger):
    """The capture of a killed victim agrees with the victim's own accounts, and nothing was lost."""
    wrong = list(complaints_of_books(found, read_ledger(ledger)))
    must(not wrong, "; ".join(wrong))
    must(found["coverage"]["lost_allocations"] == 0, "allocations were lost")


def wait_for_operations(ledger):
    for _ in range(600):
        if read_ledger(ledger)[4] >= 3000:
            return
        time.sleep(0.05)
    raise Wrong("the victim does nothing")


@contextlib.contextmanager
def folder_for(user):
    folder = tempfile.mkdtemp()
    os.chown(folder, user, user)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def victim(before, **popen):
    """A running victim in a folder of its own: (process, folder, ledger). It is killed at the end."""
    with folder_for(popen.get("user", 0)) as folder:
        ledger = os.path.join(folder, "ledger")
        with open(ledger, "wb") as file:
            file.write(bytes(ENTRY.size * THREADS))
        os.chmod(ledger, 0o666)
        command = [word.replace("FOLDER", folder) for word in before]
        command += [VICTIM, ledger, "7", str(THREADS)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True, **popen) as process:
            try:
                wait_for_operations(ledger)
                yield process, folder, ledger
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def may_trace(user):
    """Whether `user` may attach to another process of the same user."""
    with subprocess.Popen(["sleep", "60"], user=user, group=user, extra_groups=[]) as other:
        tracer = os.fork()
        if tracer == 0:
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            failed = ctypes.CDLL(None).ptrace(PTRACE_ATTACH, other.pid, 0, 0)
            os._exit(1 if failed else 0)
        allowed = os.waitstatus_to_exitcode(os.waitpid(tracer, 0)[1]) == 0
        other.kill()
    return allowed


def alive_then_killed():
    """A report on a user's program while it runs, by a process that is not its parent, and after it was killed."""
    command = [LEAKTRACK, "run", "--exact", "-o", "FOLDER", "--"]
    with victim(command, **NOBODY) as (tracked, folder, ledger):
        living = report(folder, **NOBODY)
        must(living["process"]["end"] == "running", f"alive, it is {living['process']['end']}")
        must(living["sites"], "nothing is known of a living program")
        os.kill(victim_pid(tracked.pid), signal.SIGKILL)
        must(tracked.wait(60) == 137, f"run ends with {tracked.returncode}")
        must_agree(report(folder, **NOBODY), ledger)


def yama(level, forbidden_to):
    with open("/proc/sys/kernel/yama/ptrace_scope", "w", encoding="ascii") as file:
        file.write(str(level))
    must(not may_trace(forbidden_to), "yama does not forbid what it should")
    alive_then_killed()
    kills("kill_test.py", 1 if SHORT else 20, **NOBODY)


def check_before_anything_is_forbidden_a_process_may_be_traced():
    with open("/proc/sys/kernel/yama/ptrace_scope", "w", encoding="ascii") as file:
        file.write("0")
    must(may_trace(65534), "a plain user may not trace: the checks of yama would prove nothing")


def check_kills():
    kills("kill_test.py", 4 if SHORT else 50)


def check_oom_kills():
    kills("oom_test.py", 1 if SHORT else 20)


def check_oom_kills_of_whole_groups():
    kills("oom_test.py", 1 if SHORT else 20, "--group")


def check_namespaces():
    programs("unshare_user")
    programs("unshare_user", **NOBODY)
    if not SHORT:
        programs("killed_by_sigkill", "fork_child_leaks", "vfork_exec", "posix_spawn",
                 "exec_keeps_parent_trace", "leak_in_thread", "filter_after_start")


def check_process_1_ends_and_leaves_a_capture():
    with folder_for(0) as folder:
        command = [*AS_PROCESS_1, f"{BUILD}/e2e/leak_in_thread"]
        run([word.replace("FOLDER", folder) for word in command])
        found = report(folder)
    must(found["process"]["pid"] == 1, f"its number is {found['process']['pid']}")
    must(found["process"]["end"] == "exited", f"its end is {found['process']['end']}")
    names = [frame.get("function") or "" for site in found["sites"] for frame in site["stack"]]
    must(any("Leak" in name for name in names), "the leak is not in it")


def check_process_1_is_killed_and_leaves_a_capture():
    """With its namespace, from outside, as a container is killed."""
    with victim(AS_PROCESS_1) as (unshare, folder, ledger):
        os.kill(victim_pid(unshare.pid), signal.SIGKILL)
        unshare.wait(60)
        found = report(folder)
        must(found["process"]["pid"] == 1, f"its number is {found['process']['pid']}")
        must_agree(found, ledger)


def check_children_of_a_killed_process_1_leave_captures():
    """The kernel kills them with it."""
    with victim([*AS_PROCESS_1, "sh", "-c", '"$@" & wait', "sh"]) as (unshare, folder, ledger):
        os.kill(victim_pid(unshare.pid), signal.SIGKILL)
        unshare.wait(60)
        found = report(folder, "kill_victim")
        must(1 < found["process"]["pid"] < 9, f"its number is {found['process']['pid']}")
        must_agree(found, ledger)


def check_yama_1_only_children_may_be_traced():
    yama(1, 65534)


def check_yama_2_only_root_may_trace():
    yama(2, 65534)


def check_yama_3_nobody_may_trace():
    yama(3, 0)


def check_lockdown():
    with open("/sys/kernel/security/lockdown", "w", encoding="ascii") as file:
        file.write("confidentiality")
    with open("/sys/kernel/security/lockdown", encoding="ascii") as file:
        must("[confidentiality]" in file.read(), "the kernel is not locked down")
    try:
        os.close(os.open("/proc/kcore", os.O_RDONLY))
        raise Wrong("a kernel that is locked down shows its memory")
    except PermissionError:
        pass
    alive_then_killed()
    kills("kill_test.py", 1 if SHORT else 20)


# In this order, because yama's levels and the lockdown can only be raised.
CHECKS = [check_before_anything_is_forbidden_a_process_may_be_traced, check_kills, check_oom_kills,
          check_oom_kills_of_whole_groups, check_namespaces,
          check_process_1_ends_and_leaves_a_capture, check_process_1_is_killed_and_leaves_a_capture,
          check_children_of_a_killed_process_1_leave_captures,
          check_yama_1_only_children_may_be_traced, check_yama_2_only_root_may_trace,
          check_yama_3_nobody_may_trace, check_lockdown]


def complaint(check):
    """The complaint; empty if there is none."""
    try:
        check()
    except (Wrong, OSError, subprocess.SubprocessError) as error:
        return str(error) or repr(error)
    return ""


def main():
    os.chdir("/run")
    wanted = [word for word in sys.argv[1:] if not word.startswith("--")]
    passed = failed = 0
    for check in CHECKS:
        name = check.__name__.removeprefix("check_")
        if wanted and name not in wanted:
            continue
        began, wrong = time.monotonic(), complaint(check)
        passed, failed = passed + (not wrong), failed + bool(wrong)
        took = f"({time.monotonic() - began:.1f} s)"
        print("FAIL" if wrong else "ok  ", name.replace("_", " "), took, wrong, flush=True)
    print(f"{passed} passed, {failed} failed")


if __name__ == "__main__":
    main()
