#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A command never writes over what it reads, by whatever name. It neither opens what is no file, nor waits for it.

    files_test.py LEAKTRACK CAPTURE     CAPTURE is any capture; everything is tried on copies of it
"""
import itertools
import os
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

AT_ONCE = 20  # seconds, for calls that used to wait for ever


class Files:
    def __init__(self, session, capture):
        self.session, self.capture = session, capture

    def path(self, name):
        return os.path.join(self.session.folder, name)

    def copy(self, name):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        return shutil.copy(self.capture, self.path(name))

    def write(self, name, text=""):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def tool(self, *words, **run):
        run = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, **run}
        return subprocess.run([self.session.leaktrack, *words], stderr=subprocess.PIPE, text=True, check=False, timeout=AT_ONCE, **run)

    def refused(self, *words, says, **run):
        done = self.tool(*words, **run)
        assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1, \
            f"{words}: exit {done.returncode}, expected 2 and '{says}':\n{done.stdout}{done.stderr}"

    def works(self, *words, **run):
        done = self.tool(*words, **run)
        assert done.returncode in t.REPORT_EXITS, f"{words}: exit {done.returncode}: {done.stderr}"
        return done


def content(path):
    with open(path, "rb") as file:
        return file.read()


def names_of(files, capture):
    """Other names of the same file."""
    hard, soft, folder = files.path("hard.txt"), files.path("soft.txt"), files.path("folder")
    os.link(capture, hard)
    os.symlink(capture, soft)
    os.symlink(os.path.dirname(capture), folder)
    return [capture, hard, soft, os.path.join(folder, os.path.basename(capture)), os.path.join(files.session.folder, ".", "a", "one.ltk")]


def inputs_are_no_outputs(files):
    one, two = files.copy("a/one.ltk"), files.copy("b/two.ltk")
    before = content(one)
    here, there = os.path.dirname(one), os.path.dirname(two)
    names = names_of(files, one)
    for name in names:
        for words in (["report", "-o", name, one], ["merge", "-o", name, here]):
            files.refused(*words, says="would be destroyed")
    for name, words in zip(itertools.cycle(names), (
            ["report", "--format", "html", "-o", "OUT", two, one], ["merge", "--format", "json", "-o", "OUT", there, one],
            ["diff", "-o", "OUT", one, two], ["diff", "-o", "OUT", there, here], ["dump", "-o", "OUT", one], ["gate", "--junit", "OUT", one],
            ["gate", "--sarif", "OUT", here], ["gate", "--gitlab", "OUT", one], ["gate", "--write-baseline", "OUT", one])):
        files.refused(*[name if word == "OUT" else word for word in words], says="would be destroyed")
    summary = {**os.environ, "GITHUB_STEP_SUMMARY": one}
    files.refused("gate", "--github", one, says="would be destroyed", env=summary)
    with open(one, "ab") as out:
        files.refused("report", one, says="standard output: is", stdout=out)
    assert content(one) == before


def neither_are_others(files):
    """Files that another command would read: captures (also empty ones), programs, and the files beside the
    captures."""
    one, other = files.copy("c/one.ltk"), files.copy("c/other.ltk")
    files.refused("report", "-o", other, one, says="is a capture, and would be destroyed")
    plain = shutil.copy(other, files.path("named_otherwise"))
    files.refused("merge", "-o", plain, one, says="is a capture, and would be destroyed")
    files.refused("seal", "-o", files.write("c/empty.ltk"), one, says="has hardly begun")
    files.refused("report", "-o", files.path("c/new.ltk"), one, says="has the name of a capture")
    program = shutil.copy("/bin/true", files.path("program"))
    for words in (["report", "-o", program, one], ["seal", "-o", program, one]):
        files.refused(*words, says="is a program or library, and would be destroyed")
    wrappers, sups = files.write("wrappers", "pool_*\n"), files.write("sups", "leak:nobody\n")
    limits, baseline = files.write("limits", 'max-total = "1GiB"\n'), files.path("baseline")
    files.refused("report", "--wrapper-file", wrappers, "-o", wrappers, one, says="would be destroyed")
    files.works("gate", "--at-exit=all", "--write-baseline", baseline, one)
    reads = ["gate", "--at-exit=all", "--suppressions", sups, "--limits", limits, "--baseline", baseline]
    for name in (sups, limits, baseline):
        before = content(name)
        files.refused(*reads, "--junit", name, one, says="would be destroyed")
        assert content(name) == before
    files.refused(*reads, "--write-baseline", sups, one, says="would be destroyed")
    files.refused("gate", "--junit", files.path("x"), "--sarif", files.path("x"), one, says="two results")
    files.works(*reads, "--write-baseline", baseline, one)  # this one is meant to be rewritten


def sealed_copies(files):
    """They replace older copies and the run itself, but never another run, and nothing that is no file."""
    one = files.copy("d/one.ltk")
    sealed = files.path("d/sealed.ltk")
    for output in (sealed, sealed, one):
        files.works("seal", "-o", output, one)
    with files.session.start(["/bin/true"]) as process:
        process.wait()
    fresh = files.session.captures()[0]
    before = content(fresh)
    files.refused("seal", "-o", fresh, one, says="the capture of another run")
    assert content(fresh) == before
    fifo = files.path("fifo")
    os.mkfifo(fifo)
    files.refused("seal", "-o", fifo, one, says="is a FIFO")
    files.refused("seal", "-o", "/dev/null", one, says="is a device")


def no_file_is_waited_for(files):
    one = files.copy("e/one.ltk")
    odd = {"a FIFO": files.path("e/fifo.ltk"), "a socket": files.path("e/socket.ltk"), "a directory": files.path("e/directory.ltk"),
           "a device": files.path("e/device.ltk")}
    os.mkfifo(odd["a FIFO"])
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(odd["a socket"])
        os.mkdir(odd["a directory"])
        os.symlink("/dev/zero", odd["a device"])
        for kind, path in odd.items():
            if kind != "a directory":
                for words in (["report"], ["dump"], ["seal"], ["gate"], ["merge"], ["diff", one]):
                    files.refused(*words, path, says=f"{path}: cannot be read: is {kind}, not a file")
            for option in ("--baseline", "--limits", "--suppressions"):
                files.refused("gate", one, option, path, says="cannot be read")
            files.refused("report", one, "--wrapper-file", path, says="cannot be read")
        said = files.works("report", os.path.dirname(one)).stdout
        assert all(os.path.basename(path)[:4] in said for path in odd.values()), said
        files.works("merge", os.path.dirname(one))
    for place in (odd["a FIFO"], files.path("e")):
        files.tool("doctor", place)


def outputs_that_are_no_files(files):
    """Without a reader: an error. With a reader: as before."""
    one, fifo = files.copy("f/one.ltk"), files.path("out")
    os.mkfifo(fifo)
    files.refused("report", "-o", fifo, one, says="a FIFO that no program reads")
    files.refused("gate", "--github", one, says="a FIFO that no program reads", env={**os.environ, "GITHUB_STEP_SUMMARY": fifo})
    with subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE) as reader:
        files.works("report", "-o", fifo, one)
        assert b"Program" in reader.communicate(timeout=AT_ONCE)[0]
    assert "Program" in files.works("report", "-o", "/dev/stdout", one).stdout
    files.works("report", "-o", "/dev/null", one)
    files.refused("report", "-o", files.path("f"), one, says="is a directory")
    shell = f'"{files.session.leaktrack}" gate "{one}" --suppressions <(echo leak:nobody)'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False, timeout=AT_ONCE)
    assert done.returncode != 2, done.stderr


def several_captures(files):
    """All captures that are named are read, each once. A missing directory is reported."""
    one, two = files.copy("g/one.ltk"), files.copy("h/two.ltk")
    several = files.works("report", one, two, os.path.dirname(one)).stdout
    assert "2 captures, the largest first" in several, several
    files.refused("report", one, files.path("gone.ltk"), says="gone.ltk: No such file")
    for option in ("--debug-dir", "--sysroot"):
        done = files.tool("report", option, files.path("nowhere"), one)
        assert done.returncode == 2 and files.path("nowhere") in done.stdout + done.stderr, done


def main():
    leaktrack, capture = map(os.path.abspath, sys.argv[1:])
    t.need("bash", "cat")
    for check in (inputs_are_no_outputs, neither_are_others, sealed_copies, no_file_is_waited_for, outputs_that_are_no_files, several_captures):
        with t.tracker(leaktrack) as session:
            check(Files(session, capture))
    print("no input was written over, nothing was waited for")


if __name__ == "__main__":
    main()
