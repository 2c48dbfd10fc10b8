"""Test code and other plugins add to results, in real sessions."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.pytest.conftest import RERUNS, Project
from tests.adapters.pytest.test_pytest_verdicts import SERVER


WITH_SUBTESTS = pytest.mark.skipif(
    pytest.version_tuple < (9,), reason="subtests came with pytest 9"
)


def evidence(project: Project, line: dict[str, Any]) -> dict[str, bytes]:
    """Contents of a result's evidence, by name."""
    (run,) = project.runs
    folder = run / "evidence"
    return {e["name"]: (folder / e["file"]).read_bytes() for e in line["evidence"]}


def test_the_fixture_says_it_all(project: Project, workers: tuple[str, ...]) -> None:
    """Keys, requirements, defects, comment and fields add to those of the mark."""
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.xray("CALC-1", defects=["CALC-8"], custom_fields={"OS": "any"})
        def test_it(xray):
            xray.key("CALC-2")
            xray.requirement("CALC-7")
            xray.defect("CALC-9")
            xray.comment("one")
            xray.comment("two")
            xray.custom_field("OS", "Linux")
            xray.attach(b"text", name="notes.txt")
        """
    )

    project.run("--xray-dry-run", *workers, **SERVER)

    (line,) = project.journal
    assert line["test_keys"] == ["CALC-1", "CALC-2"]
    assert line["requirements"] == ["CALC-7"]
    assert line["defects"] == ["CALC-8", "CALC-9"]
    assert line["comment"] == "one\n\ntwo"
    assert line["custom_fields"] == [["OS", "Linux"]]
    assert evidence(project, line) == {"notes.txt": b"text"}


def test_steps(project: Project, workers: tuple[str, ...]) -> None:
    """The exception of a step decides its outcome; evidence in it belongs to it."""
    project.pytester.makepyfile(
        """
        def test_it(xray):
            with xray.step("Open", data="the page", expected="a form"):
                xray.attach(b"png", name="a.png")
            with xray.step("Send"):
                assert 1 == 2
        """
    )

    project.run("--xray-dry-run", *workers, **SERVER)

    (line,) = project.journal
    opened, sent = line["steps"]
    assert (opened["name"], opened["outcome"]) == ("Open", "passed")
    assert (opened["data"], opened["expected"]) == ("the page", "a form")
    assert [each["name"] for each in opened["evidence"]] == ["a.png"]
    assert (sent["name"], sent["outcome"]) == ("Send", "failed")
    assert "assert 1 == 2" in sent["message"]
    assert "evidence" not in line


@pytest.mark.parametrize("phase", ["setup", "teardown"])
def test_fixtures_speak_for_their_test(
    project: Project, workers: tuple[str, ...], phase: str
) -> None:
    """Before and after the test itself."""
    project.pytester.makepyfile(
        f"""
        import pytest

        @pytest.fixture(autouse=True)
        def other(xray):
            if {phase!r} == "setup":
                xray.comment("said")
            yield
            if {phase!r} == "teardown":
                xray.comment("said")

        def test_a(): pass
        def test_b(): pass
        """
    )

    project.run("--xray-dry-run", *workers, **SERVER)

    assert [line["comment"] for line in project.journal] == ["said", "said"]


def test_nothing_is_carried_over(project: Project) -> None:
    """The additions of one test do not reach the next."""
    project.pytester.makepyfile(
        """
        def test_a(xray):
            xray.key("CALC-1")
            xray.comment("mine")
            with xray.step("mine"): pass
        def test_b(xray): pass
        def test_c(): pass
        """
    )

    project.run("--xray-dry-run", **SERVER)

    _, *others = project.journal
    said = {"test_keys", "comment", "steps"}
    assert [said & set(line) for line in others] == [set(), set()]


def test_the_fixture_without_an_upload(project: Project) -> None:
    """It takes everything, and writes nothing."""
    project.pytester.makepyfile(
        """
        def test_it(xray):
            xray.key("CALC-1")
            xray.attach(b"x")
            xray.attach("nowhere.png")
            with xray.step("a"):
                xray.comment("b")
        """
    )

    project.run().assert_outcomes(passed=1)

    assert not (project.pytester.path / ".xray").exists()


@pytest.mark.fault("E25")
def test_evidence_that_is_not_there(project: Project) -> None:
    """It does not fail the test, and the output names it."""
    project.pytester.makepyfile("def test_it(xray): xray.attach('nowhere.png')")

    result = project.run("--xray-dry-run", **SERVER)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["Left out: *test_it: nowhere.png*does not exist*"])


def test_evidence_over_the_limit(project: Project, workers: tuple[str, ...]) -> None:
    """It is left out, in workers too, and the output names it."""
    project.pytester.makepyfile("def test_it(xray): xray.attach(b'x' * 2000, 'big')")

    result = project.run(
        "--xray-dry-run", "--xray-evidence-limit", "1KB", *workers, **SERVER
    )

    result.stdout.fnmatch_lines(["Left out: *big*over the limit of 1 KB*"])


def test_secrets_in_text_evidence(project: Project, workers: tuple[str, ...]) -> None:
    """They are gone before it reaches the disk, also where tests run in workers."""
    project.pytester.makepyfile(
        """
        import os

        def test_it(xray):
            text = f"{os.environ['XRAY_TOKEN']} 1234-5678 Authorization: Bearer abc"
            xray.attach(text.encode(), name="log.txt")
            print(text)
            assert not text
        """
    )

    project.run("--xray-dry-run", "--xray-redact", r"\d{4}-\d{4}", *workers, **SERVER)

    (line,) = project.journal
    masked = "*** *** Authorization: Bearer ***"
    assert evidence(project, line) == {"log.txt": masked.encode()}
    assert masked in line["message"]
    assert masked in line["output"]


def test_hooks_of_a_conftest(project: Project, workers: tuple[str, ...]) -> None:
    """The values that they return are added."""
    project.pytester.makeconftest(
        """
        from xray_bridge import EvidenceSource

        def pytest_xray_test_keys(item):
            return {"test_it": "CALC-1", "test_both": ["CALC-1", "CALC-2"]}[item.name]

        def pytest_xray_evidence(item, report):
            if report.when == "call":
                return [EvidenceSource(b"png", "screen.png", "image/png"), b"log"]

        def pytest_xray_defects(item, report):
            return "CALC-9" if report.failed else None
        """
    )
    project.pytester.makepyfile("def test_it(): assert 0\ndef test_both(): pass")

    project.run("--xray-dry-run", *workers, **SERVER)

    lines = {line["name"]: line for line in project.journal}
    assert lines["test_it"]["test_keys"] == ["CALC-1"]
    assert lines["test_both"]["test_keys"] == ["CALC-1", "CALC-2"]
    assert lines["test_it"]["defects"] == ["CALC-9"]
    assert "defects" not in lines["test_both"]
    kept = evidence(project, lines["test_it"])
    assert sorted(kept.values()) == [b"log", b"png"]


@pytest.mark.parametrize(
    "hook",
    [
        "pytest_xray_test_keys(item)",
        "pytest_xray_evidence(item, report)",
        "pytest_xray_defects(item, report)",
    ],
)
def test_a_hook_that_raises(
    project: Project, workers: tuple[str, ...], hook: str
) -> None:
    """It ends neither the session nor the upload, and its error is printed."""
    project.pytester.makeconftest(f"def {hook}: raise OSError('in my hook')")
    project.pytester.makepyfile(
        "import pytest\n@pytest.mark.xray('CALC-1')\ndef test_it(): pass"
    )

    result = project.run("--xray-dry-run", *workers, **SERVER)

    result.assert_outcomes(passed=1)
    name = hook.partition("(")[0]
    told = f"ERROR in {name}: OSError: in my hook (*::test_it)"
    result.stdout.fnmatch_lines([told])
    assert result.stdout.str().count("ERROR in") == 1
    (line,) = project.journal
    assert (line["outcome"], line["test_keys"]) == ("passed", ["CALC-1"])
    assert result.ret == 83


def test_a_hook_that_returns_no_key(project: Project) -> None:
    """Its error is printed, and the keys of the mark stay."""
    project.pytester.makeconftest("def pytest_xray_test_keys(item): return 'wrong'")
    project.pytester.makepyfile(
        "import pytest\n@pytest.mark.xray('CALC-1')\ndef test_it(): pass"
    )

    result = project.run("--xray-dry-run", **SERVER)

    result.stdout.fnmatch_lines(["*'wrong' is not an issue key*"])
    (line,) = project.journal
    assert line["test_keys"] == ["CALC-1"]


def test_a_failure_shows_the_fixture_in_short(project: Project) -> None:
    """It is in the traceback of every test that has it."""
    project.pytester.makepyfile("def test_it(xray): assert 0")

    project.run("--xray-dry-run", **SERVER)

    (line,) = project.journal
    assert "xray = <xray>" in line["message"]


def test_a_report_without_an_upload(project: Project, workers: tuple[str, ...]) -> None:
    """It is written where it is wanted, and nothing is sent."""
    project.pytester.makepyfile("def test_it(xray): xray.key('CALC-1')")

    result = project.run("--xray-report", "out/report.xml", *workers)

    assert result.ret == 0
    assert "CALC-1" in (project.pytester.path / "out" / "report.xml").read_text()
    result.stdout.fnmatch_lines(["Not uploaded; the report is written."])


def test_fields_of_the_test_execution(
    project: Project, workers: tuple[str, ...]
) -> None:
    """A hook adds some; what the settings say wins."""
    project.pytester.makeconftest(
        """
        def pytest_xray_execution_fields(config):
            return {"components": [{"name": "backend"}], "priority": {"name": "Low"}}
        """
    )
    project.pytester.makepyfile("def test_it(): pass")

    result = project.run(
        "--xray-dry-run",
        "--xray-execution-fields",
        '{"priority": {"name": "High"}}',
        *workers,
        **SERVER,
    )

    result.stdout.fnmatch_lines(['*"name": "backend"*'])
    result.stdout.fnmatch_lines(['*"name": "High"*'])
    result.stdout.no_fnmatch_line('*"name": "Low"*')


@pytest.mark.parametrize("returned", ["{'a': object()}", "1 / 0"])
def test_fields_that_are_none(project: Project, returned: str) -> None:
    """One line, before the first test."""
    project.pytester.makeconftest(
        f"def pytest_xray_execution_fields(config): return {returned}"
    )
    project.pytester.makepyfile("def test_it(): pass")

    result = project.run("--xray-dry-run", **SERVER)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not project.runs


def test_the_hook_after_the_upload(project: Project, workers: tuple[str, ...]) -> None:
    """It hears of the Test Execution, once."""
    project.pytester.makeconftest(
        """
        def pytest_xray_uploaded(config, receipt):
            with open("heard", "a") as file:
                print(receipt.test_execution["key"], receipt.counts, file=file)
        """
    )
    project.pytester.makepyfile("def test_it(): pass")

    project.upload(*workers)

    (execution,) = project.executions
    heard = (project.pytester.path / "heard").read_text()
    assert heard == f"{execution.key} {{'passed': 1}}\n"


def test_the_hook_after_an_upload_that_failed(project: Project) -> None:
    """There is nothing to hear of."""
    project.pytester.makeconftest(
        "def pytest_xray_uploaded(config, receipt): open('heard', 'w').close()"
    )
    project.pytester.makepyfile("def test_it(): pass")

    result = project.run(
        "--xray-upload", **{**SERVER, "XRAY_URL": "http://127.0.0.1:9"}
    )

    assert result.ret == 80
    assert not (project.pytester.path / "heard").exists()


@WITH_SUBTESTS
def test_subtests_are_iterations(project: Project, workers: tuple[str, ...]) -> None:
    """Each with its parameters and its own outcome."""
    project.pytester.makepyfile(
        """
        import pytest

        def test_it(subtests):
            for number in range(3):
                with subtests.test("adds", number=number, word="a b"):
                    if number == 2:
                        pytest.skip("later")
                    assert number != 1
        """
    )

    project.run("--xray-dry-run", *workers, **SERVER)

    (line,) = project.journal
    iterations = line["iterations"]
    assert line["outcome"] == "failed"
    assert [each["outcome"] for each in iterations] == ["passed", "failed", "skipped"]
    assert iterations[1]["parameters"] == [
        ["subtest", "adds"],
        ["number", "1"],
        ["word", "a b"],
    ]
    assert "assert 1 != 1" in iterations[1]["message"]
    assert iterations[2]["message"] == "later"


@WITH_SUBTESTS
def test_subtests_of_unittest(project: Project, workers: tuple[str, ...]) -> None:
    """A failing one fails its test."""
    project.pytester.makepyfile(
        """
        import unittest

        class TestIt(unittest.TestCase):
            def test_it(self):
                for number in range(3):
                    with self.subTest(number=number):
                        self.assertNotEqual(number, 1)
        """
    )

    project.run("--xray-dry-run", *workers, **SERVER)

    (line,) = project.journal
    failed = [each for each in line["iterations"] if each["outcome"] == "failed"]
    assert line["outcome"] == "failed"
    assert [each["parameters"] for each in failed] == [[["number", "1"]]]


@pytest.mark.parametrize(
    ("captures", "with_output"),
    [("none", set()), ("failed", {"test_bad"}), ("all", {"test_bad", "test_good"})],
)
def test_captured_output(
    project: Project, workers: tuple[str, ...], captures: str, with_output: set[str]
) -> None:
    """It is recorded for no, for failed, or for all tests, each part once."""
    project.pytester.makepyfile(
        """
        import logging, sys, pytest

        @pytest.fixture(autouse=True)
        def around():
            print("before")
            yield
            print("after")

        def test_good(): print("good")
        def test_bad():
            print("bad", file=sys.stderr)
            logging.warning("careful")
            assert 0
        """
    )

    project.run("--xray-dry-run", "--xray-captures", captures, *workers, **SERVER)

    lines = {line["name"]: line for line in project.journal}
    assert {name for name, line in lines.items() if "output" in line} == with_output
    output = lines["test_bad"].get("output", "")
    for text in ("before", "bad", "careful", "after"):
        assert output.count(text) == (captures != "none")


def test_attempts_keep_their_evidence(project: Project) -> None:
    """The screenshot of the attempt that failed is what explains a flaky test."""
    project.pytester.makepyfile(
        """
        attempts = []

        def test_it(xray):
            attempts.append(1)
            xray.attach(b"%d" % len(attempts), name="shot.txt")
            with xray.step(f"attempt {len(attempts)}"):
                assert len(attempts) == 3
        """
    )

    project.run("--xray-dry-run", *RERUNS, "3", **SERVER)

    (line,) = project.journal
    (run,) = project.runs
    kept = [(run / "evidence" / e["file"]).read_bytes() for e in line["evidence"]]
    assert line["outcome"] == "flaky"
    assert kept == [b"1", b"2", b"3"]
    assert [step["name"] for step in line["steps"]] == ["attempt 3"]


UNSENDABLE = {
    "a path": "record_property('p', Path('x'))",
    "an object whose repr raises": "record_property('p', Odd())",
    "an enum": "record_property('p', Kind.A)",
    "a huge number": "record_property('p', 10 ** 100000)",
    "a list in itself": "x = []; x.append(x); record_property('p', x)",
    "a lone surrogate": "record_property('p', '\\ud800')",
    "a message with a lone surrogate": "assert False, '\\ud800'",
    "output with a lone surrogate": "print('\\udc80'.encode(errors='replace'))",
}


@pytest.mark.fault("E14")
def test_what_xdist_cannot_send(project: Project) -> None:
    """It does not end the session; all tests are recorded."""
    for number, statement in enumerate(UNSENDABLE.values()):
        source = f"""
            import enum
            from pathlib import Path

            class Odd:
                def __repr__(self): raise ValueError("no")

            class Kind(enum.Enum):
                A = 1

            def test_odd(record_property):
                {statement}

            def test_other(): pass
            """
        project.pytester.makepyfile(**{f"test_{number}": source})

    project.run("--xray-dry-run", "-n", "2", **SERVER)

    found = sorted((line["classname"], line["name"]) for line in project.journal)
    assert found == [
        (f"test_{number}", name)
        for number in range(len(UNSENDABLE))
        for name in ("test_odd", "test_other")
    ]


def test_what_playwright_leaves(project: Project, workers: tuple[str, ...]) -> None:
    """Files in the test's folder of pytest-playwright are evidence."""
    project.pytester.makepyfile(
        """
        from pathlib import Path
        import pytest

        @pytest.fixture
        def output_path(tmp_path): return str(tmp_path / "test-results")

        @pytest.fixture
        def page(output_path):
            yield "page"
            Path(output_path).mkdir()
            Path(output_path, "test-failed-1.png").write_bytes(b"png")
            Path(output_path, "trace.zip").write_bytes(b"zip")

        def test_it(page): assert 0
        """
    )

    project.run("--xray-dry-run", *workers, **SERVER)

    (line,) = project.journal
    found = {"test-failed-1.png": b"png", "trace.zip": b"zip"}
    assert evidence(project, line) == found


@pytest.mark.parametrize("phase", ["call", ""], ids=["call", "all"])
def test_what_pytest_html_has(
    project: Project, workers: tuple[str, ...], phase: str
) -> None:
    """Extras with content are evidence, once; addresses are none."""
    image = base64.b64encode(b"png").decode()
    project.pytester.makeconftest(
        f"""
        import pytest

        def extra(kind, content, name, ending):
            return dict(format_type=kind, content=content, name=name, extension=ending,
                        mime_type=None)

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport():
            report = (yield).get_result()
            if {phase!r} not in report.when:
                return
            report.extras = [
                extra("image", {image!r}, "screen", "png"),
                extra("image", "https://example.com/x.png", "far", "png"),
                extra("text", "said", "log", "txt"),
                extra("url", "https://example.com", "link", None),
            ]
        """
    )
    project.pytester.makepyfile("def test_it(): pass")

    project.run("--xray-dry-run", *workers, **SERVER)

    (line,) = project.journal
    assert evidence(project, line) == {"screen.png": b"png", "log.txt": b"said"}
    assert len(line["evidence"]) == 2


def test_paths_of_this_machine(project: Project, workers: tuple[str, ...]) -> None:
    """No folder of this machine is recorded."""
    project.pytester.makepyfile(
        """
        import os, sys

        def test_it():
            print(os.getcwd(), sys.prefix)
            import json
            json.loads("nothing")
        """
    )

    project.run("--xray-dry-run", "--full-trace", *workers, **SERVER)

    (line,) = project.journal
    said = line["message"] + line["output"]
    assert "JSONDecodeError" in said
    for folder in (project.pytester.path, Path(json.__file__).parents[1], sys.prefix):
        assert str(folder) not in said
