#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Of programs that are healthy, and at work, nothing is called lost, whatever the look may call undecided.

    healthy_test.py LEAKTRACK [SECONDS]      seconds between the two looks, 2 by default

Programs that are not installed are passed over, and named.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

from look_test import look

PYTHON = """
import json
kept = {}
while True:
    for i in range(20000):
        kept[i % 5000] = [str(i)] * 5
        json.loads(json.dumps({"numbers": list(range(50)), "name": str(i)}))
"""
RUBY = """
kept = {}
loop { 2000.times { |i| kept[i % 3000] = "x" * (i % 200); "a,b,c".split(",").map(&:upcase) }; sleep 0.005 }
"""
SQL = """
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000)
INSERT OR REPLACE INTO t SELECT i % 5000, printf('%d-%d', i, i * 7) FROM n;
"""
PERL = "my %h; while (1) { for my $i (1..9999) { $h{$i % 4000} = join ',', ($i) x 9; my @p = split /,/, $h{1}; } }"
NGINX = "daemon off; pid {0}/pid; error_log {0}/error; events {{}} http {{ access_log off; server {{ listen unix:{0}/http; }} }}"


def programs(folder):
    """name, command, environment, what its standard input is given"""
    with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as conf:
        conf.write(NGINX.format(folder))
    yield "python3", ["/usr/bin/python3", "-c", PYTHON], {}, None
    yield "python3 on malloc", ["/usr/bin/python3", "-c", PYTHON], {"PYTHONMALLOC": "malloc"}, None
    yield "ruby", ["ruby", "-e", RUBY], {}, None
    yield "perl", ["perl", "-e", PERL], {}, None
    yield "sqlite3", ["sqlite3", ":memory:"], {}, SQL
    yield "nginx", ["nginx", "-p", folder, "-e", f"{folder}/error", "-c", f"{folder}/nginx.conf"], {}, None
    yield "memcached", ["memcached", "-u", "nobody", "-s", f"{folder}/memcached"], {}, None
    yield "redis", ["redis-server", "--port", "0", "--unixsocket", f"{folder}/redis", "--dir", folder], {}, None


def start(command, environment, text, folder):
    process = subprocess.Popen(command, env=os.environ | environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, text=True, cwd=folder)
    if text:
        process.stdin.write(text)
        process.stdin.flush()
    return process


def main():
    leaktrack, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "2"
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        for name, command, environment, text in programs(folder):
            if not shutil.which(command[0]):
                print(f"{name}: not installed")
                continue
            process = start(command, environment, text, folder)
            try:
                time.sleep(.7)
                if process.poll() is not None:
                    sys.exit(f"{name}: ended with {process.returncode}")
                report, status = look(leaktrack, process.pid, seconds=seconds)
            finally:
                process.kill()
                process.wait()
            heap = report["heap"]
            print(f"{name}: {report['conclusion']}, exit {status}, heap {heap and heap['in_use_bytes']}, "
                  f"undecided {sum(g['memory']['undecided'] for g in report['groups'])} "
                  f"of {sum(g['objects'] for g in report['groups'])} blocks; {report['doubts']}")
            if heap and heap["lost_bytes"] != 0:
                failed = True
                for group in (g for g in report["groups"] if g["memory"]["lost"] != 0):
                    print("  called lost:", group)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
