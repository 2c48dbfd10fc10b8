"""
Fetch the datasets of Tests.

Sources: "Dataset" in Xray's REST API v2.0 of Server and Data Center (a CSV file with
all iterations; the first line has the names of the parameters, ``*`` ends those of
combinatorial ones, ``,`` is the delimiter), "Exporting datasets - REST v2" of Cloud
(the same file), and ``getDatasets`` in the GraphQL schema of Cloud. How they answer
about a Test without a dataset is not documented: no file, an empty file and an error
mean the same here.
"""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Any

from xray_bridge.client.graphql import ask
from xray_bridge.client.key_lookup import look_up_keys
from xray_bridge.client.paging import PAGE
from xray_bridge.client.request import make_question
from xray_bridge.errors import RefusedError
from xray_bridge.model.dataset import Dataset, make_dataset
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect

EXPORTS = {
    SERVER: "/rest/raven/2.0/api/dataset/export",
    CLOUD: "/api/v2/dataset/export",
}
# Statuses with which a server says that there is no such dataset, or no such Test.
ABSENT = frozenset({200, 204, 400, 404})
# Datasets in one query: no limit is documented, and an answer has one, too.
AT_ONCE = 25
LARGEST_CELL = 32 << 20
IDS = (
    f"query($jql: String!) {{ getTests(jql: $jql, limit: {PAGE}) "
    '{ total results { issueId jira(fields: ["key"]) } } }'
)
DATASETS = (
    "query($tests: [String]) { getDatasets(testIssueIds: $tests) { "
    "testIssueId testExecIssueId testPlanIssueId testStepId callTestIssueId "
    "parameters { name combinations } rows { order Values } } }"
)
# Members of a dataset that is not the one of the Test itself.
OF_OTHERS = ("testExecIssueId", "testPlanIssueId", "testStepId", "callTestIssueId")


def fetch_datasets(
    xray: XrayClient,
    dialect: Dialect,
    keys: Sequence[str],
    now: Callable[[], float] = time.time,
) -> dict[str, Dataset]:
    """
    Fetch the datasets of Tests, by key; those without rows have a problem.

    Raises DeliveryError if the server cannot be asked.
    """
    fetched = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now()))
    lookup = look_up_keys(xray, keys)
    found = {
        key: Dataset(
            key=key,
            problem=f"{key} has no dataset: {why}; correct the key",
            fetched=fetched,
        )
        for key, why in lookup.others.items()
    }
    asked = [key for key in keys if key not in found]
    return {**found, **READERS[dialect.name](xray, asked, fetched)}


def _fetch_on_server(
    xray: XrayClient, keys: Sequence[str], fetched: str
) -> dict[str, Dataset]:
    return {key: _fetch_file(xray, EXPORTS[SERVER], key, fetched) for key in keys}


def _fetch_file(xray: XrayClient, path: str, key: str, fetched: str) -> Dataset:
    request = make_question(path, (("testIssueKey", key),))
    try:
        answer = xray.send(request)
    except RefusedError as error:
        return Dataset(
            key=key,
            problem=f"Xray returns no dataset of {key}: {error}",
            fetched=fetched,
            is_unknown=error.status not in ABSENT,
        )
    return read_file(key, answer.content, fetched)


def read_file(key: str, content: bytes, fetched: str = "") -> Dataset:
    """Read the CSV file of a dataset; formulas are texts, and empty lines no rows."""
    csv.field_size_limit(LARGEST_CELL)
    text = content.decode("utf-8-sig", "replace")
    # The reader of Python 3.10 refuses it.
    text = text.replace("\0", "\\x00")
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    except csv.Error as error:
        problem = f"the dataset of {key} is no CSV file: {error}"
        return Dataset(key=key, problem=problem, fetched=fetched)
    names, rows = (lines[0], lines[1:]) if lines else ([], [])
    return make_dataset(key, names, rows, fetched)


def _fetch_on_cloud(
    xray: XrayClient, keys: Sequence[str], fetched: str
) -> dict[str, Dataset]:
    """Query GraphQL; a file has all combinations, which GraphQL does not promise."""
    ids = dict(_find_ids(xray, keys))
    tables: dict[str, Any] = {}
    wanted = [*ids]
    for at in range(0, len(wanted), AT_ONCE):
        data = ask(xray, DATASETS, {"tests": wanted[at : at + AT_ONCE]})
        tables |= _tables_in(data.get("getDatasets"))
    found = {key: make_dataset(key, (), (), fetched) for key in keys}
    for id_, table in tables.items():
        key = ids.get(id_)
        if key is None:
            continue
        parameters = _dicts(table.get("parameters"))
        if any(each.get("combinations") for each in parameters):
            found[key] = _fetch_file(xray, EXPORTS[CLOUD], key, fetched)
            continue
        names = [str(each.get("name") or "") for each in parameters]
        found[key] = make_dataset(key, names, _rows_in(table), fetched)
    return found


def _find_ids(xray: XrayClient, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    for at in range(0, len(keys), PAGE):
        jql = f"key in ({', '.join(keys[at : at + PAGE])})"
        found = ask(xray, IDS, {"jql": jql}).get("getTests")
        results = found.get("results") if isinstance(found, dict) else None
        for each in _dicts(results):
            jira = each.get("jira")
            if isinstance(jira, dict) and each.get("issueId"):
                yield str(each["issueId"]), str(jira.get("key"))


def _tables_in(found: Any) -> dict[str, Mapping[str, Any]]:
    return {
        str(each.get("testIssueId")): each
        for each in _dicts(found)
        if not any(map(each.get, OF_OTHERS))
    }


def _rows_in(table: Mapping[str, Any]) -> list[list[str]]:
    rows = _dicts(table.get("rows"))
    if all(isinstance(each.get("order"), int) for each in rows):
        rows.sort(key=lambda each: int(each["order"]))
    return [
        ["" if value is None else str(value) for value in each["Values"]]
        for each in rows
        if isinstance(each.get("Values"), list)
    ]


def _dicts(found: Any) -> list[dict[str, Any]]:
    values = found if isinstance(found, list) else ()
    return [each for each in values if isinstance(each, dict)]


READERS: Mapping[
    str, Callable[[XrayClient, Sequence[str], str], dict[str, Dataset]]
] = {SERVER: _fetch_on_server, CLOUD: _fetch_on_cloud}
