"""Files of other programs, held against the schemas that check-jsonschema brings."""

from __future__ import annotations

import check_jsonschema
from click.testing import CliRunner


def refused(schema: str, path: object, *flags: str) -> str:
    """What a schema has against a file; empty where that is nothing."""
    arguments = ("--builtin-schema", f"vendor.{schema}", *flags, str(path))
    found = CliRunner().invoke(check_jsonschema.main, arguments)
    return found.output if found.exit_code else ""
