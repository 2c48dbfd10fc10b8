"""
Xray Cloud: everything below `api/v2`.

Source: Xray's manual, 'REST API v2' of Cloud.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.features_export import build_feature_files, zip_files
from xray_sandbox.features_import import receive_features
from xray_sandbox.product import CLOUD
from xray_sandbox.read.documents import expect, text_of
from xray_sandbox.read.imports import PATHS, receive_results
from xray_sandbox.web.auth import issue_token, knows_api_key, knows_token
from xray_sandbox.web.datasets import add_export
from xray_sandbox.web.site import Site


# Slow to import and often not needed: check now that it exists, import it later.
if find_spec("graphql") is None:
    raise ModuleNotFoundError("No module named 'graphql'", name="graphql-core")


def cloud_blueprint(site: Site) -> Blueprint:
    """Authentication, imports, exports and GraphQL."""
    blueprint = Blueprint("cloud", __name__, url_prefix="/api/v2")
    blueprint.before_request(_require_token)
    blueprint.register_error_handler(RefusedError, _answer_refusal)
    for path, (name, multipart) in PATHS.items():
        blueprint.add_url_rule(
            f"/import/execution{path}",
            f"import {path}",
            _import_view(site, name, multipart=multipart),
            methods=["POST"],
        )
    _add_resources(blueprint, site)
    add_export(blueprint, site, "/dataset/export")
    return blueprint


def _require_token() -> ResponseReturnValue | None:
    header = request.headers.get("Authorization", "")
    if request.endpoint == "cloud.authenticate" or knows_token(header):
        return None
    return jsonify({"error": "Authentication failed. Invalid or expired token!"}), 401


def _answer_refusal(error: RefusedError) -> ResponseReturnValue:
    return jsonify({"error": error.text}), error.status


def _import_view(site: Site, name: str, *, multipart: bool) -> Any:
    def view() -> ResponseReturnValue:
        done = receive_results(site.registry, CLOUD, name, multipart=multipart)
        return jsonify(site.reference(done.execution))

    return view


def _add_resources(blueprint: Blueprint, site: Site) -> None:
    @blueprint.post("/import/feature")
    def import_features() -> ResponseReturnValue:
        done = receive_features(site.registry, CLOUD)
        return jsonify(
            {
                "errors": done.errors,
                "updatedOrCreatedTests": list(map(site.reference, done.tests)),
                "updatedOrCreatedPreconditions": list(
                    map(site.reference, done.preconditions)
                ),
            }
        )

    @blueprint.post("/authenticate")
    def authenticate() -> ResponseReturnValue:
        """The token, as a JSON string."""
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not {"client_id", "client_secret"} <= set(
            body
        ):
            raise RefusedError("Bad request: client_id and client_secret are required")
        if not knows_api_key(body["client_id"], body["client_secret"]):
            text = "Authentication failed. Invalid client credentials!"
            raise RefusedError(text, status=401)
        # Without a line end: Xray's own clients strip the quotes and nothing else.
        return Response(json.dumps(issue_token()), mimetype="application/json")

    @blueprint.get("/export/cucumber")
    def export_features() -> ResponseReturnValue:
        keys, saved = request.args.get("keys", ""), request.args.get("filter", "")
        files = build_feature_files(site.registry, keys, saved, numbered=False)
        return Response(zip_files(files), mimetype="application/octet-stream")

    @blueprint.post("/graphql")
    def graphql() -> ResponseReturnValue:
        from xray_sandbox.web.graphql import answer_query

        body = expect(request.get_json(silent=True), dict, "body")
        variables = expect(body.get("variables") or {}, dict, "variables")
        return jsonify(answer_query(site, text_of(body, "query"), variables))
