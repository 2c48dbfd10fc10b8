"""Ctrl-C during a command."""

from __future__ import annotations

import argparse

import pytest

from xray_bridge import cli
from xray_bridge.cli import resend, runs, sandbox, upload


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("upload", "xray-bridge: interrupted (`xray-bridge runs` lists what arrived)"),
        ("resend", "xray-bridge: interrupted (`xray-bridge runs` lists what arrived)"),
        ("sandbox", ""),
        ("runs", ""),
    ],
)
def test_ctrl_c_says_what_to_look_at(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    said: str,
) -> None:
    """One line where results may have arrived; the exit code of an interruption."""

    def interrupt(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    for module, name in ((upload, "run"), (resend, "run"), (sandbox, "run")):
        monkeypatch.setattr(module, name, interrupt)
    monkeypatch.setattr(runs, "run_list", interrupt)
    code = cli.main([command])

    assert code == 130
    assert capsys.readouterr().err.strip() == said
