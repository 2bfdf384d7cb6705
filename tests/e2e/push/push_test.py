#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Profiles that are pushed: what arrives, what is tried again, what is kept and what is lost.

    push_test.py LEAKTRACK PROGRAM      PROGRAM leaks, and ends by itself

The servers are real ones on loopback; profiles are read by wire.py, which knows nothing of our writers.
"""
import contextlib
import email
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402
import wire  # noqa: E402


class Engine(http.server.ThreadingHTTPServer):
    """Answers as `answers` says, in order, then 200. Keeps each request: (path, query, headers, body)."""
    daemon_threads = True

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []
        engine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path, _, query = self.path.partition("?")
                engine.requests.append((path, dict(urllib.parse.parse_qsl(query)), self.headers, body))
                status, headers, text = engine.answers.pop(0) if engine.answers else (200, {}, "")
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def engine(*answers):
    server = Engine(*answers)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def parts_of(headers, body):
    """{name: bytes} of a multipart form."""
    message = email.message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    return {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in message.get_payload()}


class PushTest(unittest.TestCase):
    leaktrack = program = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        session = t.Tracker(cls.leaktrack, cls.folder.name)
        session.run([cls.program, "--seconds", "3"], ["--interval", "1KiB"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (cls.capture,) = session.captures()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def push(self, *arguments, expect=0, captures=True):
        done = subprocess.run([self.leaktrack, "push", *([self.capture] if captures else []), *arguments],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, expect, done)
        return done.stdout + done.stderr

    def file_sums(self):
        path = os.path.join(self.folder.name, "file.pb.gz")
        subprocess.run([self.leaktrack, "report", self.capture, "--format", "pprof", "-o", path], check=False, timeout=60)
        with open(path, "rb") as file:
            return wire.pprof_sums(file.read())

    def test_one_profile_by_three_roads_has_equal_sums(self):
        with engine() as server:
            self.push("--to", server.url, "--to", server.url + "/v1development/profiles", "--service", "shop", "--label", "version=1.4")
            (path, query, headers, body), (otlp_path, _, otlp_headers, otlp_body) = server.requests
        self.assertEqual((path, query["format"], otlp_path), ("/ingest", "pprof", "/v1development/profiles"))
        parts = parts_of(headers, body)
        expected = self.file_sums()
        self.assertGreater(expected["inuse_space"], 0)
        self.assertEqual(wire.pprof_sums(parts["profile"]), expected)
        self.assertEqual(set(json.loads(parts["sample_type_config"])), set(expected))
        self.assertTrue(query["name"].startswith("shop{") and "version=1.4" in query["name"] and "build_id=" in query["name"], query)
        self.assertLess(int(query["from"]), int(query["until"]))
        self.assertEqual(otlp_headers["Content-Type"], "application/x-protobuf")
        otlp = wire.Otlp(otlp_body)
        otlp.check()
        self.assertEqual(otlp.sums(), expected)
        self.assertEqual((otlp.resource["service.name"], otlp.resource["service.version"]), ("shop", "1.4"))
        self.assertTrue(otlp.scope)

    def test_otlp_tells_stacks_build_ids_and_verdicts(self):
        with engine() as server:
            self.push("--to", server.url + "/v1development/profiles")
            otlp = wire.Otlp(server.requests[0][3])
        samples = wire.all_of(otlp.profiles[0], 2)
        keys = {otlp.table_attribute(i)[0] for sample in samples for i in wire.packed(wire.one_of(sample, 2))}
        self.assertEqual(keys, {"verdict", "trend"})
        stacks = [otlp.functions_of(sample) for sample in samples]
        self.assertTrue(any("main" in stack[1:] for stack in stacks), stacks)
        ids = [otlp.table_attribute(i) for one in otlp.mappings[1:] for i in wire.packed(wire.one_of(one, 5, b""))]
        self.assertTrue(ids and all(key == "process.executable.build_id.gnu" and value for key, value in ids), ids)
        self.assertEqual(otlp.resource["process.executable.build_id.gnu"], ids[0][1] if len(ids) == 1 else otlp.resource["process.executable.build_id.gnu"])

    def test_a_server_that_fails_is_tried_again(self):
        with engine((503, {}, "busy"), (429, {"Retry-After": "1"}, "slow down")) as server:
            began = time.monotonic()
            said = self.push("--to", server.url)
            self.assertEqual(len(server.requests), 3)
            self.assertGreaterEqual(time.monotonic() - began, 1.4)  # half a second, then the one that was asked for
        self.assertIn("1 profile sent", said)

    def test_what_is_refused_is_said_and_not_tried_again(self):
        with engine((401, {}, "who are you?\nsecond line")) as server, tempfile.TemporaryDirectory() as queue:
            said = self.push("--to", server.url, "--queue", queue, expect=2)
            self.assertEqual((len(server.requests), os.listdir(queue)), (1, []))
        self.assertIn("answered 401: who are you?", said)
        self.assertNotIn("second line", said)

    def test_what_cannot_be_sent_waits_in_the_queue(self):
        with socket.socket() as nobody, tempfile.TemporaryDirectory() as queue:
            nobody.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
            said = self.push("--to", url, "--queue", queue, "--attempts", "1", expect=2)
            self.assertIn(f"1 kept in {queue}", said)
            self.push("--to", url, "--attempts", "1", expect=2)  # without a queue it is lost, and said so
            (name,) = os.listdir(queue)
            self.assertEqual(os.stat(os.path.join(queue, name)).st_mode & 0o777, 0o600)
            with open(os.path.join(queue, "notes.txt"), "w", encoding="utf-8") as file:
                file.write("not ours")
            with engine() as server:
                port = str(server.server_address[1])
                path = os.path.join(queue, name)
                with open(path, "rb") as file:
                    lines = file.read().split(b"\n", 3)
                lines[2] = port.encode()  # the engine came back where it was asked for
                with open(path, "wb") as file:
                    file.write(b"\n".join(lines))
                self.assertIn("1 profile sent", self.push("--queue", queue, captures=False))
                self.assertEqual(len(server.requests), 1)
            self.assertEqual(os.listdir(queue), ["notes.txt"])

    def test_a_server_that_never_answers_ends_in_time(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            began = time.monotonic()
            said = self.push("--to", f"http://127.0.0.1:{silent.getsockname()[1]}", "--attempts", "1", expect=2)
            self.assertLess(time.monotonic() - began, 30)
        self.assertIn("no answer in time", said)

    def test_serve_pushes_what_lives_until_it_is_told_to_end(self):
        with engine((500, {}, "not yet")) as server, tempfile.TemporaryDirectory() as folder:
            session = t.Tracker(self.leaktrack, folder)
            with session.start([self.program, "--seconds", "30"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
                queue = os.path.join(folder, "queue")
                serve = subprocess.Popen([self.leaktrack, "serve", folder, "--listen", "127.0.0.1:0", "--push", server.url, "--push-every", "1s",
                                          "--push-service", "shop", "--push-queue", queue], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                end = time.monotonic() + 40
                while len(server.requests) < 3 and time.monotonic() < end:
                    time.sleep(.1)
                serve.terminate()
                _, said = serve.communicate(timeout=20)
                run.kill()
        self.assertEqual(serve.returncode, 0, said)
        self.assertGreaterEqual(len(server.requests), 3, said)
        self.assertTrue(all(query["name"].startswith("shop{") for _, query, _, _ in server.requests))
        self.assertIn("push: 127.0.0.1", said)
        self.assertIn("works again", said)

    def test_bad_input_is_one_line(self):
        for arguments, words in (((), "--to URL"), (("--to", "ftp://x"), "no URL of HTTP"), (("--to", "https://x"), "TLS"),
                                 (("--to", "http://:80"), "names no host"), (("--to", "http://h:99999"), "port"),
                                 (("--to", "http://h", "--label", "x"), "no label")):
            said = self.push(*arguments, expect=2)
            self.assertIn(words, said)
            self.assertEqual(said.count("\n"), 1, said)


if __name__ == "__main__":
    PushTest.leaktrack, PushTest.program = sys.argv[1:]
    unittest.main(argv=sys.argv[:1], verbosity=2)
