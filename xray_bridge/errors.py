"""
What goes wrong on purpose: one class per situation a user can be in.

Each class has a slug, which is a heading in ``docs/errors.md``, and an exit
code. The message says what happened; the hint says what to do about it.
"""

from __future__ import annotations

from typing import ClassVar


class XrayBridgeError(Exception):
    """The root of all errors that are raised on purpose."""

    slug: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Message and hint on one line, as the edge prints them."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(XrayBridgeError):
    """A command line, a mark or a file that cannot be meant this way."""

    slug = "usage"


class SettingError(UsageError):
    """A setting is unknown, malformed, missing or in the wrong place."""

    slug = "setting"


class CredentialError(UsageError):
    """Credentials are missing, doubled, or of the wrong kind."""

    slug = "credentials"


class SecretInPlainSightError(CredentialError):
    """A secret stands on a command line or in a file that is checked in."""

    slug = "secret-in-plain-sight"


class ConnectionDisabledError(UsageError):
    """The connection that is named keeps its settings and is not to be used."""

    slug = "connection-disabled"


class RunDirectoryError(XrayBridgeError):
    """A run directory cannot be made, read or claimed."""

    slug = "run-directory"
    exit_code = 83


class RunInUseError(RunDirectoryError):
    """Another process writes or sends this run."""

    slug = "run-in-use"


class ReportError(XrayBridgeError):
    """The report could not be written or read."""

    slug = "report"
    exit_code = 83


class FeaturesError(XrayBridgeError):
    """Feature files could not be exported or imported."""

    slug = "features"
    exit_code = 82


class SelectionError(UsageError):
    """There is no telling which tests ``select`` means."""

    slug = "selection"


class DeliveryError(XrayBridgeError):
    """Results or questions did not get through; nothing was processed."""

    slug = "not-delivered"
    exit_code = 80


class UnreachableError(DeliveryError):
    """No connection: name unknown, refused, timed out before anything was sent."""

    slug = "unreachable"


class UnansweredError(UnreachableError):
    """A question got no answer; no results went out with it."""

    slug = "unanswered"


class TlsError(DeliveryError):
    """The server's certificate was not accepted."""

    slug = "tls"


class ProxyError(UnreachableError):
    """The proxy does not lead to the server."""

    slug = "proxy"


class RedirectedError(DeliveryError):
    """The server answered with a redirect, which is never followed."""

    slug = "redirected"


class NotXrayError(DeliveryError):
    """What answered is not an Xray endpoint."""

    slug = "not-xray"


class AuthenticationError(DeliveryError):
    """The server does not accept the credentials."""

    slug = "authentication"


class RefusedError(DeliveryError):
    """
    The server understood the request and said no.

    ``said`` is the reason in its own words; empty where it gives none.
    """

    slug = "refused"

    def __init__(
        self, message: str, *, hint: str = "", status: int = 0, said: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.said = said


class BusyError(DeliveryError):
    """The server asks to come back later than the deadline allows."""

    slug = "busy"


class AmbiguousError(XrayBridgeError):
    """
    No telling whether the server processed the request.

    ``answered``: the server itself has ended the request, and works at it no longer.
    """

    slug = "ambiguous"
    exit_code = 81

    def __init__(self, message: str, *, hint: str = "", answered: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.answered = answered


class PartlyRefusedError(XrayBridgeError):
    """Delivered, but Xray refused some results."""

    slug = "partly-refused"
    exit_code = 84


class CheckError(XrayBridgeError):
    """``xray-bridge check`` found something wrong."""

    slug = "check"
    exit_code = 85
