"""
Find and call users' hooks: those of plugins, and those of the project.

pluggy's own call ends at the first implementation that raises, and loses what the
others returned. So each implementation is called separately.
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


class Hooks:
    """
    All hooks of one run; ``config`` is behave's.

    ``faults`` are the errors that they raise, once for each hook and plugin.
    """

    def __init__(self, config: Any, manager: pluggy.PluginManager) -> None:
        self._config = config
        self._manager = manager
        self._faults: dict[tuple[str, str], str] = {}

    @classmethod
    def load(cls, config: Any, defined: Mapping[str, object], source: str) -> Hooks:
        """
        Load the hooks of all installed plugins, and those among ``defined``.

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
                msg = f"{name} cannot be loaded: {_describe_error(error)}"
                raise UsageError(msg, hint="fix it, or uninstall it") from None
        try:
            manager.register(_make_plugin(defined, source), source)
            manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise UsageError(" ".join(str(error).split())) from None
        _refuse_wrappers(manager)
        return cls(config, manager)

    @property
    def faults(self) -> list[str]:
        """Lines about the errors of hooks, for the end of the run."""
        return list(self._faults.values())

    @property
    def give_keys(self) -> bool:
        """Whether any hook may add Test keys to a scenario that has ended."""
        return any(self._find_implementations("xray_test_keys"))

    @property
    def add_to_results(self) -> bool:
        """Whether any hook may add to the result of a scenario."""
        names = ("xray_test_keys", "xray_defects", "xray_evidence")
        return any(any(self._find_implementations(name)) for name in names)

    def test_keys(self, scenario: Any, take: Callable[[Any], object]) -> None:
        """Give each further key of a scenario to ``take``."""
        self._call_all("xray_test_keys", take, scenario=scenario)

    def defects(self, scenario: Any, take: Callable[[Any], object]) -> None:
        """Give each key of an issue that explains a result to ``take``."""
        self._call_all("xray_defects", take, scenario=scenario)

    def evidence(self, scenario: Any, take: Callable[[EvidenceSource], object]) -> None:
        """Give each piece of evidence of a scenario to ``take``."""
        self._call_all(
            "xray_evidence", lambda each: take(_to_source(each)), scenario=scenario
        )

    def execution_fields(self) -> dict[str, object]:
        """
        Return Jira fields of the Test Execution; the project's hooks win over plugins.

        Raises UsageError if a hook raises, which is before the first test.
        """
        found: dict[str, object] = {}
        for hook in self._find_implementations("xray_execution_fields"):
            try:
                answer = dict(_call_hook(hook, config=self._config) or {})
            except Exception as error:  # noqa: BLE001 - a user's hook may raise anything
                where = f"xray_execution_fields of {hook.plugin_name}"
                raise UsageError(f"{where}: {_describe_error(error)}") from None
            found = {**answer, **found}
        return found

    def uploaded(self, receipt: Receipt) -> None:
        """Call the hooks if Xray has received results."""
        if receipt.test_execution.get("key"):
            self._call_all("xray_uploaded", config=self._config, receipt=receipt)

    def _call_all(
        self,
        name: str,
        take: Callable[[Any], object] | None = None,
        **arguments: object,
    ) -> None:
        """Call all implementations; give each value that they return to ``take``."""
        for hook in self._find_implementations(name):
            try:
                answer = _call_hook(hook, **arguments)
                if take is not None:
                    for each in _to_values(answer):
                        take(each)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's hook may raise anything
                fault = (
                    f"ERROR in {name} of {hook.plugin_name}: {_describe_error(error)}"
                )
                self._faults.setdefault((name, hook.plugin_name), fault)

    def _find_implementations(self, name: str) -> Iterator[pluggy.HookImpl]:
        """Return implementations in pluggy's order: the last registered one first."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, name)
        return reversed(caller.get_hookimpls())


def _make_plugin(defined: Mapping[str, object], source: str) -> ModuleType:
    """Make a plugin from a file, in which the name alone makes a hook."""
    plugin = ModuleType(source)
    for name in HOOKS:
        hook = defined.get(name)
        if hook is None:
            continue
        # pluggy ignores anything else without a message.
        if not isinstance(hook, FunctionType):
            raise UsageError(f"{source}: {name} is not a function")
        is_marked = hasattr(hook, f"{GROUP}_impl")
        setattr(plugin, name, hook if is_marked else hookspecs.hookimpl(hook))
    return plugin


def _refuse_wrappers(manager: pluggy.PluginManager) -> None:
    """Refuse wrappers, which could remove values of others. Raises UsageError."""
    for name in HOOKS:
        for hook in getattr(manager.hook, name).get_hookimpls():
            if hook.wrapper or hook.hookwrapper:
                msg = f"{name} of {hook.plugin_name} is a hook wrapper"
                hint = "make it a plain function; xray-bridge calls no wrappers"
                raise UsageError(msg, hint=hint)


def _call_hook(hook: pluggy.HookImpl, **arguments: object) -> Any:
    return hook.function(*(arguments[name] for name in hook.argnames))


def _to_values(answer: Any) -> Iterable[Any]:
    """Return the values that a hook returned: none, one or several."""
    if answer is None:
        return ()
    return (answer,) if isinstance(answer, (*CONTENT, EvidenceSource)) else answer


def _to_source(found: Any) -> EvidenceSource:
    if isinstance(found, EvidenceSource):
        return found
    if isinstance(found, CONTENT):
        return EvidenceSource(found)
    kind = type(found).__name__
    raise TypeError(
        f"{kind} is not evidence; return a path, bytes or an EvidenceSource"
    )


def _describe_error(error: BaseException) -> str:
    """Describe an error in one line, even if its ``str`` raises."""
    return " ".join("".join(format_exception_only(error)).split())
