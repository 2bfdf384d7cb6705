# SPDX-License-Identifier: Apache-2.0
"""Judges the captures that a soak has left, with any analyzer: the table, and each accusation in full.

A row is a run. "At the end" and the looks show the worst verdict over all sites of all captures of its process tree ("-":
no capture). Settled is what is seen after 12 minutes and at the end. Many programs free everything before they end, so
the last look says more than the end. An accusation in either is a false alarm.
`exit` is the worst exit code of `leaktrack report` at the end (0 nothing, 1 accused, 3 too short to tell; worst is 1). The
rows of leaky programs show the site that ranks first, and whether the report says what the program's source expects.
"""
import concurrent.futures
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/e2e/harness"))
import expectations  # noqa: E402
import leaks  # noqa: E402
from tracker import Tracker  # noqa: E402

ORDER = ("none", "watch", "suspect", "leak", "confirmed")
LOOKS = ("01", "02", "04", "08", "12")


def word(site):
    accused_for_long = site.get("state") == "confirmed" and site["verdict"] in ("suspect", "leak")
    return "confirmed" if accused_for_long else site["verdict"]


def worst(reports):
    words = [word(site) for report in reports for site in report["sites"]]
    return max(words, key=ORDER.index) if words else "-"


def accused(report):
    return [site for site in report["sites"] if ORDER.index(word(site)) >= ORDER.index("suspect")]


def reports_of(leaktrack, folder, known={}):
    """The reports on all captures in `folder`. Looks share the captures of ended processes, which are judged once."""
    tracker = Tracker(leaktrack, folder)

    def report(capture):
        file = os.stat(capture).st_ino
        if file not in known:
            known[file] = tracker.report(capture)
        return known[file]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(report, tracker.captures()))


def sentence(report, site):
    blame = (site["blame"] or {}).get("function") or (site["blame"] or {}).get("module") or "?"
    frames = " < ".join(str(frame.get("function") or os.path.basename(frame.get("module") or "?"))
                        for frame in site["stack"][:8])
    return (f"  {word(site)}/{site['trend']} {blame} pid {report['process']['pid']} "
            f"{site['growth_bytes_per_hour']:.3g} B/h, {site['live_bytes']} B live in {site['live_objects']}\n"
            f"    {site['evidence']}\n    {frames}")


def runs_in(out):
    """(folder, contents of run.json) of each run."""
    for path in sorted(glob.glob(os.path.join(out, "*", "run.json"))):
        with open(path, encoding="utf-8") as file:
            yield os.path.dirname(path), json.load(file)


def judge_program(leaktrack, folder, run):
    """Prints the row of an honest program; returns its accusations as lines."""
    reports = reports_of(leaktrack, folder)
    looks = {look: reports_of(leaktrack, os.path.join(folder, "looks", look)) for look in LOOKS}
    exits = [report["exit"] for report in reports]
    print(f"{run['program']:<12} {run['load']:<7} {run['minutes']:>7} {len(reports):>8}  {worst(reports):<10}"
          + "".join(f"{worst(looks[look]):>9}" for look in LOOKS)
          + f"  {1 if 1 in exits else max(exits, default=2)}", flush=True)
    found = [sentence(report, site) for report in looks[LOOKS[-1]] + reports for site in accused(report)]
    return [f"{run['program']} {run['load']}:", *found] if found else []


def judge_leak(leaktrack, folder, run):
    """Prints the row of a leaky program. Returns the expectations of its source that the report does not meet."""
    (report,) = reports_of(leaktrack, folder)
    first = expectations.first_site(report) or {"verdict": "none", "trend": "-", "blame": None}
    name = f"{run['program']} {run['case']}"
    function = str((first["blame"] or {}).get("function")).split("(")[0]
    wrong = leaks.wrong(run, report)
    print(f"{name:<12} {'leak':<7} {run['minutes']:>7} {len(accused(report)):>8}  {first['verdict']:<10} "
          f"{first['trend']:<13} {function[:34]:<34}  {f'{len(wrong)} wrong' if wrong else 'as expected'}", flush=True)
    return [f"{name}:", *("  " + text[:300] for text in wrong)] if wrong else []


def judge(leaktrack, out):
    """Prints the tables of all runs in `out`. 1 if an honest program is accused at its end, or a leak is judged
    wrongly."""
    runs = list(runs_in(out))
    details = []
    for kind, row, head in (
            (False, judge_program, f"{'captures':>8}  {'at the end':<10}" + "".join(f"{int(look):>5} min" for look in LOOKS)
             + "  exit"),
            (True, judge_leak, f"{'accused':>8}  {'first site':<10} {'trend':<13} {'blame':<34}")):
        rows = [(folder, run) for folder, run in runs if (run["load"] == "leak") == kind]
        if rows:
            print(f"{'program':<12} {'load':<7} {'minutes':>7} {head}")
        for folder, run in rows:
            details += row(leaktrack, folder, run)
    print("\n".join(["", *details]) if details else "\nnobody is accused who should not be, and every leak is what it is")
    return 1 if details else 0
