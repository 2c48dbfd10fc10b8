"""Questions to the server before the first test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from tests.builders import a_connection, settings_of
from xray_bridge.check import Finding, list_findings, refuse_impossible
from xray_bridge.client.connection import ApiKey, Basic
from xray_bridge.client.jira import Project
from xray_bridge.client.versions import Version
from xray_bridge.config.secret import Secret
from xray_bridge.errors import (
    AmbiguousError,
    AuthenticationError,
    BusyError,
    NotXrayError,
    ProxyError,
    RefusedError,
    SettingError,
    TlsError,
    UnreachableError,
    XrayBridgeError,
)
from xray_bridge.model.dialect import CLOUD, DIALECTS


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.client.import_requests import CustomFields
    from xray_bridge.client.request import Request

PROJECT = Project(key="CALC", versions=(Version(name="1.0"),), environments=None)
OVER_CLOUD = a_connection(
    "https://xray.cloud.getxray.app",
    dialect=DIALECTS[CLOUD],
    credentials=ApiKey(client_id="id", client_secret=Secret("hunter22")),
)


@dataclass
class FakeXray:
    """Answers questions; ``errors`` are raised instead, by question."""

    known: Project | None = PROJECT
    issues: tuple[str, ...] = ("CALC-15", "CALC-7")
    words: frozenset[str] | None = frozenset({"PASS", "FAIL", "TO DO", "BLOCKED"})
    errors: dict[str, XrayBridgeError] = field(default_factory=dict)

    def _ask(self, question: str) -> None:
        if question in self.errors:
            raise self.errors[question]

    skew = None

    def log_in(self) -> str:
        """Return the account's name."""
        self._ask("login")
        return "Ann"

    def project(self, key: str) -> Project | None:
        """The one project."""
        self._ask("project")
        return self.known if self.known and self.known.key == key else None

    def has_issue(self, key: str, kind: str) -> bool:
        """Any of the issues."""
        self._ask(kind)
        return key in self.issues

    def current_key(self, key: str) -> str:
        """Not needed here."""
        raise NotImplementedError(key)

    def statuses(self) -> frozenset[str] | None:
        """The words."""
        self._ask("statuses")
        return self.words

    def custom_fields(self) -> CustomFields:
        """Not needed here."""
        raise NotImplementedError

    def executions_labelled(self, label: str) -> list[str]:
        """Not needed here."""
        raise NotImplementedError(label)

    def executions_mentioning(self, label: str, field: str) -> list[str]:
        """Not needed here."""
        raise NotImplementedError(label, field)

    def import_results(self, request: Request) -> ImportAnswer:
        """Not needed here."""
        raise NotImplementedError(request)

    def make_execution(self, info: Mapping[str, Any]) -> str:
        """Not needed here."""
        raise NotImplementedError(info)

    def export(self, request: Request, into: BinaryIO) -> None:
        """Not needed here."""
        raise NotImplementedError(request, into)


def asked(xray: FakeXray, **given: str) -> dict[str, Finding]:
    """Return the findings by their name."""
    connection = a_connection()
    return {
        each.what: each
        for each in list_findings(settings_of(**given), connection, xray)
    }


def test_all_is_well() -> None:
    """Each setting has a line."""
    found = asked(
        FakeXray(),
        project="CALC",
        fix_version="1.0",
        test_plan="CALC-15",
        test_execution="CALC-7",
        statuses="skipped=BLOCKED",
    )

    assert {what: each.ok for what, each in found.items()} == {
        "address": True,
        "credentials": True,
        "project": True,
        "fix_version": True,
        "statuses": True,
        "test_execution": True,
        "test_plan": True,
    }
    assert "for Ann" in found["credentials"].message


def test_nothing_else_is_asked() -> None:
    """Without a setting there is no question."""
    assert set(asked(FakeXray())) == {"address", "credentials"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"project": "NONE"}, "project"),
        ({"project": "CALC", "fix_version": "9.9"}, "fix_version"),
        ({"test_plan": "CALC-99"}, "test_plan"),
        ({"test_execution": "CALC-99"}, "test_execution"),
        ({"statuses": "skipped=ABORTED"}, "statuses"),
        ({"statuses": "skipped=BLOCKED flaky=BLOKED"}, "statuses"),
    ],
)
def test_what_is_not_there(given: dict[str, str], wrong: str) -> None:
    """One line has the finding and its fix."""
    found = asked(FakeXray(), **given)

    assert [what for what, each in found.items() if each.ok is False] == [wrong]
    assert found[wrong].hint


def test_versions_that_cannot_be_known() -> None:
    """Cloud without Jira does not list versions; the line says what is needed."""
    known = Project(key="CALC", versions=None)

    found = asked(FakeXray(known), project="CALC", fix_version="1")["fix_version"]

    assert found.ok is None
    assert "XRAY_JIRA_URL" in found.hint


@pytest.mark.parametrize(
    ("names", "given", "ok", "said"),
    [
        (("2.3",), {}, True, "CALC has the version 2.3 (the tag v2.3)"),
        (("1.0",), {}, None, "not have the version 2.3 (the tag v2.3), so none is set"),
        (("1.0",), {"create_version": "yes"}, True, "which the upload creates"),
    ],
)
def test_version_of_a_tag_is_never_an_error(
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    given: dict[str, str],
    ok: bool | None,
    said: str,
) -> None:
    """It is only a guess."""
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_COMMIT_TAG", "v2.3")
    known = Project(key="CALC", versions=tuple(Version(name=name) for name in names))

    found = asked(FakeXray(known), project="CALC", fix_version="auto", **given)

    assert found["fix_version"].ok is ok
    assert said in found["fix_version"].message


@pytest.mark.parametrize("names", [(), ("1.0", "2.0")])
def test_version_that_cannot_be_chosen_is_an_error(names: tuple[str, ...]) -> None:
    """None or several are open, and nothing names one."""
    known = Project(key="CALC", versions=tuple(Version(name=name) for name in names))

    found = asked(FakeXray(known), project="CALC", fix_version="auto")["fix_version"]

    assert found.ok is False
    assert "xray_fix_version" in found.hint
    assert all(name in found.message for name in names)


def test_version_that_is_created_may_be_missing() -> None:
    """The upload creates it."""
    found = asked(FakeXray(), project="CALC", fix_version="9.9", create_version="yes")[
        "fix_version"
    ]

    assert found.ok is True
    assert "which the upload creates" in found.message


@pytest.mark.parametrize(
    ("environments", "ok", "said"),
    [("chrome", True, "has chrome"), ("chrome;edge;ie", False, "not have edge, ie")],
)
def test_environments_of_the_project(environments: str, ok: bool, said: str) -> None:
    """Cloud takes only environments of the project."""
    known = Project(key="CALC", environments=frozenset({"chrome", "linux"}))

    found = asked(FakeXray(known), project="CALC", environments=environments)

    assert found["environments"].ok is ok
    assert said in found["environments"].message


@pytest.mark.parametrize(
    ("error", "line", "ok"),
    [
        (UnreachableError("nobody there"), "address", None),
        (BusyError("later"), "address", None),
        (AmbiguousError("HTTP 503"), "address", None),
        (ProxyError("no way"), "proxy", None),
        (RefusedError("forbidden", status=403), "credentials", None),
        (RefusedError("not found", status=404), "address", False),
        (AuthenticationError("no"), "credentials", False),
        (TlsError("self-signed"), "tls", False),
        (NotXrayError("a page"), "address", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_login_that_fails(error: XrayBridgeError, line: str, ok: bool | None) -> None:
    """
    A temporary error is open, others are wrong; nothing further is asked.

    An address that was not reached is not ok.
    """
    found = asked(FakeXray(errors={"login": error}), project="CALC")

    assert found[line].ok is ok
    assert found[line].message == error.message
    assert list(found) == (["address", line] if line == "credentials" else [line])


def test_status_that_xray_does_not_have() -> None:
    """The line has the unknown status and the known ones."""
    found = asked(FakeXray(), statuses="skipped=BLOKED flaky=FAIL")["statuses"]

    assert found.message == "Xray does not have BLOKED"
    assert found.hint == "xray_statuses can use BLOCKED, FAIL, PASS, TO DO"


@pytest.mark.parametrize(
    ("statuses", "ok"),
    [
        ("skipped=PASSED", True),
        ("skipped=TODO flaky=fail", True),
        ("skipped=BLOCKED", True),
        ("skipped=Blocked", None),
    ],
)
def test_spelling_of_statuses(statuses: str, ok: bool | None) -> None:
    """
    Statuses of both products match in any case, with or without blanks.

    The spelling of other statuses is open: Xray may be case-sensitive.
    """
    found = asked(FakeXray(), statuses=statuses)["statuses"]

    assert found.ok is ok
    assert found.hint == ("" if ok else "spell Blocked as Xray does")


def test_statuses_that_cannot_be_known() -> None:
    """Old versions do not list their statuses."""
    found = asked(FakeXray(words=None), statuses="skipped=ABORTED")["statuses"]

    assert found.ok is None
    assert "ABORTED" in found.message


@pytest.mark.parametrize(
    "question", ["project", "test_plan", "test_execution", "statuses"]
)
def test_question_that_may_not_be_asked(question: str) -> None:
    """A missing permission leaves the finding open, and the check goes on."""
    xray = FakeXray(errors={question: RefusedError("forbidden", status=403)})

    found = asked(
        xray,
        project="CALC",
        test_plan="CALC-15",
        test_execution="CALC-7",
        statuses="flaky=FAIL",
    )

    assert {what for what, each in found.items() if each.ok is None} == {question}
    assert len(found) == 6


def test_no_project() -> None:
    """A new Test Execution needs a project."""
    with pytest.raises(SettingError, match="xray_project is not set"):
        refuse_impossible(settings_of(), a_connection())


@pytest.mark.parametrize(
    "given", [{"project": "CALC"}, {"test_execution": "CALC-7"}], ids=str
)
def test_project_or_execution_is_enough(given: dict[str, str]) -> None:
    """A project or a Test Execution is enough."""
    refuse_impossible(settings_of(**given), a_connection())

    assert given


def test_fields_of_tests_into_an_existing_execution() -> None:
    """The plain endpoints have no part for fields of Tests."""
    settings = settings_of(test_execution="CALC-7", test_fields='{"a": 1}')

    with pytest.raises(SettingError, match="xray_test_fields"):
        refuse_impossible(settings, a_connection())


@pytest.mark.parametrize("connection", [a_connection(), OVER_CLOUD])
def test_format_that_cannot_say_a_status(connection: Connection) -> None:
    """A status that JUnit cannot express is refused before the first test."""
    settings = settings_of(project="CALC", format="junit", statuses="skipped=ABORTED")

    with pytest.raises(SettingError, match="junit cannot hold xray_statuses"):
        refuse_impossible(settings, connection)


@pytest.mark.parametrize("connection", [a_connection(), OVER_CLOUD])
@pytest.mark.parametrize("word", ["FAIL", "FAILED"])
def test_format_that_can_say_a_status(connection: Connection, word: str) -> None:
    """The failure statuses of both products are a failure in JUnit."""
    settings = settings_of(project="CALC", format="junit", statuses=f"flaky={word}")

    refuse_impossible(settings, connection)

    assert settings.statuses == {"flaky": word}


def test_fields_of_an_existing_execution_on_cloud() -> None:
    """Only Jira can set them, so a login to it is needed."""
    settings = settings_of(test_execution="CALC-7", execution_fields='{"a": 1}')

    with pytest.raises(SettingError, match="Jira") as caught:
        refuse_impossible(settings, OVER_CLOUD)

    assert "XRAY_JIRA_TOKEN" in caught.value.hint


def test_fields_of_an_existing_execution_with_jira() -> None:
    """They are accepted on Server, and on Cloud with a login to Jira."""
    settings = settings_of(test_execution="CALC-7", execution_fields='{"a": 1}')
    jira = Basic(user="ann", password=Secret("hunter22"))
    told = a_connection(
        dialect=DIALECTS[CLOUD], credentials=jira, jira_credentials=jira
    )

    for connection in (a_connection(), told):
        refuse_impossible(settings, connection)

    assert settings.execution_fields == {"a": 1}


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"execution_fields": '{"labels": null}'}, "xray_execution_fields: labels"),
        ({"execution_fields": '{"fields": 1}'}, "xray_execution_fields: fields"),
        ({"test_fields": '{"labels": [1]}'}, "xray_test_fields: labels"),
    ],
    ids=str,
)
def test_fields_of_an_odd_shape(given: dict[str, str], what: str) -> None:
    """Invalid fields are refused before the first test."""
    with pytest.raises(SettingError, match=what):
        refuse_impossible(settings_of(project="CALC", **given), a_connection())
