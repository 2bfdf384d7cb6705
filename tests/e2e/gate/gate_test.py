#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`leaktrack gate` and `diff` as a pipeline uses them: what passes, what fails, and what is refused.

    gate_test.py LEAKTRACK GATE_TARGET ITERATIONS SUPPRESSING HIDDEN
        GATE_TARGET OLD NEW loses that many blocks at OldLeak and NewLeak. ITERATIONS N [M] loses M blocks in each of N
        iterations. SUPPRESSING is GATE_TARGET with suppressions of its own. HIDDEN loses what is easily taken for something else.
"""
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

SOURCES = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))  # tests


class Gate:
    def __init__(self, session, target, iterations, suppressing, hidden):
        self.session, self.target, self.iterations, self.suppressing, self.hidden = session, target, iterations, suppressing, hidden

    def path(self, name):
        return os.path.join(self.session.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def tool(self, *arguments, **run):
        return subprocess.run([self.session.leaktrack, *arguments], capture_output=True, text=True, check=False, timeout=120, **run)

    def at_exit(self, old, new, *options, extra=()):
        """Every block that is not freed counts; one exact run."""
        return self.tool("gate", "--at-exit=all", "--runs", "1", "--interval", "exact", *options, "--", self.target, str(old),
                         str(new), *extra)

    def expect(self, done, code, words):
        assert done.returncode == code and " ".join(words.split()) in " ".join((done.stdout + done.stderr).split()), \
            f"exit {done.returncode}, expected {code} and '{words}':\n{done.stdout}{done.stderr}"


def passes_and_fails(gate):
    baseline = gate.path("leaks.txt")
    gate.expect(gate.at_exit(0, 0), 0, "PASS: no leaks")
    gate.expect(gate.at_exit(50, 0), 1, "NEW LEAK: OldLeak loses 14.6 KiB in 50 blocks")
    gate.expect(gate.at_exit(50, 0, "--write-baseline", baseline), 0, "PASS: baseline written, 1 new")
    with open(baseline, encoding="utf-8") as file:
        text = file.read()
    assert "\n50 blocks, 14.6 KiB per run: OldLeak < main\n" in text.replace("15 KiB", "14.6 KiB"), text
    use = ("--baseline", baseline)
    gate.expect(gate.at_exit(50, 0, *use), 0, "KNOWN: OldLeak")
    gate.expect(gate.at_exit(0, 0, *use), 0, "FIXED: OldLeak")
    gate.expect(gate.at_exit(500, 0, *use), 1, "WORSE: OldLeak")
    gate.expect(gate.at_exit(50, 20, *use), 1, "NEW LEAK: NewLeak")
    gate.expect(gate.at_exit(50, 20, *use, "--suppressions", gate.write("s", "leak:^NewLeak$\nleak:Nobody\n")), 0,
                "unused suppression: " + gate.path("s") + ":2: leak:Nobody")
    gate.expect(gate.at_exit(50, 0, *use, "--max-total", "1KiB"), 1, "over its limit")
    gate.expect(gate.at_exit(50, 0, *use, "--max-site", "10KiB"), 1, "OVER LIMIT: OldLeak")
    gate.expect(gate.at_exit(50, 0, "--write-baseline", gate.path("more.txt"), "--max-total", "1KiB"), 1, "over its limit")
    # A comment stays with its line when the baseline is rewritten.
    gate.write("leaks.txt", text.replace("\n50 blocks", "\n# ticket 7\n50 blocks"))
    gate.at_exit(60, 5, *use, "--write-baseline", baseline)
    with open(baseline, encoding="utf-8") as file:
        assert "# ticket 7\n60 blocks" in file.read()
    first = ("--baseline", gate.path("first.txt"))
    gate.expect(gate.at_exit(50, 0, *first), 2, "first.txt: cannot be read")
    gate.expect(gate.at_exit(50, 0, *first, "--update-baseline"), 0, "made the baseline " + first[1] + ": 1 site of 1 run")
    gate.expect(gate.at_exit(50, 0, *first), 0, "KNOWN: OldLeak")
    gate.expect(gate.at_exit(500, 0, *first, "--update-baseline"), 0, "renewed the baseline")
    gate.expect(gate.at_exit(500, 0, *first), 0, "KNOWN: OldLeak")
    gate.expect(gate.at_exit(0, 0, "--update-baseline"), 2, "--baseline FILE")


def hidden(gate):
    """By stack, before anything is summed up by the function to blame: all of it is main's."""
    def lose(what, code, words):
        gate.expect(gate.tool("gate", "--at-exit=all", "--runs", "1", "--interval", "exact", "--", gate.hidden, what), code, words)

    lose("printf", 1, "NEW LEAK: main loses 2.9 KiB in 1 block per run")
    lose("thread", 1, "NEW LEAK: main loses 200 B in 1 block per run")
    lose("small", 1, "NEW LEAK: main loses 168 B in 1 block per run")
    lose("empty", 1, "NEW LEAK: main loses 0 B in 3 blocks per run")
    lose("mapping", 0, "PASS: no leaks")
    lose("clean", 0, "PASS: 1 suppressed")
    versions = {}
    for what in ("clean", "small"):
        versions[what] = gate.path("hidden-" + what)
        gate.tool("gate", "--at-exit=all", "--runs", "3", "--interval", "exact", "--keep", versions[what], "--", gate.hidden, what)
    gate.expect(gate.tool("diff", "--at-exit", versions["clean"], versions["small"]), 1, "NEW LEAK: main loses 168 B")
    gate.expect(gate.tool("diff", "--at-exit", versions["clean"], versions["clean"]), 0, "no regression")


def reports_of_before(gate):
    """A gate that cannot do its work leaves no report of an earlier one behind."""
    names = {name: gate.path(name) for name in ("junit.xml", "leaks.sarif", "quality.json")}
    files = ("--junit", names["junit.xml"], "--sarif", names["leaks.sarif"], "--gitlab", names["quality.json"])
    for broken in (("--baseline", "/no/such"), ("--limits", "/no/such"), ()):
        gate.expect(gate.at_exit(50, 0, *files), 1, "NEW LEAK")
        gate.expect(gate.at_exit(50, 0, *files, *broken, extra=("crash",)), 2, "" if broken else "ended with 134")
        for path in names.values():
            with open(path, encoding="utf-8") as file:
                assert "OldLeak" not in file.read(), path
        assert xml.parse(names["junit.xml"]).getroot().find("testsuite").get("errors") == "1"


def cost(gate):
    gate.expect(gate.at_exit(0, 0), 0, "of CPU (--cost says how much of it is the tracking)")
    gate.expect(gate.at_exit(0, 0, "--cost"), 0, "times the")


def limits(gate):
    def at_exit(old, new, text):
        return gate.at_exit(old, new, "--limits", gate.write("limits.toml", text))

    own = '[[site]]\nmatch = "^OldLeak$"\nmax = "20KiB"\n'
    gate.expect(at_exit(50, 0, own), 0, "within its limit: OldLeak loses 14.6 KiB")
    gate.expect(at_exit(100, 0, own), 1, "NEW LEAK: OldLeak")
    gate.expect(at_exit(0, 0, own), 0, "unused limit, no leak matches it: " + gate.path("limits.toml") + ":1: ^OldLeak$")
    gate.expect(at_exit(50, 0, 'max-total = "10KiB"\n' + own), 1, "over its limit")
    gate.expect(at_exit(50, 0, 'max-totals = "1KiB"\n'), 2, "limits.toml:1: 'max-totals' is not a limit")
    gate.expect(gate.at_exit(0, 0, "--limits", "/no/such"), 2, "cannot be read")
    gate.expect(at_exit(0, 0, 'per = "iteration"\n'), 3, "the limits count per iteration, these runs per run")


def own_suppressions(gate):
    own = ("gate", "--at-exit=all", "--runs", "1", "--interval", "exact", "--", gate.suppressing)
    gate.expect(gate.tool(*own, "0", "20"), 0, "suppressed: NewLeak")
    gate.expect(gate.tool(*own, "5", "20"), 1, "NEW LEAK: OldLeak")
    gate.expect(gate.tool(*own, "0", "0"), 0, "__lsan_default_suppressions:1: leak:^NewLeak$")


def process_tree(gate):
    """A shell that outlives the program and allocates nothing that is sampled makes nothing inconclusive."""
    shell = ("sh", "-c", '"$@"; exec sleep 0.2', "sh")
    tree = ("gate", "--at-exit=all", "--runs", "1", "--interval", "64KiB", "--", *shell, gate.target)
    gate.expect(gate.tool(*tree, "0", "20000"), 1, "NEW LEAK: NewLeak loses 1")
    # A child that crashes on purpose is left out, and named.
    shell = ("sh", "-c", '"$1" 0 3000 crash; exec "$1" 0 100', "sh", gate.target)
    done = gate.tool("gate", "--at-exit=all", "--runs", "1", "--interval", "exact", "--suppressions", gate.write("sh", "leak:dash\n"), "--", *shell)
    gate.expect(done, 1, "NEW LEAK: NewLeak loses 68.4 KiB in 100 blocks")
    assert "crashed; what it left is not counted" in " ".join(done.stdout.split()), done.stdout


def iterations(gate):
    """The losses of a run are scaled by the work that it counted: twice the work is no regression."""
    for name, count in (("short", 350), ("long", 700)):
        gate.tool("gate", "--at-exit=all", "--runs", "1", "--interval", "exact", "--keep", gate.path(name), "--", gate.iterations, str(count))
    done = gate.tool("diff", gate.path("short"), gate.path("long"), "--format", "json")
    report = json.loads(done.stdout)
    lost = [site for site in report["sites"] if site["site"].startswith("LoseOne")]
    assert report["unit"] == "iteration" and not report["regressed"] and len(lost) == 1, report
    assert all(0.8 * 1040 < lost[0][key] < 1.2 * 1040 for key in ("bytes", "base_bytes")), lost
    # In runs too short to tell a leak from a cache that fills, nothing is called worse.
    for name, amount in (("one", ("12", "1")), ("five", ("60", "5"))):
        gate.tool("gate", "--runs", "2", "--interval", "exact", "--keep", gate.path(name), "--", gate.iterations, *amount)
    done = gate.tool("diff", gate.path("one"), gate.path("five"))
    gate.expect(done, 3, "diff: INCONCLUSIVE")
    assert "UNCLEAR: LoseOne" in done.stdout and "WORSE" not in done.stdout and "NEW LEAK" not in done.stdout, done.stdout
    assert not json.loads(gate.tool("diff", gate.path("one"), gate.path("five"), "--format", "json").stdout)["regressed"]


def formats(gate):
    names = {name: gate.path(name) for name in ("junit.xml", "leaks.sarif", "quality.json", "summary.md")}
    done = gate.at_exit(50, 20, "--baseline", gate.write("base.txt", "# leaktrack baseline, runs: 1\n50 blocks, 15 KiB per run: OldLeak < main\n"),
                        "--junit", names["junit.xml"], "--sarif", names["leaks.sarif"], "--gitlab", names["quality.json"],
                        "--format", "json", "--source-root", SOURCES)
    report = json.loads(done.stdout)
    assert done.returncode == 1 and report["verdict"] == "fail", report
    assert {site["site"]: site["change"] for site in report["sites"] if site["change"] != "unchanged"} == \
        {"NewLeak < main": "NEW LEAK", "OldLeak < main": "KNOWN"}, report
    suite = xml.parse(names["junit.xml"]).getroot().find("testsuite")
    assert suite.get("failures") == "1" and [case.get("name") for case in suite if case.find("failure") is not None] == ["NewLeak < main"]
    with open(names["leaks.sarif"], encoding="utf-8") as file:
        results = json.load(file)["runs"][0]["results"]
    assert [(r["ruleId"], r["level"]) for r in results] == [("new-leak", "error"), ("known-leak", "note")], results
    region = results[0]["locations"][0]["physicalLocation"]
    assert region["artifactLocation"]["uri"] == "e2e/programs/gate_target.c" and region["region"]["startLine"] > 1, region
    with open(names["quality.json"], encoding="utf-8") as file:
        issues = json.load(file)
    assert [(issue["severity"], issue["location"]["path"]) for issue in issues] == \
        [(severity, "e2e/programs/gate_target.c") for severity in ("critical", "info")], issues
    done = gate.tool("gate", "--at-exit=all", "--runs", "1", "--interval", "exact", "--github", "--", gate.target, "0", "20",
                     env={**os.environ, "GITHUB_STEP_SUMMARY": names["summary.md"]})
    assert "::error file=" in done.stdout and "title=leaktrack::NEW LEAK: NewLeak" in done.stdout, done.stdout
    with open(names["summary.md"], encoding="utf-8") as file:
        assert "| **fails** | NewLeak &lt; main |" in file.read()


def refusals(gate):
    """Never a silent pass."""
    gate.expect(gate.at_exit(0, 0, extra=("crash",)), 2, "ended with 134")
    gate.expect(gate.at_exit(0, 0, extra=("fail",)), 2, "ended with 9")
    gate.expect(gate.at_exit(0, 0, "--baseline", gate.write("empty", "")), 2, "is empty")
    gate.expect(gate.at_exit(0, 0, "--baseline", gate.write("bad", "# leaktrack baseline, runs: 1\nnonsense\n")), 2, "bad:2: expected")
    gate.expect(gate.at_exit(0, 0, "--baseline", "/no/such"), 2, "cannot be read")
    gate.expect(gate.at_exit(0, 0, "--suppressions", gate.write("worse", "nonsense")), 2, "is not a suppression")
    gate.expect(gate.tool("gate", gate.path("nothing.ltk")), 2, "nothing.ltk")
    gate.expect(gate.at_exit(0, 0, "--source-root", "/no/such"), 2, "/no/such")
    gate.expect(gate.tool("gate"), 2, "CAPTURE or a command")
    for options in (("--at-exit",), ("--at-exit=all", "--interval", "exact"), ("--at-exit", "--interval", "exact"), ("--interval", "exact")):  # nothing allocated, nothing lost
        gate.expect(gate.tool("gate", *options, "--runs", "1", "--", "/bin/true"), 0, "PASS: no leaks")
    # Two seconds do not show what grows: the result is inconclusive, and says so.
    short = ("gate", "--runs", "1", "--", gate.target, "50", "0")
    gate.expect(gate.tool(*short), 3, "INCONCLUSIVE")
    gate.expect(gate.tool("gate", "--inconclusive", "pass", *short[1:]), 0, "INCONCLUSIVE")
    gate.expect(gate.tool("gate", "--write-baseline", gate.path("none.txt"), *short[1:]), 3, "no baseline was written")
    assert not os.path.exists(gate.path("none.txt"))


def keep(gate, name, old, new, runs=3):
    gate.tool("gate", "--at-exit=all", "--runs", str(runs), "--interval", "exact", "--keep", gate.path(name), "--", gate.target, str(old), str(new))
    return gate.path(name)


def diffs(gate):
    base, same, worse = keep(gate, "base", 50, 0), keep(gate, "same", 50, 0), keep(gate, "worse", 50, 30)
    gate.expect(gate.tool("diff", "--at-exit", base, same), 0, "no regression")
    gate.expect(gate.tool("diff", "--at-exit", base, worse), 1, "NEW LEAK: NewLeak")
    gate.expect(gate.tool("diff", "--at-exit", worse, base), 0, "FIXED: NewLeak")
    once = keep(gate, "once", 50, 30, runs=1)
    gate.expect(gate.tool("diff", "--at-exit", keep(gate, "before", 50, 0, runs=1), once), 3, "three runs")
    # The same build without its symbols: everything would be fixed and new at the same time.
    stripped = gate.path(os.path.basename(gate.target))
    subprocess.run(["strip", "-o", stripped, gate.target], check=True)
    gate.tool("gate", "--at-exit=all", "--runs", "3", "--interval", "exact", "--keep", gate.path("bare"), "--", stripped, "50", "30")
    gate.expect(gate.tool("diff", "--at-exit", base, gate.path("bare")), 3, "gate_target has symbols in the runs of one version only")
    gate.expect(gate.tool("gate", "--at-exit=all", "--runs", "1", "--interval", "exact", "--keep", gate.path("base"), "--", gate.target, "0", "0"), 2,
                "holds runs already")
    other = gate.path("other")
    subprocess.run([gate.session.leaktrack, "run", "-o", other, "--exact", "--", "/bin/ls", "/"], capture_output=True, check=True)
    gate.expect(gate.tool("diff", base, other), 2, "different programs")


def main():
    leaktrack, *targets = map(os.path.abspath, sys.argv[1:])
    for check in (passes_and_fails, hidden, reports_of_before, cost, limits, own_suppressions, process_tree, iterations, formats, refusals,
                  diffs):
        with t.tracker(leaktrack) as session:
            check(Gate(session, *targets))
    print("the gate passes, fails and refuses as it says")


if __name__ == "__main__":
    main()
