"""Requirements: their list, their coverage, and their links to Tests."""

from __future__ import annotations
