"""
Finds tags that look like keys but are labels: ``UTF-8``, ``WCAG-2``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.model import tags
from xray_bridge.model.keys import project_of


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xray_bridge.features.gherkin import Block, Feature


def move_to_labels(
    features: Mapping[str, Feature],
    prefixes: Sequence[str],
    project: str,
    is_project: Callable[[str], bool],
) -> tuple[dict[str, Feature], tuple[str, ...]]:
    """
    Move such tags to the labels of scenarios; return the features and notices.

    They are labels if the scenario also has a key of the project, or if there is no
    project of that name: ``is_project`` is called once for each.
    """
    known: dict[str, bool] = {}

    def is_known(name: str) -> bool:
        if name not in known:
            known[name] = is_project(name)
        return known[name]

    notices: list[str] = []
    found = {}
    for name, feature in features.items():
        scenarios = []
        for scenario in feature.scenarios:
            label_tags = tuple(_find_label_tags(scenario, prefixes, project))
            if not _is_keyed(scenario, prefixes, project):
                label_tags = tuple(t for t in label_tags if not is_known(project_of(t)))
                notices += (
                    f"{name}:{scenario.line}: @{tag} is a label: there is no "
                    f"project {project_of(tag)}"
                    for tag in label_tags
                )
            others = tuple(tag for tag in scenario.tags if tag not in label_tags)
            scenarios.append(replace(scenario, tags=others, labels=label_tags))
        found[name] = replace(feature, scenarios=tuple(scenarios))
    return found, tuple(notices)


def _find_label_tags(
    scenario: Block, prefixes: Sequence[str], project: str
) -> Iterator[str]:
    """Return tags that are keys of other projects without a prefix."""
    for tag in scenario.tags:
        keys = tags.read((tag,), prefixes=prefixes).test_keys
        if keys == (tag,) and project_of(tag) != project:
            yield tag


def _is_keyed(scenario: Block, prefixes: Sequence[str], project: str) -> bool:
    keys = tags.read(scenario.tags, prefixes=prefixes).test_keys
    return any(project_of(key) == project for key in keys)
