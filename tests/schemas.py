"""Check files of other programs with the schemas of check-jsonschema."""

from __future__ import annotations

import check_jsonschema
from click.testing import CliRunner


def refused(schema: str, path: object, *flags: str) -> str:
    """The errors of a file by a schema; empty if there are none."""
    arguments = ("--builtin-schema", f"vendor.{schema}", *flags, str(path))
    found = CliRunner().invoke(check_jsonschema.main, arguments)
    return found.output if found.exit_code else ""
