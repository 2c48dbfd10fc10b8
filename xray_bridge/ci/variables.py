"""
What some CI systems tell elsewhere than in plain variables; see ``ci``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = re.compile(r"\{([\w.]+)\}")
# In Java's properties files: escaped characters, and name and value.
ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
PROPERTY = re.compile(r"((?:[^\\\s:=]|\\.)+)\s*[:=\s]\s*(.*)")
LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
ARN = re.compile(
    r"arn:(?P<part>[\w-]+):codebuild:(?P<region>[\w-]+):(?P<account>\d+):"
    r"(?P<kind>build|build-batch)/(?P<id>(?P<project>[\w.-]+):[\w:-]+)"
)
# Amazon's console has other hosts in its other partitions.
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
# A webhook's event is some hundred KB at most.
LONGEST_EVENT = 8 << 20


def fill_template(template: str, told: Mapping[str, str]) -> str:
    """``template`` with its variables; empty where one of them is not there."""
    names = VARIABLE.findall(template)
    if not all(told.get(name, "").strip() for name in names):
        return ""
    return VARIABLE.sub(lambda found: told[found[1]].strip(), template)


def read_github(environ: Mapping[str, str]) -> dict[str, str]:
    """The commit that a pull request is about, from the event that started it."""
    if not environ.get("GITHUB_HEAD_REF"):
        return {}
    try:
        head = read_event(environ)["pull_request"]["head"]["sha"]
    except (KeyError, TypeError):
        return {}
    return {"HEAD_OF_PULL_REQUEST": head} if isinstance(head, str) else {}


def read_event(environ: Mapping[str, str]) -> dict[str, Any]:
    """What started a workflow of GitHub; empty where that cannot be read."""
    # Only here: a start of pytest must cost nothing.
    from json import loads

    try:
        found = loads(_read_file(environ["GITHUB_EVENT_PATH"], LONGEST_EVENT))
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_teamcity(environ: Mapping[str, str]) -> dict[str, str]:
    """
    The build's id and branch from its properties files, which name one another.

    The branch is a parameter of the configuration, the id one of the system.
    """
    first = parse_properties(
        _read_file(environ.get("TEAMCITY_BUILD_PROPERTIES_FILE", ""))
    )
    path = first.get("teamcity.configuration.properties.file", "")
    found = {**parse_properties(_read_file(path)), **first}
    names = ("teamcity.build.id", "teamcity.build.branch")
    told = {name: found[name] for name in names if name in found}
    if told.get("teamcity.build.branch") == "<default>":
        # What TeamCity shows where the branch has no other name.
        del told["teamcity.build.branch"]
    return told


def read_codebuild(environ: Mapping[str, str]) -> dict[str, str]:
    """
    The build's page and id, from its ARN.

    The builds of a batch have ids of their own, and none of them knows the batch's.
    """
    found = ARN.fullmatch(environ.get("CODEBUILD_BUILD_ARN", ""))
    if not found:
        return {}
    region, project, build = found["region"], found["project"], found["id"]
    host = CONSOLES.get(found["part"], CONSOLES["aws"])
    page = (
        f"https://{region}.{host}/codesuite/codebuild/{found['account']}"
        f"/projects/{project}/build/{build.replace(':', '%3A')}/?region={region}"
    )
    is_of_a_batch = bool(environ.get("CODEBUILD_BATCH_BUILD_IDENTIFIER"))
    return {"URL_FROM_ARN": page, "BUILD_OF_ARN": "" if is_of_a_batch else build}


def parse_properties(text: str) -> dict[str, str]:
    """Java's properties, one on each line."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (PROPERTY.fullmatch(line) for line in lines if line[:1] not in {"#", "!"})
    return {_unescape_text(pair[1]): _unescape_text(pair[2]) for pair in pairs if pair}


def _unescape_text(text: str) -> str:
    return ESCAPED.sub(
        lambda found: (
            chr(int(found[1], 16)) if found[1] else LETTERS.get(found[2], found[2])
        ),
        text,
    )


def _read_file(path: str, longest: int = 1 << 20) -> str:
    """A file's text; empty where there is none."""
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            return file.read(longest)
    except (OSError, ValueError):
        return ""
