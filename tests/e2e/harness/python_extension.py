# SPDX-License-Identifier: Apache-2.0
"""Builds the leaky extension (programs/leaky_extension.c) for Debian's own python3."""
import os
import subprocess

from tracker import need

PYTHON = "/usr/bin/python3"


def build_extension(folder):
    include = subprocess.run([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('include'))"],
                             capture_output=True, text=True, check=True).stdout.strip()
    need(os.path.join(include, "Python.h"))
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "programs", "leaky_extension.c")
    subprocess.run(["gcc", "-O2", "-g", "-shared", "-fPIC", f"-I{include}", source, "-o",
                    os.path.join(folder, "leaky_extension.so")], check=True)
