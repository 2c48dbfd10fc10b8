"""Ctrl-C during a command."""

from __future__ import annotations

import argparse

import pytest

from xray_bridge import cli
from xray_bridge.cli import runs


def test_ctrl_c_says_what_to_look_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, no traceback, and the exit code of an interrupted program."""

    def interrupt(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "run_list", interrupt)
    code = cli.main(["runs"])

    assert code == 130
    assert capsys.readouterr().err.startswith("xray-bridge: interrupted (")
