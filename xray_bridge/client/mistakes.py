"""
Common mistakes in addresses and secrets, found before a login is attempted.
"""

from __future__ import annotations

import os.path
import re
from typing import TYPE_CHECKING

from xray_bridge.errors import CredentialError, SettingError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.client.connection import Connection
    from xray_bridge.config.secret import Secret
    from xray_bridge.config.settings import Settings

OLD_HOST = "xray.cloud.xpand-it.com"
NEW_HOST = "https://xray.cloud.getxray.app"
REGIONS = ", ".join(
    f"https://{each}.xray.cloud.getxray.app" for each in ("us", "eu", "au")
)
REGION_HINT = (
    f"if your data is in a region of its own, set xray_url to one of {REGIONS}"
)
# Paths that people copy from an address bar or a manual.
BEYOND_BASE = re.compile(r"/(?:rest/(?:raven|api)|api/v[12]|browse|projects)(?:/.*)?$")
UNEXPANDED = re.compile(
    r"\$(?:[A-Z_][A-Z0-9_]*|\(\w+\)|\{\w+\}|\{\{.*\}\})|%[A-Z_][A-Z0-9_]*%"
)
SCHEMES = ("bearer ", "basic ")
# What to set, by product.
NEEDED = {
    "either": "for Server/Data Center, set XRAY_TOKEN, or XRAY_USER and XRAY_PASSWORD; "
    "for Cloud, set XRAY_CLIENT_ID and XRAY_CLIENT_SECRET",
    SERVER: "set XRAY_TOKEN, or XRAY_USER and XRAY_PASSWORD",
    CLOUD: "set XRAY_CLIENT_ID and XRAY_CLIENT_SECRET",
}
# Settings of credentials that only one product has; a user alone may be a leftover.
OF_ONE_PRODUCT = {
    SERVER: ("token", "password"),
    CLOUD: ("client_id", "client_secret"),
}
OWN = {**OF_ONE_PRODUCT, SERVER: (*OF_ONE_PRODUCT[SERVER], "user")}
# What to change if the other product was meant.
FOR_OTHER = {
    SERVER: "remove xray_deployment",
    CLOUD: "set xray_url to Jira's base URL, and remove xray_deployment",
}
SERVER_ADDRESS = (
    "set XRAY_URL to Jira's base URL; for Cloud, set XRAY_CLIENT_ID and "
    "XRAY_CLIENT_SECRET instead"
)
# Why credentials alone decide for Cloud.
BY_API_KEY = "the credentials are a client id and secret"


def base_url(url: str) -> tuple[str, str]:
    """
    Split an address into the base URL and the path behind it.

    Raises SettingError for the old host of Xray Cloud.
    """
    if OLD_HOST in url:
        msg = f"xray_url is the old host of Xray Cloud ({OLD_HOST})"
        raise SettingError(msg, hint=f"set {NEW_HOST}; {REGION_HINT}")
    found = BEYOND_BASE.search(url)
    return (url[: found.start()], found[0]) if found else (url, "")


def refuse_no_secrets(settings: Settings) -> None:
    """
    Refuse values that cannot be the secret, such as the path of its file.

    Raises CredentialError, whose message does not contain the value.
    """
    for name in ("token", "password", "client_secret", "jira_token"):
        refuse_no_secret(settings, name)


def refuse_no_secret(settings: Settings, name: str) -> None:
    """Refuse one value that cannot be the secret. Raises CredentialError."""
    secret: Secret = getattr(settings, name)
    why = _find_fault(secret.reveal())
    if why:
        msg = f"XRAY_{name.upper()} is {why}"
        hint = "set it to the secret itself, or name its file in "
        hint += f"XRAY_{name.upper()}_FILE"
        raise CredentialError(msg, hint=hint)


def _find_fault(value: str) -> str:
    if UNEXPANDED.fullmatch(value):
        return "a reference to a variable, not its value"
    if value.lower().startswith(SCHEMES):
        return f"a complete header: leave out {value.partition(' ')[0]!r}"
    if os.path.sep in value and os.path.isfile(value):  # noqa: PTH113 - no Path: NUL
        return "the path of a file"
    return ""


def no_credentials(product: str, hint: str) -> CredentialError:
    """Make the error for one product, or for ``either``."""
    whose = "" if product == "either" else f" for {DIALECTS[product].product}"
    return CredentialError(f"no credentials{whose}", hint=hint)


def refuse_other_product(settings: Settings, name: str, why: str) -> None:
    """
    Refuse credentials that only the other product has.

    ``name`` is the product that the settings were taken for, ``why`` the reason. Raises
    CredentialError, which says what was seen.
    """
    other = next(each for each in OF_ONE_PRODUCT if each != name)
    seen = _find_given(settings, OF_ONE_PRODUCT[other])
    if not seen or _find_given(settings, OWN[name]):
        return
    product, meant = DIALECTS[name].product, DIALECTS[other].product
    msg = (
        f"XRAY_{seen.upper()} is set, which is for {meant}, but the settings mean "
        f"{product}: {why}"
    )
    hint = f"for {product}, {NEEDED[name]}; for {meant}, {FOR_OTHER[name]}"
    raise CredentialError(msg, hint=hint)


def _find_given(settings: Settings, names: Iterable[str]) -> str:
    """Return the first of these settings that is set."""
    return next((name for name in names if getattr(settings, name)), "")


def describe_guess(connection: Connection) -> str:
    """Return a hint if the credentials alone decided for Xray Cloud."""
    if connection.why != BY_API_KEY:
        return ""
    return (
        f"{connection.url} was taken for Xray Cloud, because {BY_API_KEY}. For Xray "
        "Cloud, unset xray_url; for Jira Server or Data Center, set XRAY_TOKEN and "
        "unset XRAY_CLIENT_ID and XRAY_CLIENT_SECRET"
    )


def list_notices(settings: Settings) -> Iterator[str]:
    """Return notices on values that are allowed but usually wrong."""
    _, behind = base_url(settings.url)
    if behind:
        yield f"xray_url should be a base URL: {behind} is ignored"
    for name in settings.environments:
        if "," in name:
            parts = ";".join(part.strip() for part in name.split(","))
            yield f"xray_environments is one name, {name!r}; for several: {parts!r}"
