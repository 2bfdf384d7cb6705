#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A process that is killed at any system call of its start leaves nothing, or a capture that says which process it was.

    start_test.py LEAKTRACK LIBRARY KILLED_AT_CALL
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

RECORDERS = "/dev/shm/leaktrack.*.ltr"
TEN_MINUTES = 600
OFFSETS = {"owner": 24, "state": 28, "folded": 32, "pid": 80, "start_ticks": 104}  # libtrack/capture/recorder_layout.h
RUNNING, EXITED, EXEC = 1, 2, 4
MAGIC = b"LTKREC01"


def read_magic(path):
    with open(path, "rb") as file:
        return file.read(len(MAGIC))


def start_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return int(file.read().rsplit(")", 1)[1].split()[19])


class StartTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="leaktrack-e2e.")
        self.environment = {**os.environ, "LEAKTRACK_OUT": self.folder.name}
        self.recorders = set()

    def tearDown(self):
        for recorder in self.recorders:
            if os.path.exists(recorder):
                os.unlink(recorder)
        self.folder.cleanup()

    def kill_at(self, call):
        """(capture, recorder), "" for one that does not exist; None if the program had ended before."""
        before = set(glob.glob(RECORDERS))  # pids are reused
        done = subprocess.run([KILLED_AT_CALL, str(call), LIBRARY, "/bin/true"], env=self.environment, text=True,
                              stdout=subprocess.PIPE, timeout=60, check=False)
        self.assertIn(done.returncode, (0, 3))
        pid = int(done.stdout)
        captures = glob.glob(os.path.join(self.folder.name, f"*.true.{pid}.*.ltk"))
        recorders = [path for path in set(glob.glob(RECORDERS)) - before if f"/leaktrack.{pid}." in path]
        self.recorders.update(recorders)
        return None if done.returncode == 3 else ("".join(captures), "".join(recorders))

    def first_call(self, wanted):
        """The first system call at which `wanted` is true of (capture, recorder), and what is left then."""
        for call in range(1, 400):
            left = self.kill_at(call)
            self.assertIsNotNone(left, "the program ended first")
            if wanted(*left):
                return call, left
        self.fail("it never came")

    def check_report(self, capture):
        done = subprocess.run([LEAKTRACK, "report", "--format", "json", capture], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        process = json.loads(done.stdout)["process"]
        self.assertEqual((process["end"], process["command"]), ("killed", "/bin/true"))

    def test_at_any_call_of_the_start_whats_left_can_be_read(self):
        first, _ = self.first_call(lambda _, recorder: recorder)
        empty = captures = 0
        for call in range(first, first + 100):
            capture, recorder = self.kill_at(call)
            if not capture:
                self.assertEqual(captures, 0, "there was one before")
                continue
            captures += 1
            self.assertEqual(read_magic(recorder), MAGIC, "a capture without its recorder")
            empty += os.path.getsize(capture) == 0
            self.check_report(capture)
        self.assertGreater(captures, 20)
        self.assertLessEqual(empty, 1, "the first page is to be written by the call behind the one that creates the file")

    def test_what_never_came_to_run_is_removed_by_a_later_process_and_no_sooner(self):
        _, (_, unnamed) = self.first_call(lambda _, recorder: recorder and os.path.getsize(recorder) > 0)
        _, (_, starting) = self.first_call(lambda capture, _: capture)
        # Killed between its creation and its size.
        empty = f"/dev/shm/leaktrack.1.empty.{os.geteuid()}.ltr"
        with open(empty, "xb"):
            self.recorders.add(empty)
        for other in self.recorders - {empty, unnamed, starting}:  # a start looks at this many
            os.unlink(other)
        self.recorders = {empty, unnamed, starting}
        for age, stays in ((0, True), (TEN_MINUTES + 5, False)):
            for recorder in (empty, unnamed, starting):
                then = os.stat(recorder).st_mtime - age
                os.utime(recorder, (then, then))
            self.track_another()
            self.assertEqual([os.path.exists(recorder) for recorder in (empty, unnamed, starting)], [stays] * 3)

    def kill_running(self):
        """The recorder of a process that was killed while it ran."""
        with subprocess.Popen(["/bin/cat"], env={**self.environment, "LD_PRELOAD": LIBRARY}, bufsize=0,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write(b".")
            process.stdout.read(1)
            process.kill()
        (recorder,) = glob.glob(f"/dev/shm/leaktrack.{process.pid}.*.ltr")
        self.recorders.add(recorder)
        return recorder

    def track_another(self):
        subprocess.run(["/bin/true"], env={**self.environment, "LD_PRELOAD": LIBRARY}, check=True, timeout=60)

    def test_what_ran_stays_however_old_until_its_capture_has_it(self):
        recorder = self.kill_running()
        os.utime(recorder, (1e9, 1e9))
        self.track_another()
        self.assertTrue(os.path.exists(recorder))

    def leave(self, share):
        """A killed process's recorder that fills this share of the room for such recorders."""
        recorder = self.kill_running()
        tmpfs = os.statvfs("/dev/shm")
        wanted = int(share * min(256 << 20, tmpfs.f_blocks * tmpfs.f_frsize // 4)) - os.stat(recorder).st_blocks * 512
        with open(recorder, "r+b") as file:
            os.posix_fallocate(file.fileno(), os.path.getsize(recorder), wanted)
        return recorder

    def test_of_what_nobody_reads_the_latest_stay(self):
        recorders = [self.leave(0.4) for _ in range(3)]
        self.track_another()
        self.assertEqual([os.path.exists(recorder) for recorder in recorders], [False, True, True])
        capture, = glob.glob(f"{self.folder.name}/*.{recorders[0].split('.')[1]}.*.ltk")
        done = subprocess.run([LEAKTRACK, "report", capture], capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("its flight recorder is gone", done.stdout)

    def test_the_last_stays_however_large(self):
        recorder = self.leave(1.5)
        self.track_another()
        self.assertTrue(os.path.exists(recorder))

    def test_what_a_process_without_the_helper_left_counts_too(self):
        os.environ["LEAKTRACK_THREAD"] = self.environment["LEAKTRACK_THREAD"] = "0"
        self.addCleanup(os.environ.pop, "LEAKTRACK_THREAD")
        recorders = [self.leave(0.6) for _ in range(2)]
        self.track_another()
        self.assertEqual([os.path.exists(recorder) for recorder in recorders], [False, True])

    def test_what_was_written_but_could_not_be_removed_goes(self):
        recorder = self.kill_running()
        self.mark(recorder, owner=0, state=EXITED, folded=1)
        self.track_another()
        self.assertFalse(os.path.exists(recorder))

    def run_command(self, script):
        return subprocess.run([LEAKTRACK, "run", "--exact", "-o", self.folder.name, "--", "/bin/sh", "-c", script],
                              capture_output=True, text=True, timeout=60, check=False)

    def test_run_says_when_the_recorder_vanished_before_it_was_read(self):
        vanished = self.run_command("rm /dev/shm/leaktrack.$$.*; kill -KILL $$")
        self.assertEqual(vanished.returncode, 128 + 9)
        self.assertIn("the end of the run is missing", vanished.stderr)
        for script in "kill -KILL $$", "exit 0":
            self.assertNotIn("missing", self.run_command(script).stderr)

    def test_run_leaves_nothing_behind_of_what_it_has_folded(self):
        before = set(glob.glob(RECORDERS))
        self.run_command("/bin/true; LEAKTRACK_THREAD=0 /bin/true; kill -KILL $$")
        self.assertEqual(set(glob.glob(RECORDERS)) - before, set())

    def test_a_run_without_the_helper_ends_in_its_capture(self):
        before = set(glob.glob(RECORDERS))
        subprocess.run(["/bin/true"], env={**self.environment, "LD_PRELOAD": LIBRARY, "LEAKTRACK_THREAD": "0"}, check=True,
                       timeout=60)
        self.assertEqual(set(glob.glob(RECORDERS)) - before, set())
        (capture,) = glob.glob(f"{self.folder.name}/*.ltk")
        done = subprocess.run([LEAKTRACK, "report", "--format", "json", capture], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(json.loads(done.stdout)["process"]["end"], "exited")

    def mark(self, recorder, **words):
        with open(recorder, "r+b") as file:
            for name, value in words.items():
                file.seek(OFFSETS[name])
                file.write(value.to_bytes(8 if name == "start_ticks" else 4, "little"))

    def exec_beside(self, same_process):
        """What is left of the state of a recorder that names the pid, and perhaps the start, of a process that then
        becomes a tracked program."""
        stranger = self.kill_running()
        time.sleep(0.1)  # more than the clocks' steps
        with subprocess.Popen(["/bin/sh", "-c", 'read line; LD_PRELOAD="$0" exec /bin/true', LIBRARY],
                              env=self.environment, stdin=subprocess.PIPE) as process:
            named = f"/dev/shm/leaktrack.{process.pid}.{stranger.split('.', 2)[2]}"
            os.rename(stranger, named)
            self.recorders.add(named)
            self.mark(named, pid=process.pid)
            if same_process:
                self.mark(named, start_ticks=start_ticks(process.pid))
            process.stdin.write(b"\n")
        with open(named, "rb") as file:
            file.seek(OFFSETS["state"])
            return int.from_bytes(file.read(4), "little")

    def test_a_program_that_was_replaced_is_marked_so(self):
        self.assertEqual(self.exec_beside(same_process=True), EXEC)

    def test_a_pid_that_comes_again_makes_a_stranger_no_predecessor(self):
        self.assertEqual(self.exec_beside(same_process=False), RUNNING)

    def calls_of_a_start(self):
        """How many system calls on directories and files a start makes."""
        trace = os.path.join(self.folder.name, "trace")
        subprocess.run(["strace", "-f", "-c", "-o", trace, "-E", f"LD_PRELOAD={LIBRARY}", "/bin/true"], env=self.environment,
                       check=True, timeout=60)
        with open(trace, encoding="ascii") as file:
            return sum(int(line.split()[3]) for line in file if line.split()[-1:] in (["openat"], ["getdents64"], ["pread64"],
                                                                                      ["fstat"], ["close"], ["unlinkat"]))

    def test_what_a_start_does_is_bounded_whatever_lies_there(self):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        alone = self.calls_of_a_start()
        mine = self.kill_running()
        for kind, count in (("own", 300), ("foreign", 20_000)):
            for i in range(count):
                name = f"/dev/shm/leaktrack.{i}.{i:016x}.{os.geteuid()}.ltr" if kind == "own" else f"/dev/shm/leaktrack.{i}.ltr"
                self.recorders.add(name)
                if kind == "own":
                    os.link(mine, name)
                else:
                    with open(name, "xb"):
                        pass
            self.assertLess(self.calls_of_a_start(), alone + 16 * 6 + 32, kind)

    def test_forked_workers_tidy_too(self):
        recorders = [self.leave(0.6) for _ in range(2)]
        fork = "import os, sys; sys.stdin.read(1); p = os.fork(); x = [bytes(600) for _ in range(100000)]; p and os.wait()"
        with subprocess.Popen([sys.executable, "-c", fork], env={**self.environment, "LD_PRELOAD": LIBRARY},
                              stdin=subprocess.PIPE) as process:
            recorders.append(self.leave(0.6))  # after the parent's start
            process.stdin.write(b".")
            process.stdin.close()
            process.wait(timeout=60)
        self.assertEqual([os.path.exists(recorder) for recorder in recorders], [False, False, True])


def take_own_tmpfs():
    """Then it contains nobody else's recorders. If that is not allowed, recorders of other tests may be in the
    way."""
    if "LEAKTRACK_OWN_TMPFS" in os.environ or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        return
    os.environ["LEAKTRACK_OWN_TMPFS"] = "1"
    mount = 'mount -t tmpfs -o size=256m tmpfs /dev/shm; exec "$@"'
    os.execvp("unshare", ["unshare", "-m", "sh", "-c", mount, "sh", sys.executable, *sys.argv])


if __name__ == "__main__":
    take_own_tmpfs()
    KILLED_AT_CALL, LIBRARY, LEAKTRACK = sys.argv.pop(), sys.argv.pop(), sys.argv.pop()
    unittest.main(verbosity=2)
