"""
Checks that Jira has the custom fields of Xray and those in the settings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.check.finding import TO_ASK_JIRA, Finding, ask_question
from xray_bridge.check.screen import check_screen
from xray_bridge.client.import_requests import with_fields_object
from xray_bridge.client.jira import find_custom_fields
from xray_bridge.config.settings import TABLE
from xray_bridge.model.execution_fields import XRAY_FIELDS


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from xray_bridge.check.site import JiraSite
    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings

CUSTOM = re.compile(r"customfield_[0-9]+")


def check_fields(
    settings: Settings, connection: Connection, site: JiraSite
) -> Iterator[Finding]:
    """Check Xray's fields, if the product has them in Jira, and then the user's."""
    named = _list_custom_fields(settings)
    is_custom = not connection.dialect.xray_fields
    if not site.knows_jira:
        if named or is_custom:
            message = f"only Jira knows whether it has {', '.join(named)}"
            yield Finding(what="fields", ok=None, message=message, hint=TO_ASK_JIRA)
        return
    listed: list[Any] = []

    def question() -> Finding:
        listed.extend(site.jira.list_fields())
        return (
            _check_xray_fields(settings, listed)
            if is_custom
            else _check_given_fields(named, listed)
        )

    if named or is_custom:
        what = "fields" if is_custom else "execution_fields"
        yield ask_question(what, question, decides=False)
    if is_custom and named and listed:
        yield _check_given_fields(named, listed)
    if settings.project and not settings.test_execution:
        custom = find_custom_fields(listed) if is_custom and listed else {}
        yield from check_screen(settings, site, custom)


def _check_xray_fields(settings: Settings, listed: list[Any]) -> Finding:
    known = find_custom_fields(listed)
    missing = [each for each in XRAY_FIELDS if each.name not in known]
    wanted = [each.title for each in missing if settings.is_given(TABLE[each.name])]
    if wanted:
        return Finding(
            what="fields",
            ok=None,
            message=f"Jira has no Xray field for {', '.join(wanted)}",
            hint="a second request sets it; check that this project has Xray's field",
        )
    there = ", ".join(each.title for each in XRAY_FIELDS if each not in missing)
    message = f"Jira has {there}" if there else "no Xray fields are needed"
    return Finding(what="fields", ok=True, message=message)


def _check_given_fields(named: Mapping[str, str], listed: list[Any]) -> Finding:
    known = {str(each.get("id")) for each in listed if isinstance(each, dict)}
    missing = [field for field in named if field not in known]
    if not missing:
        message = f"Jira has {', '.join(named)}"
        return Finding(what="execution_fields", ok=True, message=message)
    where = " and ".join(dict.fromkeys(named[field] for field in missing))
    return Finding(
        what="execution_fields",
        ok=False,
        message=f"Jira has no field {', '.join(missing)}, which {where} names",
        hint="ids differ between instances; /rest/api/2/field lists them",
    )


def _list_custom_fields(settings: Settings) -> dict[str, str]:
    """Return the ids of custom fields in settings, each with its setting."""
    found: dict[str, str] = {}
    for name in ("execution_fields", "test_fields"):
        document = with_fields_object(getattr(settings, name))
        for part in ("fields", "update"):
            for field in document.get(part) or ():
                if CUSTOM.fullmatch(str(field)):
                    found.setdefault(str(field), f"xray_{name}")
    return found
