#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Summarises a folder full of captures: sums equal those of the reports, whatever else is in the folder.

    merge_test.py LEAKTRACK PROGRAM     PROGRAM OLD NEW keeps that many blocks at OldLeak and NewLeak
"""
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

SCHEMA = os.path.join(os.path.dirname(t.SCHEMA), "merge.schema.json")
RUNS = 5


def merge(session, *arguments, code):
    done = subprocess.run([session.leaktrack, "merge", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def check_schema(report):
    try:
        import jsonschema
    except ImportError:
        return
    with open(SCHEMA, encoding="utf-8") as file:
        jsonschema.Draft202012Validator(json.load(file)).validate(report)


def stderr_of(command, term="xterm", background=False):
    """What `command` writes to the terminal that is its standard error. Its standard output goes elsewhere."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = term
        with open(os.devnull, "r+b", buffering=0) as nowhere:
            os.dup2(nowhere.fileno(), 0)
            os.dup2(nowhere.fileno(), 1)
        job = os.fork() if background else 0  # the leader of a session cannot leave the foreground
        if job != 0:
            os.waitpid(job, 0)
            os._exit(0)
        if background:
            os.setpgid(0, 0)
        os.execv(command[0], command)
    seen = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.waitpid(pid, 0)
    os.close(fd)
    return seen.decode()


def progress(session):
    """More than a second of work: one line on a terminal, erased; nothing elsewhere."""
    capture, many = session.captures()[0], os.path.join(session.folder, "many")
    os.mkdir(many)
    for number in range(4000):
        os.symlink(capture, os.path.join(many, f"{number}.ltk"))
    command = [session.leaktrack, "merge", many]
    began = time.monotonic()
    assert subprocess.run(command, capture_output=True, check=False, timeout=120).stderr == b""
    seconds = time.monotonic() - began
    assert seconds > 1.1, f"{seconds} s: too fast to have a progress to speak of; more links are needed"
    seen = stderr_of(command)
    lines = seen.split("\r\x1b[K")
    assert lines[0] == lines[-1] == "" and len(lines) > 2, seen
    assert all(re.fullmatch(r"merging captures: [\d,]+ of 4,000, \d+s", line) for line in lines[1:-1]), lines
    assert stderr_of(command, term="dumb") == "" and stderr_of(command, background=True) == ""
    seen = stderr_of([session.leaktrack, "report", "--no-history", many])
    assert re.search(r"\r\x1b\[Kreading captures: [\d,]+ of 4,000, ", seen) and seen.endswith("\r\x1b[K"), seen


def stdout_of(command, columns):
    """What `command` writes to a terminal with this many columns."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.pop("COLUMNS", None)
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execv(command[0], command)
    seen = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.waitpid(pid, 0)
    os.close(fd)
    return re.sub("\x1b\\[[0-9;]*[mK]", "", seen.decode()).replace("\r", "\n").splitlines()


def width(session, program):
    """A terminal gets as many columns as it has; a pipe and a file get 80."""
    folder, name = os.path.join(session.folder, "wide"), "program-" + "x" * 60
    os.mkdir(folder)
    os.symlink(program, os.path.join(folder, name))
    for _ in range(2):
        subprocess.run([session.leaktrack, "run", "--exact", "-o", folder, "--", os.path.join(folder, name), "5", "2"], capture_output=True,
                       check=True, timeout=60)
    command = [session.leaktrack, "report", "--no-history", folder]
    lines = stdout_of(command, 160)
    assert any(line.endswith(" " + name) for line in lines), lines
    assert 80 < max(map(len, lines)) <= 160 and max(map(len, stdout_of(command, 60))) <= 60, lines
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    piped = subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout
    assert max(map(len, piped.splitlines())) <= 80 and name not in piped.partition("Program")[0], piped
    stdout_of([*command, "-o", os.path.join(folder, "report.txt")], 160)
    with open(os.path.join(folder, "report.txt"), encoding="utf-8") as file:
        assert file.read() == piped, "a file is not the terminal that it is written from"
    shutil.rmtree(folder)


def main():
    leaktrack, program = map(os.path.abspath, sys.argv[1:])
    with t.tracker(leaktrack) as session:
        for _ in range(RUNS):
            session.run([program, "50", "20"], ["--exact"])
        session.run(["/bin/true"], ["--exact"])
        reports = [report for report in session.reports() if "gate_target" in report["process"]["command"]]
        assert len(reports) == RUNS, len(reports)

        width(session, program)

        # All runs are too short to judge, hence status 3.
        merged = json.loads(merge(session, "--format", "json", session.folder, code=3))
        check_schema(merged)
        assert merged["runs"] == RUNS + 1 and merged["unreadable_total"] == 0 and len(merged["programs"]) == 2, merged
        target = next(p for p in merged["programs"] if p["program"] == "gate_target")
        sites = {site["key"]: site for site in target["sites"]}
        assert target["runs"] == target["conclusions"]["too_short"] == RUNS and target["hosts"] == 1, target
        assert sites["NewLeak < main"]["live_bytes"] == RUNS * 20 * 700 and sites["NewLeak < main"]["live_objects"] == RUNS * 20
        assert sites["OldLeak < main"]["runs"] == RUNS and sites["OldLeak < main"]["blame"]["function"] == "OldLeak"
        assert sum(site["live_bytes"] for site in target["sites"]) == sum(s["live_bytes"] for r in reports for s in r["sites"])
        assert target["live_heap_bytes"] == sum(r["memory"]["live_heap_bytes"] for r in reports)

        # Copies, subfolders, links, garbage, and files that are no captures.
        below = os.path.join(session.folder, "host-2", "deep")
        os.makedirs(below)
        first = session.captures()[0]
        shutil.copy(first, os.path.join(below, "copy.ltk"))
        os.symlink(session.folder, os.path.join(below, "ring"))
        for name, text in (("empty.ltk", b""), ("rubbish.ltk", b"\x1b[31m" * 9999), ("notes.txt", b"no capture")):
            with open(os.path.join(below, name), "wb") as file:
                file.write(text)
        again = json.loads(merge(session, "--format", "json", session.folder, "/nowhere.ltk", code=3))
        check_schema(again)
        assert again["runs"] == RUNS + 1 and again["repeated"] == 1 and again["unreadable_total"] == 3, again
        for name in ("empty.ltk", "rubbish.ltk", "/nowhere.ltk"):
            assert sum(name in line for line in again["unreadable"]) == 1, again["unreadable"]
        assert {**again, "repeated": 0, "unreadable_total": 0, "unreadable": []} == merged
        assert json.loads(merge(session, "--format", "json", *session.captures(), code=3)) == merged

        text = merge(session, session.folder, code=3)
        assert "6 runs of 2 program versions: none grows" in text and "NewLeak < main" in text, text
        assert "2 files could not be read" in text and "1 capture left out: their runs were counted already" in text, text
        output = os.path.join(session.folder, "out.txt")
        assert merge(session, "-o", output, "--top", "1", session.folder, code=3) == ""
        with open(output, encoding="utf-8") as file:
            written = file.read()
        assert "more sites (--top" in written and "\x1b" not in written, written

        # Nothing to summarise is a failure with a message.
        empty = os.path.join(session.folder, "empty")
        os.mkdir(empty)
        assert "no capture (*.ltk) here or below" in merge(session, empty, code=2)
        assert "rubbish.ltk" in merge(session, os.path.join(below, "rubbish.ltk"), code=2)
        merge(session, code=2)
    with t.tracker(leaktrack) as session:
        session.run([program, "50", "2000"], ["--exact"])
        progress(session)
    print("merged sums are those of the reports")


if __name__ == "__main__":
    main()
