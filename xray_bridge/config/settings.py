"""
The one table of settings.

Each setting is declared once, as a class attribute of ``Settings``. From that
declaration come the pytest flag and ini option, the environment variable, the
key in the shared file, behave's userdata key, the flag of the ``xray-bridge``
command and the line in the manual. ``resolve`` fills the table from layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.config import parsers
from xray_bridge.config.secret import Secret
from xray_bridge.config.setting import Setting, secret, switch


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.config.redaction import Redactor

DEADLINE = 120.0
TIMEOUT = 60.0
CLOUD_URL = "https://xray.cloud.getxray.app"


class Settings:
    """
    The resolved settings; read-only, each attribute typed by its declaration.

    ``values`` has what some layer set, ``sources`` says which, ``given`` is the
    text after ``${NAME}`` was replaced, fit for a record: without secrets, and
    without what was guessed from CI.
    """

    __slots__ = ("given", "sources", "values")

    upload = switch("upload the results at session end")
    dry_run = switch("do everything but send; print what would be sent, and where")
    collect = switch("record the results for a later upload, and send nothing")
    sandbox = switch("use the embedded sandbox instead of a server")
    connection = Setting(
        parsers.text,
        "",
        "a stored connection: address, credentials and how to get there",
        metavar="NAME",
    )
    deployment = Setting(
        parsers.choice("auto", "server", "cloud", datacenter="server"),
        "auto",
        "server (also: datacenter), cloud, or auto: decided from the address and "
        "the kind of credential",
        metavar="auto|server|cloud",
    )
    url = Setting(
        parsers.url,
        "",
        f"Server: Jira's base URL; Cloud: Xray's own base URL ({CLOUD_URL})",
        metavar="URL",
        aliases=("XRAY_API_BASE_URL",),
    )
    user = Setting(
        parsers.text,
        "",
        "Server: user name for basic authentication",
        aliases=("XRAY_API_USER",),
    )
    password = secret("Server: password of the user", "XRAY_API_PASSWORD")
    token = secret("Server: personal access token", "XRAY_API_KEY")
    client_id = Setting(parsers.text, "", "Cloud: client id of the API key")
    client_secret = secret("Cloud: client secret of the API key")
    jira_url = Setting(
        parsers.url,
        "",
        "Cloud: the Jira site, for what only Jira can do",
        metavar="URL",
    )
    jira_user = Setting(parsers.text, "", "Cloud: e-mail address of the Jira account")
    jira_token = secret("Cloud: API token of the Jira account")
    verify: Setting[bool | str] = Setting(
        parsers.verification,
        True,
        "verify TLS certificates: true, false, or the path of a CA bundle",
        metavar="true|false|PATH",
        aliases=("XRAY_API_VERIFY_SSL",),
    )
    client_cert = Setting(
        parsers.pem, "", "client certificate and key, a PEM file", metavar="PATH"
    )
    proxy = Setting(
        parsers.url, "", "proxy; default: from the environment", metavar="URL"
    )
    skip_proxy = switch("use no proxy, whatever the environment says")
    timeout = Setting(
        parsers.seconds, TIMEOUT, "how long one answer may take", metavar="SECONDS"
    )
    deadline = Setting(
        parsers.seconds,
        DEADLINE,
        "how long the upload may take in all, waiting and retries included",
        metavar="SECONDS",
    )
    project = Setting(parsers.project, "", "Jira project key", metavar="KEY")
    test_execution = Setting(
        parsers.key,
        "",
        "existing Test Execution to report into; none: a new one",
        metavar="KEY",
    )
    test_plan = Setting(
        parsers.key, "", "Test Plan of the Test Execution", metavar="KEY"
    )
    environments: Setting[tuple[str, ...]] = Setting(
        parsers.listed,
        (),
        "Test Environments, with ; between them",
        metavar="NAME;NAME",
        aliases=("XRAY_EXECUTION_TEST_ENVIRONMENTS",),
    )
    revision = Setting(
        parsers.text,
        "",
        "revision of the tested software; default: the commit that CI tells",
        aliases=("XRAY_EXECUTION_REVISION",),
    )
    fix_version = Setting(
        parsers.text, "", "one Jira version", aliases=("XRAY_EXECUTION_FIX_VERSION",)
    )
    summary = Setting(
        parsers.text,
        "",
        "summary of a new Test Execution",
        aliases=("XRAY_EXECUTION_SUMMARY",),
    )
    description = Setting(
        parsers.text,
        "",
        "description of a new Test Execution",
        aliases=("XRAY_EXECUTION_DESC",),
    )
    labels: Setting[tuple[str, ...]] = Setting(
        parsers.words, (), "labels of a new Test Execution", metavar="WORD WORD"
    )
    execution_fields: Setting[dict[str, object]] = Setting(
        parsers.fields,
        {},
        "Jira fields of the Test Execution, a JSON object or the path of one",
        metavar="JSON|PATH",
        structured=True,
    )
    test_fields: Setting[dict[str, object]] = Setting(
        parsers.fields,
        {},
        "Jira fields of Tests that the import creates, a JSON object or a path",
        metavar="JSON|PATH",
        structured=True,
    )
    format: Setting[tuple[str, ...]] = Setting(
        parsers.formats,
        ("auto",),
        "auto, junit, xray, cucumber, behave; a list writes several and uploads "
        "the first",
        metavar="FORMAT",
    )
    report_dir = Setting(
        parsers.text,
        ".xray",
        "run directories live below it",
        metavar="PATH",
        is_path=True,
    )
    report = Setting(
        parsers.text,
        "",
        "also copy the uploaded report to this path",
        metavar="PATH",
        is_path=True,
    )
    only_keyed = switch("report only tests that carry a Test key")
    aggregate = Setting(
        parsers.choice("worst", "last", "all-failed"),
        "worst",
        "which of several results of one Test decides: worst, last, or all-failed "
        "(it failed only if all of them did)",
        metavar="worst|last|all-failed",
    )
    statuses: Setting[dict[str, str]] = Setting(
        parsers.statuses,
        {},
        "Xray's status for an outcome, where it is to be another",
        metavar="OUTCOME=STATUS",
    )
    captures = Setting(
        parsers.choice("none", "failed", "all"),
        "failed",
        "captured output in results: none, of failed tests, or all",
        metavar="none|failed|all",
    )
    evidence_limit: Setting[tuple[int, ...]] = Setting(
        parsers.sizes,
        (10 << 20, 25 << 20, 64 << 20),
        "how much evidence one file, one test and one run may have; what is over "
        "is left out, and said",
        metavar="SIZE [SIZE [SIZE]]",
    )
    redact = Setting(
        parsers.pattern,
        "",
        "a regular expression; what it matches is sent as ***",
        metavar="REGEX",
    )
    tag_prefixes: Setting[tuple[str, ...]] = Setting(
        parsers.words,
        ("TEST_", "REQ_", "PRECOND_", "TESTSET_"),
        "prefixes of Xray's tags in feature files, the one of Tests first, then "
        "the one of requirements",
        metavar="PREFIX PREFIX",
    )
    preflight = switch(
        "ask the server first, before any test or upload, whether that can work",
        default=True,
    )
    on_upload_error = Setting(
        parsers.choice("fail", "warn"),
        "fail",
        "what an upload that failed does to exit code 0: fail or warn",
        metavar="fail|warn",
    )
    export_keys: Setting[tuple[str, ...]] = Setting(
        parsers.keys,
        (),
        "issues whose feature files are fetched before the session, with ; between",
        metavar="KEY;KEY",
    )
    export_filter = Setting(
        parsers.text,
        "",
        "id of a saved filter whose feature files are fetched before the session",
        metavar="ID",
    )
    features_dir = Setting(
        parsers.text,
        "features",
        "where fetched feature files go",
        metavar="PATH",
        is_path=True,
    )
    select = Setting(
        parsers.text,
        "",
        "run only tests whose key is in this Test Plan, Test Execution or Test Set, "
        "or is found by this JQL",
        metavar="KEY|JQL",
    )
    run_id = Setting(
        parsers.text,
        "",
        "what the parts of one CI run have in common; default: what CI tells",
        metavar="ID",
    )

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        sources: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.values: dict[str, Any] = dict(values)
        self.sources = dict(sources or ())
        self.given = dict(given or ())

    def with_execution_fields(self, fields: Mapping[str, object]) -> Settings:
        """
        These settings with more Jira fields; what they have already wins.

        Raises TypeError and ValueError for what is not JSON.
        """
        from json import dumps

        own = self.execution_fields
        inner = own.get("fields")
        if isinstance(inner, dict):
            merged = {**own, "fields": {**fields, **inner}}
        else:
            merged = {**fields, **own}
        text = dumps(merged, allow_nan=False)
        return Settings(
            {**self.values, "execution_fields": merged},
            sources=self.sources,
            given={**self.given, "execution_fields": text},
        )

    def is_given(self, setting: Setting[Any]) -> bool:
        """Whether a person set it: not a default, and not guessed from CI."""
        source = self.sources.get(setting.name, "")
        return bool(source) and not source.startswith(GUESSED)

    def secrets(self) -> Iterator[Secret]:
        """All secrets that were found, for redaction."""
        for setting in TABLE.values():
            value = self.values.get(setting.name)
            if isinstance(value, Secret) and value:
                yield value

    @property
    def redactor(self) -> Redactor:
        """What takes these secrets out of texts."""
        from xray_bridge.config.redaction import Redactor

        basic = [(self.user, self.password), (self.jira_user, self.jira_token)]
        pairs = [pair for pair in basic if pair[1]]
        return Redactor(self.secrets(), pairs, self.redact)

    @property
    def wants_upload(self) -> bool:
        """Whether this session ends with an upload, or the rehearsal of one."""
        return (self.upload or self.dry_run) and not self.collect

    @property
    def wants_record(self) -> bool:
        """Whether results are recorded, to be sent or to be written only."""
        return self.collect or self.wants_upload or bool(self.report)

    @property
    def wants_selection(self) -> bool:
        """Whether only some of the tests run, which the server names."""
        return bool(self.select)

    @property
    def wants_export(self) -> bool:
        """Whether feature files are fetched before the session."""
        return bool(self.export_keys or self.export_filter)


GUESSED = "CI: "
TABLE: dict[str, Setting[Any]] = {
    name: setting
    for name, setting in vars(Settings).items()
    if isinstance(setting, Setting)
}
