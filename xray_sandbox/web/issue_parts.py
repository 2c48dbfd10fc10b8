"""
The parts of an issue: comments, links, remote links, properties.

Source: Atlassian's REST references, 'Add comment', 'Create issue link', 'Create or
update remote issue link' and 'Set issue property' of both products.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.documents import expect, items_of
from xray_sandbox.store.documents import COMMENT, PROPERTY, REMOTE_LINK, Document
from xray_sandbox.store.planning import write_now
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.web.access import require_issue, require_permission
from xray_sandbox.web.adf import from_document, to_document
from xray_sandbox.web.auth import CREDENTIALS
from xray_sandbox.web.door import current_door
from xray_sandbox.web.issue_json import comment_json, link_json, link_types
from xray_sandbox.web.paging import cut_page
from xray_sandbox.web.routes import Routes
from xray_sandbox.web.site import Site


routes = Routes()

_TEXT_LIMIT = 32_767
_ID_LIMIT = 255


@routes.get("/issue/<key>/comment")
def comments(site: Site, key: str) -> ResponseReturnValue:
    """The comments of an issue, oldest first."""
    found = site.store.documents(COMMENT, require_issue(site, key).id)
    return jsonify(cut_page([_show(site, each) for each in found], "comments"))


@routes.post("/issue/<key>/comment")
def comment(site: Site, key: str) -> ResponseReturnValue:
    """Add a comment."""
    body = expect(request.get_json(silent=True), dict, "body")
    made = add_comment(site, require_issue(site, key), body.get("body"))
    return jsonify(_show(site, made)), 201


@routes.put("/issue/<key>/comment/<id>")
def change_comment(
    site: Site,
    key: str,
    id: str,  # noqa: A002
) -> ResponseReturnValue:
    """Replace the text of a comment."""
    row = require_issue(site, key)
    body = expect(request.get_json(silent=True), dict, "body")
    found = site.store.document(COMMENT, _number(id))
    if found is None or found.owner != row.id:
        raise RefusedError(f"Can not find a comment for the id: {id}.", status=404)
    require_permission(site, "ADD_COMMENTS", row.project)
    content = {**found.content, "body": _read_text(body.get("body"))}
    changed = found._replace(content={**content, "updated": write_now()})
    site.store.change_document(found.id, changed.content)
    return jsonify(_show(site, changed))


def add_comment(site: Site, row: IssueRow, body: Any) -> Document:
    """Add a comment with a text, or in version 3 a document."""
    text = _read_text(body)
    words = "you do not have the permission to comment on this issue."
    refusal = f"{CREDENTIALS.user}, {words}"
    require_permission(site, "ADD_COMMENTS", row.project, text=refusal)
    now = write_now()
    content = {"body": text, "author": CREDENTIALS.user, "created": now, "updated": now}
    id_ = site.store.add_document(COMMENT, row.id, content)
    return Document(id_, row.id, "", content)


def _read_text(body: Any) -> str:
    text = from_document(body) if g.documents else body
    if not isinstance(text, str):
        raise RefusedError("", fields={"comment": "Operation value must be a string"})
    if not text.strip():
        raise RefusedError("", fields={"comment": "Comment body can not be empty!"})
    if len(text) > _TEXT_LIMIT:
        words = (
            "The entered text is too long. "
            f"It exceeds the allowed limit of {_TEXT_LIMIT} characters."
        )
        raise RefusedError("", fields={"comment": words})
    return text


def _show(site: Site, found: Document) -> dict[str, Any]:
    shown = comment_json(site, found)
    return {**shown, "body": to_document(shown["body"])} if g.documents else shown


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


@routes.get("/issueLinkType")
def issue_link_types(_: Site) -> ResponseReturnValue:
    """All types of links."""
    return jsonify({"issueLinkTypes": link_types()})


@routes.post("/issueLink")
def link(site: Site) -> ResponseReturnValue:
    """Link two issues; a link that exists already is a success, too."""
    body = expect(request.get_json(silent=True), dict, "body")
    with site.store.transaction():
        source, destination = (
            require_issue(site, _named_issue(body.get(name)))
            for name in ("inwardIssue", "outwardIssue")
        )
        _link(site, body.get("type"), source, destination)
        if note := body.get("comment"):
            add_comment(site, source, expect(note, dict, "comment").get("body"))
    return "", 201


@routes.get("/issueLink/<id>")
def read_link(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """A link with both issues."""
    found = site.store.link(_number(id))
    if found is None:
        raise RefusedError(f"No issue link with id '{id}' exists.", status=404)
    return jsonify(link_json(site, found))


@routes.delete("/issueLink/<id>")
def remove_link(site: Site, id: str) -> ResponseReturnValue:  # noqa: A002
    """Remove a link."""
    if site.store.link(_number(id)) is None:
        raise RefusedError(f"No issue link with id '{id}' exists.", status=404)
    site.store.unlink_issues(_number(id))
    return "", 204


def add_links(site: Site, row: IssueRow, body: Mapping[str, Any]) -> None:
    """Add the links of `update.issuelinks` to an issue."""
    update = expect(body.get("update", {}), dict, "update")
    for operation in items_of(update, "issuelinks"):
        given = expect(operation.get("add"), dict, "issuelinks")
        if "outwardIssue" in given:
            other = require_issue(site, _named_issue(given["outwardIssue"]))
            _link(site, given.get("type"), row, other)
        else:
            other = require_issue(site, _named_issue(given.get("inwardIssue")))
            _link(site, given.get("type"), other, row)


def _named_issue(given: Any) -> str:
    found = given if isinstance(given, dict) else {}
    return str(found.get("key") or found.get("id") or "")


def _link(site: Site, given: Any, source: IssueRow, destination: IssueRow) -> None:
    named = given if isinstance(given, dict) else {}
    name = str(named.get("name"))
    known = {each["id"]: each["name"] for each in link_types()}
    name = known.get(str(named.get("id")), name)
    if name not in known.values():
        raise RefusedError(f"No issue link type with name '{name}' found.", status=404)
    words = f"No Link Issue Permission for issue '{source.key}'"
    status = current_door().link_refusal
    for each in (source, destination):
        require_permission(site, "LINK_ISSUES", each.project, text=words, status=status)
    site.store.link_issues(name, source.id, destination.id)


@routes.get("/issue/<key>/remotelink")
def remote_links(site: Site, key: str) -> ResponseReturnValue:
    """The remote links of an issue, or the one with the `globalId` of the query."""
    row = require_issue(site, key)
    wanted = request.args.get("globalId")
    if wanted is None:
        found = site.store.documents(REMOTE_LINK, row.id)
        return jsonify([_remote_json(site, each) for each in found])
    one = site.store.find_document(REMOTE_LINK, row.id, wanted) if wanted else None
    if one is None:
        words = f"No remote link with globalId '{wanted}' exists."
        raise RefusedError(words, status=404)
    return jsonify(_remote_json(site, one))


@routes.post("/issue/<key>/remotelink")
def add_remote_link(site: Site, key: str) -> ResponseReturnValue:
    """Add a remote link, or replace all of the one with the same `globalId`."""
    row = require_issue(site, key)
    body = expect(request.get_json(silent=True), dict, "body")
    require_permission(site, "LINK_ISSUES", row.project)
    shown = body.get("object") if isinstance(body.get("object"), dict) else {}
    assert isinstance(shown, dict)  # noqa: S101 -- a line above
    lacking = {n: f"'{n}' is required." for n in ("url", "title") if not shown.get(n)}
    name = str(body.get("globalId") or "")
    if len(name) > _ID_LIMIT:
        lacking["globalId"] = f"'globalId' cannot exceed {_ID_LIMIT} characters."
    if lacking:
        raise RefusedError("", fields=lacking)
    content = {n: body.get(n) for n in ("application", "relationship", "object")}
    if name:
        id_, is_new = site.store.put_document(REMOTE_LINK, row.id, name, content)
    else:
        id_, is_new = site.store.add_document(REMOTE_LINK, row.id, content), True
    link_ = site.link(f"rest/api/2/issue/{row.key}/remotelink/{id_}")
    return jsonify({"id": id_, "self": link_}), 201 if is_new else 200


@routes.delete("/issue/<key>/remotelink")
def remove_remote_link(site: Site, key: str) -> ResponseReturnValue:
    """Remove the remote link with the `globalId` of the query."""
    row, wanted = require_issue(site, key), request.args.get("globalId", "")
    found = site.store.find_document(REMOTE_LINK, row.id, wanted) if wanted else None
    if found is None:
        words = f"No remote link with globalId '{wanted}' exists."
        raise RefusedError(words, status=404)
    site.store.remove_document(found.id)
    return "", 204


def _remote_json(site: Site, found: Document) -> dict[str, Any]:
    path = f"rest/api/2/issue/{found.owner}/remotelink/{found.id}"
    given = {name: value for name, value in found.content.items() if value is not None}
    named = {"globalId": found.name} if found.name else {}
    return {"id": found.id, "self": site.link(path), **named, **given}


@routes.get("/issue/<key>/properties")
def properties(site: Site, key: str) -> ResponseReturnValue:
    """The names of all properties."""
    row = require_issue(site, key)
    found = site.store.documents(PROPERTY, row.id)
    path = f"rest/api/2/issue/{row.key}/properties"
    return jsonify(
        {
            "keys": [
                {"self": site.link(f"{path}/{each.name}"), "key": each.name}
                for each in found
            ]
        }
    )


@routes.get("/issue/<key>/properties/<name>")
def read_property(site: Site, key: str, name: str) -> ResponseReturnValue:
    """A property: any JSON value that an integration keeps with an issue."""
    found = _require_property(site, require_issue(site, key), name)
    return jsonify({"key": name, "value": found.content})


@routes.put("/issue/<key>/properties/<name>")
def write_property(site: Site, key: str, name: str) -> ResponseReturnValue:
    """Write a property."""
    row = require_issue(site, key)
    require_permission(site, "EDIT_ISSUES", row.project)
    if len(name) > _ID_LIMIT or len(request.get_data()) > _TEXT_LIMIT + 1:
        raise RefusedError("The property key or value is too long.")
    value = request.get_json(silent=True, force=True)
    if value is None and request.get_data().strip() != b"null":
        raise RefusedError("The property value must be valid JSON.")
    _, is_new = site.store.put_document(PROPERTY, row.id, name, value)
    return "", 201 if is_new else 200


@routes.delete("/issue/<key>/properties/<name>")
def remove_property(site: Site, key: str, name: str) -> ResponseReturnValue:
    """Remove a property."""
    row = require_issue(site, key)
    site.store.remove_document(_require_property(site, row, name).id)
    return "", 204


def _require_property(site: Site, row: IssueRow, name: str) -> Document:
    found = site.store.find_document(PROPERTY, row.id, name)
    if found is None:
        words = f"The property {name} does not exist."
        raise RefusedError(words, status=404)
    return found
