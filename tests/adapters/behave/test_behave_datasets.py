"""Steps of behave that read the rows of a dataset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xray_sandbox import Store
from xray_sandbox.store.datasets import import_dataset


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

FILES = {
    "features/login.feature": """
Feature: Log in
  @TEST_CALC-905
  Scenario: All users
    Then each of them is welcome
""",
    "features/steps/users.py": """
from behave import then
import xray_bridge

@then("each of them is welcome")
def _(context):
    names = [row["user_name"] for row in xray_bridge.dataset("CALC-905")]
    assert names == ["ann", "bob"], names
""",
}
SANDBOX = ("-D", "xray_upload=yes", "-D", "xray_sandbox=yes")


def test_steps_read_the_rows_of_a_dataset(project: Project) -> None:
    """A recorded run fetches them; an ordinary one has those that were fetched last."""
    project.write(FILES)
    store = Store(project.path / ".xray" / "sandbox" / "sandbox.sqlite3")
    store.add_test("CALC-905", project="CALC", summary="All users")
    test = store.issue("CALC-905")
    assert test is not None
    import_dataset(store, test.id, b"User name\nann\nbob\n")

    recorded = project.run(*SANDBOX)
    ordinary = project.run(formatter="")

    assert (recorded.code, ordinary.code) == (0, 0), recorded.out
    cached = project.path / ".xray" / "datasets" / "CALC-905.json"
    assert json.loads(cached.read_text())["rows"] == [["ann"], ["bob"]]


def test_without_rows_the_step_fails_and_says_what_to_type(project: Project) -> None:
    """Nobody is asked without an upload."""
    project.write(FILES)

    done = project.run(formatter="")

    assert done.code == 1
    assert "type xray-bridge datasets fetch CALC-905" in done.out + done.err
