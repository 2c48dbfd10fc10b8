"""Endpoint, parts and query of import requests, as gold files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import STARTED
from xray_bridge.client import import_requests
from xray_bridge.client.import_requests import CustomFields, Execution, Report
from xray_bridge.errors import SettingError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.formats import FORMATS


if TYPE_CHECKING:
    from pathlib import Path

    from tests.gold_files import Gold
    from xray_bridge.client.request import Request

BOTH = pytest.mark.parametrize("deployment", [SERVER, CLOUD])
FIELDS = {
    "test_plan": "customfield_11807",
    "environments": "customfield_11805",
    "revision": "customfield_11810",
    "started": "customfield_1",
    "finished": "customfield_2",
}
WHOLE: dict[str, Any] = {
    "project": "CALC",
    "label": "xray-bridge-run",
    "test_plan": "CALC-15",
    "environments": ("chrome", "linux 6"),
    "revision": "abc",
    "fix_version": "1.0",
    "summary": "Run 17",
    "description": "Nightly",
    "labels": ("smoke",),
}
OF_USER = {"priority": {"name": "High"}, "summary": "Mine", "labels": ["mine", "a"]}
GUESSED = Execution(revision="abc", revision_is_guessed=True, description="Of CI")

# Fields of the Test Execution, and the ids from the server.
EXECUTIONS: dict[str, tuple[Execution, CustomFields]] = {
    "whole": (Execution(**WHOLE), FIELDS),
    "no-field-known": (Execution(**WHOLE), {}),
    "one-field-known": (Execution(**WHOLE), {"test_plan": "customfield_11807"}),
    # An empty environment is refused by Cloud; so nothing is sent.
    "little": (Execution(project="CALC", summary="Run"), FIELDS),
    "times": (Execution(started=STARTED, finished=STARTED + 60.5), FIELDS),
    # A guessed revision goes into the description where no field takes it.
    "guessed-revision": (GUESSED, FIELDS),
    "guessed-revision-no-field": (GUESSED, {}),
    # The user's fields win, as fields alone and as a document; labels add up.
    **{
        name: (
            Execution(
                summary="Ours",
                labels=("a",),
                label="run",
                fields=given,
                test_fields=given,
            ),
            FIELDS,
        )
        for name, given in (
            ("fields-of-user", OF_USER),
            ("document-of-user", {"fields": OF_USER}),
            ("one-label", {"labels": "mine"}),
        )
    },
    # The document's other parts go along; xrayFields are completed.
    "parts-of-user": (
        Execution(
            test_plan="CALC-15",
            environments=("ours",),
            fields={
                "fields": {},
                "properties": [{"key": "k", "value": 1}],
                "xrayFields": {"environments": ["theirs"]},
            },
        ),
        FIELDS,
    ),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A report on disk."""
    found = tmp_path / "report"
    found.write_bytes(b"{}")
    return found


def printed(title: str, request: Request) -> list[str]:
    """Show a request as it is printed, and its details."""
    types = [part.media_type for part in request.parts]
    return [
        f"# {title}",
        *import_requests.list_request(request),
        *([f"  media types: {', '.join(types)}"] if types else []),
        f"  repeatable: {'yes' if request.repeatable else 'no'}",
        "",
    ]


@BOTH
def test_each_format(gold: Gold, path: Path, deployment: str) -> None:
    """The three requests of each format have path, parts and media types."""
    dialect, execution = DIALECTS[deployment], Execution(project="CALC")
    lines = []
    for name in FORMATS:
        report = Report(format=name, path=path)
        new = import_requests.new_execution(report, execution, dialect, FIELDS)
        old = import_requests.existing_execution(report, execution, "CALC-7", dialect)
        plain = import_requests.import_without_label(report, dialect)
        lines += printed(f"{name}: a new Test Execution", new)
        lines += printed(f"{name}: an existing Test Execution", old)
        lines += printed(f"{name}: whatever the report says", plain)

    gold.check(f"requests/{deployment}/formats.txt", "\n".join(lines))


@BOTH
@pytest.mark.parametrize("name", EXECUTIONS)
def test_execution(gold: Gold, path: Path, deployment: str, name: str) -> None:
    """The requests describe the Test Execution, and name the fields left out."""
    execution, fields = EXECUTIONS[name]
    dialect, report = DIALECTS[deployment], Report(format="junit", path=path)
    # Cloud has no custom fields to ask for.
    known = fields if deployment == SERVER else {}

    new = import_requests.new_execution(report, execution, dialect, known)
    old = import_requests.existing_execution(report, execution, "CALC-7", dialect)
    header = import_requests.xray_header(execution, "CALC-7")
    unset = import_requests.unset_fields(execution, dialect, known)

    lines = [
        *printed("a new Test Execution", new),
        f"left to a second request: {', '.join(sorted(unset)) or 'nothing'}",
        "",
        *printed("an existing Test Execution", old),
        "# the head of Xray JSON",
        json.dumps(header, indent=1),
        "",
    ]
    gold.check(f"requests/{deployment}/{name}.txt", "\n".join(lines))


def test_no_other_files(gold: Gold) -> None:
    """Each gold file belongs to a test."""
    names = ("formats", *EXECUTIONS)
    gold.check_names(
        "requests", {f"{d}/{n}.txt" for d in (SERVER, CLOUD) for n in names}
    )


def test_parts_are_files(path: Path) -> None:
    """The report is read when it is sent, not before."""
    request = import_requests.new_execution(
        Report(format="junit", path=path), Execution(), DIALECTS[SERVER], FIELDS
    )

    assert request.parts[0].content == path


def test_plan_is_a_value(path: Path) -> None:
    """Two plans compare equal, and planning changes no setting."""
    report = Report(format="junit", path=path)
    execution = Execution(**WHOLE, fields={"fields": {"labels": ["mine"]}})

    first, second = (
        import_requests.new_execution(report, execution, DIALECTS[SERVER], FIELDS)
        for _ in range(2)
    )

    assert first == second
    assert execution.fields == {"fields": {"labels": ["mine"]}}


@pytest.mark.parametrize(
    "given",
    [
        {"labels": None},
        {"labels": {"a": 1}},
        {"labels": [1]},
        {"fields": None},
        {"fields": {"labels": 3}},
        {"fields": {}, "xrayFields": None},
    ],
    ids=str,
)
def test_fields_of_an_odd_shape(given: dict[str, Any]) -> None:
    """Invalid fields are refused with the setting's name."""
    with pytest.raises(SettingError, match="xray_test_fields: "):
        import_requests.validate_fields("xray_test_fields", given)
