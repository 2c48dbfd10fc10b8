"""A run directory sets nothing of the machine that sends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.config.test_effective import Run
from xray_bridge.config.effective import effective_settings
from xray_bridge.config.run_settings import OF_THIS_MACHINE, repeat_flags, run_layer
from xray_bridge.config.setting import CONNECTION, JIRA
from xray_bridge.config.settings import TABLE, settings_in
from xray_bridge.config.stored_connections import OWN_FILE_VARIABLE
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from xray_bridge.config.effective import Effective

HERE = "https://jira.example.com"
ELSEWHERE = "https://elsewhere.example.com"
UPLOAD = {"upload": "true"}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(OWN_FILE_VARIABLE, str(tmp_path / "none.toml"))
    (tmp_path / ".git").mkdir()


def sent(
    settings: dict[str, str], framework: str = "pytest", **flags: object
) -> Effective:
    """Return the settings of a run in ``resend``."""
    command = effective_settings(flags, reads_frameworks=True)
    return command.for_run(Run(UPLOAD | settings, framework=framework), {})


@pytest.mark.parametrize(
    "setting", settings_in(CONNECTION, JIRA), ids=lambda each: each.name
)
def test_no_setting_of_a_connection_is_taken_from_a_run(setting: object) -> None:
    """New settings of the connection, and those for Jira, are included."""
    name = setting.name  # type: ignore[attr-defined]

    found = run_layer({name: "anything", "project": "CALC"})

    assert dict(found.values) == {"project": "CALC"}


@pytest.mark.parametrize("name", ["report", "report_dir", "features_dir"])
def test_no_path_is_taken_from_a_run(name: str) -> None:
    """A path would be read or written on this machine."""
    assert name in OF_THIS_MACHINE
    assert not run_layer({name: "/etc/passwd"}).values


@pytest.mark.parametrize(
    ("name", "value"), [("redact", "x{9}"), ("on_upload_error", "warn")]
)
@pytest.mark.fault("J05")
def test_no_precaution_is_lifted_by_a_run(name: str, value: str) -> None:
    """Redaction and exit codes are settings of this machine."""
    assert not run_layer({name: value}).values


def test_no_collector_is_chosen_by_a_run() -> None:
    """Secret headers in the variables of a collector would be sent there."""
    assert not run_layer({"otlp": "https://elsewhere.example.com"}).values


@pytest.mark.parametrize("name", ["execution_fields", "test_fields"])
def test_no_file_is_named_by_a_run(name: str) -> None:
    """The content of the file would be sent."""
    run_layer({name: '{"priority": "High"}'})

    with pytest.raises(SettingError, match="is the name of a file"):
        run_layer({name: "secrets.json"})


def test_the_way_there_is_that_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither proxy nor verification come from the run."""
    monkeypatch.setenv("XRAY_URL", HERE)
    theirs = {"url": HERE, "proxy": ELSEWHERE, "verify": "false", "report": "/x"}

    found = sent(theirs).settings

    assert (found.url, found.proxy, found.verify, found.report) == (HERE, "", True, "")


def test_another_address_is_refused_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names both addresses."""
    monkeypatch.setenv("XRAY_URL", HERE)

    with pytest.raises(SettingError) as caught:
        _ = sent({"url": ELSEWHERE}).settings

    assert ELSEWHERE in caught.value.message
    assert HERE in caught.value.message


def test_without_an_address_here_it_is_said_how_to_give_one() -> None:
    """Credentials of the environment are not sent to an address of the run."""
    with pytest.raises(SettingError, match="no address") as caught:
        _ = sent({"url": ELSEWHERE}).settings

    assert f"--url {ELSEWHERE}" in caught.value.hint
    assert "XRAY_URL" in caught.value.hint


def test_a_person_may_send_it_elsewhere() -> None:
    """An address on the command line is accepted."""
    assert sent({"url": ELSEWHERE}, url=HERE).settings.url == HERE


@pytest.mark.parametrize(
    ("name", "theirs", "mine"),
    [("project", "EVIL", "CALC"), ("test_execution", "EVIL-1", "CALC-1")],
)
def test_another_place_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, theirs: str, mine: str
) -> None:
    """Another project is refused unless the command line has it."""
    monkeypatch.setenv("XRAY_URL", HERE)
    monkeypatch.setenv(TABLE[name].environment, mine)

    with pytest.raises(SettingError, match=theirs) as caught:
        _ = sent({name: theirs}).settings

    assert mine in caught.value.message
    chosen = sent({name: theirs}, **{name: theirs}).settings
    assert getattr(chosen, name) == theirs


def test_what_is_only_written_goes_nowhere() -> None:
    """Without an upload any address is accepted."""
    settings = {"url": ELSEWHERE, "collect": "true"}

    assert sent(settings).settings.url == ""


def test_of_the_sandbox() -> None:
    """A run for the sandbox is not sent to a server, and vice versa."""
    with pytest.raises(SettingError, match="sandbox"):
        _ = sent({"sandbox": "true"}).settings

    assert sent({"sandbox": "true"}, sandbox="yes").settings.sandbox


FILES = {
    "pytest.ini": f"[pytest]\nxray_url = {HERE}",
    ".pytest.ini": f"[pytest]\nxray_url = {HERE}",
    "tox.ini": f"[pytest]\nxray_url = {HERE}",
    "setup.cfg": f"[tool:pytest]\nxray_url = {HERE}",
    "pyproject.toml": f'[tool.pytest.ini_options]\nxray_url = "{HERE}"',
    "pytest.toml": f'[pytest]\nxray_url = "{HERE}"',
}
FILES_OF_BEHAVE = {
    "behave.ini": f"[behave.userdata]\nxray_url = {HERE}",
    ".behaverc": f"[behave.userdata]\nxray_url = {HERE}",
    "tox.ini": f"[behave.userdata]\nxray_url = {HERE}",
    "setup.cfg": f"[behave.userdata]\nxray_url = {HERE}",
    "pyproject.toml": f'[tool.behave.userdata]\nxray_url = "{HERE}"',
}


@pytest.mark.parametrize(
    ("framework", "name", "content"),
    [
        *(("pytest", *each) for each in FILES.items()),
        *(("behave", *each) for each in FILES_OF_BEHAVE.items()),
        ("pytest", "pyproject.toml", f'[tool.pytest]\nxray_url = "{HERE}"'),
        ("report files", "pytest.ini", FILES["pytest.ini"]),
        ("report files", "behave.ini", FILES_OF_BEHAVE["behave.ini"]),
    ],
)
def test_the_address_of_this_checkout_counts(
    framework: str, name: str, content: str
) -> None:
    """A bare ``resend`` reads the files that the session has read."""
    Path(name).write_text(content, encoding="utf-8")

    assert sent({"url": HERE}, framework).settings.url == HERE


def test_the_right_file_of_several() -> None:
    """pytest takes the first file, even if empty; behave has its own."""
    Path("pytest.ini").touch()
    Path("tox.ini").write_text(f"[pytest]\nxray_url = {ELSEWHERE}", encoding="utf-8")
    Path("behave.ini").write_text(FILES_OF_BEHAVE["behave.ini"], encoding="utf-8")

    assert sent({}, "pytest").settings.url == ""
    assert sent({}, "behave").settings.url == HERE


def test_other_files_are_not_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files above the repository do not count."""
    (tmp_path / "pytest.ini").write_text(FILES["pytest.ini"], encoding="utf-8")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "deep").mkdir()
    monkeypatch.chdir(repository / "deep")

    assert sent({}).settings.url == ""


def test_a_broken_file_is_named() -> None:
    """The error has the name of the file."""
    Path("pytest.ini").write_text("[pytest\n", encoding="utf-8")

    with pytest.raises(SettingError, match=r"pytest\.ini cannot be read"):
        _ = sent({}).settings


def test_results_keep_what_they_were_recorded_with() -> None:
    """Files of this checkout do not change the results."""
    ini = f"[pytest]\nxray_url = {HERE}\nxray_summary = of the file"
    Path("pytest.ini").write_text(ini, encoding="utf-8")

    found = sent({"summary": "of the run"}).settings

    assert (found.summary, sent({}).settings.summary) == ("of the run", "")


def test_flags_that_say_it_again() -> None:
    """The flags are those of the connection, without secrets and timeouts."""
    said = {"url": HERE, "sandbox": "yes", "verify": "my ca.pem", "timeout": "1"}
    others = {"token": "a-token", "project": "CALC", "proxy": None}

    assert repeat_flags({**said, **others}) == (
        f"--sandbox --url {HERE} --verify 'my ca.pem'"
    )
