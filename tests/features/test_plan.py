"""The plan of an import, and its answer."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xray_bridge.client.issues import Issue
from xray_bridge.client.response import Answer
from xray_bridge.errors import FeaturesError, UsageError
from xray_bridge.features import plan
from xray_bridge.features.answers import read_answer
from xray_bridge.features.bundles import PackedFiles, pack_files
from xray_bridge.features.download import Limits
from xray_bridge.features.files import find_files
from xray_bridge.features.gherkin import Feature, read_feature
from xray_bridge.features.values import (
    Bundle,
    Change,
    ImportResult,
    NamedIssue,
    UnkeyedBlock,
)
from xray_bridge.model.dialect import DIALECTS
from xray_bridge.model.tags import PREFIXES


ADDITION = """\
Feature: Addition
  Background: A fresh calculator
    #@Precondition:CALC-5
    Given the calculator is on
  @TEST_CALC-78 @REQ_CALC-70 @smoke
  Scenario: Add two numbers
    * x
  @id:7 @fast
  Scenario: Add three numbers
    * x
"""
KEYED = NamedIssue(
    key="CALC-78", places=("a.feature:6",), summary="Add two numbers", labels=("smoke",)
)


def features(**texts: str) -> dict[str, Feature]:
    """Feature files by name."""
    return {f"{name}.feature": read_feature(text) for name, text in texts.items()}


def test_wanted() -> None:
    """Tests have a name and labels, Preconditions only a name."""
    assert plan.named_issues(features(a=ADDITION), PREFIXES) == {
        "CALC-78": KEYED,
        "CALC-5": NamedIssue(
            key="CALC-5",
            places=("a.feature:2",),
            summary="A fresh calculator",
            is_test=False,
        ),
    }


@pytest.mark.parametrize(
    ("comment", "prefixes", "expected"),
    [
        ("#@CALC-5", PREFIXES, ("CALC-5",)),
        ("# @PRECOND_CALC-5", PREFIXES, ("CALC-5",)),
        ("#@Precondition:CALC-5", PREFIXES, ("CALC-5",)),
        ("#@PRE:CALC-5", ("T:", "R:", "PRE:"), ("CALC-5",)),
        ("#@PRE:CALC-5", PREFIXES, ()),
        ("#@SET:CALC-5", ("T:", "R:", "PRE:", "SET:"), ()),
        ("#@smoke", PREFIXES, ()),
        ("#@CALC-5", ("T:",), ("CALC-5",)),
    ],
)
def test_preconditions(
    comment: str, prefixes: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """An issue in a background is found with any prefix."""
    feature = read_feature(f"Feature: F\n  Background:\n    {comment}\n    * x\n")

    assert plan.precondition_keys(feature.backgrounds[0], prefixes) == expected


def test_without_key() -> None:
    """A scenario without a key is found by its name, or by a label with an id."""
    scenarios = plan.scenarios_without_key(features(a=ADDITION), PREFIXES)
    tests = {
        key: Issue(key=key, summary=summary, labels=labels)
        for key, summary, labels in (
            ("CALC-1", "Add three numbers", ("manual",)),
            ("CALC-2", "An older name", ("id:7",)),
            ("CALC-3", "Add three numbers and more", ()),
        )
    }
    wanted = plan.matched_by_name(scenarios, tests)

    assert scenarios == [
        UnkeyedBlock(
            place="a.feature:9", name="Add three numbers", labels=("id:7", "fast")
        )
    ]
    assert sorted(wanted) == ["CALC-1", "CALC-2"]
    assert wanted["CALC-2"].summary == "Add three numbers"


def test_many_without_key() -> None:
    """The time for many scenarios grows with their number, not with its square."""
    numbers = range(8_000)
    scenarios = [UnkeyedBlock(place="a.feature:1", name=f"Name {n}") for n in numbers]
    tests = {f"CALC-{n}": Issue(key=f"CALC-{n}", summary=f"Name {n}") for n in numbers}
    began = time.process_time()
    wanted = plan.matched_by_name(scenarios, tests)
    took = time.process_time() - began

    assert wanted.keys() == tests.keys()
    assert took < 3.0


@pytest.mark.parametrize(
    ("issue", "expected"),
    [
        (Issue(key="CALC-78", summary="Add two numbers", labels=("smoke",)), None),
        (
            Issue(key="CALC-78", summary="Add", labels=("manual", "smoke")),
            Change(key="CALC-78", summary=("Add", "Add two numbers"), lost=("manual",)),
        ),
        (
            Issue(key="CALC-78", summary="Add two numbers"),
            Change(key="CALC-78", added=("smoke",)),
        ),
        # The label by which Server finds it again is Xray's own.
        (
            Issue(
                key="CALC-78",
                summary="Add two numbers",
                labels=("smoke", "old/a.feature"),
            ),
            None,
        ),
    ],
)
def test_changes(issue: Issue, expected: Change | None) -> None:
    """Lost and new values are listed; equal values are not."""
    changes = plan.list_changes([KEYED], {issue.key: issue})

    assert changes == ((expected,) if expected else ())


def test_changes_after_an_issue_that_is_not_there() -> None:
    """An issue that Jira does not show yet does not hide the others."""
    there = Issue(key="CALC-78", summary="Add", labels=("smoke",))
    known = [replace(KEYED, key="CALC-1"), KEYED]

    found = plan.list_changes(known, {"CALC-78": there})

    assert [change.key for change in found] == ["CALC-78"]


def test_an_issue_that_is_not_there_does_not_change() -> None:
    """An unknown issue is created, and has no changes."""
    before = {"CALC-5": Issue(key="CALC-5", summary="Another")}

    assert plan.list_changes([KEYED], before) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            Change(key="CALC-1", summary=("A", "B"), lost=("x", "y")),
            "its summary was 'A' and among its labels were x, y",
        ),
        (Change(key="CALC-1", summary=("A", "B")), "its summary was 'A'"),
        (Change(key="CALC-1", lost=("x",)), "among its labels were x"),
    ],
)
def test_what_a_person_has_to_put_back(change: Change, said: str) -> None:
    """The text has the values to restore, and no others."""
    assert plan.describe_before(change) == said


def test_a_background_without_a_name_changes_nothing() -> None:
    """A summary stays if the file has none."""
    wanted = NamedIssue(key="CALC-5", places=("a.feature:2",), summary="")
    before = Issue(key="CALC-5", summary="Fresh")

    assert plan.list_changes([wanted], {"CALC-5": before}) == ()


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (Change(key="A-1", summary=("old", "new")), {"fields": {"summary": "old"}}),
        (
            Change(key="A-1", lost=("x", "y"), added=("z",)),
            {"update": {"labels": [{"add": "x"}, {"add": "y"}]}},
        ),
    ],
)
def test_put_back(change: Change, body: dict[str, Any]) -> None:
    """Labels are added one by one, so that new ones stay."""
    assert plan.undo_edit(change) == body


def test_all_that_a_person_has_to_put_back() -> None:
    """The text has all lost values."""
    change = Change(
        key="A-1", summary=("old", "new"), description=("by hand", "x"), lost=("y",)
    )

    assert plan.describe_before(change) == (
        "its summary was 'old' and its description was 'by hand' and "
        "among its labels were y"
    )


def test_a_label_that_comes_does_no_harm() -> None:
    """A new label needs no restore."""
    assert not Change(key="A-1", added=("x",)).harms
    assert Change(key="A-1", lost=("x",)).harms


def test_notices() -> None:
    """Several keys on a scenario, a key on several, and a wrong tag are reported."""
    text = (
        "Feature: F\n  @CALC-1 @TEST_CALC-2 @TEST_CALC-x1\n  Scenario: S\n"
        "  @CALC-1\n  Scenario: T\n  @TEST_calc-9\n  Scenario: U\n"
        "  @jira.testcase('CALC-5')\n  Scenario: U\n  @id:1\n  Scenario: U\n"
        "  Scenario: V\n"
    )
    found = features(a=text)
    known = plan.named_issues(found, PREFIXES)

    assert list(plan.list_notices(found, PREFIXES, known.values())) == [
        "a.feature:3 has several Test keys, Xray uses one: CALC-1, CALC-2",
        "a.feature:7 has a tag that looks like a key but is not one: @TEST_calc-9",
        "a.feature:9 has a tag that is not a key for Xray: @jira.testcase('CALC-5')",
        "a.feature, lines 7, 9: same name, so one Test, 'U'; give them keys",
        "CALC-1 is used in several places, Xray keeps one: a.feature:3, a.feature:5",
    ]


def test_a_key_of_another_project() -> None:
    """The key is refused with file and line before anything is sent."""
    with pytest.raises(FeaturesError) as caught:
        plan.refuse_other_projects([KEYED], "SHOP")

    assert caught.value.message == "a.feature:6: CALC-78 is not in project SHOP"
    assert caught.value.hint == (
        "nothing was sent; pass the --project of the key, or remove the tag"
    )


def test_prefixes_of_another_instance() -> None:
    """Tags with its prefix name Tests, and elsewhere they are labels."""
    found = features(a="Feature: F\n  @T-CALC-1\n  Scenario: S\n")
    theirs = ("T-", "R-", "P-", "S-")

    assert list(plan.named_issues(found, theirs)) == ["CALC-1"]
    assert plan.scenarios_without_key(found, theirs) == []
    assert plan.named_issues(found, PREFIXES) == {}


@pytest.mark.parametrize(
    ("product", "path", "part"),
    [
        ("server", "/rest/raven/2.0/import/feature", "preCondInfo"),
        ("cloud", "/api/v2/import/feature", "precondInfo"),
    ],
)
def test_request(product: str, path: str, part: str, tmp_path: Path) -> None:
    """Both products take the same parts, except for one name."""
    bundle = Bundle(
        path=tmp_path / "features.zip",
        filename="features.zip",
        names=("a.feature",),
        is_zip=True,
    )
    fields = ({"labels": "nightly"}, {"fields": {"priority": {"name": "High"}}})
    request = plan.import_request(bundle, "CALC", DIALECTS[product], fields)
    contents: dict[str, Any] = {each.name: each.content for each in request.parts}

    assert request.target == f"{path}?projectKey=CALC"
    assert [(each.name, each.media_type) for each in request.parts] == [
        ("file", "application/zip"),
        ("testInfo", "application/json"),
        (part, "application/json"),
    ]
    assert contents["file"] == bundle.path
    assert json.loads(contents["testInfo"]) == {"fields": {"labels": ["nightly"]}}
    assert json.loads(contents[part]) == {"fields": {"priority": {"name": "High"}}}


def test_a_request_without_fields(tmp_path: Path) -> None:
    """A file alone is sent as text, without fields."""
    bundle = Bundle(
        path=tmp_path / "a.feature",
        filename="a.feature",
        names=("a.feature",),
        is_zip=False,
    )
    request = plan.import_request(bundle, "CALC", DIALECTS["cloud"], repeatable=True)

    assert [(each.name, each.media_type) for each in request.parts] == [
        ("file", "text/plain")
    ]
    assert request.repeatable


@pytest.mark.parametrize(
    ("before", "comments", "expected"),
    [
        ("Words", "Others", ("Words", "Others")),
        ("Words", "", None),
        ("", "Others", None),
        ("  \n", "Others", None),
        ("a\n b", "a b", None),
    ],
)
def test_description_that_goes(
    before: str, comments: str, expected: tuple[str, str] | None
) -> None:
    """Only where there was one, and what comes is more than other blanks."""
    named = NamedIssue(key="CALC-1", places=("a:1",), summary="S", comments=comments)
    issue = Issue(key="CALC-1", summary="S")
    found = plan.list_changes([named], {"CALC-1": issue}, {"CALC-1": before})

    change = Change(key="CALC-1", description=expected)
    assert found == ((change,) if expected else ())


@pytest.mark.parametrize(
    ("change", "lines", "is_harm"),
    [
        (Change(key="CALC-1"), [], False),
        (
            Change(key="CALC-1", summary=("a", "b")),
            ["CALC-1: summary 'a' becomes 'b'"],
            True,
        ),
        (
            Change(key="CALC-1", description=("a", "b")),
            ["CALC-1: description 'a' becomes 'b'"],
            True,
        ),
        (
            Change(key="CALC-1", lost=("a", "b")),
            ["CALC-1: labels may be removed: a, b"],
            True,
        ),
        (
            Change(key="CALC-1", added=("a", "b")),
            ["CALC-1: labels are added: a, b"],
            False,
        ),
    ],
)
def test_change_in_lines(change: Change, lines: list[str], *, is_harm: bool) -> None:
    """One line for each that changes; what only comes harms nobody."""
    assert change.lines() == lines
    assert change.harms is is_harm


def test_what_others_have_said_is_cleaned() -> None:
    """Refusals, notices and answers; keys and files are our own."""
    result = ImportResult(
        project="CALC",
        files=("a",),
        refused=("a", "b"),
        notices=("c",),
        raw=("d",),
        tests=("CALC-1",),
    )

    assert result.redacted(str.upper) == ImportResult(
        project="CALC",
        files=("a",),
        refused=("A", "B"),
        notices=("C",),
        raw=("D",),
        tests=("CALC-1",),
    )


# Answers --------------------------------------------------------------------------


def said(content: Any) -> Answer:
    """Make an answer of a server."""
    text = content if isinstance(content, str) else json.dumps(content)
    return Answer(status=200, headers={}, content=text.encode(), url="https://x.test")


def issue(number: int, kind: str = "") -> dict[str, Any]:
    """Make an issue as in answers."""
    named = {"issueType": {"id": "1", "name": kind}} if kind else {}
    return {"id": str(number), "key": f"CALC-{number}", "self": "https://x", **named}


@pytest.mark.parametrize(
    ("content", "tests", "preconditions", "errors"),
    [
        ([issue(1, "Test"), issue(5, "Pre-Condition")], ["1"], ["5"], []),
        ([issue(1), issue(5, "Vorbedingung")], ["1", "5"], [], []),
        ([issue(5, "Précondition")], [], ["5"], []),
        ([], [], [], []),
        (
            {
                "message": "CALC-9 is not there",
                "testIssues": [issue(1)],
                "preconditionIssues": [issue(5)],
            },
            ["1"],
            ["5"],
            ["CALC-9 is not there"],
        ),
        ({"testIssues": {"success": [issue(1)]}}, ["1"], [], []),
        (
            {
                "errors": ["no", {"message": "never"}],
                "updatedOrCreatedTests": [issue(1), issue(1)],
                "updatedOrCreatedPreconditions": [issue(5)],
            },
            ["1"],
            ["5"],
            ["no", "never"],
        ),
        ({"errors": [], "updatedOrCreatedTests": []}, [], [], []),
        ({"testIssues": [{"key": 7}, {"key": ""}, {}, 7, issue(1)]}, ["1"], [], []),
        (
            {"message": "", "error": ["a", ""], "errors": {"b": 1}},
            [],
            [],
            ["a", '{"b": 1}'],
        ),
        ({"errors": {"error": "c"}, "testIssues": {"error": "d"}}, [], [], ["c", "d"]),
    ],
)
def test_answers(
    content: Any, tests: list[str], preconditions: list[str], errors: list[str]
) -> None:
    """Both products' answers are read; errors in a 200 are errors."""
    found = read_answer(said(content))

    assert found.tests == tuple(f"CALC-{each}" for each in tests)
    assert found.preconditions == tuple(f"CALC-{each}" for each in preconditions)
    assert found.errors == tuple(errors)
    assert json.loads(found.raw) == content


@pytest.mark.parametrize("content", ["", "OK", {"ok": True}, 7, None])
def test_an_answer_of_another_kind(content: Any) -> None:
    """An answer of an unknown form is an error, not a success."""
    with pytest.raises(FeaturesError, match="has an unknown form") as caught:
        read_answer(said(content))

    assert caught.value.hint == "look in Jira to see which Tests it imported"


@pytest.mark.parametrize(("content", "quoted"), [("", "nothing"), ("OK", "OK")])
def test_an_answer_of_another_kind_is_quoted(content: str, quoted: str) -> None:
    """Where it has no words, that is told."""
    with pytest.raises(FeaturesError) as caught:
        read_answer(said(content))

    assert caught.value.message == f"the import's answer has an unknown form: {quoted}"


# Bundles --------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


def packed(here: Path, *patterns: str, limits: Limits | None = None) -> PackedFiles:
    """Pack some files."""
    folder = here.parent / "folder"
    folder.mkdir(exist_ok=True)
    return pack_files(find_files(patterns, Path()), folder, limits or Limits())


def test_what_was_looked_at_goes_out(here: Path) -> None:
    """The checked content is sent, even if the file changes later."""
    (here / "a.feature").write_text(ADDITION)
    found = packed(here, "a.feature")
    (here / "a.feature").write_text("Feature: Another")

    assert found.bundles[0].path.read_text() == ADDITION


def test_one_file_goes_out_as_it_is(here: Path) -> None:
    """One file is sent without an archive."""
    (here / "a.feature").write_text(ADDITION)
    found = packed(here, "a.feature")

    assert [(each.filename, each.is_zip) for each in found.bundles] == [
        ("a.feature", False)
    ]
    assert found.bundles[0].path.read_text() == ADDITION


@pytest.mark.parametrize("pattern", ["core", "core/a.feature"])
def test_folders_are_kept(here: Path, pattern: str) -> None:
    """One file is sent as a zip if its name has a folder."""
    (here / "core").mkdir()
    (here / "core" / "a.feature").write_text(ADDITION)
    bundle = packed(here, pattern).bundles[0]

    with zipfile.ZipFile(bundle.path) as archive:
        assert archive.namelist() == ["core/a.feature"]
        assert archive.read("core/a.feature").decode() == ADDITION


def test_the_same_files_give_the_same_bytes(here: Path) -> None:
    """An archive does not depend on times or on the order of a directory."""
    digests: set[str] = set()
    for order in ("ab", "ba"):
        for name in order:
            path = here / f"{name}.feature"
            path.unlink(missing_ok=True)
            path.write_text(ADDITION)
            os.utime(path, (len(digests) * 1e6, 1e9 + len(digests) * 1e6))
        content = packed(here, ".").bundles[0].path.read_bytes()
        digests.add(hashlib.sha256(content).hexdigest())

    assert len(digests) == 1


def test_archive_has_no_time_and_no_owner_s_modes(here: Path) -> None:
    """All files in it are plain ones of the day on which the time of zips begins."""
    (here / "core").mkdir()
    (here / "core" / "a.feature").write_text(ADDITION)
    bundle = packed(here, "core").bundles[0]

    with zipfile.ZipFile(bundle.path) as archive:
        (found,) = archive.infolist()
    assert found.date_time == (1980, 1, 1, 0, 0, 0)
    assert found.external_attr >> 16 == 0o100644
    assert found.compress_type == zipfile.ZIP_DEFLATED
    assert (bundle.filename, bundle.names, bundle.is_zip) == (
        "features.zip",
        ("core/a.feature",),
        True,
    )


def test_all_of_an_archive_is_read(here: Path) -> None:
    """One file after the other, and a bundle has all of their names."""
    an_archive(here / "a.zip", a=ADDITION, b=ADDITION)
    found = packed(here, ".")

    names = ("a.zip: a.feature", "a.zip: b.feature")
    assert tuple(found.features) == names
    assert found.bundles[0].names == names
    assert found.bundles[0].is_zip


@pytest.mark.parametrize(
    ("name", "most"), [("a.feature", "file_bytes"), ("a.zip", "total_bytes")]
)
def test_size_of_what_is_sent(here: Path, name: str, most: str) -> None:
    """The last byte that is allowed is, and archives have a limit of their own."""
    an_archive(here / "a.zip", a=ADDITION)
    (here / "a.feature").write_text(ADDITION)
    size = (here / name).stat().st_size
    found = packed(here, name, limits=Limits(**{most: size}))

    assert found.bundles[0].path.stat().st_size == size
    with pytest.raises(FeaturesError, match=f"{name} is larger than 0 MiB"):
        packed(here, name, limits=Limits(**{most: size - 1}))


def test_background_alone_is_sent(here: Path) -> None:
    """It may have a Precondition."""
    (here / "a.feature").write_text("Feature: F\n  Background: B\n    * x\n")
    found = packed(here, "a.feature")

    assert found.bundles[0].names == ("a.feature",)
    assert found.left_out == ()


def test_archives_go_out_as_they_are(here: Path) -> None:
    """Each archive is sent in a request of its own, after the files."""
    (here / "a.feature").write_text(ADDITION)
    with zipfile.ZipFile(here / "more.zip", "w") as archive:
        archive.writestr("core/b.feature", ADDITION)
        archive.writestr("README", "not sent for its own sake")
    found = packed(here, ".")

    assert [each.filename for each in found.bundles] == ["a.feature", "more.zip"]
    sent, theirs = found.bundles[1].path, here / "more.zip"
    assert sent.read_bytes() == theirs.read_bytes()
    assert sorted(found.features) == ["a.feature", "more.zip: core/b.feature"]


def test_a_feature_without_scenarios_is_left_out(here: Path) -> None:
    """The skipped file is reported, and the others are sent."""
    (here / "a.feature").write_text(ADDITION)
    (here / "b.feature").write_text("Feature: to be written\n")
    found = packed(here, ".")

    assert found.left_out == ("b.feature has no scenarios",)
    assert found.bundles[0].names == ("a.feature",)


def an_archive(path: Path, **texts: str) -> None:
    """Write an archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(f"{name}.feature", text)


def a_bomb(path: Path) -> None:
    """Two megabytes of blanks in two kilobytes."""
    an_archive(path, a=ADDITION + " " * (2 << 20))


def a_broken_archive(path: Path) -> None:
    """Half of an archive."""
    an_archive(path, a=ADDITION)
    path.write_bytes(path.read_bytes()[:40])


def a_page_in_an_archive(path: Path) -> None:
    """A login page where a feature should be."""
    an_archive(path, a="<html>log in</html>")


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("a.feature", lambda path: path.write_text(""), "a.feature is empty"),
        ("a.feature", lambda path: path.write_text("<html>"), "a.feature is not a"),
        ("a.feature", lambda path: path.write_bytes(b"\xff\xfe"), "is not UTF-8"),
        ("a.feature", lambda path: path.write_text("x" * 2000), "is larger than"),
        ("a.feature", lambda path: path.write_text("Feature: F"), "no scenarios"),
        ("a.zip", lambda path: path.write_text(ADDITION), "a.zip is not a zip archive"),
        ("a.zip", a_broken_archive, "a.zip is not a zip archive"),
        (
            "a.zip",
            a_bomb,
            "a.zip is not a valid archive of feature files: 'a.feature' is",
        ),
        ("a.zip", an_archive, "not a valid archive of feature files: it is empty"),
        ("a.zip", a_page_in_an_archive, "a.zip: a.feature is not a feature file"),
    ],
)
def test_bad_files(here: Path, name: str, write: Any, said: str) -> None:
    """Each file is refused on one line with its name, before anything is sent."""
    write(here / name)

    with pytest.raises(FeaturesError) as caught:
        packed(here, ".", limits=Limits(file_bytes=1999))

    assert said in caught.value.message
    assert "nothing was sent" in caught.value.hint
    assert "\n" not in str(caught.value)


def failing(*_: object, **__: object) -> None:
    """Simulate a broken disk."""
    raise OSError(errno.EIO, "Input/output error")


def test_a_file_that_is_gone(here: Path) -> None:
    """A deleted file is an error with its name."""
    (here / "a.feature").write_text(ADDITION)
    chosen = find_files(["a.feature"], Path())
    (here / "a.feature").unlink()

    with pytest.raises(UsageError) as caught:
        pack_files(chosen, here.parent, Limits())

    said = "a.feature cannot be read: No such file or directory"
    assert caught.value.message == said
    assert "nothing was sent" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("a.zip", "zipfile.is_zipfile"),
        ("a.feature", "pathlib.Path.read_bytes"),
        ("a.zip: a.feature", "pathlib.Path.read_bytes"),
    ],
)
def test_a_copy_that_cannot_be_read(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, broken: str
) -> None:
    """The error has the user's name of the file, not that of the copy."""
    if name == "a.feature":
        (here / name).write_text(ADDITION)
    else:
        an_archive(here / "a.zip", a=ADDITION)
    (here.parent / "folder").mkdir()
    chosen = find_files(["."], Path())
    with monkeypatch.context() as patched:
        patched.setattr(broken, failing)
        with pytest.raises(UsageError) as caught:
            pack_files(chosen, here.parent / "folder", Limits())

    assert caught.value.message == f"{name} cannot be read: Input/output error"


def test_files_after_an_archive(here: Path) -> None:
    """They are sent, too, and before it."""
    an_archive(here / "a.zip", a=ADDITION)
    (here / "b.feature").write_text(ADDITION)
    found = packed(here, ".")

    assert [each.filename for each in found.bundles] == ["b.feature", "a.zip"]


def test_size_in_the_message(here: Path) -> None:
    """The limit is in mebibytes."""
    (here / "a.feature").touch()
    os.truncate(here / "a.feature", (16 << 20) + 1)

    with pytest.raises(FeaturesError, match=r"a\.feature is larger than 16 MiB"):
        packed(here, "a.feature")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "nothing was sent"),
        ("x", "nothing was sent; a feature file begins with tags, or with Feature:"),
    ],
)
def test_hint_on_a_bad_file(here: Path, text: str, hint: str) -> None:
    """It says that nothing was sent, and then how to mend the file."""
    (here / "a.feature").write_text(text)

    with pytest.raises(FeaturesError) as caught:
        packed(here, "a.feature")

    assert caught.value.hint.startswith(hint)
    assert not caught.value.hint.endswith("; ")
