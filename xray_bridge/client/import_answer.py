"""
The answer to an import of results.
"""

from __future__ import annotations

import json
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from xray_bridge.client.response import check_answer, key_in, key_of
from xray_bridge.dataclass import dataclass
from xray_bridge.model.receipt import Refused, join_refusals


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer

ERRORS = ("error", "errors")
# In bytes; a larger answer is read as a stream.
LARGE = 5 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAnswer:
    """
    The content of an import's answer.

    ``accepted`` are keys of Tests; ``None`` if Xray does not list them (Cloud).
    ``said`` is the text of the answer. ``resent``: the answer to the request that
    created the Test Execution was lost, and this one answers a second request.
    ``found`` are Test Executions that other jobs, or this one, have created for the
    same CI run. ``unset`` is the reason why a second request did not set fields of
    the Test Execution; empty if it did, or there was none. ``notices`` are further
    messages of Xray (``infoMessages``).
    """

    key: str
    id: str = ""
    api_url: str = ""
    accepted: tuple[str, ...] | None = None
    refused: tuple[Refused, ...] = ()
    said: str = ""
    resent: bool = False
    found: tuple[str, ...] = ()
    unset: str = ""
    notices: tuple[str, ...] = ()


def send_import(
    ask: Callable[[Request, BinaryIO], Answer], request: Request
) -> ImportAnswer:
    """
    Send results by ``ask``, and read the answer, however long it is.

    Only an error status is a refusal. An HTML page with a success may come from a
    gateway in front of a server that has taken the results: AmbiguousError.
    """
    with SpooledTemporaryFile(max_size=LARGE) as spooled:
        body = cast("BinaryIO", spooled)
        answer = ask(request, body)
        if not answer.is_success:
            check_answer(answer)
        size = body.tell()
        body.seek(0)
        if size > LARGE:
            return _read_large(answer, body, size)
        return read_import_answer(
            replace(answer, content=body.read() or answer.content)
        )


def _read_large(answer: Answer, body: BinaryIO, size: int) -> ImportAnswer:
    from xray_bridge.client.large_answer import read_large_answer

    content, accepted = read_large_answer(body)
    said = f"an answer of {size:,} bytes"
    keys = None if accepted is None else _read_keys(accepted)
    return replace(_read_content(content, answer, said), accepted=keys)


def read_import_answer(answer: Answer) -> ImportAnswer:
    """
    Read an import's answer, in each of the known forms.

    A 200 can still list Tests that were refused (``testIssues.error``).
    Raises AmbiguousError if it names no Test Execution.
    """
    return _read_content(answer.json(), answer, answer.text)


def _read_content(content: Any, answer: Answer, said: str) -> ImportAnswer:
    execution = key_of(content, answer)
    tests = content.get("testIssues")
    accepted: tuple[str, ...] | None = None
    refused: tuple[Refused, ...] = ()
    if isinstance(tests, dict):
        success = tests.get("success")
        # An empty list means that no Test was taken; no list means unknown.
        accepted = _read_keys(success) if isinstance(success, list) else None
        errors = tests.get("error")
        # A wrong type here must not lose the key of the Test Execution.
        errors = errors if isinstance(errors, list) else []
        refused = tuple(_read_refusal(each, answer.to_line) for each in errors)
    # With a key it is no refusal of everything, but the upload is not clean.
    others = (content[name] for name in ERRORS if content.get(name))
    refused += tuple(_read_refusal(each, answer.to_line) for each in others)
    return ImportAnswer(
        key=execution["key"],
        id=execution.get("id", ""),
        api_url=execution.get("self", ""),
        accepted=accepted,
        refused=refused,
        said=said,
        notices=_read_notices(content.get("infoMessages"), answer.to_line),
    )


def _read_notices(found: Any, shown: Callable[[str], str]) -> tuple[str, ...]:
    listed = found if isinstance(found, list) else [found] if found else []
    texts = (each if isinstance(each, str) else json.dumps(each) for each in listed)
    return tuple(shown(text) for text in texts)


def combine_answers(made: ImportAnswer, *filled: ImportAnswer) -> ImportAnswer:
    """
    Combine the answers of the requests that filled one Test Execution.

    A Test that any request accepted counts as accepted.
    """
    answers = (made, *filled)
    known = [each.accepted for each in answers if each.accepted is not None]
    accepted = dict.fromkeys(key for keys in known for key in keys)
    refused = join_refusals(answer.refused for answer in answers)
    return replace(
        made,
        accepted=tuple(accepted) if known else None,
        refused=tuple(each for each in refused if each.key not in accepted),
        said=answers[-1].said,
        notices=tuple(dict.fromkeys(n for each in answers for n in each.notices)),
    )


def _read_keys(found: Iterable[Any]) -> tuple[str, ...]:
    """Return the keys in a list of keys, or of objects with one; skip the rest."""
    keys = (each.get("key") if isinstance(each, dict) else each for each in found)
    return tuple(filter(None, map(key_in, keys)))


def _read_refusal(found: Any, shown: Callable[[str], str]) -> Refused:
    """Read a refusal; its form is not documented, so all of it is kept."""
    if not isinstance(found, dict):
        return Refused(key="", message=shown(str(found)))
    known = ("message", "messages", "error", "errors")
    said = next((found[name] for name in known if found.get(name)), found)
    key = key_in(found.get("key")) or key_in(found.get("testKey"))
    if isinstance(said, list) and all(isinstance(each, str) for each in said):
        said = "; ".join(said)
    text = said if isinstance(said, str) else json.dumps(said)
    return Refused(key=key, message=shown(text))
