"""The server's answers, and the errors that they mean."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.client.response import (
    DEEPEST,
    LONGEST_TEXT,
    Answer,
    check_answer,
    key_in,
    key_of,
    keys_found,
    names_of,
)
from xray_bridge.errors import (
    AmbiguousError,
    AuthenticationError,
    NotXrayError,
    RedirectedError,
    RefusedError,
)


URL = "https://jira.example.com/jira/rest/raven/2.0/import/execution"
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "errors", "message", "errorMessages", "key", "testExecIssue"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def said(content: Any, status: int = 200, **headers: str) -> Answer:
    """Make an answer; content that is not bytes becomes JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, content=body, url=URL)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"error": "issuetype: issuetype"}, "issuetype: issuetype"),
        ({"errorMessages": ["a", "b"], "errors": {}}, "a; b"),
        ({"errorMessages": [], "errors": {"fixVersions": "none"}}, "fixVersions: none"),
        ({"errors": [{"message": "no"}, {"message": "never"}]}, "no; never"),
        ({"errors": "Not found"}, "Not found"),
        ({"errorMessages": "Not found"}, "Not found"),
        ({"message": "a\n  b"}, "a b"),
        ("just a text", "just a text"),
        (b"plain", "plain"),
        (b"5 > 3 fails", "5 > 3 fails"),
        (b"<p>Down</p> till noon", "Down till noon"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (
            b"<html><style>p {}</style><script>x</script><p>Log in &amp; go</p></html>",
            "Log in & go",
        ),
    ],
)
def test_message_of_the_server(content: Any, message: str) -> None:
    """Messages are found in Xray's, Jira's and GraphQL's forms, and in HTML."""
    assert said(content).said == message


def test_message_is_shortened() -> None:
    """Three MB of HTML become a short message."""
    page = b"<html>" + b"<p>word</p>" * 300_000

    assert len(said(page).said) <= LONGEST_TEXT + 3


@pytest.mark.parametrize(
    ("length", "shown"), [(500, "x" * 500), (501, "x" * 500 + "...")]
)
def test_five_hundred_characters_are_shown(length: int, shown: str) -> None:
    """What is longer ends with dots."""
    assert said(b"x" * length).said == shown


@pytest.mark.parametrize(
    ("status", "is_success"),
    [(199, False), (200, True), (299, True), (300, False), (500, False)],
)
def test_success_is_of_its_status(status: int, *, is_success: bool) -> None:
    """All of the two hundreds, and no other."""
    assert said({}, status).is_success is is_success


@pytest.mark.parametrize(
    "page", [b"<" * 60_000, b"<script" * 9_000, b"<style>" * 9_000]
)
def test_message_of_a_hostile_page_takes_no_time(page: bytes) -> None:
    """No page takes long to read."""
    began = time.process_time()
    found = said(page).said

    assert len(found) <= LONGEST_TEXT + 3
    assert time.process_time() - began < 1


@given(content=anything)
def test_any_json_has_a_message(content: Any) -> None:
    """JSON of any form gives a message."""
    assert isinstance(said(content).said, str)


@given(content=st.binary())
def test_any_bytes_have_a_message(content: bytes) -> None:
    """Any bytes give a message."""
    assert isinstance(said(content).said, str)


@pytest.mark.parametrize("levels", [DEEPEST + 1, 900, 9_000])
@pytest.mark.parametrize("outer", [(b"[", b"]"), (b'{"content":[', b"]}")])
def test_json_that_is_too_deep(levels: int, outer: tuple[bytes, bytes]) -> None:
    """No function that walks it runs out of stack, with any Python."""
    found = said(outer[0] * levels + outer[1] * levels)

    assert found.json() is None
    assert isinstance(found.said, str)


def test_json_that_is_deep_and_wide_is_read() -> None:
    """Documents have some tens of levels, and lists have many items."""
    content: Any = "x"
    for _ in range(DEEPEST - 1):
        content = [content]
    wide = [content, *([{}] * DEEPEST)]

    assert said(wide).json() == wide


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 100_000, b"<html>", b"1" * 5000, b"\xff"]
)
def test_what_is_no_json(content: bytes) -> None:
    """Content that is not JSON is None, without an error."""
    assert said(content).json() is None


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_is_passed_on(status: int) -> None:
    """A success is returned."""
    answer = said({}, status)

    assert check_answer(answer) is answer


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
def test_redirect_is_an_error(status: int) -> None:
    """The error has both addresses, without a query that may hold a token."""
    answer = said(b"", status, Location="https://sso.example.com/login?token=hunter22")

    with pytest.raises(RedirectedError) as caught:
        check_answer(answer)

    assert caught.value.message == (
        "https://jira.example.com redirects to https://sso.example.com"
    )
    assert "check xray_url" in caught.value.hint
    assert "hunter22" not in str(caught.value)


def test_redirect_to_https() -> None:
    """The hint is to write https."""
    answer = Answer(
        status=301,
        headers={"Location": "https://jira.example.com/x"},
        content=b"",
        url="http://jira.example.com/x",
    )

    with pytest.raises(RedirectedError) as caught:
        check_answer(answer)

    assert "https://" in caught.value.hint


@pytest.mark.parametrize("location", ["/login", ""])
def test_redirect_within_the_host(location: str) -> None:
    """The location may be a path, or be missing."""
    with pytest.raises(RedirectedError, match=r"/login|nowhere"):
        check_answer(said(b"", 302, Location=location))


def test_redirect_to_no_address() -> None:
    """An invalid location is an error with a message."""
    with pytest.raises(RedirectedError, match="redirects to nowhere"):
        check_answer(said(b"", 302, Location="http://[::1"))


def test_words_of_a_page_without_its_scripts() -> None:
    """Code and style of a page are not part of the message."""
    page = b"<html><script>if (a<b) c</script><p>Log <b>in</b><style>p<q</style></html>"
    headers = {"Content_Type": "text/html"}

    assert said(page, 500, **headers).said == "Log in"


def test_unauthorized() -> None:
    """The error has the host and the server's message."""
    with pytest.raises(
        AuthenticationError, match=r"jira.example.com .*401.*: no such"
    ) as caught:
        check_answer(said({"error": "no such key"}, 401))

    assert caught.value.hint.startswith("check that they belong to this server")


def test_unauthorized_with_a_page() -> None:
    """A login page is not quoted."""
    with pytest.raises(AuthenticationError) as caught:
        check_answer(said(b"<html>Log in</html>", 401))

    assert "Log in" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 401, 403])
@pytest.mark.parametrize(
    "headers",
    [
        {"X_Authentication_Denied_Reason": "CAPTCHA_CHALLENGE; login-url=x"},
        {"X_Seraph_LoginReason": "AUTHENTICATION_DENIED"},
    ],
)
def test_captcha(status: int, headers: dict[str, str]) -> None:
    """The error asks for a login in a browser."""
    with pytest.raises(AuthenticationError, match="CAPTCHA") as caught:
        check_answer(said({}, status, **headers))

    assert "browser" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, ""),
        (403, "permission"),
        (404, "xray_url"),
        (405, "xray_url"),
        (407, "xray_proxy"),
        (413, "too large"),
        (415, "deployment"),
        (422, ""),
    ],
)
def test_refusal(status: int, hint: str) -> None:
    """The error has status, address and the server's message, with a hint."""
    with pytest.raises(RefusedError, match=f"HTTP {status} from .*: because") as caught:
        check_answer(said({"error": "because"}, status))

    assert hint in caught.value.hint
    assert caught.value.status == status


def test_page_for_people() -> None:
    """An HTML page with status 200 is not Xray."""
    with pytest.raises(NotXrayError, match="HTML page") as caught:
        check_answer(said(b"\n <!DOCTYPE html><html></html>"))

    assert "check xray_url" in caught.value.hint


@pytest.mark.parametrize("status", [399, 400])
def test_login_that_is_locked_is_no_refusal(status: int) -> None:
    """Where nothing came of it; content that came with a success counts more."""
    answer = said(
        {"key": "CALC-1"}, status, X_Seraph_LoginReason="AUTHENTICATION_DENIED"
    )

    with pytest.raises(AuthenticationError if status == 400 else RedirectedError):
        check_answer(answer)


def test_answer_that_no_login_was_needed_for() -> None:
    """A header of a CAPTCHA on a success with content changes nothing."""
    answer = said({"key": "CALC-1"}, X_Authentication_Denied_Reason="CAPTCHA_CHALLENGE")

    assert check_answer(answer) is answer


@pytest.mark.parametrize(
    ("location", "is_the_same"),
    [
        ("https://jira.example.com/x", True),
        ("https://sso.example.com/x", False),
        ("http://jira.example.com/y", False),
    ],
)
def test_https_is_the_fix_for_the_same_host_only(
    location: str, *, is_the_same: bool
) -> None:
    """Anything else may be a login."""
    answer = Answer(
        status=301,
        headers={"Location": location},
        content=b"",
        url="http://jira.example.com/x",
    )

    with pytest.raises(RedirectedError) as caught:
        check_answer(answer)

    assert (caught.value.hint == "write https:// in xray_url") is is_the_same


@pytest.mark.parametrize(
    "content",
    [
        {
            "testExecIssue": {"id": "1", "key": "CALC-7", "self": "s"},
            "infoMessages": [],
        },
        {"id": "1", "key": "CALC-7", "self": "s"},
    ],
)
def test_key_of_each_shape(content: Any) -> None:
    """The key is found in Server's REST 2.0, in Cloud's and in REST 1.0."""
    assert key_of(said(content).json(), said(content)) == {
        "id": "1",
        "key": "CALC-7",
        "self": "s",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ok",
        [],
        ["CALC-7"],
        None,
        7,
        {},
        {"key": None},
        {"key": ""},
        {"testExecIssue": None},
        {"testExecIssue": {}},
        {"testExecIssue": []},
        {"jobId": "1"},
    ],
)
def test_success_without_a_key(content: Any) -> None:
    """A success without a key leaves the results in doubt."""
    with pytest.raises(AmbiguousError, match="the answer names no Test Execution"):
        key_of(said(content).json(), said(content))


@pytest.mark.parametrize(
    ("status", "answered"), [(200, True), (201, True), (202, False), (203, True)]
)
def test_success_that_is_done_later(status: int, *, answered: bool) -> None:
    """With 202 the server goes on working; with all others it has done what it did."""
    with pytest.raises(AmbiguousError) as caught:
        key_of({}, said({}, status))

    assert caught.value.answered is answered


@pytest.mark.parametrize(
    ("found", "key"),
    [("CALC-1", "CALC-1"), ("CALC", ""), ("CALC-1; x", ""), (7, ""), (None, "")],
)
def test_key_where_one_should_be(found: object, key: str) -> None:
    """What is none is taken for nothing."""
    assert key_in(found) == key


@pytest.mark.parametrize(
    ("issues", "keys"),
    [
        ([], []),
        ([{"key": "CALC-1"}, {"key": "CALC-2"}], ["CALC-1", "CALC-2"]),
        (({"key": "CALC-1"},), ["CALC-1"]),
    ],
)
def test_keys_of_a_search(issues: Any, keys: list[str]) -> None:
    """All of them, in their order."""
    assert keys_found(issues) == keys


@pytest.mark.parametrize(
    "issues",
    [None, "CALC-1", {}, [{}], [None], [{"key": "CALC-1"}, {"key": ""}], ["CALC-1"]],
)
def test_search_with_an_issue_without_a_key(issues: Any) -> None:
    """That is not the same as nothing found."""
    with pytest.raises(NotXrayError, match="an issue without a key") as caught:
        keys_found(issues)

    assert caught.value.hint == "check xray_url"


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (None, None),
        ({}, None),
        ([], frozenset()),
        (["a", {"name": "b"}, {"id": 1}, "", 7, None, {"name": 7}], {"a", "b"}),
    ],
)
def test_names_in_each_shape(found: Any, names: frozenset[str] | None) -> None:
    """Texts, or objects with one; what is no list has none that are known."""
    assert names_of(found) == names


@given(content=anything)
def test_any_success_has_a_key_or_is_open(content: Any) -> None:
    """Any content either has a key or leaves the results in doubt."""
    try:
        key = key_of(said(content).json(), said(content))["key"]
    except AmbiguousError:
        key = "open"

    assert key


def test_half_a_character_becomes_a_question_mark() -> None:
    """It could neither be put into the next request nor be printed."""
    body = rb'{"id": "a\ud800", "name": "\ud83d\ude00 \u00e4"}'
    found = Answer(status=200, headers={}, content=body, url="https://a/").json()

    assert found == {"id": "a?", "name": "\U0001f600 \xe4"}
