"""
The table of all settings.

Each setting is declared once, as a class attribute of ``Settings`` or of its bases: its
spellings at all places, and its line in the manual. ``resolve`` fills the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.config import parsers, places
from xray_bridge.config.jira_settings import JiraSettings
from xray_bridge.config.setting import (
    ADD_UP,
    COMMAND_LINE,
    CONNECTION,
    DROPPED,
    EXECUTION,
    MAY_DIFFER,
    MUST_AGREE,
    RESULTS,
    SESSION,
    Setting,
    address,
    jira_fields,
    path,
    secret,
    switch,
    text,
)


if TYPE_CHECKING:
    from xray_bridge.config.redaction import Redactor
    from xray_bridge.config.setting import Group, Parts

DEADLINE, TIMEOUT = 120.0, 60.0
BASIC, OAUTH = "basic", "oauth"
CLOUD_URL = "https://xray.cloud.getxray.app"


class Settings(JiraSettings):
    """The resolved settings; each declaration gives the type of its attribute."""

    __slots__ = ()

    upload = switch(
        "upload the results at session end",
        of=SESSION,
        parts=MAY_DIFFER,
        one_run=True,
        own_flag="",
        starts=True,
    )
    dry_run = switch(
        "send nothing; print what would be sent, and to which address",
        of=SESSION,
        parts=DROPPED,
        one_run=True,
        starts=True,
    )
    collect = Setting(
        places.collection,
        "",
        "record the results for a later upload, and send nothing: yes keeps them in "
        "report_dir, s3://bucket/prefix (also gs://, az://, file:///folder) also puts "
        "them there; the flag means yes",
        of=SESSION,
        parts=DROPPED,
        one_run=True,
        starts=True,
        flag=True,
        metavar="yes|no|BUCKET",
    )
    sandbox = switch(
        "use the embedded sandbox instead of a server",
        of=CONNECTION,
        stored=False,
        one_run=True,
    )
    connection = text(
        "stored connection to use: its address, credentials and proxy",
        of=CONNECTION,
        parts=MUST_AGREE,
        stored=False,
        metavar="NAME",
    )
    deployment = Setting(
        parsers.choice("auto", "server", "cloud", datacenter="server"),
        "auto",
        "product: server (also: datacenter), cloud, or auto: found from the address "
        "and the credentials",
        of=CONNECTION,
        parts=MUST_AGREE,
        metavar="auto|server|cloud",
    )
    url = address(
        f"Server: Jira's base URL; Cloud: Xray's own base URL ({CLOUD_URL})",
        "XRAY_API_BASE_URL",
        parts=MUST_AGREE,
    )
    user = text(
        "Server: user name for basic authentication", "XRAY_API_USER", of=CONNECTION
    )
    password = secret("Server: password of the user", "XRAY_API_PASSWORD")
    token = secret("Server: personal access token", "XRAY_API_KEY")
    client_id = text("Cloud: client id of the API key", of=CONNECTION)
    client_secret = secret("Cloud: client secret of the API key")
    jira_url = address(
        "Cloud: address of the Jira site, for requests that Xray cannot answer"
    )
    jira_user = text("Cloud: e-mail address of the Jira account", of=CONNECTION)
    jira_token = secret("Cloud: API token of the Jira account")
    jira_auth = Setting(
        parsers.choice(BASIC, OAUTH),
        BASIC,
        "Cloud: login to the Jira site: basic (e-mail address and API token), or oauth "
        "(client id and client secret of a service account instead)",
        of=CONNECTION,
        metavar=f"{BASIC}|{OAUTH}",
    )
    verify: Setting[bool | str] = Setting(
        parsers.verification,
        True,
        "verify TLS certificates: true, false, or the path of a CA bundle",
        of=CONNECTION,
        parts=MAY_DIFFER,
        metavar="true|false|PATH",
        aliases=("XRAY_API_VERIFY_SSL",),
    )
    client_cert = Setting(
        parsers.pem,
        "",
        "client certificate and key, a PEM file",
        of=CONNECTION,
        parts=MAY_DIFFER,
        metavar="PATH",
    )
    proxy = address("proxy address; default: that of the environment", parts=MAY_DIFFER)
    skip_proxy = switch(
        "ignore the proxy settings of the environment",
        of=CONNECTION,
        parts=MAY_DIFFER,
    )
    timeout = Setting(
        parsers.seconds,
        TIMEOUT,
        "longest time for one answer",
        of=CONNECTION,
        parts=MAY_DIFFER,
        stored=False,
        metavar="SECONDS",
    )
    deadline = Setting(
        parsers.seconds,
        DEADLINE,
        "longest time for the upload, including waiting and retries",
        of=CONNECTION,
        parts=MAY_DIFFER,
        stored=False,
        metavar="SECONDS",
    )
    project = Setting(
        parsers.project,
        "",
        "Jira project key",
        of=EXECUTION,
        parts=MUST_AGREE,
        metavar="KEY",
        aliases=("XRAY_PROJECT_KEY",),
    )
    test_execution = Setting(
        parsers.key,
        "",
        "existing Test Execution that gets the results; default: create a new one",
        of=EXECUTION,
        parts=MUST_AGREE,
        metavar="KEY",
    )
    test_plan = Setting(
        parsers.key,
        "",
        "Test Plan of the Test Execution",
        of=EXECUTION,
        metavar="KEY",
        aliases=("XRAY_TEST_PLAN_KEY",),
    )
    environments: Setting[tuple[str, ...]] = Setting(
        parsers.listed,
        (),
        "Test Environments, separated by ;",
        of=EXECUTION,
        parts=ADD_UP,
        metavar="NAME;NAME",
        aliases=("XRAY_EXECUTION_TEST_ENVIRONMENTS",),
    )
    revision = text(
        "revision of the tested software; default: the commit of the CI run",
        "XRAY_EXECUTION_REVISION",
        of=EXECUTION,
    )
    fix_version = text(
        "fix version of the Test Execution, one Jira version; auto: that of the tag or "
        "release branch, or the only unreleased one",
        "XRAY_EXECUTION_FIX_VERSION",
        of=EXECUTION,
    )
    summary = text(
        "summary of a new Test Execution", "XRAY_EXECUTION_SUMMARY", of=EXECUTION
    )
    description = text(
        "description of a new Test Execution", "XRAY_EXECUTION_DESC", of=EXECUTION
    )
    labels: Setting[tuple[str, ...]] = Setting(
        parsers.words,
        (),
        "labels of a new Test Execution",
        of=EXECUTION,
        metavar="WORD WORD",
    )
    execution_fields = jira_fields(
        "Jira fields of the Test Execution, a JSON object or the path of a JSON file"
    )
    test_fields = jira_fields(
        "Jira fields of Tests that the import creates, a JSON object or the path of a "
        "JSON file"
    )
    format: Setting[tuple[str, ...]] = Setting(
        parsers.formats,
        ("auto",),
        "auto, junit, xray, cucumber, behave; a list writes several and uploads "
        "the first; ctrf is only written",
        of=SESSION,
        metavar="FORMAT",
    )
    report_dir = path(
        "directory for the run directories",
        ".xray",
        of=SESSION,
        parts=MAY_DIFFER,
    )
    report = path(
        "also copy the uploaded report to this path",
        of=RESULTS,
        parts=DROPPED,
        starts=True,
    )
    html = path(
        "also write an HTML report of the run to this path; needs Jinja2",
        of=RESULTS,
        parts=DROPPED,
        starts=True,
    )
    only_keyed = switch("report only tests that have a Test key", of=RESULTS)
    aggregate = Setting(
        parsers.choice("worst", "last", "all-failed"),
        "worst",
        "result of a Test that has several results: the worst, the last, or all-failed "
        "(failed only if all of them failed)",
        of=RESULTS,
        metavar="worst|last|all-failed",
    )
    statuses: Setting[dict[str, str]] = Setting(
        parsers.statuses,
        {},
        "status in Xray for an outcome, such as skipped=ABORTED",
        of=RESULTS,
        metavar="OUTCOME=STATUS",
    )
    captures = Setting(
        parsers.choice("none", "failed", "all"),
        "failed",
        "tests whose captured output is sent: none, failed or all",
        of=RESULTS,
        parts=MAY_DIFFER,
        metavar="none|failed|all",
    )
    evidence_limit: Setting[tuple[int, ...]] = Setting(
        parsers.sizes,
        (10 << 20, 25 << 20, 64 << 20),
        "size limits of evidence for one file, one test and one run; evidence over a "
        "limit is not sent, but listed",
        of=SESSION,
        metavar="SIZE [SIZE [SIZE]]",
    )
    redact = Setting(
        parsers.pattern,
        "",
        "regular expression; text that matches it is sent as ***",
        of=RESULTS,
        metavar="REGEX",
    )
    tag_prefixes: Setting[tuple[str, ...]] = Setting(
        parsers.words,
        ("TEST_", "REQ_", "PRECOND_", "TESTSET_"),
        "prefixes of Xray's tags in feature files: first of Tests, second of "
        "requirements",
        of=SESSION,
        metavar="PREFIX PREFIX",
    )
    preflight = Setting(
        parsers.preflight,
        "on",
        "check before the first test or upload whether it can work; strict: end the "
        "session also if the server cannot be reached or trusted",
        metavar="on|off|strict",
        of=SESSION,
        parts=MAY_DIFFER,
    )
    on_upload_error = Setting(
        parsers.choice("fail", "warn"),
        "fail",
        "after a failed upload: fail (change exit code 0) or warn (messages only)",
        of=SESSION,
        metavar="fail|warn",
    )
    run_id = text(
        "id of the CI run, the same in all its jobs; default: from the CI system",
        of=SESSION,
        parts=MAY_DIFFER,
        one_run=True,
        metavar="ID",
    )

    @property
    def redactor(self) -> Redactor:
        """The redactor for these secrets."""
        from xray_bridge.config.redaction import Redactor

        basic = [(self.user, self.password), (self.jira_user, self.jira_token)]
        pairs = [pair for pair in basic if pair[1]]
        return Redactor((), pairs, self.redact, self.secrets())

    @property
    def wants_upload(self) -> bool:
        """Whether this session ends with an upload, or a dry run of one."""
        return (self.upload or self.dry_run) and not self.collect

    @property
    def bucket(self) -> str:
        """The address of the bucket in which results are collected; empty if none."""
        return self.collect if places.is_bucket(self.collect) else ""

    @property
    def wants_record(self) -> bool:
        """Whether results are recorded, to be sent or only written."""
        return bool(self.collect or self.wants_upload or self.report or self.html)

    @property
    def wants_selection(self) -> bool:
        """Whether only selected tests run; an empty flag selects none of them."""
        return bool(self.select) or self.sources.get("select") == COMMAND_LINE

    @property
    def wants_export(self) -> bool:
        """Whether feature files are fetched before the session."""
        return bool(self.export_keys or self.export_filter)


# Set while a session is recorded, so that sessions that its tests start are not.
SESSION_VARIABLE = "PYTEST_XRAY_BRIDGE_SESSION"
TABLE: dict[str, Setting[Any]] = {
    name: setting
    for each in Settings.__mro__
    for name, setting in vars(each).items()
    if isinstance(setting, Setting)
}


def settings_in(*groups: Group) -> tuple[Setting[Any], ...]:
    """Return the settings of some groups, in the order of the table."""
    return tuple(setting for setting in TABLE.values() if setting.of in groups)


def with_parts(parts: Parts) -> tuple[str, ...]:
    """Return the names of the settings with this rule for merged runs."""
    return tuple(name for name, setting in TABLE.items() if setting.parts == parts)
