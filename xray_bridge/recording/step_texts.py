"""
The texts of a step: names in braces stand for parameters or arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias


if TYPE_CHECKING:
    import inspect
    from collections.abc import Iterable

# Returns the values for the texts of one call, by name.
ArgumentReader: TypeAlias = Callable[
    [tuple[Any, ...], dict[str, Any]], Mapping[str, object]
]
OPTIONS = ("data", "expected")


def fill(text: object, values: Mapping[str, object]) -> str:
    """
    Return the text with its values.

    A text that cannot be filled stays as it is: a test must not fail because of it.
    """
    if not values or not isinstance(text, str) or "{" not in text:
        return str(text)
    try:
        return text.format_map(values)
    except Exception:  # noqa: BLE001 - a user's ``__format__`` may raise anything
        return text


def refuse_unused(parameters: Iterable[str], texts: Iterable[object]) -> None:
    """Raise TypeError for a parameter that no text has, as for a misspelt argument."""
    known = find_names(texts)
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise unknown_argument("step", unknown, (*OPTIONS, *known))


def unknown_argument(
    function: str, names: Iterable[str], known: Iterable[str]
) -> TypeError:
    """Make the error about arguments that a function does not have."""
    from xray_bridge.text import describe_unknown

    return TypeError(f"{function}(): {describe_unknown(names, known)}")


def find_names(texts: Iterable[object]) -> list[str]:
    """Return the names in braces of all texts; raises ValueError for a lone brace."""
    from string import Formatter

    found: list[str] = []
    for text in texts:
        if not isinstance(text, str) or "{" not in text:
            continue
        try:
            parts = [*Formatter().parse(text)]
        except ValueError as error:
            msg = f"the text {text!r} of a step: {error}"
            raise ValueError(msg) from None
        for _, field, form, _ in parts:
            if field is not None:
                found.append(field.partition(".")[0].partition("[")[0])
                found += find_names([form])
    return found


def argument_reader(
    function: Callable[..., Any],
    texts: tuple[object, ...],
    parameters: Mapping[str, object],
) -> ArgumentReader:
    """
    Return how the values of a call are found.

    Raises ValueError if a text has a name that is no argument of the function.
    """
    names = [name for name in find_names(texts) if name not in parameters]
    if not names:
        # ``{{`` in a text is a brace all the same.
        values = parameters or {"": ""}
        return lambda _args, _kwargs: values
    import inspect

    try:
        signature = inspect.signature(function)
    except ValueError:
        # A function without a signature, which C code may be.
        return lambda _args, kwargs: {**kwargs, **parameters}
    _refuse_unknown_names(names, signature, function)

    def read(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapping[str, object]:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            # The call itself raises it again, with a better text.
            return parameters
        bound.apply_defaults()
        found = dict(bound.arguments)
        for each in signature.parameters.values():
            if each.kind is each.VAR_KEYWORD:
                found |= found[each.name]
        return {**found, **parameters}

    return read


def _refuse_unknown_names(
    names: Iterable[str], signature: inspect.Signature, function: Callable[..., Any]
) -> None:
    known = signature.parameters
    takes_any = any(each.kind is each.VAR_KEYWORD for each in known.values())
    for name in names:
        if name in known or (takes_any and name.isidentifier()):
            continue
        from xray_bridge.text import similar_word

        of = getattr(function, "__qualname__", repr(function))
        msg = f"the text of the step has {{{name}}}, which is no argument of {of}"
        similar = similar_word(name, known)
        raise ValueError(f"{msg} (did you mean {{{similar}}}?)" if similar else msg)


def describe_unused(path: str, line: int, name: object) -> str:
    """Describe a step that was made and thrown away, with the line to write."""
    from linecache import getline

    written = getline(path, line).strip()
    try:
        compile(written, path, "eval")
    except (SyntaxError, ValueError):
        # It has several lines, or others beside it.
        written = f"xray_bridge.step({str(name)!r})"
    return f"this step is not recorded, because it never begins; write: with {written}:"
