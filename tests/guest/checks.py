#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What runs in the guest of scripts/guest.sh: kills and namespaces under a kernel that has what many machines lack.

    checks.py [--short] [CHECK...]

Cgroups of version 2 that the OOM killer ends as a whole; yama's levels, which forbid to trace others; a kernel that is
locked down. Where something is forbidden, the check first proves that it is. The kills themselves are those of tests/e2e.
Each check prints one line; the last line is "N passed, N failed".
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

E2E, BUILD = "/run/source/tests/e2e", "/run/build"
LEAKTRACK, LIBRARY = f"{BUILD}/bin/leaktrack", f"{BUILD}/lib/libleaktrack.so"
VICTIM = f"{BUILD}/e2e/kill_victim"
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
SHORT = "--short" in sys.argv


class Wrong(Exception):
    """Something is not as it must be."""


def must(condition, what):
    if not condition:
        raise Wrong(what)


def kills(script, count, *options, **popen):
    """A test of tests/e2e that kills victims; its own words, if it fails."""
    command = [f"{E2E}/{script}", VICTIM, LEAKTRACK, "--kills", str(count), *options]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=400,
                          check=False, **popen)
    must(done.returncode == 0, f"exit {done.returncode}\n{done.stdout}{done.stderr}")


def programs(*names, **popen):
    """Programs of tests/e2e that state their truth."""
    for name in names:
        command = [f"{E2E}/run_program.py", f"{E2E}/programs/{name}.c", f"{BUILD}/e2e/{name}", LEAKTRACK]
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=200,
                              check=False, **popen)
        must(done.returncode == 0, f"{name}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def report(folder, **popen):
    done = subprocess.run([LEAKTRACK, "report", "--no-history", "--format", "json", *captures(folder)],
                          capture_output=True, text=True, timeout=120, check=False, **popen)
    must(done.returncode in (0, 1, 3), f"report exits {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def captures(folder):
    found = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".ltk")]
    must(len(found) == 1, f"one capture expected, found {found}")
    return found


@contextlib.contextmanager
def folder_for(user):
    folder = tempfile.mkdtemp()
    os.chown(folder, user, user)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def victim(before, **popen):
    """A victim that has begun, in a folder of its own: (process, folder). Dead at the end."""
    with folder_for(popen.get("user", 0)) as folder:
        ledger = os.path.join(folder, "ledger")
        with open(ledger, "wb") as file:
            file.write(bytes(64 * 2))
        os.chmod(ledger, 0o666)
        command = [word.replace("FOLDER", folder) for word in before]
        with subprocess.Popen([*command, VICTIM, ledger, "7", "2"], stdout=subprocess.PIPE,
                              start_new_session=True, **popen) as process:
            try:
                must(process.stdout.read(1) == b"r", "the victim does not start")
                yield process, folder
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
            os._exit(0 if ctypes.CDLL(None, use_errno=True).ptrace(16, other.pid, 0, 0) == 0 else 1)
        allowed = os.waitstatus_to_exitcode(os.waitpid(tracer, 0)[1]) == 0
        other.kill()
    return allowed


def alive_then_killed():
    """A user's program is reported on while it runs, by somebody who is not its parent, and after it was killed."""
    command = [LEAKTRACK, "run", "--exact", "-o", "FOLDER", "--"]
    with victim(command, stderr=subprocess.DEVNULL, **NOBODY) as (run, folder):
        time.sleep(0.5)
        living = report(folder, **NOBODY)
        must(living["process"]["end"] == "running", f"a living program's end is {living['process']['end']}")
        must(living["sites"], "nothing is known of a living program")
        with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as file:
            os.kill(int(file.read().split()[0]), signal.SIGKILL)
        must(run.wait(60) == 137, f"run ends with {run.returncode}")
        dead = report(folder, **NOBODY)
    must(dead["process"]["end"] == "killed", f"a killed program's end is {dead['process']['end']}")
    must(dead["coverage"]["lost_allocations"] == 0, "allocations were lost")


def yama(level, forbidden_to):
    with open("/proc/sys/kernel/yama/ptrace_scope", "w", encoding="ascii") as file:
        file.write(str(level))
    must(not may_trace(forbidden_to), "yama does not forbid what it should")
    alive_then_killed()
    kills("kill_test.py", 1 if SHORT else 20, **NOBODY)


def check_kills():
    kills("kill_test.py", 4 if SHORT else 50)


def check_oom_kills():
    kills("oom_test.py", 1 if SHORT else 20)


def check_oom_kills_of_whole_groups():
    kills("oom_test.py", 1 if SHORT else 20, "--group")


def check_namespaces():
    programs("unshare_user")
    if not SHORT:
        programs("killed_by_sigkill", "fork_child_leaks", "vfork_exec", "posix_spawn", "exec_keeps_parent_trace",
                 "leak_in_thread", "filter_after_start")
        programs("unshare_user", **NOBODY)


# What starts a program as process 1 of a namespace of its own, with the library alone.
AS_PROCESS_1 = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child", "env", f"LD_PRELOAD={LIBRARY}",
                "LEAKTRACK_INTERVAL=exact", "LEAKTRACK_OUT=FOLDER"]


def check_process_1_ends_and_leaves_a_capture():
    with folder_for(0) as folder:
        command = [word.replace("FOLDER", folder) for word in [*AS_PROCESS_1, f"{BUILD}/e2e/leak_in_thread"]]
        done = subprocess.run(command, timeout=60, check=False, capture_output=True)
        must(done.returncode == 0, f"it ends with {done.returncode}: {done.stderr}")
        found = report(folder)
    must(found["process"]["pid"] == 1, f"its number is {found['process']['pid']}")
    must(found["process"]["end"] == "exited", f"its end is {found['process']['end']}")
    must(any("Leak" in (frame.get("function") or "") for site in found["sites"] for frame in site["stack"]),
         "the leak is not in it")


def check_process_1_is_killed_and_leaves_a_capture():
    """With its namespace, as a container is, from outside."""
    with victim(AS_PROCESS_1, stderr=subprocess.DEVNULL) as (unshare, folder):
        time.sleep(0.5)
        with open(f"/proc/{unshare.pid}/task/{unshare.pid}/children", encoding="ascii") as file:
            os.kill(int(file.read().split()[0]), signal.SIGKILL)
        unshare.wait(60)
        found = report(folder)
    must(found["process"]["pid"] == 1, f"its number is {found['process']['pid']}")
    must(found["sites"], "nothing is known of it")
    must(found["coverage"]["lost_allocations"] == 0, "allocations were lost")


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
    alive_then_killed()
    kills("kill_test.py", 1 if SHORT else 20)


# In this order: yama's levels and the lockdown can only be raised.
CHECKS = [check_kills, check_oom_kills, check_oom_kills_of_whole_groups, check_namespaces,
          check_process_1_ends_and_leaves_a_capture, check_process_1_is_killed_and_leaves_a_capture,
          check_yama_1_only_children_may_be_traced, check_yama_2_only_root_may_trace,
          check_yama_3_nobody_may_trace, check_lockdown]


def main():
    os.chdir("/run")
    wanted = [word for word in sys.argv[1:] if not word.startswith("--")]
    results = []
    for check in CHECKS:
        name = check.__name__.removeprefix("check_")
        if wanted and name not in wanted:
            continue
        began, why = time.monotonic(), ""
        try:
            check()
        except (Wrong, OSError, subprocess.SubprocessError) as error:
            why = str(error)
        results.append(not why)
        took = time.monotonic() - began
        print(f"{'FAIL' if why else 'ok  '} {name.replace('_', ' ')} ({took:.1f} s) {why}", flush=True)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")


if __name__ == "__main__":
    main()
