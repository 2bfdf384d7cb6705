#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sources of names besides the paths of this machine: a debuginfod server, the root of a process in a container, an
earlier report.

    symbol_sources_test.py LEAKTRACK LIBRARY

The server is the distribution's own, on the loopback. The container is a chroot.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

PROGRAM = r"""
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
__attribute__((noinline)) void* Keep() { return malloc(900); }
int main(int argc, char** argv) {
  void* volatile last = nullptr;
  for (int i = 0; i < 400; ++i) last = Keep();
  if (argc > 1) { std::puts("ready"); std::fflush(stdout); sleep(60); }
  return last == nullptr;
}
"""


def compile_program(folder, *flags):
    source, program = os.path.join(folder, "service.cc"), os.path.join(folder, "service")
    with open(source, "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    subprocess.run(["g++", "-O1", "-g", *flags, "-Wl,--build-id", "-o", program, source], check=True)
    return program


def keep_frame(report):
    return next((frame for site in report["sites"] for frame in site["stack"] if (frame["function"] or "").startswith("Keep")), None)


def report(leaktrack, capture, *options, **environment):
    done = subprocess.run([leaktrack, "report", "--no-history", "--format", "json", *options, capture], capture_output=True, text=True, check=False,
                          timeout=90, env={**os.environ, **environment})
    assert done.returncode in t.REPORT_EXITS, done.stderr
    return json.loads(done.stdout), done


class Server:
    """debuginfod over a directory of debug files."""

    def __init__(self, folder, files):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = open(os.path.join(folder, "debuginfod.log"), "wb")
        self.process = subprocess.Popen(["debuginfod", "-F", "-p", str(self.port), "-d", ":memory:", files], stdout=self.log, stderr=self.log)
        self.url = f"http://127.0.0.1:{self.port}"

    def metric(self, name):
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(name):
                    return float(line.rsplit(" ", 1)[1])
        return 0.0

    def wait(self):
        for _ in range(300):
            try:
                if self.metric('groom{statistic="buildids"}') >= 1 or self.metric('thread_work_total{role="traverse"}') >= 1 and \
                        self.metric('scanned_files_total{source="file"}') >= 1:
                    time.sleep(0.5)
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError("debuginfod did not index its directory")

    def buildid_requests(self):
        return self.metric('http_requests_total{type="debuginfo"}')

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def from_a_server(leaktrack, folder):
    if shutil.which("debuginfod") is None:
        print("debuginfod is not installed: its part is skipped")
        return
    program = compile_program(folder)
    files = os.path.join(folder, "served")
    os.mkdir(files)
    subprocess.run(["objcopy", "--only-keep-debug", program, os.path.join(files, "service.debug")], check=True)
    subprocess.run(["strip", "--strip-all", program], check=True)
    session = t.Tracker(leaktrack, os.path.join(folder, "captures"))
    assert session.run([program], ["--exact"]).returncode == 0
    capture = session.captures()[0]
    server = Server(folder, files)
    try:
        server.wait()
        there = {"DEBUGINFOD_URLS": server.url, "XDG_CACHE_HOME": os.path.join(folder, "cache"), "HOME": folder}
        before = server.buildid_requests()
        assert keep_frame(report(leaktrack, capture, **there)[0]) is None
        assert server.buildid_requests() == before, "nothing is asked unless the user says so"
        frame = keep_frame(report(leaktrack, capture, "--debuginfod", "--no-symbol-cache", **there)[0])
        assert frame and frame["line"] == 5, frame
        assert server.buildid_requests() > before
    finally:
        server.stop()
    frame = keep_frame(report(leaktrack, capture, "--debuginfod", "--no-symbol-cache", **there)[0])
    assert frame and frame["line"] == 5, "the second time from the cache, without the server"
    for url, word in ((server.url, "could not be asked"), ("", "DEBUGINFOD_URLS names no server")):
        empty = {**there, "DEBUGINFOD_URLS": url, "XDG_CACHE_HOME": os.path.join(folder, "empty")}
        started = time.monotonic()
        done = subprocess.run([leaktrack, "report", "--no-history", "--debuginfod", capture], capture_output=True, text=True, check=False, timeout=90,
                              env={**os.environ, **empty})
        assert " ".join(done.stdout.split()).find(word) >= 0, done.stdout
        assert time.monotonic() - started < 40


def from_the_root_of_a_process(leaktrack, library, folder):
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
        print("mount namespaces and chroot need root: their part is skipped")
        return
    root = os.path.join(folder, "root")
    program = compile_program(folder, "-static-libstdc++", "-static-libgcc")
    needed = [word for line in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines()
              for word in line.split() if word.startswith("/")]
    for path in [*needed, library]:
        os.makedirs(root + os.path.dirname(path), exist_ok=True)
        shutil.copy(path, root + path)
    os.makedirs(os.path.join(root, "opt/inside"))
    os.makedirs(os.path.join(root, "captures"))
    shutil.move(program, os.path.join(root, "opt/inside/service"))
    os.mkdir(os.path.join(root, "proc"))
    tracked = f"LD_PRELOAD={library} LEAKTRACK_OUT=/captures LEAKTRACK_INTERVAL=exact"
    process = subprocess.Popen(["unshare", "-m", "sh", "-c", f"mount -t proc proc {root}/proc && exec env {tracked} chroot {root} /opt/inside/service wait"],
                               stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        captures = os.path.join(root, "captures")
        for _ in range(100):
            time.sleep(0.1)
            found = [os.path.join(captures, name) for name in os.listdir(captures) if ".service." in name]
            told = report(leaktrack, found[0])[0] if found and os.path.getsize(found[0]) > 4096 else None
            if told and keep_frame(told):
                break
        frame = keep_frame(told)
        assert frame and frame["module"] == "/opt/inside/service" and frame["line"] == 5, told["sites"][:1]
    finally:
        process.kill()
        process.wait()
    assert keep_frame(report(leaktrack, found[0])[0]) is None, "when the process is gone, so is its root"


def from_an_earlier_report(leaktrack, folder):
    program = compile_program(folder)
    session = t.Tracker(leaktrack, os.path.join(folder, "captures"))
    assert session.run([program], ["--exact"]).returncode == 0
    capture = session.captures()[0]
    there = {"XDG_CACHE_HOME": os.path.join(folder, "cache")}
    assert keep_frame(report(leaktrack, capture, "--no-symbol-cache", **there)[0])
    assert not os.path.exists(there["XDG_CACHE_HOME"]), "nothing is kept of it"
    first = report(leaktrack, capture, **there)[0]
    os.remove(program)
    assert keep_frame(report(leaktrack, capture, "--no-symbol-cache", **there)[0]) is None
    second = report(leaktrack, capture, **there)[0]
    assert keep_frame(first) and second["sites"] == first["sites"], second["sites"][:1]


def main():
    leaktrack, library = map(os.path.abspath, sys.argv[1:])
    for part in (lambda folder: from_an_earlier_report(leaktrack, folder), lambda folder: from_a_server(leaktrack, folder),
                 lambda folder: from_the_root_of_a_process(leaktrack, library, folder)):
        with t.tracker(leaktrack) as session:
            part(session.folder)
    print("names come from where they are")


if __name__ == "__main__":
    main()
