#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`leaktrack serve` under real clients: what it tells, whom it refuses, and that no client can hold it up.

    serve_test.py LEAKTRACK
"""
import contextlib
import gzip
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

LEAK = "import time\nb = []\nwhile 1:\n b.append(bytearray(1 << 18)); time.sleep(.05)\n"
TOKEN = "a-token-of-some-length"


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


class Served:
    def __init__(self, leaktrack, *options):
        self.process = subprocess.Popen([leaktrack, "serve", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline()
        assert line.startswith("leaktrack serves "), line + self.process.stderr.read()
        self.address = line.split()[-1]

    def get(self, path, headers=None, method="GET"):
        if self.address.startswith("unix:"):
            connection = Unix(self.address[5:])
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.process.stderr.read()


def wait_for(check, seconds=40):
    end = time.time() + seconds
    while not (result := check()):
        assert time.time() < end, "waited too long"
        time.sleep(.3)
    return result


def check_all_routes(leaktrack, runs):
    with Served(leaktrack, runs.folder, "--listen", "127.0.0.1:0") as served:
        listed = wait_for(lambda: [run for run in json.loads(served.get("/api/runs")[1])["runs"]
                                   if run["capture"].startswith(runs.folder) and run["pid"]])
        pid = listed[0]["pid"]
        status, body, answer = served.get("/metrics")
        assert status == 200 and f'leaktrack_process_resident_bytes{{pid="{pid}"'.encode() in body, body[:500]
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
            assert done.returncode == 0, done
        _, body, answer = served.get("/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
        assert body.endswith(b"# EOF\n") and "openmetrics" in answer.headers["Content-Type"]
        wait_for(lambda: b"leaktrack_site_live_bytes{" in served.get("/metrics")[1])
        for path in ("/health", "/ready", f"/ready?pid={pid}", "/health?cgroup=/"):
            status, body, _ = served.get(path)
            assert status in (200, 503) and json.loads(body)["status"] in ("ok", "unready", "unhealthy"), (path, body)
        assert served.get("/ready?pid=999999999")[0] == 404
        status, body, _ = served.get("/")
        assert status == 200 and b"<table>" in body and f"/report?run={listed[0]['run_id']}".encode() in body
        report = json.loads(served.get(f"/report?pid={pid}&format=json")[1])
        assert report["process"]["pid"] == pid and report["sites"], report["process"]
        assert served.get(f"/report?run={listed[0]['run_id']}")[1].startswith(b"<!doctype html>")
        assert gzip.decompress(served.get(f"/debug/pprof/heap?pid={pid}")[1])
        assert gzip.decompress(served.get(f"/debug/pprof/heap?pid={pid}&seconds=2")[1])
        if shutil.which("go"):
            done = subprocess.run(["go", "tool", "pprof", "-top", f"{served.address}/debug/pprof/heap?pid={pid}"],
                                  capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0 and "flat%" in done.stdout, done
        host = json.loads(served.get("/api/host")[1])
        assert any(one["pid"] == pid and one["tracked"] for one in host["processes"])


def check_refusals(leaktrack, runs):
    with Served(leaktrack, runs.folder, "--listen", "127.0.0.1:0") as served:
        assert served.get("/", {"Host": "evil.example"})[0] == 403
        for path in ("/nothing", "/../etc/passwd", "/report?run=../../etc/passwd", "/report?run=/etc/passwd"):
            assert served.get(path)[0] == 404, path
        assert served.get("/debug/pprof/heap?seconds=100000")[0] == 400
        assert served.get("/report?format=exe")[0] == 400
        assert served.get("/", method="POST")[0] == 405
        assert served.get("/", method="HEAD")[:2] == (200, b"")
        assert served.get("/" + "x" * 40_000)[0] == 431
        done = subprocess.run([leaktrack, "serve", "--listen", f"127.0.0.1:{served.port}"], capture_output=True, text=True,
                              timeout=20, check=False)
        assert done.returncode == 2 and "already in use" in done.stderr and done.stderr.count("\n") == 1, done
    for listen, words in (("nonsense", "ADDRESS:PORT"), ("0.0.0.0:0", "--token-file"), ("unix:" + "x" * 300, "too long")):
        done = subprocess.run([leaktrack, "serve", "--listen", listen], capture_output=True, text=True, timeout=20,
                              check=False)
        assert done.returncode == 2 and words in done.stderr, (listen, done)


def check_the_token(leaktrack, runs):
    path = os.path.join(runs.folder, "token")
    with open(path, "w", encoding="utf-8") as file:
        file.write(TOKEN + "\n")
    with Served(leaktrack, "--listen", "0.0.0.0:0", "--token-file", path) as served:
        assert served.get("/metrics")[0] == 401
        assert served.get("/metrics", {"Authorization": "Bearer wrong-wrong-wrong-wrong"})[0] == 401
        assert served.get("/metrics", {"Authorization": f"Bearer {TOKEN}"})[0] == 200
        status, body, _ = served.get("/health")
        assert status in (200, 503) and body == b"", body
        assert served.get("/health", {"Authorization": f"Bearer {TOKEN}"})[1]


def check_a_unix_socket(leaktrack, runs):
    path = os.path.join(runs.folder, "socket")
    with Served(leaktrack, "--listen", f"unix:{path}") as served:
        assert served.get("/metrics")[0] == 200
        assert os.stat(path).st_mode & 0o77 == 0
        served.process.kill()
        served.process.wait()
        with Served(leaktrack, "--listen", f"unix:{path}") as again:  # what the killed one left behind is in nobody's way
            assert again.get("/ready")[0] in (200, 503)
        served.process = subprocess.Popen(["true"])  # what is ended below
        served.process.wait()
    assert not os.path.exists(path)


def check_hostile_clients(leaktrack, runs):
    """200 connections that say nothing, rubbish, and a reader that never reads: others are answered at once."""
    with Served(leaktrack, runs.folder, "--listen", "127.0.0.1:0") as served, contextlib.ExitStack() as open_sockets:
        for _ in range(200):
            one = open_sockets.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=5))
            one.sendall(b"GET /")
        deaf = open_sockets.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=5))
        deaf.sendall(b"GET /api/host HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        rubbish = open_sockets.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=5))
        rubbish.sendall(b"\0\1\2 SSH-2.0\r\n\r\n")
        assert b"400" in rubbish.recv(100)
        begin = time.time()
        assert served.get("/health")[0] in (200, 503)
        assert time.time() - begin < 5


def check_many_requests(leaktrack, runs):
    """2,000 requests of four clients: all are answered, and memory stays where it was."""
    with Served(leaktrack, runs.folder, "--listen", "127.0.0.1:0") as served:
        def resident():
            with open(f"/proc/{served.process.pid}/statm", encoding="ascii") as file:
                return int(file.read().split()[1]) * 4096
        failures = []

        def ask(count):
            connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
            for _ in range(count):
                connection.request("GET", "/metrics")
                if connection.getresponse().read()[-1:] != b"\n":
                    failures.append(1)
        ask(200)
        before = resident()
        threads = [threading.Thread(target=ask, args=(500,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert resident() - before < 24 << 20, (before, resident())


def main():
    leaktrack = os.path.abspath(sys.argv[1])
    with t.tracker(leaktrack) as runs:
        with runs.start([sys.executable, "-c", LEAK], ["--interval", "16KiB"],
                        env={**os.environ, "PYTHONMALLOC": "malloc"}) as leak:
            try:
                wait_for(runs.captures)
                check_all_routes(leaktrack, runs)
                check_refusals(leaktrack, runs)
                check_the_token(leaktrack, runs)
                check_a_unix_socket(leaktrack, runs)
                check_hostile_clients(leaktrack, runs)
                check_many_requests(leaktrack, runs)
            finally:
                os.killpg(leak.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
