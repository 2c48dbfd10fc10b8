"""
A plugin of pytest's that breaks one hook of ours, for ``test_pytest_own_faults``.

``XRB_BREAK`` in the environment is ``module:qualified name:when``. The code of the hook
is replaced, below the guard and in every process that loads this plugin. ``XRB_FOUND``
names a file that gets a line for each hook that pytest knows of ours, and
``XRB_REACHED`` one that is made when the broken hook is called.
"""

from __future__ import annotations

import inspect
import os
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    import pytest

BEFORE, AFTER = "before", "after"


# With the parameters of what it replaces: pluggy reads their names. It runs with the
# globals of that, too.
SOURCE = """
def broken({parameters}):
    import os, pathlib
    {first}
    pathlib.Path(os.environ["XRB_REACHED"]).touch()
    raise ZeroDivisionError("broken on purpose")
    {last}
"""
FIRST = {BEFORE: "", AFTER: "yield"}


def innermost(hook: Any) -> Any:
    """The function that we have written, without what is around it."""
    return inspect.unwrap(getattr(hook, "__func__", hook))


def break_hook(where: str) -> None:
    """Replace the code of a function; ``where`` is as in ``XRB_BREAK``."""
    module, name, when = where.split(":")
    found = reduce(getattr, name.split("."), import_module(module))
    function = innermost(found)
    parameters = ", ".join(inspect.signature(function).parameters)
    # Never reached; but what replaces a generator has to be one, as of Python 3.13.
    last = "yield" if inspect.isgeneratorfunction(function) else ""
    made: dict[str, Any] = {}
    source = SOURCE.format(parameters=parameters, first=FIRST[when], last=last)
    exec(source, made)  # noqa: S102 - the source is above
    function.__code__ = made["broken"].__code__


if where := os.environ.get("XRB_BREAK"):
    break_hook(where)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell which hooks of ours are registered in this process."""
    manager = session.config.pluginmanager
    callers = [manager.get_hookcallers(each) or () for each in manager.get_plugins()]
    hooks = {
        innermost(impl.function)
        for callers_of_one in callers
        for caller in callers_of_one
        for impl in caller.get_hookimpls()
    }
    ours = [each for each in hooks if each.__module__.startswith("pytest_xray_bridge")]
    if path := os.environ.get("XRB_FOUND"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(f"{f.__module__}:{f.__qualname__}\n" for f in ours)
