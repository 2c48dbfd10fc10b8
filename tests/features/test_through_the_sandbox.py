"""Import and export of feature files with the embedded sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xray_bridge import cli
from xray_sandbox import Store, TestRow


ADDITION = """\
@REQ_CALC-70
Feature: The calculator calculates

  Background: A fresh calculator
    Given the calculator is on

  @TEST_CALC-78 @smoke
  Scenario: Add two numbers
    Given I have entered 2 into the calculator
    Then the result should be 5

  @fast
  Scenario Outline: Add <a>
    Given I have entered <a> into the calculator

    @rows
    Examples:
      | a |
      | 1 |
"""


@dataclass
class Said:
    """The exit code and the output of a command."""

    exit_code: int
    output: str
    errors: str


class Bench:
    """The command and the sandbox of a directory."""

    def __init__(
        self, root: Path, product: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.root = root
        self.product = product
        self._capsys = capsys

    def run(self, action: str, *arguments: str) -> Said:
        """Run a ``xray-bridge features`` command with the sandbox."""
        sandbox = ("--sandbox", "--deployment", self.product)
        code = cli.main(["features", action, *arguments, *sandbox])
        captured = self._capsys.readouterr()
        return Said(code, captured.out, captured.err)

    def bring(self, *arguments: str) -> Any:
        """Import to the demo project; return the output."""
        said = self.run("import", *arguments, "--project", "CALC", "--json")
        assert said.exit_code == 0, said.output + said.errors
        return json.loads(said.output)

    def write(self, name: str, text: str = ADDITION) -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @property
    def store(self) -> Store:
        """The sandbox's data."""
        return Store(self.root / ".xray" / "sandbox" / "sandbox.sqlite3")

    def test(self, key: str) -> TestRow:
        """A Test."""
        return next(each for each in self.store.tests() if each.key == key)


@pytest.fixture(params=["server", "cloud"])
def bench(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bench:
    """Both products."""
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path, request.param, capsys)


def keys(issues: list[dict[str, str]]) -> dict[str, str]:
    """Return the summaries by key."""
    return {each["key"]: each["summary"] for each in issues}


def test_people_keep_their_words(bench: Bench) -> None:
    """Steps come from the file; people's summary and labels stay."""
    bench.write("features/a.feature")
    bench.bring("features")
    bench.store.change_issue("CALC-78", labels=("manual",), summary="Sums")
    outcome = bench.bring("features")
    test = bench.test("CALC-78")

    assert outcome["put_back"] == ["CALC-78"]
    assert test.summary == "Sums"
    assert {"manual", "smoke"} <= set(test.labels)
    assert "I have entered 2" in test.scenario


def test_feature_files_win(bench: Bench) -> None:
    """With ``--overwrite`` summary and labels come from the file."""
    bench.write("features/a.feature")
    bench.bring("features")
    bench.store.change_issue("CALC-78", labels=("manual",))
    bench.bring("features", "--overwrite")
    test = bench.test("CALC-78")

    assert test.summary == "Add two numbers"
    assert "manual" not in test.labels


def test_created_and_updated(bench: Bench) -> None:
    """A scenario without a key creates a Test once, and then updates it."""
    bench.write("features/a.feature")
    first = bench.bring("features")
    second = bench.bring("features")
    made, precondition = (each["key"] for each in first["created"])

    assert keys(first["created"]) == {
        made: "Add <a>",
        precondition: "A fresh calculator",
    }
    assert list(keys(first["updated"])) == ["CALC-78"]
    assert set(first["tests"]) == {"CALC-78", made}
    assert first["preconditions"] == second["preconditions"] == [precondition]
    assert set(second["tests"]) == {"CALC-78", made}
    assert second["created"] == []
    assert set(keys(second["updated"])) == {"CALC-78", made, precondition}


def test_one_file_is_the_same_file(bench: Bench) -> None:
    """A file sent alone updates the Tests that it created with others."""
    bench.write("features/core/a.feature", "Feature: A\n  Scenario: One\n    * x\n")
    bench.write("features/b.feature", "Feature: B\n  Scenario: Two\n    * x\n")
    first = bench.bring("features")
    second = bench.bring("features/core/a.feature")

    assert len(first["created"]) == 2
    assert second["created"] == []
    assert set(keys(second["updated"])) < set(keys(first["created"]))


def test_what_comes_in_goes_out(bench: Bench) -> None:
    """An export returns background, tags, steps and rows."""
    bench.write("features/a.feature")
    outcome = bench.bring("features", "--overwrite")
    wanted = ";".join(outcome["tests"])
    bench.run("export", "--keys", wanted, "--out", "out")
    files = list((bench.root / "out").glob("*.feature"))
    text = files[0].read_text()

    assert len(files) == 1
    assert text.startswith("@REQ_CALC-70\nFeature: The calculator calculates\n")
    assert f"#@PRECOND_{outcome['preconditions'][0]}\n    Given the calc" in text
    assert "@TEST_CALC-78 @smoke" in text
    assert "Scenario Outline: Add <a>\n" in text
    assert "    @rows\n    Examples:\n      | a |\n      | 1 |\n" in text


def test_what_went_out_comes_in(bench: Bench) -> None:
    """The import of an unchanged exported file changes nothing."""
    bench.run("export", "--keys", "CALC-78;CALC-79", "--out", "out")
    outcome = bench.bring("out")

    assert outcome["created"] == outcome["changes"] == outcome["refused"] == []
    assert sorted(keys(outcome["updated"])) == ["CALC-78", "CALC-79"]


def test_a_background_with_a_key(bench: Bench) -> None:
    """Its Precondition is updated, and its summary stays as it was."""
    text = ADDITION.replace(
        "    Given the calculator is on", "    #@PRECOND_CALC-5000\n    Given it is on"
    )
    bench.write("features/a.feature", text)
    outcome = bench.bring("features")
    precondition = bench.store.issue("CALC-5000")

    assert outcome["preconditions"] == ["CALC-5000"]
    assert precondition is not None
    assert precondition.scenario == "Given it is on"
    assert precondition.summary == "CALC-5000"


COMMENTED = ADDITION.replace("  @TEST", "  # Adds what was entered.\n  @TEST")


def test_people_keep_their_descriptions(bench: Bench) -> None:
    """Cloud overwrites a description by comments; it is restored."""
    bench.write("features/a.feature", COMMENTED)
    bench.bring("features")
    bench.store.change_issue("CALC-78", description="By hand,\nand at length.")

    outcome = bench.bring("features")

    issue = bench.store.issue("CALC-78")
    described = [each["key"] for each in outcome["changes"] if each["description"]]
    assert issue is not None
    assert issue.description == "By hand,\nand at length."
    assert described == (["CALC-78"] if bench.product == "cloud" else [])


def test_labels_that_look_like_keys(bench: Bench) -> None:
    """They become labels of the Test in the other tag."""
    bench.write("features/a.feature", ADDITION.replace("@smoke", "@UTF-8 @WCAG-2"))

    outcome = bench.bring("features")

    assert "CALC-78" in outcome["tests"]
    assert {"UTF-8", "WCAG-2"} <= set(bench.test("CALC-78").labels)


def test_another_prefix_than_the_instance_has(bench: Bench) -> None:
    """It is reported before and after: Xray has created new Tests."""
    text = "Feature: F\n\n  @T:CALC-78\n  Scenario: A name of its own\n    * x\n"
    bench.write("features/a.feature", text)
    flags = ("--project", "CALC", "--tag-prefixes", "T: R:")

    before = bench.run("import", "features", *flags, "--dry-run")
    after = bench.run("import", "features", *flags)

    assert before.exit_code == 0
    assert "this Xray instance tags Tests as @TEST_CALC-78" in before.output
    assert after.exit_code == 82
    assert "Xray did not update CALC-78; it created CALC-" in after.output


def test_fields_of_what_is_made(bench: Bench) -> None:
    """Tests and Preconditions that the import creates get the fields."""
    bench.write("features/a.feature")
    outcome = bench.bring(
        "features",
        '--test-fields={"labels": ["of-tests"]}',
        '--precondition-fields={"labels": "of-others"}',
    )
    made, precondition = (each["key"] for each in outcome["created"])
    other = bench.store.issue(precondition)

    assert "of-tests" in bench.test(made).labels
    assert other is not None
    assert "of-others" in other.labels


def test_an_archive_of_ones_own(bench: Bench) -> None:
    """An archive is sent unchanged."""
    with zipfile.ZipFile(bench.root / "all.zip", "w") as archive:
        archive.writestr("core/a.feature", ADDITION)
    outcome = bench.bring("all.zip")

    assert outcome["files"] == ["all.zip"]
    assert "CALC-78" in outcome["tests"]


def test_only_what_has_changed(bench: Bench) -> None:
    """Files of a repository that differ from a commit are sent."""
    bench.write("features/a.feature", "Feature: A\n  Scenario: One\n    * x\n")
    bench.write("features/b.feature", "Feature: B\n  Scenario: Two\n    * x\n")
    bench.write(".gitignore", ".xray\n")
    git = ("git", "-C", str(bench.root), "-c", "user.name=A", "-c", "user.email=a@b.c")
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("commit", "-q", "--no-gpg-sign", "-m", "all"),
        ("rm", "-q", "features/b.feature"),
    ):
        subprocess.run([*git, *command], check=True, env=environ)
    nothing = bench.bring("features", "--changed-since", "HEAD")
    bench.write("features/a.feature", "Feature: A\n  Scenario: Three\n    * x\n")
    outcome = bench.bring("features", "--changed-since", "HEAD")

    assert nothing["files"] == []
    assert nothing["notices"] == [
        "features/b.feature was deleted; its Tests stay in Xray",
        "--changed-since HEAD leaves out 1 of 1 files",
        "nothing to import",
    ]
    assert outcome["files"] == ["features/a.feature"]
    assert list(keys(outcome["created"]).values()) == ["Three"]


# Export ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("--keys", "CALC-78;CALC-79"),
        ("--filter", "11400"),
        ("--keys", "CALC-78", "--filter", "11400"),
    ],
)
def test_export(bench: Bench, arguments: tuple[str, ...]) -> None:
    """Keys, a filter, and both work; the directory and the archive are written."""
    said = bench.run(
        "export", *arguments, "--out", "x/y", "--zip", "z/all.zip", "--json"
    )
    files = [Path(each) for each in json.loads(said.output)["files"]]

    assert said.exit_code == 0
    assert "@TEST_CALC-78" in files[0].read_text()
    assert "@TEST_CALC-79" in files[0].read_text()
    with zipfile.ZipFile("z/all.zip") as archive:
        assert archive.namelist() == [each.name for each in files]


MANY = [f"CALC-{number}" for number in range(2000, 3500)]


def test_export_of_more_keys_than_an_address_holds(bench: Bench) -> None:
    """Each Test is in one file, and a second export changes nothing."""
    bench.write("a.feature")
    bench.bring("a.feature")
    store = bench.store
    with store.transaction():
        for key in MANY:
            text = f"Scenario: {key}\n  Given it works\n"
            store.add_issue("Test", key, kind="Cucumber", scenario=text)

    said = bench.run("export", "--keys", ";".join(MANY), "--out", "out", "--json")
    again = bench.run("export", "--keys", ";".join(MANY), "--out", "out", "--json")

    files = json.loads(said.output)["files"]
    tags = [
        word
        for path in files
        for word in Path(path).read_text().split()
        if word.startswith("@TEST_")
    ]
    assert sorted(tags) == [f"@TEST_{key}" for key in MANY]
    assert json.loads(again.output)["files"] == files
    assert json.loads(again.output)["removed"] == []


def test_stale_files_go(bench: Bench) -> None:
    """Stale files are removed, the user's own stay."""
    bench.write("features/a.feature")
    made = bench.bring("features/a.feature")["created"][0]["key"]
    bench.write("out/own.feature", "Feature: mine\n")
    bench.run("export", "--keys", "CALC-78;CALC-79", "--out", "out")
    before = {path.name for path in Path("out").glob("*.feature")}
    said = bench.run("export", "--keys", made, "--out", "out", "--json")
    after = {path.name for path in Path("out").glob("*.feature")}

    assert json.loads(said.output)["removed"]
    assert "own.feature" in after
    assert before - after == {Path(p).name for p in json.loads(said.output)["removed"]}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--filter", "77"), 82, "Filter with id 77 does not exist"),
        (("--keys", "CALC-1"), 82, "No Cucumber Tests were found"),
        (("--keys", "no key"), 2, "'no key' is not an issue key"),
        ((), 2, "give --keys or --filter"),
    ],
)
def test_nothing_to_export(
    bench: Bench, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """One line has the reason, and no directory is made."""
    said = bench.run("export", *arguments, "--out", "out")

    assert (said.exit_code, said.errors.count("\n")) == (code, 1)
    assert words in said.errors
    assert not Path("out").exists()


def test_a_ci_system_is_told_what_was_imported(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs have the names of Xray's plugin for Jenkins; a dry run has none."""
    outputs = bench.root / "outputs"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    bench.root.joinpath("add.feature").write_text(ADDITION)
    bench.run("import", "add.feature", "--project", "CALC", "--dry-run")
    told_early = outputs.exists()
    outcome = bench.bring("add.feature")
    told = outputs.read_text()

    assert not told_early
    assert ";".join(outcome["tests"]) in told.splitlines()
    assert "XRAY_ISSUES_MODIFIED" in told


def test_export_of_a_filter_that_is_not_there(bench: Bench) -> None:
    """The hint is to check keys and filter, and no directory is made."""
    said = bench.run("export", "--filter", "99999", "--out", "exported")

    assert said.exit_code == 82
    assert "Filter with id 99999 does not exist (check --keys" in said.errors
    assert said.errors.count("\n") == 1
    assert not (bench.root / "exported").exists()


LANGUAGES = {
    "vi": ("Tính năng", "Bối cảnh", "Cho", "Tình huống", "Khung tình huống", "Dữ liệu"),
    "de": ("Funktion", "Grundlage", "Wenn", "Szenario", "Szenarien", "Beispiele"),
    "ar": ("خاصية", "الخلفية", "عندما", "سيناريو", "سيناريو مخطط", "امثلة"),
    "ko": ("기능", "배경", "만약", "시나리오", "시나리오 개요", "예"),
    "en-old": ("Hwaet", "Aer", "Tha", "Swa", "Swa hwaer swa", "Se the"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_languages(bench: Bench, language: str) -> None:
    """A file in another language is exported in it, and can be imported again."""
    feature, background, when, scenario, outline, examples = LANGUAGES[language]
    bench.write(
        "a.feature",
        f"# language: {language}\n{feature}: F\n\n  {background}: B\n    {when} x\n\n"
        f"  {scenario}: one\n    {when} 1\n\n"
        f"  {outline}: two\n    {when} <n>\n\n    {examples}:\n      | n |\n",
    )
    first = bench.bring("a.feature")
    said = bench.run("export", "--keys", ";".join(first["tests"]), "--out", "out")
    again = bench.bring("out")

    assert keys(first["created"]).keys() == {*first["tests"], *first["preconditions"]}
    assert [each["summary"] for each in first["created"]] == ["one", "two", "B"]
    assert said.exit_code == 0
    assert again["tests"] == first["tests"]
    assert again["preconditions"] == first["preconditions"]
    assert not again["changes"]
