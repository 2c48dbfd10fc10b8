"""
Make the outputs for a CI system from one or more receipts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.protocol import Outputs
from xray_bridge.ci.outputs.summary import make_headline, make_markdown
from xray_bridge.model import receipt as states


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xray_bridge.model.receipt import Receipt

# Statuses after which the CI system gets outputs: no dry runs, nothing kept back.
REPORTED = frozenset(
    {states.DELIVERED, states.PARTLY_REFUSED, states.FAILED, states.AMBIGUOUS}
)
SUCCESS = "XRAY_IS_REQUEST_SUCCESSFUL"
EXECUTIONS = "XRAY_TEST_EXECS"
ADDRESSES = "XRAY_TEST_EXEC_URLS"
# The names of Xray's plugin for Jenkins, and one of xray-bridge; short values first.
NAMES = (
    SUCCESS,
    EXECUTIONS,
    ADDRESSES,
    "XRAY_TESTS",
    "XRAY_ISSUES_MODIFIED",
    "XRAY_RAW_RESPONSE",
)
# Between several values.
SEPARATOR = ";"


def outputs_of(receipts: Sequence[Receipt], *, is_fatal: bool = True) -> Outputs | None:
    """
    Make the outputs of all receipts; None if nothing was to be delivered.

    ``is_fatal`` says that a failed upload fails the job.
    """
    reported = [each for each in receipts if each.status in REPORTED]
    if not reported:
        return None
    problems = [each.error["message"] for each in reported if each.error]
    problems += [_describe_refusal(each) for each in reported if each.refused]
    executions = [each.test_execution for each in reported if each.test_execution]
    return Outputs(
        variables=_join_variables([_variables_of(each) for each in reported]),
        markdown="\n".join(map(make_markdown, reported)),
        headline=SEPARATOR.join(map(make_headline, reported)),
        failures=tuple(failure for each in reported for failure in each.failures),
        links=tuple((e["key"], e["url"]) for e in executions if e.get("url")),
        problem="; ".join(problems),
        is_fatal=is_fatal,
        document=reported[0].to_json()
        if len(reported) == 1
        else {"runs": [each.to_json() for each in reported]},
    )


def _describe_refusal(receipt: Receipt) -> str:
    number = len(receipt.refused)
    first = receipt.refused[0]
    who = f"{first.key}: " if first.key else ""
    more = f", and {number - 1} more" if number > 1 else ""
    return f"Xray refused {who}{first.message}{more}"


def _variables_of(receipt: Receipt) -> dict[str, str]:
    """Return the variables of the upload, with the address of the Test Execution."""
    found = dict.fromkeys(NAMES, "")
    found |= read_variables(Path(receipt.run) / "xray.env") if receipt.run else {}
    found[SUCCESS] = "false" if receipt.error else "true"
    found[EXECUTIONS] = receipt.test_execution.get("key", "")
    found[ADDRESSES] = receipt.test_execution.get("url", "")
    return found


def read_variables(path: Path) -> dict[str, str]:
    """Read the variables of a run; empty if their file is missing."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        # No text, or a path of a receipt from elsewhere that is none.
        return {}
    pairs = (line.partition("=") for line in lines)
    return {name: value for name, _, value in pairs if name in NAMES}


def _join_variables(found: Sequence[Mapping[str, str]]) -> dict[str, str]:
    joined = {name: _join_values(each[name] for each in found) for name in NAMES}
    all_well = all(each[SUCCESS] == "true" for each in found)
    return {**joined, SUCCESS: str(all_well).lower()}


def _join_values(values: Iterable[str]) -> str:
    return SEPARATOR.join(dict.fromkeys(filter(None, values)))
