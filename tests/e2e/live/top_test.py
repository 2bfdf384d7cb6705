#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`leaktrack top` in a real terminal (tmux): both sizes, every key, a resize, an end that leaves the terminal as it was.

    top_test.py LEAKTRACK
"""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

LEAK = "import time\nb = []\nwhile 1:\n b.append(bytearray(1 << 18)); time.sleep(.02)\n"


class Terminal:
    def __init__(self, name, columns, rows):
        self.name = f"{name}.{os.getpid()}"
        self.tmux("new-session", "-d", "-s", "top", "-x", str(columns), "-y", str(rows), "sh")

    def tmux(self, *command):
        return subprocess.run(["tmux", "-L", self.name, "-f", "/dev/null", *command], capture_output=True, text=True,
                              timeout=20, check=False).stdout

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "top", *keys)

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "top")

    def until(self, *words, absent=()):
        end = time.time() + 30
        while True:
            screen = self.screen()
            if all(word in screen for word in words) and not any(word in screen for word in absent):
                print(f"--- {words}\n{screen}")
                return screen
            assert time.time() < end, (words, screen)
            time.sleep(.2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")


def check_the_keys(leaktrack, pid, columns, rows):
    with Terminal(f"leaktrack{columns}", columns, rows) as terminal:
        terminal.keys("export NO_COLOR=1; clear; ", f"{leaktrack} top", "Enter")
        screen = terminal.until("leaktrack top", "by trouble", "watched for")
        assert len(screen.splitlines()) <= rows
        terminal.keys("h")
        terminal.until("keys:", "filter")
        terminal.keys("h")
        terminal.until("full in", absent=("keys:",))
        for name in ("resident", "growth", "name", "trouble"):
            terminal.keys("s")
            terminal.until(f"by {name}")
        terminal.keys("p")
        terminal.until("PAUSED")
        terminal.keys("p")
        terminal.until("watched", absent=("PAUSED",))
        terminal.keys("/", "p", "y", "t", "h", "o", "n", "Enter")
        terminal.until("filter: python", str(pid))
        terminal.keys("s", "s")  # by growth: the leak comes first
        terminal.until("by growth")
        terminal.keys("j", "k", "Up", "Down", "Up", "Up", "Up")
        terminal.keys("Enter")
        terminal.until("limit", "memory")
        terminal.keys("Escape")
        terminal.until("full in", absent=("limit of",))
        terminal.tmux("resize-window", "-t", "top", "-x", "70", "-y", "15")
        screen = terminal.until("leaktrack top")
        terminal.keys("q")
        terminal.keys("echo still $((40 + 2)) here", "Enter")
        terminal.until("still 42 here")


def check_one_process(leaktrack, pid):
    with Terminal("leaktrack-one", 120, 30) as terminal:
        terminal.keys(f"{leaktrack} top {pid}", "Enter")
        terminal.until("verdict", "alive", "place")
        terminal.keys("Enter")
        terminal.until("    ")
        terminal.keys("C-c")
        terminal.keys("stty -a | grep -c ' icanon'", "Enter")
        terminal.until("1")


def once(leaktrack, *options):
    return subprocess.run([leaktrack, "top", "--once", *options], capture_output=True, text=True, timeout=60, check=False)


def main():
    leaktrack = os.path.abspath(sys.argv[1])
    with t.tracker(leaktrack) as runs:
        with runs.start([sys.executable, "-c", LEAK], ["--interval", "16KiB"],
                        env={**os.environ, "PYTHONMALLOC": "malloc"}) as leak:
            try:
                time.sleep(3)
                capture = runs.captures()[0]
                pid = int(os.path.basename(capture).split(".")[-3])
                done = once(leaktrack)
                assert done.returncode == 0 and "full in" in done.stdout and "\x1b" not in done.stdout, done
                done = once(leaktrack, str(pid))
                assert done.returncode == 0 and "verdict" in done.stdout, done
                assert once(leaktrack, "999999999").returncode == 2
                t.need("tmux")
                check_the_keys(leaktrack, pid, 80, 24)
                check_the_keys(leaktrack, pid, 200, 60)
                check_one_process(leaktrack, pid)
            finally:
                os.killpg(leak.pid, signal.SIGKILL)
        done = once(leaktrack, capture)
        assert done.returncode == 0 and "verdict" in done.stdout, done


if __name__ == "__main__":
    main()
