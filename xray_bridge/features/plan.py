"""
Plans an import before anything is sent, in pure functions.

Sources: Xray's manual, "Importing Cucumber Tests - REST" of both products, and
xray-maven-plugin for the names of the parts.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xray_bridge.client.import_requests import with_fields_object
from xray_bridge.client.request import JSON, Part, Request
from xray_bridge.errors import FeaturesError
from xray_bridge.features.names import SUFFIX
from xray_bridge.features.values import Change, NamedIssue, UnkeyedBlock
from xray_bridge.model import tags
from xray_bridge.model.keys import KEY as A_KEY
from xray_bridge.model.keys import project_of


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xray_bridge.client.issues import Issue
    from xray_bridge.features.gherkin import Block, Feature
    from xray_bridge.features.values import Bundle
    from xray_bridge.model.dialect import Dialect

KEY = re.compile(A_KEY)
ZIP = "application/zip"
TEXT = "text/plain"
# In tags such as @jira.testcase('CALC-1').
CALL = "("
NOTHING: Mapping[str, str] = MappingProxyType({})
PRECONDITION = 2  # of the setting ``tag_prefixes``
# Xray itself writes this into a background, with any prefix.
WRITTEN = "Precondition:"


def named_issues(
    features: Mapping[str, Feature], prefixes: Sequence[str]
) -> dict[str, NamedIssue]:
    """Return the issues that feature files name, by key."""
    found: dict[str, NamedIssue] = {}
    places: defaultdict[str, list[str]] = defaultdict(list)
    for name, feature in features.items():
        for each in (
            *_named_by_scenarios(name, feature, prefixes),
            *_named_by_backgrounds(name, feature, prefixes),
        ):
            found[each.key] = each
            places[each.key] += each.places
    return {
        key: replace(each, places=tuple(places[key])) for key, each in found.items()
    }


def _named_by_scenarios(
    name: str, feature: Feature, prefixes: Sequence[str]
) -> Iterator[NamedIssue]:
    for scenario in feature.scenarios:
        said = _read_tags(scenario, prefixes)
        for key in said.test_keys:
            yield NamedIssue(
                key=key,
                places=(f"{name}:{scenario.line}",),
                summary=scenario.name,
                labels=said.labels,
                comments="\n".join(scenario.comments),
            )


def _read_tags(scenario: Block, prefixes: Sequence[str]) -> tags.TagMeaning:
    """Return the meaning of tags for Xray, for which behave-xray's are labels."""
    calls = tuple(tag for tag in scenario.tags if CALL in tag)
    others = (tag for tag in scenario.tags if CALL not in tag)
    said = tags.read(others, prefixes=prefixes)
    return replace(said, labels=(*said.labels, *scenario.labels, *calls))


def _named_by_backgrounds(
    name: str, feature: Feature, prefixes: Sequence[str]
) -> Iterator[NamedIssue]:
    for background in feature.backgrounds:
        for key in precondition_keys(background, prefixes):
            place = f"{name}:{background.line}"
            yield NamedIssue(
                key=key, places=(place,), summary=background.name, is_test=False
            )


def precondition_keys(background: Block, prefixes: Sequence[str]) -> tuple[str, ...]:
    """Return the issues in the comments of a background."""
    known = (*prefixes[PRECONDITION : PRECONDITION + 1], WRITTEN)
    bare = (
        next((tag[len(each) :] for each in known if tag.startswith(each)), tag)
        for tag in background.tags
    )
    return tuple(dict.fromkeys(key for key in bare if KEY.fullmatch(key)))


def scenarios_without_key(
    features: Mapping[str, Feature], prefixes: Sequence[str]
) -> list[UnkeyedBlock]:
    """Return the scenarios for which Xray finds or creates a Test."""
    found = []
    for name, feature in features.items():
        for scenario in feature.scenarios:
            said = _read_tags(scenario, prefixes)
            if not said.test_keys:
                found.append(
                    UnkeyedBlock(
                        place=f"{name}:{scenario.line}",
                        name=scenario.name,
                        labels=said.labels,
                        comments="\n".join(scenario.comments),
                    )
                )
    return found


def backgrounds_without_key(
    features: Mapping[str, Feature], prefixes: Sequence[str]
) -> list[UnkeyedBlock]:
    """Return the backgrounds for which Xray finds or creates a Precondition."""
    return [
        UnkeyedBlock(place=f"{name}:{background.line}", name=background.name)
        for name, feature in features.items()
        for background in feature.backgrounds
        if not precondition_keys(background, prefixes)
    ]


def matched_by_name(
    scenarios: Iterable[UnkeyedBlock],
    issues: Mapping[str, Issue],
    *,
    are_tests: bool = True,
) -> dict[str, NamedIssue]:
    """
    Return the Tests that Xray may find for scenarios without a key.

    It finds a Test by the summary, or by a label such as ``id:7`` on both. The same
    holds for backgrounds and Preconditions.
    """
    by_summary: defaultdict[str, list[str]] = defaultdict(list)
    by_label: defaultdict[str, list[str]] = defaultdict(list)
    for key, issue in issues.items():
        by_summary[issue.summary].append(key)
        for label in issue.labels:
            by_label[label].append(key)
    found: dict[str, NamedIssue] = {}
    for scenario in scenarios:
        labelled = (by_label.get(label, ()) for label in scenario.ids)
        for key in chain(by_summary.get(scenario.name, ()), *labelled):
            found[key] = NamedIssue(
                key=key,
                places=(scenario.place,),
                summary=scenario.name,
                labels=scenario.labels,
                comments=scenario.comments,
                is_test=are_tests,
            )
    return found


def list_notices(
    features: Mapping[str, Feature],
    prefixes: Sequence[str],
    known: Iterable[NamedIssue],
) -> Iterator[str]:
    """Return notices on tags and names that are probably wrong."""
    for name, feature in features.items():
        for scenario in feature.scenarios:
            said = _read_tags(scenario, prefixes)
            place = f"{name}:{scenario.line}"
            if len(said.test_keys) > 1:
                keys = ", ".join(said.test_keys)
                yield f"{place} has several Test keys, Xray uses one: {keys}"
            for tag in said.malformed:
                yield f"{place} has a tag that looks like a key but is not one: @{tag}"
            for tag in said.labels:
                if CALL in tag:
                    yield f"{place} has a tag that is not a key for Xray: @{tag}"
        yield from _list_same_names(name, feature, prefixes)
    for each in known:
        if len(each.places) > 1:
            where = ", ".join(each.places)
            yield f"{each.key} is used in several places, Xray keeps one: {where}"


def _list_same_names(
    name: str, feature: Feature, prefixes: Sequence[str]
) -> Iterator[str]:
    lines: dict[str, list[str]] = {}
    for scenario in feature.scenarios:
        said = _read_tags(scenario, prefixes)
        if not said.test_keys and not any(tag.startswith("id:") for tag in said.labels):
            lines.setdefault(scenario.name, []).append(str(scenario.line))
    for scenario_name, found in lines.items():
        if len(found) > 1:
            where = f"{name}, lines {', '.join(found)}"
            yield f"{where}: same name, so one Test, {scenario_name!r}; give them keys"


def refuse_other_projects(known: Iterable[NamedIssue], project: str) -> None:
    """
    Refuse keys of projects other than that of the import.

    Raises FeaturesError.
    """
    for each in known:
        if project_of(each.key) != project:
            msg = f"{each.places[0]}: {each.key} is not in project {project}"
            hint = "nothing was sent; pass the --project of the key, or remove the tag"
            raise FeaturesError(msg, hint=hint)


def list_changes(
    known: Iterable[NamedIssue],
    before: Mapping[str, Issue],
    descriptions: Mapping[str, str] = NOTHING,
) -> tuple[Change, ...]:
    """
    Return the changes to summaries, descriptions and labels.

    ``descriptions`` are those of Tests, by key, that comments overwrite.
    """
    found = []
    for each in known:
        issue = before.get(each.key)
        if issue is None:
            continue
        renamed = bool(each.summary) and each.summary != issue.summary
        theirs = _labels_set_by_people(issue.labels)
        change = Change(
            key=each.key,
            summary=(issue.summary, each.summary) if renamed else None,
            description=_compare_descriptions(
                descriptions.get(each.key, ""), each.comments
            ),
            lost=tuple(label for label in theirs if label not in each.labels),
            added=tuple(label for label in each.labels if label not in issue.labels),
        )
        if change.lines():
            found.append(change)
    return tuple(found)


def _compare_descriptions(before: str, comments: str) -> tuple[str, str] | None:
    """Return the old and new description if they differ in more than blanks."""
    is_other = before.split() != comments.split()
    return (before, comments) if before.strip() and comments and is_other else None


def _labels_set_by_people(labels: Iterable[str]) -> Iterator[str]:
    """Return labels without paths of feature files, by which Server finds Tests."""
    return (label for label in labels if not label.endswith(SUFFIX))


def undo_edit(change: Change) -> dict[str, Any]:
    """
    Make the edit that restores summary and labels in Jira.

    Labels that the import has added stay. The edit can be repeated, and changes
    nothing if the import has not changed the issue.
    """
    body: dict[str, Any] = {}
    if change.summary:
        body["fields"] = {"summary": change.summary[0]}
    if change.lost:
        body["update"] = {"labels": [{"add": label} for label in change.lost]}
    return body


def describe_before(change: Change) -> str:
    """Describe what a person has to restore."""
    parts = []
    if change.summary:
        parts.append(f"its summary was {change.summary[0]!r}")
    if change.description:
        parts.append(f"its description was {change.description[0]!r}")
    if change.lost:
        parts.append(f"among its labels were {', '.join(change.lost)}")
    return " and ".join(parts)


def import_request(
    bundle: Bundle,
    project: str,
    dialect: Dialect,
    fields: Sequence[Mapping[str, object]] = ({}, {}),
    *,
    repeatable: bool = False,
) -> Request:
    """
    Make the request of an import; ``fields`` are of Tests and of Preconditions.

    A repeated import finds the Tests of the first, unless the server is still
    creating them.
    """
    media_type = ZIP if bundle.is_zip else TEXT
    parts = [
        Part(
            name="file",
            filename=bundle.filename,
            media_type=media_type,
            content=bundle.path,
        )
    ]
    names = (dialect.test_info_part, dialect.precondition_info_part)
    for name, given in zip(names, fields, strict=True):
        if given:
            document = json.dumps(with_fields_object(given), indent=1).encode()
            parts.append(
                Part(
                    name=name,
                    filename=f"{name}.json",
                    media_type=JSON,
                    content=document,
                )
            )
    return Request(
        method="POST",
        path=dialect.feature_path,
        query=(("projectKey", project),),
        parts=tuple(parts),
        repeatable=repeatable,
    )
