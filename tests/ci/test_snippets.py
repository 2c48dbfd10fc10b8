"""Configuration for CI systems: valid, and made for the project."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pygments import lex
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Error, String

from tests.schemas import refused
from xray_bridge.ci.detect import SYSTEMS as KNOWN
from xray_bridge.ci.outputs import WAYS
from xray_bridge.ci.snippets import SYSTEMS, Wishes, make_snippet
from xray_bridge.cli import main
from xray_bridge.cli.ci_snippet import PACKAGES


if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[2] / "examples" / "ci"
# Schemas that check-jsonschema brings along.
SCHEMAS = {
    "github": "github-workflows",
    "gitlab": "gitlab-ci",
    "azure": "azure-pipelines",
    "bitbucket": "bitbucket-pipelines",
    "circleci": "circle-ci",
    "buildkite": "buildkite",
}
LANGUAGES = {"jenkins": "groovy", "teamcity": "kotlin"}
FRAMEWORKS = ("pytest", "behave", "files")
PLACEHOLDER = re.compile("@[a-z-]+@")
ODD = """it's "$HOME" 100% \\ #1: {a} äß"""
WISHES = Wishes(
    install="pip install 'xray-bridge[pytest]'",
    commands=("pytest || code=$?", "exit ${code:-0}"),
    secrets=("XRAY_CLIENT_ID", "XRAY_CLIENT_SECRET"),
    settings={"XRAY_PROJECT": "CALC", "XRAY_SUMMARY": ODD},
)


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """The output of the command in an empty project."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        assert main(["ci-snippet", *arguments]) == 0
        return capsys.readouterr().out

    return run


def refused_by(name: str, path: Path) -> str:
    """The errors of a system's schema in a file; empty if it is valid."""
    transform = ("--data-transform", SCHEMAS[name])
    flags = transform if name in {"gitlab", "azure"} else ()
    return refused(SCHEMAS[name], path, "--regex-variant", "nonunicode", *flags)


@pytest.mark.parametrize("name", SYSTEMS)
def test_example_is_what_is_printed(printed: Callable[..., str], name: str) -> None:
    """Written with ``xray-bridge ci-snippet --for NAME`` in an empty folder."""
    path = EXAMPLES / SYSTEMS[name].path

    assert path.read_text(encoding="utf-8") == printed("--for", name)


def test_there_is_no_other_example() -> None:
    """Each file is of a system that is known."""
    found = {str(p.relative_to(EXAMPLES)) for p in EXAMPLES.rglob("*") if p.is_file()}

    assert found == {"README.md", *(system.path for system in SYSTEMS.values())}


def test_each_system_has_a_way_back() -> None:
    """Each system with a configuration gets outputs, too."""
    assert set(SYSTEMS) <= set(WAYS)
    assert set(SYSTEMS) <= {system.slug for system in KNOWN}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_takes_it(tmp_path: Path, name: str) -> None:
    """With odd values, too."""
    path = tmp_path / "odd.yml"
    path.write_text(make_snippet(name, WISHES), encoding="utf-8")

    assert refused_by(name, EXAMPLES / SYSTEMS[name].path) == ""
    assert refused_by(name, path) == ""


def test_schema_refuses_something(tmp_path: Path) -> None:
    """Or the others would mean nothing."""
    path = tmp_path / "test.yml"
    path.write_text("on: push\njobs: {test: {runs-on: x, steps: 3}}\n")

    assert "steps" in refused_by("github", path)


def values(found: Any) -> list[str]:
    """All texts of a YAML document."""
    if isinstance(found, dict):
        return [text for each in found.values() for text in values(each)]
    if isinstance(found, list):
        return [text for each in found for text in values(each)]
    return [str(found)]


@pytest.mark.parametrize("name", sorted(set(SYSTEMS) - set(LANGUAGES)))
def test_yaml_says_what_was_meant(name: str) -> None:
    """Commands as they are run, and values as they were given."""
    found = values(yaml.safe_load(make_snippet(name, WISHES)))

    # Buildkite takes one of two dollars away; a shell takes Bitbucket's quotes.
    said = "\n".join(found).replace("$$", "$")
    assert "pytest || code=$?\nexit ${code:-0}" in said
    assert ODD in said or "export XRAY_SUMMARY='it'\"'\"'s" in said
    assert not PLACEHOLDER.search(said)


@pytest.mark.parametrize("name", LANGUAGES)
def test_other_languages(name: str) -> None:
    """Nothing that the language has no word for; brackets in pairs."""
    tokens = [*lex(make_snippet(name, WISHES), get_lexer_by_name(LANGUAGES[name]))]

    assert [text for kind, text in tokens if kind in Error] == []
    code = "".join(
        t for kind, t in tokens if kind not in String and kind not in Comment
    )
    for opening, closing in ("()", "{}", "[]"):
        assert code.count(opening) == code.count(closing)


def test_references_of_kotlin_and_teamcity() -> None:
    """A shell's dollar and a per cent sign stay what they are."""
    found = make_snippet("teamcity", WISHES)

    assert "exit ${'$'}{code:-0}" in found
    assert r"""it's \"\$HOME\" 100%% \\ #1""" in found


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_and_framework(
    printed: Callable[..., str], name: str, framework: str
) -> None:
    """Each has the command that uploads and the secret that it needs."""
    found = printed("--for", name, "--framework", framework)

    uploads = {
        "pytest": "pytest --xray-upload",
        "behave": "-D xray_upload=yes",
        "files": "xray-bridge upload 'reports/**/*.xml'",
    }
    assert uploads[framework] in found
    assert "XRAY_TOKEN" in found
    assert "https://jira.example.com" in found


@pytest.mark.parametrize(
    ("tests", "upload", "code"), [(0, 0, 0), (1, 0, 1), (0, 80, 80), (1, 80, 1)]
)
def test_upload_of_files_follows_red_tests(
    tmp_path: Path, printed: Callable[..., str], tests: int, upload: int, code: int
) -> None:
    """Both run, and a red run keeps its code, as in sessions."""
    for name, ends in (("make", tests), ("xray-bridge", upload)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {name}\nexit {ends}\n")
        program.chmod(0o755)
    found = yaml.safe_load(printed("--for", "gitlab", "--framework", "files"))

    script = ["/bin/sh", "-c", found["test"]["script"][1]]
    ended = subprocess.run(
        script, env={"PATH": str(tmp_path)}, capture_output=True, check=False
    )

    assert ended.returncode == code
    assert ended.stdout.split() == [b"make", b"xray-bridge"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_harness_has_outputs_of_a_green_run(
    printed: Callable[..., str], framework: str
) -> None:
    """No command ends the shell before they are read."""
    found = yaml.safe_load(printed("--for", "harness", "--framework", framework))

    [stage] = found["pipeline"]["stages"]
    [step] = stage["stage"]["spec"]["execution"]["steps"]
    lines = step["step"]["spec"]["command"].splitlines()
    assert lines[0] == "set -e"
    assert lines[-1].startswith("eval ")
    assert not any(line.startswith("exit") for line in lines)


FOR_BUILDS = [
    *("XRAY_CLIENT_ID", "XRAY_CLIENT_SECRET"),
    *("XRAY_JIRA_CLIENT_ID", "XRAY_JIRA_CLIENT_SECRET"),
]


@pytest.mark.parametrize(
    ("setting", "is_asked"),
    [
        ("xray_jira_build = on", True),
        ("xray_jira_build = no", False),
        ("xray_jira_environment = prod", True),
    ],
)
def test_secrets_for_builds_are_those_of_the_ini_file(
    tmp_path: Path, printed: Callable[..., str], setting: str, *, is_asked: bool
) -> None:
    """The framework's own file counts, too."""
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{setting}\n")
    flags = ("--framework", "pytest", "--deployment", "cloud")
    found = printed("--for", "gitlab", *flags)

    assert ("XRAY_JIRA_CLIENT_SECRET" in found) is is_asked


@pytest.mark.parametrize(
    ("arguments", "secrets"),
    [
        ((), ["XRAY_TOKEN"]),
        (("--deployment", "cloud"), ["XRAY_CLIENT_ID", "XRAY_CLIENT_SECRET"]),
        (("--client-id", "x"), ["XRAY_CLIENT_ID", "XRAY_CLIENT_SECRET"]),
        (
            ("--url", "https://eu.xray.cloud.getxray.app"),
            ["XRAY_CLIENT_ID", "XRAY_CLIENT_SECRET"],
        ),
        (("--user", "ann"), ["XRAY_PASSWORD"]),
        (("--jira-url", "https://a.atlassian.net"), ["XRAY_TOKEN", "XRAY_JIRA_TOKEN"]),
        (("--jira-build",), ["XRAY_TOKEN"]),
        (("--jira-build", "--deployment", "cloud"), FOR_BUILDS),
        (("--jira-environment", "prod", "--deployment", "cloud"), FOR_BUILDS),
    ],
    ids=str,
)
def test_secrets_are_those_of_the_deployment(
    printed: Callable[..., str], arguments: tuple[str, ...], secrets: list[str]
) -> None:
    """And none that is not needed."""
    found = yaml.safe_load(printed("--for", "github", *arguments))

    environment = found["jobs"]["test"]["steps"][3]["env"]
    named = [name for name, value in environment.items() if "secrets." in value]
    assert named == secrets


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("pytest.ini", "[pytest]\nxray_url = https://j\nxray_project=CALC\n"),
        (
            "pyproject.toml",
            '[tool.xray-bridge]\nurl = "https://j.example.com"\nproject = "CALC"\n',
        ),
        ("xray-bridge.toml", 'url = "https://j.example.com"\nproject = "CALC"\n'),
    ],
)
def test_what_the_files_say_is_not_repeated(
    tmp_path: Path, printed: Callable[..., str], file: str, content: str
) -> None:
    """The configuration has only settings that no file has."""
    (tmp_path / file).write_text(content)

    found = printed(
        "--for", "gitlab", "--framework", "pytest", "--test-plan", "CALC-15"
    )

    variables = yaml.safe_load(found)["test"]["variables"]
    assert variables == {"XRAY_TEST_PLAN": "CALC-15"}


def test_files_decide_on_the_command(
    tmp_path: Path, printed: Callable[..., str]
) -> None:
    """With all settings in behave.ini, there is nothing to add to ``behave``."""
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "behave.ini").write_text(
        "[behave]\nformat = xray\n[behave.formatters]\n"
        "xray = behave_xray_bridge:XrayFormatter\n[behave.userdata]\n"
        "xray_upload = yes\nxray_project = CALC\nxray_deployment = cloud\n"
    )

    found = printed("--for", "gitlab")

    test = yaml.safe_load(found)["test"]
    install = f"pip install {PACKAGES['behave']} -r requirements.txt\n"
    assert test["script"] == [install, "behave\n"]
    assert "variables" not in test
    assert found.startswith("# XRAY_CLIENT_ID, XRAY_CLIENT_SECRET: ")


def test_secret_of_the_environment_is_not_printed(
    printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is."""
    monkeypatch.setenv("XRAY_TOKEN", "hunter2hunter2")
    monkeypatch.setenv("XRAY_FIX_VERSION", "2.0")

    found = printed("--for", "gitlab")

    assert "hunter2" not in found
    assert 'XRAY_FIX_VERSION: "2.0"' in found


def test_as_json(printed: Callable[..., str]) -> None:
    """With the path where it belongs."""
    found = json.loads(printed("--for", "jenkins", "--json"))

    assert found["path"] == "Jenkinsfile"
    assert found["content"].startswith("// Credentials")
