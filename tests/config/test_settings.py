"""The table of all settings."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import settings_of
from xray_bridge.config.secret import Secret
from xray_bridge.config.setting import (
    ADD_UP,
    CONNECTION,
    DROPPED,
    EXECUTION,
    FIRST_NOTED,
    JIRA,
    MAY_DIFFER,
    MUST_AGREE,
    RESULTS,
    SESSION,
    Setting,
)
from xray_bridge.config.settings import TABLE, Settings, settings_in


if TYPE_CHECKING:
    from xray_bridge.config.setting import Group

# As a user reads them in the manual of the interface.
NAMES = (
    "upload",
    "dry_run",
    "sandbox",
    "deployment",
    "url",
    "user",
    "password",
    "token",
    "client_id",
    "client_secret",
    "jira_url",
    "jira_user",
    "jira_token",
    "verify",
    "client_cert",
    "proxy",
    "skip_proxy",
    "timeout",
    "deadline",
    "project",
    "test_execution",
    "test_plan",
    "environments",
    "revision",
    "fix_version",
    "summary",
    "description",
    "labels",
    "execution_fields",
    "test_fields",
    "format",
    "report_dir",
    "report",
    "only_keyed",
    "aggregate",
    "statuses",
    "captures",
    "evidence_limit",
    "tag_prefixes",
    "preflight",
    "on_upload_error",
    "export_keys",
    "export_filter",
    "features_dir",
)

DEFAULTS = {
    "upload": False,
    "deployment": "auto",
    "verify": True,
    "timeout": 60.0,
    "deadline": 120.0,
    "format": ("auto",),
    "report_dir": ".xray",
    "aggregate": "worst",
    "statuses": {},
    "captures": "failed",
    "evidence_limit": (10_485_760, 26_214_400, 67_108_864),
    "redact": "",
    "preflight": "on",
    "on_upload_error": "fail",
    "features_dir": "features",
}


@pytest.mark.parametrize("name", NAMES)
def test_setting_of_the_interface_exists(name: str) -> None:
    """Each documented name is declared."""
    assert name in TABLE


@pytest.mark.parametrize(("name", "default"), DEFAULTS.items())
def test_default_is_the_documented_one(name: str, default: object) -> None:
    """Without any layer, the default holds."""
    assert getattr(Settings({}), name) == default


def test_spellings_at_each_door() -> None:
    """One declaration gives five spellings."""
    setting: Any = TABLE["test_plan"]

    spelled = (setting.pytest_flag, setting.ini, setting.environment, setting.flag_name)

    assert spelled == (
        "--xray-test-plan",
        "xray_test_plan",
        "XRAY_TEST_PLAN",
        "--test-plan",
    )


@pytest.mark.parametrize("setting", TABLE.values(), ids=list(TABLE))
def test_each_setting_has_help(setting: Any) -> None:
    """Each setting has a line for the manual, without a dot, and a metavar."""
    assert setting.help
    assert not setting.help.endswith(".")
    assert setting.metavar


def test_declaration_is_found_on_the_class() -> None:
    """``Settings.url`` is the declaration, not a value."""
    assert Settings.url is TABLE["url"]


def test_settings_are_read_only() -> None:
    """A setting cannot be changed."""
    settings = Settings({})

    with pytest.raises(AttributeError, match="cannot be changed"):
        settings.url = "https://jira.example.com"


def test_secrets_are_listed_for_redaction() -> None:
    """All secrets that are set are listed, and no empty ones."""
    settings = settings_of(token="t0ken", jira_token="jira-t0ken")

    assert set(settings.secrets().values()) == {Secret("t0ken"), Secret("jira-t0ken")}


@pytest.mark.parametrize(
    ("source", "given"), [("environment", True), ("CI: Jenkins", False), ("", False)]
)
def test_given_is_what_a_person_set(source: str, given: bool) -> None:
    """A guess from CI and a default do not count as given."""
    sources = {"revision": source} if source else {}
    settings = Settings({"revision": "abc"}, sources=sources)

    assert settings.is_given(Settings.revision) is given


@pytest.mark.parametrize("name", ["upload", "dry_run"])
def test_upload_and_its_rehearsal_are_wanted(name: str) -> None:
    """An upload and a dry run make a session end with an upload."""
    assert Settings({name: True}).wants_upload
    assert not Settings({}).wants_upload


@pytest.mark.parametrize(
    "given", [{"export_keys": ("CALC-1",)}, {"export_filter": "1"}]
)
def test_export_is_wanted(given: dict[str, object]) -> None:
    """Keys or a filter make a session start with an export."""
    assert Settings(given).wants_export
    assert not Settings({}).wants_export


def test_settings_do_not_share_their_values() -> None:
    """Changes to the given mapping do not matter."""
    values = {"url": "https://one.example.com"}
    settings = Settings(copy.copy(values))
    values["url"] = "https://two.example.com"

    assert settings.url == "https://one.example.com"


GROUPS: tuple[Group, ...] = (EXECUTION, CONNECTION, RESULTS, SESSION, JIRA)
PARTS = {MUST_AGREE, FIRST_NOTED, ADD_UP, MAY_DIFFER, DROPPED}


@pytest.mark.parametrize("setting", TABLE.values(), ids=list(TABLE))
def test_each_setting_has_a_group(setting: Any) -> None:
    """Each setting has a group and a rule for parts that differ."""
    assert setting.of in GROUPS
    assert setting.parts in PARTS


def test_groups_are_the_whole_table() -> None:
    """Each setting is in one group, in the order of the table."""
    found = [setting for group in GROUPS for setting in settings_in(group)]

    assert set(found) == set(TABLE.values())
    assert len(found) == len(TABLE)
    assert list(settings_in(*GROUPS)) == list(TABLE.values())


def test_where_parts_differ_a_notice_is_the_default() -> None:
    """Without a rule, the first value counts, with a notice."""
    setting = Setting(str, "", "", of=SESSION)

    assert setting.parts == FIRST_NOTED


@pytest.mark.parametrize("setting", TABLE.values(), ids=list(TABLE))
def test_what_a_stored_connection_holds(setting: Any) -> None:
    """A stored connection holds settings of the server, and no secret."""
    assert not setting.stored or (setting.of == CONNECTION and not setting.secret)


def test_a_flag_of_one_command() -> None:
    """Errors name the command's own flag, or else the setting's."""
    assert Settings.export_keys.flag_name == "--keys"
    assert Settings.upload.flag_name == "--upload"
    assert Settings.project.own_flag is None
