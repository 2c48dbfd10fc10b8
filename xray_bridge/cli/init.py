"""
``xray-bridge init``: write the settings of a project, and show what to do next.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.atomic import replaced
from xray_bridge.check.collect import framework_of
from xray_bridge.ci.snippets import SYSTEMS, make_snippet
from xray_bridge.cli import check, ci_snippet, console, options
from xray_bridge.config.project_file import add_settings, find_section, read_text
from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError, XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.config.project_file import Section

NONE = "none"
CLOUD = "cloud"
YES = frozenset({"", "y", "yes"})
# Files by which a project shows its CI system.
CI_FILES = {name: system.path for name, system in SYSTEMS.items()}
# Also other workflows than the one of the snippet.
CI_FILES["github"] = ".github/workflows"
# What is asked, and how; the name is that of a setting or a flag.
QUESTIONS = {
    "url": f"Address of Jira, such as https://jira.example.com, or {CLOUD}",
    "project": "Key of the Jira project",
    "test_plan": "Key of a Test Plan, if the results belong to one",
    "framework": "What runs the tests: pytest, behave or files (any other tool)",
    "ci": f"CI system: {', '.join(SYSTEMS)} or {NONE}",
}
NEEDED = ("url", "project")
CHOICES = {"framework": tuple(ci_snippet.COMMANDS), "ci": (*SYSTEMS, NONE)}
CREDENTIALS = {
    True: "XRAY_CLIENT_ID and XRAY_CLIENT_SECRET (Jira: Apps, Xray, API keys)",
    False: "XRAY_TOKEN (Jira: Profile, Personal access tokens)",
}
NO_CONNECTION = (
    "The connection was not tried: {}. Set {}, then run `xray-bridge check`."
)
# What sends the results of a session on this machine.
UPLOADS = {
    "pytest": "pytest --xray-upload",
    "behave": f"{ci_snippet.BEHAVE} -D xray_upload=yes",
    "files": "xray-bridge upload 'reports/**/*.xml'",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user wants: settings by name, the framework, the CI system."""

    settings: Mapping[str, str]
    framework: str
    ci: str

    @property
    def is_cloud(self) -> bool:
        """Whether the results go to Xray Cloud."""
        return self.settings.get("deployment") == CLOUD


def register(commands: Any, help_text: str) -> None:
    """Add the flags; each one answers a question."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "init",
        help=help_text,
        description="Asks five questions, shows the settings it would write and where, "
        "writes them, tries the connection and prints the configuration for the CI "
        "system. No secret is asked for or written.",
        allow_abbrev=False,
    )
    helps = {"framework": "what runs the tests", "ci": "the CI system"}
    for name, known in CHOICES.items():
        parser.add_argument(f"--{name}", choices=known, help=helps[name])
    parser.add_argument(
        "--yes", action="store_true", help="write the settings without asking"
    )
    options.add_flags(parser, (Settings.url, Settings.project, Settings.test_plan))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Ask, show, write, check; exit code 1 if the user does not want it.

    Raises UsageError without a terminal if a needed flag is missing.
    """
    folder = Path.cwd()
    answers = _ask_all(arguments, folder)
    section = find_section(folder, answers.framework)
    path = folder / section.file
    before = read_text(path)
    after = add_settings(before, section, answers.settings)
    console.progress(arguments, _diff_lines(before, after, section))
    if after != before:
        if not arguments.yes and _ask("Write this", "yes").lower() not in YES:
            console.emit(arguments, {"written": ""}, ["Nothing was written."])
            return 1
        _write(path, after)
    if not arguments.json:
        console.progress(arguments, _try_connection(answers))
    snippet = _make_snippet(arguments, answers, folder)
    document = {"written": section.file, "settings": dict(answers.settings)}
    console.emit(arguments, document, snippet)
    return 0


def _ask_all(arguments: argparse.Namespace, folder: Path) -> Answers:
    """Return the answers: flags, else what the user types, else what is found."""
    found = {
        "framework": framework_of(arguments.framework),
        "ci": arguments.ci or _find_ci(folder),
    }
    given = {
        "url": arguments.set_url,
        "project": arguments.set_project,
        "test_plan": arguments.set_test_plan,
        "framework": arguments.framework,
        "ci": arguments.ci,
    }
    may_ask = sys.stdin.isatty() and not arguments.yes
    for name in QUESTIONS:
        usual = found.get(name, "")
        if given[name] is None:
            given[name] = _ask_for(name, usual) if may_ask else usual
        elif fault := _find_fault(name, given[name]):
            msg = f"--{name.replace('_', '-')}: {fault}"
            raise UsageError(msg, hint="nothing was written")
    missing = [name for name in NEEDED if not given[name]]
    if missing:
        flags = " and ".join(f"--{name}" for name in missing)
        msg = f"{flags} {'is' if len(missing) == 1 else 'are'} needed"
        raise UsageError(
            msg, hint="or run `xray-bridge init` in a terminal, which asks"
        )
    settings = {
        "deployment": CLOUD if given["url"].lower() == CLOUD else "",
        "url": "" if given["url"].lower() == CLOUD else given["url"],
        "project": given["project"].upper(),
        "test_plan": given["test_plan"].upper(),
    }
    kept = {name: value for name, value in settings.items() if value}
    return Answers(kept, given["framework"], given["ci"])


def _ask_for(name: str, usual: str) -> str:
    """Ask until the answer is one that can be written."""
    while True:
        answer = _ask(QUESTIONS[name], usual)
        fault = _find_fault(name, answer)
        if not fault:
            return answer
        sys.stderr.write(f"{fault}\n")


def _ask(question: str, usual: str) -> str:
    """Return one answer; raises UsageError if the input has ended, as after Ctrl-D."""
    sys.stderr.write(f"{question}{f' [{usual}]' if usual else ''}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
        msg = "the input ended before the last answer"
        raise UsageError(msg, hint="nothing was written; run `xray-bridge init` again")
    return line.strip() or usual


def _find_fault(name: str, answer: str) -> str:
    """Return why this cannot be the answer; empty if it can."""
    if name in CHOICES:
        known = CHOICES[name]
        return "" if answer in known else f"{answer!r} is not one of {', '.join(known)}"
    if not answer:
        return "this one is needed" if name in NEEDED else ""
    if "${" in answer or (name == "url" and answer.lower() == CLOUD):
        return ""
    try:
        TABLE[name].parse(answer if name == "url" else answer.upper())
    except ValueError as error:
        return str(error)
    return ""


def _find_ci(folder: Path) -> str:
    found = (name for name, path in CI_FILES.items() if (folder / path).exists())
    return next(found, NONE)


def _write(path: Path, text: str) -> None:
    """Raises UsageError if the file cannot be written."""
    try:
        with replaced(path) as file:
            file.write(text.encode())
    except OSError as error:
        msg = f"{path.name} cannot be written: {error.strerror}"
        hint = "write the lines above into a file of your project yourself"
        raise UsageError(msg, hint=hint) from None


def _diff_lines(before: str, after: str, section: Section) -> Iterator[str]:
    """Yield the change as a diff; one line if there is none."""
    if before == after:
        yield f"{section.file} has these settings already."
        return
    old, new = before.splitlines(), after.splitlines()
    names = (section.file if before else os.devnull), section.file
    yield from difflib.unified_diff(old, new, *names, lineterm="")


def _try_connection(answers: Answers) -> list[str]:
    """Run ``check`` if there are credentials; its lines are printed by it."""
    parser = argparse.ArgumentParser()
    check.register(parser.add_subparsers(), "")
    flags = [f"--{name.replace('_', '-')}={v}" for name, v in answers.settings.items()]
    try:
        command = parser.parse_args(["check", *flags])
        check.run(command)
    except XrayBridgeError as error:
        return [NO_CONNECTION.format(error.message, CREDENTIALS[answers.is_cloud])]
    return []


def _make_snippet(
    arguments: argparse.Namespace, answers: Answers, folder: Path
) -> list[str]:
    head = f"To upload the results: {UPLOADS[answers.framework]}"
    if answers.ci not in SYSTEMS:
        also = (
            "To print the configuration of a CI system: xray-bridge ci-snippet --for "
        )
        return [head, f"{also}github"]
    # They are in the file now, and need not be repeated.
    written = dict.fromkeys(answers.settings)
    settings = options.resolve_settings(
        arguments, written, reads_frameworks=True, looks_only=True
    ).local
    wishes = ci_snippet.wishes_of(settings, answers.framework, folder)
    path = SYSTEMS[answers.ci].path
    where = f"For {path} (secrets are variables of the CI system):"
    return [head, "", where, "", *make_snippet(answers.ci, wishes).splitlines()]
