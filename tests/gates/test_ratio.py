#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints lines of code, lines of unit tests, and tests per line of code, for each folder of libtrack and tools.

    test_ratio.py [ROOT]

A measure, not a gate. The tests of a folder are those of the same name below tests/; whole-program tests (tests/e2e) are not
counted. A line counts where it holds more than a comment.
"""
import os
import sys

SOURCES = (".h", ".hpp", ".cc", ".c")


def code_lines(path):
    count, in_comment = 0, False
    with open(path, encoding="utf-8") as file:
        for line in file:
            text = line.strip()
            if in_comment:
                in_comment = "*/" not in text
            elif text.startswith("/*"):
                in_comment = "*/" not in text
            elif text and not text.startswith("//"):
                count += 1
    return count


def lines_below(folder):
    return sum(code_lines(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names
               if name.endswith(SOURCES))


def ratios(root):
    """(folder, lines of code, lines of tests)"""
    for top in ("libtrack", "tools"):
        for name in sorted(os.listdir(os.path.join(root, top))):
            code = lines_below(os.path.join(root, top, name))
            if code:
                yield f"{top}/{name}", code, lines_below(os.path.join(root, "tests", name))


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    print(f"{'folder':<22}{'code':>7}{'tests':>7}{'ratio':>7}")
    for folder, code, tests in ratios(root):
        print(f"{folder:<22}{code:>7}{tests:>7}{tests / code:>7.2f}")


if __name__ == "__main__":
    main()
