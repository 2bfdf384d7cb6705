#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks tests/PITFALLS.md against the existing tests.

    check_pitfalls.py TABLE BUILD_FOLDER

Every pitfall has one row. The row names tests, which ctest must know and run under the row's label, or says why the
pitfall cannot apply. Exit status 77: not all tests are built, so nothing can be said.
"""
import json
import re
import subprocess
import sys

COUNTS = {"P": 9, "B": 14, "T": 7, "L": 19, "F": 12, "E": 14, "S": 17, "X": 16}
ROW = re.compile(r"\| ([A-Z]\d+) \|(.*)\|$")
REASON = "*cannot apply*: "


def rows_of(text):
    """[(id, proof cell)] of the table, in its order."""
    found = []
    for line in text.splitlines():
        match = ROW.match(line)
        if match:
            cells = match.group(2).split(" | ")
            found.append((match.group(1), cells[1].strip() if len(cells) == 3 else None))
    return found


def labels_by_test(build):
    """{test name: labels} according to ctest. Disabled tests do not count."""
    shown = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True)
    tests = {}
    for test in json.loads(shown.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        if not properties.get("DISABLED"):
            tests.setdefault(test["name"], set()).update(properties.get("LABELS", []))
    return tests


def complaint_about(pitfall, proof, tests):
    """What is wrong with one row, or None."""
    if proof is None:
        return "is not a row of four cells"
    names = re.findall(r"`([^`]+)`", proof) if REASON not in proof else []
    for name in names:
        if name not in tests:
            return f"names a test that does not exist: {name}"
        if f"pitfall-{pitfall}" not in tests[name]:
            return f"ctest -L does not run its test {name}"
    if names or proof == "open":
        return None
    return None if len(proof.partition(REASON)[2]) >= 20 else "names no test and gives no reason"


def complaints(text, tests):
    rows = rows_of(text)
    seen = [pitfall for pitfall, _ in rows]
    wanted = [f"{letter}{i}" for letter, count in COUNTS.items() for i in range(1, count + 1)]
    found = [f"{p} has no row" for p in wanted if p not in seen]
    found += [f"{p} has several rows, or none knows it" for p in sorted(set(seen)) if seen.count(p) > 1 or p not in wanted]
    for pitfall, proof in rows:
        complaint = complaint_about(pitfall, proof, tests)
        found += [f"{pitfall} {complaint}"] if complaint else []
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    tests = labels_by_test(sys.argv[2])
    if any(name.endswith("_NOT_BUILT") for name in tests):
        print("skipped: not all tests are built")
        sys.exit(77)
    found = complaints(text, tests)
    if found:
        sys.exit("\n".join(found))
    proofs = [proof for _, proof in rows_of(text)]
    reasons = sum(REASON in proof for proof in proofs)
    still_open = proofs.count("open")
    print(f"{len(proofs) - reasons - still_open} pitfalls proved by tests, {reasons} cannot apply, {still_open} open")


if __name__ == "__main__":
    main()
