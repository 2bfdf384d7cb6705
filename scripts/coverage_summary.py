#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines that ran, per folder, from what gcov knows of a build.

    coverage_summary.py BUILD ROOT                      a table of all folders under libtrack/ and tools/
    coverage_summary.py BUILD ROOT --uncovered FOLDER   FILE:LINES that nobody ran, of that folder

A line of a header counts once, and has run if it ran in any file that includes it. Files that no test is linked with count, too:
all their lines did not run.
"""
import collections
import concurrent.futures
import json
import os
import subprocess
import sys

TOPS = ("libtrack/", "tools/")


def notes_below(build):
    """What the compiler noted of each object; gcov finds the counters beside it."""
    for folder, _, names in os.walk(build):
        for name in names:
            if name.endswith(".gcno"):
                yield os.path.join(folder, name)


def reports_of(notes):
    """gcov's reports on one object, as JSON values."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", os.path.abspath(notes)], capture_output=True, text=True,
                          cwd=os.path.dirname(os.path.abspath(notes)), check=False)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def lines_of(report, root):
    """(file below root, line, count) for all of our own lines in a report."""
    for entry in report["files"]:
        path = os.path.relpath(os.path.join(report["current_working_directory"], entry["file"]), root)
        if not path.startswith(TOPS):
            continue
        for line in entry["lines"]:
            yield path, line["line_number"], line["count"]


def merge(reports, root):
    """file -> line -> how often it ran at most"""
    counts = collections.defaultdict(dict)
    for report in reports:
        for path, line, count in lines_of(report, root):
            counts[path][line] = max(count, counts[path].get(line, 0))
    return counts


def by_folder(counts):
    """folder -> (files, lines, lines that ran)"""
    sums = collections.defaultdict(lambda: [0, 0, 0])
    for path, lines in counts.items():
        total = sums[os.path.dirname(path)]
        total[0] += 1
        total[1] += len(lines)
        total[2] += sum(count > 0 for count in lines.values())
    return {folder: tuple(total) for folder, total in sorted(sums.items())}


def row(name, files, lines, ran):
    share = 100 * ran / lines if lines else 100
    return f"{name:<28}{files:>6}{lines:>8}{ran:>8}{share:>7.1f} %"


def table(counts):
    folders = by_folder(counts)
    rows = [f"{'folder':<28}{'files':>6}{'lines':>8}{'ran':>8}{'share':>9}"]
    rows += [row(folder, *sums) for folder, sums in folders.items()]
    rows.append(row("all", *(sum(column) for column in zip(*folders.values()))))
    return rows


def runs(numbers):
    """[1, 2, 3, 7] -> "1-3 7" """
    pieces = []
    for number in sorted(numbers):
        if pieces and pieces[-1][1] == number - 1:
            pieces[-1][1] = number
        else:
            pieces.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in pieces)


def uncovered(counts, folder):
    for path, lines in sorted(counts.items()):
        missing = [line for line, count in lines.items() if count == 0]
        if missing and path.startswith(folder.rstrip("/") + "/"):
            yield f"{path}: {runs(missing)}"


def main():
    if len(sys.argv) not in (3, 5) or (len(sys.argv) == 5 and sys.argv[3] != "--uncovered"):
        sys.exit(__doc__)
    build, root = sys.argv[1], os.path.abspath(sys.argv[2])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        reports = [report for found in pool.map(reports_of, notes_below(build)) for report in found]
    counts = merge(reports, root)
    if not counts:
        sys.exit(f"{build}: nothing was counted; it is built by scripts/coverage.sh")
    print("\n".join(uncovered(counts, sys.argv[4]) if len(sys.argv) == 5 else table(counts)))


if __name__ == "__main__":
    main()
