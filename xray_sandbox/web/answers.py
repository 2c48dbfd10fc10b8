"""
Answers that the sandbox is told to give, so that a user can rehearse them.

A file of JSON: a list of objects, the first that fits a request answers it.

| name | meaning |
|---|---|
| ``method``, ``path`` | which requests; ``*`` in a path stands for anything |
| ``contains`` | only those with this text in their body |
| ``anonymous`` | only those without a login |
| ``times`` | for how many requests; 1 unless told; 0: for all |
| ``status``, ``headers``, ``body`` | the answer; a body that is no text is JSON |
| ``after`` | true: the request is done first, and then answered so |
| ``replace`` | texts in the sandbox's own answer, and what stands there instead |
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request


_OK = 200


class AnswersError(ValueError):
    """A file of answers that cannot be read."""


@dataclass(kw_only=True)
class ToldAnswer:
    """One answer, and the requests that it is for."""

    method: str = "*"
    path: str = "*"
    contains: str = ""
    anonymous: bool = False
    times: int = 1
    status: int = _OK
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = ""
    after: bool = False
    replace: Mapping[str, str] = field(default_factory=dict)
    given: int = 0

    def fits(self) -> bool:
        """Whether it is for the request that came in."""
        return (
            not (self.times and self.given >= self.times)
            and fnmatchcase(request.method, self.method.upper())
            and fnmatchcase(request.path, self.path)
            and not (self.anonymous and "Authorization" in request.headers)
            and self.contains.encode() in _sent()
        )

    def response(self) -> Response:
        """The answer."""
        is_text = isinstance(self.body, str)
        text = self.body if is_text else json.dumps(self.body)
        is_page = text.lstrip().startswith("<")
        kind = "text/html" if is_page else "application/json"
        return Response(text, self.status, dict(self.headers), mimetype=kind)


_KNOWN = ToldAnswer.__dataclass_fields__.keys() - {"given"}


def _sent() -> bytes:
    """The body, of a form all its parts."""
    found = request.get_data() if not request.files else b""
    for part in request.files.values():
        found += part.read()
        part.seek(0)
    return found


def read_answers(path: Path) -> tuple[ToldAnswer, ...]:
    """The answers of a file; raises AnswersError."""
    try:
        listed = json.loads(path.read_bytes())
        unknown = sorted({name for each in listed for name in each.keys() - _KNOWN})
        found = tuple(ToldAnswer(**each) for each in listed if not unknown)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise AnswersError(f"{path}: not a list of answers ({error})") from error
    if unknown:
        names = f"{', '.join(unknown)}; there are {', '.join(sorted(_KNOWN))}"
        raise AnswersError(f"{path}: an answer has {names}")
    return found


def tell(app: Flask, answers: tuple[ToldAnswer, ...]) -> None:
    """Let the application answer so."""
    lock = threading.Lock()

    @app.before_request
    def instead() -> Response | None:
        with lock:
            found = next((each for each in answers if each.fits()), None)
            if found is not None:
                found.given += 1
        g.told = found
        at_once = found is not None and not (found.after or found.replace)
        return found.response() if found and at_once else None

    @app.after_request
    def afterwards(answer: Response) -> Response:
        told: ToldAnswer | None = g.get("told")
        if told is None or not (told.after or told.replace):
            return answer
        if not told.replace:
            return told.response()
        text = answer.get_data(as_text=True)
        for old, new in told.replace.items():
            text = text.replace(old, new)
        answer.set_data(text)
        return answer
