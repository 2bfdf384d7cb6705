#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds that a C++ file includes the standard headers whose names it uses.

    check_includes.py [--fix] [ROOT]      with --fix, adds what is missing; run the formatter after it

A header that comes in through another one hides until a compiler's release takes it away there. A source
may lean on the header of its own name, and a test on the header that it tests; nothing else counts.
Limits: names are found by their spelling, in code without comments and texts; the table below is the law.
"""
import os
import re
import sys

FOLDERS = ("include", "libtrack", "tools", "tests", "bench")
LEFT_OUT = ("tests/golden", "tests/fuzz/corpus", "tools/report/html")


def std(*names):
    return r"\bstd::(?:" + "|".join(names) + r")\b"


# Header -> (names that need it, other headers that are as good). Of the latter some are so by the standard, the others
# in gcc's library, which both compilers use here: <string> declares size_t outside of std, <vector> does not.
NEEDS = {
    "algorithm": (std("sort", "stable_sort", "nth_element", "partial_sort", "min", "max", "clamp", "minmax", "min_element",
                      "max_element", "find", "find_if", "find_if_not", "any_of", "all_of", "none_of", "count", "count_if", "copy",
                      "copy_n", "copy_if", "fill", "fill_n", "equal", "reverse", "rotate", "unique", "remove", "remove_if",
                      "lower_bound", "upper_bound", "binary_search", "equal_range", "transform", "for_each", "generate",
                      "partition", "stable_partition", "is_sorted", "search", "mismatch", "set_difference",
                      "set_intersection", "includes", "shuffle", "replace", "push_heap", "pop_heap", "make_heap", "ranges::\\w+"),
                  ("ranges",)),
    "array": (std("array", "to_array"), ()),
    "atomic": (std("atomic", "atomic_ref", "memory_order\\w*", "atomic_thread_fence", "atomic_signal_fence", "atomic_flag"), ()),
    "bit": (std("bit_cast", "countl_zero", "countr_zero", "countr_one", "popcount", "bit_width", "bit_ceil", "bit_floor",
                "has_single_bit", "rotl", "rotr"), ()),
    "charconv": (std("from_chars", "to_chars", "from_chars_result"), ()),
    "chrono": (std("chrono"), ()),
    "cmath": (std("sqrt", "log", "log1p", "log2", "log10", "exp", "exp2", "expm1", "pow", "floor", "ceil", "round", "lround", "llround",
                  "isnan", "isfinite", "isinf", "abs", "fabs", "erfc", "lgamma", "fmod", "hypot", "nearbyint", "trunc"), ("math.h", "cstdlib")),
    "condition_variable": (std("condition_variable"), ()),
    "cstddef": (r"(?<![:\w])(?:std::)?(?:size_t|ptrdiff_t|max_align_t)\b|\bstd::byte\b|\boffsetof\(",
                ("stddef.h", "cstdio", "cstdlib", "cstring", "string", "string_view", "string.h", "stdlib.h",
                 "stdio.h", "sys/types.h", "unistd.h", "sys/mman.h", "gtest/gtest.h")),
    "cstdint": (r"(?<![:\w])(?:std::)?u?int(?:8|16|32|64|ptr|max)_t\b|\bUINT64_MAX\b|\bUINT32_MAX\b|\bINT64_MAX\b", ("stdint.h",)),
    "cstring": (r"\b(?:std::)?(?:memcpy|memset|memcmp|memmove|memchr|strlen|strcmp|strncmp|strchr|strrchr|strstr|strerror)\(",
                ("string.h",)),
    "deque": (std("deque"), ()),
    "filesystem": (std("filesystem"), ()),
    "fstream": (std("ifstream", "ofstream", "fstream"), ()),
    "functional": (std("function", "greater", "less", "plus", "hash", "reference_wrapper", "ref", "cref", "bind"),
                   ("string", "string_view", "memory", "optional", "unordered_map", "map", "set")),
    "initializer_list": (std("initializer_list") + r"|\bfor \([^;()]*: *\{",
                         ("string", "string_view", "vector", "map", "set", "array", "span", "utility", "unordered_map",
                          "unordered_set", "deque", "optional", "algorithm", "functional", "memory")),
    "iterator": (std("back_inserter", "inserter", "make_move_iterator", "distance", "advance", "next", "prev", "istreambuf_iterator",
                     "ssize", "size", "begin", "end", "data"),
                 ("string", "string_view", "vector", "map", "set", "array", "span", "deque", "unordered_map", "unordered_set", "list")),
    "limits": (std("numeric_limits"), ()),
    "list": (std("list"), ()),
    "map": (std("map", "multimap"), ()),
    "memory": (std("unique_ptr", "shared_ptr", "weak_ptr", "make_unique", "make_shared", "addressof", "construct_at", "destroy_at"), ()),
    "mutex": (std("mutex", "lock_guard", "unique_lock", "scoped_lock", "once_flag", "call_once"), ()),
    "numeric": (std("accumulate", "iota", "reduce", "inner_product", "partial_sum", "gcd", "lcm", "midpoint"), ()),
    "optional": (std("optional", "nullopt", "make_optional"), ()),
    "random": (std("mt19937", "mt19937_64", "\\w+_distribution", "minstd_rand", "random_device", "default_random_engine"), ()),
    "set": (std("set", "multiset"), ()),
    "span": (std("span", "as_bytes"), ()),
    "sstream": (std("ostringstream", "istringstream", "stringstream"), ()),
    "string": (std("string", "to_string", "stoi", "stoul", "stoull", "stod", "getline"), ()),
    "string_view": (std("string_view"), ("string",)),
    "thread": (std("thread", "jthread", "this_thread"), ()),
    "tuple": (std("tuple", "tie", "make_tuple", "apply", "forward_as_tuple"), ()),
    "type_traits": (std("is_\\w+_v", "enable_if_t", "conditional_t", "decay_t", "remove_\\w+_t", "underlying_type_t", "make_unsigned_t",
                        "invoke_result_t", "is_trivially_\\w+"), ("concepts",)),
    "unordered_map": (std("unordered_map"), ()),
    "unordered_set": (std("unordered_set"), ()),
    "utility": (std("move", "forward", "pair", "make_pair", "exchange", "swap", "as_const", "in_range", "declval"),
                ("algorithm", "map", "unordered_map", "memory", "vector", "string", "optional", "tuple", "set", "deque", "functional", "variant")),
    "variant": (std("variant", "visit", "monostate", "holds_alternative", "get_if"), ()),
    "vector": (std("vector"), ()),
}
NEEDS = {header: (re.compile(names), set(also) | {header}) for header, (names, also) in NEEDS.items()}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def sources(root):
    for top in FOLDERS:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                path = os.path.relpath(os.path.join(folder, name), root)
                # Headers of tracked programs serve C as well.
                c_too = path.startswith("tests/e2e/") and name.endswith(".h")
                if name.endswith((".h", ".hpp", ".cc")) and not c_too and not path.startswith(LEFT_OUT):
                    yield path


def read(root, path):
    try:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def own_headers(path, included):
    """The headers that a file may lean on: that of its own name; a test's, that of what it tests."""
    stem = re.sub(r"(_test|_fuzz|_bench)?\.(cc|hpp)$", "", os.path.basename(path))
    return [name for name in included if os.path.basename(name) == stem + ".h"]


def missing(root, path):
    """The standard headers that a file uses and does not include."""
    text = read(root, path)
    found = INCLUDE.findall(text)
    have = {name for _, name in found}
    for header in own_headers(path, [name for kind, name in found if kind == '"']):
        for place in (root, os.path.join(root, "include")):
            have |= {name for _, name in INCLUDE.findall(read(place, header))}
    code = NOISE.sub(" ", INCLUDE.sub("", text))
    return [header for header, (names, as_good) in sorted(NEEDS.items()) if not have & as_good and names.search(code)]


def add(root, path, headers):
    """Adds includes beside the first of <>, or before the first of "", or after the guard."""
    text = read(root, path)
    lines = "".join(f"#include <{header}>\n" for header in headers)
    cpp = re.search(r"^#include <[^>.]+>\n", text, re.M)
    own = [match for match in re.finditer(r'^#include ("[^"]+"|<[^>]+>)\n', text, re.M)]
    guard = re.search(r"^#define LEAKTRACK_\w+_H(?:PP)?_\n", text, re.M)
    if cpp:
        at = cpp.start()
    elif own and path.endswith(".cc"):
        first = own[0]
        is_own = os.path.basename(first.group(1).strip('"<>')) == os.path.basename(path)[:-3] + ".h"
        at, lines = (first.end(), "\n" + lines) if is_own else (first.start(), lines + "\n")
    elif guard:
        at, lines = guard.end(), "\n" + lines
    else:
        raise SystemExit(f"{path}: add by hand: {headers}")
    with open(os.path.join(root, path), "w", encoding="utf-8") as file:
        file.write(text[:at] + lines + text[at:])


def main():
    arguments = [word for word in sys.argv[1:] if word != "--fix"]
    root = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    files = list(sources(root))
    wrong = 0
    for path in files:
        headers = missing(root, path)
        if headers and "--fix" in sys.argv:
            add(root, path, headers)
        elif headers:
            wrong += 1
            print(f"{path}: uses what {', '.join(f'<{header}>' for header in headers)} declares; include it")
    if len(files) < 20:
        sys.exit(f"{root}: only {len(files)} sources found; wrong folder?")
    print(f"{len(files) - wrong} of {len(files)} files include the standard headers that they use")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
