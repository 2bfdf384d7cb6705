#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/package.sh makes is installed into empty roots and does the main job there.

    packages_test.py SOURCES BUILD PROGRAM [--long [SUITE...]]

An empty root has PROGRAM, the C library that it needs, and what the package brings. --long: also roots of Debian's SUITEs
(bullseye, bookworm, trixie) made by mmdebstrap, where Perl is the program; lintian; podman. Needs root, for chroot.
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from tracker import REPORT_EXITS, check_schema, need  # noqa: E402

MIB = 1 << 20
PERL = 'push @kept, "x" x 1000 and select(undef, undef, undef, .001) for 1 .. 1000'
options = None


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=more.pop("timeout", 60), **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Root:
    """A directory tree for chroot, with /proc, /dev/shm and /tmp as a process expects them."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("proc", "dev/shm", "tmp", "captures"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)

    def add_program(self, program):
        """A dynamically linked program with all that it loads."""
        shutil.copy(program, os.path.join(self.folder, "forgets"))
        for word in run("ldd", program).split():
            if word.startswith("/"):
                os.makedirs(self.folder + os.path.dirname(word), exist_ok=True)
                shutil.copy(os.path.realpath(word), self.folder + word)

    def inside(self, *command, timeout=60):
        script = ('mount -t proc proc "$0/proc"; mount -t tmpfs tmpfs "$0/dev/shm"; mount -t tmpfs tmpfs "$0/tmp"; '
                  'root=$0; exec chroot "$root" "$@"')
        return subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", script, self.folder, *command],
                              capture_output=True, text=True, check=False, timeout=timeout,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})


def unpack_image(archive, folder):
    """As a container engine does, digests and all; the command of its entry point."""
    with tarfile.open(archive) as layout:
        def blob(descriptor):
            data = layout.extractfile("blobs/" + descriptor["digest"].replace(":", "/")).read()
            algorithm, digest = descriptor["digest"].split(":")
            assert hashlib.new(algorithm, data).hexdigest() == digest and len(data) == descriptor["size"], descriptor
            return data
        index = json.load(layout.extractfile("index.json"))
        manifest = json.loads(blob(index["manifests"][0]))
        config = json.loads(blob(manifest["config"]))
        assert len(manifest["layers"]) == len(config["rootfs"]["diff_ids"]) == 1
        packed = os.path.join(folder, "layer.tar.gz")
        with open(packed, "wb") as file:
            file.write(blob(manifest["layers"][0]))
    with tarfile.open(packed) as layer:
        layer.extractall(folder)
    os.remove(packed)
    return config["config"]["Entrypoint"][0]


class PackagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need("unshare", "chroot", "dh", "dpkg-deb", "ldd")
        if os.geteuid() != 0:
            print("chroot needs root", file=sys.stderr)
            sys.exit(77)
        cls.folder = tempfile.mkdtemp(prefix="leaktrack-packages.")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.packages = cls.make("packages")

    @classmethod
    def make(cls, name, *kinds):
        """All packages, made into a folder of that name, without debug information: it takes minutes."""
        folder = os.path.join(cls.folder, name)
        run(os.path.join(options.sources, "scripts/package.sh"), "--tree", options.build, "--output", folder, *kinds, timeout=600,
            env={**os.environ, "DEB_BUILD_OPTIONS": "noautodbgsym", "CCACHE_DISABLE": "1"})
        return folder

    def package(self, ending):
        found = [name for name in os.listdir(self.packages) if name.endswith(ending)]
        self.assertEqual(len(found), 1, (ending, os.listdir(self.packages)))
        return os.path.join(self.packages, found[0])

    def empty_root(self, name):
        root = Root(os.path.join(self.folder, name))
        root.add_program(options.program)
        return root

    def does_the_main_job(self, root, leaktrack, command, function):
        """From the start of the program to the report that names what it forgets."""
        started = time.monotonic()
        done = root.inside(leaktrack, "run", "--exact", "-o", "/captures", "--", *command)
        self.assertEqual(done.returncode, 0, done.stderr)
        captures = os.listdir(os.path.join(root.folder, "captures"))
        self.assertEqual(len(captures), 1, done.stderr)
        done = root.inside(leaktrack, "report", "--no-history", "--format", "json", "/captures/" + captures[0])
        self.assertIn(done.returncode, REPORT_EXITS, done.stderr)
        print(f"{os.path.basename(root.folder)}: from start to report {time.monotonic() - started:.1f} s", file=sys.stderr)
        report = json.loads(done.stdout)
        check_schema(report)
        first = report["sites"][0]
        self.assertGreaterEqual(first["live_bytes"], 900000)
        self.assertIn(function, [frame["function"] for frame in first["stack"]])
        text = root.inside(leaktrack, "report", "--no-history", "/captures/" + captures[0])
        self.assertIn("MiB", text.stdout)

    def test_the_tarball_runs_where_it_is_unpacked(self):
        root = self.empty_root("tarball")
        run("tar", "-xf", self.package(".tar.gz"), "-C", root.folder)
        top = next(name for name in os.listdir(root.folder) if name.startswith("leaktrack-"))
        self.does_the_main_job(root, f"/{top}/bin/leaktrack", ["/forgets"], "Forgets")
        for path in ("share/man/man1/leaktrack.1", "share/doc/leaktrack/LICENSE", "share/doc/leaktrack/NOTICE",
                     "share/bash-completion/completions/leaktrack", "share/leaktrack/report.schema.json"):
            self.assertTrue(os.path.exists(os.path.join(root.folder, top, path)), path)

    def test_the_debian_package_runs_beside_a_c_library_alone(self):
        root = self.empty_root("deb")
        self.assertLess(os.path.getsize(self.package(".deb")), 10 * MIB)
        run("dpkg-deb", "-x", self.package(".deb"), root.folder)
        self.does_the_main_job(root, "/usr/bin/leaktrack", ["/forgets"], "Forgets")

    def test_the_image_is_complete_and_runs_what_is_added_to_it(self):
        root = self.empty_root("image")
        image = self.package(".tar")
        self.assertLess(os.path.getsize(image), 15 * MIB)
        entry = unpack_image(image, root.folder)
        self.does_the_main_job(root, entry, ["/forgets"], "Forgets")

    def test_the_sums_are_those_of_the_files(self):
        run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=self.packages)
        with open(os.path.join(self.packages, "SHA256SUMS"), encoding="utf-8") as sums:
            named = {line.split()[1] for line in sums}
        self.assertEqual(named, set(os.listdir(self.packages)) - {"SHA256SUMS"})

    def test_each_part_of_others_is_listed_with_its_terms(self):
        with open(self.package(".spdx.json"), encoding="utf-8") as file:
            names = {package["name"] for package in json.load(file)["packages"]}
        inside = run("tar", "-tf", self.package(".tar.gz")).splitlines()
        terms = {os.path.basename(path) for path in inside if "/third-party/" in path} - {""}
        for name in ("libc6-dev", "libdw-dev", "libabsl-dev", "libzstd-dev", "nlohmann-json3-dev"):
            self.assertIn(name, names)
        self.assertEqual({name for name in names if name != "leaktrack" and not name.startswith("html-report-")},
                         terms - {"html-report"})

    def test_a_second_making_gives_the_same_bytes(self):
        kinds = [] if options.long is not None else ["tarball", "image"]
        again = self.make("again", *kinds)
        for name in set(os.listdir(again)) - {"SHA256SUMS"}:
            with open(os.path.join(again, name), "rb") as one, open(os.path.join(self.packages, name), "rb") as other:
                self.assertEqual(hashlib.sha256(one.read()).digest(), hashlib.sha256(other.read()).digest(), name)

    def test_one_self_contained_file_needs_no_library(self):
        root = os.path.join(self.folder, "looked-at")
        run("dpkg-deb", "-x", self.package(".deb"), root)
        self.assertNotIn("NEEDED", run("readelf", "-d", os.path.join(root, "usr/bin/leaktrack")))
        self.assertNotIn("INTERP", run("readelf", "-lW", os.path.join(root, "usr/bin/leaktrack")))


class LongTest(PackagesTest):
    """Also in roots of whole distributions."""

    def mirror(self):
        sites = run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Origin: Debian", "Label: Debian")
        return sites.splitlines()[0]

    def root_of(self, suite):
        proxies = [line.rstrip(";") for line in run("apt-config", "dump").splitlines()
                   if line.startswith(("Acquire::http", "Acquire::https")) and "Proxy" in line]
        folder = os.path.join(self.folder, suite)
        run("mmdebstrap", "--quiet", "--variant=minbase", *(f"--aptopt={proxy}" for proxy in proxies), suite, folder, self.mirror(),
            timeout=900)
        return Root(folder)

    def test_the_debian_package_is_installed_used_and_removed(self):
        need("mmdebstrap")
        for suite in options.long:
            with self.subTest(suite):
                root = self.root_of(suite)
                shutil.copy(self.package(".deb"), os.path.join(root.folder, "leaktrack.deb"))
                for command in (["dpkg", "-i", "/leaktrack.deb"], ["leaktrack", "--version"]):
                    done = root.inside(*command)
                    self.assertEqual(done.returncode, 0, done.stderr)
                self.does_the_main_job(root, "/usr/bin/leaktrack", ["perl", "-e", PERL], "Perl_safesysmalloc")
                done = root.inside("dpkg", "--purge", "leaktrack")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertFalse(os.path.exists(os.path.join(root.folder, "usr/lib/leaktrack")))

    def test_lintian_has_nothing_to_say(self):
        need("lintian")
        done = subprocess.run(["lintian", "--allow-root", "--info", "--display-info", "--pedantic", self.package(".deb")],
                              capture_output=True, text=True, check=False, timeout=300)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_podman_runs_the_image(self):
        need("podman", "runc")
        command = ["podman", "--root", os.path.join(self.folder, "storage"), "--runroot", os.path.join(self.folder, "running"),
                   "--cgroup-manager", "cgroupfs", "--storage-driver", "vfs", "--runtime", "runc", "run", "--rm",
                   "--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024",
                   "oci-archive:" + self.package(".tar"), "--version"]
        self.assertTrue(run(*command, timeout=120).startswith("leaktrack "))


def main():
    global options
    parser = argparse.ArgumentParser()
    for name in ("sources", "build", "program"):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument("--long", nargs="*", metavar="SUITE")
    options = parser.parse_args()
    if options.long == []:
        options.long = ["bullseye", "bookworm", "trixie"]
    case = PackagesTest if options.long is None else LongTest
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
