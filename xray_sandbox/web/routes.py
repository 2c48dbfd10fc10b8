"""
The routes of Jira's REST API, by the segments of their paths.

Flask's own rules take most of the sandbox's start; these take none, because the
modules with them are imported by the first request to Jira.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, NotFound


View = Callable[..., ResponseReturnValue]


class Route(NamedTuple):
    """A path and its view; `is_open`: it needs no login."""

    method: str
    pattern: tuple[str, ...]
    view: View
    is_open: bool

    def read_names(self, segments: tuple[str, ...]) -> Mapping[str, str] | None:
        """The named segments of a path that fits, or None."""
        found = {}
        for wanted, given in zip(self.pattern, segments, strict=True):
            if wanted.startswith("<"):
                found[wanted[1:-1]] = given
            elif wanted != given:
                return None
        return found


class Routes:
    """Routes that are added by decorators."""

    def __init__(self, parts: Iterable[Routes] = ()) -> None:
        self._by_length: dict[int, list[Route]] = {}
        for part in parts:
            for route in part.all():
                self._add(route)

    def all(self) -> Iterator[Route]:
        """All routes."""
        for found in self._by_length.values():
            yield from found

    def _add(self, route: Route) -> None:
        self._by_length.setdefault(len(route.pattern), []).append(route)

    def _decorate(
        self, method: str, path: str, *, is_open: bool = False
    ) -> Callable[[View], View]:
        def add(view: View) -> View:
            self._add(Route(method, tuple(path.split("/")[1:]), view, is_open))
            return view

        return add

    def get(self, path: str, *, is_open: bool = False) -> Callable[[View], View]:
        """Add a view for GET; `is_open`: it needs no login."""
        return self._decorate("GET", path, is_open=is_open)

    def post(self, path: str, *, is_open: bool = False) -> Callable[[View], View]:
        """Add a view for POST; `is_open`: it needs no login."""
        return self._decorate("POST", path, is_open=is_open)

    def put(self, path: str) -> Callable[[View], View]:
        """Add a view for PUT."""
        return self._decorate("PUT", path)

    def delete(self, path: str) -> Callable[[View], View]:
        """Add a view for DELETE."""
        return self._decorate("DELETE", path)

    def find(
        self, method: str, segments: tuple[str, ...]
    ) -> tuple[Route, Mapping[str, str]]:
        """
        Return the route of a path, the one with the fewest named segments.

        Raises NotFound and MethodNotAllowed.
        """
        method = "GET" if method == "HEAD" else method
        found = [
            (route, names)
            for route in self._by_length.get(len(segments), ())
            if (names := route.read_names(segments)) is not None
        ]
        if not found:
            raise NotFound
        fitting = [pair for pair in found if pair[0].method == method]
        if not fitting:
            raise MethodNotAllowed
        return min(fitting, key=lambda pair: len(pair[1]))
