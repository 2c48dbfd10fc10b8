"""
Ask a collector over HTTP, by the rules of all requests: no redirect, no long answer.

The variables of the collector may have secret headers, which requests would send on to
any host that a redirect names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.transport import PlainSession


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.lean import requests

# Bytes of an answer that are read; it is not needed.
LONGEST_ANSWER = 1 << 16
REDIRECTED = "it answers with a redirect, which is not followed"


class RefusedAnswerError(OSError):
    """The collector's answer is none; an OSError, as the errors of requests are."""


class CollectorSession(PlainSession):
    """
    Reads the beginning of answers, and follows no redirect.

    ``verify`` and ``proxies`` are those of the settings. ``failure`` is why the last
    request got no answer: some exporters raise it, others do not even log it.
    """

    failure: OSError | None = None

    def __init__(self, verify: bool | str, proxies: Mapping[str, str]) -> None:
        super().__init__()
        self._verify = verify
        self.proxies = dict(proxies)

    def send(self, request: requests.PreparedRequest, **options: Any) -> Any:
        """
        Send a request.

        Raises RefusedAnswerError for a redirect, which OpenTelemetry takes as success.
        """
        self.failure = None
        try:
            return self._send(request, options)
        except OSError as error:
            self.failure = error
            raise

    def _send(self, request: requests.PreparedRequest, options: dict[str, Any]) -> Any:
        if options.get("verify") is True:
            # The exporter names a file only if a variable of its own does.
            options["verify"] = self._verify
        response = super().send(request, **{**options, "stream": True})
        if 300 <= response.status_code < 400:  # noqa: PLR2004
            response.close()
            raise RefusedAnswerError(REDIRECTED)
        beginning = next(response.iter_content(LONGEST_ANSWER), b"")
        response.close()
        # As requests keeps a body that has been read.
        response._content = beginning  # noqa: SLF001
        return response
