"""
Previews an import: the Tests that it would update or create, and the changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client.key_lookup import look_up_keys
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import FeaturesError
from xray_bridge.features import plan
from xray_bridge.features.bundles import NOT_SENT
from xray_bridge.features.issues import PRECONDITIONS, TESTS, find_named
from xray_bridge.features.label_tags import move_to_labels


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.client.issues import Issue
    from xray_bridge.client.key_lookup import KeyLookup
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.features.gherkin import Feature
    from xray_bridge.features.values import Change, NamedIssue, UnkeyedBlock

SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """
    The issues of an import before it, and the changes to them.

    ``keyed`` are the Tests in tags. ``is_repeatable``: each scenario has a key, so
    that a repeated import cannot create a Test twice.
    """

    before: Mapping[str, Issue]
    wanted: Mapping[str, NamedIssue]
    keyed: Mapping[str, NamedIssue]
    changes: tuple[Change, ...]
    notices: tuple[str, ...]
    is_repeatable: bool

    @property
    def harms(self) -> tuple[Change, ...]:
        """The changes that overwrite values which people may have set."""
        return tuple(change for change in self.changes if change.harms)


def preview_import(
    xray: XrayClient,
    project: str,
    features: Mapping[str, Feature],
    prefixes: Sequence[str],
) -> Preview:
    """
    Ask the server about all issues in feature files.

    Raises FeaturesError if the project or a key does not exist.
    """
    features, label_notices = move_to_labels(
        features, prefixes, project, lambda name: xray.project(name) is not None
    )
    keyed = plan.named_issues(features, prefixes)
    plan.refuse_other_projects(keyed.values(), project)
    if xray.project(project) is None:
        msg = f"there is no project {project}, or the account may not see it"
        raise FeaturesError(msg, hint=f"{NOT_SENT}; check --project")
    before: dict[str, Issue] = {}
    for is_test, kind in ((True, TESTS), (False, PRECONDITIONS)):
        keys = [key for key, each in keyed.items() if each.is_test is is_test]
        lookup = look_up_keys(xray, sorted(keys), kind)
        _refuse_unknown(lookup, keyed)
        before |= lookup.issues
    scenarios = plan.scenarios_without_key(features, prefixes)
    backgrounds = plan.backgrounds_without_key(features, prefixes)
    labels = [label for each in scenarios for label in each.ids]
    names = [each.name for each in scenarios]
    tests = find_named(xray, TESTS, project, names, labels)
    names = [each.name for each in backgrounds]
    others = find_named(xray, PRECONDITIONS, project, names)
    met = plan.matched_by_name(backgrounds, others, are_tests=False)
    met |= plan.matched_by_name(scenarios, tests)
    before |= {key: (tests | others)[key] for key in met}
    wanted = {**met, **keyed}
    commented = [key for key, each in wanted.items() if each.comments]
    descriptions = xray.descriptions(sorted(commented)) if commented else {}
    return Preview(
        before=before,
        wanted=wanted,
        keyed={key: each for key, each in keyed.items() if each.is_test},
        changes=plan.list_changes(wanted.values(), before, descriptions),
        notices=(
            *label_notices,
            *plan.list_notices(features, prefixes, keyed.values()),
            *_list_new(scenarios, met),
        ),
        is_repeatable=not scenarios and not backgrounds,
    )


def _refuse_unknown(lookup: KeyLookup, keyed: Mapping[str, NamedIssue]) -> None:
    """Refuse unknown keys: Server would create another Test for each."""
    for key, what in lookup.others.items():
        kind = "Test" if keyed[key].is_test else "Precondition"
        msg = f"{keyed[key].places[0]}: {key} is not a {kind}: {what}"
        hint = (
            f"{NOT_SENT}; correct the key, or remove it to let Xray find or create one"
        )
        raise FeaturesError(msg, hint=hint)
    if lookup.unknown:
        place = keyed[lookup.unknown[0]].places[0]
        msg = f"keys that could not be looked up: {len(lookup.unknown)}, as in {place}"
        raise FeaturesError(msg, hint=f"{NOT_SENT}; too many other keys do not exist")


def _list_new(
    unkeyed: Sequence[UnkeyedBlock], met: Mapping[str, NamedIssue]
) -> Iterator[str]:
    known = {place for each in met.values() for place in each.places}
    new = [each for each in unkeyed if each.place not in known]
    for each in new[:SHOWN]:
        yield f"{each.place}: Xray will create a Test for {each.name!r}"
    if len(new) > SHOWN:
        yield f"Xray will create {len(new) - SHOWN} more Tests"
