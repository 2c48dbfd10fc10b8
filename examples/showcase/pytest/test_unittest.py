"""Classes of unittest, run by pytest, with marks."""

from __future__ import annotations

import unittest

import calculator
import pytest


class TestCalculator(unittest.TestCase):
    """One test for each way in which only tests of unittest can end."""

    @pytest.mark.xray("CALC-261")
    def test_passes(self):
        """A test of unittest passes."""
        self.assertEqual(calculator.add(2, 3), 5)

    @pytest.mark.xray("CALC-262")
    def test_fails(self):
        """A test of unittest fails."""
        self.assertEqual(calculator.subtract(5, 3), 2)

    @pytest.mark.xray("CALC-263")
    @unittest.skip("the display has no room for them yet")
    def test_skip(self):
        """A decorator of unittest skips a test."""

    @pytest.mark.xray("CALC-264")
    def test_skip_within(self):
        """A test of unittest skips itself."""
        self.skipTest("there is nothing to do")

    @pytest.mark.xray("CALC-265")
    @unittest.expectedFailure
    def test_expected_failure(self):
        """A test of unittest fails as expected."""
        self.assertEqual(calculator.subtract(5, 3), 2)

    @pytest.mark.xray("CALC-266")
    @unittest.expectedFailure
    def test_unexpected_success(self):
        """A test of unittest passes, although a failure was expected."""
        self.assertEqual(calculator.add(2, 3), 5)

    @pytest.mark.xray("CALC-267")
    def test_subtests(self):
        """One subtest of unittest fails."""
        for number in range(3):
            with self.subTest(number=number):
                self.assertEqual(calculator.divide(number, number), 1)

    @pytest.mark.xray("CALC-268")
    def test_cleanup_fails(self):
        """A test of unittest passes, and its cleanup fails."""
        self.addCleanup(calculator.divide, 1, 0)


class TestWithoutBattery(unittest.TestCase):
    """A class whose tests never start."""

    @classmethod
    def setUpClass(cls):
        """Fail before the tests of the class."""
        raise OSError("no battery")

    @pytest.mark.xray("CALC-269")
    def test_add(self):
        """A class of unittest cannot be set up."""
        self.assertEqual(calculator.add(2, 3), 5)
