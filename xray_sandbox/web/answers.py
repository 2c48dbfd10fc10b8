"""
Prepared answers, with which users imitate the behaviour of real servers.

A JSON file has a list of objects. The first one that fits a request answers it.

| name | meaning |
|---|---|
| ``method``, ``path`` | the requests; ``*`` in a path matches any text |
| ``contains`` | only those with this text in their body |
| ``anonymous`` | only those without a login |
| ``times`` | the number of requests; the default is 1; 0: all |
| ``status``, ``headers``, ``body`` | the answer; a body that is no text becomes JSON |
| ``after`` | true: first process the request, then give this answer |
| ``replace`` | texts in the sandbox's own answer, with their replacements |
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
class PreparedAnswer:
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

    def fits_request(self) -> bool:
        """Whether this answer is for the current request."""
        return (
            not (self.times and self.given >= self.times)
            and fnmatchcase(request.method, self.method.upper())
            and fnmatchcase(request.path, self.path)
            and not (self.anonymous and "Authorization" in request.headers)
            and self.contains.encode() in _request_body()
        )

    def make_response(self) -> Response:
        """Make the response."""
        is_text = isinstance(self.body, str)
        text = self.body if is_text else json.dumps(self.body)
        is_page = text.lstrip().startswith("<")
        kind = "text/html" if is_page else "application/json"
        return Response(text, self.status, dict(self.headers), mimetype=kind)


_KNOWN = PreparedAnswer.__dataclass_fields__.keys() - {"given"}


def _request_body() -> bytes:
    """The body of the request; for a form, all its parts."""
    found = request.get_data() if not request.files else b""
    for part in request.files.values():
        found += part.read()
        part.seek(0)
    return found


def read_answers(path: Path) -> tuple[PreparedAnswer, ...]:
    """Read a file of answers; raises AnswersError."""
    try:
        listed = json.loads(path.read_bytes())
        unknown = sorted({name for each in listed for name in each.keys() - _KNOWN})
        found = tuple(PreparedAnswer(**each) for each in listed if not unknown)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise AnswersError(f"{path}: no JSON list of answers ({error})") from error
    if unknown:
        names = f"{', '.join(unknown)} (known: {', '.join(sorted(_KNOWN))})"
        raise AnswersError(f"{path}: an answer has unknown keys: {names}")
    return found


def install_answers(app: Flask, answers: tuple[PreparedAnswer, ...]) -> None:
    """Make the application give these answers."""
    lock = threading.Lock()

    @app.before_request
    def answer_instead() -> Response | None:
        with lock:
            found = next((each for each in answers if each.fits_request()), None)
            if found is not None:
                found.given += 1
        g.told = found
        at_once = found is not None and not (found.after or found.replace)
        return found.make_response() if found and at_once else None

    @app.after_request
    def answer_afterwards(answer: Response) -> Response:
        prepared: PreparedAnswer | None = g.get("told")
        if prepared is None or not (prepared.after or prepared.replace):
            return answer
        if not prepared.replace:
            return prepared.make_response()
        text = answer.get_data(as_text=True)
        for old, new in prepared.replace.items():
            text = text.replace(old, new)
        answer.set_data(text)
        return answer
