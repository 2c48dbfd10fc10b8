"""
Read every request body to its end, limit its size, and log the request.

If a server answers without reading the body, the client sees a reset connection
instead of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from flask import Flask, Response, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from xray_sandbox.store.rows import PartRow, RequestRow
from xray_sandbox.store.store import Store


UPLOAD_LIMIT = 100 * 1024 * 1024
_CHUNK = 1 << 16
_READ_AT_MOST = 1 << 30
_OWN = "pages."


def watch_requests(app: Flask, store: Store) -> None:
    """Read, log and limit all requests of this application."""
    app.config["MAX_CONTENT_LENGTH"] = UPLOAD_LIMIT
    app.config["MAX_FORM_MEMORY_SIZE"] = UPLOAD_LIMIT

    @app.before_request
    def read_parts() -> None:
        """Parse a multipart body before anything can refuse the request."""
        if request.mimetype == "multipart/form-data" and not _too_large():
            g.parts = tuple(_multipart_parts())

    @app.after_request
    def log(answer: Response) -> Response:
        _drain_body()
        if not (request.endpoint or "").startswith(_OWN):
            store.add_request(_request_row(answer.status_code))
        return answer


def _too_large() -> bool:
    return (request.content_length or 0) > UPLOAD_LIMIT


def _multipart_parts() -> Iterator[PartRow]:
    files: MultiDict[str, object] = request.files  # type: ignore[assignment]
    for name, file in files.items(multi=True):
        yield PartRow(
            name, getattr(file, "filename", "") or "", getattr(file, "mimetype", "")
        )
    for name in request.form:
        yield PartRow(name, "", "")


def _request_row(status: int) -> RequestRow:
    return RequestRow(
        method=request.method,
        path=request.environ.get("sandbox.path", request.path),
        query=request.query_string.decode(errors="replace"),
        status=status,
        content_type=request.mimetype,
        parts=getattr(g, "parts", ()),
    )


def _drain_body() -> None:
    """Read and discard the rest of the body, up to a limit."""
    source = request.environ["wsgi.input"] if _too_large() else request.stream
    left = min(request.content_length or UPLOAD_LIMIT, _READ_AT_MOST)
    with suppress(BadRequest, RequestEntityTooLarge):
        while left > 0 and (chunk := source.read(min(_CHUNK, left))):
            left -= len(chunk)
