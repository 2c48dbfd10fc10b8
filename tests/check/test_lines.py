"""``xray-bridge check``: each line with its fix, for servers with a fault."""

from __future__ import annotations

import io
import json
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests import scripted
from tests.scripted import answer, by_path
from tests.tls import needs_openssl, over_tls, self_signed
from xray_bridge import cli


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted import Script

Reply = tuple[int, bytes, dict[str, str]]
SECRET = "a-token-nobody-may-see"
MYSELF = "/rest/api/2/myself"
INFO = "/rest/api/2/serverInfo"
LICENCE = "/rest/raven/2.0/api/xraylicense"
PERMISSIONS = "/rest/api/2/mypermissions"
TYPES = "/rest/api/2/issue/createmeta/CALC/issuetypes"
PROJECT = "/rest/api/2/project/CALC"
PLAN = "/rest/api/2/issue/CALC-15"
FIELD = "/rest/api/2/field"
ALL = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "LINK_ISSUES",
    "RESOLVE_ISSUES",
)
FIELDS = [
    {"id": "customfield_7", "name": "Browser", "custom": True},
    {
        "id": "customfield_8",
        "name": "Plan de test",
        "schema": {"custom": "com.xpandit.plugins.xray:test-plan-custom-field"},
    },
]
PAGE = b"<html><body><form>Log in</form></body></html>"
CAPTCHA = {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=/login.jsp"}


def says(content: Any, status: int = 200, **headers: str) -> Reply:
    """Make a reply with a JSON document."""
    return status, json.dumps(content).encode(), headers


def permitted(*but: str) -> Reply:
    """Make a reply with all permissions except some."""
    found = {name: {"havePermission": name not in but} for name in ALL}
    return says({"permissions": found})


def named(*names: str, under: str = "values") -> Reply:
    """Make a reply with issue types."""
    return says({under: [{"name": name} for name in names]})


def a_jira(**changes: Reply) -> dict[str, Reply]:
    """Make a Jira without faults, changed by path."""
    well = {
        MYSELF: says({"displayName": "Ann"}),
        INFO: says({"version": "10.3.1", "deploymentType": "Server"}),
        LICENCE: says({"active": True, "licenseType": "COMMERCIAL"}),
        PROJECT: says({"versions": [{"name": "1.0"}]}),
        PERMISSIONS: permitted(),
        TYPES: named("Story", "Test", "Test Execution"),
        PLAN: says({"fields": {"issuetype": {"name": "Test Plan"}}}),
        FIELD: says(FIELDS, Date=formatdate(usegmt=True)),
    }
    return {**well, **changes}


class Checked:
    """The exit code of the command, and its output by line."""

    def __init__(self, code: int, out: str) -> None:
        self.code = code
        self.out = out
        rows = [line.split(maxsplit=2) for line in out.splitlines()]
        self.marks = {row[1]: row[0] for row in rows}
        self.said = {row[1]: row[2] for row in rows}

    @property
    def faults(self) -> dict[str, str]:
        """The lines that are not ok, with their marks."""
        return {what: mark for what, mark in self.marks.items() if mark != "ok"}


@pytest.fixture
def check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Any:
    """Runs the command against an address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_TOKEN", SECRET)
    monkeypatch.setenv("XRAY_DEADLINE", "5")
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)

    def run(url: str, *arguments: str) -> Checked:
        code = cli.main(["check", "--url", url, "--project", "CALC", *arguments])
        out = capsys.readouterr().out
        assert SECRET not in out
        return Checked(code, out)

    return run


@pytest.mark.parametrize("given", ["name", "id"])
def test_other_names_of_issue_types_in_settings(
    check: Any, tmp_path: Path, given: str
) -> None:
    """They are looked for; the id of a type is what Jira itself takes."""
    kind = {"name": '{"name": "Lauf"}', "id": '{"id": "7"}'}[given]
    table = '[tests]\nissue_type = "Testfall"\n'
    (tmp_path / "xray-bridge.toml").write_text(table, encoding="utf-8")
    types = named("Test Plan", "Testfall", *(("Lauf",) if given == "name" else ()))

    with scripted.scripted(by_path(a_jira(**{TYPES: types}))) as server:
        fields = f'{{"issuetype": {kind}}}'
        found = check(server.url, "--execution-fields", fields)

    assert found.marks["issue_types"] == "ok"
    assert ("Lauf, Testfall" in found.said["issue_types"]) is (given == "name")


def test_all_is_well(check: Any) -> None:
    """Each thing has a line, in the order in which it matters, in eight requests."""
    with scripted.scripted(by_path(a_jira())) as server:
        found = check(server.url, "--test-plan", "CALC-15", "--fix-version", "1.0")
        asked = [request.target.partition("?")[0] for request in server.received]

    assert (found.code, found.faults) == (0, {})
    assert list(found.marks) == [
        "proxy",
        "tls",
        "address",
        "product",
        "credentials",
        "xray",
        "project",
        "fix_version",
        "permissions",
        "issue_types",
        "test_plan",
        "fields",
        "clock",
    ]
    assert "Jira 10.3.1 (Server)" in found.said["product"]
    assert "for Ann" in found.said["credentials"]
    assert "COMMERCIAL" in found.said["xray"]
    assert len(asked) == len(set(asked)) == 8
    assert "authorization" not in server.received[asked.index(INFO)].headers


class Line(NamedTuple):
    """The expected line: the mark, the name, and parts of its text."""

    mark: str
    what: str
    message: str
    hint: str


FIRST: dict[str, tuple[Script, Line]] = {
    "a wrong context path": (
        answer(404, b"<html>Oops</html>"),
        Line("WRONG", "address", "HTTP 404", "with its context path"),
    ),
    "a redirect to a login": (
        answer(302, Location="/login.jsp"),
        Line("WRONG", "address", "redirects to /login.jsp", "a login page comes first"),
    ),
    "a login page": (
        answer(200, PAGE),
        Line("WRONG", "address", "an HTML page", "a login page comes first"),
    ),
    "a CAPTCHA with 401": (
        answer(401, b"{}", **CAPTCHA),
        Line("WRONG", "credentials", "requires a CAPTCHA", "log in once in a browser"),
    ),
    "a CAPTCHA with 403": (
        answer(403, b"{}", **CAPTCHA),
        Line("WRONG", "credentials", "requires a CAPTCHA", "log in once in a browser"),
    ),
    "a CAPTCHA with 200": (
        answer(200, PAGE, **CAPTCHA),
        Line("WRONG", "credentials", "requires a CAPTCHA", "log in once in a browser"),
    ),
    "credentials that are refused": (
        answer(401, b'{"message": "nope"}'),
        Line(
            "WRONG",
            "credentials",
            "does not accept the credentials (HTTP 401): nope",
            "check that they belong to this server",
        ),
    ),
    "Basic login that is switched off": (
        answer(403, b'{"message": "Basic Authentication has been disabled"}'),
        Line(
            "?",
            "credentials",
            "Basic Authentication has been disabled",
            "set XRAY_TOKEN",
        ),
    ),
    "a proxy that wants a login": (
        answer(407, b"{}"),
        Line("?", "proxy", "HTTP 407", "the proxy needs a login"),
    ),
    "a server that breaks": (answer(503, b"down"), Line("?", "address", "503", "")),
}


@pytest.mark.parametrize(("script", "line"), FIRST.values(), ids=list(FIRST))
def test_first_answer(check: Any, script: Script, line: Line) -> None:
    """The right line has the fault and its fix; nothing more is asked."""
    with scripted.scripted(script) as server:
        found = check(server.url)
        tries = [r for r in server.received if "authorization" in r.headers]

    assert (found.code, found.marks[line.what]) == (85, line.mark)
    assert line.message in found.said[line.what]
    assert line.hint in found.said[line.what]
    assert "project" not in found.marks
    assert len(tries) == 1


def test_nobody_there(check: Any) -> None:
    """Address and certificate are not ok if nothing was reached."""
    found = check(f"http://127.0.0.1:{scripted.unused_port()}")

    assert (found.code, found.marks["address"]) == (85, "?")
    assert "cannot be reached" in found.said["address"]
    assert list(found.marks) == ["proxy", "address"]


@needs_openssl
def test_certificate_that_nobody_signed(check: Any, tmp_path: Path) -> None:
    """The line has the setting to use, and with it the bundle."""
    certificate = self_signed(tmp_path)
    script = by_path(a_jira())
    with scripted.scripted(script, wrap=over_tls(certificate)) as server:
        url = server.url.replace("http:", "https:")
        found = check(url)
        trusted = check(url, "--verify", str(certificate))
        unseen = check(url, "--verify", "false")

    assert (found.code, list(found.faults)) == (85, ["tls"])
    assert "self" in found.said["tls"]
    assert "set xray_verify" in found.said["tls"]
    assert trusted.said["tls"] == f"the certificate is trusted by {certificate}"
    assert unseen.marks["tls"] == "?"


def test_proxy_that_refuses(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused tunnel is on the proxy's line, with the status."""
    with scripted.scripted(answer(407)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//ann:{SECRET}@"))
        found = check("https://jira.example.com")

    assert (found.code, list(found.marks)) == (85, ["proxy"])
    assert "the proxy does not connect to jira.example.com" in found.said["proxy"]
    assert "(HTTP 407)" in found.said["proxy"]
    assert "HTTPS_PROXY" in found.said["proxy"]


def test_proxy_and_where_it_comes_from(
    check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line has the proxy without its login, and where it is set."""
    with scripted.scripted(by_path({})) as proxy:
        host = proxy.url.partition("//")[2]
        monkeypatch.setenv("HTTP_PROXY", f"http://ann:pass-of-ann@{host}")
        by_variable = check("http://jira.internal")
        by_setting = check("http://jira.internal", "--proxy", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        by_nobody = check(proxy.url)

    assert by_variable.said["proxy"] == f"{host}, from HTTP_PROXY"
    assert by_setting.said["proxy"] == f"{proxy.url}, from xray_proxy"
    assert by_nobody.said["proxy"] == "none: NO_PROXY covers 127.0.0.1"


INSIDE: dict[str, tuple[dict[str, Reply], Line]] = {
    "a licence that ran out": (
        {LICENCE: says({"active": False})},
        Line("WRONG", "xray", "licence is not active", "renew it"),
    ),
    "no Xray": (
        {LICENCE: (404, b"<html>Oops</html>", {})},
        Line("WRONG", "xray", "this Jira has no Xray", "install and enable Xray"),
    ),
    "a licence for administrators": (
        {LICENCE: says({"error": "no"}, 403)},
        Line("?", "xray", "HTTP 403", ""),
    ),
    "another product": (
        {INFO: says({"version": "1001.0.0", "deploymentType": "Cloud"})},
        Line("WRONG", "product", "(Cloud)", "correct xray_deployment"),
    ),
    "something like Jira": (
        {INFO: says({})},
        Line("?", "product", "not answer like Jira", ""),
    ),
    "no right to create": (
        {PERMISSIONS: permitted("CREATE_ISSUES")},
        Line(
            "WRONG",
            "permissions",
            "the account lacks permissions in CALC: Create Issues (for new Test",
            "a role or permission scheme with it",
        ),
    ),
    "no right to link": (
        {PERMISSIONS: permitted("LINK_ISSUES")},
        Line(
            "?",
            "permissions",
            "Link Issues (for requirements)",
            "ask the project's administrators",
        ),
    ),
    "permissions of which some are not told": (
        {PERMISSIONS: says({"permissions": {"BROWSE_PROJECTS": None}})},
        Line("?", "permissions", "whether the account has Browse Projects, Create", ""),
    ),
    "permissions that nobody tells": (
        {PERMISSIONS: says([])},
        Line("?", "permissions", "does not answer like Jira", ""),
    ),
    "an unknown project": (
        {PROJECT: says({"errorMessages": ["none"]}, 404)},
        Line("WRONG", "project", "there is no project CALC", "check that xray_project"),
    ),
    "a project without Xray": (
        {TYPES: named("Story", "Bug")},
        Line(
            "WRONG",
            "issue_types",
            "create Test Execution, Test issues in CALC, only: Story, Bug",
            "issue type scheme",
        ),
    ),
    "a project without Test Executions": (
        {TYPES: named("Story", "Test", under="issueTypes")},
        Line(
            "WRONG",
            "issue_types",
            "create Test Execution issues in CALC, only: Story, Test",
            "issue type scheme",
        ),
    ),
    "a translated Jira": (
        {TYPES: named("Aufgabe", "Testausführung")},
        Line("?", "issue_types", "Aufgabe, Testausf", "names may be translated"),
    ),
    "an old Jira": (
        {TYPES: (404, b"{}", {})},
        Line("?", "issue_types", "HTTP 404", ""),
    ),
    "a Jira that lists no types": (
        {TYPES: says({"values": None})},
        Line("?", "issue_types", "does not answer like Jira", ""),
    ),
    "a plan that is a Story": (
        {PLAN: says({"fields": {"issuetype": {"name": "Story"}}})},
        Line(
            "WRONG",
            "test_plan",
            "CALC-15 is a Story, not a Test Plan",
            "set xray_test_plan to the key of a Test Plan",
        ),
    ),
    "no plan": (
        {PLAN: says({}, 404)},
        Line(
            "WRONG",
            "test_plan",
            "there is no Test Plan CALC-15",
            "that the account may see the issue",
        ),
    ),
    "a version that is missing": (
        {PROJECT: says({"versions": []})},
        Line(
            "WRONG",
            "fix_version",
            "CALC does not have the version 1.0",
            "create it in Jira",
        ),
    ),
    "a field that is missing": (
        {FIELD: says([{"id": "summary"}])},
        Line(
            "WRONG",
            "execution_fields",
            "no field customfield_7, which xray_execution_fields names",
            "ids differ between instances",
        ),
    ),
    "a clock that is behind": (
        {FIELD: says([], Date=formatdate(2_000_000_000, usegmt=True))},
        Line("WRONG", "clock", "behind the server", "NTP"),
    ),
    "a clock that is ahead": (
        {FIELD: says([], Date=formatdate(1_000_000_000, usegmt=True))},
        Line("WRONG", "clock", "ahead of the server", "NTP"),
    ),
}


@pytest.mark.parametrize(("changes", "line"), INSIDE.values(), ids=list(INSIDE))
def test_what_is_asked_inside(
    check: Any, changes: dict[str, Reply], line: Line
) -> None:
    """One line has the fault and its fix; an open question is no error."""
    arguments = ["--test-plan", "CALC-15", "--fix-version", "1.0"]
    arguments += ["--execution-fields", '{"customfield_7": "x"}']
    with scripted.scripted(by_path(a_jira(**changes))) as server:
        found = check(server.url, *arguments)

    assert found.marks[line.what] == line.mark
    assert line.message in found.said[line.what]
    assert line.hint in found.said[line.what]
    assert found.code == (85 if "WRONG" in found.marks.values() else 0)


def test_json_has_all_findings(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has each finding with its fix."""
    del check
    with scripted.scripted(by_path(a_jira(**{LICENCE: says({})}))) as server:
        code = cli.main(["check", "--json", "--url", server.url, "--project", "CALC"])

    content = json.loads(capsys.readouterr().out)
    (xray,) = [each for each in content["findings"] if each["what"] == "xray"]
    assert (code, xray["ok"]) == (85, False)
    assert xray["hint"] == content["error"]["hint"]


def test_session_asks_only_what_decides(
    check: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three requests; a missing licence or permission stops no session."""
    del check
    bad = a_jira(**{LICENCE: says({}), PERMISSIONS: permitted("CREATE_ISSUES")})
    with scripted.scripted(by_path(bad)) as server:
        given = {"url": server.url, "project": "CALC", "test_plan": "CALC-15"}
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(given)))
        code = cli.main(["check", "--json", "--given", "-"])
        asked = [request.target.partition("?")[0] for request in server.received]

    content = json.loads(capsys.readouterr().out)
    assert (code, content["notices"]) == (0, [])
    assert asked == [MYSELF, PROJECT, PLAN]


SCREEN = f"{TYPES}/7"
OFFERED = ("labels", "description", "summary", "customfield_8")


def a_screen(*but: str) -> dict[str, Reply]:
    """Make a Jira whose screen for new Test Executions lacks some fields."""
    types = [{"name": "Test"}, {"name": "Test Execution", "id": "7"}]
    fields = [{"fieldId": field} for field in OFFERED if field not in but]
    return a_jira(**{TYPES: says({"values": types}), SCREEN: says({"values": fields})})


@pytest.mark.parametrize(
    ("lacking", "arguments", "mark", "said"),
    [
        ((), (), "ok", "all fields that are sent"),
        (("labels",), (), "?", "lacks Labels"),
        (("labels",), ("--labels", "mine"), "WRONG", "xray_labels (labels)"),
        (("customfield_8",), (), "ok", "all fields"),
        (("customfield_8",), ("--test-plan", "CALC-15"), "WRONG", "xray_test_plan"),
    ],
)
def test_screen(
    check: Any,
    lacking: tuple[str, ...],
    arguments: tuple[str, ...],
    mark: str,
    said: str,
) -> None:
    """A field in settings must be on the screen; others can be left out."""
    with scripted.scripted(by_path(a_screen(*lacking))) as server:
        found = check(server.url, *arguments)

    assert found.marks["screen"] == mark
    assert said in found.out
    assert found.code == (85 if mark == "WRONG" else 0)


def test_version_that_only_accounts_are_told(check: Any) -> None:
    """Jira from 10.2 on is asked again, with the login."""
    known = by_path(a_jira())
    unknown = by_path(a_jira(**{INFO: says({}, 401)}))

    with scripted.scripted(known, unknown, known) as server:
        found = check(server.url)
        infos = [each for each in server.received if each.target == INFO]

    assert found.code == 0
    assert "Jira 10.3.1" in found.said["product"]
    assert ["authorization" in each.headers for each in infos] == [False, True]
