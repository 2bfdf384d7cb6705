#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time and peak memory of `leaktrack merge` on a fleet.

    bench/merge/fleet.py LEAKTRACK SERVICE [--captures 10000] [--hosts 200] [--seconds 12] [--folder DIR]

Tracks the bundled service, a Python and a shell for real. Then writes as many captures as requested: copies of these with
their own run id, pid and host (and new checksums), so that each counts as a separate run. Prints one line per step. The
folder is removed at the end unless it was named.
"""
import argparse
import glob
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HEADER_BYTES, SEGMENT_BYTES, SEGMENT_MAGIC = 4096, 64 * 1024, 0x4753544C
RUN_ID, PID, HOST, HOST_BYTES = 24, 64, 104, 72          # in the file's header
SEGMENT_RUN_ID, SEGMENT_CRC = 16, 28                     # in a segment's


def crc_table():
    for i in range(256):
        crc = i
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        yield crc


TABLE = list(crc_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def another_run(capture, number, hosts):
    data = bytearray(capture)
    run_id = 0x1000_0000_0000_0000 + number
    struct.pack_into("<Q", data, RUN_ID, run_id)
    struct.pack_into("<I", data, PID, 1000 + number)
    data[HOST:HOST + HOST_BYTES] = f"host-{number % hosts}".encode().ljust(HOST_BYTES, b"\0")
    struct.pack_into("<I", data, HEADER_BYTES - 4, crc32c(data[:HEADER_BYTES - 4]))
    for at in range(HEADER_BYTES, len(data), SEGMENT_BYTES):
        if struct.unpack_from("<I", data, at)[0] != SEGMENT_MAGIC:
            continue
        struct.pack_into("<Q", data, at + SEGMENT_RUN_ID, run_id)
        struct.pack_into("<I", data, at + SEGMENT_CRC, crc32c(data[at:at + SEGMENT_CRC]))
    return data


def track(leaktrack, service, seconds, folder):
    os.makedirs(folder)
    programs = [[service], ["/usr/bin/python3", "-c", f"import json,time\nend=time.time()+{seconds}\nkept=[]\n"
                 "while time.time()<end: kept.append(json.loads('[1,{\"a\":\"b\"}]')); time.sleep(.001)"],
                ["/bin/sh", "-c", "ls /usr/bin >/dev/null"]]
    runs = [subprocess.Popen(["timeout", "-s", "TERM", str(seconds), leaktrack, "run", "-o", folder, "--", *program], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL) for program in programs]
    for run in runs:
        run.wait()
    captures = sorted(glob.glob(os.path.join(folder, "*.ltk")), key=os.path.getsize)
    for capture in captures:  # folds what killed processes have left in their recorders
        subprocess.run([leaktrack, "report", "--no-history", capture], stdout=subprocess.DEVNULL, check=False)
    return captures


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("leaktrack", type=os.path.abspath)
    arguments.add_argument("service", type=os.path.abspath)
    arguments.add_argument("--captures", type=int, default=10_000)
    arguments.add_argument("--hosts", type=int, default=200)
    arguments.add_argument("--seconds", type=int, default=12)
    arguments.add_argument("--folder")
    options = arguments.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="leaktrack-fleet.")
    try:
        models = track(options.leaktrack, options.service, options.seconds, os.path.join(folder, "models"))
        if not models:
            sys.exit("no capture was made")
        contents = []
        for model in models:
            with open(model, "rb") as file:
                contents.append(file.read())
            print(f"model {os.path.basename(model)}: {len(contents[-1]):,} bytes")
        written = 0
        for number in range(options.captures):
            host = os.path.join(folder, "fleet", f"host-{number % options.hosts}")
            os.makedirs(host, exist_ok=True)
            data = another_run(contents[number % len(contents)], number, options.hosts)
            written += len(data)
            with open(os.path.join(host, f"host.program.{1000 + number}.{0x1000_0000_0000_0000 + number:016x}.ltk"), "wb") as file:
                file.write(data)
        print(f"{options.captures:,} captures, {written:,} bytes")
        before = time.monotonic()
        with tempfile.TemporaryFile("w+") as output:
            merge = subprocess.Popen([options.leaktrack, "merge", os.path.join(folder, "fleet")], stdout=output)
            _, status, used = os.wait4(merge.pid, 0)
            seconds = time.monotonic() - before
            output.seek(0)
            text = output.read()
        print(text)
        print(f"merge: exit {os.waitstatus_to_exitcode(status)}, {seconds:.1f} s ({used.ru_utime + used.ru_stime:.1f} s of CPU), "
              f"{1e3 * seconds / options.captures:.2f} ms a capture, peak resident {used.ru_maxrss / 1024:.0f} MiB")
        if os.waitstatus_to_exitcode(status) not in (0, 1, 3) or f"{options.captures:,} runs" not in text:
            sys.exit("not all captures were merged")
    finally:
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
