#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules, the dashboard and the manual that ship: Prometheus' own tool accepts and tries them, and `serve` exports
what they ask for.

    rules_test.py LEAKTRACK DEPLOY
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

NAME = re.compile(r"leaktrack_[a-z_]+")


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def check_the_rules(deploy):
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as folder:
        for path in (os.path.join(deploy, "leaktrack.rules.yml"), os.path.join(deploy, "prometheus.yml"),
                     os.path.join(here, "rules_test.yml")):
            shutil.copy(path, folder)
        run("promtool", "check", "rules", "leaktrack.rules.yml", cwd=folder)
        run("promtool", "check", "config", "prometheus.yml", cwd=folder)
        run("promtool", "test", "rules", "rules_test.yml", cwd=folder)


def exported(leaktrack):
    with subprocess.Popen([leaktrack, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as served:
        try:
            address = served.stdout.readline().split()[-1]
            with urllib.request.urlopen(address + "/metrics", timeout=20) as answer:
                return set(re.findall(r"^# TYPE (\S+)", answer.read().decode(), re.M))
        finally:
            served.terminate()


def main():
    leaktrack, deploy = os.path.abspath(sys.argv[1]), sys.argv[2]
    names = exported(leaktrack)
    with open(os.path.join(deploy, "leaktrack.rules.yml"), encoding="utf-8") as file:
        rules = file.read()
    with open(os.path.join(deploy, "grafana-dashboard.json"), encoding="utf-8") as file:
        board = json.load(file)
    asked = set(NAME.findall(rules))
    for panel in board["panels"]:
        for target in panel["targets"]:
            asked |= set(NAME.findall(target["expr"]))
    assert len(asked) > 8 and asked <= names, asked - names
    with open(os.path.join(deploy, "leaktrack-alerts.7"), encoding="utf-8") as file:
        manual = file.read()
    for alert in re.findall(r"alert: (\w+)", rules):
        assert alert in manual, alert
    t.need("promtool")
    check_the_rules(deploy)


if __name__ == "__main__":
    main()
