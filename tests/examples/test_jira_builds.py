"""The pipelines that show builds and deployments in Jira."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.ci.test_snippets import refused_by, values
from xray_bridge import cli
from xray_bridge.config.settings import TABLE


if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "examples" / "jira-builds"
FILES = {
    "harness": FOLDER / ".harness" / "test.yaml",
    "github": FOLDER / ".github" / "workflows" / "test.yml",
    "gitlab": FOLDER / ".gitlab-ci.yml",
}
VARIABLE = re.compile(r"XRAY_[A-Z_]+")
KNOWN = {name for setting in TABLE.values() for name in setting.variables}


def read(name: str) -> Any:
    """The YAML of an example."""
    return yaml.safe_load(FILES[name].read_text(encoding="utf-8"))


def variables_in(found: Any) -> Iterator[tuple[str, str]]:
    """All variables that are set at any depth, with their values."""
    if isinstance(found, dict):
        for name, value in found.items():
            if VARIABLE.fullmatch(str(name)):
                yield name, str(value)
            yield from variables_in(value)
    if isinstance(found, list):
        for each in found:
            yield from variables_in(each)


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_schema_takes_it(name: str) -> None:
    """The system's own schema."""
    assert refused_by(name, FILES[name]) == ""


@pytest.mark.parametrize("name", FILES)
def test_settings_exist_and_are_accepted(name: str) -> None:
    """Each variable is a setting, and its value can be parsed."""
    found = dict(variables_in(read(name)))

    assert {"XRAY_JIRA_BUILD", "XRAY_JIRA_ENVIRONMENT"} <= set(found)
    assert set(found) <= KNOWN
    for setting in TABLE.values():
        value = found.get(setting.environment, "")
        if value and not value.startswith(("<+", "$")):
            setting.parse(value)


@pytest.mark.parametrize("name", FILES)
def test_command_exists(name: str) -> None:
    """The deployment is sent with flags that the command has."""
    text = "\n".join(values(read(name)))
    (line,) = re.findall(r"xray-bridge (jira .*)", text)
    words = [re.sub(r"\$\w+", "failed", each) for each in shlex.split(line)]
    arguments = cli.build_parser(words).parse_args(words)

    assert arguments.kind == "deployment"
    assert arguments.without_tests


def test_readme_names_settings_that_exist() -> None:
    """Those that replace the settings of Harness's plugin."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`(jira_\w+)`", text) + VARIABLE.findall(text)

    assert len(named) > 10
    assert {each for each in named if each.startswith("jira_")} <= set(TABLE)
    assert {each for each in named if each.startswith("XRAY_")} <= KNOWN
