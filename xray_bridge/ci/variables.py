"""
Read what some CI systems give in other ways than plain variables; see ``detect``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = re.compile(r"\{([\w.]+)\}")
# Escaped characters in Java's properties files, and a name with its value.
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


def fill_template(template: str, variables: Mapping[str, str]) -> str:
    """Fill ``template`` with its variables; empty if one of them is not set."""
    names = VARIABLE.findall(template)
    if not all(variables.get(name, "").strip() for name in names):
        return ""
    return VARIABLE.sub(lambda found: variables[found[1]].strip(), template)


def read_github(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Read the tag, or the head commit of a pull request.

    The event that started the run has the commit.
    """
    if environ.get("GITHUB_REF_TYPE") == "tag":
        return {"TAG_OF_REF": environ.get("GITHUB_REF_NAME", "")}
    if not environ.get("GITHUB_HEAD_REF"):
        return {}
    try:
        head = read_event(environ)["pull_request"]["head"]["sha"]
    except (KeyError, TypeError):
        return {}
    return {"HEAD_OF_PULL_REQUEST": head} if isinstance(head, str) else {}


def read_event(environ: Mapping[str, str]) -> dict[str, Any]:
    """Read the event that started a GitHub workflow; empty if it cannot be read."""
    # Imported here to keep the start of pytest fast.
    from json import loads

    try:
        found = loads(_read_file(environ["GITHUB_EVENT_PATH"], LONGEST_EVENT))
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_teamcity(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Read the build's id and branch from its properties files.

    The first file names the second. The branch is a parameter of the configuration,
    the id is a parameter of the system.
    """
    first = parse_properties(
        _read_file(environ.get("TEAMCITY_BUILD_PROPERTIES_FILE", ""))
    )
    path = first.get("teamcity.configuration.properties.file", "")
    found = {**parse_properties(_read_file(path)), **first}
    names = ("teamcity.build.id", "teamcity.build.branch")
    given = {name: found[name] for name in names if name in found}
    if given.get("teamcity.build.branch") == "<default>":
        # TeamCity's word for a branch without another name.
        del given["teamcity.build.branch"]
    return given


def read_codebuild(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Read the build's page and id from its ARN.

    Each build of a batch has its own id, and none of them knows the id of the batch.
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
    """Parse Java's properties, one on each line."""
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
    """Read the text of a file; empty if it cannot be read."""
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            return file.read(longest)
    except (OSError, ValueError):
        return ""
