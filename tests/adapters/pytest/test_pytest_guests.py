"""The plugin as a guest: what it must not do to a project's own sessions."""

from __future__ import annotations

import json

import pytest

from tests.adapters.pytest.conftest import Project
from tests.adapters.pytest.test_pytest_verdicts import SERVER


@pytest.mark.parametrize(
    "ini",
    [
        "[pytest]\nxray_test_plan = ${NOT_SET}\n",
        "[pytest]\nxray_upload = ${CI:-no}\nxray_project = ${NOT_SET}\n",
    ],
)
def test_a_session_that_asks_for_nothing(project: Project, ini: str) -> None:
    """Variables that only CI sets may be missing on a developer's machine."""
    project.pytester.makeini(ini)
    project.pytester.makepyfile("def test_it(): pass")

    result = project.run()

    assert result.ret == 0


def test_a_misspelt_switch(project: Project) -> None:
    """It asks for something, and must not go unheard."""
    project.pytester.makeini("[pytest]\nxray_uplaod = yes\n")
    project.pytester.makepyfile("def test_it(): pass")

    result = project.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*did you mean xray_upload*"])


def test_an_option_of_somebody_else(project: Project) -> None:
    """Another plugin may have names that begin as ours do."""
    project.pytester.makeini("[pytest]\nxray_home = here\nxray_dry_run = yes\n")
    project.pytester.makeconftest(
        "def pytest_addoption(parser): parser.addini('xray_home', 'theirs')"
    )
    project.pytester.makepyfile("def test_it(): pass")

    result = project.run(**SERVER)

    assert result.ret == 0


@pytest.mark.fault("I08")
def test_sessions_within_a_session(project: Project) -> None:
    """Samples that tests run are no results of this project."""
    project.pytester.makepyfile(
        test_outer="""
        import pytest, subprocess, sys

        def test_outer():
            assert pytest.main(["sample.py", "-p", "no:cacheprovider"]) == 1
            command = [sys.executable, "-m", "pytest", "sample.py"]
            assert subprocess.run(command).returncode == 1
        """,
        sample="def test_inner(): assert 0",
    )

    project.run("test_outer.py", XRAY_DRY_RUN="yes", **SERVER)

    (line,) = project.journal
    assert line["name"] == "test_outer"


def test_a_test_that_forbids_files(project: Project) -> None:
    """A worker writes its note all the same, and nothing of the test changes."""
    project.pytester.makepyfile(
        """
        import builtins, io, pathlib, pytest

        @pytest.fixture(scope="module")
        def no_files():
            def refuse(*_, **__): raise PermissionError("no files here")
            with pytest.MonkeyPatch().context() as patch:
                for where, name in ((io, "open"), (builtins, "open")):
                    patch.setattr(where, name, refuse)
                patch.setattr(pathlib.Path, "write_text", refuse)
                yield

        @pytest.mark.xray("CALC-1")
        def test_one(no_files): pass

        @pytest.mark.xray("CALC-2")
        def test_two(no_files, xray): xray.attach(b"text", name="a.txt")
        """
    )

    result = project.run("--xray-dry-run", "-n", "1", **SERVER)

    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*ERROR*")
    assert [line["outcome"] for line in project.journal] == ["passed", "passed"]


def test_secrets_in_a_note(project: Project) -> None:
    """A worker that dies leaves none on the disk."""
    project.pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.xray("CALC-1")
        @pytest.mark.parametrize("token", [os.environ["XRAY_TOKEN"]], ids=["one"])
        def test_it(token, request):
            (note,) = request.config.rootpath.glob(".xray/runs/*/*.note")
            with open("copy", "w") as file:
                file.write(note.read_text())
        """
    )

    project.run("--xray-dry-run", "-n", "1", **SERVER)

    kept = json.loads((project.pytester.path / "copy").read_text())
    assert kept["line"]["parameters"] == [["token", "***"]]


def test_a_project_with_a_use_for_xrays_tags(project: Project) -> None:
    """Its own hook comes first, with the plugin installed and not asked for."""
    project.pytester.makeconftest(
        """
        import pytest

        def pytest_bdd_apply_tag(tag, function):
            if tag.startswith("BUG-"):
                pytest.mark.xfail(reason=tag)(function)
                return True
        """
    )
    project.pytester.makefile(
        ".feature", f="Feature: F\n @BUG-12\n Scenario: one\n  Given it breaks\n"
    )
    project.pytester.makepyfile(
        """
        from pytest_bdd import given, scenarios
        scenarios("f.feature")

        @given("it breaks")
        def _(): assert 0
        """
    )

    result = project.run()

    result.assert_outcomes(xfailed=1)


@pytest.mark.fault("E10")
def test_names_of_any_kind(project: Project, workers: tuple[str, ...]) -> None:
    """Each is a Test of its own, in the report that goes out as well."""
    project.pytester.makepyfile(
        r"""
        import pytest

        IDS = ["a::b", "a[b", "a]b", "a@b", "a/b.py", "x\ny", "é\u202e"]
        IDS += ["n" * 4096, " "]

        @pytest.mark.parametrize("value", range(len(IDS)), ids=IDS)
        def test_it(value):
            assert value != 1
        """
    )

    project.upload("--dist", "loadgroup", *workers)

    (execution,) = project.executions
    outcomes = [line["outcome"] for line in project.journal]
    assert len({line["name"] for line in project.journal}) == 9
    assert sorted(outcomes) == ["failed", *["passed"] * 8]
    assert len(execution.runs) == 9
