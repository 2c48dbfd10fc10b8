"""Small suites for tools of Python: each way to fail that the tool has."""

from __future__ import annotations


PYTEST = {
    "test_calc.py": """\
import pytest


@pytest.fixture
def database():
    raise RuntimeError("no database")


@pytest.fixture
def leak():
    yield
    raise RuntimeError("cannot close")


def test_adds():
    assert 1 + 1 == 2


def test_subtracts():
    assert 2 - 1 == 2


def test_divides():
    1 / 0


def test_needs_a_database(database):
    pass


def test_leaks(leak):
    pass


@pytest.mark.skip(reason="no server")
def test_skipped():
    pass


@pytest.mark.xfail(reason="open")
def test_expected_to_fail():
    assert 1 == 2


@pytest.mark.xfail(reason="closed", strict=True)
def test_passes_unexpectedly():
    pass
""",
    "test_broken.py": "import no_such_module\n",
}
FLAKY = {
    "test_calc.py": """\
TRIES = []


def test_adds():
    assert 1 + 1 == 2


def test_is_flaky():
    TRIES.append(1)
    assert len(TRIES) == 2


def test_subtracts():
    assert 2 - 1 == 2
""",
}
SUBTESTS = {
    "test_calc.py": """\
def test_adds():
    assert 1 + 1 == 2


def test_rows(subtests):
    for row in range(3):
        with subtests.test(row=row):
            assert row != 1
""",
}
BDD = {
    "calc.feature": """\
Feature: Calc

  @CALC-1
  Scenario: Adds
    Given a number

  @CALC-2
  Scenario: Subtracts
    Given a wrong number

  @CALC-3
  Scenario: Is not defined
    Given nothing of the kind
    Then it is red
""",
    "test_calc.py": """\
from pytest_bdd import given, scenarios


scenarios("calc.feature")


@given("a number")
def number():
    pass


@given("a wrong number")
def wrong():
    assert 1 == 2
""",
}
UNITTEST = {
    "test_calc.py": """\
import unittest


class Calc(unittest.TestCase):
    def test_adds(self):
        self.assertEqual(1 + 1, 2)

    def test_subtracts(self):
        self.assertEqual(2 - 1, 2)

    def test_divides(self):
        1 / 0

    @unittest.skip("no server")
    def test_skipped(self):
        pass

    @unittest.expectedFailure
    def test_expected_to_fail(self):
        self.fail("open")

    @unittest.expectedFailure
    def test_passes_unexpectedly(self):
        pass


class Database(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no database")

    def test_reads(self):
        pass
""",
    "test_broken.py": "import no_such_module\n",
}
# green and stestr run nothing at all beside a file that cannot be imported.
LOADABLE = {"test_calc.py": UNITTEST["test_calc.py"]}
STESTR = {**LOADABLE, ".stestr.conf": "[DEFAULT]\ntest_path=.\n"}
ROBOT = {
    "suites/calc.robot": """\
*** Test Cases ***
Adds
    Should Be Equal    ${2}    ${2}

Subtracts
    Should Be Equal    ${1}    ${2}

Skips Itself
    Skip    no server

Has No Such Keyword
    No Such Keyword
""",
    "suites/teardown.robot": """\
*** Settings ***
Suite Teardown    Fail    cannot clean

*** Test Cases ***
Is Served
    No Operation

Fails Too
    Fail    red
""",
    "suites/setup.robot": """\
*** Settings ***
Suite Setup    Fail    no database

*** Test Cases ***
Reads
    No Operation

Writes
    No Operation
""",
}
BEHAVE = {
    "features/calc.feature": """\
Feature: Calc

  @CALC-1
  Scenario: Adds
    Given a number

  @CALC-2
  Scenario: Subtracts
    Given a wrong number

  @CALC-3
  Scenario: Divides
    Given an error

  @CALC-4
  Scenario: Is not defined
    Given nothing of the kind

  @CALC-5 @skip
  Scenario: Skipped
    Given a number

  @CALC-6 @broken_hook
  Scenario: Has a broken hook
    Given a number

  @CALC-7 @broken_cleanup
  Scenario: Has a broken cleanup
    Given a number
""",
    "features/steps/steps.py": """\
from behave import given


@given("a number")
def number(context):
    pass


@given("a wrong number")
def wrong(context):
    assert 1 == 2


@given("an error")
def error(context):
    1 / 0
""",
    "features/environment.py": """\
def before_scenario(context, scenario):
    if "skip" in scenario.tags:
        scenario.skip("no server")
    if "broken_hook" in scenario.tags:
        raise RuntimeError("no database")


def after_scenario(context, scenario):
    if "broken_cleanup" in scenario.tags:
        raise RuntimeError("cannot clean")
""",
}
AVOCADO = {
    "calc.py": """\
from avocado import Test, skip


class Calc(Test):
    def test_adds(self):
        self.assertEqual(1 + 1, 2)

    def test_subtracts(self):
        self.assertEqual(2 - 1, 2)

    def test_divides(self):
        1 / 0

    @skip("no server")
    def test_skipped(self):
        pass

    def test_cancelled(self):
        self.cancel("no time")

    def test_warns(self):
        self.log.warning("hot")


class Database(Test):
    def setUp(self):
        raise RuntimeError("no database")

    def test_reads(self):
        pass
""",
}
LIT = {
    "lit.cfg": """\
import lit.formats
config.name = "calc"
config.suffixes = [".txt"]
config.test_format = lit.formats.ShTest()
""",
    "adds.txt": "RUN: true\n",
    "subtracts.txt": "RUN: false\n",
    "expected.txt": "XFAIL: *\nRUN: false\n",
    "unexpected.txt": "XFAIL: *\nRUN: true\n",
    "unsupported.txt": "REQUIRES: server\nRUN: true\n",
    "unresolved.txt": "nothing to run\n",
}
