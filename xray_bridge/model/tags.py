"""
Read the tags of feature files; one grammar for behave and pytest-bdd.

Xray's manual describes its tags ("Export Cucumber Features"): a key on a scenario is
its Test, a prefix says what another key is, and a plain key on a feature is the Test
Execution that the file was exported from. Tags that look like calls are those of
behave-xray.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.keys import KEY
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PREFIXES = ("TEST_", "REQ_", "PRECOND_", "TESTSET_")

TEST = "test_keys"
REQUIREMENT = "requirements"
PLAN = "test_plans"
EXECUTION = "test_executions"
EXPORTED_FROM = "exported_from"
LABEL = "labels"
IGNORED = "ignored"
MALFORMED = "malformed"
# A prefixed key that does not concern results: a precondition, a Test Set.
ELSEWHERE = ""

# On a scenario, rule or feature: it runs, and is not reported.
IGNORE_TAG = "xray-ignore"

_CALL = re.compile(r"(jira|allure)\.(\w+)\((.*)\)")
_CALLS = {
    ("jira", "testcase"): TEST,
    ("allure", "testcase"): TEST,
    ("jira", "test_plan"): PLAN,
    ("jira", "test_execution"): EXECUTION,
}
_KEY = re.compile(KEY)
_ALMOST = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagMeaning:
    """
    The meaning of a scenario's tags; tags have no ``@``.

    ``exported_from`` are plain keys on a feature. ``malformed`` are tags that look like
    a key, but are not one. ``ignored`` is the tag that leaves the scenario out.
    ``labels`` are all others.
    """

    test_keys: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    test_plans: tuple[str, ...] = ()
    test_executions: tuple[str, ...] = ()
    exported_from: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


NO_MEANING = TagMeaning()


def read(
    own: Iterable[str],
    inherited: Iterable[str] = (),
    *,
    prefixes: Sequence[str] = PREFIXES,
) -> TagMeaning:
    """
    Find the meaning of a scenario's own tags and those of its feature and rule.

    Own Test keys win over inherited ones. All other values add up, except labels, which
    are only the scenario's own.
    """
    return _read_tags(tuple(own), tuple(inherited), tuple(prefixes))


# Each scenario is read several times, and the tags of a feature for each of its
# scenarios.
@lru_cache(maxsize=64)
def _read_tags(
    own: tuple[str, ...], inherited: tuple[str, ...], prefixes: tuple[str, ...]
) -> TagMeaning:
    found = _sort_tags(own, prefixes)
    above = of_feature(inherited, prefixes=prefixes)
    if above == NO_MEANING:
        return found
    return TagMeaning(
        test_keys=found.test_keys or above.test_keys,
        requirements=unique((above.requirements, found.requirements)),
        test_plans=unique((above.test_plans, found.test_plans)),
        test_executions=unique((above.test_executions, found.test_executions)),
        exported_from=above.exported_from,
        labels=found.labels,
        malformed=unique((above.malformed, found.malformed)),
        ignored=found.ignored or above.ignored,
    )


def of_feature(
    tags: Iterable[str], *, prefixes: Sequence[str] = PREFIXES
) -> TagMeaning:
    """Find the meaning of tags on a feature or a rule."""
    return _sort_tags(tuple(tags), tuple(prefixes), EXPORTED_FROM)


@lru_cache(maxsize=64)
def _sort_tags(
    tags: tuple[str, ...], prefixes: tuple[str, ...], plain_key: str = TEST
) -> TagMeaning:
    found: dict[str, dict[str, None]] = {}
    for tag in tags:
        for kind, value in _find_meanings(tag.removeprefix("@"), prefixes, plain_key):
            found.setdefault(kind, {})[value] = None
    found.pop(ELSEWHERE, None)
    return TagMeaning(**{kind: tuple(values) for kind, values in found.items()})


def _find_meanings(
    tag: str, prefixes: Sequence[str], plain_key: str
) -> Iterator[tuple[str, str]]:
    if tag == IGNORE_TAG:
        yield IGNORED, tag
        return
    call = _CALL.fullmatch(tag)
    kind = _CALLS.get((call[1], call[2])) if call else None
    if call and kind:
        for argument in call[3].split(","):
            key = argument.strip("'\" ")
            yield (kind, key) if _KEY.fullmatch(key) else (MALFORMED, tag)
        return
    # Before plain keys: REQ_CALC-7 looks like an issue of a project REQ_CALC.
    for number, prefix in enumerate(prefixes):
        key = tag.removeprefix(prefix)
        if key == tag:
            continue
        if _KEY.fullmatch(key):
            yield _KINDS.get(number, ELSEWHERE), key
            return
        if _ALMOST.fullmatch(key):
            yield MALFORMED, tag
            return
    yield (plain_key if _KEY.fullmatch(tag) else LABEL), tag


# By position in the setting ``tag_prefixes``.
_KINDS = {0: TEST, 1: REQUIREMENT}
