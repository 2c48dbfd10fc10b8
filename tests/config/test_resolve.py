"""The resolution of layers of raw values into settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.ci.detect import Context
from xray_bridge.config import resolve, shared_file
from xray_bridge.config.secret import Secret
from xray_bridge.config.settings import Settings
from xray_bridge.errors import SecretInPlainSightError, SettingError


if TYPE_CHECKING:
    from pathlib import Path


def from_environment(environ: dict[str, str]) -> Settings:
    """Make settings from environment variables."""
    return resolve.resolve([resolve.environment_layer(environ)], environ)


def from_ini(values: dict[str, object], environ: dict[str, str]) -> Settings:
    """Make settings from an ini file."""
    return resolve.resolve([resolve.ini_layer("pytest.ini", values)], environ)


def test_first_layer_with_a_value_wins() -> None:
    """The command line wins over environment and ini file, for each name."""
    layers = [
        resolve.command_line_layer({"test_plan": "CALC-1", "project": None}),
        resolve.environment_layer({"XRAY_TEST_PLAN": "CALC-2", "XRAY_PROJECT": "ENV"}),
        resolve.ini_layer("pytest.ini", {"project": "INI", "summary": "from ini"}),
    ]

    found = resolve.resolve(layers, {})

    assert (found.test_plan, found.project, found.summary) == (
        "CALC-1",
        "ENV",
        "from ini",
    )
    assert found.sources == {
        "test_plan": "command line",
        "project": "environment",
        "summary": "pytest.ini",
    }


def test_variables_of_other_tools() -> None:
    """Variables of other tools count below those of xray-bridge."""
    other = {"XRAY_PROJECT_KEY": "calc", "XRAY_TEST_PLAN_KEY": "CALC-15"}

    found = from_environment(other)
    both = from_environment({**other, "XRAY_PROJECT": "SHOP"})

    assert (found.project, found.test_plan) == ("CALC", "CALC-15")
    assert both.project == "SHOP"


def test_variables_are_replaced() -> None:
    """``${NAME}`` and ``${NAME:-default}`` come from the environment."""
    values: dict[str, object] = {"summary": "Build ${BUILD} of ${BRANCH:-main}"}

    found = from_ini(values, {"BUILD": "17"})

    assert found.summary == "Build 17 of main"
    assert found.given["summary"] == "Build 17 of main"


def test_unset_variable_is_an_error_that_names_the_setting() -> None:
    """The error has setting, place and variable, and how to set a default."""
    with pytest.raises(
        SettingError, match=r"xray_summary \(pytest.ini\).*BUILD is not set"
    ) as e:
        from_ini({"summary": "${BUILD}"}, {})

    assert "${BUILD:-default}" in e.value.hint


def test_variables_inside_inline_fields() -> None:
    """Strings inside JSON are expanded; a quote in a variable is harmless."""
    text = '{"customfield_1": ["${WHO}"], "priority": {"name": "${HOW:-High}"}}'

    found = from_ini({"execution_fields": text}, {"WHO": 'Ann "the" Bee'})

    assert found.execution_fields == {
        "customfield_1": ['Ann "the" Bee'],
        "priority": {"name": "High"},
    }


def test_variables_inside_fields_of_a_file(tmp_path: Path) -> None:
    """Path and content of the file are expanded."""
    (tmp_path / "fields.json").write_text('{"summary": "${BUILD}"}')

    found = from_ini(
        {"execution_fields": "${HERE}/fields.json"},
        {"HERE": str(tmp_path), "BUILD": "17"},
    )

    assert found.execution_fields == {"summary": "17"}


@pytest.mark.parametrize(
    "name", ["test_plan", "verify", "format", "timeout", "on_upload_error", "upload"]
)
def test_variable_that_expands_to_nothing_is_the_default(name: str) -> None:
    """CI systems pass undefined variables as empty ones."""
    found = from_ini({name: "${NOT_SET:-}"}, {})

    assert getattr(found, name) == getattr(Settings({}), name)


def test_given_but_empty_is_the_default() -> None:
    """An empty value hides lower layers and means the default."""
    layers = [
        resolve.command_line_layer({"summary": ""}),
        resolve.ini_layer("pytest.ini", {"summary": "from ini"}),
    ]

    assert resolve.resolve(layers, {}).summary == ""


def test_unknown_name_is_an_error_with_the_nearest() -> None:
    """The hint has the spelling of the place."""
    with pytest.raises(SettingError, match="no setting 'xray_test_pln'") as caught:
        from_ini({"test_pln": "CALC-1"}, {})

    assert caught.value.hint == "did you mean xray_test_plan?"


def test_unknown_name_like_no_other() -> None:
    """Without a similar name, the hint names the list of all."""
    with pytest.raises(SettingError, match="qqqq") as caught:
        from_ini({"qqqq": "1"}, {})

    assert "xray-bridge settings" in caught.value.hint


def test_malformed_value_names_setting_and_place() -> None:
    """The error has setting and place on one line."""
    with pytest.raises(SettingError, match=r"XRAY_TEST_PLAN \(environment\): 'abc' is"):
        from_environment({"XRAY_TEST_PLAN": "abc"})


def test_pytest_flag_is_spelled_as_pytest_has_it() -> None:
    """An error of a flag names the flag."""
    layer = resolve.command_line_layer({"deadline": "soon"}, pytest=True)

    with pytest.raises(SettingError, match=r"--xray-deadline \(command line\)"):
        resolve.resolve([layer], {})


@pytest.mark.parametrize(
    "layer",
    [
        resolve.command_line_layer({"token": "hunter22"}),
        resolve.ini_layer("pytest.ini", {"token": "hunter22"}),
        resolve.Layer("pyproject.toml", {"token": "hunter22"}, lambda s: s.name),
    ],
    ids=["command line", "ini", "shared file"],
)
def test_secret_in_plain_sight_is_refused(layer: resolve.Layer) -> None:
    """The error has the right place and not the secret."""
    with pytest.raises(SecretInPlainSightError, match="must not be") as caught:
        resolve.resolve([layer], {})

    assert "XRAY_TOKEN" in caught.value.hint
    assert "hunter22" not in str(caught.value)


def test_secret_from_the_environment() -> None:
    """It is trimmed, not expanded, and never recorded."""
    found = from_environment({"XRAY_TOKEN": " a${b}c\n"})

    assert found.token == Secret("a${b}c")
    assert "token" not in found.given


def test_secret_from_a_file(tmp_path: Path) -> None:
    """``XRAY_TOKEN_FILE`` names a file, whose line end is dropped."""
    (tmp_path / "token").write_text("hunter22\n")

    found = from_environment({"XRAY_TOKEN_FILE": str(tmp_path / "token")})

    assert found.token == Secret("hunter22")


def test_secret_file_that_is_missing() -> None:
    """The error names the variable."""
    with pytest.raises(SettingError, match="XRAY_TOKEN_FILE: 'nowhere' cannot be read"):
        from_environment({"XRAY_TOKEN_FILE": "nowhere"})


def test_secret_itself_goes_before_its_file() -> None:
    """The variable wins over the file, which is not read."""
    found = from_environment({"XRAY_TOKEN": "one", "XRAY_TOKEN_FILE": "nowhere"})

    assert found.token == Secret("one")


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("XRAY_API_BASE_URL", "https://j.example.com", "url", "https://j.example.com"),
        ("XRAY_API_USER", "ann", "user", "ann"),
        ("XRAY_API_PASSWORD", "hunter22", "password", Secret("hunter22")),
        ("XRAY_API_KEY", "hunter22", "token", Secret("hunter22")),
        ("XRAY_API_VERIFY_SSL", "False", "verify", False),
        ("XRAY_EXECUTION_TEST_ENVIRONMENTS", "a b", "environments", ("a", "b")),
        ("XRAY_EXECUTION_TEST_ENVIRONMENTS", "a b;c", "environments", ("a b", "c")),
        ("XRAY_EXECUTION_FIX_VERSION", "1.0", "fix_version", "1.0"),
        ("XRAY_EXECUTION_REVISION", "abc", "revision", "abc"),
        ("XRAY_EXECUTION_SUMMARY", "Smoke", "summary", "Smoke"),
        ("XRAY_EXECUTION_DESC", "Of the day", "description", "Of the day"),
    ],
)
def test_names_of_other_tools(
    variable: str, value: str, name: str, expected: object
) -> None:
    """Users of pytest-jira-xray and behave-xray keep their variables."""
    assert getattr(from_environment({variable: value}), name) == expected


def test_own_name_goes_before_that_of_another_tool() -> None:
    """The name of xray-bridge wins over another tool's."""
    environ = {"XRAY_SUMMARY": "ours", "XRAY_EXECUTION_SUMMARY": "theirs"}

    assert from_environment(environ).summary == "ours"


def test_empty_variable_counts_as_not_given() -> None:
    """The next layer is used."""
    layers = [
        resolve.environment_layer({"XRAY_SUMMARY": "  "}),
        resolve.ini_layer("pytest.ini", {"summary": "from ini"}),
    ]

    assert resolve.resolve(layers, {}).summary == "from ini"


def test_revision_is_guessed_from_ci() -> None:
    """The value from CI is the lowest layer and does not count as given."""
    layer = resolve.ci_layer(Context(name="Jenkins", revision="abc"))
    assert layer is not None

    found = resolve.resolve([layer], {})

    assert (found.revision, found.sources["revision"]) == ("abc", "CI: Jenkins")
    assert not found.is_given(Settings.revision)


def test_ci_that_tells_nothing_is_no_layer() -> None:
    """Without a revision there is no layer."""
    assert resolve.ci_layer(Context(name="Jenkins")) is None


TABLE = """
[tool.xray-bridge]
project = "CALC"
upload = true
deadline = 90
environments = ["chrome", "linux"]
execution_fields = { priority = { name = "High" } }
"""


def test_shared_file_speaks_toml(tmp_path: Path) -> None:
    """Booleans, numbers, lists and tables are converted."""
    (tmp_path / "pyproject.toml").write_text(TABLE)
    layer = shared_file.shared_file_layer(tmp_path)
    assert layer is not None

    found = resolve.resolve([layer], {})

    assert (found.project, found.upload, found.deadline) == ("CALC", True, 90.0)
    assert found.environments == ("chrome", "linux")
    assert found.execution_fields == {"priority": {"name": "High"}}


def test_shared_file_of_its_own_goes_first(tmp_path: Path) -> None:
    """``xray-bridge.toml`` wins over ``pyproject.toml`` beside it."""
    (tmp_path / "pyproject.toml").write_text(TABLE)
    (tmp_path / "xray-bridge.toml").write_text('project = "OWN"\n')

    layer = shared_file.shared_file_layer(tmp_path)

    assert layer is not None
    assert layer.values == {"project": "OWN"}


def test_shared_file_is_looked_for_up_to_the_repository(tmp_path: Path) -> None:
    """Files above the repository's root do not count."""
    (tmp_path / "xray-bridge.toml").write_text('project = "OUTSIDE"\n')
    inside = tmp_path / "repository" / "tests"
    inside.mkdir(parents=True)
    outside = shared_file.shared_file_layer(inside)
    (tmp_path / "repository" / ".git").mkdir()

    found = shared_file.shared_file_layer(inside)

    assert outside is not None
    assert found is None


def test_shared_file_skips_a_pyproject_without_the_table(tmp_path: Path) -> None:
    """Another project's pyproject.toml does not end the search."""
    (tmp_path / "pyproject.toml").write_text(TABLE)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "xray-bridge-user"\n')

    layer = shared_file.shared_file_layer(inner)

    assert layer is not None
    assert layer.values["project"] == "CALC"


@pytest.mark.parametrize(
    "content",
    [b"project = ", b"\xff\xfe", b"n = " + b"9" * 5000, b"n = " + b"[" * 5000],
)
def test_shared_file_that_is_broken(tmp_path: Path, content: bytes) -> None:
    """The error names the file."""
    (tmp_path / "pyproject.toml").write_bytes(content + b" # xray-bridge")

    with pytest.raises(SettingError, match=r"pyproject\.toml cannot be read"):
        shared_file.shared_file_layer(tmp_path)


@pytest.mark.parametrize("content", ['tool = "xray-bridge"', "[tool]\nxray-bridge = 1"])
def test_shared_file_of_another_shape(tmp_path: Path, content: str) -> None:
    """Valid TOML without the right table is skipped."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(content)

    assert shared_file.shared_file_layer(tmp_path) is None


@pytest.mark.parametrize(
    ("mode", "expected"), [("", "off"), ('mode = "create"', "create")]
)
def test_shared_file_has_the_rules_for_bugs_in_one_table(
    tmp_path: Path, mode: str, expected: str
) -> None:
    """``mode`` of the table is the setting; the rest are its rules."""
    content = f'[defects]\n{mode}\ntype = "Bug"\n[defects.priority]\nfast = "Low"\n'
    (tmp_path / "xray-bridge.toml").write_text(content)
    layer = shared_file.shared_file_layer(tmp_path)
    assert layer is not None

    found = resolve.resolve([layer], {})

    assert found.defects == expected
    assert found.defect_rules == {"type": "Bug", "priority": {"fast": "Low"}}


def test_shared_file_has_the_mode_for_bugs_alone(tmp_path: Path) -> None:
    """Without rules, no table is needed."""
    (tmp_path / "xray-bridge.toml").write_text('defects = "link"\n')
    layer = shared_file.shared_file_layer(tmp_path)
    assert layer is not None

    assert resolve.resolve([layer], {}).defects == "link"


def test_recorded_settings_are_taken_as_they_are() -> None:
    """Expanded values are not expanded again."""
    found = resolve.resolve([resolve.recorded_layer({"summary": "${BUILD}"})], {})

    assert found.summary == "${BUILD}"


@pytest.mark.parametrize(
    "environ",
    [
        {"XRAY_VERIFY": "false", "XRAY_UPLOAD": "yes"},
        {"XRAY_ENVIRONMENTS": "a b;c", "XRAY_LABELS": "x y"},
        {"XRAY_FORMAT": "junit,xray", "XRAY_EXPORT_KEYS": "CALC-1,CALC-2"},
        {"XRAY_EXECUTION_FIELDS": '{"a": {"b": ["${X}"]}}', "X": "${Y}"},
        {"XRAY_TIMEOUT": "1.5m", "XRAY_DEADLINE": "0.01ms"},
        {"XRAY_DEADLINE": "604800"},
        {"XRAY_SUMMARY": "${X}", "X": "a;b, c"},
    ],
)
def test_recorded_settings_are_the_same(environ: dict[str, str]) -> None:
    """``given`` parses to the settings it was made from."""
    first = from_environment(environ)

    second = resolve.resolve([resolve.recorded_layer(first.given)], {})

    assert second.values == first.values


@given(text=st.text())
def test_recorded_text_is_the_same(text: str) -> None:
    """Any summary is equal after its record."""
    layer = resolve.Layer("test", {"summary": text}, lambda s: s.name, literal=True)
    first = resolve.resolve([layer], {})

    second = resolve.resolve([resolve.recorded_layer(first.given)], {})

    assert second.values == first.values


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("test_pln", "test_plan"), ("on-upload-eror", "on_upload_error"), ("qqqq", "")],
)
def test_nearest_name(typed: str, meant: str) -> None:
    """A typing error has a similar name, nonsense has none."""
    assert resolve.nearest_setting(typed) == meant
