#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What users paste: leaktrack is installed, and a separate project finds it and gates its programs and single tests.

    gate_project_test.py BUILD_DIR     of leaktrack itself
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402
from python_extension import PYTHON, build_extension  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CI = os.path.join(HERE, "..", "..", "..", "scripts", "ci")
EXPECTED = {"leaks.clean": "Passed", "leaks.leaky": "Failed", "leaks.known": "Passed", "leaks.limited": "Passed", "leaks.suppressed": "Passed",
            "leaks.keeps": "Failed",
            "KeepsTest.CleanPasses": "Passed", "KeepsTest.CacheThatFillsPasses": "Passed", "KeepsTest.LeakFails": "Failed",
            "KeepsTest.LeakOfOneInTenFails": "Failed"}


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **more)


def cmake_project(prefix, build):
    for step in (("cmake", "-S", os.path.join(HERE, "gate_project"), "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}"), ("cmake", "--build", build)):
        done = run(*step)
        assert done.returncode == 0, done.stdout + done.stderr
    done = run("ctest", "--test-dir", build, "--output-on-failure")
    # CTest writes "***Failed", or "***Exception" for a crash.
    results = {name: result.strip("*") for name, result in re.findall(r"Test +#\d+: (\S+) \.+ *(\**\w+)", done.stdout)}
    assert results == EXPECTED, done.stdout
    assert "NEW LEAK: ForgetOne loses 14.6 KiB in 30 blocks" in done.stdout, done.stdout
    # The test fails under the gate as it does alone, and the gate says where the memory went.
    assert "FAILED: KeepsTest.LeakFails keeps memory" in done.stdout, done.stdout
    assert "KeepsTest_LeakFails_Test::TestBody() at" in done.stdout, done.stdout
    assert "keeps 10" in done.stdout and "--gtest_filter=KeepsTest.LeakOfOneInTenFails" in done.stdout, done.stdout
    assert os.path.exists(os.path.join(build, "leaky.sarif"))


def python_extension(leaktrack, folder):
    build_extension(folder)
    environment = {**os.environ, "PYTHONPATH": f"{CI}:{folder}", "LEAKTRACK": leaktrack}
    call = "from leak_gate import assert_keeps_nothing as gate; gate('import leaky_extension', \"leaky_extension.parse('{}words')\")"
    done = run(PYTHON, "-c", call.format(""), env=environment)
    assert done.returncode == 0, done.stderr
    done = run(PYTHON, "-c", call.format("# "), env=environment)
    assert done.returncode == 1 and "CopyOfInput" in done.stderr, done.stderr


def sections(path):
    return run("readelf", "-SW", path).stdout


def installed_files_are_stripped(prefix):
    """Installed programs carry no debug information. What debuggers read is beside them, under lib/debug."""
    for name in ("bin/leaktrack", "lib/libleaktrack.so"):
        path, debug = os.path.join(prefix, name), os.path.join(prefix, "lib/debug", name + ".debug")
        assert ".debug_info" not in sections(path) and ".gnu_debuglink" in sections(path), name
        assert ".debug_info" in sections(debug), name
        assert os.path.getsize(path) < os.path.getsize(debug), name


def main():
    t.need("cmake", "g++", "readelf", PYTHON)
    with tempfile.TemporaryDirectory() as place:
        prefix, build, modules = (os.path.join(place, name) for name in ("prefix", "build", "modules"))
        done = run("cmake", "--install", sys.argv[1], "--prefix", prefix)
        assert done.returncode == 0, done.stdout + done.stderr
        installed_files_are_stripped(prefix)
        cmake_project(prefix, build)
        os.mkdir(modules)
        python_extension(os.path.join(prefix, "bin", "leaktrack"), modules)
    print("a project that finds leaktrack gates its programs, tests and extensions")


if __name__ == "__main__":
    main()
