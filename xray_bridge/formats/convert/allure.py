"""
Convert Allure's results, a folder of JSON files.

Source: Allure 2's model, and files of allure-pytest, allure-behave, and allure-mocha,
-jest and -vitest 3. Results of one history are attempts, and the last one counts.
Fixtures stand in containers, other failures outside of tests in globals
(``findings/allure-mocha-hook-in-globals-only.sh``).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

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
    from pathlib import Path

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

RESULTS = "*-result.json"
CONTAINERS = "*-container.json"
GLOBALS = "*-globals.json"
OUTCOMES = {"broken": Outcome.FAILED}
# Bytes; a result contains its steps, but no attachments.
LONGEST_FILE = 64 << 20
FIXTURES = ("befores", "afters")
_KEY_OF_LINK = re.compile(r".*/([^/?#]+)")


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the last attempts, and failed fixtures whose tests did not fail."""
    folder = source.path
    attempts = _find_attempts(source)
    last = {max(each) for each in attempts.values()}
    red: set[str] = set()
    traces: set[str] = set()
    for attempt in sorted(last):
        _, name = attempt
        found = _read_object(source, folder / name)
        history = attempts[_history_id(found, name)]
        failed = [file for at, file in history if (at, file) != attempt]
        result = _convert_result(source, found, keys, failed)
        if has_failed(result):
            red.add(to_text(found.get("uuid")))
            traces.add(_trace_of(found))
        yield result
    for path in sorted(folder.glob(CONTAINERS)):
        container = _read_object(source, path)
        traces.update(map(_trace_of, _list_fixtures(container)))
        yield from _red_of_container(container, red)
    for path in sorted(folder.glob(GLOBALS)):
        yield from _red_of_errors(_read_object(source, path), traces)


def _find_attempts(source: Source) -> dict[str, list[tuple[float, str]]]:
    """Find the start and the file of each attempt, by test."""
    found: dict[str, list[tuple[float, str]]] = {}
    for path in sorted(source.path.glob(RESULTS)):
        result = _read_object(source, path)
        attempt = (to_number(result.get("start")), path.name)
        found.setdefault(_history_id(result, path.name), []).append(attempt)
    return found


def _history_id(result: dict[str, Any], name: str) -> str:
    return to_text(result.get("historyId")) or name


def _read_object(source: Source, path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise source.broken(f"{path.name} is too big for a result")
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise source.broken(f"{path.name} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        hint = "is the file complete?"
        raise source.broken(f"{path.name} is not valid JSON", hint=hint) from None
    if not isinstance(found, dict):
        raise source.broken(f"{path.name} is not a result of Allure")
    return found


def _convert_result(
    source: Source, found: dict[str, Any], keys: KeyFinder, failed: list[str]
) -> Converted:
    is_pending = not found.get("status") and found.get("stage") == "pending"
    status = verdict_from(
        "skipped" if is_pending else to_text(found.get("status")), OUTCOMES
    )
    outcome, message = status.outcome, _message_of(found)
    if outcome is Outcome.SKIPPED and message.startswith("XFAIL"):
        outcome = Outcome.XFAILED
    elif outcome is Outcome.PASSED and message.startswith("XPASS"):
        outcome = Outcome.XPASSED
    elif outcome is Outcome.PASSED and failed:
        outcome = Outcome.FLAKY
        message = _message_of(_read_object(source, source.path / failed[-1]))
    labels = to_objects(found.get("labels"))
    pairs = [(to_text(each.get("name")), to_text(each.get("value"))) for each in labels]
    tags = [value for name, value in pairs if name == "tag"]
    classname, name = _name_test(found, pairs)
    key = keys.of_pairs(pairs) or keys.of_pairs(_key_links(found)) or keys.of_tags(tags)
    start, stop = to_time(found.get("start")), to_time(found.get("stop"))
    return Converted(
        classname=classname,
        name=name,
        outcome=outcome,
        key=key or keys.of_title(to_text(found.get("name"))),
        labels=keys.labels(tags),
        message=message,
        started=start,
        duration=max((stop or 0.0) - (start or 0.0), 0.0) if start else 0.0,
        word=status.word,
    )


def _key_links(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and addresses of links to a test management system."""
    for link in to_objects(found.get("links")):
        if link.get("type") == "tms":
            match = _KEY_OF_LINK.fullmatch(to_text(link.get("url")))
            yield "tms", to_text(link.get("name"))
            yield "tms", match[1] if match else ""


def _name_test(found: dict[str, Any], labels: list[tuple[str, str]]) -> tuple[str, str]:
    """Return the place and the name of a test; titles change, and rows are one test."""
    name, full = to_text(found.get("name")), to_text(found.get("fullName"))
    for sign in ("#", ": "):
        above, found_sign, own = full.rpartition(sign)
        if found_sign and own:
            return above, own
    if full and not re.search(r"\s", full):
        above, _, own = full.rpartition(".")
        return above, own
    suites = [value for label, value in labels if "suite" in label.lower()]
    return join_parts(*to_texts(found.get("titlePath"))) or join_parts(
        *suites
    ), full or name


def _message_of(found: Any) -> str:
    details = member_at(found, "statusDetails")
    message, trace = (
        to_text(member_at(details, "message")),
        to_text(member_at(details, "trace")),
    )
    # allure-pytest writes the place of a skip into the trace.
    has_all = message and message in trace and not trace.startswith("(")
    best = trace if has_all else message if trace.startswith("(") else ""
    return best.removeprefix("Skipped: ") or join_paragraphs(message, trace)


def _red_of_container(found: dict[str, Any], red: set[str]) -> Iterator[Red]:
    if red.intersection(to_texts(found.get("children"))):
        return
    for each in _list_fixtures(found):
        # A fixture without a status did not fail.
        status = to_text(each.get("status"))
        if status and verdict_from(status, OUTCOMES).outcome is Outcome.FAILED:
            name = to_text(each.get("name")).partition("::")[0]
            yield Red(name=join_parts(each["kind"], name), message=_message_of(each))


def _list_fixtures(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in FIXTURES:
        for each in to_objects(found.get(kind)):
            yield {**each, "kind": kind}


def _red_of_errors(found: dict[str, Any], traces: set[str]) -> Iterator[Red]:
    """Yield failed hooks whose trace no result and no fixture has."""
    for each in to_objects(found.get("errors")):
        trace = to_text(each.get("trace"))
        if not trace or trace not in traces:
            message = to_text(each.get("message"))
            name = message.partition(": ")[0].partition("\n")[0]
            yield Red(name=name or "error", message=join_paragraphs(message, trace))


def _trace_of(found: dict[str, Any]) -> str:
    return to_text(member_at(member_at(found, "statusDetails"), "trace"))
