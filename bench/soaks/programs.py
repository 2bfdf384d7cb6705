# SPDX-License-Identifier: Apache-2.0
"""All programs that are soaked: the socket servers, and here sqlite3, python, ruby and PostgreSQL."""
import glob
import os
import shutil
import signal
import sqlite3
import subprocess

from program import Program
from socket_servers import Memcached, Nginx, Redis

HERE = os.path.dirname(os.path.abspath(__file__))


class Sqlite(Program):
    """The sqlite3 shell on 50 MB of rows, with a page cache of 24 MB that fills. One statement in fifty is an
    update."""
    rows = 200000

    @staticmethod
    def needs():
        return ["sqlite3"]

    def prepare(self):
        with sqlite3.connect(self.path("rows.db")) as database:
            database.execute("create table rows (id integer primary key, name text, data text)")
            database.executemany("insert into rows values (?, ?, ?)",
                                 ((i, f"name {i % 977}", "d" * (150 + i % 100)) for i in range(self.rows)))
        database.close()

    def command(self):
        return ["sqlite3", self.path("rows.db")]

    def say(self, process, text):
        process.stdin.write(text.encode())
        process.stdin.flush()

    def started(self, process):
        self.say(process, "pragma cache_size=-24000; pragma synchronous=off;\n")

    def request(self, process, count, number):
        text = ""
        for _ in range(count):
            row = self.random.randrange(self.rows)
            text += f"update rows set name='n{number}' where id={row};\n" if self.random.random() < 0.02 else \
                f"select length(data), upper(name) || {number} from rows where id={row};\n"
        self.say(process, text)

    def stop(self, process, pid):
        process.stdin.close()


class Warming(Program):
    """A script that makes its own load: an application that loads its modules, fills its caches, and then serves."""
    rate = 0

    def stop(self, process, pid):
        pass  # it ends by itself


class Python(Warming):
    """warming.py under the distribution's python."""

    @staticmethod
    def needs():
        return ["/usr/bin/python3"]

    def command(self):
        return ["/usr/bin/python3", os.path.join(HERE, "warming.py"), self.load, str(self.seconds)]


class Ruby(Warming):
    """warming.rb."""

    @staticmethod
    def needs():
        return ["ruby"]

    def command(self):
        return ["ruby", os.path.join(HERE, "warming.rb"), self.load, str(self.seconds)]


POSTGRES_BURSTS = r"""
\set id random(1, 100000)
\set pause random(1, 300)
begin;
update pgbench_accounts set abalance = abalance + 1 where aid = :id;
select abalance from pgbench_accounts where aid = :id;
insert into pgbench_history (tid, bid, aid, delta, mtime) values (1, 1, :id, 1, current_timestamp);
end;
\if :pause = 1
\sleep 15 s
\endif
"""


class Postgres(Program):
    """A separate cluster: four pgbench clients that stay, and from time to time four that come and go."""
    rate = 0  # pgbench paces itself
    bin = max(glob.glob("/usr/lib/postgresql/*/bin"), default="/usr/lib/postgresql/bin")

    @classmethod
    def needs(cls):
        return [f"{cls.bin}/postgres", "pgbench"]

    def __init__(self, folder, load, seconds):
        super().__init__(folder, load, seconds)
        self.clients = []  # the clients that stay
        if os.geteuid() == 0:
            self.user = "postgres"

    def as_user(self, command):
        return ["runuser", "-u", self.user, "--", *command] if self.user else command

    def call(self, *command):
        subprocess.run(self.as_user(command), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
                       cwd=self.folder)

    def prepare(self):
        self.call(f"{self.bin}/initdb", "-D", self.path("data"), "-U", "soak", "-A", "trust", "-N")
        with open(self.path("bursts.sql"), "w", encoding="utf-8") as file:
            file.write(POSTGRES_BURSTS)

    def command(self):
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "off",
                    "shared_buffers": "32MB", "autovacuum_naptime": "30s"}
        return [f"{self.bin}/postgres", "-D", self.path("data"),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))]

    def ready(self):
        return os.path.exists(self.path(".s.PGSQL.5432"))

    def pgbench(self, *options):
        return self.as_user(["pgbench", "-h", self.folder, "-U", "soak", *options, "postgres"])

    def started(self, process):
        """Starts the clients that stay."""
        self.call("pgbench", "-h", self.folder, "-U", "soak", "-i", "-s", "1", "-q", "postgres")
        style = ["-R", "60"] if self.load == "steady" else ["-f", self.path("bursts.sql")]
        self.clients.append(subprocess.Popen(self.pgbench("-n", "-c", "4", "-T", str(self.seconds), *style),
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def request(self, process, count, number):
        """Called every second; each minute four short connections come."""
        if number % 60 != 0:
            return
        subprocess.run(self.pgbench("-n", "-S", "-c", "4", "-t", "50"), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True, timeout=60)

    def stop(self, process, pid):
        for client in self.clients:
            client.wait(timeout=60)
        with open(self.path("data/postmaster.pid"), encoding="utf-8") as file:
            os.kill(int(file.readline()), signal.SIGINT)  # a fast shutdown


PROGRAMS = {program.__name__.lower(): program
            for program in (Redis, Memcached, Nginx, Sqlite, Python, Ruby, Postgres)}


def missing(program):
    """The first thing that `program` needs and that is missing, or None."""
    return next((name for name in program.needs() if not (os.path.exists(name) or shutil.which(name))), None)
