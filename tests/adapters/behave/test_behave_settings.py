"""Where settings of a run of behave come from, and what is refused at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

FEATURE = "Feature: F\n Scenario: works\n  Given it works"
INI = "[behave.userdata]\nxray_project = INI\nxray_summary = from behave.ini\n"


@pytest.fixture
def one(project: Project) -> Project:
    """A project with one scenario and a setting at each door."""
    project.write(
        {
            "features/a.feature": FEATURE,
            "behave.ini": INI,
            "xray-bridge.toml": 'project = "TOML"\nsummary = "toml"\nlabels = ["toml"]',
        }
    )
    return project


def _recorded(project: Project) -> dict[str, str]:
    settings = project.directory.info.settings
    names = ("project", "summary", "labels")
    return {name: settings[name] for name in names if name in settings}


def test_names_of_behave_xray(project: Project) -> None:
    """They are read; ``xray.user`` is refused with a reason."""
    project.write({"features/a.feature": FEATURE})
    project.report("-D", "xray.summary=Nightly")
    refused = project.run("-D", "xray.user=me")

    assert project.directory.info.settings["summary"] == "Nightly"
    assert refused.code == 2
    assert "xray.user has no counterpart" in refused.err


def test_userdata_wins_over_the_shared_file(one: Project) -> None:
    """behave.ini is nearer than xray-bridge.toml."""
    one.report()

    expected = {"project": "INI", "summary": "from behave.ini", "labels": "toml"}
    assert _recorded(one) == expected


def test_environment_wins_over_userdata(one: Project) -> None:
    """A CI job overrides a file."""
    one.environ["XRAY_PROJECT"] = "ENV"
    one.report()

    assert _recorded(one)["project"] == "ENV"


def test_command_line_wins_over_all(one: Project) -> None:
    """``-D`` is the last word, although behave mixes it with its file."""
    one.environ["XRAY_PROJECT"] = "ENV"
    one.report("-D", "xray_project=CLI")

    assert _recorded(one)["project"] == "CLI"


def test_revision_is_guessed_from_ci(one: Project) -> None:
    """The revision comes from CI without a setting."""
    one.environ.update(GITLAB_CI="true", CI_COMMIT_SHA="c0ffee")
    one.report()

    assert one.directory.info.ci["revision"] == "c0ffee"


@pytest.mark.parametrize(
    ("define", "said"),
    [
        ("xray_tset_plan=CALC-1", "did you mean -D xray_test_plan?"),
        ("xray_test_plan=calc", "'calc' is not an issue key"),
        ("xray_token=s3cret-t0ken", "set XRAY_TOKEN in the environment"),
        ("xray_summary=${NO_SUCH_VARIABLE}", "NO_SUCH_VARIABLE"),
    ],
)
def test_wrong_setting_ends_the_run_before_it_begins(
    one: Project, define: str, said: str
) -> None:
    """One line, no traceback, no test, no secret."""
    finished = one.report("-D", define)

    assert finished.code == 2
    assert said in finished.err
    assert len(finished.err.strip().splitlines()) == 1
    assert "s3cret" not in finished.out + finished.err
    assert "scenario" not in finished.out
    assert one.directories == []


def test_no_credentials(one: Project) -> None:
    """An upload that cannot work ends the run before the first test."""
    finished = one.run("-D", "xray_upload=yes")

    assert finished.code == 2
    assert "XRAY_TOKEN" in finished.err
    assert one.directories == []


def test_tag_without_a_key_is_said(project: Project) -> None:
    """A tag that was meant to name a Test, and does not, is no silent loss."""
    tagged = FEATURE.replace(" Scenario", " @jira.testcase('calc-1')\n Scenario")
    project.write({"features/a.feature": tagged})
    finished = project.report()

    expected = "features/a.feature:3: @jira.testcase('calc-1') contains no issue key"
    assert expected in finished.section


def test_two_test_plans_in_tags(project: Project) -> None:
    """One run has one Test Plan: the first one found, and a note."""
    tag = "@jira.test_plan('CALC-{}')\n"
    project.write(
        {
            "features/a.feature": tag.format(15) + FEATURE,
            "features/b.feature": tag.format(16) + FEATURE,
        }
    )
    finished = project.report()

    assert project.directory.info.settings["test_plan"] == "CALC-15"
    assert "CALC-15, CALC-16" in finished.section


@pytest.mark.parametrize(
    ("arguments", "is_idle"),
    [((), True), (("-D", "xray_collect=yes"), True), (("-D", "xray_upload=1"), False)],
)
def test_sandbox_that_nothing_is_sent_to(
    project: Project, arguments: tuple[str, ...], is_idle: bool
) -> None:
    """A setting that does nothing is told once, with what to type."""
    feature = "Feature: F\n @CALC-1\n Scenario: s\n  Given it works"
    project.write({"features/a.feature": feature})

    finished = project.run("-D", "xray_sandbox=yes", *arguments)

    assert finished.code == 0
    note = "Note: -D xray_sandbox=yes does nothing, because this session sends and "
    assert finished.out.count(note) == is_idle
