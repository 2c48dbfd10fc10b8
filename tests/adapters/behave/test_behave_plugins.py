"""Users' hooks: found, called one by one, and kept from doing harm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from behave_xray_bridge import hookimpl
from behave_xray_bridge.hooks import Hooks
from xray_bridge.errors import UsageError
from xray_bridge.model.receipt import DELIVERED, FAILED, Receipt
from xray_bridge.runs.evidence import EvidenceSource


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONFIG = object()
ENVIRONMENT = "environment.py"
# A module that can be imported, as the plugin of somebody else.
ADDS_A_KEY = """
from behave_xray_bridge import hookimpl

@hookimpl
def xray_test_keys(scenario):
    return ["CALC-2"]

@hookimpl
def xray_execution_fields():
    return {"priority": "low", "labels": ["plugin"]}
"""
WRAPS = """
from behave_xray_bridge import hookimpl

@hookimpl(wrapper=True)
def xray_test_keys(scenario):
    yield
    return []
"""
RAISES = """
from behave_xray_bridge import hookimpl

@hookimpl
def xray_test_keys(scenario):
    raise OSError("no database")
"""


def _defined(**hooks: object) -> Hooks:
    return Hooks.load(CONFIG, hooks, ENVIRONMENT)


def _keys(plugins: Hooks, scenario: object = None) -> list[Any]:
    found: list[Any] = []
    plugins.test_keys(scenario, found.append)
    return found


@pytest.fixture
def install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], None]]:
    """Installs a plugin of some name, whose module has this text."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)

    def installed(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8"
        )
        info.joinpath("entry_points.txt").write_text(
            f"[xray_bridge]\n{name} = {name}\n", "utf-8"
        )

    yield installed
    for module in set(sys.modules) - modules:
        del sys.modules[module]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, []),
        ("CALC-1", ["CALC-1"]),
        (["CALC-1", "CALC-2"], ["CALC-1", "CALC-2"]),
        (iter(["CALC-1"]), ["CALC-1"]),
    ],
)
def test_answer_of_a_hook(answer: Any, expected: list[str]) -> None:
    """Nothing, one value or several: as people return them."""
    plugins = _defined(xray_test_keys=lambda scenario: answer)  # noqa: ARG005 - the hook's signature

    assert _keys(plugins) == expected
    assert plugins.faults == []


def test_hook_takes_what_it_needs() -> None:
    """An argument that is not asked for is not handed over."""
    assert _keys(_defined(xray_test_keys=lambda: "CALC-1")) == ["CALC-1"]


def test_installed_and_own_hooks_add_up(install: Callable[[str, str], None]) -> None:
    """All are called; of two for one field, the project's own wins."""
    install("somebody", ADDS_A_KEY)
    plugins = _defined(
        xray_test_keys=lambda scenario: scenario,
        xray_execution_fields=lambda config: {"priority": config is CONFIG},
    )

    assert _keys(plugins, "CALC-1") == ["CALC-1", "CALC-2"]
    assert plugins.execution_fields() == {"priority": True, "labels": ["plugin"]}


def test_fault_takes_no_other_hook_with_it(install: Callable[[str, str], None]) -> None:
    """Each fault is printed once, even if it happens often."""
    install("adds", ADDS_A_KEY)
    install("raises", RAISES)

    def own(scenario: object) -> Iterator[str]:
        yield "CALC-1"
        sys.exit(f"no {scenario}")

    plugins = _defined(xray_test_keys=own)

    assert sorted(_keys(plugins, "luck")) == ["CALC-1", "CALC-2"]
    assert len(_keys(plugins, "more luck")) == 2
    assert sorted(plugins.faults) == [
        "ERROR in xray_test_keys of environment.py: SystemExit: no luck",
        "ERROR in xray_test_keys of raises: OSError: no database",
    ]


def test_evidence() -> None:
    """Paths, bytes and sources; anything else is the hook's fault."""
    given = EvidenceSource(b"1", "one.bin")
    found: list[EvidenceSource] = []
    plugins = _defined(xray_evidence=lambda: [given, b"2", "a.log", Path("b"), 5, "c"])
    plugins.evidence(None, found.append)

    (fault,) = plugins.faults
    assert [source.content for source in found] == [b"1", b"2", "a.log", Path("b")]
    assert found[0] is given
    assert "TypeError: int is not evidence; return a path, bytes or an" in fault


def test_one_piece_of_evidence_is_no_list() -> None:
    """A path is not taken letter by letter."""
    found: list[EvidenceSource] = []
    _defined(xray_evidence=lambda: "server.log").evidence(None, found.append)

    assert found == [EvidenceSource("server.log")]


@pytest.mark.parametrize(("status", "expected"), [(DELIVERED, 1), (FAILED, 0)])
def test_uploaded(status: str, expected: int) -> None:
    """Told when the results have arrived, and only then."""
    told: list[Receipt] = []
    key = {"key": "CALC-20"} if status == DELIVERED else {}
    receipt = Receipt(status=status, test_execution=key)

    def tell(config: object, receipt: Receipt) -> None:
        assert config is CONFIG
        told.append(receipt)

    _defined(xray_uploaded=tell).uploaded(receipt)

    assert told == [receipt] * expected


@pytest.mark.parametrize(
    ("fields", "said"),
    [(lambda: 1 // 0, "ZeroDivisionError"), (lambda: 5, "TypeError")],
)
def test_fields_that_cannot_be_had_end_the_run(
    fields: Callable[[], Any], said: str
) -> None:
    """No test has run by then; a Test Execution without them might be wrong."""
    with pytest.raises(UsageError, match=f"xray_execution_fields of .*: {said}"):
        _defined(xray_execution_fields=fields).execution_fields()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named"),
        ("1 // 0", "ZeroDivisionError"),
        (ADDS_A_KEY.replace("(scenario)", "(item)"), "item"),
        (ADDS_A_KEY.replace("test_keys", "tset_keys"), "unknown hook"),
        (WRAPS, "xray_test_keys of broken is a hook wrapper"),
    ],
)
def test_broken_plugin(
    install: Callable[[str, str], None], text: str, said: str
) -> None:
    """One line that names the plugin, before the first test."""
    install("broken", text)
    with pytest.raises(UsageError) as raised:
        _defined()

    assert said in str(raised.value)
    assert "broken" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        (lambda item: item, "item"),
        (["CALC-1"], "xray_test_keys is not a function"),
        (print, "xray_test_keys is not a function"),
    ],
)
def test_broken_hook_of_the_project(hook: object, said: str) -> None:
    """The error names the file, before the first test."""
    with pytest.raises(UsageError, match=said) as raised:
        _defined(xray_test_keys=hook)

    assert ENVIRONMENT in str(raised.value)


def test_other_names_are_no_hooks() -> None:
    """environment.py may define what it likes."""
    plugins = _defined(xray_helper=5, before_all=print)

    assert _keys(plugins) == []


def test_marked_hook_of_the_project() -> None:
    """Who writes the marker there gets what it says."""
    first = hookimpl(lambda: "CALC-1")

    assert _keys(_defined(xray_test_keys=first)) == ["CALC-1"]
