"""The connection that settings describe: server and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import settings_of
from xray_bridge.client.connection import (
    CA_VARIABLES,
    ApiKey,
    Basic,
    Bearer,
    Connection,
    connect,
    is_private,
)
from xray_bridge.config.secret import Secret
from xray_bridge.config.settings import Settings
from xray_bridge.errors import CredentialError, SettingError, XrayBridgeError


if TYPE_CHECKING:
    from pathlib import Path

SERVER = {"url": "https://jira.example.com"}
PAT = {**SERVER, "token": "hunter22"}
CLOUD = {"client_id": "id", "client_secret": "hunter22"}


def connected(
    given: dict[str, str], environ: dict[str, str] | None = None
) -> Connection:
    """The connection that settings make."""
    return connect(settings_of(**given), environ or {})


@pytest.mark.parametrize(
    ("given", "deployment", "why"),
    [
        (PAT, "server", "personal access token"),
        ({**SERVER, "user": "ann", "password": "hunter22"}, "server", "a password"),
        (CLOUD, "cloud", "client id"),
        (
            {**CLOUD, "url": "https://us.xray.cloud.getxray.app"},
            "cloud",
            "address is us.xray.cloud.getxray.app",
        ),
        ({**PAT, "deployment": "datacenter"}, "server", "set by xray_deployment"),
        ({**CLOUD, "deployment": "cloud"}, "cloud", "set by xray_deployment"),
    ],
)
def test_deployment_is_decided(
    given: dict[str, str], deployment: str, why: str
) -> None:
    """The address decides first, then the kind of credential; the reason is kept."""
    found = connected(given)

    assert found.dialect.name == deployment
    assert why in found.why


@pytest.mark.parametrize("host", ["evilgetxray.app", "getxray.app.example.com"])
def test_deployment_is_not_decided_by_a_look_alike(host: str) -> None:
    """Only Xray's own domain means Cloud."""
    found = connected({**PAT, "url": f"https://{host}"})

    assert found.dialect.name == "server"


@pytest.mark.parametrize(
    ("given", "credentials"),
    [
        (PAT, Bearer(token=Secret("hunter22"))),
        (
            {**SERVER, "user": "ann", "password": 'p":\\ä'},
            Basic(user="ann", password=Secret('p":\\ä')),
        ),
        (CLOUD, ApiKey(client_id="id", client_secret=Secret("hunter22"))),
    ],
)
def test_credentials(given: dict[str, str], credentials: object) -> None:
    """The credentials have the kind that was set."""
    assert connected(given).credentials == credentials


@pytest.mark.parametrize(
    "given",
    [
        {},
        SERVER,
        {**SERVER, "deployment": "server"},
        {"deployment": "cloud"},
        {**SERVER, "user": "ann"},
        {**SERVER, "password": "hunter22"},
        {"client_id": "id"},
        {"client_secret": "hunter22"},
        {**PAT, **CLOUD},
        {**PAT, "user": "ann", "password": "hunter22"},
        {**PAT, "deployment": "cloud"},
        {**CLOUD, **SERVER, "deployment": "server"},
        {**SERVER, "token": "two words"},
        {**SERVER, "token": "a\r\nX-Evil: b"},
        {**SERVER, "token": "t\u00e4ken"},
    ],
)
def test_credentials_that_cannot_be_meant(given: dict[str, str]) -> None:
    """Missing, half, double or wrong credentials are refused and never shown."""
    with pytest.raises(CredentialError) as caught:
        connected(given)

    assert caught.value.hint
    assert "hunter22" not in str(caught.value)


def test_address_is_missing() -> None:
    """Server has no default address."""
    with pytest.raises(SettingError, match="xray_url is not set"):
        connected({"token": "hunter22"})


def test_address_of_cloud_is_known() -> None:
    """Cloud has a default address."""
    assert connected(CLOUD).url == "https://xray.cloud.getxray.app"


def test_jira_s_site_is_not_xray() -> None:
    """A Jira Cloud site is refused, with the address to use instead."""
    with pytest.raises(SettingError, match="does not take results") as caught:
        connected({**CLOUD, "url": "https://ann.atlassian.net"})

    assert "jira_url" in caught.value.hint


@pytest.mark.fault("D02")
def test_cloud_is_not_reached_over_http() -> None:
    """Cloud is refused over http: its token must not be sent unencrypted."""
    with pytest.raises(SettingError, match="does not accept http"):
        connected({**CLOUD, "url": "http://xray.cloud.getxray.app"})


@pytest.mark.fault("D02")
def test_server_over_http_is_noticed() -> None:
    """Server over http on an intranet gives one notice."""
    (notice,) = connected({**PAT, "url": "http://jira.internal"}).notices

    assert "unencrypted" in notice


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]:8080"])
def test_this_machine_over_http_is_fine(host: str) -> None:
    """The local machine over http gives no notice."""
    assert connected({**PAT, "url": f"http://{host}"}).notices == ()


def test_unverified_is_noticed() -> None:
    """Certificates that are not verified give a notice each time."""
    found = connected({**PAT, "verify": "false"})

    assert found.verify is False
    assert "not verified" in found.notices[0]


def test_verification_is_not_turned_off_by_an_empty_variable() -> None:
    """Only ``false`` turns verification off."""
    settings = settings_of(**PAT, verify="${CA_BUNDLE:-}")

    assert connect(settings, {}).verify is True


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_bundle_of_the_environment(tmp_path: Path, variable: str) -> None:
    """The variables of requests, curl and OpenSSL name a bundle."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")

    found = connected(PAT, {variable: str(bundle)})

    assert found.verify == str(bundle)


def test_bundle_of_the_environment_that_is_missing() -> None:
    """A missing bundle is an error before the first test that names the variable."""
    with pytest.raises(SettingError, match=r"REQUESTS_CA_BUNDLE: 'gone.pem' cannot"):
        connected(PAT, {"REQUESTS_CA_BUNDLE": "gone.pem"})


def test_folder_of_certificates(tmp_path: Path) -> None:
    """A folder of certificates with OpenSSL's hashes is accepted, too."""
    assert connected(PAT, {"SSL_CERT_FILE": str(tmp_path)}).verify == str(tmp_path)


def test_verification_that_was_set_goes_first(tmp_path: Path) -> None:
    """The setting wins over the environment."""
    found = connected({**PAT, "verify": "no"}, {"SSL_CERT_FILE": str(tmp_path)})

    assert found.verify is False


@pytest.mark.parametrize(
    ("given", "proxies"),
    [
        ({}, None),
        ({"skip_proxy": "yes", "proxy": "http://p.example.com:3128"}, {}),
        (
            {"proxy": "http://p.example.com:3128"},
            {"http": "http://p.example.com:3128", "https": "http://p.example.com:3128"},
        ),
    ],
)
def test_proxies(given: dict[str, str], proxies: object) -> None:
    """The settings give no decision, no proxy, or one proxy for both schemes."""
    assert connected({**PAT, **given}).proxies == proxies


def test_pages_of_the_embedded_sandbox() -> None:
    """They are shown by `xray-bridge sandbox`, after the session's sandbox is gone."""
    local = {"url": "http://127.0.0.1:40001", "user": "u", "password": "hunter22"}

    assert connected(local).pages == "http://127.0.0.1:40001"
    assert connected({**local, "sandbox": "yes"}).pages == "http://127.0.0.1:8979"


def test_jira_of_a_cloud_site() -> None:
    """Address, user and token together make a login."""
    found = connected(
        {
            **CLOUD,
            "jira_url": "https://ann.atlassian.net",
            "jira_user": "ann@example.com",
            "jira_token": "jira-hunter",
        }
    )

    assert found.site == "https://ann.atlassian.net"
    assert found.jira_credentials == Basic(
        user="ann@example.com", password=Secret("jira-hunter")
    )


def test_site_of_a_server_is_its_address() -> None:
    """On Server, the Jira site is the address."""
    assert connected(PAT).site == "https://jira.example.com"


def test_secrets_are_known_to_the_redactor() -> None:
    """The redactor knows all secrets, Jira's token and user with password included."""
    found = connected(
        {**SERVER, "user": "ann", "password": "hunter22", "jira_token": "jira-hunter"}
    )

    cleaned = found.redactor.clean("hunter22 YW5uOmh1bnRlcjIy jira-hunter")

    assert cleaned == "*** *** ***"


@pytest.mark.parametrize("given", [PAT, CLOUD])
def test_connection_shows_no_secret(given: dict[str, str]) -> None:
    """The repr of a connection has no secret."""
    assert "hunter22" not in repr(connected(given))


def test_errors_are_of_one_family() -> None:
    """All errors have one base class, so that the command catches them."""
    assert issubclass(CredentialError, XrayBridgeError)
    assert CredentialError.exit_code == SettingError.exit_code == 2


PRIVATE = (
    "localhost",
    "127.8.8.8",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.1.1",
    "::1",
    "fd00::1",
    "fe80::1",
    "jira",
    "jira.local",
    "jira.corp.internal",
    "jira.home.arpa",
)
PUBLIC = (
    "jira.example.com",
    "8.8.8.8",
    "172.32.0.1",
    "2606:4700::1",
    "local.example.com",
    "0x08080808",
    "134744072",
    "10.0.0.1.example.com",
)


@pytest.mark.parametrize("host", PRIVATE)
def test_private_hosts(host: str) -> None:
    """Names and addresses of private networks are private."""
    assert is_private(host)


@pytest.mark.parametrize("host", PUBLIC)
def test_hosts_that_are_not_private(host: str) -> None:
    """Public names and addresses are not private, in any spelling."""
    assert not is_private(host)


def test_no_credentials_in_clear_text(tmp_path: Path) -> None:
    """Credentials go unencrypted to a public host only if a person allows it."""
    own = tmp_path / "own.toml"
    environ = {"XRAY_CONNECTIONS_FILE": str(own)}
    given = {"url": "http://jira.example.com", "token": Secret("a-token")}

    with pytest.raises(SettingError, match="unencrypted") as caught:
        connect(Settings(given), environ)
    own.write_text('[allow]\nhttp = ["jira.example.com"]\n', encoding="utf-8")
    own.chmod(0o600)

    assert 'http = ["jira.example.com"]' in caught.value.hint
    assert "unencrypted" in connect(Settings(given), environ).notices[0]
