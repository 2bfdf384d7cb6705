#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's redis-server (with jemalloc) under load. A steady server is not accused. A list to which clients push for ever
is found and named, also after SIGKILL.

    redis_test.py LEAKTRACK
"""
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import describe, frames_of, need, tracker, victim_pid  # noqa: E402

STEADY_SECONDS = 20
PUSH_SECONDS = 15


class Redis:
    """A redis-server of our own, on a socket in the test's folder, tracked."""

    def __init__(self, t):
        self.socket = os.path.join(t.folder, "redis.sock")
        self.process = t.start(["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
                                "--appendonly", "no", "--daemonize", "no", "--dir", t.folder],
                               stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while self.client("ping") != "PONG":
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError("redis-server does not answer")
            time.sleep(0.05)

    def client(self, *words):
        done = subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def load(self, seconds, *options):
        """redis-benchmark, again and again, at a limited rate, for `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            subprocess.run(["redis-benchmark", "-s", self.socket, "-q", "-c", "10", *options],
                           stdout=subprocess.DEVNULL, check=True, timeout=60)

    def push_for_ever(self, seconds):
        """One list that only grows: some 20,000 pushes of 100 bytes per second."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            subprocess.run(["redis-benchmark", "-s", self.socket, "-q", "-c", "4", "-n", "2000", "-d", "100",
                            "RPUSH", "endless", "x" * 100], stdout=subprocess.DEVNULL, check=True, timeout=60)
            time.sleep(0.1)

    def shut_down(self):
        self.client("shutdown", "nosave")
        return self.process.wait(timeout=30)

    def kill(self):
        os.kill(victim_pid(self.process.pid), signal.SIGKILL)
        return self.process.wait(timeout=30)


class RedisTest(unittest.TestCase):
    leaktrack = None

    def assert_names_the_list(self, report):
        what = describe(report)
        first = min(report["sites"], key=lambda site: site["rank"])
        self.assertTrue(first["grows"], what)
        # Debian ships no symbols of redis-server; its dynamic symbols and .gnu_debugdata tell what there is to tell.
        named = [frame for frame in first["stack"] if "redis" in (frame.get("module") or "")]
        self.assertTrue(named, what)
        functions = " ".join(frames_of(first))
        if "Command" in functions:
            self.assertRegex(functions, "pushGenericCommand|rpushCommand|quicklist|listTypePush", what)

    def test_steady_load_on_a_fixed_keyspace_accuses_nobody(self):
        with tracker(self.leaktrack) as t:
            redis = Redis(t)
            redis.load(STEADY_SECONDS, "-n", "20000", "-r", "10000", "-t", "set,get,lpush,lpop,hset", "-d", "64")
            self.assertEqual(redis.shut_down(), 0)
            report = t.only_report()
        growing = [site for site in report["sites"] if site["verdict"] in ("leak", "suspect")]
        # lpush and lpop of the benchmark balance each other. Keys are drawn from 10,000.
        self.assertEqual(growing, [], describe(report))

    def test_a_list_that_is_pushed_to_for_ever_is_found(self):
        with tracker(self.leaktrack) as t:
            redis = Redis(t)
            redis.push_for_ever(PUSH_SECONDS)
            self.assertEqual(redis.shut_down(), 0)
            report = t.only_report()
        self.assert_names_the_list(report)
        self.assertEqual(report["process"]["end"], "exited")

    def test_killed_in_mid_load_it_gives_the_same(self):
        with tracker(self.leaktrack) as t:
            redis = Redis(t)
            redis.push_for_ever(PUSH_SECONDS)
            self.assertEqual(redis.kill(), 137)
            report = t.only_report()
        self.assert_names_the_list(report)
        self.assertEqual(report["process"]["end"], "killed")


if __name__ == "__main__":
    need("redis-server", "redis-benchmark", "redis-cli")
    RedisTest.leaktrack = sys.argv.pop()
    unittest.main()
