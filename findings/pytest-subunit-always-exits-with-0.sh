#!/bin/sh
# With pytest-subunit, pytest exits with 0 whatever fails; a file that cannot be imported
# is not in the stream, and a test whose setup failed is there twice, at last as passed.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    pytest==9.2.0 pytest-subunit==0.0.11 python-subunit==1.4.6
echo 'import no_such_module' > test_broken.py
cat > test_shop.py <<'PY'
import pytest


@pytest.fixture
def database():
    raise RuntimeError("no database")


def test_order(database):
    pass


def test_price():
    assert 1 + 1 == 2
PY
for FLAG in -q --subunit; do
    CODE=0
    venv/bin/python -W ignore -m pytest -p no:cacheprovider \
        --continue-on-collection-errors "$FLAG" > "out$FLAG" 2> errors || CODE=$?
    echo "pytest $FLAG: exit code $CODE" >> seen
done
echo "pytest 9.2.0, pytest-subunit 0.0.11; without the plugin's flag:"
grep '^ERROR\|^FAILED' out-q
echo "the exit codes, and what subunit2pyunit reads in the stream:"
venv/bin/subunit2pyunit < out--subunit 2>&1 | grep ' \.\.\. ' >> seen
cat seen
cat > expected <<'TXT'
pytest -q: exit code 1
pytest --subunit: exit code 0
test_shop.py::test_order ... FAIL
test_shop.py::test_order ... ok
test_shop.py::test_price ... ok
TXT
if ! cmp -s seen expected || grep -q test_broken out--subunit errors; then
    echo "This has changed."
    exit 1
fi
echo "Use --junitxml: neither the exit code nor the last status of a test is that of pytest."
