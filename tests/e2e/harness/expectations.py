# SPDX-License-Identifier: Apache-2.0
"""The EXPECT lines of a test program: parses them, and checks them against JSON reports.

A test program states its truth in comments (grammar: tests/README.md). This module turns them into cases and says what a
report violates. It is separate from the harness so that it can be tested without the tool (expectations_test.py).
Promise: a line that is not understood is an error, never silently true.
"""
import os
import re
from dataclasses import dataclass, field


class BadExpectation(Exception):
    """A comment that looks like an expectation and is not one."""


@dataclass
class Case:
    """One run of the program and what must be true of it."""
    name: str = ""
    args: list = field(default_factory=list)
    run_options: list = field(default_factory=lambda: ["--exact"])
    environment: dict = field(default_factory=dict)
    status: int = 0
    main: list = field(default_factory=list)
    child: list = field(default_factory=list)
    long: list = field(default_factory=list)
    losses_allowed: bool = False


LINE = re.compile(r"^\s*(?://|#|\*)\s*(CASE|RUN|ENV|EXPECT|EXPECT-CHILD|EXPECT-LONG):\s*(.*?)\s*$")
SIGNALS = {"SIGABRT": 6, "SIGKILL": 9, "SIGSEGV": 11, "SIGTERM": 15}


def parse(text):
    """The cases of a source text. Lines before the first CASE belong to every case."""
    common, cases = [], []
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            # As after a formatter has joined lines.
            if re.search(r"\b(CASE|RUN|ENV|EXPECT|EXPECT-[A-Z]+): ", line):
                raise BadExpectation(f"not at the start of a comment: {line}")
            continue
        kind, rest = match.groups()
        if kind == "CASE":
            cases.append((rest.split(), list(common)))
        else:
            (cases[-1][1] if cases else common).append((kind, rest))
    if not cases:
        cases = [([], common)]
    return [_case(words, lines) for words, lines in cases]


def _case(words, lines):
    case = Case(name=" ".join(words), args=words)
    for kind, rest in lines:
        if kind == "RUN":
            case.run_options = rest.split()
        elif kind == "ENV":
            case.environment.update(pair.split("=", 1) for pair in rest.split())
        elif kind == "EXPECT-CHILD":
            case.child.append(_check(rest))
        elif kind == "EXPECT-LONG":
            case.long.append(_check(rest))
        elif rest.startswith("status "):
            word = rest.split()[1]
            case.status = 128 + SIGNALS[word] if word in SIGNALS else int(word)
        elif rest == "losses allowed":
            case.losses_allowed = True
        else:
            case.main.append(_check(rest))
    return case


def function_matches(name, wanted):
    """True if a reported function name is `wanted`, with or without namespaces, arguments and compiler suffixes."""
    return name is not None and re.search(r"(^|::|\s)" + re.escape(wanted) + r"($|[(<.\[@])", name) is not None


def sites_with(report, function):
    return [site for site in report["sites"]
            if any(function_matches(frame.get("function"), function) for frame in site["stack"])]


def _live(report, function):
    sites = sites_with(report, function)
    return (sum(round(site["live_objects"]) for site in sites), sum(round(site["live_bytes"]) for site in sites))


def _own_sites(report):
    """Sites with a live block and a frame in the program's own file."""
    program = os.path.basename(report["process"]["command"].split()[0])
    return [site for site in report["sites"]
            if round(site["live_objects"]) > 0
            and any(os.path.basename(frame.get("module") or "") == program for frame in site["stack"])]


def _describe(site):
    frames = " < ".join(str(frame.get("function")) for frame in site["stack"][:5])
    return f"{site['verdict']} {site['live_objects']} objects {site['live_bytes']} bytes: {frames}"


def _check(rest):
    """Turns one expectation into (text, function(report) -> complaint or None)."""
    for pattern, build in GRAMMAR:
        match = re.fullmatch(pattern, rest)
        if match:
            return rest, build(*match.groups())
    raise BadExpectation(f"not understood: EXPECT: {rest}")


def _expect_end(states):
    def check(report):
        end = report["process"]["end"]
        return None if end in states.split("|") else f"end is {end}"
    return check


def _expect_live(function, objects, size):
    def check(report):
        seen_objects, seen_bytes = _live(report, function)
        right = seen_bytes == int(size) and (objects is None or seen_objects == int(objects))
        return None if right else f"{function}: {seen_objects} objects {seen_bytes} bytes live"
    return check


def _expect_nothing_live():
    def check(report):
        sites = _own_sites(report)
        return None if not sites else f"{len(sites)} sites live: {_describe(sites[0])}"
    return check


def _expect_absent(function):
    def check(report):
        live = [site for site in sites_with(report, function) if round(site["live_objects"]) > 0]
        return None if not live else f"{function} is live: {_describe(live[0])}"
    return check


def _expect_verdict(verdicts, function):
    def check(report):
        sites = sites_with(report, function)
        if not sites and "none" in verdicts.split("|"):
            return None
        found = [site["verdict"] for site in sites]
        # "none" must hold for all sites of the function, an accusation for one of them.
        right = all(v in verdicts.split("|") for v in found) if "none" in verdicts else \
            any(v in verdicts.split("|") for v in found)
        return None if right and found else f"{function}: verdicts {found}"
    return check


def first_site(report):
    return min(report["sites"], key=lambda site: site["rank"], default=None)


def accused_sites(report):
    return [site for site in report["sites"] if site["verdict"] in ("leak", "suspect")]


def growing_sites(report):
    """Sites whose growth chance does not explain; what it is may be open: in its first minutes a program fills much."""
    return [site for site in report["sites"] if site["grows"]]


def _expect_first(functions):
    def check(report):
        first = first_site(report)
        if first is None:
            return "no site at all"
        blamed = (first["blame"] or {}).get("function")
        return None if any(function_matches(blamed, name) for name in functions.split("|")) else \
            f"first is {blamed}: {_describe(first)}"
    return check


def _worst_of(report, function):
    """The growing site of `function` that ranks first, or None."""
    return min((site for site in growing_sites(report) if site in sites_with(report, function)),
               key=lambda site: site["rank"], default=None)


def _expect_trend(trends, function):
    def check(report):
        site = _worst_of(report, function)
        if site is None:
            return f"{function} does not grow"
        return None if site["trend"] in trends.split("|") else f"{function}: trend {site['trend']}"
    return check


def _expect_share(what, low, high, function):
    """late_onset_seconds or doubling_seconds of the growing site, as a share of the run."""
    key = {"onset": "late_onset_seconds", "doubling": "doubling_seconds"}[what]

    def check(report):
        seconds = (_worst_of(report, function) or {}).get(key)
        if seconds is None:
            return f"{function}: no {what}"
        share = seconds / report["process"]["duration_seconds"]
        return None if float(low) <= share <= float(high) else f"{function}: {what} {share:.2f} of the run"
    return check


def _expect_accused_only(function):
    def check(report):
        theirs = sites_with(report, function)
        others = [site for site in accused_sites(report) if site not in theirs]
        return None if not others else f"accused: {_describe(others[0])}"
    return check


def _expect_grows_only(function):
    def check(report):
        theirs = sites_with(report, function)
        others = [site for site in growing_sites(report) if site not in theirs]
        return None if not others else f"grows: {_describe(others[0])}"
    return check


def _expect_no_accusation():
    def check(report):
        accused = accused_sites(report)
        return None if not accused else f"accused: {_describe(accused[0])}"
    return check


def _expect_memory(memory_class):
    def check(report):
        memory = report["memory"]
        return None if memory["class"] in memory_class.split("|") else f"memory is {memory['class']}: {memory['because']}"
    return check


def _expect_unplaced(function):
    def check(report):
        memory = report["memory"]
        growth = memory["growth_bytes_per_hour"]["unplaced"]
        if growth is None or growth["low"] <= 0:
            return "no growth is unplaced"
        near = {site["id"] for site in sites_with(report, function)} if function else {None}
        return None if memory["nearest_site"] in near else f"unplaced growth is nearest to site {memory['nearest_site']}"
    return check


def _expect_conclusion(conclusions):
    def check(report):
        said = report["conclusion"]
        return None if said in conclusions.split("|") else f"the conclusion is {said}"
    return check


def _expect_measured(what, low, high):
    """Growth that was measured, in MiB/min."""
    def check(report):
        growth = report["process"]["measured_growth"]
        if growth is None or growth["of"] != what or not growth["goes_on"]:
            return f"measured: {growth}"
        per_minute = growth["bytes_per_hour"]["mid"] / 60 / 2**20
        return None if float(low) <= per_minute <= float(high) else f"measured {per_minute:.1f} MiB/min"
    return check


def _expect_holder(function):
    """Who holds most of what was measured to grow; `nobody`: no place holds a tenth of it."""
    def check(report):
        growth = report["process"]["measured_growth"] or {}
        holder = growth.get("holder")
        if function == "nobody":
            return None if holder is None else f"it is held by {holder}"
        ids = [site["id"] for site in sites_with(report, function)]
        return None if holder and holder["site"] in ids else f"it is held by {holder}"
    return check


def _expect_retained(size):
    def check(report):
        retained = report["memory"]["retained_bytes"]
        return None if retained is not None and retained >= int(size) else f"retained is {retained}"
    return check


def _expect_threads(function):
    def check(report):
        memory = report["memory"]
        growth, starter = memory["threads_growth_per_hour"], memory["thread_starter"]
        if function is None:
            return None if growth and growth["low"] > 0 else f"their number is {memory['threads']}, growth {growth}"
        if starter is None:
            return "who starts them is not said"
        theirs = {site["id"] for site in sites_with(report, function)}
        return None if starter["site"] in theirs else f"site {starter['site']} is said to start them"
    return check


def _part(report, name):
    return next((part for part in report["memory"]["parts"] or () if part["name"] == name), None)


def _expect_part(name, how, least):
    def check(report):
        part = _part(report, name)
        if part is None:
            return "there is no such part"
        if how == "grows":
            growth = part["growth_bytes_per_hour"]
            return None if growth and growth["low"] > 0 else f"its growth is {growth}"
        return None if part["bytes"] >= int(least) else f"it has {part['bytes']} bytes"
    return check


def _expect_untouched(size):
    def check(report):
        untouched = report["memory"]["untouched_bytes"]
        return None if untouched is not None and untouched >= int(size) else f"untouched is {untouched}"
    return check


def _expect_steps(least, size, function):
    def check(report):
        site = _worst_of(report, function)
        if site is None:
            return f"{function} is not accused"
        steps = site["steps"]
        if steps is None:
            return f"{function}: no steps"
        right = steps["count"] >= int(least) and abs(steps["bytes"] - int(size)) <= int(size) / 4
        return None if right else f"{function}: steps {steps}"
    return check


def account_complaints(memory):
    """What must be true of every account: its parts are not negative and sum up to the resident memory."""
    parts = memory["parts"]
    if parts is None:
        return [] if memory["rss_bytes"] is None else ["the account has no parts"]
    found = [f"the account: {part['name']} is {part['bytes']}" for part in parts if part["bytes"] < 0]
    total = sum(part["bytes"] for part in parts)
    if abs(total - memory["rss_bytes"]) > len(parts):
        found.append(f"the account: its parts sum up to {total}, resident are {memory['rss_bytes']}")
    return found


def _expect_words(name, wanted):
    def check(report):
        words = report["memory"][name] or ""
        said = words if isinstance(words, str) else "; ".join(words)
        return None if wanted in said else f"{name} is: {said}"
    return check


GRAMMAR = [
    (r"end ([a-z|]+)", _expect_end),
    (r"live (\S+)(?: (\d+) objects)? (\d+) bytes", _expect_live),
    (r"live nothing", _expect_nothing_live),
    (r"absent (\S+)", _expect_absent),
    (r"verdict ([a-z|]+) (\S+)", _expect_verdict),
    (r"first (\S+)", _expect_first),
    (r"trend ([a-z|]+) (\S+)", _expect_trend),
    (r"(onset|doubling) ([0-9.]+) ([0-9.]+) (\S+)", _expect_share),
    (r"accused only (\S+)", _expect_accused_only),
    (r"grows only (\S+)", _expect_grows_only),
    (r"no accusation", _expect_no_accusation),
    (r"conclusion ([a-z_|]+)", _expect_conclusion),
    (r"measured (resident|heap) ([0-9.]+) to ([0-9.]+) MiB/min", _expect_measured),
    (r"holder (\S+)", _expect_holder),
    (r"memory ([a-z|]+)", _expect_memory),
    (r"unplaced growth(?: near (\S+))?", _expect_unplaced),
    (r"retained at least (\d+) bytes", _expect_retained),
    (r"threads grow(?: by (\S+))?", _expect_threads),
    (r"part ([a-z_]+) (grows|at least)(?: (\d+) bytes)?", _expect_part),
    (r"untouched at least (\d+) bytes", _expect_untouched),
    (r"steps at least (\d+) of (\d+) bytes (\S+)", _expect_steps),
    (r"(advice|because) (\S+)", _expect_words),
]

LOSSES = ("lost_allocations", "lost_frees", "epochs_lost")


def complaints(checks, report, losses_allowed):
    """What `report` violates, one line each."""
    found = []
    for text, check in checks:
        complaint = check(report)
        if complaint:
            found.append(f"expected: {text}; but {complaint}")
    if not losses_allowed:
        found += [f"{name} is {report['coverage'][name]}" for name in LOSSES if report["coverage"].get(name)]
    if "parts" in report.get("memory", {}):
        found += account_complaints(report["memory"])
    return found


def judge(case, reports):
    """Complaints about the reports of one case.
    Which capture is the main one is not given but found: the assignment with the fewest complaints is reported.
    """
    if not reports:
        return ["no capture was left"] if case.main or case.child else []
    best = None
    for main in reports:
        found = complaints(case.main, main, case.losses_allowed)
        if case.child:
            others = [complaints(case.child, other, case.losses_allowed) for other in reports if other is not main]
            found = found + ["child: " + text for text in min(others, key=len)] if others else \
                found + ["there is no second capture"]
        if best is None or len(found) < len(best):
            best = found
    return best
