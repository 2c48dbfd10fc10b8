"""
The field with the label by which a run's Test Execution is found again.

These are Jira's names of its fields, in JQL and in answers.
"""

from __future__ import annotations


LABELS = "labels"
DESCRIPTION = "description"
SUMMARY = "summary"
