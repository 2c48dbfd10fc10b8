"""The data of a Test Run can be read back, byte for byte, and is shown."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests


BYTES = bytes(range(256)) * 40
DATA = base64.b64encode(BYTES).decode()
PASSED = {"server": "PASS", "cloud": "PASSED"}
SPELLINGS = ("evidence", "evidences")
QUERY = """
query ($ids: [String]) {
  getTestRuns(testExecIssueIds: $ids, limit: 10) { results {
    customFields { id values }
    evidence { filename downloadLink }
    steps { action comment actualResult status { name }
            evidence { filename downloadLink } }
    examples { status { name } }
    iterations(limit: 10) { results {
      status { name } parameters { name value }
      stepResults(limit: 10) { results {
        actualResult evidence { filename downloadLink } } } } }
  } }
}"""


@pytest.fixture(params=["server", "cloud"])
def product(request: pytest.FixtureRequest) -> str:
    """Both products."""
    name: str = request.param
    return name


@pytest.fixture
def client(request: pytest.FixtureRequest, product: str) -> Any:
    """A client of the product."""
    return request.getfixturevalue(product)


def issue(answer: Any) -> Any:
    """The Test Execution of an import."""
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found.get("testExecIssue", found)


def imported(client: Any, product: str, **test: Any) -> Any:
    """The Test Execution of one test of Xray JSON."""
    info = {"project": "CALC", "summary": "Run 17"}
    whole = {"testKey": "CALC-1", "status": PASSED[product], **test}
    return issue(client.post_json("", {"info": info, "tests": [whole]}))


def told(client: Any, product: str, execution: Any) -> Any:
    """The first Test Run from the product's own API, in Server's words."""
    if product == "server":
        path = f"/rest/raven/2.0/api/testruns?testExecKey={execution['key']}"
        return client.call("GET", path).json()[0]
    answer = client.graphql(QUERY, ids=[execution["id"]])["data"]
    run = answer["getTestRuns"]["results"][0]
    return {
        "customFields": [
            {"id": each["id"], "value": each["values"]} for each in run["customFields"]
        ],
        "evidences": files(run["evidence"]),
        "steps": [step(each) for each in run["steps"]],
        "examples": [{"status": each["status"]["name"]} for each in run["examples"]],
        "iterations": [
            {
                "status": each["status"]["name"],
                "parameters": each["parameters"],
                "steps": [step(one) for one in each["stepResults"]["results"]],
            }
            for each in run["iterations"]["results"]
        ],
    }


def step(found: Any) -> Any:
    """A step from GraphQL, in Server's words."""
    return {**found, "evidences": files(found["evidence"])}


def files(found: Any) -> Any:
    """Evidence from GraphQL, in Server's words."""
    return [
        {"fileName": each["filename"], "fileURL": each["downloadLink"]}
        for each in found
    ]


def content(found: Any) -> dict[str, bytes]:
    """The content of the linked files."""
    return {
        each["fileName"]: requests.get(each["fileURL"], timeout=20).content
        for each in found
    }


def page(client: Any, execution: Any) -> str:
    """The page that a person sees."""
    url = f"{client.sandbox.url}/browse/{execution['key']}"
    return requests.get(url, timeout=20).text


def piece(name: str) -> dict[str, str]:
    """Evidence in the form of an upload."""
    return {"data": DATA, "filename": name, "contentType": "image/png"}


@pytest.mark.parametrize("of_test", SPELLINGS)
@pytest.mark.parametrize("of_step", SPELLINGS)
def test_evidence_of_xray_json(
    client: Any, product: str, of_test: str, of_step: str
) -> None:
    """Evidence of the test and of its steps arrives, in either spelling."""
    first = {"status": PASSED[product], "comment": "Open it", of_step: [piece("a.png")]}
    second = {"status": PASSED[product], "actualResult": "404"}
    made = imported(
        client, product, steps=[first, second], **{of_test: [piece("b.png")]}
    )

    run = told(client, product, made)

    assert content(run["evidences"]) == {"b.png": BYTES}
    assert [content(each["evidences"]) for each in run["steps"]] == [
        {"a.png": BYTES},
        {},
    ]
    assert run["steps"][0]["comment"] == "Open it"
    assert run["steps"][1]["actualResult"] == "404"
    for text in ("a.png", "b.png", "Open it", "404"):
        assert text in page(client, made)


def test_evidence_of_one_name(client: Any, product: str) -> None:
    """Different files with the same name stay separate, also small ones."""
    items = [
        {"data": base64.b64encode(text).decode(), "filename": "log.txt"}
        for text in (b"one", b"two")
    ]

    run = told(client, product, imported(client, product, evidence=items))

    assert [content([each]) for each in run["evidences"]] == [
        {"log.txt": b"one"},
        {"log.txt": b"two"},
    ]


def test_iterations(client: Any, product: str) -> None:
    """Iterations keep parameters, statuses and steps, each with its evidence."""
    iterations = [
        {
            "status": PASSED[product],
            "parameters": [{"name": "n", "value": str(number)}],
            "steps": [
                {
                    "status": PASSED[product],
                    "actualResult": f"saw {number}",
                    "evidences": [piece(f"{number}.png")],
                }
            ],
        }
        for number in (1, 2)
    ]

    made = imported(client, product, iterations=iterations)

    run = told(client, product, made)
    assert run["evidences"] == []
    for number, each in enumerate(run["iterations"], 1):
        (only,) = each["steps"]
        assert each["status"] == PASSED[product]
        assert each["parameters"] == [{"name": "n", "value": str(number)}]
        assert only["actualResult"] == f"saw {number}"
        assert content(only["evidences"]) == {f"{number}.png": BYTES}
    for text in ("n = 1", "n = 2", "saw 2", "iteration 2, step 1"):
        assert text in page(client, made)


def test_examples_and_a_native_status(client: Any, product: str) -> None:
    """Rows keep their order; a Test Run can be aborted, its rows cannot."""
    words = [PASSED[product], "TODO", "EXECUTING"]

    made = imported(
        client, product, testKey="CALC-79", status="ABORTED", examples=words
    )

    run = told(client, product, made)
    assert [each["status"] for each in run["examples"]] == words
    assert "ABORTED" in page(client, made)


def test_custom_fields_of_xray_json(client: Any, product: str) -> None:
    """Custom fields are kept by id, with any value."""
    fields = [{"id": "10", "value": "Chrome"}, {"id": "11", "value": ["a", "b"]}]

    made = imported(client, product, customFields=fields)

    assert told(client, product, made)["customFields"] == fields
    assert "<dt>10</dt><dd>Chrome</dd>" in page(client, made)


def test_junit(client: Any, product: str) -> None:
    """Evidence and custom fields are items of properties."""
    case = (
        '<testsuite name="s"><testcase classname="a" name="b"><properties>'
        f'<property name="testrun_evidence"><item name="a.png">{DATA}</item>'
        f'<item name="b.png">{DATA}</item></property>'
        '<property name="testrun_customfields"><item name="Browser">Chrome</item>'
        "</property></properties></testcase></testsuite>"
    )

    made = issue(client.post_xml(case, projectKey="CALC"))

    run = told(client, product, made)
    assert content(run["evidences"]) == {"a.png": BYTES, "b.png": BYTES}
    assert run["customFields"] == [{"id": "Browser", "value": "Chrome"}]
    assert "<dt>Browser</dt><dd>Chrome</dd>" in page(client, made)


def scenario(keyword: str = "Scenario") -> dict[str, Any]:
    """A scenario whose second step has two embeddings."""
    result = {"status": "passed", "duration": 1}
    embeddings = [
        {"mime_type": "image/png", "data": DATA},
        {"mime_type": "text/plain", "data": "aGk=", "name": "said.txt"},
    ]
    return {
        "type": "scenario",
        "keyword": keyword,
        "name": "s",
        "steps": [
            {"keyword": "Given ", "name": "a", "result": result},
            {
                "keyword": "Then ",
                "name": "b",
                "result": result,
                "embeddings": embeddings,
            },
        ],
    }


TAGS: dict[str, list[Any]] = {"cucumber": [{"name": "@CALC-79"}], "behave": ["CALC-79"]}


@pytest.mark.parametrize("name", TAGS)
def test_embeddings(client: Any, product: str, name: str) -> None:
    """An embedding is evidence of its step."""
    element = {**scenario(), "tags": TAGS[name]}
    report = [{"keyword": "Feature", "name": "f", "elements": [element]}]

    made = issue(client.post_json(f"/{name}", report))

    run = told(client, product, made)
    assert run["evidences"] == []
    assert [content(each["evidences"]) for each in run["steps"]] == [
        {},
        {"embedding-2-1.png": BYTES, "said.txt": b"hi"},
    ]
    assert "said.txt" in page(client, made)


@pytest.mark.parametrize("name", TAGS)
def test_embeddings_of_rows(client: Any, product: str, name: str) -> None:
    """Rows have no steps here, so an embedding is evidence of the Test Run."""
    element = {**scenario("Scenario Outline"), "tags": TAGS[name]}
    report = [{"keyword": "Feature", "name": "f", "elements": [element] * 2}]

    run = told(client, product, issue(client.post_json(f"/{name}", report)))

    assert [each["fileName"] for each in run["evidences"]] == [
        "embedding-2-1.png",
        "said.txt",
    ] * 2
    assert set(content(run["evidences"]).values()) == {BYTES, b"hi"}


def test_statuses_can_be_looked_up(client: Any, product: str) -> None:
    """A client can read the list of statuses before it sends one."""
    if product == "server":
        path = "/rest/raven/2.0/api/settings/teststatuses"
        found = client.call("GET", path).json()
    else:
        found = client.graphql("{ getStatuses { name } }")["data"]["getStatuses"]

    words = {each["name"] for each in found}
    assert {PASSED[product], "ABORTED", "EXECUTING", "TODO"} <= words
