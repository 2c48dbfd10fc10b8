"""The export of feature files from a server with faults."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from werkzeug import Response

from tests import scripted
from tests.scripted_xray import Xray
from xray_bridge import cli
from xray_bridge.features import journal


EXPORT = "/rest/raven/2.0/export/test"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def jira(server: Xray) -> Xray:
    """Xray Server with one feature file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.feature", "Feature: A\n  Scenario: S\n    * x\n")
    server.script[EXPORT] = [
        Response(buffer.getvalue(), content_type="application/octet-stream")
    ]
    return server


def export(*arguments: str) -> int:
    """Run ``xray-bridge features export`` for one key; return its exit code."""
    return cli.main(["features", "export", "--keys", "CALC-1", *arguments])


def test_export(jira: Xray) -> None:
    """The keys are requested once, as one zip."""
    code = export("--out", "features", "--zip", "kept/all.zip")

    (sent,) = [each for each in jira.sent if each.path == EXPORT]
    assert code == 0
    assert sent.query == {"keys": "CALC-1", "fz": "true"}
    assert Path("kept/all.zip").read_bytes() == jira.script[EXPORT][0].get_data()
    assert Path("features/a.feature").read_text().startswith("Feature: A")
    assert zipfile.is_zipfile("kept/all.zip")


@pytest.mark.usefixtures("jira")
def test_archive_that_cannot_be_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """The error names path and reason, and no directory is made."""
    Path("kept").write_text("in the way")

    code = export("--out", "features", "--zip", "kept/all.zip")

    said = capsys.readouterr().err
    assert code == 82
    assert "feature files could not be exported: File exists (kept)" in said
    assert not Path("features").exists()


@pytest.mark.usefixtures("jira")
def test_target_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """It is a usage error, not a failed export."""
    Path("features").write_text("in the way")

    code = export("--out", "features")

    said = capsys.readouterr().err
    assert code == 2
    assert "could not be exported" not in said
    assert Path("features").read_text() == "in the way"


def test_server_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hint does not mention keys and filter."""
    monkeypatch.setenv("XRAY_URL", f"http://127.0.0.1:{scripted.unused_port()}")
    monkeypatch.setenv("XRAY_TOKEN", "x")
    monkeypatch.setenv("XRAY_DEADLINE", "1")

    code = export("--out", "features")

    said = capsys.readouterr().err
    assert code == 82
    assert "feature files could not be exported: 127.0.0.1:" in said
    assert "check --keys and --filter" not in said


def test_exports_of_two_requests_are_joined(
    jira: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each names its own keys, and the filter is asked for once."""
    monkeypatch.setattr("xray_bridge.features.parts.MOST_KEYS", 1)
    second = io.BytesIO()
    with zipfile.ZipFile(second, "w") as archive:
        archive.writestr("b.feature", "Feature: B\n  Scenario: S\n    * x\n")
    jira.script[EXPORT].append(
        Response(second.getvalue(), content_type="application/octet-stream")
    )

    code = cli.main(
        [
            "features",
            "export",
            "--keys",
            "CALC-1,CALC-2",
            "--filter",
            "7",
            "--out",
            "features",
        ]
    )

    sent = [each.query for each in jira.sent if each.path == EXPORT]
    assert code == 0
    assert [each["keys"] for each in sent] == ["CALC-1", "CALC-2"]
    assert [each.get("filter") for each in sent] == ["7", None]
    assert sorted(path.name for path in Path("features").glob("*.feature")) == [
        "a.feature",
        "b.feature",
    ]


@pytest.mark.usefixtures("jira")
def test_archive_is_kept_beside_others() -> None:
    """Folders that are not there are made, and those that are there will do."""
    first = export("--out", "features", "--zip", "kept/deep/all.zip")
    second = export("--out", "features", "--zip", "kept/deep/again.zip")

    assert (first, second) == (0, 0)
    assert zipfile.is_zipfile("kept/deep/again.zip")


def test_export_from_a_server_that_is_busy(jira: Xray) -> None:
    """An export changes nothing on the server, so it is asked for again."""
    jira.script[EXPORT].insert(0, Response("", status=502))

    code = export("--out", "features")

    assert code == 0
    assert len([each for each in jira.sent if each.path == EXPORT]) == 2


def test_export_from_a_server_that_stays_busy(
    jira: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message is that of a query: nothing can have arrived."""
    jira.script[EXPORT] = [Response("", status=502)]

    code = export("--out", "features")

    assert code == 82
    assert "the server did not answer a query" in capsys.readouterr().err


def test_killed_export_is_completed_before_the_next(server: Xray) -> None:
    """Also if the server has nothing to export now."""
    place = Path(".features.xray-new-1")
    place.mkdir()
    (place / "new-0").write_text("Feature: A\n")
    digest = "0" * 64
    journal.Steps(
        put={"a.feature": "new-0"}, removed=(), owned={}, new={"a.feature": digest}
    ).write(place)
    server.script[EXPORT] = [Response("", status=404)]

    code = export("--out", "features")

    assert code == 82
    assert Path("features/a.feature").read_text() == "Feature: A\n"
    assert not place.exists()
