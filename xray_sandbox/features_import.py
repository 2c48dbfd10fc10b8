"""
Import feature files: create Tests and Preconditions, or replace their content.

Source: Xray's manuals, 'Importing Cucumber Tests - REST' of both products. Where
they are unclear, the sandbox does the worse: it replaces summary and labels.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import request

from xray_sandbox.errors import NO_INFO, NO_VALID_TESTS, RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import read_json
from xray_sandbox.read.feature_text import FeatureText, Part, read_feature
from xray_sandbox.read.info import read_test_info
from xray_sandbox.store.registry import Registry
from xray_sandbox.store.rows import PRECONDITION, TEST, IssueRow


_KEY = r"([A-Z][A-Z0-9_]+?-[1-9][0-9]*)"
_TEST = re.compile(rf"(?:TEST_)?{_KEY}")
_OTHER = re.compile(r"(?:REQ|PRECOND|TESTSET)_.*")
_PREFIXED = re.compile("(?:TEST|REQ|PRECOND|TESTSET)_")
_REQUIREMENT = re.compile(rf"REQ_{_KEY}")
_PRECONDITION = re.compile(rf"(?:PRECOND_|Precondition:)?{_KEY}")
_ID = re.compile(r"id:.+")


@dataclass
class ImportedFeatures:
    """The issues that were created or changed, and the errors."""

    tests: list[IssueRow] = field(default_factory=list)
    preconditions: list[IssueRow] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def receive_features(registry: Registry, product: Product) -> ImportedFeatures:
    """Handle the current request as an import of feature files."""
    if request.mimetype != "multipart/form-data":
        raise RefusedError("Unsupported Media Type", status=415)
    sent = request.files.get("file")
    if sent is None:
        raise RefusedError("no file in part 'file'")
    content = sent.stream.read()
    features = [
        read_feature(path, text)
        for path, text in _read_files(sent.filename or "", content)
    ]
    fields = _Fields(
        _read_info_part("testInfo"), _read_info_part(product.precondition_part)
    )
    done = ImportedFeatures()
    with registry.store.transaction():
        project = registry.project(request.args.get("projectKey", ""))
        for feature in features:
            _Import(registry, product, project, feature, fields, done).import_all()
    if not done.tests and not done.errors:
        raise RefusedError(NO_VALID_TESTS)
    return done


def _read_files(name: str, content: bytes) -> Iterable[tuple[str, bytes]]:
    if content[:2] != b"PK":
        return [(name.rpartition("/")[2], content)]
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = sorted(n for n in archive.namelist() if n.endswith(".feature"))
            return [(each, archive.read(each)) for each in names]
    except zipfile.BadZipFile as error:
        raise RefusedError("the archive cannot be read") from error


def _read_info_part(part: str) -> dict[str, Any]:
    given = request.files.get(part)
    return (
        dict(read_test_info(read_json(given.stream, otherwise=NO_INFO)))
        if given
        else {}
    )


@dataclass(frozen=True)
class _Fields:
    tests: dict[str, Any]
    preconditions: dict[str, Any]


@dataclass(frozen=True)
class _Import:
    """The import of one feature file."""

    registry: Registry
    product: Product
    project: str
    feature: FeatureText
    fields: _Fields
    done: ImportedFeatures

    def import_all(self) -> None:
        try:
            precondition = self._import_precondition()
        except RefusedError as error:
            self.done.errors.append(error.text)
            precondition = None
        for scenario in self.feature.scenarios:
            try:
                test = self._import_test(scenario)
            except RefusedError as error:
                self.done.errors.append(error.text)
                continue
            self.done.tests.append(test)
            if precondition:
                self.registry.store.link_to_plan(precondition.key, [test.key])

    def _import_test(self, scenario: Part) -> IssueRow:
        keys = _test_keys(scenario.tags)
        every = (*self.feature.tags, *scenario.tags)
        labels = [tag for tag in scenario.tags if not self._names_issue(tag, keys)]
        found = self._by_key(keys[0], TEST) if keys else None
        ids = [label for label in labels if _ID.fullmatch(label)]
        found = found or self._by_path(TEST, scenario.name, ids)
        if found and found.kind != "Cucumber" and not self.registry.adopt:
            raise RefusedError(f"The Test {found.key} is not a Cucumber Test")
        matches = [match for tag in every if (match := _REQUIREMENT.fullmatch(tag))]
        columns: dict[str, Any] = {
            "summary": scenario.name,
            "labels": self._add_path_label(labels),
            "kind": "Cucumber",
            "scenario": scenario.text,
            "requirements": tuple(match[1] for match in matches),
        }
        if self.product.comments_describe and scenario.comments_above:
            columns["description"] = "\n".join(scenario.comments_above)
        return self._write_issue(TEST, found, columns, self.fields.tests)

    def _names_issue(self, tag: str, keys: list[str]) -> bool:
        """Whether a tag names an issue; `UTF-8` beside the project's key does not."""
        is_plain = re.fullmatch(_KEY, tag) and not _PREFIXED.match(tag)
        if is_plain and tag.rpartition("-")[0] != self.project and tag not in keys[:1]:
            return False
        return bool(_OTHER.fullmatch(tag) or _TEST.fullmatch(tag))

    def _import_precondition(self) -> IssueRow | None:
        background = self.feature.background
        if background is None:
            return None
        tags = background.in_comments
        keys = [match[1] for tag in tags if (match := _PRECONDITION.fullmatch(tag))]
        name = background.name or f"Background: {self.feature.name}"
        found = self._by_key(keys[0], PRECONDITION) if keys else None
        found = found or self._by_path(PRECONDITION, name, [])
        columns: dict[str, Any] = {"summary": name, "scenario": background.steps}
        if not keys:
            columns["labels"] = self._add_path_label([])
        made = self._write_issue(
            PRECONDITION, found, columns, self.fields.preconditions
        )
        self.done.preconditions.append(made)
        return made

    def _by_key(self, key: str, type_: str) -> IssueRow | None:
        found = self.registry.find(key, type_)
        if found is None and self.product.needs_known_keys:
            raise RefusedError(f"{type_} with key {key} was not found")
        return found

    def _by_path(self, type_: str, name: str, ids: list[str]) -> IssueRow | None:
        """Find by path and id, then by path and summary, then by summary."""
        find, here = self.registry.store.issues, self.feature.path
        of_type = "type = ? AND project = ? AND"
        place = (type_, self.project)
        labelled = {
            int(row.key.rpartition("-")[2]): row
            for label in ids
            for row in find(f"{of_type} instr(labels, ?)", (*place, json.dumps(label)))
            if label in row.labels and self._path_of(row) == here
        }
        if labelled:
            return labelled[min(labelled)]
        # Of all issues only those with this summary: there are many imports of many.
        named = find(f"{of_type} summary = ?", (*place, name))
        paths = [self._path_of(row) for row in named]
        wanted = here if here in paths else ""
        return named[paths.index(wanted)] if wanted in paths else None

    def _path_of(self, row: IssueRow) -> str:
        """The feature file of an issue: on Server, a label contains it."""
        if not self.product.labels_path:
            return str(row.fields.get("feature", ""))
        return next((each for each in row.labels if each.endswith(".feature")), "")

    def _add_path_label(self, labels: list[str]) -> tuple[str, ...]:
        path = (self.feature.path,) if self.product.labels_path else ()
        return tuple(dict.fromkeys((*labels, *path)))

    def _write_issue(
        self,
        type_: str,
        found: IssueRow | None,
        columns: dict[str, Any],
        given: dict[str, Any],
    ) -> IssueRow:
        """Create or change an issue; the given fields are only for new ones."""
        store = self.registry.store
        source = {"feature": self.feature.path, "language": self.feature.language}
        if found is None:
            columns["fields"] = {**given, **source}
            columns.setdefault("description", str(given.get("description") or ""))
            own = columns.get("labels", ())
            columns["labels"] = (*own, *map(str, given.get("labels") or ()))
            key = store.add_issue(type_, project=self.project, **columns)
        else:
            columns["fields"] = {**found.fields, **source}
            key = found.key
            store.change_issue(key, **columns)
        row = store.issue(key)
        assert row is not None  # noqa: S101 -- it was written a line above
        return row


def _test_keys(tags: Iterable[str]) -> list[str]:
    """The Test keys in tags, those with `TEST_` first: `UTF-8` may not be a key."""
    found = [
        (not tag.startswith("TEST_"), match[1])
        for tag in tags
        if not _OTHER.fullmatch(tag) and (match := _TEST.fullmatch(tag))
    ]
    return [key for _, key in sorted(found, key=lambda each: each[0])]
