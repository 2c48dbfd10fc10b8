"""
The ``report.json`` of behavex.

Source: behavex's ``outputs/report_json.py`` and its files. An error of a hook is the
status ``error`` of its scenario, and of its feature where no scenario ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import below
from xray_bridge.formats.convert.protocol import Converted, Red, has_failed
from xray_bridge.formats.convert.values import (
    joined,
    known,
    member,
    moment,
    number,
    objects,
    paragraphs,
    text,
    texts,
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
    """The scenarios; a feature that failed and has none that did is red."""
    for _, feature in below(source, ("features.item",), ("hash", "error_step")):
        is_green = True
        for scenario in objects(member(feature, "scenarios")):
            result = _scenario(scenario, feature, keys)
            is_green &= not has_failed(result)
            yield result
        status = known(text(member(feature, "status")), OUTCOMES)
        if is_green and status.outcome is Outcome.FAILED:
            said = texts(member(feature, "error_msg"))
            what = f"the feature's status is {text(member(feature, 'status'))!r}"
            yield Red(name=_path(feature), message=paragraphs(*said) or what)


def _path(found: Any) -> str:
    return text(member(found, "filename")) or text(member(found, "name")) or "feature"


def _scenario(found: dict[str, Any], feature: Any, keys: KeyFinder) -> Converted:
    tags = texts(found.get("tags"))
    status = known(text(found.get("status")), OUTCOMES)
    said = [*texts(found.get("error_msg")), "".join(texts(found.get("error_lines")))]
    if status.outcome is Outcome.FAILED:
        steps = objects(member(found, "background", "steps")) + objects(
            found.get("steps")
        )
        said += [
            f"{text(step.get('status'))}: {text(step.get('name'))}"
            for step in steps
            if step.get("status") in {"undefined", "pending"}
        ]
    return Converted(
        classname=joined(_path(feature), text(found.get("rule"))),
        name=text(found.get("name")),
        outcome=status.outcome,
        key=keys.of_tags(tags),
        labels=keys.labels(tags),
        message=paragraphs(*said),
        started=moment(found.get("start")),
        duration=number(found.get("duration")),
        word=status.word,
    )
