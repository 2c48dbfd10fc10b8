"""
Datasets of Tests: parameters, and rows of values.

Sources: Xray's manuals, 'Parameterized Tests' and 'Dataset' of the REST API v2.0: a
parameter whose name ends with `*` in an imported file is combinatorial, so its values
are combined with all rows.
"""

from __future__ import annotations

import csv
import io
import itertools
from typing import NamedTuple

from xray_sandbox.errors import RefusedError
from xray_sandbox.store.documents import DATASET, Documents


_COMBINED = "*"
_LONGEST_CELL = 32 << 20


class Parameter(NamedTuple):
    """A column of a dataset; a combinatorial one has values of its own."""

    name: str
    combined: bool = False
    values: tuple[str, ...] = ()


class Dataset(NamedTuple):
    """A dataset as entered; `rows` have no values of combinatorial parameters."""

    id: int
    parameters: tuple[Parameter, ...]
    rows: tuple[tuple[str, ...], ...]

    def iterations(self) -> list[list[str]]:
        """The rows of an execution, with all combinations."""
        combined = [each.values for each in self.parameters if each.combined]
        # Rows may have no values at all of their own.
        has_rows = len(combined) < len(self.parameters)
        found = []
        for row in self.rows if has_rows else ((),):
            for chosen in itertools.product(*combined):
                plain, others = iter(row), iter(chosen)
                found.append(
                    [
                        next(others if each.combined else plain)
                        for each in self.parameters
                    ]
                )
        return found


def read_dataset(store: Documents, test: int) -> Dataset | None:
    """The dataset of a Test; None without one."""
    found = store.find_document(DATASET, test, "")
    if found is None:
        return None
    parameters = tuple(
        Parameter(each["name"], each["combined"], tuple(each["values"]))
        for each in found.content["parameters"]
    )
    rows = tuple(map(tuple, found.content["rows"]))
    return Dataset(found.id, parameters, rows)


def import_dataset(store: Documents, test: int, data: bytes) -> None:
    """Replace the dataset of a Test by a CSV file."""
    names, rows = _read_file(data)
    combined = [name.endswith(_COMBINED) for name in names]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    parameters = [
        {
            "name": name.removesuffix(_COMBINED),
            "combined": is_combined,
            "values": [v for v in dict.fromkeys(column) if v] if is_combined else [],
        }
        for name, is_combined, column in zip(names, combined, columns, strict=True)
    ]
    plain = [[*itertools.compress(row, _inverted(combined))] for row in rows]
    # A row may be there for a value of a combinatorial parameter alone.
    kept = [row for row in plain if any(row) or not any(combined)]
    content = {"parameters": parameters, "rows": kept}
    store.put_document(DATASET, test, "", content)


def _inverted(flags: list[bool]) -> list[bool]:
    return [not flag for flag in flags]


def _read_file(data: bytes) -> tuple[list[str], list[list[str]]]:
    csv.field_size_limit(_LONGEST_CELL)
    try:
        text = data.decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RefusedError(f"The file is not a valid CSV file: {error}") from error
    if not lines or not all(lines[0]):
        raise RefusedError("The first line of the file must have the parameter names")
    names, *rows = lines
    plain = [name.removesuffix(_COMBINED) for name in names]
    if len(set(plain)) != len(plain):
        raise RefusedError("The parameter names must be unique")
    if any(len(row) != len(names) for row in rows):
        raise RefusedError("All lines must have as many values as the first")
    return names, rows


def export_dataset(dataset: Dataset | None) -> str:
    """The CSV file of a dataset with all its iterations; empty without one."""
    if dataset is None:
        return ""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([each.name for each in dataset.parameters])
    writer.writerows(dataset.iterations())
    return file.getvalue()
