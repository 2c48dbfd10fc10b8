"""Wrong marks, datasets that cannot be used, and hostile values."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.datasets import (
    CSV,
    LOGIN_OF,
    put_dataset,
    write_cache,
)
from xray_sandbox import running


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project


WRONG = """
import pytest

@pytest.mark.xray("CALC-905", dataset=True)
def test_typo(user_nam, password):
    pass

@pytest.mark.xray("CALC-905", dataset=True)
def test_nothing(tmp_path):
    pass

@pytest.mark.xray("CALC-905", "CALC-6", dataset=True)
def test_two_keys(password):
    pass

@pytest.mark.xray("CALC-905", dataset=3)
def test_number(password):
    pass
"""


@pytest.mark.parametrize("given", [("--xray-upload", "--xray-sandbox"), ()])
def test_wrong_arguments_are_refused_before_the_first_test(
    project: Project, workers: tuple[str, ...], given: tuple[str, ...]
) -> None:
    """One line for each function; a session that is not recorded lets them fail."""
    put_dataset(project, CSV)
    write_cache(project, [["ann", "secret"]])
    project.pytester.makepyfile(test_wrong=WRONG)

    done = project.run(*workers, *given)

    assert done.ret == (1 if workers and not given else 4)
    text = done.stdout.str() + done.stderr.str()
    for line in (
        "test_wrong.py:3: no column of a dataset for user_nam of test_typo: the d",
        "ataset of CALC-905 has user_name, password; did you mean user_name?",
        "test_wrong.py:7: test_nothing has no argument with the name of a column",
        "test_wrong.py:11: @pytest.mark.xray: dataset=True, but the test has the k",
        "eys CALC-905, CALC-6; name the Test: dataset='CALC-5'",
        "test_wrong.py:15: @pytest.mark.xray: dataset=3 is neither True nor False",
    ):
        assert line in text


BAD = """
import pytest

@pytest.mark.xray("CALC-{number}", dataset=True)
def test_it(name):
    pass

def test_other():
    pass
"""


@pytest.mark.parametrize("product", ["server", "cloud"])
@pytest.mark.parametrize(
    ("number", "content", "line"),
    [
        (999, "", "CALC-999 has no dataset: *; correct the key"),
        (2, "", "CALC-2 has no dataset in Xray; add one to the Test, or remove *"),
        (905, "Name\n", "the dataset of CALC-905 has no rows; add rows to it in Xray"),
        (
            905,
            "User name,user-name\na,b\n",
            "*'User name' and 'user-name' of the dataset of CALC-905 are both *",
        ),
    ],
)
def test_a_dataset_that_cannot_be_used_fails_one_test(
    project: Project, product: str, number: int, content: str, line: str
) -> None:
    """Its message says what to do; other tests run."""
    if content:
        put_dataset(project, content, key=f"CALC-{number}")
    project.pytester.makepyfile(test_bad=BAD.replace("{number}", str(number)))
    with running(project.pytester.path / ".xray" / "sandbox") as sandbox:
        done = project.run(
            *("--xray-upload", "--xray-project=CALC", f"--xray-url={sandbox.url}"),
            f"--xray-deployment={product}",
            **LOGIN_OF[product],
        )

    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines([f"*{line}"])


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "\x1b[31mred\x07",
    "::test_other[a]",
    "##vso[task.complete]\n::error::x",
    "<script>&amp;]]>",
    "\u202e\u0130\U0001f600",
    "y" * 100_000,
    "",
    " ",
    "../../etc/passwd",
]


@pytest.mark.parametrize("form", ["xray", "junit"])
def test_hostile_values_arrive_as_text(
    project: Project, workers: tuple[str, ...], form: str
) -> None:
    """Each is one test with a short name, and the value that it gets is whole."""
    table = io.StringIO(newline="")
    csv.writer(table).writerows([["Text", "Size"], *((e, len(e)) for e in HOSTILE)])
    put_dataset(project, table.getvalue())
    project.pytester.makepyfile(
        test_texts="""
        import pytest

        @pytest.mark.xray("CALC-905", dataset=True)
        def test_text(text, size):
            assert len(text) == int(size)
        """
    )

    done = project.upload(*workers, "-v", f"--xray-format={form}")

    done.assert_outcomes(passed=len(HOSTILE))
    assert project.statuses == {"CALC-905": "PASS"}
    names = [line for line in done.outlines if "test_texts.py::test_text[" in line]
    assert max(map(len, names)) < 200
    done.stdout.no_fnmatch_line("*without a result*")
    done.stdout.no_fnmatch_line("*internal error*")


def test_a_test_case_of_unittest_cannot_have_rows(
    project: Project, workers: tuple[str, ...]
) -> None:
    """pytest would run it once, without rows, and it would be green."""
    project.pytester.makepyfile(
        test_case="""
        import unittest
        import pytest

        @pytest.mark.xray("CALC-905", dataset=True)
        class TestIt(unittest.TestCase):
            def test_it(self): pass
        """
    )

    done = project.upload(*workers)

    assert done.ret == 4
    text = done.stdout.str() + done.stderr.str()
    assert "dataset= has no effect in a unittest.TestCase; use xray_bridge.d" in text
