"""
Convert the ``report.json`` of behavex.

Source: behavex's ``outputs/report_json.py`` and its files. An error of a hook gives its
scenario the status ``error``, or its feature if no scenario ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import read_values
from xray_bridge.formats.convert.protocol import Converted, Red, has_failed
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    join_parts,
    member_at,
    to_number,
    to_objects,
    to_text,
    to_texts,
    to_time,
    verdict_from,
)
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

OUTCOMES = {
    "untested": Outcome.SKIPPED,
    "undefined": Outcome.FAILED,
    "hook_error": Outcome.FAILED,
    "cleanup_error": Outcome.FAILED,
}


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the scenarios, and failed features without a failed scenario."""
    for _, feature in read_values(source, ("features.item",), ("hash", "error_step")):
        is_green = True
        for scenario in to_objects(member_at(feature, "scenarios")):
            result = _convert_scenario(scenario, feature, keys)
            is_green &= not has_failed(result)
            yield result
        status = verdict_from(to_text(member_at(feature, "status")), OUTCOMES)
        if is_green and status.outcome is Outcome.FAILED:
            found_texts = to_texts(member_at(feature, "error_msg"))
            what = f"the feature's status is {to_text(member_at(feature, 'status'))!r}"
            yield Red(
                name=_feature_path(feature),
                message=join_paragraphs(*found_texts) or what,
            )


def _feature_path(found: Any) -> str:
    return (
        to_text(member_at(found, "filename"))
        or to_text(member_at(found, "name"))
        or "feature"
    )


def _convert_scenario(
    found: dict[str, Any], feature: Any, keys: KeyFinder
) -> Converted:
    tags = to_texts(found.get("tags"))
    status = verdict_from(to_text(found.get("status")), OUTCOMES)
    found_texts = [
        *to_texts(found.get("error_msg")),
        "".join(to_texts(found.get("error_lines"))),
    ]
    if status.outcome is Outcome.FAILED:
        steps = to_objects(member_at(found, "background", "steps")) + to_objects(
            found.get("steps")
        )
        found_texts += [
            f"{to_text(step.get('status'))}: {to_text(step.get('name'))}"
            for step in steps
            if to_text(step.get("status")) in {"undefined", "pending"}
        ]
    return Converted(
        classname=join_parts(_feature_path(feature), to_text(found.get("rule"))),
        name=to_text(found.get("name")),
        outcome=status.outcome,
        key=keys.of_tags(tags),
        labels=keys.labels(tags),
        message=join_paragraphs(*found_texts),
        started=to_time(found.get("start")),
        duration=to_number(found.get("duration")),
        word=status.word,
    )
