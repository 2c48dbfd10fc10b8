"""Formatting of lines and words for people."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from xray_bridge import text
from xray_bridge.cli import COMMANDS
from xray_bridge.text import merge_lines, quote_command


ROOT = Path(__file__).parents[1]
OURS = ("xray_bridge", "pytest_xray_bridge", "behave_xray_bridge", "xray_sandbox")
# A value in a command to type, as far as the end of the command.
UNQUOTED = re.compile(rf"xray-bridge (?:{'|'.join(COMMANDS)}) [^`;(]*\0")


def test_lines_of_one_part_stay() -> None:
    """Lines that one part has twice stay twice."""
    assert merge_lines([["},", "a", "},"]]) == ("},", "a", "},")


def test_lines_that_several_parts_have() -> None:
    """A line of several parts appears once, in the first of these parts."""
    assert merge_lines([["a"], ["b", "a", "b"], ["b", "c"]]) == ("a", "b", "b", "c")


def test_words_of_a_command_are_quoted() -> None:
    """A shell reads the same words again; flags are quoted already."""
    words = ["xray-bridge", "resend", "it's my/runs/R $x"]

    line = quote_command(*words, flags="--url 'a b'")

    assert shlex.split(line) == [*words, "--url", "a b"]
    assert quote_command("xray-bridge", "runs") == "xray-bridge runs"


def test_path_of_windows_without_blanks_is_bare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its old shell knows no single quotes."""
    monkeypatch.setattr(text, "BARE", re.compile(r"[\w./\\-]+"))

    assert quote_command("resend", r".xray\runs\R") == r"resend .xray\runs\R"
    assert quote_command("resend", r"my runs\R") == r"resend 'my runs\R'"


def test_printed_commands_are_quoted() -> None:
    """No text puts a value into a command without ``quote_command``."""
    unquoted = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in OURS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr) and UNQUOTED.search(_text_of(node))
    ]

    assert unquoted == []


def _text_of(node: ast.JoinedStr) -> str:
    """Return a text with NUL for each value."""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "\0"
        for part in node.values
    )
