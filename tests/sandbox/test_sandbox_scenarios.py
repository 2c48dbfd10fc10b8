"""Cucumber and Behave reports."""

from __future__ import annotations

from typing import Any

import pytest


def cucumber(*tags: str, status: str = "passed", **more: Any) -> dict[str, Any]:
    """A scenario element."""
    step = {
        "keyword": "Given ",
        "name": "a",
        "result": {"status": status, "duration": 1_000},
    }
    return {
        "type": "scenario",
        "keyword": "Scenario",
        "name": "s",
        "tags": [{"name": tag} for tag in tags],
        "steps": [step],
        **more,
    }


def behave(*tags: str, status: str = "passed", **more: Any) -> dict[str, Any]:
    """A scenario element of Behave."""
    return {**cucumber(status=status), "tags": list(tags), "status": status, **more}


def feature(*elements: dict[str, Any], tags: Any = ()) -> list[dict[str, Any]]:
    """A report of one feature."""
    return [
        {"keyword": "Feature", "name": "f", "tags": list(tags), "elements": elements}
    ]


def runs(client: Any, answer: Any) -> Any:
    """The Test Runs of the Test Execution in the answer."""
    assert answer.status_code == 200, answer.text
    found = answer.json()
    key = found.get("testExecIssue", found)["key"]
    return client.store.test_execution(key).runs


@pytest.mark.parametrize("tag", ["@TEST_CALC-78", "@CALC-78"])
def test_cucumber_tags(server: Any, tag: str) -> None:
    """A tag names a Test by its key, with or without the prefix."""
    (run,) = runs(server, server.post_json("/cucumber", feature(cucumber(tag))))
    assert (run.test_key, run.status) == ("CALC-78", "PASS")
    assert run.steps[0].action == "Given a"


def test_behave_tags(cloud: Any) -> None:
    """Behave writes tags without an @."""
    answer = cloud.post_json("/behave", feature(behave("TEST_CALC-78")))
    (run,) = runs(cloud, answer)
    assert (run.test_key, run.status) == ("CALC-78", "PASSED")


@pytest.mark.parametrize("tag", ["CALC-78", "@REQ_CALC-78", "@CALC-999", "@CALC-15"])
def test_unmatched_scenarios_are_not_imported(server: Any, tag: str) -> None:
    """A report in which no scenario names a Test is refused."""
    answer = server.post_json("/cucumber", feature(cucumber(tag)))
    assert answer.status_code == 400
    assert "There are no valid tests imported" in answer.json()["error"]


def test_behave_does_not_write_at_signs(server: Any) -> None:
    """A tag with an @ names no Test in Behave JSON."""
    answer = server.post_json("/behave", feature(behave("@CALC-78")))
    assert answer.status_code == 400


def test_execution_tag(server: Any) -> None:
    """With the simple endpoint, a feature's tag can name the Test Execution."""
    report = feature(behave("CALC-78"), tags=["CALC-20"])
    answer = server.post_json("/behave", report)
    assert answer.json()["testExecIssue"]["key"] == "CALC-20"
    info = {"fields": {"project": {"key": "CALC"}, "summary": "s"}}
    answer = server.post_parts("/behave", report, info)
    assert answer.json()["testExecIssue"]["key"] != "CALC-20"


def test_outline_rows_become_examples(server: Any) -> None:
    """The rows of an outline are one Test Run, and a failed row makes it fail."""
    rows = [
        behave("CALC-79", status=status, keyword="Scenario Outline", name="d -- @1.1 ")
        for status in ("passed", "failed")
    ]
    (run,) = runs(server, server.post_json("/behave", feature(*rows)))
    assert (run.status, run.examples) == ("FAIL", ("PASS", "FAIL"))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("passed", "PASS"),
        ("failed", "FAIL"),
        ("skipped", "TODO"),
        ("undefined", "TODO"),
        ("pending", "TODO"),
    ],
)
def test_step_words(server: Any, word: str, status: str) -> None:
    """Each of Cucumber's words has its status."""
    report = feature(cucumber("@CALC-78", status=word))
    (run,) = runs(server, server.post_json("/cucumber", report))
    assert run.status == status


def test_behave_error_is_unknown(server: Any) -> None:
    """Xray refuses the word `error` of newer behave versions."""
    report = feature(behave("CALC-78", status="error"))
    answer = server.post_json("/behave", report)
    assert answer.status_code == 400


def test_background_and_hooks_count(server: Any) -> None:
    """A failure in a background or hook makes the scenario fail."""
    background = {**cucumber(status="failed"), "type": "background"}
    hooked = cucumber("@CALC-79", after=[{"result": {"status": "failed"}}])
    report = feature(background, cucumber("@CALC-78"), hooked)
    found = runs(server, server.post_json("/cucumber", report))
    assert [run.status for run in found] == ["FAIL", "FAIL"]


def test_behave_background_stands_alone(server: Any) -> None:
    """The background element is ignored, because Behave repeats its steps."""
    background = {"type": "background", "steps": [{"keyword": "Given", "name": "x"}]}
    report = feature(background, behave("CALC-78"))
    (run,) = runs(server, server.post_json("/behave", report))
    assert run.status == "PASS"


def test_cucumber_durations_are_whole_nanoseconds(server: Any) -> None:
    """Cucumber's durations are whole nanoseconds, Behave's are seconds."""
    step = {"keyword": "Given", "result": {"status": "passed", "duration": 0.5}}
    cucumber_report = feature(cucumber("@CALC-78", steps=[step]))
    behave_report = feature(behave("CALC-78", steps=[step]))
    assert server.post_json("/cucumber", cucumber_report).status_code == 400
    assert server.post_json("/behave", behave_report).status_code == 200


def test_embeddings_are_evidence(server: Any) -> None:
    """An embedding is evidence of the Test Run, at its step."""
    step = {
        "keyword": "Given",
        "name": "a",
        "result": {"status": "failed", "error_message": ["one", "two"]},
        "embeddings": [{"mime_type": "image/png", "data": "aGVsbG8="}],
    }
    report = feature(behave("CALC-78", status="failed", steps=[step]))
    (run,) = runs(server, server.post_json("/behave", report))
    assert (run.evidence[0].media_type, run.evidence[0].place) == (
        "image/png",
        "step 1",
    )
    assert run.log == "one\ntwo"


def test_new_project_adopts_scenarios(new_cloud: Any) -> None:
    """A sandbox with `adopt` creates the Tests that scenarios name."""
    answer = new_cloud.post_json("/behave", feature(behave("TEST_MINE-7")))
    (run,) = runs(new_cloud, answer)
    assert run.test_key == "MINE-7"
    assert new_cloud.store.tests()[0].type == "Cucumber"
