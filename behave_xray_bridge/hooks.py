"""
Users' hooks, found and called: those of plugins, and those of the project.

They are called one by one, so that one that fails takes no other with it.
"""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from traceback import format_exception_only
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from behave_xray_bridge import hookspecs
from behave_xray_bridge.hookspecs import GROUP
from xray_bridge.errors import UsageError
from xray_bridge.runs.evidence import EvidenceSource


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xray_bridge.model.receipt import Receipt

HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("xray_"))
CONTENT = (str, bytes, os.PathLike)


class Plugins:
    """
    All hooks of one run; ``config`` is behave's.

    What they raise is kept in ``faults``, once for each hook and plugin.
    """

    def __init__(self, config: Any, manager: pluggy.PluginManager) -> None:
        self._config = config
        self._manager = manager
        self._faults: dict[tuple[str, str], str] = {}

    @classmethod
    def load(cls, config: Any, defined: Mapping[str, object], source: str) -> Plugins:
        """
        Hooks of all installed plugins, and those among ``defined``.

        ``source`` is the file that defines them. Raises UsageError for a plugin
        that cannot be loaded, and for hooks that cannot be called.
        """
        manager = pluggy.PluginManager(GROUP)
        manager.add_hookspecs(hookspecs)
        for entry in entry_points(group=GROUP):
            try:
                manager.load_setuptools_entrypoints(GROUP, entry.name)
            except Exception as error:  # noqa: BLE001 - a plugin's module may raise anything
                name = f"the plugin {entry.name} ({entry.value})"
                msg = f"{name} cannot be loaded: {_said(error)}"
                raise UsageError(msg, hint="mend it, or uninstall it") from None
        try:
            manager.register(_plugin(defined, source), source)
            manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise UsageError(" ".join(str(error).split())) from None
        _refuse_wrappers(manager)
        return cls(config, manager)

    @property
    def faults(self) -> list[str]:
        """What hooks raised, for people."""
        return list(self._faults.values())

    def test_keys(self, scenario: Any, take: Callable[[Any], object]) -> None:
        """Hand each further key of a scenario to ``take``."""
        self._give("xray_test_keys", take, scenario=scenario)

    def defects(self, scenario: Any, take: Callable[[Any], object]) -> None:
        """Hand each key of an issue that explains a result to ``take``."""
        self._give("xray_defects", take, scenario=scenario)

    def evidence(self, scenario: Any, take: Callable[[EvidenceSource], object]) -> None:
        """Hand each piece of evidence of a scenario to ``take``."""
        self._give(
            "xray_evidence", lambda found: take(_source(found)), scenario=scenario
        )

    def execution_fields(self) -> dict[str, object]:
        """
        Jira fields of the Test Execution; of two for one field the project's wins.

        Raises UsageError where a hook raises: that is before the first test.
        """
        found: dict[str, object] = {}
        for impl in self._implementations("xray_execution_fields"):
            try:
                answer = dict(_call(impl, config=self._config) or {})
            except Exception as error:  # noqa: BLE001 - a user's hook may raise anything
                msg = f"xray_execution_fields of {impl.plugin_name}: {_said(error)}"
                raise UsageError(msg) from None
            found = {**answer, **found}
        return found

    def uploaded(self, receipt: Receipt) -> None:
        """Tell that the results have arrived, if they have."""
        if not receipt.test_execution.get("key"):
            return
        arguments = {"config": self._config, "receipt": receipt}
        self._ask("xray_uploaded", lambda _: None, **arguments)

    def _give(
        self, name: str, take: Callable[[Any], object], **arguments: object
    ) -> None:
        def take_each(answer: Any) -> None:
            for each in _listed(answer):
                take(each)

        self._ask(name, take_each, **arguments)

    def _ask(self, name: str, take: Callable[[Any], None], **arguments: object) -> None:
        for impl in self._implementations(name):
            try:
                take(_call(impl, **arguments))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's hook may raise anything
                told = f"ERROR in {name} of {impl.plugin_name}: {_said(error)}"
                self._faults.setdefault((name, impl.plugin_name), told)

    def _implementations(self, name: str) -> Iterator[pluggy.HookImpl]:
        """As pluggy calls them: the last one that was registered comes first."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, name)
        return reversed(caller.get_hookimpls())


def _plugin(defined: Mapping[str, object], source: str) -> ModuleType:
    """What a file defines, as a plugin; names of hooks are hooks there."""
    plugin = ModuleType(source)
    for name in HOOKS:
        hook = defined.get(name)
        if hook is None:
            continue
        # pluggy overlooks anything else without a word.
        if not isinstance(hook, FunctionType):
            raise UsageError(f"{source}: {name} is no function")
        is_marked = hasattr(hook, f"{GROUP}_impl")
        setattr(plugin, name, hook if is_marked else hookspecs.hookimpl(hook))
    return plugin


def _refuse_wrappers(manager: pluggy.PluginManager) -> None:
    """A wrapper could take away what others have added. Raises UsageError."""
    for name in HOOKS:
        for impl in getattr(manager.hook, name).get_hookimpls():
            if impl.wrapper or impl.hookwrapper:
                msg = f"{name} of {impl.plugin_name} is a wrapper"
                raise UsageError(msg, hint="hooks of xray-bridge only add")


def _call(implementation: pluggy.HookImpl, **arguments: object) -> Any:
    given = [arguments[name] for name in implementation.argnames]
    return implementation.function(*given)


def _listed(answer: Any) -> Iterable[Any]:
    """One value or several, as users return them."""
    if answer is None:
        return ()
    return (answer,) if isinstance(answer, (*CONTENT, EvidenceSource)) else answer


def _source(found: Any) -> EvidenceSource:
    if isinstance(found, EvidenceSource):
        return found
    if isinstance(found, CONTENT):
        return EvidenceSource(found)
    kind = type(found).__name__
    raise TypeError(f"{kind} is no evidence; give a path, bytes or an EvidenceSource")


def _said(error: BaseException) -> str:
    """One line; the text of an exception may be broken itself."""
    return " ".join("".join(format_exception_only(error)).split())
