"""``xray-bridge keys`` and ``check`` about the datasets of tests."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.datasets import (
    CSV,
    LOGIN,
    put_dataset,
    write_cache,
)


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project


@pytest.fixture
def login(project: Project) -> Project:
    """A test with a dataset, and another test in its file."""
    project.pytester.makepyfile(test_login=LOGIN)
    return project


def keys_of(project: Project, *arguments: str) -> tuple[int, list[str]]:
    """Run ``xray-bridge keys`` in the project; its exit code and lines."""
    command = (sys.executable, "-m", "xray_bridge", "keys", "--sandbox", *arguments)
    done = project.pytester.run(*command)
    return int(done.ret), done.outlines


def test_keys_names_missing_and_extra_rows(login: Project) -> None:
    """The rows that were fetched last are compared with those in Xray."""
    put_dataset(login, CSV)
    write_cache(login, [["ann", "secret"], ["eve", "gone"]])

    code, lines = keys_of(login)

    assert code == 85
    assert "Rows of datasets: 2" in lines
    missing = "  CALC-905: 1 of 2 rows of its dataset missing here: bob-wrong"
    assert missing in lines
    extra = "here, but not in its dataset: User name=eve, Password=gone"
    assert f"  CALC-905: 1 row {extra}" in lines


def test_keys_says_which_rows_were_never_fetched(login: Project) -> None:
    """Without rows here there is nothing to compare, and nothing wrong."""
    put_dataset(login, CSV)

    code, lines = keys_of(login)

    assert code == 0
    assert any("its rows were never fetched here" in line for line in lines)


def test_keys_compares_rows_in_code_if_asked(project: Project) -> None:
    """Rows that a person has written are compared with ``--datasets`` only."""
    put_dataset(project, CSV)
    project.pytester.makepyfile(
        test_rows="""
        import pytest

        @pytest.mark.xray("CALC-905")
        @pytest.mark.parametrize("Password", ["secret", "other"])
        def test_rows(Password):
            pass
        """
    )

    quiet, _ = keys_of(project)
    code, lines = keys_of(project, "--datasets")

    assert (quiet, code) == (0, 85)
    assert any("missing here: bob-wrong" in line for line in lines)
    assert any("not in its dataset: Password=other" in line for line in lines)


def test_keys_compares_a_run_with_the_dataset_as_it_is_now(login: Project) -> None:
    """A row that was added since the run is missing in it."""
    put_dataset(login, CSV)
    login.upload()
    put_dataset(login, f"{CSV}eve,new\n")

    code, lines = keys_of(login, login.runs[0].name)

    assert code == 85
    assert any("1 of 3 rows of its dataset missing here: eve-new" in e for e in lines)


def test_check_names_the_datasets_of_the_code(login: Project) -> None:
    """A person sees what a session will fetch."""
    command = (sys.executable, "-m", "xray_bridge", "check", "--sandbox")

    done = login.pytester.run(*command, "--project=CALC")

    done.stdout.fnmatch_lines(["ok *datasets *a session fetches the rows of CALC-905"])


def test_parts_of_a_run_name_no_missing_rows(login: Project) -> None:
    """The whole is compared by ``xray-bridge keys``."""
    put_dataset(login, CSV)

    for words in ("ann", "not ann"):
        done = login.run("--xray-collect", "--xray-sandbox", "-k", words)
        done.stdout.no_fnmatch_line("*without a result*")
    _, first = keys_of(login, login.runs[0].name)
    code, _ = keys_of(login, *(each.name for each in login.runs))

    assert any("missing here: bob-wrong" in line for line in first)
    assert code == 0
