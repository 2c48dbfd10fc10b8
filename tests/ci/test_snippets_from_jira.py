"""Pipelines that Xray starts from Jira: valid, and safe with any input."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pygments import lex
from pygments.lexers import get_lexer_by_name
from pygments.token import Error

from tests.schemas import refused
from xray_bridge.ci.snippets import FROM_JIRA, Wishes, make_from_jira
from xray_bridge.cli import main


EXAMPLES = Path(__file__).parents[2] / "examples" / "from-jira"
SCHEMAS = {
    "github": "github-workflows",
    "gitlab": "gitlab-ci",
    "azure": "azure-pipelines",
}
# The prefix of the variables in the shell's environment.
PREFIX = {"bamboo": "bamboo_"}
HOSTILE = "CALC-1\"; touch pwned; $(touch pwned) `touch pwned` ' && touch pwned #\n'''"
RECORDS = """#!/bin/sh
printf '%s' "$XRAY_SELECT" > select
printf '%s' "$XRAY_TEST_EXECUTION" > execution
printf '%s' "$XRAY_TEST_PLAN" > plan
printf '%s' "$XRAY_TOKEN" > token
"""
WISHES = Wishes(
    install="pip install it",
    commands=("pytest --xray-upload",),
    secrets=("XRAY_TOKEN",),
    settings={"XRAY_PROJECT": "CALC", "XRAY_SUMMARY": 'it\'s "odd" ${bamboo}'},
)


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """The output of the command in an empty project."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        assert main(["ci-snippet", "--from-jira", *arguments]) == 0
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("name", FROM_JIRA)
def test_example_is_what_is_printed(printed: Callable[..., str], name: str) -> None:
    """Each example is written by the command in an empty folder."""
    path = EXAMPLES / FROM_JIRA[name].path

    assert path.read_text(encoding="utf-8") == printed("--for", name)


def test_there_is_no_other_example() -> None:
    """Each file belongs to a system that Xray starts."""
    found = {str(p.relative_to(EXAMPLES)) for p in EXAMPLES.rglob("*") if p.is_file()}

    assert found == {"README.md", *(system.path for system in FROM_JIRA.values())}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_takes_it(tmp_path: Path, name: str) -> None:
    """The system's own schema accepts it, with odd values, too."""
    path = tmp_path / "odd.yml"
    path.write_text(make_from_jira(name, WISHES), encoding="utf-8")
    transform = ("--data-transform", SCHEMAS[name])
    flags = transform if name in {"gitlab", "azure"} else ()

    assert refused(SCHEMAS[name], path, "--regex-variant", "nonunicode", *flags) == ""


def test_the_language_of_jenkins_takes_it() -> None:
    """It has nothing that Groovy has no word for."""
    tokens = lex(make_from_jira("jenkins", WISHES), get_lexer_by_name("groovy"))

    assert [text for kind, text in tokens if kind in Error] == []


@pytest.mark.parametrize("name", FROM_JIRA)
def test_both_sides_are_printed(name: str) -> None:
    """What to type in Jira stands above the pipeline, and its inputs below."""
    mark = "//" if name == "jenkins" else "#"
    lines = make_from_jira(name, WISHES).splitlines()
    at = next(n for n, line in enumerate(lines) if not line.startswith(mark))
    said = "\n".join(lines[:at])

    assert "Remote Jobs Trigger" in said
    assert "TESTS_KEY = ${TESTS_KEY}" in said
    assert "EXECUTION_KEY = ${ISSUE_KEY}" in said
    assert "PLAN_KEY = ${ISSUE_KEY}" in said
    assert "XRAY_TOKEN" in said


def scripts_in(name: str, text: str) -> list[str]:
    """The shell scripts of a pipeline."""
    if name == "jenkins":
        return re.findall(r"sh '''(.*?)'''", text, re.DOTALL)
    found = yaml.safe_load(text)
    if name == "gitlab":
        return list(found["from-jira"]["script"])
    if name == "bamboo":
        [script] = [task for task in found["Test"]["tasks"] if "script" in task]
        return list(script["script"]["scripts"])
    steps = found["jobs"]["test"]["steps"] if name == "github" else found["steps"]
    key = "run" if name == "github" else "script"
    return [step[key] for step in steps if key in step]


def run_script(
    folder: Path, name: str, tests: str, execution: str = ""
) -> dict[str, str]:
    """Run the script that runs the tests; return what they saw."""
    programs = folder / "bin"
    programs.mkdir()
    for program, content in (
        ("pytest", RECORDS),
        ("pip", "#!/bin/sh\n"),
        ("python", "#!/bin/sh\nmkdir -p .venv/bin && : > .venv/bin/activate\n"),
    ):
        (programs / program).write_text(content)
        (programs / program).chmod(0o755)
    [script] = [
        s for s in scripts_in(name, make_from_jira(name, WISHES)) if "pytest" in s
    ]
    prefix = PREFIX.get(name, "")
    given = {"TESTS_KEY": tests, "EXECUTION_KEY": execution, "PLAN_KEY": ""}
    environ = {f"{prefix}{key}": value for key, value in given.items()}
    token = "bamboo_XRAY_TOKEN" if name == "bamboo" else "XRAY_TOKEN"
    subprocess.run(
        ["/bin/sh", "-ec", script],
        cwd=folder,
        env={"PATH": f"{programs}:/usr/bin:/bin", token: "t0ken", **environ},
        check=True,
    )
    files = ("select", "execution", "plan", "token")
    return {file: (folder / file).read_text() for file in files}


@pytest.mark.parametrize("name", FROM_JIRA)
def test_hostile_input_stays_text(tmp_path: Path, name: str) -> None:
    """No shell runs a part of what Jira sends."""
    found = run_script(tmp_path, name, HOSTILE, execution=HOSTILE)

    assert not (tmp_path / "pwned").exists()
    assert found["select"] == f"{HOSTILE},"
    assert found["execution"] == HOSTILE


@pytest.mark.parametrize("name", FROM_JIRA)
def test_inputs_reach_the_tests(tmp_path: Path, name: str) -> None:
    """A single key is a list; an empty list is one, too, and an error then."""
    found = run_script(tmp_path, name, "", execution="CALC-20")

    assert found == {
        "select": ",",
        "execution": "CALC-20",
        "plan": "",
        "token": "t0ken",
    }


@pytest.mark.parametrize("name", FROM_JIRA)
def test_no_input_is_written_into_a_script(name: str) -> None:
    """The system fills in nothing in a script."""
    scripts = "\n".join(scripts_in(name, make_from_jira(name, WISHES)))

    assert not re.search(r"\$\{\{|\$\{(bamboo|params)\.|\$\([A-Z]", scripts)


def test_settings_that_jira_gives_are_not_repeated(
    printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline has no Test Plan of its own."""
    monkeypatch.setenv("XRAY_FIX_VERSION", "2.0")
    found = printed("--for", "github", "--test-plan", "CALC-15", "--select", "CALC-1")

    assert "CALC-15" not in found
    assert 'XRAY_FIX_VERSION: "2.0"' in found


def test_behave_selects_too(printed: Callable[..., str]) -> None:
    """With the command of behave."""
    found = json.loads(printed("--for", "bamboo", "--framework", "behave", "--json"))

    assert found["path"] == "bamboo-specs/bamboo.yaml"
    assert "behave -f behave_xray_bridge:XrayFormatter" in found["content"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("--for", "circleci", "--from-jira"),
            (
                "Xray's Remote Jobs Trigger does not start circleci (it starts azure, "
                "bamboo, github, gitlab, jenkins) [usage]"
            ),
        ),
        (
            ("--for", "bamboo"),
            "bamboo is known only with --from-jira (without it: azure, bitbucket, ",
        ),
        (
            ("--for", "gitlab", "--from-jira", "--framework", "files"),
            "xray-bridge selects only tests of pytest and behave by their keys (",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    line: str,
) -> None:
    """In one line that says what does."""
    monkeypatch.chdir(tmp_path)

    assert main(["ci-snippet", *arguments]) == 2
    assert line in capsys.readouterr().err
