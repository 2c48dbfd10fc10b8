"""
The settings of the Jira side: builds, deployments, defects, releases.

All of it is off until asked for. These settings always belong to the machine that
sends: a run directory from another machine never decides what is created in Jira.
"""

from __future__ import annotations

from xray_bridge.config import parsers
from xray_bridge.config.setting import (
    CONNECTION,
    JIRA,
    MAY_DIFFER,
    Setting,
    address,
    secret,
    switch,
    text,
)
from xray_bridge.config.verdict_settings import VerdictSettings


# The gateway of Atlassian, with builds, deployments and the tokens for them.
ATLASSIAN_URL = "https://api.atlassian.com"
# The service of Harness that exchanges its Connect keys for tokens.
CONNECT_URL = "https://jira-ci.harness.io"
FINAL_STATES = ("successful", "failed", "cancelled", "unknown")
IN_PROGRESS = "in_progress"
BUILD_STATES = (IN_PROGRESS, *FINAL_STATES)
# Only a deployment can be in this state.
ROLLED_BACK = "rolled_back"
# Where keys of issues are found; the last one only if it is asked for.
ISSUE_SOURCES = ("branch", "title", "message", "requirements", "tests")
# The fix version that xray-bridge chooses.
AUTO = "auto"
OFF, LINK, CREATE = "off", "link", "create"
ENVIRONMENT_TYPES = ("development", "testing", "staging", "production", "unmapped")


class JiraSettings(VerdictSettings):
    """The settings of the Jira side; ``Settings`` inherits them."""

    __slots__ = ()

    jira_build = switch(
        "show this run as a build on its issues in Jira; on Data Center as a link",
        of=JIRA,
        parts=MAY_DIFFER,
    )
    jira_build_on: Setting[tuple[str, ...]] = Setting(
        parsers.choices(*BUILD_STATES, ROLLED_BACK),
        (*FINAL_STATES, ROLLED_BACK),
        "states that are sent; with in_progress also at the start of the session",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="STATE,STATE",
    )
    jira_build_state = Setting(
        parsers.choice("", *FINAL_STATES, ROLLED_BACK),
        "",
        "state of the build or deployment; default: from the outcomes of the tests; "
        "rolled_back is only for deployments",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="STATE",
    )
    jira_environment = text(
        "environment, such as production: the run is shown as a deployment to it",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="NAME",
    )
    jira_environment_type = Setting(
        parsers.choice("", *ENVIRONMENT_TYPES),
        "",
        "type of the environment; default: from its name",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="TYPE",
    )
    jira_pipeline = text(
        "name of the pipeline in Jira, the same in all builds; default: from the CI "
        "system, with the job",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="NAME",
    )
    jira_issues: Setting[tuple[str, ...]] = Setting(
        parsers.keys,
        (),
        "issues of the build, beside those that jira_issues_from finds",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="KEY;KEY",
    )
    jira_issues_from: Setting[tuple[str, ...]] = Setting(
        parsers.choices(*ISSUE_SOURCES),
        ISSUE_SOURCES[:-1],
        "where the issues of a build are found: branch, title (of the pull request), "
        "message (of the commit), requirements and tests (of the tests that ran)",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="WORD,WORD",
    )
    jira_projects: Setting[tuple[str, ...]] = Setting(
        parsers.words,
        (),
        "projects whose keys are looked for in branch, title and message; default: the "
        "project",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="KEY KEY",
    )
    jira_client_id = text(
        "client id of Jira's OAuth credentials, for builds and deployments on Cloud",
        of=CONNECTION,
    )
    jira_client_secret = secret("client secret of Jira's OAuth credentials")
    jira_cloud_id = text(
        "id of the Jira Cloud site; default: asked from the site", of=CONNECTION
    )
    jira_api_url = address(
        f"address for builds and deployments on Cloud; default: {ATLASSIAN_URL}"
    )
    jira_connect_key = secret("Connect key of Harness, an older way for builds")
    jira_connect_url = address(
        f"service that exchanges the Connect key for a token; default: {CONNECT_URL}"
    )
    jfrog_token = secret(
        "access token of a JFrog platform, for `xray-bridge connection push`"
    )
    defects = Setting(
        parsers.choice(OFF, LINK, CREATE),
        OFF,
        "bugs for failures: off, link (known ones) or create (new ones, too)",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="off|link|create",
    )
    defect_rules: Setting[dict[str, object]] = Setting(
        parsers.fields,
        {},
        "how bugs are created and closed, a JSON object or the path of a JSON file; "
        "in the shared file the table `defects`",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="JSON|PATH",
        structured=True,
    )
    xfail_open_defects = switch(
        "failures with an open bug count as expected",
        of=JIRA,
        parts=MAY_DIFFER,
    )
    link_requirements = switch(
        "link Tests that have a key to the requirements of their marks, where the "
        "import does not do it",
        of=JIRA,
        parts=MAY_DIFFER,
    )
    create_version = switch(
        "create the fix version if the project does not have it",
        of=JIRA,
        parts=MAY_DIFFER,
    )
    sprint = text(
        "sprint of the Test Execution and of new bugs: active, an id or a name",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="active|ID|NAME",
    )
    board = text(
        "board of the sprint, by id or name; default: the one of the project",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="ID|NAME",
    )
    transition = Setting(
        parsers.transition,
        "",
        "status that the Test Execution gets after the results, such as Done, and "
        "fields of the transition: Done; Resolution = Fixed",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="STATUS",
    )
    attach: Setting[tuple[str, ...]] = Setting(
        parsers.listed,
        (),
        "files that are attached to the Test Execution, separated by ;",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="PATH;PATH",
    )
    link_build = switch(
        "link the Test Execution to the page of its CI build",
        of=JIRA,
        parts=MAY_DIFFER,
    )

    @property
    def shows_builds(self) -> bool:
        """Whether runs are shown as builds or deployments."""
        return self.jira_build or bool(self.jira_environment)

    @property
    def announces_builds(self) -> bool:
        """Whether Jira is told of a build at the start of the session, too."""
        return self.shows_builds and IN_PROGRESS in self.jira_build_on

    release_date: Setting[tuple[str, ...]] = Setting(
        parsers.choices("fixVersion", "sprintEnd", "resolutiondate"),
        ("fixVersion", "sprintEnd", "resolutiondate"),
        "fields with the release date of a requirement; the first that is set counts",
        of=JIRA,
        parts=MAY_DIFFER,
        metavar="FIELD,FIELD",
    )

    @property
    def has_steps(self) -> bool:
        """Whether something is done in Jira beside the import of results."""
        is_chosen = self.values.get("fix_version") == AUTO
        return is_chosen or any(map(self.is_given, OF_JIRA))

    @property
    def phases(self) -> int:
        """How many deadlines an upload has: steps beside the results have their own."""
        beside = 2 * self.has_steps + 2 * bool(self.gate)
        return 1 + beside + bool(self.compare) + bool(self.otlp)


OF_JIRA = tuple(
    each
    for each in vars(JiraSettings).values()
    if isinstance(each, Setting) and each.of == JIRA
)
