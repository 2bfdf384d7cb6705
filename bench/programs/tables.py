# SPDX-License-Identifier: Apache-2.0
"""The rows of a benchmark as Markdown tables, put between two marks of a document.

Rows of one section whose names are "WHAT: HOW" become one table with a line per WHAT and a column per HOW; other rows become a line
with their figures.
"""
BEGIN, END = "<!-- figures of scripts/bench.sh: begin -->", "<!-- figures of scripts/bench.sh: end -->"


def shown(value):
    if isinstance(value, float):
        return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return str(value)


def line(cells):
    return "| " + " | ".join(cells) + " |"


def table(head, body):
    return "\n".join([line(head), line(["---"] * len(head)), *map(line, body)])


def spread(row, name):
    return f"{shown(row[name])} ({shown(row['low'])} to {shown(row['high'])})"


def nanoseconds(rows):
    """A line per program, a column per tool: median (low to high)."""
    cells = {tuple(row["what"].split(": ")): spread(row, "ns") for row in rows}
    programs, tools = list(dict.fromkeys(p for p, _ in cells)), list(dict.fromkeys(t for _, t in cells))
    return table(["ns"] + programs, [[tool] + [cells.get((program, tool), "") for program in programs] for tool in tools])


def figures(rows):
    """A line per row, a column per figure."""
    names = list(dict.fromkeys(name for row in rows for name in row if name not in ("section", "what")))
    return table(["", *names], [[row["what"]] + [shown(row[name]) if name in row else "" for name in names] for row in rows])


def markdown(rows, machine, rounds):
    parts = [f"{machine['cores']} cores, {machine['system']}, {machine['date']}; medians of {rounds} rounds; low and high are those of all "
             "rounds for ns, and the 95 % interval of the median for a ratio."]
    for section in dict.fromkeys(row["section"] for row in rows):
        here = [row for row in rows if row["section"] == section]
        parts.append(f"**{section}**")
        timed = [row for row in here if "ns" in row]
        if timed:
            parts.append(nanoseconds(timed))
        if len(timed) < len(here):
            parts.append(figures([row for row in here if "ns" not in row]))
    return "\n\n".join(parts)


def put_into(path, text):
    """Replaces what stands between the two marks."""
    with open(path, encoding="utf-8") as file:
        before, begin, rest = file.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path}: has no '{BEGIN}' and '{END}' to write between")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
