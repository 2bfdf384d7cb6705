#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the files and functions that comments name exist: a comment that outlives its subject misleads.

    check_comments.py [ROOT]

A file is `name.ext` or `folder/name.ext` with one of our endings (`name.ext:41` is an example of a report). A function is
`Name()`. Names of the C library, of programs and of formats are not ours, so only PascalCase calls are looked for.
"""
import os
import re
import sys

ENDINGS = "cc|h|hpp|py|sh|md|cmake|mjs|ts"
FILE = re.compile(rf"(?<![\w/.<*$+\"-])((?:[\w-]+/)*[a-z][\w-]*\.(?:{ENDINGS}))(?![\w/]|:\d)")
FUNCTION = re.compile(r"(?<![\w.:>])((?:[A-Z][A-Za-z0-9]+::)*[A-Z][a-z][A-Za-z0-9]+)\(\)")
# Files of other projects that comments mention.
FOREIGN = {"link.h", "libunwind-common.h", "node.js", "sanitizer_common.h"}


def source_files(root):
    for top in ("bench", "include", "libtrack", "scripts", "tests", "tools"):
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = [name for name in folders if name not in ("node_modules", "dist", "corpus")]
            yield from (os.path.relpath(os.path.join(folder, name), root) for name in files)


def comments(text):
    """(line number, text) of each // comment."""
    for number, line in enumerate(text.splitlines(), 1):
        found = re.search(r"(?:^|[^:\"'])//(.*)", line)
        if found:
            yield number, found.group(1)


def violations(files, texts):
    """`files`: all paths. `texts`: path -> contents of those whose comments are read."""
    code = "\n".join(re.sub(r"(?m)//.*$", "", text) for text in texts.values())
    words = set(re.findall(r"\b[A-Z][A-Za-z0-9]+\b", code))
    for path, text in sorted(texts.items()):
        for number, comment in comments(text):
            for name in FILE.findall(comment):
                if name not in FOREIGN and not any(("/" + other).endswith("/" + name) for other in files):
                    yield f"{path}:{number}: no file {name}"
            for name in FUNCTION.findall(comment):
                if name.split("::")[-1] not in words:
                    yield f"{path}:{number}: no function {name}()"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    files = list(source_files(root)) + [name for name in os.listdir(root) if name.endswith(".md")]
    texts = {}
    for path in files:
        if path.endswith((".cc", ".h", ".hpp", ".c")):
            with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
                texts[path] = file.read()
    if len(texts) < 100:
        sys.exit(f"{root}: only {len(texts)} sources found; wrong folder?")
    found = list(violations(files, texts))
    print("\n".join(found) or f"what the comments of {len(texts)} files name exists")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
