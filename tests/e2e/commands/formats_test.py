#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every format of a report has the same sums, and the tools that it is meant for can read it.

    formats_test.py LEAKTRACK PROGRAM     PROGRAM OLD NEW keeps that many blocks at OldLeak and NewLeak

pprof: the real `go tool pprof` (-raw, -top, -base, -http). speedscope: the schema in the program's own npm package.
"""
import glob
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

GO = next(iter(sorted(glob.glob("/usr/lib/go-*/bin/go"), reverse=True)), "/usr/lib/go/bin/go")
PYTHON = "/usr/bin/python3"


class Formats:
    def __init__(self, session, capture):
        self.session, self.capture = session, capture
        self.folder = session.folder
        self.json = json.loads(self.write("json", "-"))
        self.sites = self.json["sites"]

    def run(self, *command, code=0, **more):
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=60, **more)
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def write(self, name, file, *options):
        done = subprocess.run([self.session.leaktrack, "report", "--no-history", "--format", name, *options, self.capture,
                               *([] if file == "-" else ["-o", os.path.join(self.folder, file)])],
                              capture_output=True, check=False, timeout=60)
        assert done.returncode in (0, 1, 3), done.stderr
        return done.stdout.decode() if file == "-" else os.path.join(self.folder, file)

    def sum(self, key):
        return sum(site[key] or 0 for site in self.sites)


def folded(formats):
    lines = formats.write("folded", "-").splitlines()
    assert sum(int(line.rsplit(" ", 1)[1]) for line in lines) == formats.sum("live_bytes")
    assert any(re.fullmatch(r"_start;.*;main;NewLeak \d+", line) for line in lines), lines


def speedscope(formats):
    path = formats.write("speedscope", "heap.speedscope.json")
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    assert [sum(profile["weights"]) for profile in document["profiles"]] == \
        [formats.sum("live_bytes"), formats.sum("growth_bytes_per_hour"), formats.sum("born_bytes")]
    done = subprocess.run(["npm", "pack", "--silent", "--pack-destination", formats.folder, "speedscope@1.20.0"], capture_output=True,
                          text=True, check=False, timeout=120)
    if done.returncode != 0:
        print(f"not checked: npm cannot fetch speedscope's schema: {done.stderr.strip()}")
        return
    with tarfile.open(os.path.join(formats.folder, done.stdout.strip().splitlines()[-1])) as archive:
        schema = os.path.join(formats.folder, "schema.json")
        with open(schema, "wb") as file:
            file.write(archive.extractfile("package/dist/release/file-format-schema.json").read())
    formats.run(PYTHON, "-W", "ignore", "-m", "jsonschema", "-i", path, schema)


def page(address):
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(.1)  # not listening yet
    raise AssertionError(f"{address} is not served")


def pprof(formats):
    path = formats.write("pprof", "heap.pb.gz")
    raw = formats.run(GO, "tool", "pprof", "-raw", path)
    assert "inuse_objects/count inuse_space/bytes[dflt] alloc_space/bytes growth/bytes" in raw, raw
    samples = [tuple(map(int, match)) for match in re.findall(r"^ +(-?\d+) +(-?\d+) +(-?\d+) +(-?\d+): ", raw, re.M)]
    assert tuple(map(sum, zip(*samples))) == \
        tuple(formats.sum(key) for key in ("live_objects", "live_bytes", "born_bytes", "growth_bytes_per_hour"))
    module = next(frame for site in formats.sites for frame in site["stack"] if frame["function"] == "NewLeak")
    assert module["build_id"] in raw and f"NewLeak {module['file']}:{module['line']}" in raw, raw
    top = formats.run(GO, "tool", "pprof", "-top", "-unit=B", "-nodecount=0", path)
    assert re.search(r"^ *14000B .* NewLeak", top, re.M), top
    same = formats.run(GO, "tool", "pprof", "-top", "-unit=B", "-base", path, path)
    assert "Showing nodes accounting for 0" in same, same
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([GO, "tool", "pprof", "-no_browser", f"-http=127.0.0.1:{port}", path], stderr=subprocess.DEVNULL,
                          start_new_session=True) as server:
        try:
            assert "NewLeak" in page(f"http://127.0.0.1:{port}/ui/flamegraph")
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # go and the pprof that it started


def options(formats):
    assert len(formats.write("folded", "-", "--top", "1").splitlines()) == 1
    leaktrack = formats.session.leaktrack
    formats.run(leaktrack, "report", "--format", "svg", formats.capture, code=2)
    done = subprocess.run(["script", "-qec", f"{leaktrack} report --format pprof {formats.capture}", "/dev/null"], capture_output=True,
                          text=True, check=False, timeout=60)
    assert "not for a terminal" in done.stdout and done.returncode == 2, done.stdout


def selection(formats):
    """The selection by --filter, --site and --since is the same in every format, and is stated."""
    leaktrack, capture = formats.session.leaktrack, formats.capture

    def report(*options):
        done = subprocess.run([leaktrack, "report", "--no-history", capture, *options], capture_output=True, check=False, timeout=60)
        assert done.returncode in (0, 1, 3), done.stderr
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    everything = report("--format", "json")[0]
    code, chosen, said = report("--format", "json", "--filter", "NewLeak")
    chosen = json.loads(chosen)
    t.check_schema(chosen)
    note = f"showing {len(chosen['sites'])} of {len(formats.sites)} sites (--filter NewLeak)"
    assert code == everything and note in said and note in chosen["selection"]["text"], said
    live = sum(site["live_bytes"] for site in chosen["sites"])
    assert live == 14000 and chosen["memory"] == formats.json["memory"], live
    assert chosen["selection"]["live_bytes_left_out"] + live == formats.sum("live_bytes")
    code, lines, said = report("--format", "folded", "--filter", "New*")
    assert code == everything and sum(int(line.rsplit(" ", 1)[1]) for line in lines.splitlines()) == live and "sites (--filter New*)" in said
    document = json.loads(report("--format", "speedscope", "--filter", "NewLeak")[1])
    assert document["profiles"][0]["endValue"] == live and note in document["name"], document["name"]
    path = formats.write("pprof", "chosen.pb.gz", "--filter", "NewLeak")
    top = formats.run(GO, "tool", "pprof", "-comments", path)
    assert note in top, top
    code, page_, said = report("--filter", "NewLeak")
    assert code == everything and note in " ".join(page_.split()) and said == "" and "OldLeak" not in page_.split("showing")[1], page_
    number = str(chosen["sites"][0]["id"])
    assert re.search(rf"^  site +{number}$", page_, re.M), page_
    one = json.loads(report("--format", "json", "--site", number)[1])
    assert [site["id"] for site in one["sites"]] == [int(number)], one["sites"]
    for name in ("text", "json", "folded", "speedscope"):
        code, out, said = report("--format", name, "--filter", "nowhere")
        wanted = f"none of {len(formats.sites)} sites matches --filter nowhere"
        assert code == everything and wanted in " ".join((out if name == "text" else said).split()), (name, out, said)
    whole = json.loads(report("--format", "json", "--since", "2d")[1])
    assert whole["window"] is None
    code, part, said = report("--format", "json", "--since", "1ms")
    part = json.loads(part)
    t.check_schema(part)
    assert part["window"]["seconds"] == .001 and code == 3 and "(--since)" in said, (code, part["window"], said)
    assert sum(site["live_bytes"] for site in part["sites"]) == formats.sum("live_bytes")
    formats.run(leaktrack, "report", "--since", "soon", capture, code=2)
    formats.run(leaktrack, "report", "--site", "x", capture, code=2)


def schema(formats):
    if t.validator() is None:
        print("not checked against report.schema.json: python3-jsonschema is not installed for this python")
        return
    t.check_schema(formats.json)
    for broken in ({"schema": 2}, {"extra": 1}, {"process": {}}):
        assert not t.validator().is_valid({**formats.json, **broken}), broken


def main():
    leaktrack, program = map(os.path.abspath, sys.argv[1:])
    t.need(GO, "npm", PYTHON, "script")
    with t.tracker(leaktrack) as session:
        session.run([program, "50", "20"], ["--exact"])
        formats = Formats(session, session.captures()[0])
        for check in (schema, folded, speedscope, pprof, options, selection):
            check(formats)
        session.run([program, "50", "20"], ["--exact"])
        fleet = subprocess.run([leaktrack, "report", "--no-history", "--format", "json", session.folder], capture_output=True, check=False)
        t.check_schema(json.loads(fleet.stdout))
        done = subprocess.run([leaktrack, "report", "--format", "folded", session.folder], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "--format folded shows one capture; " in done.stderr, done.stderr
        done = subprocess.run([leaktrack, "report", "--site", "1", session.folder], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "name one" in done.stderr, done.stderr
    print("all formats agree and are read")


if __name__ == "__main__":
    main()
