"""
Attachments of issues.

Source: Atlassian's REST references, 'Add attachment' of both products: the part is
`file`, and a header allows the request, because web pages cannot send it.
"""

from __future__ import annotations

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.store.documents import ATTACHMENT, Document
from xray_sandbox.store.planning import write_now
from xray_sandbox.web.access import require_issue, require_permission
from xray_sandbox.web.auth import CREDENTIALS
from xray_sandbox.web.issue_json import attachment_json
from xray_sandbox.web.pages import send_download
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()

_ALLOWED = frozenset({"no-check", "nocheck"})
_FORBIDDEN = "You do not have permission to create attachments for this issue."


@routes.get("/attachment/meta")
def meta(site: Site) -> ResponseReturnValue:
    """Whether attachments are on, and how large one may be."""
    limit = site.store.attachment_limit
    return jsonify({"enabled": limit > 0, "uploadLimit": limit})


@routes.post("/issue/<key>/attachments")
def attach(site: Site, key: str) -> ResponseReturnValue:
    """Attach all parts with the name `file`; none is a success, too."""
    if request.headers.get("X-Atlassian-Token", "") not in _ALLOWED:
        return Response("XSRF check failed", status=403, mimetype="text/html")
    row = require_issue(site, key)
    require_permission(site, "CREATE_ATTACHMENTS", row.project, text=_FORBIDDEN)
    if request.mimetype != "multipart/form-data":
        return Response("", status=415)
    limit = site.store.attachment_limit
    if limit <= 0:
        raise RefusedError("Attachments are disabled.", status=404)
    files = [
        (part.filename or "file", part.mimetype, part.read())
        for part in request.files.getlist("file")
    ]
    if any(len(data) > limit for _, _, data in files):
        words = f"The file exceeds its maximum permitted size of {limit} bytes."
        raise RefusedError(words, status=413)
    made = []
    with site.store.transaction():
        for name, kind, data in files:
            content = {
                "size": len(data),
                "mimeType": kind,
                "author": CREDENTIALS.user,
                "created": write_now(),
                "sha256": site.store.write_file(data),
            }
            id_ = site.store.add_document(ATTACHMENT, row.id, content, name)
            made.append(Document(id_, row.id, name, content))
    return jsonify([attachment_json(site, each) for each in made])


@routes.get("/attachment/<id>")
def attachment(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """An attachment without its content."""
    return jsonify(attachment_json(site, _require(site, id)))


@routes.delete("/attachment/<id>")
def remove(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """Remove an attachment."""
    site.store.remove_document(_require(site, id).id)
    return "", 204


@routes.get("/attachment/content/<id>")
def content(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """The content of an attachment."""
    return _send(site, _require(site, id))


@routes.get("/secure/attachment/<id>/<name>")
def download(site: Site, id: str, name: str) -> ResponseReturnValue:  # noqa: A002
    """The content of an attachment, by the link of Data Center."""
    del name
    return _send(site, _require(site, id))


def _require(site: Site, id: str) -> Document:  # noqa: A002
    found = site.store.document(ATTACHMENT, int(id)) if id.isdecimal() else None
    if found is None:
        words = f"The attachment with id '{id}' does not exist"
        raise RefusedError(words, status=404)
    return found


def _send(site: Site, found: Document) -> Response:
    path = site.store.evidence_directory / found.content["sha256"]
    return send_download(path, found.name)
