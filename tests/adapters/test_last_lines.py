"""No terminal and no CI system obeys the lines that both adapters print."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from behave_xray_bridge import console
from pytest_xray_bridge import printing
from xray_bridge.errors import UsageError


if TYPE_CHECKING:
    from collections.abc import Sequence

ODD = "Note: a\x1b[2J\x07##vso[x]y\n::set-output name=a::b"


def print_in_pytest(lines: Sequence[str]) -> None:
    """Print them without pytest's terminal reporter."""
    plugins = SimpleNamespace(get_plugin=lambda _: None)
    config: Any = SimpleNamespace(pluginmanager=plugins)
    printing.print_section(config, lines)


def exit_from_behave(lines: Sequence[str]) -> None:
    """End a run before its first scenario."""
    with pytest.raises(SystemExit):
        console.exit_with(UsageError(lines[0]))


@pytest.mark.parametrize(
    "show", [print_in_pytest, console.print_section, exit_from_behave]
)
def test_texts_of_servers_and_tests_are_harmless(
    show: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of people and statuses are whatever somebody typed in Jira."""
    show([ODD])

    said = capsys.readouterr()
    printed = said.out + said.err
    assert "Note: a" in printed
    assert not set("\x1b\x07").intersection(printed)
    assert "##vso" not in printed
    assert "\n::" not in printed
