"""Prepared answers of the sandbox, and refusals that imitate Xray."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.builders import a_run, recorded, settings_of
from xray_bridge.model.receipt import Receipt
from xray_bridge.upload.publish import publish
from xray_sandbox import CREDENTIALS, AnswersError, running

from .conftest import Client


IMPORTS = "/rest/raven/2.0/import/execution*"
SCREEN = (
    "Field 'labels' cannot be set. It is not on the appropriate screen, or unknown."
)
LACKS_LABELS = {
    "method": "POST",
    "path": IMPORTS,
    "contains": '"labels"',
    "times": 0,
    "status": 400,
    "body": {"errors": {"labels": f"Field 'labels' {SCREEN}"}},
}
PAGE_AFTER = {
    "method": "POST",
    "path": f"{IMPORTS}/multipart",
    "body": "<html>Please log in</html>",
    "after": True,
}
RENAMED = {"method": "POST", "path": IMPORTS, "replace": {'"CALC-1"': '"NEW-1"'}}
GATEWAY = {
    "path": IMPORTS,
    "replace": {"http://127.0.0.1": "https://api.atlassian.com/ex/jira/1"},
}


def rehearse(folder: Path, *answers: dict[str, Any]) -> Receipt:
    """Send one test to a sandbox with these prepared answers."""
    path = folder / "answers.json"
    path.write_text(json.dumps(answers))
    with running(folder / "data", adopt=True, answers=path) as sandbox:
        settings = settings_of(
            upload="yes",
            project="CALC",
            url=sandbox.url,
            user=CREDENTIALS.user,
            password=CREDENTIALS.password,
            skip_proxy="yes",
        )
        return publish(recorded(folder, a_run(keys=["CALC-1"])), settings)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (LACKS_LABELS, "is in the description instead"),
        (RENAMED, ""),
        (GATEWAY, ""),
    ],
    ids=["screen without labels", "renamed project", "gateway"],
)
def test_rehearsal(tmp_path: Path, told: dict[str, Any], said: str) -> None:
    """Common answers of real servers do not prevent delivery."""
    found = rehearse(tmp_path, told)

    assert (found.status, found.exit_code) == ("delivered", 0)
    assert said in " ".join(found.notices)
    assert "atlassian" not in found.test_execution["url"]


def test_answer_after_the_work_is_done(tmp_path: Path) -> None:
    """The results arrive but the answer is lost: they are found by the label."""
    found = rehearse(tmp_path, PAGE_AFTER)

    assert (found.status, found.exit_code) == ("delivered", 0)


def test_answers_for_those_without_a_login(tmp_path: Path) -> None:
    """A prepared answer can be for requests without a login only, as in Jira 10.2."""
    path = tmp_path / "answers.json"
    told = {"path": "/rest/api/2/serverInfo", "anonymous": True, "status": 401}
    path.write_text(json.dumps([told]))

    with running(tmp_path / "data", answers=path) as sandbox:
        url = f"{sandbox.url}/rest/api/2/serverInfo"
        login = (CREDENTIALS.user, CREDENTIALS.password)
        known = requests.get(url, auth=login, timeout=20)
        first, second = (requests.get(url, timeout=20) for _ in range(2))

    assert [each.status_code for each in (known, first, second)] == [200, 401, 200]


@pytest.mark.parametrize(
    "content", ["", "{}x", '[{"stauts": 400}]', "[1]", '{"status": 1}']
)
def test_file_that_is_no_list_of_answers(tmp_path: Path, content: str) -> None:
    """A file that is not a list of answers is refused before the sandbox starts."""
    path = tmp_path / "answers.json"
    path.write_text(content)

    with pytest.raises(AnswersError), running(tmp_path / "data", answers=path):
        pass


def test_transition_in_an_import(cloud: Client) -> None:
    """Cloud refuses a transition in an import."""
    fields = {"project": {"key": "CALC"}, "summary": "x"}
    info = {"fields": fields, "transition": {"id": "31"}}

    answer = cloud.post_parts("", {"tests": []}, info)

    assert answer.status_code == 400
    assert "transition" in answer.text


def test_unknown_argument(cloud: Client) -> None:
    """GraphQL answers an unknown argument with errors and status 200."""
    query = {"query": "{ getTests(limit: 1, keys: 2) { total } }"}

    answer = cloud.call("POST", "/api/v2/graphql", json=query)

    assert answer.status_code == 200
    assert 'Unknown argument "keys"' in answer.json()["errors"][0]["message"]


REPORT = """<testsuites><testsuite name="s"><testcase classname="a" name="b">
<properties><property name="requirements" value="CALC-70,CALC-1"/></properties>
</testcase></testsuite></testsuites>"""
INFO = {
    "fields": {
        "project": {"key": "CALC"},
        "summary": "x",
        "issuetype": {"name": "Test Execution"},
    }
}


def test_requirement_that_is_a_test(server: Client, cloud: Client) -> None:
    """Server refuses the import because of this requirement, Cloud does not."""
    refused = server.post_parts("/junit", REPORT, INFO)
    taken = cloud.post_parts("/junit", REPORT, INFO)

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert "CALC-1 is not a requirement" in refused.text
