"""The issues of an import, and what the import would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from xray_bridge.client.issues import Issue, SearchResult
from xray_bridge.client.jira import Project
from xray_bridge.errors import FeaturesError
from xray_bridge.features.gherkin import read_feature
from xray_bridge.features.issues import PRECONDITIONS
from xray_bridge.features.preview import Preview, preview_import
from xray_bridge.model.tags import PREFIXES


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.client.issues import IssueKind
    from xray_bridge.client.xray import XrayClient

BOTH = """\
Feature: F
  Background: Fresh
    * x
  Scenario: Add
    * x
"""


class FakeXray:
    """Finds these Tests and Preconditions, whatever it is asked for."""

    def __init__(
        self,
        *tests: Issue,
        preconditions: tuple[Issue, ...] = (),
        description: str = "",
        **others: str,
    ) -> None:
        self._tests, self._preconditions = tests, preconditions
        self._description = description
        self._others = {key.replace("_", "-"): kind for key, kind in others.items()}

    def project(self, key: str) -> Project | None:
        """The only project."""
        found = Project(key=key, versions=None, environments=None)
        return found if key == "CALC" else None

    def search(self, kind: IssueKind, _: str) -> SearchResult:
        """All of a kind."""
        found = self._preconditions if kind is PRECONDITIONS else self._tests
        return SearchResult(
            issues={issue.key: issue for issue in found}, others=self._others
        )

    def descriptions(self, keys: Sequence[str]) -> dict[str, str]:
        """All have the same."""
        return dict.fromkeys(keys, self._description)


def preview(xray: FakeXray, text: str) -> Preview:
    """Preview the import of one file into the project CALC."""
    features = {"a.feature": read_feature(text)}
    return preview_import(cast("XrayClient", xray), "CALC", features, PREFIXES)


def test_tests_and_preconditions_are_found_by_name() -> None:
    """Both are in the preview, each with what it is."""
    test = Issue(key="CALC-1", summary="Add", labels=("manual",))
    precondition = Issue(key="CALC-2", summary="Fresh")

    found = preview(FakeXray(test, preconditions=(precondition,)), BOTH)

    assert found.before == {"CALC-1": test, "CALC-2": precondition}
    assert {key: each.is_test for key, each in found.wanted.items()} == {
        "CALC-1": True,
        "CALC-2": False,
    }
    assert found.keyed == {}
    assert not found.is_repeatable


def test_comments_replace_a_description() -> None:
    """Also that of a Test that is found by its name."""
    test = Issue(key="CALC-1", summary="Add")
    xray = FakeXray(test, description="By hand")

    found = preview(xray, "Feature: F\n  # Adds,\n  # quickly.\n  Scenario: Add\n")

    (change,) = found.harms
    assert change.description == ("By hand", "Adds,\nquickly.")


@pytest.mark.parametrize(
    ("count", "last"),
    [
        (10, "a.feature:12: Xray will create a Test for 'S9'"),
        (11, "Xray will create 1 more Tests"),
    ],
)
def test_ten_new_tests_are_listed(count: int, last: str) -> None:
    """Those after the tenth are counted."""
    lines = "".join(f"  Scenario: S{number}\n" for number in range(count))

    found = preview(FakeXray(), f"Feature: F\n\n{lines}")

    assert len(found.notices) == count
    assert found.notices[-1] == last


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  @TEST_CALC-7\n  Scenario: S\n", "a.feature:3: CALC-7 is not a Test: "),
        (
            "  Background:\n    #@PRECOND_CALC-7\n    * x\n  Scenario: S\n",
            "a.feature:2: CALC-7 is not a Precondition: ",
        ),
    ],
)
def test_key_of_another_kind(text: str, said: str) -> None:
    """The error has the place, the kind, and what to do."""
    xray = FakeXray(CALC_7="it is a Story")

    with pytest.raises(FeaturesError) as caught:
        preview(xray, f"Feature: F\n{text}")

    assert caught.value.message == f"{said}it is a Story"
    assert caught.value.hint == (
        "nothing was sent; correct the key, or remove it to let Xray find or create one"
    )
