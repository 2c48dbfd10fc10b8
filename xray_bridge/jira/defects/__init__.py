"""Bugs for failures: found by their fingerprint, created once, closed after a while."""

from __future__ import annotations
