#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program that runs with more rights than its caller (AT_SECURE) and contains our library writes nothing at all.

    f9_secure_test.py PROGRAM FOLDER

PROGRAM links the library by name, so the loader loads it even there. A copy of it is made setuid for another user. Needs
root.
"""
import os
import shutil
import subprocess
import sys
import tempfile

from sys import argv

NOBODY = 65534
SKIPPED = 77


def recorders():
    return {name for name in os.listdir("/dev/shm") if name.startswith("leaktrack.")}


def captures_of(program, folder):
    """Files that a run of `program` leaves in the folder, and recorders of its pid in /dev/shm."""
    environment = {**os.environ, "LEAKTRACK_OUT": folder, "LEAKTRACK_THREAD": "0"}
    with subprocess.Popen([program], env=environment, cwd=folder, stdout=subprocess.DEVNULL) as process:
        if process.wait(30) != 0:
            sys.exit(f"{program} ended with {process.returncode}")
    ours = {name for name in recorders() if f".{process.pid}." in name}
    for name in ours:
        os.unlink(os.path.join("/dev/shm", name))
    return [name for name in os.listdir(folder) if name.endswith(".ltk")], ours


def main():
    program, place = argv[1:]
    if os.geteuid() != 0:
        print("skipped: needs root to make a program setuid")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        plain, _ = captures_of(program, folder)
        if len(plain) != 1:
            sys.exit(f"without setuid one capture is expected, found {plain}")
    secure = os.path.join(place, "f9_secure_copy")
    shutil.copy(program, secure)
    os.chown(secure, NOBODY, NOBODY)
    os.chmod(secure, 0o4755)
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            found, left = captures_of(secure, folder)
            if found or left:
                sys.exit(f"a setuid program wrote {found} {left}")
    finally:
        os.unlink(secure)
    print("a setuid program with the library in it wrote nothing")


if __name__ == "__main__":
    main()
