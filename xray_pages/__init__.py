"""
Web pages of test results: the report of a run, and the pages of the sandbox.

The values in ``values`` are what a page shows. Whoever has results converts them to
these values; ``rendering`` makes HTML of them. This package knows neither run
directories nor the sandbox. It needs Jinja2.
"""

from __future__ import annotations

from xray_pages.rendering import write_report


__all__ = ["write_report"]
