"""
What keys of Jira look like, as regular expressions.
"""

from __future__ import annotations


KEY = r"[A-Z][A-Z0-9_]+-[1-9][0-9]*"
PROJECT = r"[A-Z][A-Z0-9_]+"
