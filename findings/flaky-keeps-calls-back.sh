#!/bin/sh
# The plugin flaky repeats a whole test, reports setup and teardown of each attempt, and
# keeps back the report of a call that failed.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 flaky==3.8.1
cat > conftest.py <<'PY'
def pytest_runtest_logreport(report):
    with open("seen", "a") as file:
        print(report.when, report.outcome, file=file)
PY
cat > test_shop.py <<'PY'
from flaky import flaky

TRIES = []

@flaky
def test_settles():
    TRIES.append(1)
    assert len(TRIES) == 2
PY
venv/bin/python -m pytest -q -p no:cacheprovider
echo "pytest 9.2.0, flaky 3.8.1; reports of test_settles:"
cat seen
printf 'setup passed\nteardown passed\nsetup passed\ncall passed\nteardown passed\n' > expected
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Two setups and one call: the attempt without a call has failed, and no report says so."
