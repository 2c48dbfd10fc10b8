"""Stand-ins for the services that host pull requests, each with one of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.scripted import Received, head


if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scripted import Peer, Script

TOKEN = "ghs_a-token-nobody-may-see"
ROBOT, PERSON = "robot", "person"


@dataclass
class Kept:
    """One comment on the pull request."""

    id: int
    text: str
    author: str = ROBOT


@dataclass
class Host:
    """
    A pull request with its comments; ``refuse`` is a status for all writes.

    ``environ`` are the variables of its CI system, ``address`` the one of its API.
    """

    environ: ClassVar[dict[str, str]] = {}
    address: ClassVar[str] = ""
    comments: list[Kept] = field(default_factory=list)
    page_size: int = 100
    refuse: int = 0
    knows_account: bool = True
    writes: list[str] = field(default_factory=list)

    def add(self, text: str, author: str = ROBOT) -> Kept:
        """Add a comment."""
        kept = Kept(len(self.comments) + 1, text, author)
        self.comments.append(kept)
        return kept

    @property
    def texts(self) -> list[str]:
        """The texts of all comments."""
        return [each.text for each in self.comments]

    def script(self) -> Script:
        """Answer each request."""

        def answer(peer: Peer) -> None:
            peer.read()
            status, content = self._answer(peer.received[-1])
            body = json.dumps(content).encode()
            peer.write(head(status, {"Content-Type": "application/json"}, len(body)))
            peer.write(body)

        return answer

    def _answer(self, request: Received) -> tuple[int, Any]:
        address = urlsplit(request.target)
        query = {name: found[0] for name, found in parse_qs(address.query).items()}
        if not self.is_logged_in(request):
            return 401, {"message": "Bad credentials"}
        if request.method == "GET":
            return self.get(address.path, int(query.get("page", "1")), query)
        if self.refuse:
            return self.refuse, {"message": "Resource not accessible by integration"}
        self.writes.append(request.method)
        return self.write(request.method, address.path, json.loads(request.body))

    def is_logged_in(self, request: Received) -> bool:
        """Whether the request has the token."""
        return request.headers.get("authorization") == f"Bearer {TOKEN}"

    def page(self, number: int) -> list[Kept]:
        """The comments of a page."""
        first = (number - 1) * self.page_size
        return self.comments[first : first + self.page_size]

    def put(self, number: str, text: str) -> tuple[int, Any]:
        """Change a comment by its id; those of persons belong to them."""
        kept = self.comments[int(number) - 1]
        if kept.author == PERSON:
            return 403, {"message": "not yours"}
        kept.text = text
        return 200, {}

    def get(self, path: str, page: int, query: dict[str, str]) -> tuple[int, Any]:
        """Answer a question."""
        raise NotImplementedError

    def write(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        """Create or change a comment."""
        raise NotImplementedError


class GitHub(Host):
    """Pull request 7 of a/b."""

    environ: ClassVar[dict[str, str]] = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_TOKEN": TOKEN,
    }
    address = "GITHUB_API_URL"

    def get(self, path: str, page: int, query: dict[str, str]) -> tuple[int, Any]:
        """The account, or the comments."""
        if path == "/user":
            return (200, {"login": ROBOT}) if self.knows_account else (403, {})
        assert (path, query["per_page"]) == ("/repos/a/b/issues/7/comments", "100")
        kinds = {ROBOT: "Bot", PERSON: "User"}
        return 200, [
            {
                "id": each.id,
                "body": each.text,
                "user": {"login": each.author, "type": kinds[each.author]},
            }
            for each in self.page(page)
        ]

    def write(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        """Create or change a comment."""
        if method == "POST":
            assert path == "/repos/a/b/issues/7/comments"
            self.add(content["body"])
            return 201, {}
        assert method == "PATCH"
        return self.put(
            path.removeprefix("/repos/a/b/issues/comments/"), content["body"]
        )


class GitLab(Host):
    """Merge request 7 of project 42."""

    environ: ClassVar[dict[str, str]] = {
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": TOKEN,
    }
    address = "CI_API_V4_URL"
    path = "/projects/42/merge_requests/7/notes"

    def is_logged_in(self, request: Received) -> bool:
        """GitLab has a header of its own."""
        return request.headers.get("private-token") == TOKEN

    def get(self, path: str, page: int, query: dict[str, str]) -> tuple[int, Any]:
        """The account, or the notes."""
        if path == "/user":
            return 200, {"id": ROBOT}
        assert (path, query["sort"]) == (self.path, "asc")
        return 200, [
            {"id": each.id, "body": each.text, "author": {"id": each.author}}
            for each in self.page(page)
        ]

    def write(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        """Create or change a note."""
        if method == "POST":
            assert path == self.path
            self.add(content["body"])
            return 201, {}
        assert method == "PUT"
        return self.put(path.removeprefix(f"{self.path}/"), content["body"])


class Bitbucket(Host):
    """Pull request 7 of a/b."""

    environ: ClassVar[dict[str, str]] = {
        "BITBUCKET_BUILD_NUMBER": "1",
        "BITBUCKET_REPO_FULL_NAME": "a/b",
        "BITBUCKET_PR_ID": "7",
        "BITBUCKET_TOKEN": TOKEN,
    }
    address = ""
    path = "/2.0/repositories/a/b/pullrequests/7/comments"

    def get(self, path: str, page: int, query: dict[str, str]) -> tuple[int, Any]:
        """The comments, with a link to the next page."""
        assert (path, query["pagelen"]) == (self.path, "100")
        more = {"next": "https://..."} if self.page(page + 1) else {}
        values = [{"id": e.id, "content": {"raw": e.text}} for e in self.page(page)]
        return 200, {"values": values, **more}

    def write(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        """Create or change a comment."""
        text = content["content"]["raw"]
        if method == "POST":
            assert path == self.path
            self.add(text)
            return 201, {}
        assert method == "PUT"
        return self.put(path.removeprefix(f"{self.path}/"), text)


class Azure(Host):
    """Pull request 7 of a repository; each comment is a thread of its own."""

    environ: ClassVar[dict[str, str]] = {
        "TF_BUILD": "True",
        "SYSTEM_TEAMPROJECTID": "p-1",
        "BUILD_REPOSITORY_ID": "r-2",
        "BUILD_REPOSITORY_PROVIDER": "TfsGit",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
        "SYSTEM_ACCESSTOKEN": TOKEN,
    }
    address = "SYSTEM_COLLECTIONURI"
    path = "/p-1/_apis/git/repositories/r-2/pullRequests/7/threads"

    def get(self, path: str, page: int, query: dict[str, str]) -> tuple[int, Any]:
        """All threads; there are no pages."""
        assert (path, page, query) == (self.path, 1, {"api-version": "7.0"})
        threads = [
            {"id": each.id, "comments": [{"id": 1, "content": each.text}]}
            for each in self.comments
        ]
        # A vote is a thread without comments that can be changed.
        return 200, {"value": [{"id": 99, "comments": []}, *threads]}

    def write(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        """Create a thread, or change its comment."""
        if method == "POST":
            assert path == self.path
            self.add(content["comments"][0]["content"])
            return 200, {}
        assert method == "PATCH"
        number = path.removeprefix(f"{self.path}/").removesuffix("/comments/1")
        return self.put(number, content["content"])


HOSTS: dict[str, Callable[[], Host]] = {
    "github": GitHub,
    "gitlab": GitLab,
    "bitbucket": Bitbucket,
    "azure": Azure,
}
