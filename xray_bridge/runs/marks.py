"""
Where the label stands by which a run's Test Execution is found again.

Jira's names of its own fields, as JQL and its answers have them.
"""

from __future__ import annotations


LABELS = "labels"
DESCRIPTION = "description"
SUMMARY = "summary"
