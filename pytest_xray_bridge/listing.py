"""
List the collected tests with their Test keys, for ``xray-bridge keys``.

Only that command loads it, with ``-p``.
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import bdd, marks, selection, start
from pytest_xray_bridge.line_reader import is_ignored, read_parameters
from pytest_xray_bridge.names import ItemNames
from pytest_xray_bridge.unstable_names import NameReasons
from xray_bridge.model import tags
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.model.results import Scenario

# The same name as in ``xray_bridge.check.collect``, which tests do not import.
LIST_TO = "XRAY_BRIDGE_LIST_TO"
MISSING: list[str] = []
DESELECTED: list[str] = []
GENERATED = "it is generated or inherited, so its file does not define it"


def pytest_configure(config: pytest.Config) -> None:
    """Register our hooks: a conftest may name the Tests of a test."""
    start.add_hookspecs(config.pluginmanager)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Remember a file that could not be collected."""
    if report.failed:
        MISSING.append(f"{report.nodeid} could not be collected")


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember tests that are in the code, but not in the list."""
    DESELECTED.extend(item.nodeid for item in items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write one line of JSON for each test."""
    given = os.environ.get("XRAY_TAG_PREFIXES", "").split()
    prefixes = tuple(given) or tags.PREFIXES
    names, reasons = ItemNames(session.config), NameReasons()
    lines = [
        json.dumps(
            {**_line(item, prefixes, names), "unstable": reasons.find_keyless(item)}
        )
        for item in session.items
    ]
    lines += [json.dumps({"deselected": each}) for each in DESELECTED]
    lines += [json.dumps({"missing": reason}) for reason in MISSING]
    lines += [json.dumps({"malformed": each}) for each in _malformed(session, prefixes)]
    path = Path(os.environ[LIST_TO])
    path.write_text("\n".join(lines), encoding="utf-8")


def _line(
    item: pytest.Item, prefixes: tuple[str, ...], names: ItemNames
) -> dict[str, Any]:
    scenario = bdd.scenario_of(item, prefixes)
    if scenario is not None:
        where, name = f"{scenario.feature.path}:{scenario.line}", scenario.name
    else:
        path, number, _ = item.location
        where = path if number is None else f"{path}:{number + 1}"
        name = item.nodeid.partition("::")[2] or item.name
        name = name.partition("[")[0]
    return {
        "name": name,
        "where": where,
        "keys": selection.find_keys(item, prefixes),
        "doubled": marks.find_doubled(item),
        "inherited": not _has_own_keys(item, scenario, prefixes),
        "ignored": is_ignored(item, prefixes),
        **_read_texts(item, scenario, prefixes),
        **_read_row(item),
        **_describe_place(item, scenario, names),
    }


def _has_own_keys(
    item: pytest.Item, scenario: Scenario | None, prefixes: tuple[str, ...]
) -> bool:
    own = tags.read(scenario.tags, prefixes=prefixes) if scenario else tags.NO_MEANING
    return bool(own.test_keys) or marks.has_own_keys(item)


def _read_row(item: pytest.Item) -> dict[str, Any]:
    """Read the parameters of a test, and the key of its dataset."""
    try:
        dataset = marks.find_dataset(item)
    except ValueError:
        dataset = ""
    return {"dataset": dataset, "row": read_parameters(item)}


def _describe_place(
    item: pytest.Item, scenario: Scenario | None, names: ItemNames
) -> dict[str, Any]:
    """Describe where a key can be written, and the name of the test in Xray."""
    if scenario is not None:
        return {
            "file": str((item.config.rootpath / scenario.feature.path).absolute()),
            "line": scenario.line,
            "xray_name": scenario.outline or scenario.name,
            "title": scenario.outline or scenario.name,
        }
    corrected = names.read(item)
    classname, name = address_of(item.nodeid)
    if corrected:
        classname, name = corrected["classname"], corrected["name"]
    function = item.nodeid.partition("[")[0].split("::")[1:]
    is_in_file = _is_defined_as(item, function)
    return {
        "file": str(item.path),
        "function": function or [item.name],
        "xray_name": f"{classname}.{name}" if classname else name,
        "title": name,
        "generated": "" if is_in_file else GENERATED,
    }


def _is_defined_as(item: pytest.Item, names: list[str]) -> bool:
    """
    Whether these names are those of the function in the test's own file.

    They are not for a test that is inherited, made in a loop or by a function, or
    read from another kind of file.
    """
    function: Any = getattr(item, "obj", None)
    function = inspect.unwrap(getattr(function, "__func__", function))
    code = getattr(function, "__code__", None)
    if not isinstance(item, pytest.Function) or code is None:
        return False
    in_file = Path(code.co_filename).name == item.path.name
    return in_file and function.__qualname__ == ".".join(names)


def _malformed(session: pytest.Session, prefixes: tuple[str, ...]) -> Iterator[str]:
    """Describe malformed marks and tags, with their places."""
    yield from marks.find_problems(session.items)
    yield from bdd.describe_malformed_tags(session.items, prefixes)


def _read_texts(
    item: pytest.Item, scenario: Scenario | None, prefixes: tuple[str, ...]
) -> dict[str, Any]:
    """Read what marks, tags and docstring say of a test."""
    try:
        found: Any = marks.read(item)
    except ValueError:
        found = {}
    lists = {name: [*found.get(name, ())] for name in ("labels", "requirements")}
    description = found.get("description", "")
    if scenario is not None:
        meaning = bdd.meaning_of(scenario, prefixes)
        lists["labels"] += meaning.labels
        lists["requirements"] += meaning.requirements
        description = description or scenario.description
    else:
        description = description or _read_docstring(item)
    return {
        "summary": found.get("summary", ""),
        "description": description,
        **{name: [*dict.fromkeys(each)] for name, each in lists.items()},
    }


def _read_docstring(item: pytest.Item) -> str:
    if not isinstance(item, pytest.Function):
        return ""
    return inspect.cleandoc(getattr(item.obj, "__doc__", None) or "")
