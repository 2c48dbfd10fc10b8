"""Jira's door: what it says to requests with no login, and with a wrong one."""

from __future__ import annotations

from flask import Response, jsonify, request

from xray_sandbox.web.auth import knows_jira_login


_WRONG = """<html><head><title>Unauthorized (401)</title></head><body>
<h1>Unauthorized (401)</h1>
<p>Encountered a <code>&quot;401 - Unauthorized&quot;</code> error while loading this
page.</p><p>Basic Authentication Failure - Reason : AUTHENTICATED_FAILED</p>
</body></html>
"""


def refuse_strangers() -> Response | None:
    """The 401 that Jira answers, unless the request has a known login."""
    header = request.headers.get("Authorization", "")
    if knows_jira_login(header):
        return None
    if not header:
        text = "Client must be authenticated to access this resource."
        answer = jsonify({"message": text, "status-code": 401})
        answer.headers["WWW-Authenticate"] = 'OAuth realm="sandbox"'
    else:
        answer = Response(_WRONG, mimetype="text/html")
        answer.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
    answer.status_code = 401
    return answer
