"""The summary is a comment on the pull request, which is updated in place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.builders import a_run, recorded
from tests.ci.hosts import HOSTS, PERSON, TOKEN, GitHub, Host
from tests.ci.test_changes_in_markdown import CHANGES
from tests.ci.test_from_receipts import ANYTHING, DELIVERED, FAILED, everything
from tests.scripted import Scripted, answer, scripted
from xray_bridge import cli
from xray_bridge.ci.comments import places
from xray_bridge.ci.comments.body import CUT, has_mark, make_body, make_mark
from xray_bridge.ci.comments.places import SERVICES, find_place
from xray_bridge.model.receipt import Failure


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.scripted import Script
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.run_directory import RunDirectory

QUIET = replace(DELIVERED, counts={"passed": 3}, failures=())


class Job:
    """A CI job of a pull request, with an uploaded run."""

    def __init__(
        self,
        host: Host,
        server: Scripted,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.host = host
        self.server = server
        self._capsys = capsys
        self._folder = folder
        self.directory: RunDirectory = recorded(folder, a_run())

    def comment(self, receipt: Receipt = DELIVERED, *flags: str) -> tuple[int, str]:
        """Run ``xray-bridge outputs --comment``; return exit code and output."""
        path = self.directory.path / "receipt.json"
        path.write_text(json.dumps(receipt.to_json()))
        arguments = ("outputs", str(self.directory.path), *(flags or ("--comment",)))
        code = cli.main([*arguments, "--skip-proxy", "--deadline", "5"])
        captured = self._capsys.readouterr()
        return code, captured.out + captured.err


def start(
    name: str, monkeypatch: pytest.MonkeyPatch, host: Host, server: Scripted
) -> None:
    """Set the environment of a job; nothing else is there."""
    for each, value in host.environ.items():
        monkeypatch.setenv(each, value)
    if host.address:
        monkeypatch.setenv(host.address, server.url)
    else:
        service = replace(SERVICES[name], url=server.url)
        monkeypatch.setitem(places.SERVICES, name, service)


def service_of(job: Job) -> places.Service:
    """The service whose token the job has."""
    return next(s for s in SERVICES.values() if s.token in job.host.environ)


@pytest.fixture(params=HOSTS)
def job(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Job]:
    """A job of each service."""
    monkeypatch.chdir(tmp_path)
    host = HOSTS[request.param]()
    with scripted(host.script()) as server:
        start(request.param, monkeypatch, host, server)
        yield Job(host, server, tmp_path, capsys)


@pytest.fixture
def github(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Job]:
    """A job of GitHub Actions."""
    monkeypatch.chdir(tmp_path)
    host = GitHub()
    with scripted(host.script()) as server:
        start("github", monkeypatch, host, server)
        yield Job(host, server, tmp_path, capsys)


def test_created_then_updated_in_place(job: Job) -> None:
    """There is one comment, whatever happens."""
    job.host.add("Nice work!", PERSON)

    created = job.comment()
    updated = job.comment(replace(DELIVERED, changes=CHANGES))

    assert (created[0], updated[0]) == (0, 0)
    assert created[1].endswith(": created.\n")
    assert updated[1].endswith(": updated.\n")
    _, text = job.host.texts
    assert "CALC-77" in text
    assert "**Newly failing** 1" in text


def test_the_same_text_is_not_sent_again(job: Job) -> None:
    """Nobody is notified of nothing."""
    job.comment()
    job.host.comments[0].text = job.host.texts[0].replace("\n", "\r\n")

    code, output = job.comment()

    assert (code, job.host.writes) == (0, ["POST"])
    assert output.endswith(": unchanged.\n")


def test_without_news_no_comment_is_created(job: Job) -> None:
    """But an old one is corrected."""
    nothing = job.comment(QUIET)
    job.comment()
    job.comment(QUIET)

    assert nothing[1].endswith(": nothing to say.\n")
    assert job.host.writes[0] == "POST"
    (text,) = job.host.texts
    assert "Failed" not in text


def test_the_comment_may_be_on_a_later_page(job: Job) -> None:
    """A long discussion has many comments."""
    for number in range(205):
        job.host.add(f"comment {number}", PERSON)
    job.comment()

    job.comment(FAILED)

    assert len(job.host.comments) == 206
    assert "Not delivered" in job.host.texts[-1]


def test_a_comment_of_others_with_the_mark_is_left_alone(job: Job) -> None:
    """Whoever copies the mark would else own what it says."""
    job.comment()
    job.host.comments[0].author = PERSON

    job.comment(FAILED)
    job.comment(QUIET)

    copied, own = job.host.texts
    assert "CALC-77" in copied
    assert "3" in own
    assert "Not delivered" not in copied + own


@pytest.mark.parametrize(
    "script",
    [
        answer(302, b"", Location="https://login.example.com/"),
        answer(203, b"<html>Sign in</html>"),
        answer(200, b'{"value": null}'),
    ],
)
def test_a_login_page_means_a_missing_token(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: Script,
) -> None:
    """Azure DevOps leads to it; nothing follows."""
    monkeypatch.chdir(tmp_path)
    host = HOSTS["azure"]()
    with scripted(script) as server:
        start("azure", monkeypatch, host, server)
        code, output = Job(host, server, tmp_path, capsys).comment()

    assert code == 84
    assert SERVICES["azure"].missing in output
    assert len(server.received) == 1


def test_a_lost_answer_makes_no_second_comment(
    github: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for before the command gives up."""
    written = github.host.write

    def write(method: str, path: str, content: object) -> tuple[int, object]:
        written(method, path, content)
        return 500, {"message": "Server Error"}

    monkeypatch.setattr(github.host, "write", write)

    code, output = github.comment()

    assert (code, len(github.host.comments)) == (0, 1)
    assert output.endswith(": created.\n")


def test_a_token_without_permission(job: Job) -> None:
    """One line says what to add; the exit code is not one of the tests."""
    job.host.refuse = 403

    code, output = job.comment()

    service = service_of(job)
    assert code == 84
    assert len(output.splitlines()) == 1
    assert service.missing in output
    assert "[comment]" in output


def test_without_a_token_nobody_is_asked(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line names the variable and how to set it."""
    service = service_of(job)
    monkeypatch.delenv(service.token)

    code, output = job.comment()

    assert code == 84
    assert f"{service.token} is not set ({service.missing})" in output
    assert job.server.received == []


def test_a_wrong_token_is_not_shown(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the output, and not in the comment."""
    service = service_of(job)
    monkeypatch.setenv(service.token, "wrong-and-secret")

    code, output = job.comment()

    assert code == 84
    assert "wrong-and-secret" not in output


def test_the_token_is_removed_from_the_comment(job: Job) -> None:
    """A test may have printed it."""
    failure = Failure(name="t.test_env", message=f"TOKEN={TOKEN}")

    job.comment(replace(DELIVERED, failures=(failure,)))

    assert TOKEN not in job.host.texts[0]
    assert "TOKEN=***" in job.host.texts[0]


def test_a_dry_run_sends_nothing(job: Job) -> None:
    """It prints the comment, and where it would be written."""
    code, output = job.comment(DELIVERED, "--comment", "--dry-run")

    assert code == 0
    assert " 7 on " in output
    assert "1 != 2" in output
    assert job.server.received == []


@pytest.mark.parametrize(
    "variables",
    [
        {"GITHUB_REF": "refs/heads/main"},
        {"GITHUB_REPOSITORY": "a/../../user"},
        {"GITHUB_API_URL": ""},
    ],
)
def test_outside_of_a_pull_request(
    github: Job, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """One line, and nothing has failed."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    code, output = github.comment()

    assert code == 0
    assert output == "No comment: this is not a run of a pull request on GitHub.\n"
    assert github.server.received == []


def test_azure_pipelines_of_a_repository_elsewhere() -> None:
    """Its pull request is not one of Azure Repos."""
    environ = {
        **HOSTS["azure"]().environ,
        "SYSTEM_COLLECTIONURI": "https://dev.azure.com/a/",
    }

    found = find_place(SERVICES["azure"], environ)

    assert found is not None
    assert found.url == "https://dev.azure.com/a"
    elsewhere = {**environ, "BUILD_REPOSITORY_PROVIDER": "GitHub"}
    assert find_place(SERVICES["azure"], elsewhere) is None


def test_the_number_of_a_pull_request_target(tmp_path: Path) -> None:
    """Its ref is the target branch; the event has the number."""
    event = tmp_path / "event.json"
    event.write_text('{"number": 7}')
    environ = {
        "GITHUB_API_URL": "https://api.github.com",
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_EVENT_NAME": "pull_request_target",
        "GITHUB_EVENT_PATH": str(event),
    }

    found = find_place(SERVICES["github"], environ)

    assert found is not None
    assert str(found) == "pull request 7 on GitHub"


def test_a_workflow_token_does_not_know_its_account(github: Job) -> None:
    """Then comments of bots are looked at."""
    github.host.knows_account = False
    github.host.add("Nice work!", PERSON)
    github.comment()

    code, output = github.comment(FAILED)

    assert (code, len(github.host.comments)) == (0, 2)
    assert output.endswith(": updated.\n")


def test_a_fork_cannot_comment(
    github: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can change that, so it fails no job."""
    event = tmp_path / "event.json"
    head = {"repo": {"full_name": "them/b"}}
    event.write_text(json.dumps({"number": 7, "pull_request": {"head": head}}))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    github.host.refuse = 403

    code, output = github.comment()

    assert code == 0
    assert output == (
        "No comment on pull request 7 on GitHub: pull requests of forks have no token "
        "that may write.\n"
    )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://api.example.com", "because it is not https"),
        ("http://127.0.0.1:9", "no comment on pull request 7"),
    ],
)
def test_a_service_that_gets_no_token_or_no_answer(
    github: Job, monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    """One line; with a warning only, the exit code is 0."""
    monkeypatch.setenv("GITHUB_API_URL", address)

    code, output = github.comment()
    warned, _ = github.comment(
        DELIVERED, "--comment", "github", "--on-upload-error", "warn"
    )

    assert (code, warned) == (84, 0)
    assert why in output


def test_a_ci_system_without_comments(
    github: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The services are named."""
    monkeypatch.delenv("GITHUB_ACTIONS")

    code, output = github.comment()

    assert code == 2
    assert "--comment github | gitlab | bitbucket | azure" in output


@pytest.mark.parametrize("name", SERVICES)
def test_a_long_comment_is_cut_at_a_line(name: str) -> None:
    """Each service has its limit."""
    failure = Failure(name="ä" * 400, message="ü" * 400)
    receipt = replace(DELIVERED, failures=(failure,) * 50, notices=("ö" * 400,) * 500)
    service = replace(SERVICES[name], longest=20_000)

    text = make_body(receipt, service, "mark")

    assert 18_000 < len(text.encode()) <= 20_000
    assert text.endswith(f"`\n{CUT}")


def test_marks_tell_jobs_apart() -> None:
    """Two jobs of one pull request have a comment each."""
    service = SERVICES["github"]
    one, other = make_mark(service, ["a", "unit"]), make_mark(service, ["a", "e2e"])

    assert one != other
    assert has_mark(f"{one}\r\ntext", one)
    assert not has_mark(f"text\n{one}", one)


@given(ANYTHING, st.sampled_from(list(SERVICES.values())))
def test_texts_of_tests_are_only_texts(text: str, service: places.Service) -> None:
    """No link but ours, no HTML but the mark, no mention, no command."""
    failure = Failure(name=text, keys=(text,), message=text)
    receipt = replace(DELIVERED, failures=(failure,), notices=(text,))

    body = make_body(receipt, service, make_mark(service, ["x"]))
    tokens = list(everything(MarkdownIt("commonmark").enable("table").parse(body)))

    links = [token for token in tokens if token.type == "link_open"]
    html = [token for token in tokens if token.type.startswith("html")]
    assert [token.attrs["href"] for token in links] == [
        "https://jira.example.com/browse/CALC-77"
    ]
    assert len(html) == (service.slug != "bitbucket")
    assert not any(line.startswith("/") for line in body.splitlines())
    after = [body[at + 1] for at, each in enumerate(body[:-1]) if each == "@"]
    assert set(after) <= {"\u200b"}
