# SPDX-License-Identifier: Apache-2.0
"""Servers and the requests they are given: always the same ones, in the same order.

A service is started in its own folder and listens on a socket there. load(n) returns when n requests are answered.
"""
import glob
import os
import random
import shutil
import signal
import socket
import subprocess
import time


class Service:
    name, needs = "", ()
    small, large, burst = 2000, 6000, 100_000  # requests: two amounts for callgrind, one burst for time

    def there(self):
        return all(shutil.which(need) or glob.glob(need) for need in self.needs)

    def __init__(self, folder=None):
        self.folder, self.process = folder, None

    def path(self, name):
        return os.path.join(self.folder, name)

    def prepare(self):
        """Writes the files that the server reads."""

    def command(self):
        raise NotImplementedError

    def load(self, requests):
        raise NotImplementedError

    def start(self, command, env):
        self.process = subprocess.Popen(command, env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(self.path("socket"))
                return
            except OSError:
                assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}"
                time.sleep(0.05)
        raise AssertionError(f"{self.name} does not listen")

    def stop(self):
        if self.process is None:
            return
        # nginx loses a signal that comes between its look at the flag and its wait.
        for _ in range(12):
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
                break
            except subprocess.TimeoutExpired:
                pass
        else:
            self.process.kill()
            self.process.wait()
        self.process = None
        if os.path.exists(self.path("socket")):
            os.remove(self.path("socket"))

    def run(self, *command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, timeout=600)


class Pipelined(Service):
    """Answers many requests that come in one write, on one connection."""
    # No more answers than a socket holds, because they are read only after everything is sent.
    at_once = 50

    def load(self, requests):
        self.random = random.Random(7)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(120)
            client.connect(self.path("socket"))
            for first in range(0, requests, self.at_once):
                client.sendall("".join(self.one() for _ in range(first, min(first + self.at_once, requests))).encode() + self.last)
                end = b""
                while not end.endswith(self.last_answer):
                    end = end[-16:] + client.recv(1 << 18)


class Redis(Pipelined):
    name, needs = "redis, SET GET LPUSH LPOP", ("redis-server",)
    small, large, burst = 5000, 15000, 200_000
    last, last_answer = b"ECHO done\r\n", b"$4\r\ndone\r\n"

    def command(self):
        return ["redis-server", "--port", "0", "--unixsocket", self.path("socket"), "--save", "", "--dir", self.folder]

    def one(self):
        draw = self.random
        key, value = f"key:{draw.randrange(10000)}", "v" * draw.randrange(10, 500)
        return draw.choice((f"SET {key} {value}\r\n", f"GET {key}\r\n", f"LPUSH list {value}\r\n", "LPOP list\r\n"))


class Memcached(Pipelined):
    name, needs = "memcached, set and get", ("memcached",)
    # No callgrind: valgrind refuses the limit of files that memcached wants.
    small, large, burst = 0, 0, 200_000
    last, last_answer = b"verbosity 0\r\n", b"OK\r\n"

    def command(self):
        return ["memcached", "-s", self.path("socket"), "-m", "64", "-t", "1", *(["-u", "root"] if os.geteuid() == 0 else [])]

    def one(self):
        key, size = f"key{self.random.randrange(40000)}", self.random.randrange(20, 2000)
        return f"get {key}\r\n" if self.random.random() < .5 else f"set {key} 0 0 {size} noreply\r\n{'v' * size}\r\n"


NGINX = """daemon off; {user}
master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s; keepalive_requests 1000000; server {{ listen unix:{folder}/socket; listen 127.0.0.1:{port}; root {folder}/pages; }} }}
"""


class Nginx(Service):
    name, needs = "nginx, static pages", ("nginx", "wrk")
    small, large, burst = 1000, 3000, 0  # wrk is given seconds, not requests

    def prepare(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        os.makedirs(self.path("pages"), exist_ok=True)
        with open(self.path("pages/index.html"), "w", encoding="ascii") as file:
            file.write("page " * 800)
        with open(self.path("nginx.conf"), "w", encoding="utf-8") as file:
            file.write(NGINX.format(folder=self.folder, port=self.port, user="user root;" if os.geteuid() == 0 else ""))

    def command(self):
        return ["nginx", "-p", self.folder, "-c", self.path("nginx.conf")]

    def load(self, requests):
        if requests == 0:
            told = subprocess.run(["wrk", "-t1", "-c8", "-d1s", f"http://127.0.0.1:{self.port}/index.html"], check=True, capture_output=True, text=True)
            return int(next(line.split()[0] for line in told.stdout.splitlines() if "requests in" in line))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path("socket"))
            for number in range(requests):
                last = number == requests - 1
                client.sendall(b"GET /index.html HTTP/1.1\r\nHost: a\r\n" + (b"Connection: close\r\n" if last else b"") + b"\r\n")
                left = None
                while left is None or left > 0:
                    part = client.recv(1 << 16)
                    head, _, body = part.partition(b"\r\n\r\n") if left is None else (b"", b"", part)
                    left = (4000 if left is None else left) - len(body)
                    assert part, "the server closed the connection"
        return requests


class Postgres(Service):
    name = "PostgreSQL, pgbench -S"
    bin = max(glob.glob("/usr/lib/postgresql/*/bin"), default="/usr/lib/postgresql/bin")
    needs = (f"{bin}/postgres", "pgbench")
    # No callgrind: a process per connection, which also starts a run of its own.
    small, large, burst = 0, 0, 40_000

    def as_user(self, *command):
        return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)

    def prepare(self):
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.run(*self.as_user(f"{self.bin}/initdb", "-D", self.path("data"), "-U", "bench", "-A", "trust", "-N"))

    def command(self):
        return self.as_user(f"{self.bin}/postgres", "-D", self.path("data"), "-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}",
                            "-c", "fsync=off", "-c", "autovacuum=off")

    def start(self, command, env):
        self.process = subprocess.Popen(command, env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if subprocess.run(["pg_isready", "-q", "-h", self.folder], check=False).returncode == 0:
                break
            time.sleep(0.05)
        self.run(*self.as_user("pgbench", "-h", self.folder, "-U", "bench", "-i", "-s", "1", "-q", "postgres"))

    def load(self, requests):
        self.run(*self.as_user("pgbench", "-h", self.folder, "-U", "bench", "-n", "-S", "-c", "2", "-t", str(requests // 2), "--random-seed=7", "postgres"))


SERVICES = [Redis, Memcached, Nginx, Postgres]
