"""
Questions to the server before the first test: can the upload work?

Each finding is a line for a person, with its fix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.errors import (
    AmbiguousError,
    BusyError,
    DeliveryError,
    RefusedError,
    UnreachableError,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xray_bridge.connection import Connection
    from xray_bridge.jira import Project
    from xray_bridge.settings import Settings
    from xray_bridge.xray import Xray

# What may be over by the time of the upload is worth a warning, not a refusal.
PASSING = (UnreachableError, BusyError, AmbiguousError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing that was looked at.

    ``ok`` is ``None`` where it could not be looked at.
    """

    what: str
    ok: bool | None
    message: str
    hint: str = ""


def findings(
    settings: Settings, connection: Connection, xray: Xray
) -> Iterator[Finding]:
    """What is right and wrong, in the order in which it matters; stops where
    nothing further can be asked.
    """
    yield Finding(
        what="address",
        ok=True,
        message=f"{connection.url}, {connection.dialect.product}: {connection.why}",
    )
    login = _ask("credentials", lambda: _login(xray, connection))
    yield login
    if not login.ok:
        return
    if settings.project:
        yield from _project(settings, xray)
    for kind, key in (
        ("test_execution", settings.test_execution),
        ("test_plan", settings.test_plan),
    ):
        if key:
            yield _ask(kind, lambda kind=kind, key=key: _issue(xray, kind, key))  # type: ignore[misc]


def _ask(what: str, question: Callable[[], Finding]) -> Finding:
    try:
        return question()
    except PASSING as error:
        return Finding(what=what, ok=None, message=error.message, hint=error.hint)
    except RefusedError as error:
        # The account may lack a permission that the upload does not need.
        ok = False if error.status in {404, 405} else None
        return Finding(what=what, ok=ok, message=error.message, hint=error.hint)
    except DeliveryError as error:
        return Finding(what=what, ok=False, message=error.message, hint=error.hint)


def _login(xray: Xray, connection: Connection) -> Finding:
    who = xray.login()
    message = f"accepted by {connection.url}" + (f" for {who}" if who else "")
    return Finding(what="credentials", ok=True, message=message)


def _project(settings: Settings, xray: Xray) -> Iterator[Finding]:
    found: list[Project] = []

    def ask() -> Finding:
        project = xray.project(settings.project)
        if project is None:
            return Finding(
                what="project",
                ok=False,
                message=f"there is no project {settings.project}",
                hint="is xray_project the key, and may the account see it?",
            )
        found.append(project)
        return Finding(what="project", ok=True, message=settings.project)

    yield _ask("project", ask)
    for project in found:
        yield from _versions(settings, project)
        yield from _environments(settings, project)


def _versions(settings: Settings, project: Project) -> Iterator[Finding]:
    version = settings.fix_version
    if not version or project.versions is None:
        return
    ok = version in project.versions
    there = f"{project.key} has" if ok else f"{project.key} does not have"
    yield Finding(
        what="fix_version",
        ok=ok,
        message=f"{there} the version {version}",
        hint="" if ok else "create it in Jira, or set xray_fix_version to another",
    )


def _environments(settings: Settings, project: Project) -> Iterator[Finding]:
    """Cloud takes only Test Environments that the project has."""
    if not settings.environments or project.environments is None:
        return
    missing = [e for e in settings.environments if e not in project.environments]
    there = ", ".join(missing or settings.environments)
    yield Finding(
        what="environments",
        ok=not missing,
        message=f"{project.key} {'does not have' if missing else 'has'} {there}",
        hint="create them in the project's settings of Xray" if missing else "",
    )


def _issue(xray: Xray, kind: str, key: str) -> Finding:
    name = kind.replace("_", " ").title()
    if xray.has_issue(key, kind):
        return Finding(what=kind, ok=True, message=f"{name} {key}")
    return Finding(
        what=kind,
        ok=False,
        message=f"there is no {name} {key}",
        hint=f"is xray_{kind} right, and may the account see it?",
    )
