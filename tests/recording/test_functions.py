"""Functions that add to the result of the running test without a fixture."""

from __future__ import annotations

import subprocess
import sys
import threading
from ast import literal_eval
from typing import TYPE_CHECKING

import pytest

import xray_bridge
from xray_bridge import Annotations
from xray_bridge.recording.running import RUNNING
from xray_bridge.runs.evidence import EvidenceFolder


if TYPE_CHECKING:
    from pathlib import Path


def add_everything() -> None:
    """As a page object may do."""
    with xray_bridge.step("Log in"):
        xray_bridge.attach(b"1", "a.txt", "text/plain")
    xray_bridge.comment("Seen.")


def test_outside_of_a_test(tmp_path: Path) -> None:
    """They do nothing, and do not fail."""
    add_everything()
    xray_bridge.attach(tmp_path / "missing.png")

    assert RUNNING.find() is None


@pytest.mark.parametrize("in_thread", [False, True])
def test_within_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_thread: bool
) -> None:
    """They add to the test that runs, from a thread, too."""
    found = Annotations(EvidenceFolder(tmp_path, 1000, str))
    monkeypatch.setattr(RUNNING, "find", lambda: found)

    if in_thread:
        thread = threading.Thread(target=add_everything)
        thread.start()
        thread.join()
    else:
        add_everything()

    (step,) = found.steps
    assert (step.name, [each.name for each in step.evidence]) == ("Log in", ["a.txt"])
    assert found.comments == ["Seen."]


def test_a_session_that_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its test does not run any more."""
    monkeypatch.setattr(RUNNING, "find", Annotations)

    RUNNING.reset()

    assert RUNNING.find() is None


CHEAP = """
import sys
before = set(sys.modules)
import xray_bridge
after_import = set(sys.modules) - before

@xray_bridge.step("Log in as {user}")
def log_in(user):
    with xray_bridge.step("Open"):
        xray_bridge.attach(b"1")
        xray_bridge.comment("a")

log_in("ann")
found = set(sys.modules) - before
print(sorted(each for each in after_import if each.startswith("xray_bridge")))
print(sorted(each for each in found if each.startswith("xray_bridge")))
print(sorted({"dataclasses", "requests", "json", "pytest"} & found))
"""


@pytest.mark.real_start
def test_page_objects_import_little() -> None:
    """The results, the journal and their encoders stay out of other sessions."""
    done = subprocess.run(
        [sys.executable, "-c", CHEAP], capture_output=True, text=True, check=True
    )

    after_import, after_calls, heavy = map(literal_eval, done.stdout.splitlines())
    light = ["functions", "running", "step_block", "step_texts"]
    own = ["xray_bridge", "xray_bridge._version"]
    assert after_import == own
    assert after_calls == [
        *own,
        "xray_bridge.recording",
        *(f"xray_bridge.recording.{name}" for name in light),
    ]
    assert heavy == []
