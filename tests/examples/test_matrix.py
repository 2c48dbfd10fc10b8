"""The example of a matrix: three browsers, four shards each, through a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.objects import s3_server


if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.examples.conftest import Workplace


def run_matrix(
    workplace: Workplace, environ: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Run the example; return the statuses in each environment."""
    folder = workplace.root / "matrix"
    folder.mkdir()
    given = {"FOLDER": str(folder), **environ}
    printed = workplace.script("examples/matrix/matrix.sh", 0, **given)
    store = workplace.store("matrix")
    found = [
        store.test_execution(row.key)
        for row in store.test_executions()
        if row.key != "CALC-20"
    ]
    keys = sorted(each.key for each in found if each)
    assert f"already delivered, as {' and '.join(keys)}, by" in printed
    assert printed.count("tests failed: ") == 1
    return {
        " ".join(each.environments): {run.test_key: run.status for run in each.runs}
        for each in found
        if each
    }


def check(found: dict[str, dict[str, str]]) -> None:
    """Three Test Executions, of which one has a failure."""
    passed = {f"CALC-{number}": "PASS" for number in (1, 2, 3, 4)}
    assert found == {
        "chrome": passed,
        "firefox": {**passed, "CALC-1": "FAIL"},
        "safari": passed,
    }


def test_a_matrix_through_a_folder(workplace: Workplace) -> None:
    """A failure in Firefox is none in the others."""
    check(run_matrix(workplace, {}))


def test_a_matrix_through_s3(workplace: Workplace) -> None:
    """The same, with a local S3 server, where moto is installed."""
    if not s3_server.HAS_MOTO:
        pytest.skip(s3_server.WHY)
    with s3_server.running() as url:
        s3_server.make_bucket(url, "results")
        environ = {**s3_server.environment(url), "BUCKET": "s3://results/xray"}
        check(run_matrix(workplace, environ))
