#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pitfalls in the system around a program: its limits, its file systems, its user, and other users.

    system_test.py LEAKTRACK FOLDER_OF_BINARIES TEST...

Each test is named after its pitfall. Tests that need root, or a program that is not installed, are skipped (status 77).
"""
import ctypes
import glob
import os
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from expectations import sites_with  # noqa: E402
from tracker import SKIPPED, Tracker, need  # noqa: E402

NOBODY = 65534
BECOME_NOBODY = [  # programs that give up privileges and then start another one
    "setpriv --reuid=65534 --regid=65534 --clear-groups",
    "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+net_raw --ambient-caps=+net_raw",
    "setpriv --bounding-set=-all --securebits=+noroot --reuid=65534",
    "setpriv --no-new-privs --reuid=65534 --regid=65534 --init-groups",
    "capsh --user=nobody --shell=/usr/bin/env --",
    "capsh --drop=cap_setuid --secbits=47 --uid=65534 --shell=/usr/bin/env --",
    "capsh --keep=1 --user=nobody --inh=cap_net_raw --addamb=cap_net_raw --shell=/usr/bin/env --",
    "runuser -u nobody --", "chroot --userspec=nobody /", "unshare --user --map-root-user",
    "gosu nobody", "s6-setuidgid nobody", "chpst -u nobody", "tini -s -- setpriv --reuid=65534 --clear-groups",
]
LEAKS = ("Leak", 7, 4207)  # what leaks_seven.c leaks each time it is told to


def live(report, function):
    sites = sites_with(report, function)
    return sum(round(s["live_objects"]) for s in sites), sum(round(s["live_bytes"]) for s in sites)


SEIZE, INTERRUPT, DETACH, ANY_CHILD = 0x4206, 0x4207, 17, 0x40000000


def ptrace(request, thread):
    return ctypes.CDLL(None, use_errno=True).ptrace(request, thread, None, None)


def threads_of(pid):
    """{thread: its name}; nothing of one that has just ended."""
    names = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as file:
                names[int(thread)] = file.read().strip()
        except (FileNotFoundError, ProcessLookupError):
            pass
    return names


def threads_without_no_new_privs(pid):
    """Those that belong to the main thread, or to us: what the program's other threads have is their own."""
    found = []
    for thread, name in threads_of(pid).items():
        try:
            with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
                if "NoNewPrivs:\t0" in file.read() and (name == "leaktrack" or thread == pid):
                    found.append(thread)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def need_root():
    if os.geteuid() != 0:
        print("skipped: needs root")
        sys.exit(SKIPPED)


class SystemTest(unittest.TestCase):
    leaktrack = binaries = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="leaktrack-e2e.")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.t = Tracker(self.leaktrack, self.folder)
        self.program = os.path.join(self.binaries, "leaks_seven")
        self.library = os.path.join(os.path.dirname(os.path.dirname(self.leaktrack)), "lib", "libleaktrack.so")

    # The program with the library alone, without `run`, as a service would have it.
    def preload(self, command, out=None, timeout=60, **popen):
        environment = {**os.environ, "LD_PRELOAD": self.library, "LEAKTRACK_OUT": out or self.folder,
                       "LEAKTRACK_INTERVAL": "exact", **popen.pop("env", {})}
        return subprocess.run(command, env=environment, timeout=timeout, capture_output=True, text=True, errors="replace",
                              check=False, **popen)

    # In its own mount namespace, so `before` may mount what it likes.
    def isolated(self, before, command, **more):
        need_root()
        need("unshare")
        return self.preload(["unshare", "--mount", "sh", "-ec", before + '\nexec "$@"', "sh", *command], **more)

    def assert_leaks(self, report, times=1):
        name, objects, size = LEAKS
        self.assertEqual(live(report, name), (objects * times, size * times))

    def assert_captured(self, done, times=1):
        self.assertEqual(done.returncode, 0, done.stderr)
        mine = [r for r in self.t.reports() if "leaks_seven" in r["process"]["command"].split()[0]]
        self.assertEqual(len(mine), 1, done.stderr)
        self.assert_leaks(mine[0], times)
        return mine[0]

    def test_p3_of_two_copies_one_wins(self):
        second = os.path.join(self.folder, "libsecond.so")
        shutil.copy(self.library, second)
        for preload in (f"{self.library}:{second}", f"{second}:{self.library}"):
            for old in self.t.captures():
                os.unlink(old)
            self.assert_captured(self.preload([self.program], env={"LD_PRELOAD": preload}))

    def test_p8_a_binary_is_called_what_it_was_started_as(self):
        for name in ("one-name", "another"):
            os.symlink(self.program, os.path.join(self.folder, name))
            self.t.run([os.path.join(self.folder, name)], ["--exact"])
        self.assertEqual(sorted(os.path.basename(c).split(".")[-4] for c in self.t.captures()), ["another", "one-name"])
        self.assertEqual({os.path.basename(f["module"]) for r in self.t.reports() for s in sites_with(r, "Leak")
                          for f in s["stack"] if f["function"] == "Leak"}, {"leaks_seven"})

    def test_p9_x10_privileges_dropped_after_the_start_keep_the_capture(self):
        need_root()
        report = self.assert_captured(self.preload([self.program, "become-nobody", "leak"]), 2)
        self.assertEqual(report["process"]["end"], "exited")

    def test_p5_x10_entrypoints_that_give_up_privileges(self):
        need_root()
        os.chmod(self.folder, 0o1777)
        for entrypoint in BECOME_NOBODY:
            with self.subTest(entrypoint):
                need(entrypoint.split()[0])
                command = [*entrypoint.split(), "sh", "-c", 'grep -E "^(Uid|Gid|Groups|Cap|NoNew)" /proc/self/status']
                plain = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(plain.returncode, 0, plain.stderr)
                tracked = self.preload(command)
                self.assertEqual((tracked.returncode, tracked.stdout), (0, plain.stdout), tracked.stderr)
        for old in self.t.captures():
            os.unlink(old)
        self.assert_captured(self.preload([*BECOME_NOBODY[0].split(), self.program]))

    # Like the workers of nginx and many servers: created by root, they end as another user, who may
    # not remove root's files.
    def test_p9_x10_who_drops_privileges_leaves_no_memory_behind(self):
        need_root()
        environment = {**os.environ, "LD_PRELOAD": self.library, "LEAKTRACK_OUT": self.folder, "LEAKTRACK_INTERVAL": "exact"}
        with subprocess.Popen([self.program, "become-nobody", "leak"], env=environment) as process:
            self.assertEqual(process.wait(timeout=60), 0)
        left = glob.glob(f"/dev/shm/leaktrack.{process.pid}.*")
        self.assertLess(sum(os.stat(name).st_blocks * 512 for name in left), 256 * 1024)
        self.assert_leaks(self.t.only_report(), 2)
        for _ in range(100):  # a start looks at a few of the files there
            self.assertEqual(self.preload([self.program]).returncode, 0)
            if not any(os.path.exists(name) for name in left):
                return
        self.fail(f"{left} stays")

    def test_p6_x1_a_full_tmpfs_is_no_sigbus(self):
        done = self.isolated("mount -t tmpfs -o size=8k tmpfs /dev/shm", [self.program])
        self.assertEqual(self.assert_captured(done)["coverage"]["recorder"], "anonymous")
        self.assertIn("/dev/shm is missing, full or read-only", done.stderr)

    def test_x1_a_recorder_that_outgrows_its_tmpfs_loses_and_says_so(self):
        done = self.isolated("mount -t tmpfs -o size=44m tmpfs /dev/shm", [os.path.join(self.binaries, "many_sites")])
        self.assertEqual(done.returncode, 0, done.stderr)
        report = next(r for r in self.t.reports() if "many_sites" in r["process"]["command"])
        self.assertGreater(report["coverage"]["lost_allocations"], 0)
        text = self.t.text(next(c for c in self.t.captures() if "many_sites" in c))
        self.assertIn("Lost", text)

    def test_x1_a_full_disk_is_waited_for_and_said(self):
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        before = f"mount -t tmpfs -o size=1m tmpfs {disk}; dd if=/dev/zero of={disk}/ballast 2>/dev/null || true"
        # Survivors younger than two seconds may wait for the next epoch; a third one settles that.
        done = self.isolated(before, [self.program, "remove", os.path.join(disk, "ballast"), *["pass-time"] * 3,
                                      "copy", disk, self.folder], out=disk)
        self.assert_captured(done)
        self.assertIn("no space for", done.stderr)

    def test_x7_without_dev_shm_the_run_is_recorded_in_private_memory(self):
        done = self.isolated("mount -t tmpfs -o ro tmpfs /dev/shm", [self.program])
        self.assertEqual(self.assert_captured(done)["coverage"]["recorder"], "anonymous")
        os.mkdir(os.path.join(self.folder, "empty"))
        done = self.isolated(f"mount --bind {self.folder}/empty /dev; umount /dev/shm 2>/dev/null || true",
                             [self.program, "leak"])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_x7_a_read_only_root_is_refused_by_name_and_the_program_runs_on(self):
        place = os.path.join(self.folder, "read-only")
        os.mkdir(place)
        done = self.isolated(f"mount -t tmpfs -o ro tmpfs {place}", [self.program], out=place)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("read-only file system; the program runs on untracked. Set LEAKTRACK_OUT", done.stderr)

    def test_x9_a_chroot_after_the_start_keeps_the_capture(self):
        need_root()
        place = os.path.join(self.folder, "jail")
        os.mkdir(place)
        self.assert_captured(self.preload([self.program, "chroot", place, "leak", "pass-time", "leak"]), 3)

    def test_x9_another_cwd_and_umask_change_nothing(self):
        done = self.preload([self.program, "chdir", "/", "umask-0", "leak"], out=".", cwd=self.folder)
        self.assert_captured(done, 2)

    def limited(self, kind, value, *words, **more):
        return self.preload([self.program, *words], preexec_fn=lambda: resource.setrlimit(kind, (value, value)), **more)

    def test_x9_a_small_file_size_limit_raises_no_signal(self):
        done = self.limited(resource.RLIMIT_FSIZE, 16 * 1024, "leak", "pass-time")
        self.assertEqual(done.returncode, 0, done.stderr)
        # Without a thread of its own the library writes on the program's, which takes signals.
        for thread in "0", "1":
            for limit in 0, 1024:
                done = self.limited(resource.RLIMIT_FSIZE, limit, "leak", env={"LEAKTRACK_THREAD": thread})
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_x9_no_free_descriptor_is_refused_by_name_and_the_program_runs_on(self):
        done = self.limited(resource.RLIMIT_NOFILE, 3)
        self.assertIn(done.returncode, (0, 127), done.stderr)  # 127: too few for the loader itself
        done = self.limited(resource.RLIMIT_NOFILE, 4)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_x9_a_small_address_space_is_recorded_or_refused_but_the_program_runs(self):
        for megabytes in (8, 16, 32, 64, 128):
            done = self.limited(resource.RLIMIT_AS, megabytes << 20)
            without = subprocess.run([self.program], check=False, capture_output=True,
                                     preexec_fn=lambda m=megabytes: resource.setrlimit(resource.RLIMIT_AS, (m << 20, m << 20)))
            self.assertEqual(without.returncode, 0)
            self.assertEqual(done.returncode, 0, f"{megabytes} MiB: {done.stderr}")
            self.assertTrue(done.stderr == "" or "leaktrack: " in done.stderr, done.stderr)

    # What within_limits.c prints: alone, at the default interval, and exactly; as root, and as a
    # user without privileges.
    def within_limits(self, *words, root=True, nobody=True):
        program = os.path.join(self.binaries, "within_limits")
        os.chmod(self.folder, 0o777)
        users = [{}] if root else []
        if nobody and os.geteuid() == 0:
            users.append({"user": NOBODY, "group": NOBODY, "extra_groups": []})
        tracked = {"LD_PRELOAD": self.library, "LEAKTRACK_OUT": self.folder}
        for user in users:
            processes = [subprocess.Popen([program, *words], env={**os.environ, **more}, stdout=subprocess.PIPE, **user)
                         for more in ({}, {**tracked, "LEAKTRACK_INTERVAL": "auto"}, {**tracked, "LEAKTRACK_INTERVAL": "exact"})]
            alone, *others = [process.communicate(timeout=60)[0] for process in processes]
            self.assertEqual([process.returncode for process in processes], [0, 0, 0], f"{words} {user}")
            for said in others:
                yield int(alone), int(said)

    def test_x3_x9_a_limit_set_after_the_start_leaves_the_program_its_memory(self):
        for limit in "as", "data":
            for alone, tracked in self.within_limits(limit, "512"):
                self.assertGreater(tracked, alone * 0.97, limit)

    def test_x3_memory_that_a_program_locks_is_not_filled_with_ours(self):
        current, future, on_fault = 1, 2, 4
        for flags in future, current | future, future | on_fault, current | future | on_fault:
            need_root()
            for alone, tracked in self.within_limits("lock", str(flags), nobody=False):
                self.assertLess(tracked - alone, 16 * 1024, f"flags {flags}")

    def test_x3_a_user_who_may_lock_little_still_may(self):
        need_root()
        if 0 <= resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] < 7 << 20:
            self.skipTest("too little may be locked here")
        for alone, tracked in self.within_limits("locked", "7", root=False):
            self.assertGreater(tracked, alone - 1024)

    def test_s15_a_sanitizer_owns_malloc_and_is_left_alone(self):
        need("gcc")
        source = os.path.join(self.folder, "simple.c")
        with open(source, "w", encoding="ascii") as file:
            file.write("#include <stdlib.h>\nint main(void) { free(malloc(10)); return 4; }\n")
        for sanitizer, name in (("address", "AddressSanitizer"), ("thread", "ThreadSanitizer")):
            binary = os.path.join(self.folder, sanitizer)
            subprocess.run(["gcc", f"-fsanitize={sanitizer}", source, "-o", binary], check=True, timeout=60)
            command = ["setarch", "-R", binary] if shutil.which("setarch") else [binary]
            done = self.preload(command, env={"ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"})
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn(name, done.stderr)
        self.assertEqual([c for c in self.t.captures() if ".address." in c or ".thread." in c], [])

    def test_s16_families_of_other_allocators_are_forwarded_whole(self):
        found = [f for f in (f"/usr/lib/x86_64-linux-gnu/{n}" for n in
                             ("libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2.0")) if os.path.exists(f)]
        need(*found[:1] or ["libjemalloc.so.2"])
        for allocator in found:
            for old in self.t.captures():
                os.unlink(old)
            report = self.assert_captured(self.preload([self.program], env={"LD_PRELOAD": f"{self.library}:{allocator}"}))
            self.assertEqual({h["state"] for h in report["coverage"]["hooks"] if h["name"] == "malloc"}, {"active"})
            done = self.preload([self.program, "cross"], env={"LD_PRELOAD": f"{self.library}:{allocator}"})
            self.assertEqual(done.returncode, 0, done.stderr)
            # In the other order malloc bypasses us: nothing breaks, and the report says so.
            for old in self.t.captures():
                os.unlink(old)
            done = self.preload([self.program, "cross"], env={"LD_PRELOAD": f"{allocator}:{self.library}"})
            self.assertEqual(done.returncode, 0, done.stderr)
            hooks = {h["name"]: h["state"] for h in self.t.only_report()["coverage"]["hooks"]}
            self.assertEqual(hooks["malloc"], "bypassed")

    def test_x6_a_reader_of_our_messages_that_has_gone_kills_nobody(self):
        reader, writer = os.pipe()
        os.close(reader)
        environment = {**os.environ, "LD_PRELOAD": self.library, "LEAKTRACK_OUT": self.folder, "LEAKTRACK_INTERVAL": "?"}
        # Python ignores SIGPIPE, and so would its children.
        process = subprocess.Popen([self.program], env=environment, stderr=writer, restore_signals=True)
        os.close(writer)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(len(self.t.captures()), 1)

    def test_x11_a_static_program_is_named_and_runs_on(self):
        need("gcc")
        source, binary = os.path.join(self.folder, "static.c"), os.path.join(self.folder, "static")
        with open(source, "w", encoding="ascii") as file:
            file.write("int main(void) { return 5; }\n")
        subprocess.run(["gcc", "-static", source, "-o", binary], check=True, timeout=60)
        done = self.t.run([binary], stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 5)
        self.assertIn("static", done.stderr)

    def test_x12_no_report_asks_the_network(self):
        self.t.run([self.program], ["--exact"])
        stripped = os.path.join(self.folder, "stripped")
        subprocess.run(["strip", self.program, "-o", stripped], check=True)
        self.t.run([stripped], ["--exact"])
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            for capture in self.t.captures():
                subprocess.run([self.leaktrack, "report", capture], check=False, capture_output=True, timeout=60,
                               env={**os.environ, "DEBUGINFOD_URLS": url})
            server.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                server.accept()

    # ---- what other users may do to us ----

    def test_p9_files_are_private_and_new(self):
        if not os.path.isdir("/dev/shm"):
            self.skipTest("no /dev/shm")
        before = set(glob.glob("/dev/shm/leaktrack.*"))
        process = self.t.start([self.program, "umask-0", "say", "wait"], ["--exact"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        process.stdout.readline()
        files = self.t.captures() + [f for f in glob.glob("/dev/shm/leaktrack.*") if f not in before]
        modes = []
        for name in files:
            try:
                modes.append(stat.S_IMODE(os.lstat(name).st_mode))
            except FileNotFoundError:
                pass  # another test's, which has ended meanwhile
        process.communicate(b"\n", timeout=60)
        self.assertGreaterEqual(len(modes), 2)
        self.assertEqual(set(modes), {0o600})

    # The recorder of a dead process, forged by another user: it names a capture at a place where
    # only we may write.
    def planted(self, victim):
        need_root()
        environment = {**os.environ, "LD_PRELOAD": self.library, "LEAKTRACK_OUT": self.folder, "LEAKTRACK_INTERVAL": "exact"}
        process = subprocess.Popen([self.program, "say", "wait"], env=environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        process.stdout.readline()
        process.kill()
        process.communicate(timeout=60)
        planted = glob.glob(f"/dev/shm/leaktrack.{process.pid}.*")[0]
        capture = self.t.captures()[0].encode()
        os.unlink(capture)
        with open(planted, "r+b") as file:
            image = file.read()
            file.seek(image.index(capture))
            file.write(victim.encode().ljust(len(capture) + 1, b"\0"))
        os.chown(planted, NOBODY, NOBODY)
        self.addCleanup(lambda: os.path.exists(planted) and os.unlink(planted))
        return planted

    def test_p9_a_planted_recorder_makes_root_write_nothing(self):
        victim = os.path.join(self.folder, "root-only.ltk")
        planted = self.planted(victim)
        self.t.run([self.program], ["--exact"])
        self.assertFalse(os.path.exists(victim))
        with open(victim, "wb") as file:
            file.write(b"")
        self.t.run([self.program], ["--exact"])
        self.assertEqual(os.path.getsize(victim), 0, "an empty file of root's was begun from somebody else's recorder")
        self.assertTrue(os.path.exists(planted), "it is not ours to remove")

    def test_p9_a_symbolic_link_in_place_of_a_recorder_is_not_followed(self):
        target = os.path.join(self.folder, "target")
        with open(target, "wb") as file:
            file.write(b"precious")
        link = "/dev/shm/leaktrack.1.00000000000bad02.ltr"
        os.symlink(target, link)
        self.addCleanup(os.unlink, link)
        self.assert_captured(self.t.run([self.program], ["--exact"], stderr=subprocess.PIPE, text=True))
        with open(target, "rb") as file:
            self.assertEqual(file.read(), b"precious")

    def test_p8_hostile_names_reprogram_no_terminal(self):
        evil = "\x1b]0;owned\x07\x1b[31m<script>\u202egnp\u200b\u009b2J\nLEAK"
        place = os.path.join(self.folder, evil)
        os.mkdir(place)
        binary = os.path.join(place, evil)
        shutil.copy(self.program, binary)
        shown = self.t.run([binary, evil], ["--exact"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        capture = self.t.captures()[0]
        renamed = os.path.join(place, evil + ".ltk")
        os.rename(capture, renamed)
        for words in (["report", renamed], ["report", renamed, "--format", "json"], ["dump", renamed], ["report", place],
                      ["report", renamed + "?"], ["run", "--", binary + "?"], ["doctor", binary]):
            done = subprocess.run([self.leaktrack, *words], check=False, capture_output=True, timeout=60)
            shown += done.stdout + done.stderr
        text = shown.decode("utf-8")
        self.assertIn("script", text)
        bad = {c for c in text if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f" or "\u200b" <= c <= "\u200f"
               or "\u202a" <= c <= "\u202e"}
        self.assertEqual(bad, set())
        self.assertFalse([line for line in text.splitlines() if line.startswith("LEAK")])

    def test_e1_a_stopped_program_goes_on_as_before(self):
        process = self.t.start([self.program, "say", "wait", "leak"], ["--exact"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        process.stdout.readline()
        for _ in range(3):
            os.killpg(process.pid, signal.SIGSTOP)
            os.killpg(process.pid, signal.SIGCONT)
        process.communicate(b"\n", timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assert_leaks(self.t.only_report(), 2)

    # A program that waits for a line, and its helper, which stands still from now on.
    def held_up(self, *words):
        environment = {**os.environ, "LD_PRELOAD": self.library, "LEAKTRACK_OUT": self.folder, "LEAKTRACK_INTERVAL": "exact"}
        process = subprocess.Popen([self.program, "say", "wait", *words], env=environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        process.stdout.readline()
        helper = next(t for t, name in threads_of(process.pid).items() if name == "leaktrack")
        if ptrace(SEIZE, helper) != 0:
            print("skipped: no ptrace")
            sys.exit(SKIPPED)
        self.assertEqual(ptrace(INTERRUPT, helper), 0)
        os.waitpid(helper, ANY_CHILD)
        return process, helper

    @staticmethod
    def tell(process):
        process.stdin.write(b"\n")
        process.stdin.flush()

    def test_e3_an_end_does_not_wait_for_a_helper_that_is_held_up(self):
        process, helper = self.held_up()
        self.tell(process)  # the last epoch is never written
        os.waitpid(helper, ANY_CHILD)
        self.assertEqual(process.wait(timeout=30), 0)
        self.assert_leaks(self.t.only_report())

    def test_p9_a_helper_that_was_held_up_keeps_no_rights(self):
        for way in ("give-up-rights", "give-up-rights-beside"):
            with self.subTest(way):
                process, helper = self.held_up(way, "say", "wait", "leak")
                self.tell(process)
                process.stdout.readline()
                self.assertEqual(threads_without_no_new_privs(process.pid), [helper])
                self.assertEqual(ptrace(DETACH, helper), 0)
                for _ in range(1000):
                    if not threads_without_no_new_privs(process.pid):
                        break
                    time.sleep(0.01)
                self.assertEqual(threads_without_no_new_privs(process.pid), [])
                self.tell(process)
                self.assertEqual(process.wait(timeout=30), 0)
                report = self.t.only_report()
                self.assertEqual(report["process"]["end"], "exited")
                self.assert_leaks(report, 2)
                os.unlink(self.t.captures()[0])

    def test_p7_one_leak_by_many_paths_is_one_finding(self):
        self.t.run([os.path.join(self.binaries, "many_sites")], ["--exact"])
        text = self.t.text(self.t.captures()[0])
        # How sure the report is depends on the machine's speed. That there is one finding does not.
        findings = [line for line in text.splitlines() if re.match(r"(#\d+ .*: |\s+[0-9.]+ \S*B  )Deep at", line)]
        self.assertEqual(len(findings), 1, text)

    def test_e10_a_debugger_attaches_looks_and_lets_go(self):
        need("gdb")
        process = self.t.start([self.program, "say", "wait", "leak"], ["--exact"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        process.stdout.readline()
        pid = int(subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True,
                                 timeout=10).stdout.split()[0])
        seen = subprocess.run(["gdb", "-nx", "-batch", "-p", str(pid), "-ex", "thread apply all backtrace",
                               "-ex", "call (void*)malloc(77)", "-ex", "detach"],
                              capture_output=True, text=True, timeout=120, check=False)
        process.communicate(b"\n", timeout=60)
        self.assertEqual(process.returncode, 0, seen.stdout + seen.stderr)
        self.assertIn("main", seen.stdout)
        self.assert_leaks(self.t.only_report(), 2)

    def test_x5_a_capture_cut_at_any_length_is_read_or_refused(self):
        self.t.run([self.program, "leak", "pass-time", "leak"], ["--exact"])
        whole = self.t.captures()[0]
        size = os.path.getsize(whole)
        cut = os.path.join(self.folder, "cut.ltk")
        with open(whole, "rb") as file:
            data = file.read()
        for length in sorted({0, 1, 100, 4095, 4096, 4097, size // 3, size // 2, size - 4096, size - 1}):
            with open(cut, "wb") as file:
                file.write(data[:length])
            done = subprocess.run([self.leaktrack, "report", cut, "--format", "json"], check=False, capture_output=True,
                                  text=True, timeout=60)
            self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
            self.assertEqual(done.returncode == 2, done.stdout == "", f"{length} bytes: {done.stderr}")


if __name__ == "__main__":
    SystemTest.leaktrack, SystemTest.binaries = (os.path.abspath(a) for a in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1] + [f"SystemTest.test_{name}" for name in sys.argv[3:]])
