#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of check_pitfalls.py on made-up tables: a gate that cannot fail is useless."""
import unittest

import check_pitfalls

TESTS = {"e2e.one": {"e2e", "pitfall-P1"}}


def table(**changed):
    """A full table. All rows give a reason, except those that are changed."""
    rows = {f"{letter}{i}": "*cannot apply*: there is nothing of the kind here" for letter, count
            in check_pitfalls.COUNTS.items() for i in range(1, count + 1)}
    rows.update(changed)
    return "\n".join(f"| {i} | words | {proof} | |" for i, proof in rows.items() if proof is not None)


class PitfallGate(unittest.TestCase):
    def complain(self, **changed):
        return check_pitfalls.complaints(table(**changed), TESTS)

    def test_a_row_with_a_test_that_carries_its_label_passes(self):
        self.assertEqual(self.complain(P1="`e2e.one`"), [])

    def test_a_missing_row_is_named(self):
        self.assertEqual(self.complain(B7=None), ["B7 has no row"])

    def test_a_test_that_does_not_exist_is_named(self):
        self.assertEqual(self.complain(P1="`e2e.two`"), ["P1 names a test that does not exist: e2e.two"])

    def test_a_test_under_another_label_is_not_enough(self):
        self.assertEqual(self.complain(P2="`e2e.one`"), ["P2 ctest -L does not run its test e2e.one"])

    def test_words_are_neither_a_test_nor_a_reason(self):
        self.assertEqual(self.complain(P1="surely fine"), ["P1 names no test and gives no reason"])

    def test_a_row_that_nobody_knows_is_named(self):
        self.assertEqual(len(self.complain(Q1="`e2e.one`")), 2)


if __name__ == "__main__":
    unittest.main()
