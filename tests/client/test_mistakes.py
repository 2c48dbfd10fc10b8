"""Common mistakes in addresses and secrets, and notices of Xray."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import TOKEN, settings_of
from tests.scripted_xray import CREATED, MULTIPART, Sender, Xray
from xray_bridge import cli
from xray_bridge.client.connection import connect
from xray_bridge.config import parsers
from xray_bridge.errors import CredentialError, SettingError


if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://jira.example.com/jira"


@pytest.mark.parametrize(
    "behind",
    [
        "/rest/raven/2.0",
        "/rest/api/2/serverInfo",
        "/api/v2",
        "/browse/CALC-1",
        "/projects/CALC",
    ],
)
def test_more_than_the_base_url(behind: str) -> None:
    """The path behind a base URL is ignored, with a notice."""
    found = connect(settings_of(url=BASE + behind, token=TOKEN), {})

    assert found.url == BASE
    assert any(behind in notice for notice in found.notices)


@pytest.mark.parametrize("path", ["", "/jira", "/api", "/browser", "/rest"])
def test_context_path(path: str) -> None:
    """Any other path is the context path of the installation."""
    url = f"https://jira.example.com{path}"

    found = connect(settings_of(url=url, token=TOKEN), {})

    assert (found.url, found.notices) == (url, ())


def test_old_host_of_cloud() -> None:
    """The old host is refused, and the error names the new ones."""
    settings = settings_of(
        url="https://xray.cloud.xpand-it.com/api/v2", client_id="i", client_secret="s"
    )

    with pytest.raises(SettingError, match="old host") as caught:
        connect(settings, {})

    assert "https://eu.xray.cloud.getxray.app" in caught.value.hint


@pytest.mark.parametrize(
    "value",
    [
        "$(XRAY_TOKEN)",
        "$XRAY_TOKEN",
        "${XRAY_TOKEN}",
        "${{ secrets.XRAY_TOKEN }}",
        "%XRAY_TOKEN%",
        f"Bearer {TOKEN}",
        __file__,
    ],
)
@pytest.mark.parametrize("name", ["token", "password"])
def test_no_secret(name: str, value: str) -> None:
    """A value that cannot be the secret is refused before a login, and not shown."""
    user = {"user": "ann"} if name == "password" else {}
    settings = settings_of(url=BASE, **user, **{name: value})

    with pytest.raises(CredentialError, match=f"XRAY_{name.upper()}") as caught:
        connect(settings, {})

    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("value", ["$ecret", "pa$$word", "a/b+c==", "100%"])
def test_odd_password(value: str) -> None:
    """An unusual password is accepted."""
    settings = settings_of(url=BASE, user="ann", password=value)

    assert connect(settings, {}).url == BASE


def test_two_environments_in_one_name() -> None:
    """A name with a comma gives a notice: Server would create it."""
    settings = settings_of(url=BASE, token=TOKEN, environments="QA, DEV")

    assert "'QA;DEV'" in connect(settings, {}).notices[0]


def test_region(cloud: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """A refused login may be for another region; the hint names all."""
    refused = {"error": "Xray data is in another region"}
    cloud.script["/api/v2/authenticate"] = [_answer(refused, 401)]

    cli.main(["check", "--project", "CALC"])

    out = capsys.readouterr().out
    assert all(f"https://{each}.xray.cloud" in out for each in ("us", "eu", "au"))


def _answer(content: dict[str, Any], status: int) -> Any:
    from json import dumps

    from werkzeug import Response

    return Response(dumps(content), status, mimetype="application/json")


@pytest.mark.parametrize("info", [["Be told."], "Be told.", [{"message": "Be told."}]])
def test_info_messages(server: Xray, send: Sender, info: object) -> None:
    """Messages of Xray become notices, and change nothing else."""
    server.script[MULTIPART] = [{**CREATED, "infoMessages": info}]

    outcome = send()

    assert outcome.exit_code == 0
    assert "Be told." in outcome.output


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + b'{"a": "\xc3\xa4"}',
        codecs.BOM_UTF16_LE + '{"a": "ä"}'.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + '{"a": "ä"}'.encode("utf-16-be"),
    ],
)
def test_json_file_of_windows(tmp_path: Path, content: bytes) -> None:
    """A file with a mark, or in UTF-16 from PowerShell, is read."""
    path = tmp_path / "fields.json"
    path.write_bytes(content)

    assert parsers.fields(str(path)) == {"a": "ä"}


def test_names_that_others_use() -> None:
    """Names of other tools mean the same settings."""
    found = settings_of(project_key="CALC", test_plan_key="CALC-15")

    assert (found.project, found.test_plan) == ("CALC", "CALC-15")


CLOUD_URL = "https://eu.xray.cloud.getxray.app"
SERVER, CLOUD = "Xray Server/Data Center", "Xray Cloud"


@pytest.mark.parametrize(
    ("given", "seen", "meant", "other", "why", "hint"),
    [
        (
            {"url": CLOUD_URL, "token": TOKEN},
            "XRAY_TOKEN",
            CLOUD,
            SERVER,
            "the address is eu.xray.cloud.getxray.app",
            f"for {SERVER}, set xray_url to Jira's base URL",
        ),
        (
            {"url": CLOUD_URL, "user": "ann", "password": TOKEN},
            "XRAY_PASSWORD",
            CLOUD,
            SERVER,
            "the address is eu.xray.cloud.getxray.app",
            f"for {CLOUD}, set XRAY_CLIENT_ID and XRAY_CLIENT_SECRET",
        ),
        (
            {"url": BASE, "client_id": "i", "deployment": "server"},
            "XRAY_CLIENT_ID",
            SERVER,
            CLOUD,
            "set by xray_deployment",
            f"for {CLOUD}, remove xray_deployment",
        ),
        (
            {"url": BASE, "client_secret": TOKEN, "deployment": "server"},
            "XRAY_CLIENT_SECRET",
            SERVER,
            CLOUD,
            "set by xray_deployment",
            f"for {SERVER}, set XRAY_TOKEN, or XRAY_USER and XRAY_PASSWORD",
        ),
    ],
)
def test_credentials_of_the_other_product(  # noqa: PLR0913, PLR0917 - a table
    given: dict[str, str], seen: str, meant: str, other: str, why: str, hint: str
) -> None:
    """The error says what was seen, what it was taken for, and how to change it."""
    with pytest.raises(CredentialError) as caught:
        connect(settings_of(**given), {})

    assert caught.value.message == (
        f"{seen} is set, which is for {other}, but the settings mean {meant}: {why}"
    )
    assert hint in caught.value.hint


def test_server_without_an_address() -> None:
    """The error says why a server is expected."""
    with pytest.raises(SettingError) as caught:
        connect(settings_of(token=TOKEN), {})

    assert caught.value.message == (
        "no address: xray_url is not set, and the credential is a personal access token"
    )
    assert "for Cloud, set XRAY_CLIENT_ID" in caught.value.hint
