"""The Test Execution after the results: its status, sprint, files and links."""

from __future__ import annotations
