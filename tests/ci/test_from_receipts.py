"""The outputs of receipts, and the page of Markdown for people."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.builders import a_run, a_scenario_run, a_step, recorded, results
from xray_bridge.ci.outputs.from_receipts import NAMES, REPORTED, outputs_of
from xray_bridge.ci.outputs.summary import SHOWN, make_markdown
from xray_bridge.ci.outputs.text import code_span, markdown_link
from xray_bridge.cli import main
from xray_bridge.config.resolve import environment_layer
from xray_bridge.model import receipt as states
from xray_bridge.model.receipt import Failure, Receipt, Refused
from xray_bridge.model.results import Outcome
from xray_bridge.runs.failures import first_failures


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from markdown_it.token import Token

URL = "https://jira.example.com/browse/CALC-77"
EXECUTION = {"key": "CALC-77", "id": "1", "url": URL}
DELIVERED = Receipt(
    status=states.DELIVERED,
    test_execution=EXECUTION,
    counts={"failed": 1, "passed": 2, "skipped": 0},
    sent=3,
    accepted=3,
    failures=(Failure(name="t.test_sub", keys=("CALC-2",), message="1 != 2"),),
)
FAILED = Receipt(
    status=states.FAILED,
    run=".xray/runs/a",
    error={"message": "jira.example.com cannot be reached", "slug": "unreachable"},
    counts={"passed": 2},
    exit_code=80,
)
PAGE = MarkdownIt("commonmark").enable("table")
PIECES = st.sampled_from(
    [
        *("`", "``", "~~~", "|", "[", "](http://a)", "http://a", "*", "_", "- ", "\\"),
        *("<img src=x>", "<!--", "&lt;", "##vso[task.x]", "::error::"),
        *("\n", "\n# ", "x", " "),
    ]
)
ANYTHING = st.text() | st.lists(PIECES).map("".join)


def everything(tokens: Sequence[Token]) -> Iterator[Token]:
    """Tokens, and those within them."""
    for token in tokens:
        yield token
        yield from everything(token.children or ())


def test_summary() -> None:
    """The Test Execution, a table of numbers, what failed."""
    assert make_markdown(DELIVERED) == (
        f"### Xray: [CALC-77]({URL})\n"
        "\n"
        "| failed | passed | sent to Xray | accepted | refused |\n"
        "| --: | --: | --: | --: | --: |\n"
        "| 1 | 2 | 3 | 3 | 0 |\n"
        "\n"
        "**Failed**\n"
        "\n"
        "- `t.test_sub` (`CALC-2`): `1 != 2`\n"
    )


def test_summary_of_a_failed_upload() -> None:
    """Why, and how to send it."""
    found = make_markdown(FAILED)

    assert "### Xray: Not delivered\n" in found
    assert "`jira.example.com cannot be reached`" in found
    assert "`xray-bridge resend .xray/runs/a`" in found
    assert "accepted" not in found


def test_summary_is_bounded() -> None:
    """Long lists end with a number, long texts with dots."""
    many = tuple(Refused(key=f"CALC-{n}", message="x" * 9999) for n in range(5000))

    found = make_markdown(replace(DELIVERED, refused=many))

    assert f"- and {5000 - SHOWN} more" in found
    assert len(found) < 40_000


@given(ANYTHING)
def test_nobody_writes_markdown_through_us(said: str) -> None:
    """Texts of others are code spans, and nothing else."""
    hostile = replace(
        DELIVERED,
        test_execution={"key": said, "url": said},
        failures=(Failure(name=said, keys=(said,), message=said),),
        refused=(Refused(key=said, tests=(said,), message=said),),
        left_out=(said,),
        incomplete=(said,),
        notices=(said,),
    )
    plain = make_markdown(hostile)

    tokens = [*everything(PAGE.parse(plain))]

    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "image", "link_open", "fence"}
    headings = [token for token in tokens if token.type == "heading_open"]
    assert len(headings) == 1
    assert len([token for token in tokens if token.type == "table_open"]) == 1
    lists = [token for token in tokens if token.type == "bullet_list_open"]
    assert len(lists) == 5
    assert "##vso[" not in plain


@given(ANYTHING)
def test_code_is_read_as_it_was(said: str) -> None:
    """One code span with all of it."""
    line = " ".join(said.replace("\x00", "").split())

    found = [*everything(PAGE.parse(f"- {code_span(line)}"))]

    (inline,) = [token for token in found if token.type == "inline"]
    spans = [(token.type, token.content) for token in inline.children or ()]
    assert spans == [("code_inline", line)] or not line


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("CALC-77", "javascript:alert(1)"),
        ("CALC-77", "https://x/) [a](b"),
        ("CALC-77", ""),
        ("](x)", URL),
    ],
)
def test_link_that_is_none(key: str, url: str) -> None:
    """A wrong key or a wrong address gives no link."""
    found = PAGE.parse(markdown_link(key, url))

    assert "link_open" not in {token.type for token in everything(found)}


def test_variables_of_a_run(tmp_path: Path) -> None:
    """Those of the upload, with the page for people."""
    (tmp_path / "xray.env").write_text(
        'XRAY_TESTS=CALC-1;CALC-2\nXRAY_RAW_RESPONSE={"a": "b=c"}\nPATH=/evil\n'
    )

    found = outputs_of([replace(DELIVERED, run=str(tmp_path))])

    assert found
    assert found.variables == {
        "XRAY_IS_REQUEST_SUCCESSFUL": "true",
        "XRAY_TEST_EXECS": "CALC-77",
        "XRAY_TEST_EXEC_URLS": URL,
        "XRAY_TESTS": "CALC-1;CALC-2",
        "XRAY_ISSUES_MODIFIED": "",
        "XRAY_RAW_RESPONSE": '{"a": "b=c"}',
    }
    assert found.links == (("CALC-77", URL),)


def test_several_uploads_are_told_as_one() -> None:
    """Values with a semicolon between them; one that failed fails them all."""
    other = replace(DELIVERED, test_execution={**EXECUTION, "key": "CALC-78"})

    found = outputs_of([DELIVERED, other, FAILED])

    assert found
    assert found.variables["XRAY_TEST_EXECS"] == "CALC-77;CALC-78"
    assert found.variables["XRAY_TEST_EXEC_URLS"] == URL
    assert found.variables["XRAY_IS_REQUEST_SUCCESSFUL"] == "false"
    assert found.problem == "jira.example.com cannot be reached"
    assert [run["status"] for run in found.document["runs"]] == [
        "delivered",
        "delivered",
        "failed",
    ]


def test_what_xray_refused_is_a_problem() -> None:
    """The first one by name, the others by number."""
    refused = tuple(Refused(key=f"CALC-{n}", message="no such Test") for n in (1, 2))

    found = outputs_of([replace(DELIVERED, refused=refused)])

    assert found
    assert found.problem == "Xray refused CALC-1: no such Test, and 1 more"


@pytest.mark.parametrize("status", [states.DRY_RUN, states.EMPTY, states.KEPT])
def test_nothing_to_tell(status: str) -> None:
    """A rehearsal sets no variable that a later step would believe."""
    assert status not in REPORTED
    assert outputs_of([Receipt(status=status)]) is None


def test_variables_are_no_settings() -> None:
    """A later step of the job has them in its environment."""
    environ = dict.fromkeys(NAMES, "x")

    assert environment_layer(environ).values == {}


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            "    def test_sub():\n>       assert 1 == 2\nE       assert 1 == 2\nE  and",
            "assert 1 == 2",
        ),
        (
            "Traceback (most recent call last):\n  File x\nValueError: no",
            "ValueError: no",
        ),
        ("Assertion Failed: no\nCaptured stdout:\n1", "Assertion Failed: no"),
        ("\n\n", ""),
    ],
    ids=["pytest", "traceback", "behave", "blank"],
)
def test_line_that_says_what_failed(tmp_path: Path, message: str, line: str) -> None:
    """The error itself, not the code above it."""
    run = a_run(Outcome.FAILED, keys=["CALC-2"], name="test_sub", message=message)

    assert first_failures(results(tmp_path, a_run(), run)) == (
        Failure(name="tests.test_calculator.test_sub", keys=("CALC-2",), message=line),
    )


def test_scenario_that_failed(tmp_path: Path) -> None:
    """It has file and line, and the message of its step."""
    steps = (a_step(), a_step(Outcome.FAILED, message="Assertion Failed: no"))
    run = a_scenario_run(Outcome.FAILED, keys=["CALC-78"], steps=steps)

    (found,) = first_failures(results(tmp_path, run))

    assert (found.file, found.line) == ("features/add.feature", 3)
    assert found.message == "Assertion Failed: no"


def test_failures_are_bounded(tmp_path: Path) -> None:
    """A receipt stays a small file."""
    runs = [a_run(Outcome.FAILED, name=f"t{n}", message="x" * 9999) for n in range(60)]

    found = first_failures(results(tmp_path, *runs))

    assert len(found) == states.FAILURES
    assert max(len(each.message) for each in found) <= 500


def test_test_that_failed_and_then_passed(tmp_path: Path) -> None:
    """Only what counts as failed in the end is listed, and once."""
    both = [
        a_run(Outcome.FAILED, keys=["CALC-1"], name="test_a", message="first"),
        a_run(keys=["CALC-1"], name="test_b"),
        a_run(Outcome.FAILED, keys=["CALC-1"], name="test_c", message="last"),
    ]

    found = first_failures(results(tmp_path, *both))

    assert [each.message for each in found] == ["last"]


def test_receipt_is_read_back() -> None:
    """Through JSON, with its failures; commands are for the moment only."""
    told = replace(DELIVERED, commands=("::error::x",))

    assert "commands" not in DELIVERED.to_json()
    assert Receipt.from_json(json.loads(json.dumps(told.to_json()))) == told


SAID = {
    "sh": "export XRAY_TEST_EXECS=CALC-77",
    "env": "XRAY_TEST_EXECS=CALC-77",
    "json": ' "XRAY_TEST_EXECS": "CALC-77",',
    "properties": "XRAY_TEST_EXECS=CALC-77",
    "markdown": f"### Xray: [CALC-77]({URL})",
}


@pytest.mark.parametrize("name", SAID)
def test_command_outputs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """The newest upload, in each format; rehearsals are no uploads."""
    monkeypatch.chdir(tmp_path)
    for receipt in (DELIVERED, Receipt(status=states.DRY_RUN)):
        run = recorded(tmp_path, a_run()).path
        (run / "receipt.json").write_text(json.dumps(receipt.to_json()))

    code_ = main(["outputs", "--format", name])

    assert code_ == 0
    assert SAID[name] in capsys.readouterr().out.splitlines()


def test_command_outputs_without_an_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, and ends with the exit code of a mistake."""
    monkeypatch.chdir(tmp_path)
    run = recorded(tmp_path, a_run()).path
    rehearsed = Receipt(status=states.DRY_RUN).to_json()
    (run / "receipt.json").write_text(json.dumps(rehearsed))

    codes = [main(["outputs"]), main(["outputs", run.name]), main(["outputs", "nope"])]

    assert codes == [2, 2, 2]
    said = capsys.readouterr().err
    assert "has no receipt yet" in said
    assert "was not uploaded: dry run" in said


def test_a_damaged_receipt_of_another_run_is_no_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its status may have any type."""
    monkeypatch.chdir(tmp_path)
    odd: list[dict[str, Any]] = [DELIVERED.to_json(), {"status": []}]
    for content in odd:
        run = recorded(tmp_path, a_run()).path
        (run / "receipt.json").write_text(json.dumps(content))

    assert main(["outputs"]) == 0


@pytest.mark.parametrize(("is_newest", "code"), [(False, 0), (True, 83)])
def test_a_receipt_that_cannot_be_read_counts_only_if_it_is_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_newest: bool, code: int
) -> None:
    """Then nobody knows whether an older one is meant."""
    monkeypatch.chdir(tmp_path)
    for number, content in enumerate([json.dumps(DELIVERED.to_json()), "nonsense"]):
        path = recorded(tmp_path, a_run()).path / "receipt.json"
        path.write_text(content)
        order = number if is_newest else -number
        os.utime(path, (10**9 + order, 10**9 + order))

    assert main(["outputs"]) == code
