"""Hooks around the scenarios; they do not know Xray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calculator import Calculator


if TYPE_CHECKING:
    from behave.model import Scenario
    from behave.runner import Context


def before_scenario(context: Context, scenario: Scenario) -> None:  # noqa: ARG001 - behave's signature
    """Give each scenario a calculator of its own."""
    context.calculator = Calculator()
