#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs modules of unit tests, one process a module, and writes what became of each test to a file as
it ends: OUTCOME NAME. What the tests print goes where it went, so that no thread of a test can spoil
a line. Tests that ask for the Internet or for much of the machine are skipped, as CPython's own
runner does unless told otherwise."""

import sys
import unittest

from test import support


class Result(unittest.TextTestResult):
    def record(self, outcome, test):
        print(outcome, " ".join(test.id().split()), file=RECORD, flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.record("passed", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.record("failed", test)

    def addError(self, test, err):
        super().addError(test, err)
        self.record("error", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.record("skipped", test)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.record("failed-as-expected", test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.record("passed-unexpectedly", test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.record("failed", subtest)


RECORD = open(sys.argv[1], "a", encoding="utf-8")
support.use_resources = []
support.verbose = 0
for module in sys.argv[2:]:
    tests = unittest.defaultTestLoader.loadTestsFromName(module)
    unittest.TextTestRunner(resultclass=Result, verbosity=2).run(tests)
