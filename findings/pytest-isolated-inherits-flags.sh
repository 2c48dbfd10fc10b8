#!/bin/sh
# pytest-isolated starts a session of pytest for each test, with the flags of its parent:
# each plugin that reports a session reports these, too.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-isolated==0.6.0
cat > conftest.py <<'PY'
def pytest_addoption(parser):
    parser.addoption("--report-to")

def pytest_sessionfinish(session):
    with open("seen", "a") as file:
        print("a session reports to", session.config.getoption("--report-to"), file=file)
PY
cat > test_shop.py <<'PY'
import pytest

@pytest.mark.isolated
def test_one(): pass

@pytest.mark.isolated
def test_two(): pass
PY
venv/bin/python -m pytest -q -p no:cacheprovider --report-to=server
echo "pytest 9.2.0, pytest-isolated 0.6.0; two isolated tests, and this many sessions:"
cat seen
if [ "$(grep -c 'reports to server' seen)" != 3 ]; then
    echo "This has changed."
    exit 1
fi
echo "A plugin has to recognise a child session by itself, for example by a variable."
