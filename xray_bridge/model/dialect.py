"""
Where Xray Server/Data Center and Xray Cloud differ, as data.

Sources: Xray's manual, "Import Execution Results - REST" of both products, and
what Xray's own clients send (xray-maven-plugin, xray-automation-js).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xray_bridge.model.formats import FORMATS, Need
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER = "server"
CLOUD = "cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """
    One product's spelling of the import API.

    ``plain_xml_part``: the form part in which the plain endpoint wants an XML
    report; empty where it wants the raw file. ``xray_fields``: the
    object beside ``fields`` of the info part that holds Xray's own fields (see
    ``execution_fields``); empty where they are custom fields, whose ids only the
    server knows. ``statuses`` are its words in Xray JSON, ``example_statuses``
    those that rows of an outline may have. ``evidence_key`` and
    ``step_evidence_key`` are how clients of the product spell it in Xray JSON (old
    versions knew one spelling only). ``licence_path`` is where Xray tells of its
    licence; empty where a token is proof of one. ``needs_requirements``: a requirement
    that is none makes it refuse all results. ``not_always_read`` is what not
    every version reads, by format.
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

    def report_part(self, report_format: str) -> str:
        """The name of the report's part on a multipart endpoint."""
        return self.xml_part if FORMATS[report_format].is_xml else self.json_part

    def import_to(self, report_format: str, *, multipart: bool) -> str:
        """The path of the import endpoint of a format."""
        suffix = "/multipart" if multipart else ""
        return f"{self.import_path}{FORMATS[report_format].endpoint}{suffix}"

    def with_statuses(self, overrides: Mapping[str, str]) -> Dialect:
        """
        This dialect, with other status words for some outcomes.

        ``PASS`` and ``PASSED`` are one word, and so are ``FAIL`` and ``FAILED``:
        configurations outlive a migration. Xray's own words are upper case.
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
        A status as this product spells it: the other one's word is no other.

        Xray's own words are upper case, and stay so in reports of other tools.
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
        What a format without status words says of an outcome.

        ``PASSED``, ``FAILED`` or ``SKIPPED``; None where its status is none of
        the three that such a format can lead to.
        """
        word = self.statuses[outcome]
        plain = DIALECTS[self.name].statuses
        return next((each for each in PLAIN if plain[each] == word), None)


# What a JUnit report, or a step of a scenario, can say.
PLAIN = (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)
SYNONYMS = {
    Outcome.PASSED: ("PASS", "PASSED"),
    Outcome.FAILED: ("FAIL", "FAILED"),
}
# What both products have besides.
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
    ),
}
