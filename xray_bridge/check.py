"""
Questions to the server before the first test: can the upload work?

Each finding is a line for a person, with its fix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge import carries, plan
from xray_bridge.errors import (
    AmbiguousError,
    BusyError,
    DeliveryError,
    RefusedError,
    SettingError,
    UnreachableError,
)
from xray_bridge.model import Outcome


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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


def refuse_impossible(settings: Settings, connection: Connection) -> None:
    """
    Refuse what no request could carry, before the first test.

    Raises SettingError.
    """
    if not settings.project and not settings.test_execution:
        msg = "no project: xray_project is not set"
        raise SettingError(msg, hint="set it, or report into an xray_test_execution")
    if settings.test_execution and settings.test_fields:
        msg = "xray_test_fields cannot be sent into an existing Test Execution"
        raise SettingError(
            msg, hint="leave out xray_test_fields or xray_test_execution"
        )
    plan.refuse_odd("xray_execution_fields", settings.execution_fields)
    plan.refuse_odd("xray_test_fields", settings.test_fields)
    carries.refuse(settings, connection.dialect.with_statuses(settings.statuses))
    is_cloud_update = (
        settings.test_execution
        and settings.execution_fields
        and connection.dialect.plan_and_environments
    )
    if is_cloud_update and connection.jira_credentials is None:
        msg = (
            "xray_execution_fields of an existing Test Execution are set by Jira, "
            "which is not configured"
        )
        hint = "set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"
        raise SettingError(msg, hint=hint)


def findings(
    settings: Settings, connection: Connection, xray: Xray
) -> Iterator[Finding]:
    """What is right and wrong, in the order in which it matters; stops where
    nothing further can be asked.
    """
    login = _ask("credentials", lambda: _login(xray, connection))
    # Whoever answered, with yes or no, was reached.
    yield Finding(
        what="address",
        ok=None if login.ok is None else True,
        message=f"{connection.url}, {connection.dialect.product}: {connection.why}",
    )
    yield login
    if not login.ok:
        return
    if settings.project:
        yield from _project(settings, xray)
    if settings.statuses:
        yield _statuses(settings, connection, xray)
    if settings.test_execution:
        yield _issue(xray, "test_execution", settings.test_execution)
    if settings.test_plan:
        yield _issue(xray, "test_plan", settings.test_plan)


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
    found: list[Finding] = []

    def ask() -> Finding:
        project = xray.project(settings.project)
        if project is None:
            return Finding(
                what="project",
                ok=False,
                message=f"there is no project {settings.project}",
                hint="is xray_project the key, and may the account see it?",
            )
        found.extend(_versions(settings, project))
        found.extend(_environments(settings, project))
        return Finding(what="project", ok=True, message=settings.project)

    yield _ask("project", ask)
    yield from found


def _versions(settings: Settings, project: Project) -> Iterator[Finding]:
    version = settings.fix_version
    if not version:
        return
    if project.versions is None:
        yield Finding(
            what="fix_version",
            ok=None,
            message=f"only Jira knows whether {project.key} has {version}",
            hint="set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN",
        )
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


def _statuses(settings: Settings, connection: Connection, xray: Xray) -> Finding:
    """Cloud takes any word, and silently makes TO DO of one that it does not have."""
    dialect = connection.dialect.with_statuses(settings.statuses)
    words = [dialect.statuses[Outcome(name)] for name in settings.statuses]

    def ask() -> Finding:
        known = xray.statuses()
        if known is None:
            return Finding(
                what="statuses",
                ok=None,
                message=f"Xray does not tell whether it has {_listed(words)}",
            )
        spelled = {_folded(name): name for name in known}
        missing = [word for word in words if _folded(word) not in spelled]
        if missing:
            return Finding(
                what="statuses",
                ok=False,
                message=f"Xray does not have {_listed(missing)}",
                hint=f"xray_statuses can name {', '.join(sorted(known))}",
            )
        # Whether an import minds upper and lower case is nowhere written.
        odd = [w for w in words if "".join(spelled[_folded(w)].split()) != w]
        return Finding(
            what="statuses",
            ok=None if odd else True,
            message=f"Xray has {_listed(spelled[_folded(word)] for word in words)}",
            hint=f"write {_listed(odd)} as Xray does" if odd else "",
        )

    return _ask("statuses", ask)


def _folded(word: str) -> str:
    """Xray shows TODO as TO DO, and people write as they like."""
    return "".join(word.split()).upper()


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))


def _issue(xray: Xray, kind: str, key: str) -> Finding:
    name = kind.replace("_", " ").title()

    def ask() -> Finding:
        if xray.has_issue(key, kind):
            return Finding(what=kind, ok=True, message=f"{name} {key}")
        return Finding(
            what=kind,
            ok=False,
            message=f"there is no {name} {key}",
            hint=f"is xray_{kind} right, and may the account see it?",
        )

    return _ask(kind, ask)
