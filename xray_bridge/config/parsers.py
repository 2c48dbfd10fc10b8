"""
Parsers from a setting's text to its value, which raise ``ValueError``.

Regular expressions are compiled where they are used: each start of pytest imports
this module, and usually needs none of them.
"""

from __future__ import annotations

from xray_bridge.model.keys import KEY, PROJECT, spell_key


YES = frozenset({"1", "on", "true", "yes"})
NO = frozenset({"", "0", "false", "no", "off"})


def text(value: str) -> str:
    """Parse any text, without the blanks around it."""
    return value.strip()


def boolean(value: str) -> bool:
    """Parse ``yes``, ``on``, ``true``, ``1`` or ``no``, ``off``, ``false``, ``0``."""
    word = value.strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    msg = f"{value!r} is neither yes nor no"
    raise ValueError(msg)


def preflight(value: str) -> str:
    """Parse ``on``, ``off`` or ``strict``; also other words for yes and no."""
    word = value.strip().lower()
    if word == "strict":
        return word
    try:
        return "on" if boolean(word) else "off"
    except ValueError:
        msg = f"{value!r} is not one of on, off, strict"
        raise ValueError(msg) from None


def comparison(value: str) -> str:
    """Parse words for yes and no, or the name of a run directory or an issue key."""
    word = value.strip()
    if word.lower() in NO:
        return ""
    return "yes" if word.lower() in YES else word


def key(value: str) -> str:
    """Parse a Jira issue key such as CALC-15; also in lower case."""
    import re

    found = spell_key(value)
    if found and not re.fullmatch(KEY, found):
        msg = f"{value!r} is not an issue key; keys look like CALC-15"
        raise ValueError(msg)
    return found


def keys(value: str) -> tuple[str, ...]:
    """Parse issue keys, separated by ``;`` or ``,``."""
    found = (key(part) for part in listed(value.replace(",", ";")))
    return tuple(dict.fromkeys(found))


def project(value: str) -> str:
    """Parse a Jira project key such as CALC; also in lower case."""
    import re

    found = spell_key(value)
    if found and not re.fullmatch(PROJECT, found):
        msg = f"{value!r} is not a project key; project keys look like CALC"
        raise ValueError(msg)
    return found


def transition(value: str) -> str:
    """Parse a status, with values of fields after it: ``Done; Resolution = Fixed``."""
    status, *parts = (part.strip() for part in value.split(";"))
    for part in filter(None, parts):
        name, _, word = part.partition("=")
        if not (name.strip() and word.strip()):
            msg = f"{part!r} is not FIELD = VALUE; write Done; Resolution = Fixed"
            raise ValueError(msg)
    if not status and any(parts):
        msg = "it names no status; write Done; Resolution = Fixed"
        raise ValueError(msg)
    return value.strip()


def listed(value: str) -> tuple[str, ...]:
    """Parse parts separated by ``;``, in order, without empty ones."""
    parts = (part.strip() for part in value.split(";"))
    return tuple(dict.fromkeys(part for part in parts if part))


def words(value: str) -> tuple[str, ...]:
    """Parse parts separated by blanks, ``,`` or ``;``."""
    return tuple(dict.fromkeys(value.replace(",", " ").replace(";", " ").split()))


def url(value: str) -> str:
    """Parse an http or https address without trailing slash, query or user name."""
    from urllib.parse import urlsplit

    found = value.strip().rstrip("/")
    if not found:
        return ""
    if "@" in found:
        # Before any message quotes it.
        msg = "an address must not contain a user name or password"
        raise ValueError(msg)
    try:
        parts = urlsplit(found)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        msg = f"{found!r} is not an address: {error}"
        raise ValueError(msg) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = f"{found!r} is not an address, which begins with https:// or http://"
        raise ValueError(msg)
    if parts.query or parts.fragment or not port_is_fine or any(map(_is_odd, found)):
        msg = f"{found!r} must have no more than scheme, host, port and path"
        raise ValueError(msg)
    return found


def _is_odd(char: str) -> bool:
    return char.isspace() or not char.isprintable()


# A week; a longer deadline would be none.
LONGEST = 604_800.0
UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def seconds(value: str) -> float:
    """Parse a duration into seconds: ``30``, ``1.5s``, ``2m``, ``1h``."""
    import re

    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|ms|)", value.strip().lower())
    duration = float(found[1]) * UNITS[found[2]] if found else 0.0
    if not 0 < duration <= LONGEST:
        msg = f"{value!r} is not a duration; write 60, 90s or 2m"
        raise ValueError(msg)
    return duration


def verification(value: str) -> bool | str:
    """Parse ``true``, ``false``, or the path of a bundle of CA certificates."""
    word = value.strip()
    if not word or word.lower() in YES:
        return True
    if word.lower() in NO:
        return False
    return pem(word)


def pem(value: str) -> str:
    """Parse the path of a readable PEM file."""
    word = value.strip()
    if not word:
        return ""
    try:
        with open(word, encoding="ascii", errors="replace") as file:  # noqa: PTH123 - pathlib is not imported at start
            is_pem = "-----BEGIN " in file.read(1 << 20)
    except OSError as error:
        msg = f"{word!r} cannot be read: {error.strerror}"
        raise ValueError(msg) from None
    if not is_pem:
        msg = f"{word!r} is not a PEM file"
        raise ValueError(msg)
    return word


def fields(value: str) -> dict[str, object]:
    """Parse a JSON object, inline or as the path of a file."""
    import json

    word = value.strip()
    if not word:
        return {}
    if not word.startswith("{"):
        try:
            with open(word, "rb") as file:  # noqa: PTH123 - pathlib is not imported at start
                word = _decode_json(file.read())
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            msg = f"{value!r} is neither a JSON object nor a readable file: {reason}"
            raise ValueError(msg) from None
    try:
        found = json.loads(word)
    except (ValueError, RecursionError) as error:
        msg = f"not JSON: {error}"
        raise ValueError(msg) from None
    if not isinstance(found, dict):
        msg = "not a JSON object"
        raise ValueError(msg)  # noqa: TRY004 - parsers speak in ValueError
    return found


def quarantine(value: str) -> dict[str, object]:
    """Parse the table of the quarantine, and refuse one with mistakes."""
    found = fields(value)
    if found:
        from xray_bridge.config.quarantine_table import parse_quarantine

        parse_quarantine(found)
    return found


def gate(value: str) -> dict[str, object]:
    """Parse the table of the gate, and refuse one with mistakes."""
    found = fields(value)
    if found:
        from xray_bridge.config.gate_table import parse_gate

        parse_gate(found)
    return found


def _decode_json(content: bytes) -> str:
    """Decode UTF-8, or UTF-16 with a mark, which PowerShell writes."""
    is_utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return content.decode("utf-16" if is_utf_16 else "utf-8-sig")


def choice(*allowed: str, **synonyms: str) -> Choice:
    """Make a parser for one of several words."""
    return Choice(allowed, synonyms)


class Choice:
    """Parses one of several words; ``synonyms`` maps other spellings to them."""

    __slots__ = ("allowed", "synonyms")

    def __init__(self, allowed: tuple[str, ...], synonyms: dict[str, str]) -> None:
        self.allowed = allowed
        self.synonyms = synonyms

    def __call__(self, value: str) -> str:
        """Parse a word."""
        word = value.strip().lower()
        word = self.synonyms.get(word, word)
        if word not in self.allowed:
            msg = f"{value!r} is not one of {', '.join(self.allowed)}"
            raise ValueError(msg)
        return word


def choices(*allowed: str) -> Choices:
    """Make a parser for some of several words."""
    return Choices(allowed)


class Choices:
    """Parses a list of words, separated by blanks, ``,`` or ``;``."""

    __slots__ = ("allowed",)

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed

    def __call__(self, value: str) -> tuple[str, ...]:
        """Parse the words, in any case."""
        known = {word.lower(): word for word in self.allowed}
        found = words(value)
        for word in found:
            if word.lower() not in known:
                msg = f"{word!r} is not one of {', '.join(self.allowed)}"
                raise ValueError(msg)
        return tuple(known[word.lower()] for word in found)


OUTCOMES = ("passed", "failed", "skipped", "xfailed", "xpassed", "flaky")


def statuses(value: str) -> dict[str, str]:
    """Parse statuses of outcomes: ``skipped=ABORTED flaky=FAIL``, or JSON."""
    import re

    word = value.strip()
    if word.startswith("{"):
        given = fields(word).items()
        pairs = [(name, s if isinstance(s, str) else "") for name, s in given]
    else:
        pairs = [(p.partition("=")[0], p.partition("=")[2]) for p in words(word)]
    found = {name.strip().lower(): status.strip() for name, status in pairs}
    for name, status in found.items():
        if name not in OUTCOMES:
            msg = f"{name!r} is not an outcome; use {', '.join(OUTCOMES)}"
            raise ValueError(msg)
        # Xray's own rule for the names of statuses.
        if not re.fullmatch(r"[A-Za-z0-9_/]{2,18}", status):
            msg = f"{status!r} is not a status of Xray; write {name}=ABORTED"
            raise ValueError(msg)
    return found


SIZES = {"": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}


def sizes(value: str) -> tuple[int, ...]:
    """Parse up to three sizes into bytes: ``10MB``, or ``10MB 25MB 64MB``."""
    import re

    found = []
    # "10 MB" is one size.
    joined = re.sub(r"(\d)\s+([a-zA-Z])", r"\1\2", value)
    # A size may be repeated, so ``words`` is no help: it drops repetitions.
    for word in joined.replace(",", " ").replace(";", " ").split():
        match = re.fullmatch(r"(\d{1,15}(?:\.\d+)?)([kmg]?b?)", word.lower())
        unit = match[2] if match else None
        unit = f"{unit}b" if unit and not unit.endswith("b") else unit
        if match is None or unit is None:
            msg = f"{word!r} is not a size; write 10MB"
            raise ValueError(msg)
        found.append(int(float(match[1]) * SIZES[unit]))
    if not 1 <= len(found) <= 3:  # noqa: PLR2004 - file, test, run
        msg = f"{value!r} is not one to three sizes; write 10MB, or 10MB 25MB 64MB"
        raise ValueError(msg)
    return tuple(found)


def pattern(value: str) -> str:
    """Parse a regular expression."""
    import re

    word = value.strip()
    try:
        empty = re.compile(word).fullmatch("") if word else None
    except (re.error, RecursionError, OverflowError) as error:
        msg = f"{word!r} is not a regular expression: {error}"
        raise ValueError(msg) from None
    if empty:
        msg = f"{word!r} matches everywhere, so that no text would stay readable"
        raise ValueError(msg)
    return word


def formats(value: str) -> tuple[str, ...]:
    """Parse report formats, separated by ``,``; the first is uploaded."""
    from xray_bridge.model.formats import ALL_WRITERS, AUTO

    word = Choice((AUTO, *ALL_WRITERS), {})
    found = tuple(word(part) for part in words(value))
    if not found or AUTO in found[1:]:
        msg = f"{value!r} is not a list of formats; write junit,xray"
        raise ValueError(msg)
    return found
