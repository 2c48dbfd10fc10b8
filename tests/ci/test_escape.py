"""Texts that no CI system takes for its commands."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.ci.escape import escape_ci_commands, escape_ci_commands_in_json


# GitHub trims a line before it looks; older GitHub, Azure and TeamCity look anywhere.
AT_START = re.compile(r"(?:^|[\r\n])\s*::")
PIECES = st.sampled_from(
    [
        *("##", "#", "[", "]", "vso[", "teamcity[", ":", "::", "set-output name=a::"),
        *("\n", "\r", " ", "\t", "x"),
    ]
)


@given(st.lists(PIECES).map("".join))
def test_no_command_begins(text: str) -> None:
    """No command begins at the start of a line or within one."""
    found = escape_ci_commands(text)

    assert "##" not in found
    assert not AT_START.search(found)


@given(st.lists(PIECES).map("".join))
def test_only_blanks_are_added(text: str) -> None:
    """Everything is still there to be read."""
    assert escape_ci_commands(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ["CALC-1: #3 failed", "a::b", "test_a.py::test_b"])
def test_what_is_no_command(text: str) -> None:
    """It stays as it is."""
    assert escape_ci_commands(text) == text


def test_json_stays_the_same() -> None:
    """Any reader finds the text that was written, and no CI system a command."""
    content = {"name": "##vso[x]y ###teamcity[z] \\\\##"}
    found = escape_ci_commands_in_json(json.dumps(content))

    assert "##" not in found
    assert json.loads(found) == content
