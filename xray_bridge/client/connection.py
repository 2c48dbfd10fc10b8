"""
The server, its credentials, proxy and certificates, settled before any request.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xray_bridge.client import log, mistakes
from xray_bridge.client.gateway import Gateway, OAuthGateway
from xray_bridge.client.pauses import Pauses
from xray_bridge.config import allow, embedded_sandbox, parsers, stored_connections
from xray_bridge.config.redaction import Redactor
from xray_bridge.config.secret import Secret
from xray_bridge.config.settings import CLOUD_URL, OAUTH
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import CredentialError, SettingError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER, Dialect


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.config.settings import Settings

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
XRAY_DOMAIN = "getxray.app"
PRIVATE_ENDINGS = (
    ".local",
    ".internal",
    ".localhost",
    ".lan",
    ".home.arpa",
    ".intranet",
    ".corp",
    ".test",
)
PRIVATE_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "::1/128",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# The pauses of each connection from settings.
PAUSES = Pauses()


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """User name and password, or e-mail address and API token."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A token that is sent unchanged."""

    token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """Xray Cloud's client id and secret, which are exchanged for a token."""

    client_id: str
    client_secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """Client id and secret of an Atlassian service account, for its Jira site."""

    client_id: str
    client_secret: Secret


Credentials = Basic | Bearer | ApiKey | ServiceAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """
    A server and how to reach it.

    ``why`` is the reason for the deployment. ``timeout`` is in seconds.
    ``proxies`` maps schemes to addresses; ``None``: decide from the environment.
    """

    dialect: Dialect
    why: str
    url: str
    credentials: Credentials
    verify: bool | str = True
    client_cert: str = ""
    proxies: Mapping[str, str] | None = None
    timeout: float = 60.0
    jira_url: str = ""
    jira_credentials: Basic | ServiceAccount | None = None
    notices: tuple[str, ...] = ()
    redactor: Redactor = field(default_factory=Redactor, compare=False)
    pauses: Pauses = PAUSES
    pages_url: str = ""
    # The way to Jira, once found, is kept for later requests.
    gateways: dict[str, Gateway] = field(default_factory=dict, compare=False)

    @property
    def gateway(self) -> Gateway:
        """The way to Jira, direct or through Atlassian's gateway."""
        return self.gateways.setdefault(self.site, self._make_gateway())

    def _make_gateway(self) -> Gateway:
        account = self.site_credentials
        if isinstance(account, ServiceAccount):
            return OAuthGateway(
                self.site, account.client_id, account.client_secret, self.redactor
            )
        return Gateway(self.site)

    @property
    def site(self) -> str:
        """Jira's base URL, if it is known."""
        return self.jira_url if self.dialect.name == CLOUD else self.url

    @property
    def pages(self) -> str:
        """The base URL of Jira's pages for people, if it is known."""
        return self.pages_url or self.site

    @property
    def site_credentials(self) -> Credentials | None:
        """The credentials for Jira, if there are any."""
        is_cloud = self.dialect.name == CLOUD
        return self.jira_credentials if is_cloud else self.credentials


def connect(
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    *,
    needs_xray: bool = True,
) -> Connection:
    """
    Make the connection that the settings describe, without network access.

    ``needs_xray``: else credentials for Jira Cloud's builds are enough. Raises
    SettingError and CredentialError.
    """
    environ = os.environ if environ is None else environ
    _refuse_both_kinds(settings)
    _refuse_unsendable(settings)
    mistakes.refuse_no_secrets(settings)
    try:
        name, why = _choose_deployment(settings)
        mistakes.refuse_other_product(settings, name, why)
        credentials = _CREDENTIALS[name](settings)
    except CredentialError:
        if needs_xray or not _has_builds_login(settings):
            raise
        name, why = CLOUD, "the credentials are for builds in Jira Cloud"
        credentials = ApiKey(client_id="", client_secret=Secret(""))
    url, _ = mistakes.base_url(settings.url)
    url = url or (CLOUD_URL if name == CLOUD else "")
    if not url:
        msg = f"no address: xray_url is not set, and {why}"
        raise SettingError(msg, hint=mistakes.SERVER_ADDRESS)
    line = f"{DIALECTS[name].product} at {url}: {why}"
    redactor = settings.redactor
    log.info(line, redactor.clean)
    return Connection(
        dialect=DIALECTS[name],
        why=why,
        url=url,
        credentials=credentials,
        verify=resolve_verify(settings, environ),
        client_cert=settings.client_cert,
        proxies=resolve_proxies(settings),
        timeout=settings.timeout,
        jira_url=settings.jira_url,
        jira_credentials=_jira_credentials(settings),
        notices=tuple(_list_notices(settings, name, url, environ)),
        redactor=redactor,
        pauses=PAUSES,
        pages_url=embedded_sandbox.find_pages(settings) if settings.sandbox else "",
    )


def _has_builds_login(settings: Settings) -> bool:
    return bool(settings.jira_client_secret or settings.jira_connect_key)


def _choose_deployment(settings: Settings) -> tuple[str, str]:
    """
    Return Server or Cloud, and the reason.

    The address is looked at first: Xray Cloud has its own, and a Jira site on
    atlassian.net never takes results.
    """
    host = urlsplit(settings.url).hostname or ""
    mistakes.base_url(settings.url)
    if host.endswith(".atlassian.net"):
        msg = f"xray_url is a Jira Cloud site ({host}), which does not take results"
        hint = f"remove xray_url or set it to {CLOUD_URL}; the site is xray_jira_url"
        raise SettingError(msg, hint=hint)
    if settings.deployment != "auto":
        return settings.deployment, "set by xray_deployment"
    if host == XRAY_DOMAIN or host.endswith(f".{XRAY_DOMAIN}"):
        return CLOUD, f"the address is {host}"
    if settings.client_id or settings.client_secret:
        return CLOUD, mistakes.BY_API_KEY
    if settings.token:
        return SERVER, "the credential is a personal access token"
    if settings.user or settings.password:
        return SERVER, "the credentials are a user and a password"
    raise mistakes.no_credentials("either", mistakes.NEEDED["either"])


def _refuse_both_kinds(settings: Settings) -> None:
    kinds = {
        "a personal access token (XRAY_TOKEN)": settings.token,
        "a password (XRAY_PASSWORD)": settings.password,
        "an API key (XRAY_CLIENT_ID, XRAY_CLIENT_SECRET)": settings.client_secret,
    }
    found = [name for name, secret in kinds.items() if secret]
    if len(found) > 1:
        msg = f"several kinds of credentials are set: {' and '.join(found)}"
        raise CredentialError(msg, hint="keep one of them and unset the others")


def _refuse_unsendable(settings: Settings) -> None:
    for secret in settings.secrets().values():
        try:
            secret.reveal().encode()
        except UnicodeEncodeError:
            msg = "a credential has bytes that are not UTF-8"
            raise CredentialError(msg, hint="check its variable or file") from None


def _server_credentials(settings: Settings) -> Credentials:
    if settings.token:
        return Bearer(token=header_safe(settings.token, "XRAY_TOKEN"))
    if settings.user and settings.password:
        return Basic(user=settings.user, password=settings.password)
    if settings.user or settings.password:
        missing = "XRAY_PASSWORD" if settings.user else "XRAY_USER"
        msg = f"incomplete credentials: {missing} is not set"
        raise CredentialError(msg, hint=mistakes.NEEDED[SERVER])
    raise mistakes.no_credentials(SERVER, mistakes.NEEDED[SERVER])


def _cloud_credentials(settings: Settings) -> Credentials:
    if settings.client_id and settings.client_secret:
        return ApiKey(
            client_id=settings.client_id, client_secret=settings.client_secret
        )
    if settings.client_id or settings.client_secret:
        missing = "XRAY_CLIENT_SECRET" if settings.client_id else "XRAY_CLIENT_ID"
        msg = f"incomplete credentials: {missing} is not set"
        raise CredentialError(msg, hint=mistakes.NEEDED[CLOUD])
    raise mistakes.no_credentials(CLOUD, mistakes.NEEDED[CLOUD])


_CREDENTIALS = {SERVER: _server_credentials, CLOUD: _cloud_credentials}


def header_safe(secret: Secret, variable: str) -> Secret:
    """Return a token that a header can hold. Raises CredentialError."""
    if not re.fullmatch(r"[\x21-\x7e]+", secret.reveal()):
        msg = f"{variable} has characters that a token cannot have"
        hint = "set it to the token alone, without blanks or line ends"
        raise CredentialError(msg, hint=hint)
    return secret


def _jira_credentials(settings: Settings) -> Basic | ServiceAccount | None:
    if settings.jira_url and settings.jira_user and settings.jira_token:
        if settings.jira_auth == OAUTH:
            return ServiceAccount(
                client_id=settings.jira_user, client_secret=settings.jira_token
            )
        return Basic(user=settings.jira_user, password=settings.jira_token)
    return None


def resolve_verify(settings: Settings, environ: Mapping[str, str]) -> bool | str:
    """Return whether certificates are verified, or a path. Raises SettingError."""
    if settings.verify is not True:
        return settings.verify
    for name in CA_VARIABLES:
        if path := environ.get(name):
            try:
                return parsers.pem(path)
            except ValueError as error:
                # SSL_CERT_FILE and the others may also name a folder of hashes.
                if os.path.isdir(path):  # noqa: PTH112
                    return path
                msg = f"{name}: {error}"
                raise SettingError(msg) from None
    return True


def resolve_proxies(settings: Settings) -> Mapping[str, str] | None:
    """Return proxies by scheme; None: those of the environment."""
    if settings.skip_proxy:
        return {}
    if settings.proxy:
        return {"http": settings.proxy, "https": settings.proxy}
    return None


def _list_notices(
    settings: Settings, name: str, url: str, environ: Mapping[str, str]
) -> list[str]:
    notices = [*mistakes.list_notices(settings)]
    if settings.verify is False:
        notices.append("TLS certificates are not verified (xray_verify = false)")
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        if name == CLOUD:
            msg = f"Xray Cloud does not accept http: {url}"
            raise SettingError(msg, hint="write https://")
        refuse_open_http(url, environ)
        notices.append(
            f"credentials are sent unencrypted to {url}; use https if you can"
        )
    return notices


def refuse_open_http(url: str, environ: Mapping[str, str] | None = None) -> None:
    """
    Refuse to send credentials unencrypted through public networks.

    Raises SettingError, with the line that allows it.
    """
    environ = os.environ if environ is None else environ
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or is_private(host):
        return
    if host in stored_connections.read_allowed(environ).http:
        return
    msg = f"credentials would be sent unencrypted to {url}, which is not a private host"
    line = allow.hint_for("http", host, stored_connections.own_file(environ))
    raise SettingError(msg, hint=f"write https://; or, {line}")


def is_private(host: str) -> bool:
    """
    Whether name or address show that a host is in a private network.

    Private are names without a dot and names that no public resolver knows (RFC 6761,
    6762, 8375, and ICANN's ``internal``), and private, loopback and link-local
    addresses.
    """
    plain = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        looks_like_a_number = plain.replace("x", "").isalnum() and plain[:1].isdigit()
        if "." not in plain:
            return not looks_like_a_number
        return plain.endswith(PRIVATE_ENDINGS)
    return any(address in network for network in PRIVATE_NETWORKS)


def deployment_of(settings: Settings) -> str:
    """
    Return the deployment that the settings name, Server if they name none.

    Credentials are not needed. Raises SettingError for an address that is not Xray's.
    """
    try:
        return _choose_deployment(settings)[0]
    except CredentialError:
        return SERVER
