#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the expectation grammar, on made-up reports: a harness that cannot fail proves nothing."""
import unittest

import expectations


def site(functions, objects, size, verdict="none", rank=1, module="/x/program", **more):
    stack = [{"function": f, "module": module} for f in functions]
    return {"rank": rank, "verdict": verdict, "live_objects": objects, "live_bytes": size, "stack": stack,
            "blame": stack[0], "grows": verdict in ("leak", "suspect"), **more}


def report(*sites, end="exited", **coverage):
    return {"process": {"command": "/x/program --arg", "end": end}, "sites": list(sites),
            "coverage": {"lost_allocations": 0, "lost_frees": 0, "epochs_lost": 0, **coverage}}


def verdict_of(text, *reports):
    (case,) = expectations.parse(text)
    return expectations.judge(case, list(reports))


class ExpectationsTest(unittest.TestCase):
    def assert_holds(self, text, *reports):
        self.assertEqual(verdict_of(text, *reports), [])

    def assert_fails(self, text, *reports):
        self.assertTrue(verdict_of(text, *reports))

    def test_live_sums_all_sites_with_the_function_and_must_be_exact(self):
        sites = (site(["Leak(int)", "A"], 1, 10), site(["Leak(int)", "B"], 2, 20))
        self.assert_holds("// EXPECT: live Leak 3 objects 30 bytes", report(*sites))
        self.assert_fails("// EXPECT: live Leak 3 objects 31 bytes", report(*sites))
        self.assert_fails("// EXPECT: live Leak 2 objects 30 bytes", report(*sites))
        self.assert_fails("// EXPECT: live Lea 3 objects 30 bytes", report(*sites))

    def test_names_match_whole_functions_in_namespaces_and_templates(self):
        for name in ("Leak", "Leak()", "ns::Leak(int)", "(anonymous namespace)::Leak<int>()", "void Leak<int>()",
                     "Leak.part.0"):
            self.assertTrue(expectations.function_matches(name, "Leak"), name)
        for name in ("LeakMore", "NoLeak", None, "other(Leaky)"):
            self.assertFalse(expectations.function_matches(name, "Leak"), name)

    def test_live_nothing_looks_at_the_programs_own_file_only(self):
        self.assert_holds("// EXPECT: live nothing", report(site(["pool"], 1, 72704, module="/lib/libstdc++.so.6")))
        self.assert_fails("// EXPECT: live nothing", report(site(["f"], 1, 1)))

    def test_absent_allows_a_site_without_live_blocks(self):
        self.assert_holds("// EXPECT: absent Clean", report(site(["Clean"], 0, 0)))
        self.assert_fails("// EXPECT: absent Clean", report(site(["Clean"], 1, 5)))

    def test_verdicts(self):
        grown = report(site(["Grow"], 9, 9, "suspect"), site(["Cache"], 9, 9, "none", rank=2))
        self.assert_holds("// EXPECT: verdict leak|suspect Grow", grown)
        self.assert_fails("// EXPECT: verdict leak Grow", grown)
        self.assert_holds("// EXPECT: verdict none|watch Cache", grown)
        self.assert_fails("// EXPECT: verdict none|watch Grow", grown)
        self.assert_fails("// EXPECT: verdict leak|suspect Missing", grown)
        self.assert_holds("// EXPECT: first Grow", grown)
        self.assert_holds("// EXPECT: first Take|Grow", grown)
        self.assert_fails("// EXPECT: first Cache", grown)
        self.assert_fails("// EXPECT: no accusation", grown)

    def test_trends_are_those_of_the_growing_site_that_ranks_first(self):
        seen = report(site(["Grow"], 9, 9, "suspect", rank=2, trend="linear"),
                      site(["Grow"], 9, 9, "suspect", rank=1, trend="sawtooth"),
                      site(["Cache"], 9, 9, "none", rank=3, trend="bounded"))
        self.assert_holds("// EXPECT: trend sawtooth Grow", seen)
        self.assert_holds("// EXPECT: trend linear|sawtooth Grow", seen)
        self.assert_fails("// EXPECT: trend linear Grow", seen)
        self.assert_fails("// EXPECT: trend bounded Cache", seen)

    def test_accused_only_counts_every_other_site(self):
        grown = site(["Grow"], 9, 9, "suspect")
        self.assert_holds("// EXPECT: accused only Grow", report(grown, site(["Cache"], 9, 9, "watch", rank=2)))
        self.assert_fails("// EXPECT: accused only Grow", report(grown, site(["Cache"], 9, 9, "suspect", rank=2)))

    def test_grows_only_counts_every_other_site_whatever_it_is_called(self):
        grown = site(["Grow"], 9, 9, "watch", grows=True)
        self.assert_holds("// EXPECT: grows only Grow", report(grown, site(["Cache"], 9, 9, "watch", rank=2)))
        self.assert_fails("// EXPECT: grows only Grow", report(grown, site(["Cache"], 9, 9, "watch", rank=2, grows=True)))

    def test_onset_and_doubling_time_are_shares_of_the_run(self):
        late = report(site(["Grow"], 9, 9, "suspect", late_onset_seconds=60, doubling_seconds=None))
        late["process"]["duration_seconds"] = 100
        self.assert_holds("// EXPECT: onset 0.5 0.7 Grow", late)
        self.assert_fails("// EXPECT: onset 0.4 0.55 Grow", late)
        self.assert_fails("// EXPECT: doubling 0 1 Grow", late)
        late["sites"][0]["doubling_seconds"] = 10
        self.assert_holds("// EXPECT: doubling 0.05 0.2 Grow", late)

    def test_the_memory_account_is_asked_for_class_figures_and_words(self):
        account = {**report(), "memory": {"class": "retention", "because": "kept", "advice": ["use A", "use B"],
                                          "retained_bytes": 7}}
        for right in ("memory retention", "retained at least 7 bytes", "advice B", "because kept"):
            self.assert_holds("// EXPECT: " + right, account)
        for wrong in ("memory leak", "retained at least 8 bytes", "advice C", "because lost"):
            self.assert_fails("// EXPECT: " + wrong, account)
        untold = {**account, "memory": {**account["memory"], "retained_bytes": None}}
        self.assert_fails("// EXPECT: retained at least 0 bytes", untold)

    def test_the_parts_of_memory_and_who_starts_threads(self):
        grows, stands = {"mid": 2, "low": 1, "high": 3}, {"mid": 0, "low": -1, "high": 1}
        parts = [{"name": "live_heap", "bytes": 70, "growth_bytes_per_hour": grows},
                 {"name": "files", "bytes": 30, "growth_bytes_per_hour": stands}]
        account = {**report(site(["Start"], 9, 9, id=7)), "memory": {
            "parts": parts, "rss_bytes": 100, "untouched_bytes": 5, "threads": 9, "threads_growth_per_hour": grows,
            "thread_starter": {"site": 7, "threads": 9}}}
        for right in ("part live_heap grows", "part files at least 30 bytes", "untouched at least 5 bytes",
                      "threads grow", "threads grow by Start"):
            self.assert_holds(f"// EXPECT: {right}", account)
        for wrong in ("part files grows", "part shared grows", "part files at least 31 bytes",
                      "untouched at least 6 bytes", "threads grow by Other"):
            self.assert_fails(f"// EXPECT: {wrong}", account)
        for off in ({"rss_bytes": 110}, {"parts": [{**parts[0], "bytes": 105}, {**parts[1], "bytes": -5}]}):
            self.assert_fails("// EXPECT: untouched at least 5 bytes",
                              {**account, "memory": {**account["memory"], **off}})

    def test_steps(self):
        steps = {"count": 3, "bytes": 1000, "seconds_apart": 2.0}
        stepped = report(site(["Reload"], 9, 9, "suspect", steps=steps))
        self.assert_holds("// EXPECT: steps at least 3 of 1100 bytes Reload", stepped)
        for wrong in ("steps at least 4 of 1000 bytes Reload", "steps at least 3 of 2000 bytes Reload",
                      "steps at least 3 of 1000 bytes Other"):
            self.assert_fails(f"// EXPECT: {wrong}", stepped)

    def test_unplaced_growth_has_a_caller_or_none(self):
        account = report({**site(["MapAll"], 1, 9, "none"), "id": 5})
        account["memory"] = {"growth_bytes_per_hour": {"unplaced": {"mid": 9, "low": 8, "high": 10}}, "nearest_site": 5}
        self.assert_holds("// EXPECT: unplaced growth near MapAll", account)
        self.assert_fails("// EXPECT: unplaced growth", account)
        account["memory"]["nearest_site"] = None
        self.assert_holds("// EXPECT: unplaced growth", account)
        self.assert_fails("// EXPECT: unplaced growth near MapAll", account)
        account["memory"]["growth_bytes_per_hour"]["unplaced"] = None
        self.assert_fails("// EXPECT: unplaced growth", account)

    def test_growth_that_is_measured_has_a_rate_and_a_holder_or_none(self):
        seen = report({**site(["Arena"], 1, 9, "none"), "id": 5})
        seen["conclusion"] = "grows"
        growth = {"of": "resident", "bytes_per_hour": {"mid": 60 * 10 * 2**20}, "goes_on": True, "holder": {"site": 5}}
        seen["process"]["measured_growth"] = growth
        self.assert_holds("// EXPECT: conclusion grows|leak\n// EXPECT: measured resident 9 to 11 MiB/min\n"
                          "// EXPECT: holder Arena", seen)
        self.assert_fails("// EXPECT: conclusion leak", seen)
        self.assert_fails("// EXPECT: measured heap 9 to 11 MiB/min", seen)
        self.assert_fails("// EXPECT: measured resident 11 to 12 MiB/min", seen)
        self.assert_fails("// EXPECT: holder nobody", seen)
        growth["holder"], growth["goes_on"] = None, False
        self.assert_holds("// EXPECT: holder nobody", seen)
        self.assert_fails("// EXPECT: holder Arena", seen)
        self.assert_fails("// EXPECT: measured resident 9 to 11 MiB/min", seen)

    def test_lines_for_long_runs_are_kept_apart(self):
        (case,) = expectations.parse("// EXPECT: first Grow\n// EXPECT-LONG: verdict leak Grow")
        self.assertEqual((len(case.main), len(case.long)), (1, 1))

    def test_losses_fail_unless_allowed(self):
        self.assert_fails("// EXPECT: end exited", report(lost_frees=1))
        self.assert_holds("// EXPECT: losses allowed\n// EXPECT: end exited", report(lost_frees=1))

    def test_a_child_is_another_capture_than_the_main_one(self):
        text = "// EXPECT: live P 1 objects 1 bytes\n// EXPECT-CHILD: live C 1 objects 2 bytes"
        parent, child = report(site(["P"], 1, 1)), report(site(["C"], 1, 2))
        self.assert_holds(text, child, parent)
        self.assert_fails(text, parent)
        self.assert_fails(text, parent, parent)
        self.assert_fails("// EXPECT: live P 1 objects 1 bytes")

    def test_cases_share_the_lines_above_them(self):
        first, second = expectations.parse(
            "// RUN: --interval 1KiB\n// EXPECT: end exited\n// CASE: one\n// EXPECT: status 3\n"
            "// CASE: two x\n// EXPECT: status SIGKILL\n// EXPECT: absent Y")
        self.assertEqual((first.args, first.status, len(first.main)), (["one"], 3, 1))
        self.assertEqual((second.args, second.status, len(second.main)), (["two", "x"], 137, 2))
        self.assertEqual(second.run_options, ["--interval", "1KiB"])

    def test_a_line_that_is_not_understood_is_an_error(self):
        with self.assertRaises(expectations.BadExpectation):
            expectations.parse("// EXPECT: lives Leak 3 objects")

    def test_an_expectation_behind_other_words_is_an_error(self):
        with self.assertRaises(expectations.BadExpectation):
            expectations.parse("// Leaks. EXPECT: first Leak EXPECT: absent Cache")


if __name__ == "__main__":
    unittest.main()
