#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The instruction budget of the paths that every allocation of a tracked program takes.

    check_fast_path.py LIBLEAKTRACK FORWARD_PRELOAD BUDGET_FILE

Counts the instructions of each hook from its first to the tail call of the real function, in the order in which the
compiler laid them out: conditional jumps are not taken. Refuses a call, a locked instruction, a second memory write, and
more instructions than BUDGET_FILE allows ("malloc 7"). malloc and free together may take 16 more than a library that only
forwards. If a path takes fewer than its budget, write the lower number into the file.
"""
import re
import subprocess
import sys

MOST_ADDED_TO_A_PAIR = 16


def instructions(library, function):
    done = subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--disassemble={function}", library], capture_output=True, text=True, check=True)
    return [match[1].strip() for line in done.stdout.splitlines() if (match := re.match(r"\s+[0-9a-f]+:\s+(.*)", line))]


def walk(library, function):
    """(instructions up to the tail call, what is wrong with them)"""
    count, writes, wrong = 0, 0, []
    for text in instructions(library, function):
        count += 1
        operation, _, operands = text.partition(" ")
        operands = operands.split("#")[0].strip()
        if operation.startswith(("call", "lock", "xchg", "cmpxchg", "xadd", "mfence", "push")):
            wrong.append(f"{function}: {text}")
        if operation.startswith(("mov", "add", "sub", "inc", "dec")) and re.search(r",\s*%[a-z]+:\S*\(|,\s*\S*\([^)]*\)$", operands):
            writes += 1
        if operation == "jmp":
            if not operands.startswith("*"):
                wrong.append(f"{function}: leaves for {operands} before it reaches the real function")
            break
    else:
        wrong.append(f"{function}: no tail call")
    if writes > 1:
        wrong.append(f"{function}: {writes} writes to memory, 1 allowed (the thread's own budget)")
    return count, wrong


def check(library, forward, budgets):
    counts, problems = {}, []
    for function, budget in budgets.items():
        counts[function], wrong = walk(library, function)
        problems += wrong
        if counts[function] > budget:
            problems.append(f"{function}: {counts[function]} instructions, {budget} allowed")
        print(f"{function}: {counts[function]} instructions of {budget}")
    bare = sum(walk(forward, function)[0] for function in ("malloc", "free"))
    added = counts["malloc"] + counts["free"] - bare
    print(f"a pair: {added} instructions more than forwarding alone ({bare}), {MOST_ADDED_TO_A_PAIR} allowed")
    if added > MOST_ADDED_TO_A_PAIR:
        problems.append(f"malloc and free add {added} instructions, {MOST_ADDED_TO_A_PAIR} allowed")
    return problems


def main():
    library, forward, budget_file = sys.argv[1:]
    with open(budget_file, encoding="utf-8") as file:
        budgets = {name: int(count) for name, count in (line.split() for line in file if line.strip() and line[0] != "#")}
    problems = check(library, forward, budgets)
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
