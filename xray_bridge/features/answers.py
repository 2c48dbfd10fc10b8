"""
Reads the answer to an import of feature files.

Server returns a list of issues, or after errors an object with a message and lists;
Cloud returns an object of three lists, one of them with errors. Source: Xray's
manual, "Importing Cucumber Tests - REST" of both products.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import FeaturesError
from xray_bridge.features.values import FeatureAnswer


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.client.response import Answer

TESTS = ("testIssues", "updatedOrCreatedTests")
PRECONDITIONS = ("preconditionIssues", "updatedOrCreatedPreconditions")
ERRORS = ("message", "error", "errors")
UNDERSTOOD = frozenset({*TESTS, *PRECONDITIONS, *ERRORS})


def read_answer(answer: Answer) -> FeatureAnswer:
    """
    Return keys and errors, in each of the known forms.

    Raises FeaturesError for any other: the import may or may not have been done.
    """
    content = answer.json()
    if isinstance(content, list):
        others = [each for each in content if _is_precondition(each)]
        return FeatureAnswer(
            tests=_read_keys([each for each in content if each not in others]),
            preconditions=_read_keys(others),
            raw=answer.text,
        )
    if not isinstance(content, dict) or not UNDERSTOOD & content.keys():
        msg = f"the import's answer has an unknown form: {answer.said or 'nothing'}"
        raise FeaturesError(msg, hint="look in Jira to see which Tests it imported")
    return FeatureAnswer(
        tests=_read_keys(_first_value(content, TESTS)),
        preconditions=_read_keys(_first_value(content, PRECONDITIONS)),
        errors=tuple(
            text
            for found in (content, *map(content.get, (*TESTS, *PRECONDITIONS)))
            if isinstance(found, dict)
            for name in ERRORS
            for text in _read_texts(found.get(name))
            if text
        ),
        raw=answer.text,
    )


def _is_precondition(found: Any) -> bool:
    """
    Whether an issue's type has the name of a Precondition.

    It fits English, French, Spanish and German; in other languages a Precondition
    counts as a Test.
    """
    kind = found.get("issueType") if isinstance(found, dict) else None
    name = str(kind.get("name", "")) if isinstance(kind, dict) else ""
    return "condi" in name.lower()


def _first_value(content: dict[str, Any], names: Sequence[str]) -> Any:
    return next((content[name] for name in names if content.get(name)), [])


def _read_keys(found: Any) -> tuple[str, ...]:
    if isinstance(found, dict):
        found = found.get("success")
    listed = found if isinstance(found, list) else []
    keys = (each.get("key") if isinstance(each, dict) else each for each in listed)
    return tuple(dict.fromkeys(key for key in keys if isinstance(key, str) and key))


def _read_texts(found: Any) -> list[str]:
    if isinstance(found, list):
        return [text for each in found for text in _read_texts(each)]
    if isinstance(found, dict):
        said = found.get("message") or found.get("error")
        return [str(said) if said else json.dumps(found)]
    return [str(found)] if found else []
