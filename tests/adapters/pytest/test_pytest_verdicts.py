"""The result of each situation of pytest, in real sessions."""

from __future__ import annotations

import sys
import time

import pytest

from tests.adapters.pytest.conftest import RERUNS, Project


SITUATIONS = {
    "passes": ("def test_it(): pass", "passed"),
    "fails": ("def test_it(): assert 0", "failed"),
    "raises": ("def test_it(): raise OSError", "failed"),
    "skips in the test": ("def test_it(): pytest.skip('r')", "skipped"),
    "is marked to skip": ("@pytest.mark.skip('r')\ndef test_it(): pass", "skipped"),
    "fails in setup": (
        "@pytest.fixture\ndef f(): assert 0\ndef test_it(f): pass",
        "failed",
    ),
    "fails in teardown": (
        "@pytest.fixture\ndef f():\n  yield\n  assert 0\ndef test_it(f): pass",
        "failed",
    ),
    "skips in a fixture": (
        "@pytest.fixture\ndef f(): pytest.skip('r')\ndef test_it(f): pass",
        "skipped",
    ),
    "fails as expected": (
        "@pytest.mark.xfail(reason='r')\ndef test_it(): assert 0",
        "xfailed",
    ),
    "passes against expectation": (
        "@pytest.mark.xfail(reason='r')\ndef test_it(): pass",
        "xpassed",
    ),
    "passes against a strict expectation": (
        "@pytest.mark.xfail(strict=True)\ndef test_it(): pass",
        "failed",
    ),
    "is expected to fail and not run": (
        "@pytest.mark.xfail(run=False)\ndef test_it(): assert 0",
        "skipped",
    ),
    "is a unittest that is expected to fail": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  @unittest.expectedFailure\n  def test_it(self): assert 0"
        ),
        "xfailed",
    ),
    "is a unittest that succeeds unexpectedly": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  @unittest.expectedFailure\n  def test_it(self): pass"
        ),
        "failed",
    ),
    "is a unittest that is skipped": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  @unittest.skip('r')\n  def test_it(self): pass"
        ),
        "skipped",
    ),
    "has a failing subtest": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  def test_it(self):\n    with self.subTest(): assert 0"
        ),
        "failed",
    ),
    "is skipped by a condition": (
        "@pytest.mark.skipif(True, reason='r')\ndef test_it(): pass",
        "skipped",
    ),
    "raises the skip of unittest": (
        "import unittest\ndef test_it(): raise unittest.SkipTest('r')",
        "skipped",
    ),
    "wants a module that is not there": (
        "def test_it(): pytest.importorskip('no_such_module')",
        "skipped",
    ),
    "has no parameters": (
        "@pytest.mark.parametrize('x', [])\ndef test_it(x): pass",
        "skipped",
    ),
    "expects a failure on the way": (
        "def test_it(): pytest.xfail('r')",
        "xfailed",
    ),
    "expects a failure in a fixture": (
        (
            "@pytest.fixture\ndef f(): pytest.xfail('r')\n"
            "def test_it(f): raise AssertionError"
        ),
        "skipped",
    ),
    "fails in another way than expected": (
        "@pytest.mark.xfail(raises=OSError)\ndef test_it(): assert 0",
        "failed",
    ),
    "fails as expected, and in teardown": (
        (
            "@pytest.fixture\ndef f():\n  yield\n  raise OSError\n"
            "@pytest.mark.xfail(raises=AssertionError)\ndef test_it(f): assert 0"
        ),
        "failed",
    ),
    "fails without a traceback": (
        "def test_it(): pytest.fail('r', pytrace=False)",
        "failed",
    ),
    "leaves the interpreter": ("def test_it(): raise SystemExit(0)", "failed"),
    "raises an odd exception": (
        "class Odd(BaseException): pass\ndef test_it(): raise Odd",
        "failed",
    ),
    "recurses for ever": ("def test_it(): test_it()", "failed"),
    "skips, and fails in teardown": (
        (
            "@pytest.fixture\ndef f():\n  yield\n  assert 0\n"
            "def test_it(f): pytest.skip('r')"
        ),
        "failed",
    ),
    "skips in teardown": (
        (
            "@pytest.fixture\ndef f():\n  yield\n  pytest.skip('r')\n"
            "def test_it(f): pass"
        ),
        "skipped",
    ),
    "is a unittest whose class cannot be set up": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  @classmethod\n  def setUpClass(cls): assert 0\n"
            "  def test_it(self): pass"
        ),
        "failed",
    ),
    "is a unittest whose class cannot be torn down": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  @classmethod\n  def tearDownClass(cls): assert 0\n"
            "  def test_it(self): pass"
        ),
        "failed",
    ),
    "is a unittest whose clean-up fails": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  def test_it(self): self.addCleanup(lambda: 1 / 0)"
        ),
        "failed",
    ),
    "is a unittest that skips in setUp": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  def setUp(self): self.skipTest('r')\n"
            "  def test_it(self): assert 0"
        ),
        "skipped",
    ),
    "is a unittest of a class that is skipped": (
        (
            "import unittest\n@unittest.skip('r')\nclass TestIt(unittest.TestCase):\n"
            "  def test_it(self): assert 0"
        ),
        "skipped",
    ),
    "is a unittest that is a coroutine and fails": (
        (
            "import unittest\nclass TestIt(unittest.IsolatedAsyncioTestCase):\n"
            "  async def test_it(self): assert 0"
        ),
        "failed",
    ),
    "is a unittest that is a coroutine": (
        (
            "import unittest\nclass TestIt(unittest.IsolatedAsyncioTestCase):\n"
            "  async def test_it(self): pass"
        ),
        "passed",
    ),
    "is a unittest with subtests that pass": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  def test_it(self):\n    for n in range(2):\n"
            "      with self.subTest(n=n): pass"
        ),
        "passed",
    ),
    "has a skipped subtest": (
        (
            "import unittest\nclass TestIt(unittest.TestCase):\n"
            "  def test_it(self):\n    with self.subTest(): self.skipTest('r')"
        ),
        "skipped",
    ),
}


DISTRIBUTED = ("load", "loadgroup", "loadfile", "worksteal")


def found_in_one_session(project: Project, *workers: str) -> dict[str, list[str]]:
    """The outcomes of all situations by number, each with its own module."""
    for number, (source, _) in enumerate(SITUATIONS.values()):
        project.pytester.makepyfile(**{f"test_{number}": f"import pytest\n{source}\n"})
    project.pytester.makeini("[pytest]\nxfail_strict = false")
    project.run("--xray-dry-run", *workers, **SERVER)
    found: dict[str, list[str]] = {}
    for line in project.journal:
        module = line["classname"].partition(".")[0]
        found.setdefault(module, []).append(line["outcome"])
    return found


def expected(copies: int) -> dict[str, list[str]]:
    """The outcomes of the table, as often as expected."""
    return {
        f"test_{number}": [outcome] * copies
        for number, (_, outcome) in enumerate(SITUATIONS.values())
    }


@pytest.mark.fault("E17", "E18", "E20", "E22")
def test_each_situation_becomes_what_it_was(project: Project) -> None:
    """All situations in one session."""
    found = found_in_one_session(project)

    assert found == expected(1)


@pytest.mark.parametrize("dist", DISTRIBUTED)
@pytest.mark.fault("D17")
def test_each_situation_becomes_what_it_was_in_workers(
    project: Project, dist: str
) -> None:
    """However xdist distributes them."""
    found = found_in_one_session(project, "-n", "2", "--dist", dist)

    assert found == expected(1)


def test_each_situation_becomes_what_it_was_in_each_worker(project: Project) -> None:
    """Where each worker runs all tests, each has two results."""
    found = found_in_one_session(project, "-n", "2", "--dist", "each")

    assert found == expected(2)


SERVER = {
    "XRAY_URL": "http://127.0.0.1:9",
    "XRAY_TOKEN": "a-token",
    "XRAY_PROJECT": "CALC",
}


def test_texts_of_setup_call_and_teardown_are_joined(project: Project) -> None:
    """A test that fails twice says both."""
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def resource():
            yield
            raise RuntimeError("no way back")

        def test_it(resource):
            raise ValueError("no way in")
        """
    )

    project.run("--xray-dry-run", **SERVER)

    (line,) = project.journal
    assert "no way in" in line["message"]
    assert "teardown: " in line["message"]
    assert "no way back" in line["message"]


def test_a_skip_tells_its_reason_without_its_path(project: Project) -> None:
    """The path in pytest's skips is not sent to Jira."""
    project.pytester.makepyfile(
        """
        import pytest

        def test_it():
            pytest.skip("not on this machine")
        """
    )

    project.run("--xray-dry-run", **SERVER)

    (line,) = project.journal
    assert line["message"] == "not on this machine"


@pytest.mark.parametrize(
    ("attempts", "outcome"), [(2, "flaky"), (9, "failed")], ids=["at last", "never"]
)
@pytest.mark.fault("E21")
def test_the_last_attempt_of_a_rerun_counts(
    project: Project, workers: tuple[str, ...], attempts: int, outcome: str
) -> None:
    """Earlier attempts are in the message and do not count."""
    project.pytester.makepyfile(
        f"""
        from pathlib import Path

        def test_it():
            log = Path({str(project.pytester.path / "log")!r})
            with log.open("a") as file:
                file.write(".")
            assert len(log.read_text()) >= {attempts}
        """
    )

    project.run("--xray-dry-run", *RERUNS, "2", *workers, **SERVER)

    (line,) = project.journal
    assert line["outcome"] == outcome
    assert "Attempt 1 failed: AssertionError" in line["message"]


@pytest.mark.fault("G13")
def test_a_crashed_worker_fails_its_test(project: Project) -> None:
    """With its key; the tests of the other worker are kept."""
    project.pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.xray("CALC-1")
        def test_crashes():
            os._exit(3)

        @pytest.mark.xray("CALC-2")
        @pytest.mark.parametrize("n", range(6))
        def test_other(n): pass
        """
    )

    result = project.upload("-n", "2")

    assert result.ret == 1
    assert project.statuses == {"CALC-1": "FAIL", "CALC-2": "PASS"}


@pytest.mark.fault("E23")
def test_a_file_that_cannot_be_collected_marks_the_run_incomplete(
    project: Project, workers: tuple[str, ...]
) -> None:
    """The other files are uploaded, and the output names the missing one."""
    project.pytester.makepyfile(test_good="def test_it(): pass", test_bad="import nope")

    result = project.upload("--continue-on-collection-errors", *workers)

    assert len(project.journal) == 1
    result.stdout.fnmatch_lines(["Incomplete: test_bad.py could not be collected"])
    (execution,) = project.executions
    assert "test_bad.py" in execution.description


@pytest.mark.fault("G01")
def test_an_interrupted_session_is_kept_and_not_uploaded(project: Project) -> None:
    """Ctrl-C: finished tests are on disk, the interrupted one is no failure."""
    project.pytester.makepyfile(
        """
        def test_first(): pass
        def test_second(): raise KeyboardInterrupt
        """
    )

    result = project.upload()

    assert result.ret == 2
    assert [line["name"] for line in project.journal] == ["test_first"]
    result.stdout.fnmatch_lines(["Interrupted, so nothing was uploaded.*"])


def test_a_killed_session_leaves_its_finished_tests(project: Project) -> None:
    """``xray-bridge resend`` sends what was finished, and what was under way."""
    project.pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.xray("CALC-1")
        def test_first(): pass

        @pytest.mark.xray("CALC-2")
        def test_second(): os._exit(0)
        """
    )
    project.upload()

    project.pytester.run(sys.executable, "-m", "xray_bridge", "resend", "--sandbox")

    assert project.statuses == {"CALC-1": "PASS", "CALC-2": "TODO"}


def test_a_failed_subtest_is_never_lost_by_a_rerun(project: Project) -> None:
    """rerunfailures reports an attempt late, but its subtests at once."""
    project.pytester.makepyfile(
        """
        import unittest

        class TestIt(unittest.TestCase):
            def test_it(self):
                for number in range(3):
                    with self.subTest(number=number):
                        assert number != 1
        """
    )

    project.run("--xray-dry-run", *RERUNS, "1", **SERVER)

    (line,) = project.journal
    assert line["outcome"] == "failed"


@pytest.mark.fault("G13")
def test_a_crash_in_the_setup_keeps_the_key(project: Project) -> None:
    """The setup's report, which would have the key, never comes."""
    project.pytester.makepyfile(
        """
        import os, pytest

        @pytest.fixture
        def boom(): os._exit(1)

        @pytest.mark.xray("CALC-1")
        def test_passes(): pass

        @pytest.mark.xray("CALC-1")
        def test_crashes(boom): pass
        """
    )

    project.upload("-n", "2", "--xray-only-keyed")

    assert project.statuses == {"CALC-1": "FAIL"}


def test_the_closest_key_wins(project: Project, workers: tuple[str, ...]) -> None:
    """A row's over its function's, a subclass's over its base's."""
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.xray("CALC-1")
        @pytest.mark.parametrize(
            "x", [1, pytest.param(2, marks=pytest.mark.xray("CALC-2"))]
        )
        def test_rows(x): pass

        @pytest.mark.xray("CALC-3", labels=["base"])
        class Base: pass

        @pytest.mark.xray("CALC-4")
        class TestSub(Base):
            def test_inherits(self): pass

            @pytest.mark.xray("CALC-5")
            def test_has_its_own(self): pass
        """
    )

    project.run("--xray-dry-run", *workers, **SERVER)

    found = {line["name"]: line["test_keys"] for line in project.journal}
    assert found == {
        "test_rows[1]": ["CALC-1"],
        "test_rows[2]": ["CALC-2"],
        "test_inherits": ["CALC-4"],
        "test_has_its_own": ["CALC-5"],
    }


def test_tests_without_a_result_are_counted(
    project: Project, workers: tuple[str, ...]
) -> None:
    """A session that stopped early says so, here and in Jira."""
    # Long enough for xdist to hear of the failure before the last of them began.
    others = "".join(f"def test_{n}(): time.sleep(0.05)\n" for n in range(2, 30))
    project.pytester.makepyfile(f"import time\ndef test_1(): assert 0\n{others}")

    result = project.upload("-x", *workers)

    result.stdout.fnmatch_lines(["Incomplete: * of 29 collected tests have no result"])
    (execution,) = project.executions
    assert "have no result" in execution.description


def test_files_of_the_user_are_not_written_into(project: Project) -> None:
    """A test that closes our file hands its number to the next one opened."""
    project.pytester.makepyfile(
        """
        import os

        def test_closes():
            for number in range(3, 50):
                try:
                    path = os.readlink(f"/proc/self/fd/{number}")
                except OSError:
                    continue
                if path.endswith(("journal.jsonl", "lock")):
                    os.close(number)

        kept = []

        def test_opens(tmp_path):
            for name in "abcdef":
                kept.append((tmp_path / name).open("w"))

        def test_after(): pass

        def test_nothing_was_written():
            for file in kept:
                file.flush()
                assert os.path.getsize(file.name) == 0
                file.close()
        """
    )

    project.upload("-W", "ignore")

    assert [line["outcome"] for line in project.journal] == ["passed"] * 4


def test_a_parameter_that_skips_in_its_repr(project: Project) -> None:
    """pytest's outcomes in our hooks do not end the session."""
    project.pytester.makepyfile(
        """
        import pytest

        class Odd:
            def __repr__(self): pytest.skip("odd")

        @pytest.mark.parametrize("odd", [Odd()])
        def test_it(odd): pass
        """
    )

    result = project.run("--xray-dry-run", **SERVER)

    result.assert_outcomes(passed=1)
    assert len(project.journal) == 1


def test_times_of_results_are_true_while_tests_freeze_time(
    project: Project, workers: tuple[str, ...]
) -> None:
    """A clock that a fixture of the session patches everywhere, as freezegun does."""
    project.pytester.makeconftest(
        """
        import pytest, time
        from _pytest import timing

        @pytest.fixture(scope="session", autouse=True)
        def frozen():
            timing.time = time.time = lambda: 86400.0
        """
    )
    project.pytester.makepyfile("import time\ndef test_it(): time.sleep(0.2)")
    before = time.time()

    project.upload(*workers)

    (line,) = project.journal
    assert before - 1 < line["started"] < time.time() + 1
    assert 0.2 <= line["duration"] < 60
