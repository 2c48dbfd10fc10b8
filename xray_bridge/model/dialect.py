"""
The differences between Xray Server/Data Center and Xray Cloud, as data.

Sources: Xray's manual, "Import Execution Results - REST" of both products, and the
requests of Xray's own clients (xray-maven-plugin, xray-automation-js).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.formats import FORMATS, Need
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER = "server"
CLOUD = "cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """
    The names and rules of one product's import API.

    ``plain_xml_part`` is the form part of an XML report on the plain endpoint; empty if
    the endpoint takes the raw file. ``xray_fields`` is the object of the info part,
    beside ``fields``, for Xray's own fields (see ``execution_fields``); empty if they
    are custom fields, whose ids only the server knows. ``statuses`` are its statuses in
    Xray JSON, ``example_statuses`` those that rows of an outline may have.
    ``evidence_key`` and ``step_evidence_key`` are the names that the product's clients
    use in Xray JSON (old versions know only one). ``licence_path`` is the path of
    Xray's licence; empty if a token proves that there is one. ``needs_requirements``
    says that Xray refuses all results if one requirement is not a requirement issue.
    ``not_always_read`` are parts that not every version reads, by format.
    ``search_path`` is the path of Jira's search; ``reconciles``: it can be told of
    issues that were changed a moment ago. ``issue_word`` and ``project_word`` are the
    words on Jira's pages, which have been others on Cloud since 2026. ``user_key`` is
    the member with the id of an account in Jira's fields. ``has_builds``: Jira takes
    builds and deployments; else it gets links. ``has_scopes``: API tokens can be
    limited to scopes.
    """

    name: str
    product: str
    import_path: str
    xml_part: str
    json_part: str
    plain_xml_part: str
    xray_fields: str
    export_path: str
    export_query: Mapping[str, str]
    feature_path: str
    test_info_part: str
    precondition_info_part: str
    statuses: Mapping[Outcome, str]
    example_statuses: frozenset[str]
    evidence_key: str
    step_evidence_key: str
    test_type_key: str
    licence_path: str
    needs_requirements: bool
    not_always_read: Mapping[str, frozenset[Need]]
    search_path: str
    reconciles: bool
    issue_word: str
    project_word: str
    user_key: str
    has_builds: bool
    has_scopes: bool

    def report_part(self, report_format: str) -> str:
        """Return the name of the report's part on a multipart endpoint."""
        return self.xml_part if FORMATS[report_format].is_xml else self.json_part

    def import_to(self, report_format: str, *, multipart: bool) -> str:
        """Return the path of the import endpoint of a format."""
        suffix = "/multipart" if multipart else ""
        return f"{self.import_path}{FORMATS[report_format].endpoint}{suffix}"

    def with_statuses(self, overrides: Mapping[str, str]) -> Dialect:
        """
        Return this dialect with other statuses for some outcomes.

        ``PASS`` and ``PASSED`` mean the same, and so do ``FAIL`` and ``FAILED``, so
        that a configuration still works after a migration. Xray's own statuses are
        upper case.
        """
        own = {
            synonym: self.statuses[outcome]
            for outcome, synonyms in SYNONYMS.items()
            for synonym in synonyms
        }
        own |= {word: word for word in BUILT_IN}
        changed = {
            Outcome(name): own.get(word.upper(), word)
            for name, word in overrides.items()
        }
        return replace(self, statuses={**self.statuses, **changed})

    def own_word(self, word: str) -> str:
        """
        Return a status in this product's form, also if it is the other product's.

        Xray's own statuses are upper case, and become so in reports of other tools.
        """
        own = DIALECTS[self.name].statuses
        upper = word.upper()
        named = (own[o] for o, words in SYNONYMS.items() if upper in words)
        return next(named, upper if upper in BUILT_IN else word)

    @property
    def changed(self) -> Mapping[Outcome, str]:
        """The statuses that are not the product's own."""
        own = DIALECTS[self.name].statuses
        return {
            outcome: word
            for outcome, word in self.statuses.items()
            if word != own[outcome]
        }

    def plainly(self, outcome: Outcome) -> Outcome | None:
        """
        Return the outcome that a format without statuses can give.

        This is ``PASSED``, ``FAILED`` or ``SKIPPED``; None if such a format cannot lead
        to the outcome's status.
        """
        word = self.statuses[outcome]
        plain = DIALECTS[self.name].statuses
        return next((each for each in PLAIN if plain[each] == word), None)


# The outcomes that a JUnit report or a step of a scenario can have.
PLAIN = (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)
SYNONYMS = {
    Outcome.PASSED: ("PASS", "PASSED"),
    Outcome.FAILED: ("FAIL", "FAILED"),
}
# Further statuses of both products.
BUILT_IN = ("TODO", "EXECUTING", "ABORTED")


def _make_statuses(passed: str, failed: str) -> dict[Outcome, str]:
    return {
        Outcome.PASSED: passed,
        Outcome.XFAILED: passed,
        Outcome.XPASSED: passed,
        Outcome.FLAKY: passed,
        Outcome.FAILED: failed,
        Outcome.SKIPPED: "TODO",
        Outcome.NOT_RUN: "TODO",
    }


DIALECTS = {
    SERVER: Dialect(
        name=SERVER,
        product="Xray Server/Data Center",
        import_path="/rest/raven/2.0/import/execution",
        xml_part="file",
        json_part="result",
        plain_xml_part="file",
        xray_fields="",
        export_path="/rest/raven/2.0/export/test",
        export_query={"fz": "true"},
        feature_path="/rest/raven/2.0/import/feature",
        test_info_part="testInfo",
        precondition_info_part="preCondInfo",
        statuses=_make_statuses("PASS", "FAIL"),
        example_statuses=frozenset({"PASS", "FAIL", "TODO", "EXECUTING"}),
        evidence_key="evidences",
        step_evidence_key="evidences",
        test_type_key="testType",
        licence_path="/rest/raven/2.0/api/xraylicense",
        needs_requirements=True,
        # Source: Xray's manual, "Taking advantage of JUnit XML reports".
        not_always_read={"junit": frozenset({Need.EVIDENCE})},
        search_path="/rest/api/2/search",
        reconciles=False,
        issue_word="issue",
        project_word="project",
        user_key="name",
        has_builds=False,
        has_scopes=False,
    ),
    CLOUD: Dialect(
        name=CLOUD,
        product="Xray Cloud",
        import_path="/api/v2/import/execution",
        xml_part="results",
        json_part="results",
        plain_xml_part="",
        xray_fields="xrayFields",
        export_path="/api/v2/export/cucumber",
        export_query={},
        feature_path="/api/v2/import/feature",
        test_info_part="testInfo",
        precondition_info_part="precondInfo",
        statuses=_make_statuses("PASSED", "FAILED"),
        example_statuses=frozenset({"PASSED", "FAILED", "TODO", "EXECUTING"}),
        evidence_key="evidence",
        step_evidence_key="evidences",
        test_type_key="type",
        licence_path="",
        needs_requirements=False,
        not_always_read={},
        # Source: Atlassian's CHANGE-2046; the older path answers 410.
        search_path="/rest/api/2/search/jql",
        reconciles=True,
        issue_word="work item",
        project_word="space",
        user_key="accountId",
        has_builds=True,
        has_scopes=True,
    ),
}
