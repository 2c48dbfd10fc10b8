"""
Parametrize tests by the datasets of their Tests in Xray.

Only a session in which a dataset is asked for imports it, while it collects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import marks, options, wire
from pytest_xray_bridge.guard import Failed, guard_hooks
from pytest_xray_bridge.line_reader import PARAMETERS
from xray_bridge.datasets.cached import find_projects
from xray_bridge.datasets.rows import NO_ROWS, NoRow, Row, make_ids
from xray_bridge.model.dataset import argument_name
from xray_bridge.recording.datasets import Datasets, open_datasets
from xray_bridge.recording.running import RUNNING
from xray_bridge.text import similar_word


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xray_bridge.model.dataset import Dataset

NAME = "xray-bridge-datasets"
# The key of usage errors in the output of a worker.
PROBLEMS = "xray_dataset_problems"
# pytest refuses it as the name of a parameter.
RESERVED = frozenset({"request"})


def find_plugin(config: pytest.Config) -> DatasetTests:
    """Return the plugin of this session; register it if a dataset is asked for."""
    found = config.pluginmanager.get_plugin(NAME)
    if not isinstance(found, DatasetTests):
        found = DatasetTests(config)
        config.pluginmanager.register(found, NAME)
    return found


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Parametrize a function by the rows of a dataset."""
    find_plugin(metafunc.config).parametrize(metafunc)


@guard_hooks
class DatasetTests:
    """
    Remembers which functions have which rows.

    A function without rows becomes one test, which fails in its setup.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        # By function: why it has no rows, and the columns of its arguments.
        self._without_rows: dict[str, str] = {}
        self._columns: dict[str, Mapping[str, str]] = {}
        self._problems: dict[str, None] = {}
        if RUNNING.source is None:
            folder = config.invocation_params.dir
            projects = [*find_projects(folder), config.rootpath]
            RUNNING.datasets = Datasets(None, projects)

    def parametrize(self, metafunc: pytest.Metafunc) -> None:
        """Parametrize a function; remember what is wrong instead of raising it."""
        function = _function_of(metafunc.definition)
        try:
            key = marks.find_dataset(metafunc.definition)
        except ValueError as error:
            self._refuse(metafunc, str(error))
            return
        if not key:
            return
        dataset = open_datasets().find(key)
        if dataset.problem:
            self._without_rows[function] = dataset.problem
            names = [each for each in _own_names(metafunc) if _is_free(metafunc, each)]
            if names:
                row = tuple(NoRow(dataset.problem) for _ in names)
                metafunc.parametrize(names, [row], ids=[NO_ROWS])
            return
        columns = _bind_columns(metafunc, dataset)
        if problem := _find_problem(metafunc, dataset, columns):
            self._refuse(metafunc, problem)
            return
        self._columns[function] = columns
        at = [dataset.columns.index(column) for column in columns.values()]
        rows = [tuple(row[number] for number in at) for row in dataset.rows]
        metafunc.parametrize([*columns], rows, ids=make_ids(rows))

    def _refuse(self, metafunc: pytest.Metafunc, problem: str) -> None:
        path, line, _ = metafunc.definition.location
        text = f"{path}:{(line or 0) + 1}: {problem}"
        self._problems[text] = None
        self._without_rows[_function_of(metafunc.definition)] = text

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse wrong marks and arguments, all at once, before the first test."""
        problems = [*self._problems]
        if not problems:
            return
        if not options.is_worker(self._config):
            raise pytest.UsageError("\n".join(problems))
        if "xray" in options.worker_input(self._config):
            # For xdist an error in a worker is a crash; the controller reports it.
            self._config.workeroutput[PROBLEMS] = problems  # type: ignore[attr-defined]
            items.clear()

    def take_rows(self, items: Iterable[pytest.Item]) -> None:
        """Note the parameters of rows as they are called in Xray."""
        for item in items:
            callspec = getattr(item, "callspec", None)
            if callspec is None:
                continue
            columns = self._columns.get(_function_of(item), {})
            is_row = any(isinstance(each, Row) for each in callspec.params.values())
            if columns or is_row:
                item.stash[PARAMETERS] = tuple(_name_values(callspec.params, columns))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Let a test fail that has no rows, before its fixtures."""
        problem = self._without_rows.get(_function_of(item), "")
        callspec = getattr(item, "callspec", None)
        for value in callspec.params.values() if callspec else ():
            if isinstance(value, NoRow):
                problem = problem or value.problem
        if problem:
            raise Failed(problem, pytrace=False)


def _function_of(item: pytest.Item) -> str:
    """Return the node id of a test's function."""
    parent = item.parent.nodeid if item.parent else ""
    return f"{parent}::{getattr(item, 'originalname', None) or item.name}"


def _own_names(metafunc: pytest.Metafunc) -> tuple[str, ...]:
    """Return the arguments of the function itself."""
    info: Any = getattr(metafunc.definition, "_fixtureinfo", None)
    return tuple(getattr(info, "argnames", ()))


def _is_free(metafunc: pytest.Metafunc, name: str) -> bool:
    """Whether neither a fixture nor another parametrization gives the argument."""
    info: Any = getattr(metafunc.definition, "_fixtureinfo", None)
    fixtures = getattr(info, "name2fixturedefs", {})
    known = name in fixtures or name in RESERVED
    return not known and name not in _other_names(metafunc)


def _other_names(metafunc: pytest.Metafunc) -> set[str]:
    """Return the arguments of the function's own marks ``parametrize``."""
    found: set[str] = set()
    for mark in metafunc.definition.iter_markers("parametrize"):
        names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
        words = names.split(",") if isinstance(names, str) else names
        found.update(str(each).strip() for each in words)
    return found


def _bind_columns(metafunc: pytest.Metafunc, dataset: Dataset) -> dict[str, str]:
    """Return the columns that are arguments of the function or of its fixtures."""
    others = _other_names(metafunc) | RESERVED
    free = {*metafunc.fixturenames} - others
    names = ((column, (column, argument_name(column))) for column in dataset.columns)
    found = (
        (next((each for each in both if each in free), ""), column)
        for column, both in names
    )
    return {name: column for name, column in found if name}


def _find_problem(
    metafunc: pytest.Metafunc, dataset: Dataset, columns: Mapping[str, str]
) -> str:
    there = [argument_name(each) for each in dataset.columns]
    name = metafunc.function.__name__
    missing = [
        each
        for each in _own_names(metafunc)
        if each not in columns and _is_free(metafunc, each)
    ]
    has = f"the dataset of {dataset.key} has {', '.join(there)}"
    if missing:
        similar = filter(None, (similar_word(each, there) for each in missing))
        meant = "".join(f"; did you mean {each}?" for each in similar)
        wanted = ", ".join(missing)
        return f"no column of a dataset for {wanted} of {name}: {has}{meant}"
    return "" if columns else f"{name} has no argument with the name of a column: {has}"


def _name_values(
    params: Mapping[str, Any], columns: Mapping[str, str]
) -> Iterable[tuple[str, str]]:
    for name, value in params.items():
        if isinstance(value, NoRow) or name.startswith("__"):
            continue
        if isinstance(value, Row):
            yield from ((c, wire.to_text(v)) for c, v in value.to_dict().items())
        else:
            yield columns.get(name, name), wire.to_text(value)
