"""
The server's answers, and the errors that they mean.

Error texts are shown, never compared: Jira translates them.
"""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import (
    AmbiguousError,
    AuthenticationError,
    NotXrayError,
    RedirectedError,
    RefusedError,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_TEXT = 500
# Terminal escapes and incomplete characters, which must not be printed.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# UTF-16 writes some characters as two escapes, of which one may be missing.
ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]{1,18}")
LONGEST_PAGE = 200_000
# Levels of JSON. Python 3.13 reads 10,000; a function that calls itself for each level
# ends with an error after 1,000.
DEEPEST = 200
LONGEST_ID = 18
NOT_ACCEPTED = (
    "check that they belong to this server, have not expired and are spelled correctly"
)
LOGIN_PAGE = "and whether a login page comes first"
HINTS = {
    400: "",
    403: "check that the account has the permission in this project",
    404: "check xray_url with its context path, and that Xray is installed there",
    405: "check xray_url with its context path",
    407: "the proxy needs a login: put it into xray_proxy, as user:password@host",
    413: "the upload is too large: send fewer results, or ask the administrators",
    415: "check xray_deployment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer; ``http`` limits the size of ``content``."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str
    clean: Callable[[str], str] = str

    @property
    def is_success(self) -> bool:
        """Whether the status is a success; the content may still have errors."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def is_html(self) -> bool:
        """Whether this is an HTML page, such as a login form or a proxy's error."""
        return self.content.lstrip()[:1] == b"<"

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Parse the body; None if it is not JSON, or deeper than any answer."""
        try:
            found = json.loads(self.content)
            if self._has_many_levels and _is_deep(found):
                return None
            if ESCAPED_HALF.search(self.content):
                # Half a character can neither be sent nor printed.
                whole = json.dumps(found, ensure_ascii=False)
                found = json.loads(whole.encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        return found

    @property
    def _has_many_levels(self) -> bool:
        """Whether there may be DEEPEST levels in it."""
        return self.content.count(b"[") + self.content.count(b"{") > DEEPEST

    @property
    def said(self) -> str:
        """The server's own message, shortened to one line."""
        found = _read_message(self.json())
        if not found and self.is_html:
            found = _page_text(self.text)
        return self.to_line(found or self.text)

    def to_line(self, text: str) -> str:
        """Return a server's text without secrets, escaped, as one short line."""
        # Remove secrets before shortening: half a secret would stay.
        found = UNPRINTABLE.sub(_escape_character, self.clean(text))
        found = " ".join(found.split())
        return found if len(found) <= LONGEST_TEXT else f"{found[:LONGEST_TEXT]}..."


def _is_deep(found: Any) -> bool:
    """Whether JSON has more than DEEPEST levels, found without recursion."""
    level = [found] if isinstance(found, dict | list) else []
    for _ in range(DEEPEST):
        inner = (e.values() if isinstance(e, dict) else e for e in level)
        level = [e for each in inner for e in each if isinstance(e, dict | list)]
        if not level:
            return False
    return True


def _escape_character(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def _read_message(content: Any) -> str:
    """
    Return the message in a JSON body.

    Xray has ``error``, Jira ``errorMessages`` and ``errors``, GraphQL ``errors``. Jira
    Cloud's API for builds has a list of errors.
    """
    if isinstance(content, list):
        return "; ".join(_read_texts(content))
    if not isinstance(content, dict):
        return content if isinstance(content, str) else ""
    names = ("error", "message", "errorMessages", "errors")
    return "; ".join(text for name in names for text in _read_texts(content.get(name)))


def _read_fields(answer: Answer) -> dict[str, str]:
    """Return the fields that Jira refuses, with its reasons."""
    content = answer.json()
    errors = content.get("errors") if isinstance(content, dict) else None
    if not isinstance(errors, dict):
        return {}
    return {str(name): answer.to_line(str(text)) for name, text in errors.items()}


def _read_texts(found: Any) -> list[str]:
    """Return the messages in any of the known forms."""
    if isinstance(found, dict):
        if isinstance(found.get("message"), str):
            return [found["message"]]
        return [f"{name}: {text}" for name, text in found.items()]
    if isinstance(found, list):
        return [text for each in found for text in _read_texts(each)]
    return [str(found)] if found else []


def _page_text(page: str) -> str:
    """Return the words of an HTML page in one pass."""
    words = []
    hidden = False
    for piece in page[:LONGEST_PAGE].split("<"):
        tag, closed, text = piece.partition(">")
        name = tag.strip().partition(" ")[0].lower()
        if name.strip("/") in {"script", "style"}:
            hidden = not name.startswith("/")
        elif not hidden:
            words.append(text if closed else "")
    return unescape(" ".join(words))


def check_answer(answer: Answer) -> Answer:
    """
    Return the answer if it is a success.

    Raises RedirectedError, AuthenticationError, NotXrayError, RefusedError.
    """
    host = urlsplit(answer.url).netloc
    if 300 <= answer.status < 400:  # noqa: PLR2004
        raise _redirect_error(answer)
    if answer.status == 401 or _is_locked(answer):  # noqa: PLR2004
        raise _authentication_error(answer, host)
    if answer.status >= 400:  # noqa: PLR2004
        path, said = urlsplit(answer.url).path, answer.said
        raise RefusedError(
            f"HTTP {answer.status} from {host}{path}: {said}",
            hint=HINTS.get(answer.status, ""),
            status=answer.status,
            said=said,
            fields=_read_fields(answer),
        )
    if answer.is_html:
        msg = f"{answer.url} answers with an HTML page, not like Xray's API"
        raise NotXrayError(msg, hint=f"check xray_url, {LOGIN_PAGE}")
    return answer


def key_of(content: Any, answer: Answer) -> Mapping[str, str]:
    """
    Return key, id and self of the Test Execution in an answer.

    Server wraps them in ``testExecIssue`` (REST 2.0), Cloud and REST 1.0 do not.
    Raises AmbiguousError if the answer names none.
    """
    if isinstance(content, dict):
        found = content.get("testExecIssue", content)
        key = found.get("key") if isinstance(found, dict) else None
        if isinstance(key, str) and KEY.fullmatch(key):
            return {k: str(v) for k, v in found.items() if k in {"key", "id", "self"}}
    said = answer.said or "nothing"
    msg = f"HTTP {answer.status}, but the answer names no Test Execution: {said}"
    # 202: the server has accepted the request and works on it later.
    raise AmbiguousError(msg, answered=answer.status != 202)  # noqa: PLR2004


def member_of(found: object, name: str) -> Any:
    """Return a member of JSON; None if there is none, or ``found`` is no object."""
    return found.get(name) if isinstance(found, dict) else None


def key_in(found: object) -> str:
    """Return a key from a server's answer; empty if it is not a key."""
    return found if isinstance(found, str) and KEY.fullmatch(found) else ""


def is_id(text: str) -> bool:
    """Whether this is the id of an issue or a project, an integer of 64 bits."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID


def keys_found(issues: Any) -> list[str]:
    """
    Return the keys of the issues in a search's answer.

    Raises NotXrayError if it is not a list, or an issue has no key: that does not mean
    that nothing was found.
    """
    listed = issues if isinstance(issues, list | tuple) else [issues]
    keys = [key_in(e.get("key")) if isinstance(e, dict) else "" for e in listed]
    if not all(keys):
        msg = "the search returned an issue without a key"
        raise NotXrayError(msg, hint="check xray_url")
    return keys


def names_of(found: Any) -> frozenset[str] | None:
    """Return the names in a list of names or of objects; None if it is no list."""
    if not isinstance(found, list):
        return None
    names = (each.get("name") if isinstance(each, dict) else each for each in found)
    return frozenset(name for name in names if name and isinstance(name, str))


def _is_locked(answer: Answer) -> bool:
    """
    Whether Jira requires a CAPTCHA: it does after failed logins.

    Source: developer.atlassian.com, "Basic authentication".
    """
    reason = answer.headers.get("X-Authentication-Denied-Reason", "")
    login = answer.headers.get("X-Seraph-LoginReason", "")
    if "CAPTCHA" not in reason and "AUTHENTICATION_DENIED" not in login:
        return False
    # These headers may come with a success; then its content decides.
    return answer.status >= 400 or not answer.json()  # noqa: PLR2004


def _authentication_error(answer: Answer, host: str) -> AuthenticationError:
    if _is_locked(answer):
        msg = f"{host} requires a CAPTCHA after failed logins"
        return AuthenticationError(msg, hint="log in once in a browser, then try again")
    msg = f"{host} does not accept the credentials (HTTP {answer.status})"
    said = "" if answer.is_html else answer.said
    msg = f"{msg}: {said}" if said else msg
    return AuthenticationError(msg, hint=NOT_ACCEPTED)


def _redirect_error(answer: Answer) -> RedirectedError:
    asked = urlsplit(answer.url)
    try:
        to = urlsplit(answer.headers.get("Location", ""))
    except ValueError:
        to = urlsplit("")
    msg = f"{asked.scheme}://{asked.netloc} redirects to "
    msg += f"{to.scheme}://{to.netloc}" if to.netloc else (to.path or "nowhere")
    if to.netloc == asked.netloc and to.scheme == "https" != asked.scheme:
        return RedirectedError(msg, hint="write https:// in xray_url")
    hint = f"redirects are not followed; check xray_url, {LOGIN_PAGE}"
    return RedirectedError(msg, hint=hint)
