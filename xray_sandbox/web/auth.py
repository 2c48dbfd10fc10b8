"""
Authentication: Jira's own logins on Server, an API key's token on Cloud.

Source: Atlassian's 'Basic authentication' and 'Personal access tokens'; Xray's
'Authentication - REST v2'.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from flask import Response, jsonify, request


@dataclass(frozen=True)
class Credentials:
    """The credentials of the sandbox; they are valid nowhere else."""

    user: str
    password: str
    token: str
    client_id: str
    client_secret: str
    cloud_id: str
    builds_client_id: str
    builds_client_secret: str
    connect_key: str


CREDENTIALS = Credentials(
    user="sandbox",
    password="sandbox-password",  # noqa: S106
    token="sandbox-token",  # noqa: S106
    client_id="sandbox-client-id",
    client_secret="sandbox-client-secret",  # noqa: S106
    cloud_id="0a1b2c3d-sandbox",
    builds_client_id="sandbox-builds-id",
    builds_client_secret="sandbox-builds-secret",  # noqa: S106
    connect_key="sandbox-connect-key",
)

LIFETIME = 24 * 60 * 60
_WRONG_LOGIN = """<html><head><title>Unauthorized (401)</title></head><body>
<h1>Unauthorized (401)</h1>
<p>Encountered a <code>&quot;401 - Unauthorized&quot;</code> error while loading this
page.</p><p>Basic Authentication Failure - Reason : AUTHENTICATED_FAILED</p>
</body></html>
"""


def knows_jira_login(header: str) -> bool:
    """Whether this `Authorization` is the sandbox's user, or the user's token."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return is_same(value.strip(), CREDENTIALS.token)
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    wanted = f"{CREDENTIALS.user}:{CREDENTIALS.password}".encode()
    return hmac.compare_digest(given, wanted)


def require_jira_login() -> Response | None:
    """Return Jira's 401, or None if the request has a valid login."""
    header = request.headers.get("Authorization", "")
    return None if knows_jira_login(header) else refuse_unauthenticated(header)


def refuse_unauthenticated(header: str) -> Response:
    """Jira's 401, for a request with this `Authorization` or with none."""
    if not header:
        text = "Client must be authenticated to access this resource."
        answer = jsonify({"message": text, "status-code": 401})
        answer.headers["WWW-Authenticate"] = 'OAuth realm="sandbox"'
    else:
        answer = Response(_WRONG_LOGIN, mimetype="text/html")
        answer.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
    answer.status_code = 401
    return answer


def knows_api_key(client_id: object, client_secret: object) -> bool:
    """Whether this is the sandbox's API key of Xray Cloud."""
    return is_same(client_id, CREDENTIALS.client_id) and is_same(
        client_secret, CREDENTIALS.client_secret
    )


def issue_token(
    now: float | None = None,
    *,
    secret: str = CREDENTIALS.client_secret,
    lifetime: int = LIFETIME,
) -> str:
    """Issue a JSON web token; `lifetime` is in seconds, 24 hours by default."""
    issued = int(time.time() if now is None else now)
    header = _encode_json({"alg": "HS256", "typ": "JWT"})
    claims = {"iss": "xray-bridge sandbox", "iat": issued, "exp": issued + lifetime}
    body = f"{header}.{_encode_json(claims)}"
    return f"{body}.{_sign_token(body, secret)}"


def knows_token(
    header: str,
    now: float | None = None,
    *,
    secret: str = CREDENTIALS.client_secret,
    schemes: tuple[str, ...] = ("bearer",),
) -> bool:
    """Whether this `Authorization` has a token of this secret that is still valid."""
    scheme, _, token = header.partition(" ")
    body, _, signature = token.strip().rpartition(".")
    if scheme.lower() not in schemes or not is_same(
        signature, _sign_token(body, secret)
    ):
        return False
    claims = json.loads(base64.urlsafe_b64decode(body.partition(".")[2] + "=="))
    return bool(claims["exp"] > (time.time() if now is None else now))


def is_same(given: object, wanted: str) -> bool:
    """Compare two texts in a time that does not depend on them."""
    return isinstance(given, str) and hmac.compare_digest(
        given.encode(errors="replace"), wanted.encode()
    )


def _encode_json(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _sign_token(body: str, secret: str) -> str:
    digest = hmac.new(
        secret.encode(), body.encode(errors="replace"), hashlib.sha256
    ).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
