"""
Write the generated parts of the manual: ``python docs/generate.py [--check]``.

A part is between ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->``. It is
generated from the tables that the code itself uses. ``--check`` writes nothing and
ends with 1 if a page is out of date.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import showcase

from behave_xray_bridge import outcomes as of_behave
from pytest_xray_bridge import outcomes as of_pytest
from xray_bridge.ci.comments.places import SERVICES
from xray_bridge.ci.details import ROWS as DETAILS
from xray_bridge.ci.details import Row
from xray_bridge.ci.detect import SYSTEMS
from xray_bridge.ci.snippets import SYSTEMS as SNIPPETS
from xray_bridge.ci.snippets import Wishes, make_snippet
from xray_bridge.cli.ci_snippet import PACKAGES as PACKAGES_OF
from xray_bridge.cli.help import describe_default
from xray_bridge.config.settings import SESSION_VARIABLE, TABLE
from xray_bridge.config.shared_file import read_toml
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.foreign_formats import FOREIGN_FORMATS
from xray_bridge.model.formats import FORMATS
from xray_bridge.model.results import Outcome
from xray_bridge.runs.aggregate import WORST_FIRST


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xray_bridge.config.setting import Setting

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
PART = re.compile(
    r"(?P<head><!-- generated: (?P<name>\w+) -->\n)"
    r".*?(?P<foot><!-- end: (?P=name) -->)",
    re.DOTALL,
)
PROJECT = read_toml(ROOT / "pyproject.toml")["tool"]["importlinter"]
PACKAGES = PROJECT["root_packages"]
CI_PAGES = FOLDER / "ci"
CI_PAGE = """\
# {name}

`xray-bridge ci-snippet --for {slug}` prints the configuration of your project, with the
settings that are missing in its files. With pytest and Jira Server, it is this in
`{path}`:

```{language}
{snippet}
```

There is no release yet: `git.example.com/xray-bridge` stands for the address of your
copy of the repository.

For behave, or for report files of other tools, add `--framework behave` or
`--framework files`. For Cloud, set `XRAY_CLIENT_ID` and `XRAY_CLIENT_SECRET` as secrets
instead of `XRAY_TOKEN`.

## What xray-bridge reads

| Value | Variable |
| --- | --- |
| revision of the Test Execution | {revision} |
| branch | {branch} |
| id of the CI run, by which parts of a run are merged | {run_id} |
| pipeline of a build in Jira | {pipeline} |

## What it writes

| For | Where |
| --- | --- |
| later steps | {variables} |
| people | {people} |

The page [CI](../ci.md) describes the variables, exit codes, shards, and how results are
sent later.
"""
SETTING_NAMES = ROOT / "pytest_xray_bridge" / "setting_names.py"
SETTING_NAMES_HEAD = '''"""
The names of all settings in pytest, for starts that ask for nothing.

Written by ``python docs/generate.py`` from the table of settings, whose import takes
longer than all else that such a start does for us. ``SECRETS`` have no ini option.
``SWITCHES`` are the variables in the environment with which a session asks for the
plugin; ``SESSION_VARIABLE`` is set while one is recorded. Each is one text, because
pytest reads the byte code of a plugin object by object, in Python.
"""

'''
NONE = "-"
NOT_REPORTED = "not reported"
A_NEW_ONE = "a new one"
SAYS_NOTHING = "none"


def main(argv: list[str]) -> int:
    """Write the pages, or only check them; return 1 if one was out of date."""
    parser = argparse.ArgumentParser(description="the generated parts of the manual")
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args(argv)
    found = {path: generated(path) for path in pages()}
    found[SETTING_NAMES] = write_setting_names()
    found |= {CI_PAGES / f"{slug}.md": ci_page(slug) for slug in SNIPPETS}
    outdated = [path for path in found if _read(path) != found[path]]
    for path in outdated:
        sys.stderr.write(f"{path.name} is out of date\n")
        if not arguments.check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(found[path], encoding="utf-8")
    return 1 if arguments.check and outdated else 0


def pages() -> list[Path]:
    """Find all pages with a generated part."""
    found = sorted((*FOLDER.glob("*.md"), *ROOT.glob("*.md")))
    return [path for path in found if PART.search(path.read_text(encoding="utf-8"))]


def generated(path: Path) -> str:
    """Return a page with its parts generated again."""

    def replaced(found: re.Match[str]) -> str:
        part = PARTS[found["name"]]()
        return found[0] if part is None else f"{found['head']}{part}{found['foot']}"

    return PART.sub(replaced, path.read_text(encoding="utf-8"))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def write_setting_names() -> str:
    """Return the module with the names that every start of pytest needs."""
    settings = TABLE.values()
    names = {
        "SETTINGS": [each.name for each in settings],
        "SECRETS": [each.name for each in settings if each.secret],
        "SWITCHES": [each.environment for each in settings if each.starts],
    }
    tables = [
        f"{name} = (\n" + "".join(f'    "{each} "\n' for each in found) + ")\n"
        for name, found in names.items()
    ]
    session = f'SESSION_VARIABLE = "{SESSION_VARIABLE}"\n'
    return SETTING_NAMES_HEAD + session + "".join(tables)


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(headings)
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`"


def settings() -> str:
    """Each setting: value, default, meaning."""
    rows = (
        (_code(name), _value(setting), _default(setting), setting.help)
        for name, setting in TABLE.items()
    )
    return _table(("Setting", "Value", "Default", "Meaning"), rows)


def _value(setting: Setting[Any]) -> str:
    return _code(setting.metavar)


def _default(setting: Setting[Any]) -> str:
    text = describe_default(setting)
    return _code(text) if text else NONE


def spellings() -> str:
    """The spellings of each setting."""
    headings = (
        "Setting",
        "pytest flag",
        "pytest ini, behave userdata",
        "Environment",
        "`xray-bridge` flag",
    )
    return _table(headings, map(_spelled, TABLE.values()))


def _spelled(setting: Setting[Any]) -> Iterator[str]:
    yield _code(setting.name)
    yield NONE if setting.secret else _code(setting.pytest_flag)
    yield NONE if setting.secret else _code(setting.ini)
    variables = [setting.environment]
    variables += [f"{setting.environment}_FILE"] if setting.secret else []
    yield ", ".join(map(_code, (*variables, *setting.aliases)))
    has_flag = not setting.secret and setting.own_flag is None
    yield _code(setting.flag_name) if has_flag else NONE


def statuses() -> str:
    """Xray's word for each outcome, by product."""
    rows = (
        (_code(each.value), *(_code(DIALECTS[name].statuses[each]) for name in ORDER))
        for each in Outcome
        if each is not Outcome.NOT_RUN
    )
    headings = ("Outcome", *(DIALECTS[name].product for name in ORDER))
    return _table(headings, rows)


ORDER = (SERVER, CLOUD)


def pytest() -> str:
    """The outcome of each phase of a test."""
    rows = (
        (
            phase,
            _code(word),
            "yes" if xfail else "no",
            _code(outcome.value) if outcome else SAYS_NOTHING,
        )
        for (phase, word, xfail), outcome in of_pytest.OF_PHASE.items()
    )
    return _table(("Phase", "pytest's word", "`xfail`", "Outcome"), rows)


def pytest_order() -> str:
    """The order in which phases decide."""
    return _in_a_row(of_pytest.STRONGEST_FIRST)


def worst() -> str:
    """The order in which results of one Test decide."""
    return _in_a_row(WORST_FIRST)


def _in_a_row(outcomes: Iterable[Outcome]) -> str:
    return f"{', '.join(_code(outcome.value) for outcome in outcomes)}\n"


def behave() -> str:
    """The outcome of each status of behave."""
    rows = (
        (
            _code(status),
            NOT_REPORTED if outcome is Outcome.NOT_RUN else _code(outcome.value),
        )
        for status, outcome in of_behave.OF_SCENARIO.items()
    )
    return _table(("behave's status", "Outcome"), rows)


def formats() -> str:
    """Each report format, its name, and how it is recognised."""
    rows = (
        (each.tool or each.title, _code(each.name), each.recognised_by)
        for each in FORMATS.values()
    )
    return _table(("Format", "`--format`", "Recognised by"), rows)


def foreign_formats() -> str:
    """Each converted format, its name, and how it is recognised."""
    rows = (
        (each.title, _code(each.name), each.recognised_by)
        for each in FOREIGN_FORMATS.values()
    )
    return _table(("Format", "`--format`", "Recognised by"), rows)


# What a system tells elsewhere than in its variables.
ELSEWHERE = {
    "{HEAD_OF_PULL_REQUEST}": "`pull_request.head.sha` of the event",
    "{BUILD_OF_ARN}": "the build id in `CODEBUILD_BUILD_ARN`; none for a batch build",
    "{teamcity.build.branch}": "`teamcity.build.branch` of the properties file",
    "{teamcity.build.id}": "`teamcity.build.id` of the properties file",
    "{JOB_INDEX}": "the index in `TRAVIS_JOB_NUMBER`",
    "{PROJECT_OF_BUILD}": "the project in `CODEBUILD_BUILD_ID`",
}
# In place of a number that the system does not have.
SECOND = "the second of the start"


def ci_systems() -> str:
    """The variables of each CI system."""
    rows = (
        (
            system.name,
            _either(system.revision),
            _either(system.branch),
            _either(system.run_id),
        )
        for system in SYSTEMS
    )
    return _table(("System", "Revision", "Branch", "Run id"), rows)


def ci_page(slug: str) -> str:
    """The page of a CI system: the configuration, what is read and what is written."""
    system = next(each for each in SYSTEMS if each.slug == slug)
    wishes = Wishes(
        install=f"pip install {PACKAGES_OF['pytest']}",
        commands=("pytest --xray-upload",),
        secrets=["XRAY_TOKEN"],
        settings={"XRAY_URL": "https://jira.example.com", "XRAY_PROJECT": "CALC"},
    )
    path = SNIPPETS[slug].path
    language = "yaml" if path.endswith((".yml", ".yaml")) else ""
    written = _row_of(system.name, "Variables")
    return CI_PAGE.format(
        name=system.name,
        slug=slug,
        path=path,
        language=language,
        snippet=make_snippet(slug, wishes).rstrip(),
        revision=_either(system.revision),
        branch=_either(system.branch),
        run_id=_either(system.run_id),
        pipeline=_either(DETAILS[slug].pipeline),
        variables=written[0],
        people=written[1] or "nothing",
    )


def _row_of(name: str, column: str) -> list[str]:
    """The other cells of a system's row in a table of the page about CI."""
    page = _read(FOLDER / "ci.md")
    table = page[page.index(f"| System | {column} |") :].partition("\n\n")[0]
    row = next(
        r for r in table.splitlines() if r[2:].startswith((f"{name} |", f"{name},"))
    )
    return [cell.strip() for cell in row.strip("|").split(" |")[1:]]


def comments() -> str:
    """What each service needs for a comment on a pull request."""
    rows = (
        (each.name, _code(each.token), f"{each.missing[0].upper()}{each.missing[1:]}")
        for each in SERVICES.values()
    )
    return _table(("Service", "Token", "What to do"), rows)


def pipelines() -> str:
    """The variables that name the pipeline and the number of a build."""
    rows = ((system, DETAILS[system.slug]) for system in SYSTEMS)
    return _table(
        ("System", "Pipeline", "Job", "Number"),
        (
            (
                system.name,
                _either(row.pipeline),
                "; ".join(filter(None, (_either(row.job), *_indexes(row)))) or "-",
                _either(row.number or filter(None, (system.number,))) or SECOND,
            )
            for system, row in rows
        ),
    )


def _indexes(row: Row) -> list[str]:
    """The index of a parallel job, and what stands for a matrix."""
    found = [_code(index) for index, _ in row.copies]
    return [*found, "the version of Python"] if row.is_plain else found


def _either(templates: Iterable[str]) -> str:
    names = (ELSEWHERE.get(each) or _code(_bare(each)) for each in templates)
    return ", else ".join(names)


def _bare(template: str) -> str:
    """A variable alone needs no braces."""
    return template[1:-1] if template.count("{") == 1 else template


def showcase_pytest() -> str | None:
    """The results of the showcase in pytest."""
    return _showcase("pytest")


def showcase_behave() -> str | None:
    """The results of the showcase in behave."""
    return _showcase("behave")


def _showcase(framework: str) -> str | None:
    """Each Test of a Test Execution; None (no change) if frameworks are too old."""
    if not showcase.is_possible():
        return None
    rows = (
        (
            row.situation,
            row.test_key or A_NEW_ONE,
            ", ".join(map(_code, row.outcomes)),
            _code(row.status),
        )
        for row in showcase.rows(framework)
    )
    return _table(("Situation", "Test", "Outcome", "Xray's status"), rows)


def layers() -> str:
    """The core's layers, as import-linter enforces them."""
    found = next(each for each in PROJECT["contracts"] if each["type"] == "layers")
    lines = "\n".join(found["layers"])
    return f"```\n{lines}\n```\n"


def rooms() -> str:
    """Each module and package directly below the core, with its first sentence."""
    return _package("xray_bridge")


def modules() -> str:
    """Each module with the first sentence of its docstring."""
    modules = (path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    folders = sorted({path.parent for path in modules})
    names = [folder.relative_to(ROOT).as_posix() for folder in folders]
    return "\n".join(map(_package, names))


def _package(name: str) -> str:
    folder = ROOT / name
    found = sorted(folder.glob("*.py")) + sorted(folder.glob("*/__init__.py"))
    rows = ((_code(_shown(path, folder)), _first_sentence(path)) for path in found)
    said = sorted(row for row in rows if row[1])
    return _table((_code(f"{name}/"), "is"), said)


def _shown(path: Path, folder: Path) -> str:
    inner = path.relative_to(folder)
    is_package = inner.name == "__init__.py" and inner != Path("__init__.py")
    return f"{inner.parent.as_posix()}/" if is_package else inner.as_posix()


def _first_sentence(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    return SENTENCE.split(paragraph)[0].rstrip(".").replace("``", "`")


# A full stop before a capital letter; not the one in ``pytest.ini``.
SENTENCE = re.compile(r"\. (?=[A-Z])")
PARTS: dict[str, Callable[[], str | None]] = {
    each.__name__: each
    for each in (
        settings,
        spellings,
        statuses,
        pytest,
        pytest_order,
        worst,
        behave,
        formats,
        foreign_formats,
        ci_systems,
        pipelines,
        comments,
        showcase_pytest,
        showcase_behave,
        layers,
        modules,
        rooms,
    )
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
