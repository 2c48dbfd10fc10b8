"""What happens in Jira beside the import of results: builds, defects, releases."""

from __future__ import annotations
