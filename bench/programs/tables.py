# SPDX-License-Identifier: Apache-2.0
"""The rows of a benchmark as Markdown tables, each section's between two marks of its own in a document.

Rows with nanoseconds, named "PROGRAM: TOOL", become one table with a column per program and a line per tool. Other rows
become a line with their figures.
"""
END = "<!-- end -->"


def begin(section):
    return f"<!-- scripts/bench.sh: {section} -->"


def shown(value, digits=3):
    if isinstance(value, float):
        return f"{value:.0f}" if value >= 100 else f"{value:.{digits}g}"
    return str(value)


def line(cells):
    return "| " + " | ".join(cells) + " |"


def table(head, body):
    return "\n".join([line(head), line(["---"] * len(head)), *map(line, body)])


def spread(row, name):
    return f"{shown(row[name])} ({shown(row['low'])} to {shown(row['high'])})"


def nanoseconds(rows):
    """A line per tool, a column per program: median (low to high)."""
    cells = {tuple(row["what"].split(": ")): spread(row, "ns") for row in rows}
    programs, tools = list(dict.fromkeys(p for p, _ in cells)), list(dict.fromkeys(t for _, t in cells))
    return table(["ns"] + programs, [[tool] + [cells.get((program, tool), "") for program in programs] for tool in tools])


def figures(rows):
    """A line per row, a column per figure."""
    names = list(dict.fromkeys(name for row in rows for name in row if name not in ("section", "what")))
    return table(["", *names], [[row["what"]] + [shown(row[name], 4) if name in row else "" for name in names] for row in rows])


def markdown(rows, machine, rounds):
    """The table of one section."""
    scatter = f"; medians of {rounds} rounds; in brackets the lowest and the highest; low and high of a ratio: the 95 % interval of its median"
    parts = [f"{machine['cores']} cores, {machine['system']}, {machine['date']}{scatter if any('low' in row for row in rows) else ''}."]
    timed, others = [row for row in rows if "ns" in row], [row for row in rows if "ns" not in row]
    if timed:
        parts.append(nanoseconds(timed))
    if others:
        parts.append(figures(others))
    return "\n\n".join(parts)


def divide(path, section):
    """The text before the section's content, and the text from its end on. Ends the program if there is no such
    section."""
    with open(path, encoding="utf-8") as file:
        before, mark, rest = file.read().partition(begin(section))
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{path}: has no '{begin(section)}' and '{END}' to write between")
    return before + mark, end + after


def put_into(path, section, text):
    before, after = divide(path, section)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}\n\n{text}\n\n{after}")
