"""Builds and deployments in Jira: what Jira's development panel shows of a run."""

from __future__ import annotations
