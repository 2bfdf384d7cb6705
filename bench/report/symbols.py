#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What names cost: a report on 1,000 sites of a program with over 100 MB of debug information, with and without names
kept on disk.

    bench/report/symbols.py [LEAKTRACK]

Writes and compiles the program (some minutes), tracks it exactly, and reports five times each way, alternating. Prints
the sizes, then seconds and resident memory (medians).
"""
import concurrent.futures
import os
import statistics
import subprocess
import sys
import tempfile

UNITS, SITES_PER_UNIT, ROUNDS = 64, 16, 5
UNIT = """#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>
namespace unit_{unit} {{
struct Value {{ std::string text; std::vector<int> numbers; std::function<int(int)> call; }};
using Table = std::map<std::string, std::unordered_map<int, std::shared_ptr<Value>>>;
Table table;
bool Match(const std::string& text) {{
  static const std::regex pattern("[a-z]+([0-9]*)", std::regex::extended);
  return std::regex_match(text, pattern) && std::filesystem::path(text).has_filename();
}}
{functions}
void All(std::vector<void*>& kept) {{
  table[Match("a1") ? "x" : "y"][1] = std::make_shared<Value>();
{calls}}}
}}
"""
FUNCTION = """__attribute__((noinline)) void Keep{site}(std::vector<void*>& kept) {{
  for (int i = 0; i < 20; ++i) kept.push_back(new char[100 + {site}]);
}}
"""


def compile_unit(folder, unit):
    path = os.path.join(folder, f"unit_{unit}.cc")
    with open(path, "w", encoding="utf-8") as file:
        file.write(UNIT.format(unit=unit, functions="".join(FUNCTION.format(site=i) for i in range(SITES_PER_UNIT)),
                               calls="".join(f"  Keep{i}(kept);\n" for i in range(SITES_PER_UNIT))))
    subprocess.run(["g++", "-std=c++20", "-g", "-O1", "-c", path, "-o", path + ".o"], check=True)
    return path + ".o"


def build(folder):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(lambda unit: compile_unit(folder, unit), range(UNITS)))
    main = os.path.join(folder, "main.cc")
    with open(main, "w", encoding="utf-8") as file:
        file.write("#include <vector>\n" + "".join(f"namespace unit_{i} {{ void All(std::vector<void*>&); }}\n" for i in range(UNITS)) +
                   "std::vector<void*> kept;\nint main() {\n" + "".join(f"  unit_{i}::All(kept);\n" for i in range(UNITS)) + "}\n")
    program = os.path.join(folder, "program")
    subprocess.run(["g++", "-std=c++20", "-g", main, *objects, "-o", program], check=True)
    return program


def debug_bytes(program):
    sections = subprocess.run(["objdump", "-h", program], capture_output=True, text=True, check=True).stdout
    return sum(int(line.split()[2], 16) for line in sections.splitlines() if " .debug_" in line)


def report(leaktrack, capture, *options):
    """Wall seconds and resident KiB of one report."""
    done = subprocess.run(["/usr/bin/time", "-f", "%e %M", leaktrack, "report", *options, capture], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, check=False)
    seconds, kib = done.stderr.strip().splitlines()[-1].split()
    return float(seconds), int(kib)


def main():
    leaktrack = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/bench/bin/leaktrack")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        program = build(folder)
        subprocess.run([leaktrack, "run", "--exact", "-o", os.path.join(folder, "captures"), "--", program], check=True, stderr=subprocess.DEVNULL)
        captures = os.path.join(folder, "captures")
        print(f"{debug_bytes(program) / 1e6:.0f} MB of debug information, {UNITS * SITES_PER_UNIT} sites and more")
        report(leaktrack, captures)  # fills the cache, and the page cache for both
        runs = {"read from the file": [], "kept on disk": []}
        for _ in range(ROUNDS):
            runs["read from the file"].append(report(leaktrack, captures, "--no-symbol-cache"))
            runs["kept on disk"].append(report(leaktrack, captures))
        for name, results in runs.items():
            seconds, kib = (statistics.median(column) for column in zip(*results))
            print(f"{name:20} {seconds:6.2f} s {kib / 1024:6.0f} MiB")


if __name__ == "__main__":
    main()
