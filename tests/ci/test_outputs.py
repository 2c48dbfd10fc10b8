"""Each CI system gets the outputs in its own way."""

from __future__ import annotations

import re
import shlex
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.ci import detect, outputs
from xray_bridge.ci.outputs import buildkite, text
from xray_bridge.ci.outputs.protocol import Outputs, Place
from xray_bridge.ci.variables import parse_properties
from xray_bridge.model.receipt import Failure


if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.gold_files import Gold
    from xray_bridge.ci.outputs import Written

NEWS = Outputs(
    variables={
        "XRAY_IS_REQUEST_SUCCESSFUL": "true",
        "XRAY_TEST_EXECS": "CALC-77",
        "XRAY_TESTS": "CALC-1;CALC-2",
        "XRAY_RAW_RESPONSE": '{"key": "CALC-77"}',
    },
    markdown="### Xray: CALC-77\n",
    headline="Xray: CALC-77, 2 sent, 0 refused",
    failures=(
        Failure(name="t.test_sub", keys=("CALC-2",), message="1 != 2"),
        Failure(name="two numbers", message="no", file="f/add.feature", line=3),
    ),
    links=(("CALC-77", "https://jira.example.com/browse/CALC-77"),),
    document={"status": "delivered"},
)
FILES = (
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    "BASH_ENV",
    "DRONE_OUTPUT",
    "BITBUCKET_PIPELINES_VARIABLES_PATH",
)
SIGNS = {system.slug: {system.detect: system.value or "1"} for system in detect.SYSTEMS}
DELIMITER = re.compile(r"xray_[0-9a-f]{32}")
HOSTILE = st.text() | st.lists(
    st.sampled_from(
        [
            *("\n", "\r", "%0A", "%", "]", "[", "|", "'", '"', "`", "$(id)", "\\", ";"),
            *("::set-output name=a::b", "##vso[task.setvariable variable=a]b"),
            *("##teamcity[", "##[error]", "=", "<<", "xray_", "<b>", "\u2028", "\x85"),
        ]
    )
).map("".join)


def told(
    slug: str, news: Outputs, folder: Path, environ: Mapping[str, str] | None = None
) -> Written:
    """The outputs for a system of that name."""
    return outputs.write(news, {**SIGNS[slug], **(environ or {})}, folder / ".xray")


def hostile(said: str) -> Outputs:
    """In which somebody else says the same everywhere."""
    return replace(
        NEWS,
        variables={**NEWS.variables, "XRAY_RAW_RESPONSE": said},
        headline=said,
        failures=(Failure(name=said, message=said, file=said, line=1),),
        problem=said,
    )


def test_every_way_is_of_a_known_system() -> None:
    """Each way belongs to a system that can be detected."""
    assert set(outputs.WAYS) <= set(SIGNS)


@pytest.mark.parametrize("environ", [{}, {"TRAVIS": "true"}], ids=["none", "Travis"])
def test_nobody_to_tell(tmp_path: Path, environ: dict[str, str]) -> None:
    """Outside of CI, and where there is no way, nothing is written."""
    found = outputs.write(NEWS, environ, tmp_path / ".xray")

    assert (found.commands, found.notices) == ((), ())
    assert [*tmp_path.iterdir()] == []


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """A program in place of Buildkite's agent that records its calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / buildkite.AGENT
    path.write_text('#!/bin/sh\n/bin/cat > "$NOTES/$(echo "$*" | /usr/bin/tr " " _)"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "notes").mkdir()
    return path


@pytest.mark.parametrize("slug", sorted(outputs.WAYS))
@pytest.mark.parametrize("kind", ["results", "problem"])
def test_system(gold: Gold, tmp_path: Path, agent: Path, slug: str, kind: str) -> None:
    """A system gets what its gold file says: commands, and files added to."""
    trouble: dict[str, Any] = {
        "failures": (),
        "problem": "it's [no]\n: 100%",
        "is_fatal": True,
    }
    news = replace(NEWS, **trouble) if kind == "problem" else NEWS
    environ = {name: str(tmp_path / name) for name in FILES}
    for name in FILES:
        (tmp_path / name).write_text("MINE=1\n")
    # The last upload wins where a file is ours.
    old = replace(NEWS, variables={"A": "old"}, markdown="old", document={"a": "old"})
    told("jenkins", old, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    environ |= {"PATH": str(agent.parent), "NOTES": str(tmp_path / "notes")}

    found = told(slug, news, tmp_path, environ)

    lines = ["# commands", *found.commands, "# notices", *found.notices]
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file() and path.read_bytes() != before.get(path):
            lines += [f"# {path.relative_to(tmp_path)}", path.read_text("utf-8")]
    text = "\n".join(lines).replace(str(tmp_path), "FOLDER")
    gold.check(f"outputs/{slug}-{kind}.txt", DELIMITER.sub("DELIMITER", text))


def test_no_other_files(gold: Gold) -> None:
    """Each gold file is what a system gets."""
    kinds = ("results", "problem")
    gold.check_names("outputs", {f"{w}-{k}.txt" for w in outputs.WAYS for k in kinds})


def github_outputs(content: str) -> dict[str, str]:
    """As the runner reads the file: https://github.com/actions/runner."""
    lines = iter(content.split("\n"))
    found = {}
    for line in lines:
        name, between, delimiter = line.partition("<<")
        if not between:
            assert line == ""
            continue
        value = []
        while (each := next(lines)) != delimiter:
            value.append(each)
        found[name] = "\n".join(value)
    return found


def test_outputs_of_github(tmp_path: Path) -> None:
    """All variables; what the step has written before stays."""
    path = tmp_path / "output"
    path.write_text("mine<<EOF\n1\nEOF\n")

    found = told("github", NEWS, tmp_path, {"GITHUB_OUTPUT": str(path)})

    assert github_outputs(path.read_text()) == {"mine": "1", **NEWS.variables}
    assert found.notices == ()


def test_summary_of_github_that_is_nearly_full(tmp_path: Path) -> None:
    """One byte too many would cost all of it: the headline has room."""
    path = tmp_path / "summary"
    path.write_text("x" * ((1 << 20) - 100))
    news = replace(NEWS, markdown="y" * 200)

    told("github", news, tmp_path, {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.stat().st_size < 1 << 20
    assert path.read_text().endswith(f"x{NEWS.headline}\n\n")


def test_github_shows_ten_annotations(tmp_path: Path) -> None:
    """The problem of the upload is the first of them."""
    news = replace(NEWS, failures=NEWS.failures * 20, problem="a: b, c%", is_fatal=True)

    found = told("github", news, tmp_path).commands

    assert len(found) == 10
    assert found[0] == "::error title=xray-bridge::a: b, c%25"


def test_problem_that_is_no_failure(tmp_path: Path) -> None:
    """It is a warning where the upload fails no job."""
    news = replace(NEWS, failures=(), problem="no", is_fatal=False)

    assert told("github", news, tmp_path).commands == (
        "::warning title=xray-bridge::no",
    )
    assert "type=warning" in told("azure", news, tmp_path).commands[-1]
    assert "buildProblem" not in "".join(told("teamcity", news, tmp_path).commands)


@given(HOSTILE)
def test_nobody_speaks_to_github_through_us(
    tmp_path_factory: pytest.TempPathFactory, said: str
) -> None:
    """Each line is one command of ours, each variable keeps its place."""
    folder = tmp_path_factory.mktemp("github")
    path = folder / "output"

    found = told("github", hostile(said), folder, {"GITHUB_OUTPUT": str(path)})

    for line in found.commands:
        match = re.fullmatch(r"::(?:error|warning) ([^:\r\n]*)::[^\r\n]*", line)
        assert match
        assert "##" not in line
        names = [each.partition("=")[0] for each in match[1].split(",")]
        assert names in (["title"], ["title", "file", "line"])
    assert list(github_outputs(path.read_text("utf-8"))) == list(NEWS.variables)


def test_dotenv_of_gitlab_is_never_too_long(tmp_path: Path) -> None:
    """More than 5 KB would fail the report; shorter variables stay, with a notice."""
    tests = ";".join(f"CALC-{n}" for n in range(2000))
    news = replace(NEWS, variables={**NEWS.variables, "XRAY_TESTS": tests})

    found = told("gitlab", news, tmp_path)

    path = tmp_path / ".xray" / "gitlab.env"
    assert "XRAY_TEST_EXECS=CALC-77" in path.read_text()
    assert path.stat().st_size <= 5 * 1024
    assert found.notices == ("gitlab.env has no room for all variables",)


@given(HOSTILE)
def test_nobody_speaks_to_gitlab_through_us(
    tmp_path_factory: pytest.TempPathFactory, said: str
) -> None:
    """Its rules for dotenv files hold for any text of a server."""
    folder = tmp_path_factory.mktemp("gitlab")

    told("gitlab", hostile(said), folder)

    content = (folder / ".xray" / "gitlab.env").read_text("utf-8")
    for line in content.split("\n")[:-1]:
        assert re.fullmatch(r"""[A-Za-z0-9_]+=[^\s"'`$#\\]*""", line)
        assert line.partition("=")[0] in NEWS.variables


@given(HOSTILE)
def test_nobody_speaks_to_azure_through_us(
    tmp_path_factory: pytest.TempPathFactory, said: str
) -> None:
    """As the agent reads lines: the first ``##vso[`` to the first ``]``."""
    found = told("azure", hostile(said), tmp_path_factory.mktemp("azure"))

    names = {f"variable={name}" for name in NEWS.variables}
    for line in found.commands:
        assert not set("\r\n") & set(line)
        assert line.startswith("##vso[")
        assert line.count("##") == 1
        command, _, rest = line[6:].partition("]")
        name, _, given_ = command.partition(" ")
        parts = given_.split(";")
        assert name in {"task.setvariable", "task.uploadsummary", "task.logissue"}
        if name == "task.setvariable":
            assert parts[0] in names
            assert parts[1:] in ([], ["isoutput=true"])
        if name == "task.logissue":
            kinds = [part.partition("=")[0] for part in parts]
            assert kinds in (["type"], ["type", "sourcepath", "linenumber"])
        assert rest == rest.strip("\n")


# A whole service message, and nothing behind it.
MESSAGE = re.compile(r"##teamcity\[\w+(?: \w+='(?:[^'|\[\]\r\n\x85\u2028]|\|.)*')+\]")


@given(HOSTILE)
def test_nobody_speaks_to_teamcity_through_us(
    tmp_path_factory: pytest.TempPathFactory, said: str
) -> None:
    """Each line is one message, for any text of a test."""
    found = told("teamcity", hostile(said), tmp_path_factory.mktemp("teamcity"))

    assert [line for line in found.commands if not MESSAGE.fullmatch(line)] == []


@given(HOSTILE)
def test_properties_are_read_as_they_were(said: str) -> None:
    """Any line is read back unchanged."""
    line = " ".join(said.replace("\x85", " ").split())
    line = line.encode("utf-8", "ignore").decode()

    content = text.properties_file({"A": line, "B": "2"})

    content.encode("ascii")
    found = parse_properties(content)
    joined = found["A"].encode("utf-16", "surrogatepass").decode("utf-16")
    assert (joined, found["B"]) == (line, "2")


@given(HOSTILE)
def test_nobody_speaks_to_a_shell_through_us(
    tmp_path_factory: pytest.TempPathFactory, said: str
) -> None:
    """Each line exports one variable, and a shell reads nothing else in it."""
    folder = tmp_path_factory.mktemp("circleci")
    path = folder / "env"

    told("circleci", hostile(said), folder, {"BASH_ENV": str(path)})

    lines = path.read_text("utf-8").split("\n")[:-1]
    split = [shlex.split(line) for line in lines]
    assert [words[0] for words in split] == ["export"] * len(NEWS.variables)
    assert [words[1].partition("=")[0] for words in split] == list(NEWS.variables)
    assert {len(words) for words in split} == {2}


def test_buildkite_that_does_not_answer(
    tmp_path: Path, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait for it is short, and a notice says so."""
    monkeypatch.setattr(buildkite, "PATIENCE", 0.05)
    agent.write_text("#!/bin/sh\nexec /bin/sleep 30\n")
    news = replace(NEWS, variables={"XRAY_TESTS": "CALC-1"}, markdown="")

    found = told("buildkite", news, tmp_path, {"PATH": str(agent.parent)})

    assert found.notices == ("buildkite-agent failed: meta-data set XRAY_TESTS",)


def test_buildkite_without_its_agent(tmp_path: Path) -> None:
    """As in a container: there is no way, and no harm done."""
    assert told("buildkite", NEWS, tmp_path, {"PATH": ""}).notices == ()


@pytest.mark.parametrize(
    ("slug", "variable"),
    [
        ("github", "GITHUB_OUTPUT"),
        ("github", "GITHUB_STEP_SUMMARY"),
        ("bitbucket", "BITBUCKET_PIPELINES_VARIABLES_PATH"),
        ("circleci", "BASH_ENV"),
        ("drone", "DRONE_OUTPUT"),
    ],
)
def test_file_that_cannot_be_written(tmp_path: Path, slug: str, variable: str) -> None:
    """A notice says it; the results have arrived."""
    found = told(slug, NEWS, tmp_path, {variable: str(tmp_path)})

    (notice,) = found.notices
    assert "did not get the results: Is a directory" in notice


@pytest.mark.parametrize("slug", ["gitlab", "jenkins", "azure"])
def test_folder_that_cannot_be_written(tmp_path: Path, slug: str) -> None:
    """The same, where the files are ours."""
    (tmp_path / ".xray").write_text("a file, not a folder")

    (notice,) = told(slug, NEWS, tmp_path).notices

    assert "did not get the results" in notice


@pytest.mark.parametrize("slug", sorted(outputs.WAYS))
def test_no_secret_gets_there(tmp_path: Path, slug: str, agent: Path) -> None:
    """Redaction comes first: what is escaped could not be found any more."""
    secret = "[no;one's|word]%"
    environ = {name: str(tmp_path / name) for name in FILES}
    environ |= {"PATH": str(agent.parent), "NOTES": str(tmp_path / "notes")}
    news = hostile(f"so {secret} it is")
    news = replace(
        news, variables={**news.variables, "XRAY_TESTS": secret}, markdown=f"`{secret}`"
    )

    found = outputs.write(
        news,
        {**SIGNS[slug], **environ},
        tmp_path / ".xray",
        lambda said: said.replace(secret, "***"),
    )

    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != agent]
    said = "".join([*found.commands, *(path.read_text("utf-8") for path in written)])
    assert "***" in said
    assert "word" not in said


@pytest.mark.parametrize(
    ("folder", "file", "shown"),
    [
        ("", "tests/test_a.py", "tests/test_a.py"),
        ("service", "tests/test_a.py", "service/tests/test_a.py"),
        ("service", "../lib/test_a.py", "lib/test_a.py"),
        ("service", "../../other/test_a.py", "../../other/test_a.py"),
        ("service", "/usr/lib/a.py", "/usr/lib/a.py"),
        ("service", "", ""),
    ],
)
def test_a_file_is_named_from_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, file: str, shown: str
) -> None:
    """An annotation finds its file if the tests ran in a folder of the checkout."""
    (tmp_path / folder).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / folder)
    place = Place(environ={"GITHUB_WORKSPACE": str(tmp_path)}, folder=tmp_path)

    assert place.in_checkout(file, "GITHUB_WORKSPACE") == shown
    assert place.in_checkout(file, "UNSET") == file
