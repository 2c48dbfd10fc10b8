"""Versions and sprints of a project."""

from __future__ import annotations
