#!/bin/sh
# pytest-retry logs one report object twice: with the outcome of the failed attempt, then
# with that of the last one, and without a second setup.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-retry==1.7.0
cat > conftest.py <<'PY'
SEEN = []

def pytest_runtest_logreport(report):
    SEEN.append((report.when, report.outcome, id(report)))

def pytest_sessionfinish():
    with open("seen", "w") as file:
        for when, outcome, number in SEEN:
            again = "same" if [n for *_, n in SEEN].count(number) > 1 else "own"
            print(when, outcome, again, file=file)
PY
cat > test_shop.py <<'PY'
import pytest

TRIES = []

@pytest.mark.flaky(retries=2)
def test_settles():
    TRIES.append(1)
    assert len(TRIES) == 2
PY
venv/bin/python -m pytest -q -p no:cacheprovider
echo "pytest 9.2.0, pytest-retry 1.7.0; reports of test_settles:"
cat seen
printf 'setup passed own\ncall retried same\ncall passed same\nteardown passed own\n' > expected
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "A plugin that keeps reports until the teardown sees no failed attempt: read each one at once."
