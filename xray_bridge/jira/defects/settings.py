"""
The rules for defects in the settings, and settings that no run can follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.config.jira_settings import CREATE, OFF
from xray_bridge.errors import SettingError
from xray_bridge.jira.defects.rules import parse_rules
from xray_bridge.model.keys import project_of


if TYPE_CHECKING:
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.defects.rules import Rules


def read_rules(settings: Settings) -> Rules:
    """
    Read the rules; the project is the one of the results if they name none.

    Raises SettingError.
    """
    project = settings.project or project_of(settings.test_execution)
    return parse_rules(settings.defect_rules, project=project)


def refuse_odd_rules(settings: Settings) -> None:
    """
    Refuse rules with a mistake, before the first test.

    They are read even if defects are off: a mistake would show on the day they are
    turned on. Raises SettingError.
    """
    if not (settings.defect_rules or settings.defects != OFF):
        return
    rules = read_rules(settings)
    if settings.defects == CREATE and not rules.project:
        msg = "no project for bugs: neither `project` of the rules nor xray_project"
        raise SettingError(f"{msg} is set")
