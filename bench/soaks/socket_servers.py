# SPDX-License-Identifier: Apache-2.0
"""Servers that answer on a Unix socket: redis, memcached and nginx, each with its client."""
import os
import pwd
import socket

from program import Program


class SocketServer(Program):
    """A server on a Unix socket. The requests of a tick are sent in one write and answered together."""

    def exchange(self, request, end):
        """Sends, and reads until `end` (None: to the end of file)."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(self.path("socket"))
            client.sendall(request)
            answer = b""
            while end is None or not answer.endswith(end):
                part = client.recv(1 << 16)
                if not part:
                    break
                answer = answer[-64:] + part
            return answer

    def ready(self):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(self.path("socket"))
            return True
        except OSError:
            return False


class Redis(SocketServer):
    """12 MB of keys, half of them at once; then the least recently used are evicted. Expiring keys, hashes and
    lists."""

    @staticmethod
    def needs():
        return ["redis-server"]

    def command(self):
        return ["redis-server", "--port", "0", "--unixsocket", self.path("socket"), "--save", "", "--appendonly", "no",
                "--dir", self.folder, "--maxmemory", "12mb", "--maxmemory-policy", "allkeys-lru"]

    def one(self):
        draw = self.random
        key = f"key:{draw.randrange(50000)}"
        value = "v" * draw.randrange(100, 2000)
        return draw.choices([["SET", key, value], ["GET", key], ["SETEX", f"short:{key}", "30", value],
                             ["HSET", f"hash:{draw.randrange(20)}", key[-2:], value[:60]],
                             ["LPUSH", f"list:{draw.randrange(20)}", value[:80]],
                             ["LTRIM", f"list:{draw.randrange(20)}", "0", "50"]], [50, 30, 8, 4, 4, 4])[0]

    def started(self, process):
        for number in range(60):
            self.request(process, 100, number)

    def request(self, process, count, number):
        done = f"done{number}"
        commands = [self.one() for _ in range(count)] + [["ECHO", done]]
        text = "".join(f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
                       for words in commands)
        self.exchange(text.encode(), f"{done}\r\n".encode())


class Memcached(SocketServer):
    """64 MB of slabs that fill in four minutes with items of many sizes, and then evict."""
    # Reassignment would take all 64 MB in one block at the start, and nothing would be seen to
    # fill.
    options = ["-m", "64", "-o", "no_slab_reassign", "-t", "2"]

    @staticmethod
    def needs():
        return ["memcached"]

    def command(self):
        return ["memcached", "-s", self.path("socket"), *self.options,
                *(["-u", "root"] if os.geteuid() == 0 else [])]

    def one(self):
        draw = self.random
        key = f"key{draw.randrange(40000)}"
        if draw.random() < 0.4:
            return f"get {key}\r\n"
        size = int(draw.lognormvariate(7, 1)) % 20000 + 20
        return f"set {key} 0 {draw.choice([0, 0, 60])} {size} noreply\r\n{'v' * size}\r\n"

    def request(self, process, count, number):
        self.exchange("".join(self.one() for _ in range(count)).encode() + b"verbosity 0\r\n", b"OK\r\n")


NGINX_CONFIGURATION = """
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  open_file_cache max=60 inactive=20s;
  gzip on; gzip_min_length 1;
  server {{ listen unix:{folder}/socket; root {folder}/pages; }}
}}
"""


class Nginx(SocketServer):
    """A hundred static pages, some compressed on the way, some missing. One connection per tick, more in a burst."""
    rate = 200

    @staticmethod
    def needs():
        return ["nginx"]

    def prepare(self):
        os.makedirs(self.path("pages"))
        for i in range(100):
            with open(self.path(f"pages/{i}.html"), "w", encoding="utf-8") as page:
                page.write(f"page {i} " * self.random.randrange(20, 2000))
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        with open(self.path("nginx.conf"), "w", encoding="utf-8") as file:
            file.write(NGINX_CONFIGURATION.format(folder=self.folder, user=user))

    def command(self):
        return ["nginx", "-c", self.path("nginx.conf"), "-e", self.path("error.log")]

    def request(self, process, count, number):
        while count > 0:
            burst = min(count, 10)
            lines = [f"GET /{self.random.randrange(103)}.html?{number} HTTP/1.1\r\nHost: soak\r\n"
                     f"{self.random.choice(['', 'Accept-Encoding: gzip' + chr(13) + chr(10)])}" for _ in range(burst)]
            self.exchange(("\r\n".join(lines) + "Connection: close\r\n\r\n").encode(), None)
            count -= burst
