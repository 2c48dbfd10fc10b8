"""What only Jira can do is refused before the first test, without a login to it."""

from __future__ import annotations

import pytest

from tests.builders import settings_of
from xray_bridge.client.field_rules import refuse_without_jira
from xray_bridge.errors import SettingError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


WANTED = {
    "defects": "link",
    "xfail_open_defects": "yes",
    "create_version": "yes",
    "sprint": "active",
    "transition": "Done",
    "attach": "report.html",
    "link_build": "yes",
    "link_requirements": "yes",
}


@pytest.mark.parametrize("name", WANTED)
def test_cloud_needs_a_login_to_jira(name: str) -> None:
    """The error names the setting."""
    settings = settings_of(**{name: WANTED[name]})

    with pytest.raises(SettingError, match=f"xray_{name} needs a login to Jira"):
        refuse_without_jira(settings, DIALECTS[CLOUD], knows_jira=False)


def test_cloud_needs_a_login_to_choose_a_version() -> None:
    """A version that is set needs none."""
    settings = settings_of(fix_version="auto")

    with pytest.raises(SettingError, match="xray_fix_version = auto needs a login"):
        refuse_without_jira(settings, DIALECTS[CLOUD], knows_jira=False)


@pytest.mark.parametrize(("deployment", "knows"), [(CLOUD, True), (SERVER, False)])
def test_login_to_jira_is_enough(deployment: str, *, knows: bool) -> None:
    """On Server it is the login for results."""
    refuse_without_jira(settings_of(**WANTED), DIALECTS[deployment], knows_jira=knows)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"fix_version": "1.0"},
        {"defects": "off"},
        {"transition": ""},
        {"jira_build": "yes"},
    ],
)
def test_nothing_else_needs_one(given: dict[str, str]) -> None:
    """Builds have credentials of their own."""
    refuse_without_jira(settings_of(**given), DIALECTS[CLOUD], knows_jira=False)
