#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `leaktrack doctor` says about programs and processes that can be tracked, and about those that cannot.

    doctor_test.py LEAKTRACK FOLDER     FOLDER holds doctor_target and its variants

Every verdict that can be tested is tested: what doctor calls trackable leaves a capture, and what it forbids leaves none.
"""
import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

LEVELS = ("ok", "note", "warning", "blind", "blocker")


def doctor(leaktrack, target, options=(), **run):
    """(exit status, {check: finding}, whole report)"""
    done = subprocess.run([leaktrack, "doctor", str(target), "--format", "json", *options], capture_output=True, text=True,
                          check=False, timeout=60, **run)
    if done.returncode == 2:
        return 2, {}, done.stderr
    report = json.loads(done.stdout)
    found = {finding["check"]: finding for finding in report["findings"]}
    assert all(finding["level"] in LEVELS for finding in found.values()), report
    assert report["trackable"] == (done.returncode == 0), report
    for finding in found.values():
        assert finding["level"] in ("ok", "note") or finding["remedy"], f"no remedy: {finding}"
    return done.returncode, found, report


def expect(found, check, level, words):
    assert found[check]["level"] == level and words in found[check]["what"], f"{check}: {found.get(check)}"


def patched(source, folder, name, old, new):
    """A copy of a program with some of its bytes replaced."""
    path = os.path.join(folder, name)
    with open(source, "rb") as file:
        data = file.read()
    assert old in data and len(old) == len(new)
    with open(path, "wb") as file:
        file.write(data.replace(old, new, 1))
    os.chmod(path, 0o755)
    return path


@contextlib.contextmanager
def running(command, **popen):
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **popen) as process:
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.stdin.close()


def tracked(session, program):
    """Whether a run of `program` leaves a capture."""
    before = len(session.captures())
    session.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return len(session.captures()) > before


def files(session, folder):
    """Program files: each blocker is named, and does block."""
    plain = os.path.join(folder, "doctor_target")
    code, found, _ = doctor(session.leaktrack, plain)
    assert code == 0 and tracked(session, plain), found
    expect(found, "symbols", "ok", "debug information")
    cases = {
        plain + "_static": ("linkage", "statically linked"),
        plain + "_asan": ("sanitizer", "AddressSanitizer"),
        plain + "_own_malloc": ("allocator", "its own malloc"),
        plain + "_jemalloc": ("allocator", "jemalloc"),
        patched(plain, session.folder, "arm_target", b"\x3e\x00\x01\x00\x00\x00", b"\xb7\x00\x01\x00\x00\x00"):
            ("architecture", "not an x86-64"),
    }
    for program, (check, words) in cases.items():
        code, found, report = doctor(session.leaktrack, program)
        assert code == 1, report
        expect(found, check, "blind" if check == "allocator" else "blocker", words)
    for name in ("_static", "_asan"):
        assert not tracked(session, plain + name), name


def odd_targets(session, folder):
    script = os.path.join(session.folder, "script")
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"#!{folder}/doctor_target_static\n")
    os.chmod(script, 0o755)
    assert doctor(session.leaktrack, script)[0] == 1
    for target, words in (("/no/such", "no such"), ("999999999", "no process"), ("/etc/passwd", "not executable"), ("", "")):
        code, _, message = doctor(session.leaktrack, target)
        assert code == 2 and words in message and message.count("\n") == 1, (target, message)
    code, found, _ = doctor(session.leaktrack, "sh", ["-o", "/proc/nowhere"])
    assert code == 1, found
    expect(found, "output", "blocker", "cannot write captures to")


def privileges(session, folder):
    """A set-id program of another user. Creating one needs root."""
    if os.geteuid() != 0:
        return
    program = os.path.join(session.folder, "setuid_target")
    shutil.copy(os.path.join(folder, "doctor_target"), program)
    os.chown(program, 65534, 65534)
    os.chmod(program, stat.S_ISUID | 0o755)
    code, found, _ = doctor(session.leaktrack, program)
    assert code == 1 and not tracked(session, program), found
    expect(found, "privileges", "blocker", "setuid")
    with running([program]) as process:
        code, found, _ = doctor(session.leaktrack, process.pid)
    assert code == 1, found
    expect(found, "secure", "blocker", "AT_SECURE")


def processes(session, folder):
    plain = os.path.join(folder, "doctor_target")
    with running([plain], cwd=session.folder) as process:
        code, found, _ = doctor(session.leaktrack, process.pid)
        assert code == 0, found
        expect(found, "tracked", "note", "is not tracked: ")
        expect(found, "seccomp", "ok", "no seccomp")
        expect(found, "output", "ok", session.folder)
    with running([plain, "filter"]) as process:
        expect(doctor(session.leaktrack, process.pid)[1], "seccomp", "note", "installs a seccomp filter itself")
    with running(session.command([plain])) as process:
        child = int(subprocess.check_output(["pgrep", "-P", str(process.pid)]))
        expect(doctor(session.leaktrack, child)[1], "tracked", "ok", session.folder)
    with running([plain + "_asan"]) as process:
        code, found, _ = doctor(session.leaktrack, process.pid)
        assert code == 1, found
    if os.geteuid() == 0:  # the other user may not write where root may
        os.chmod(session.folder, 0o700)
        with running([plain], cwd=session.folder, user=65534, group=65534) as process:
            expect(doctor(session.leaktrack, process.pid)[1], "output", "blocker", "user 65534 cannot write captures")


def small_recorder_place(session, folder):
    """A /dev/shm of one mebibyte, in its own mount namespace, and what the library says about it."""
    inside = f"mount -t tmpfs -o size=1m tmpfs /dev/shm && {session.leaktrack} doctor {folder}/doctor_target --format json"
    done = subprocess.run(["unshare", "-m", "sh", "-c", inside], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        print("not tried: no mount namespace here:", done.stderr.strip())
        return
    found = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    expect(found, "recorder", "warning", "private memory")
    run = inside.split("&&", 1)[0] + "&& exec " + " ".join(session.command([f"{folder}/doctor_target"]))
    done = subprocess.run(["unshare", "-m", "sh", "-c", run], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert "private memory" in done.stderr, done.stderr


def output_to_be_made(session, folder):
    """`run` creates the directory, so only its place matters."""
    place = os.path.join(session.folder, "not", "yet")
    code, found, _ = doctor(session.leaktrack, os.path.join(folder, "doctor_target"), ["-o", place])
    assert code == 0, found
    expect(found, "output", "ok", f"{place}: will be created")
    assert not os.path.exists(place), "doctor changes nothing"


def copy_with_libraries(program, root):
    """The program as /program in its own root, with the libraries that it loads."""
    os.makedirs(os.path.join(root, "dev", "shm"))
    shutil.copy(program, os.path.join(root, "program"))
    for word in subprocess.check_output(["ldd", program], text=True).split():
        if word.startswith("/"):
            os.makedirs(root + os.path.dirname(word), exist_ok=True)
            shutil.copy(word, root + word)


def other_roots(session, folder):
    """A process is examined by the file that it runs, whatever path it has for it."""
    if os.geteuid() != 0:
        return
    plain, root = os.path.join(folder, "doctor_target"), os.path.join(session.folder, "root")
    copy_with_libraries(plain, root)
    with running(["chroot", root, "/program"]) as process:
        code, found, report = doctor(session.leaktrack, process.pid)
        assert code == 0 and report["program"] == "/program", report
        expect(found, "architecture", "ok", "x86-64")
        expect(found, "libc", "ok", "glibc")
        expect(found, "output", "ok", f"/proc/{process.pid}/root/")
    hidden = f"mount -t tmpfs tmpfs /mnt && cp {plain}_static /mnt/program && exec /mnt/program"
    if subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        print("not tried: no mount namespace here")
        return
    with running(["unshare", "-m", "sh", "-c", hidden]) as process:
        code, found, _ = doctor(session.leaktrack, process.pid)
        assert code == 1, found
        expect(found, "linkage", "blocker", "statically linked")


def main():
    leaktrack, folder = map(os.path.abspath, sys.argv[1:])
    t.need("unshare", "pgrep")
    for check in (files, odd_targets, privileges, processes, small_recorder_place, output_to_be_made, other_roots):
        with t.tracker(leaktrack) as session:
            check(session, folder)
    print("doctor is right about all of them")


if __name__ == "__main__":
    main()
