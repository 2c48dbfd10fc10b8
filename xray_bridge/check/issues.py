"""
The Test Execution and the Test Plan that the settings name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check.finding import Finding, ask


if TYPE_CHECKING:
    from xray_bridge.check.site import Survey
    from xray_bridge.client.xray import Xray


def issue(xray: Xray, survey: Survey | None, kind: str, key: str) -> Finding:
    """Whether there is such an issue, and whether it is one of this kind."""
    name = kind.replace("_", " ").title()

    def question() -> Finding:
        if xray.has_issue(key, kind):
            return Finding(what=kind, ok=True, message=f"{name} {key}")
        instead = survey.issue_type(key) if survey else None
        if instead:
            return Finding(
                what=kind,
                ok=False,
                message=f"{key} is a {instead}, not a {name}",
                hint=f"set xray_{kind} to the key of a {name}",
            )
        return Finding(
            what=kind,
            ok=False,
            message=f"there is no {name} {key}",
            hint=f"is xray_{kind} right, and may the account see it?",
        )

    return ask(kind, question)
