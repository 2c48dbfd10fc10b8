#!/bin/sh
# Rows from a set that pytest names by position: each of pytest-xdist's workers has them in
# another order, so some run twice and others never, and no test fails.
set -eu
unset PYTHONHASHSEED
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0
cat > test_set.py <<'PY'
import pytest

ROWS = {(letter, 1) for letter in "abcdefghijklmnopqrst"}


@pytest.mark.parametrize("row", ROWS)
def test_it(row):
    with open("ran", "a") as file:
        print(row[0], file=file)
PY
venv/bin/python -m pytest -q -p no:cacheprovider -n2
DIFFERENT=$(sort -u ran | wc -l)
echo "pytest 9.2.0, pytest-xdist 3.8.0; 20 rows, of which $DIFFERENT different ones ran"
if [ "$DIFFERENT" -eq 20 ]; then
    echo "This has changed."
    exit 1
fi
echo "Sort the elements of a set: the session passes although some rows never ran."
