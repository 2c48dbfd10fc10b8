"""
The errors that are raised on purpose: one class for each situation of a user.

Each class has an exit code and a slug, which is a heading in ``docs/errors.md``. The
message says what happened, the hint what to do.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar


if TYPE_CHECKING:
    from collections.abc import Mapping


class XrayBridgeError(Exception):
    """The root of all errors that are raised on purpose."""

    slug: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return message and hint on one line, as the command prints them."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(XrayBridgeError):
    """A command line, a mark or a file is wrong."""

    slug = "usage"


class SettingError(UsageError):
    """A setting is unknown, malformed, missing or in the wrong place."""

    slug = "setting"


class CredentialError(UsageError):
    """Credentials are missing, doubled, or of the wrong kind."""

    slug = "credentials"


class SecretInPlainSightError(CredentialError):
    """A secret is on a command line or in a file of the repository."""

    slug = "secret-in-plain-sight"


class ConnectionDisabledError(UsageError):
    """The named connection is disabled."""

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
    """The Tests that ``select`` names could not be found."""

    slug = "selection"


class DatasetError(UsageError):
    """A dataset has no rows, or its columns do not fit a test."""

    slug = "dataset"


class DeliveryError(XrayBridgeError):
    """A request was not delivered; the server has processed nothing."""

    slug = "not-delivered"
    exit_code = 80


class UnreachableError(DeliveryError):
    """There was no connection: unknown name, refused, or timed out before sending."""

    slug = "unreachable"


class UnansweredError(UnreachableError):
    """A query got no answer; no results were sent with it."""

    slug = "unanswered"


class TlsError(DeliveryError):
    """The server's certificate was not accepted."""

    slug = "tls"


class ProxyError(UnreachableError):
    """The proxy does not connect to the server."""

    slug = "proxy"


class RedirectedError(DeliveryError):
    """The server answered with a redirect, which is never followed."""

    slug = "redirected"


class NotXrayError(DeliveryError):
    """The answer is not from Xray or Jira."""

    slug = "not-xray"


class AuthenticationError(DeliveryError):
    """The server does not accept the credentials."""

    slug = "authentication"


class StoreError(DeliveryError):
    """The bucket with the parts of a CI run could not be read or written."""

    slug = "bucket"


class RefusedError(DeliveryError):
    """
    The server refused the request.

    ``said`` is the server's own reason; empty if it gives none. ``fields``: the ids
    of the fields that Jira refuses, each with its reason.
    """

    slug = "refused"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int = 0,
        said: str = "",
        fields: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.said = said
        self.fields = fields


class BusyError(DeliveryError):
    """The server asks to wait longer than the deadline allows."""

    slug = "busy"


class AmbiguousError(XrayBridgeError):
    """
    The server may or may not have processed the request.

    ``answered``: the server itself has ended the request, and is not working on it.
    """

    slug = "ambiguous"
    exit_code = 81

    def __init__(self, message: str, *, hint: str = "", answered: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.answered = answered


class ClaimedError(XrayBridgeError):
    """Another merge job has claimed the parts, and has not delivered them yet."""

    slug = "claimed"
    exit_code = 81


class PartlyRefusedError(XrayBridgeError):
    """The results were delivered, but Xray refused some of them."""

    slug = "partly-refused"
    exit_code = 84


class CommentError(XrayBridgeError):
    """The results were delivered, but no comment could be written."""

    slug = "comment"
    exit_code = 84


class GateError(XrayBridgeError):
    """A rule of the gate is not kept."""

    slug = "gate"
    exit_code = 86


class CheckError(XrayBridgeError):
    """``xray-bridge check`` found something wrong."""

    slug = "check"
    exit_code = 85
