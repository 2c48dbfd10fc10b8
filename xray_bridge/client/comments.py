"""
Comments on pull and merge requests: list, create and update them.

Each service has a class; ``put_comment`` is the same for all. Sources: see
``ci.comments.places``.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from xray_bridge.ci.comments.body import has_mark
from xray_bridge.ci.comments.places import AZURE, BITBUCKET, GITHUB, GITLAB
from xray_bridge.client.connection import (
    LOOPBACK,
    Bearer,
    Connection,
    header_safe,
    resolve_proxies,
    resolve_verify,
)
from xray_bridge.client.request import JSON, Request, make_question
from xray_bridge.client.response import check_answer, member_of
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import (
    AmbiguousError,
    NotXrayError,
    RefusedError,
    SettingError,
)
from xray_bridge.model.dialect import DIALECTS, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xray_bridge.ci.comments.places import Place
    from xray_bridge.client.http import Http
    from xray_bridge.client.response import Answer
    from xray_bridge.config.secret import Secret
    from xray_bridge.config.settings import Settings

PAGE = 100
# Pages of comments that are looked through.
MOST_PAGES = 50
FORBIDDEN = frozenset({403, 404})
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
NOTHING = "nothing to say"
# A thread that needs no answer: policies may require that all are resolved.
CLOSED, TEXT = 4, 1
API_VERSION = {"api-version": "7.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment: the path by which it is changed, its text."""

    path: str
    text: str


class Comments(Protocol):
    """The comments of one pull request; only those that may be ours."""

    def list_all(self) -> Iterator[Comment]:
        """Yield the comments, oldest first."""
        ...

    def create(self, text: str) -> None:
        """Add a comment."""
        ...

    def update(self, comment: Comment, text: str) -> None:
        """Replace the text of a comment."""
        ...


class Api:
    """The API of one service, with the login."""

    def __init__(self, http: Http, place: Place, token: Secret) -> None:
        name, form = place.service.header
        self._http = http
        self._headers = {name: form.format(token.reveal())}
        self.place = place

    def get(self, path: str, **query: str) -> Any:
        """Return the JSON of a path. Raises DeliveryError."""
        request = make_question(path, query.items())
        return self._send(request).json()

    def pages(self, first: str, **query: str) -> Iterator[Any]:
        """Yield the pages of a list, until one is empty."""
        for number in range(1, MOST_PAGES + 1):
            page = self.get(first, page=str(number), **query)
            if not page:
                return
            yield page

    def write(self, method: str, path: str, content: object, **query: str) -> None:
        """Send JSON. Raises DeliveryError, and AmbiguousError for a lost answer."""
        request = Request(
            method=method,
            path=path,
            query=tuple(query.items()),
            content=json.dumps(content).encode(),
            media_type=JSON,
            repeatable=method != "POST",
        )
        self._send(request)

    def _send(self, request: Request) -> Answer:
        url = self.place.url
        return check_answer(self._http.send(request, url=url, headers=self._headers))


class GitHubComments:
    """Comments of an issue, which a pull request is, too."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_all(self) -> Iterator[Comment]:
        """
        Yield comments of this account; those of bots, if nobody can tell who it is.

        The token of a workflow may not ask for its own account.
        """
        login = ""
        try:
            login = str(member_of(self._api.get("/user"), "login") or "")
        except RefusedError as error:
            if error.status not in FORBIDDEN:
                raise
        base = self._api.place.path.split("/issues/")[0]
        for page in self._api.pages(self._api.place.path, per_page=str(PAGE)):
            for each in _list(page):
                user = member_of(each, "user")
                name, kind = member_of(user, "login"), member_of(user, "type")
                if name == login if login else kind == "Bot":
                    path = f"{base}/issues/comments/{member_of(each, 'id')}"
                    yield Comment(path=path, text=_text(each, "body"))

    def create(self, text: str) -> None:
        """Add a comment."""
        self._api.write("POST", self._api.place.path, {"body": text})

    def update(self, comment: Comment, text: str) -> None:
        """Replace the text of a comment."""
        self._api.write("PATCH", comment.path, {"body": text})


class GitLabComments:
    """Notes of a merge request."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_all(self) -> Iterator[Comment]:
        """Yield notes of this account: with its role it could change others, too."""
        own = member_of(self._api.get("/user"), "id")
        query = {"per_page": str(PAGE), "sort": "asc", "order_by": "created_at"}
        for page in self._api.pages(self._api.place.path, **query):
            for each in _list(page):
                if member_of(member_of(each, "author"), "id") == own:
                    path = f"{self._api.place.path}/{member_of(each, 'id')}"
                    yield Comment(path=path, text=_text(each, "body"))

    def create(self, text: str) -> None:
        """Add a note."""
        self._api.write("POST", self._api.place.path, {"body": text})

    def update(self, comment: Comment, text: str) -> None:
        """Replace the text of a note."""
        self._api.write("PUT", comment.path, {"body": text})


class BitbucketComments:
    """Comments of a pull request; only their authors can change them."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_all(self) -> Iterator[Comment]:
        """Yield all comments that are not deleted."""
        for number in range(1, MOST_PAGES + 1):
            path = self._api.place.path
            page = self._api.get(path, pagelen=str(PAGE), page=str(number))
            for each in _list(member_of(page, "values")):
                if not member_of(each, "deleted"):
                    path = f"{self._api.place.path}/{member_of(each, 'id')}"
                    yield Comment(
                        path=path, text=_text(member_of(each, "content"), "raw")
                    )
            if not member_of(page, "next"):
                return

    def create(self, text: str) -> None:
        """Add a comment."""
        self._api.write("POST", self._api.place.path, {"content": {"raw": text}})

    def update(self, comment: Comment, text: str) -> None:
        """Replace the text of a comment."""
        self._api.write("PUT", comment.path, {"content": {"raw": text}})


class AzureComments:
    """Threads of a pull request; only their authors can change comments."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_all(self) -> Iterator[Comment]:
        """Yield the first comment of each thread; the list has no pages."""
        path = self._api.place.path
        for thread in _list(member_of(self._api.get(path, **API_VERSION), "value")):
            for each in list(_list(member_of(thread, "comments")))[:1]:
                if not member_of(thread, "isDeleted") and not member_of(
                    each, "isDeleted"
                ):
                    own = f"{path}/{member_of(thread, 'id')}/comments"
                    yield Comment(
                        path=f"{own}/{member_of(each, 'id')}",
                        text=_text(each, "content"),
                    )

    def create(self, text: str) -> None:
        """Add a thread with one comment."""
        comment = {"parentCommentId": 0, "content": text, "commentType": TEXT}
        content = {"comments": [comment], "status": CLOSED}
        self._api.write("POST", self._api.place.path, content, **API_VERSION)

    def update(self, comment: Comment, text: str) -> None:
        """Replace the text of a comment."""
        self._api.write("PATCH", comment.path, {"content": text}, **API_VERSION)


CLASSES: Mapping[str, Callable[[Api], Comments]] = {
    GITHUB: GitHubComments,
    GITLAB: GitLabComments,
    BITBUCKET: BitbucketComments,
    AZURE: AzureComments,
}


def connect_to(place: Place, settings: Settings, token: Secret) -> Connection:
    """
    Describe the API as a connection, with the settings for proxies and certificates.

    Raises SettingError for an address to which no token is sent, and CredentialError.
    """
    parts = urlsplit(place.url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        msg = f"no token is sent to {place.url}, because it is not https"
        raise SettingError(msg, hint="the address comes from the CI system")
    redactor = settings.redactor
    redactor.add(token.reveal())
    return Connection(
        dialect=DIALECTS[SERVER],
        why=f"the {place.service.title} is there",
        url=place.url,
        credentials=Bearer(token=header_safe(token, place.service.token)),
        verify=resolve_verify(settings, os.environ),
        proxies=resolve_proxies(settings),
        timeout=settings.timeout,
        redactor=redactor,
    )


def open_comments(http: Http, place: Place, token: Secret) -> Comments:
    """Make the client of a pull request's comments."""
    return CLASSES[place.service.slug](Api(http, place, token))


def put_comment(comments: Comments, mark: str, text: str, *, is_news: bool) -> str:
    """
    Update the comment with the mark, or create it; return what was done.

    A comment whose text is the same is not sent again. A new one is only created for
    news. Comments with the mark that this account may not change are passed over:
    somebody else has copied it. Raises DeliveryError and AmbiguousError.
    """
    for comment in _find_marked(comments, mark):
        if _plain(comment.text) == _plain(text):
            return UNCHANGED
        try:
            comments.update(comment, text)
        except RefusedError as error:
            if error.status not in FORBIDDEN:
                raise
            continue
        return UPDATED
    if not is_news:
        return NOTHING
    try:
        comments.create(text)
    except AmbiguousError:
        # The answer was lost; the comment may be there.
        if not any(_find_marked(comments, mark)):
            raise
    return CREATED


def _find_marked(comments: Comments, mark: str) -> Iterator[Comment]:
    return (each for each in comments.list_all() if has_mark(each.text, mark))


def _plain(text: str) -> str:
    """Return a text as services keep it, without other line ends and blanks."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _text(found: Any, name: str) -> str:
    return str(member_of(found, name) or "")


def _list(found: Any) -> Iterator[Any]:
    """
    Yield the items of a list.

    Raises NotXrayError for anything else: a missing list is not an empty one.
    """
    if not isinstance(found, list):
        msg = "the answer is not a list of comments"
        raise NotXrayError(msg, hint="check the address of the CI system's API")
    yield from found
