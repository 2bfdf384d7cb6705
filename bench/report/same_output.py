#!/usr/bin/env python3
"""Compares what two builds of leaktrack say of the same captures, but for the wording.

    bench/report/same_output.py BEFORE AFTER CAPTURE|DIR...

BEFORE and AFTER are two leaktrack programs. Each capture is reported in every format by both, and two
neighbouring captures are given to diff and merge. JSON is equal if keys, numbers, truth values and names are;
sentences (a string with a space and no parenthesis) are wording. pprof is compared unpacked, folded
stacks and speedscope as they are. Of text and HTML only the exit status counts. Prints each difference,
then "N outputs equal, N differ". Ends with 1 if any differs, with 2 if there is nothing to compare.
"""

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

FORMATS = ("text", "json", "html", "pprof", "folded", "speedscope")


def without_wording(value):
    if isinstance(value, dict):
        return {key: without_wording(part) for key, part in value.items()}
    if isinstance(value, list):
        return [without_wording(part) for part in value]
    if isinstance(value, str) and " " in value and "(" not in value:
        return "..."
    return value


def comparable(form, output):
    if form in ("text", "html"):
        return b""
    if form == "pprof":
        return gzip.decompress(output) if output[:2] == b"\x1f\x8b" else output
    if form == "json" and output:
        return without_wording(json.loads(output))
    return output


def said(program, form, arguments):
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run([program, *arguments, "-o", out.name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
        return done.returncode, comparable(form, pathlib.Path(out.name).read_bytes())


def commands(captures):
    for capture in captures:
        for form in FORMATS:
            yield form, ["report", capture, "--format", form]
    for base, new in zip(captures, captures[1:]):
        yield "json", ["diff", base, new, "--format", "json"]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__.split("\n\n")[1].strip())
    before, after, *places = sys.argv[1:]
    captures = []
    for place in map(pathlib.Path, places):
        captures += sorted(place.rglob("*.ltk")) if place.is_dir() else [place]
    equal = differ = 0
    for form, arguments in commands([str(capture) for capture in captures]):
        if said(before, form, arguments) == said(after, form, arguments):
            equal += 1
        else:
            differ += 1
            print("differs:", *arguments)
    print(f"{equal} outputs equal, {differ} differ")
    sys.exit(2 if equal + differ == 0 else 1 if differ else 0)


if __name__ == "__main__":
    main()
