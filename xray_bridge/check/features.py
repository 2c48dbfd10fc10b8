"""
Compares the account's permissions with what each feature of the Jira side needs.

Source: Jira's REST API, "mypermissions" and "createmeta".
"""

from __future__ import annotations

from dataclasses import asdict, field
from typing import TYPE_CHECKING, Any

from xray_bridge.check.feature_needs import FEATURES
from xray_bridge.check.finding import TO_ASK_JIRA, Finding
from xray_bridge.check.permissions import NAMES, project_of
from xray_bridge.check.site import JiraSite
from xray_bridge.client.builds_login import make_login
from xray_bridge.client.createmeta import list_fields, list_types
from xray_bridge.client.http import Deadline, Http
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RefusedError, UsageError, XrayBridgeError
from xray_bridge.jira.defects.settings import read_rules
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xray_bridge.check.feature_needs import Feature, Use
    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings

NOT_FOUND = 404
# Seconds.
PATIENCE = 30.0
HEADS = ("FEATURE", "PERMISSION", "NEEDED", "THERE", "PURPOSE")
WORDS = {True: "yes", False: "no", None: "?"}
FIELD_NOTES = {
    True: " (required here)",
    False: " (not required here)",
    None: " (not on the screen)",
}
# Not a permission of a user, but made by an administrator of the site.
OAUTH = "OAuth credentials"
ASK_FOR_ROLE = "ask the project's administrators for a role or permission with it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One line of the table; ``has`` is None if Jira does not say it.

    ``is_needed``: by these settings and the required fields of this project; None:
    Jira shows the field only to accounts with the permission.
    """

    feature: str
    permission: str
    name: str
    purpose: str
    is_needed: bool | None
    has: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureReport:
    """The table, one finding for each feature, and the scopes by feature."""

    rows: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def parse_features(text: str) -> tuple[str, ...]:
    """
    Parse names of features, separated by ``,``; ``all`` means all.

    Raises UsageError.
    """
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if names == ("all",):
        return tuple(FEATURES)
    for name in names:
        if name not in FEATURES:
            msg = f"--features: there is no feature {name!r}"
            raise UsageError(msg, hint=f"use {', '.join(FEATURES)} or all")
    return names


def check_features(
    settings: Settings, connection: Connection, names: Sequence[str]
) -> FeatureReport:
    """Ask for the permissions, and compare them with what each feature needs."""
    http = Http(connection, Deadline(min(PATIENCE, settings.deadline)), attempts=1)
    work = _Check(settings, connection, JiraSite(connection, http), http)
    rows: list[Row] = []
    findings: list[Finding] = []
    for name in names:
        found, finding = work.check(name)
        rows += found
        findings.append(finding)
    scopes = {name: FEATURES[name].scopes for name in names if FEATURES[name].scopes}
    return FeatureReport(
        rows=tuple(rows),
        findings=tuple(findings),
        scopes=scopes if connection.dialect.has_scopes else {},
    )


class _Check:
    """The questions of one check; each project is asked for once."""

    def __init__(
        self, settings: Settings, connection: Connection, site: JiraSite, http: Http
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._site = site
        self._http = http
        self._permissions: dict[str, Mapping[str, bool]] = {}

    def check(self, name: str) -> tuple[list[Row], Finding]:
        """Return the rows of a feature, and its finding."""
        feature = FEATURES[name]
        try:
            if feature.wants_oauth and self._connection.dialect.has_builds:
                return self._check_login(name)
            return self._check_permissions(name, feature)
        except XrayBridgeError as error:
            # A person asked for the table: an answer that is missing is told.
            wrong = isinstance(error, UsageError)
            finding = Finding(
                what=f"for_{name}",
                ok=False if wrong else None,
                message=error.message,
                hint=error.hint,
            )
            return [], finding

    def _check_login(self, name: str) -> tuple[list[Row], Finding]:
        """Get a token: builds on Cloud belong to no user."""
        login = make_login(self._settings, self._connection)
        login.fetch_token(self._http)
        row = Row(
            feature=name,
            permission="",
            name=OAUTH,
            purpose="to send builds and deployments",
            is_needed=True,
            has=True,
        )
        message = f"{login.what} is accepted; no permission of the account is needed"
        return [row], Finding(what=f"for_{name}", ok=True, message=message)

    def _check_permissions(
        self, name: str, feature: Feature
    ) -> tuple[list[Row], Finding]:
        project = self._project_of(name)
        if not self._site.knows_jira:
            message = f"only Jira knows what the account may do in {project}"
            return [], Finding(
                what=f"for_{name}", ok=None, message=message, hint=TO_ASK_JIRA
            )
        uses = feature.uses[self._connection.dialect.name]
        required = self._fields_of_bugs(project) if name == "defects" else {}
        allowed = self._allowed_in(project)
        rows = list(_make_rows(name, uses, allowed, required, self._settings))
        return rows, _make_finding(name, project, rows)

    def _project_of(self, name: str) -> str:
        project = project_of(self._settings)
        if name == "defects":
            project = read_rules(self._settings).project or project
        if not project:
            msg = "no project: xray_project is not set"
            raise UsageError(msg, hint="give --project KEY")
        return project

    def _allowed_in(self, project: str) -> Mapping[str, bool]:
        if project not in self._permissions:
            try:
                found = self._site.read_permissions(project, list(NAMES))
            except RefusedError as error:
                if error.status != NOT_FOUND:
                    raise
                word = self._connection.dialect.project_word
                msg = f"there is no {word} {project}"
                hint = "check its key, and that the account may see it"
                raise UsageError(msg, hint=hint) from None
            self._permissions[project] = found
        return self._permissions[project]

    def _fields_of_bugs(self, project: str) -> dict[str, bool]:
        """Return the fields of a new bug, and whether each is required."""
        wanted = read_rules(self._settings).type
        jira = self._site.jira
        for each in list_types(jira, project):
            if each.name.casefold() == wanted.casefold():
                fields = list_fields(jira, project, each.id)
                return {rule.id: rule.needed for rule in fields}
        return {}


def _make_rows(
    feature: str,
    uses: Iterable[Use],
    allowed: Mapping[str, bool],
    fields: Mapping[str, bool],
    settings: Settings,
) -> Iterator[Row]:
    for use in uses:
        is_needed: bool | None = use.is_asked(settings)
        suffix = "" if is_needed else " (not set)"
        if use.field:
            is_needed = fields.get(use.field)
            suffix = FIELD_NOTES[is_needed]
        yield Row(
            feature=feature,
            permission=use.permission,
            name=NAMES[use.permission],
            purpose=f"{use.purpose}{suffix}",
            is_needed=is_needed,
            has=allowed.get(use.permission),
        )


def _make_finding(feature: str, project: str, rows: Sequence[Row]) -> Finding:
    missing = [row for row in rows if row.is_needed and row.has is False]
    unknown = [row for row in rows if row.is_needed and row.has is None]
    if missing:
        names = join_words([f"{row.name} ({row.purpose})" for row in missing])
        message = f"the account lacks permissions in {project}: {names}"
        return Finding(
            what=f"for_{feature}", ok=False, message=message, hint=ASK_FOR_ROLE
        )
    if unknown:
        names = join_words([row.name for row in unknown])
        message = f"Jira does not say whether the account has {names} in {project}"
        return Finding(what=f"for_{feature}", ok=None, message=message)
    message = f"the account has all permissions in {project}"
    return Finding(what=f"for_{feature}", ok=True, message=message)


def to_json(report: FeatureReport) -> dict[str, Any]:
    """Return builtins for JSON, without the findings."""
    rows = [asdict(row) for row in report.rows]
    scopes = {name: list(found) for name, found in report.scopes.items()}
    return {"permissions": rows, "scopes": scopes}


def list_cells(report: FeatureReport) -> list[tuple[str, ...]]:
    """Return the cells of the table, with its heads; empty without a row."""
    cells = [
        (
            row.feature,
            row.name,
            WORDS[row.is_needed],
            "NO" if row.has is False and row.is_needed else WORDS[row.has],
            row.purpose,
        )
        for row in report.rows
    ]
    return [HEADS, *cells] if cells else []
