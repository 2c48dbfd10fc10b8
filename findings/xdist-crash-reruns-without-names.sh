#!/bin/sh
# When a worker of pytest-xdist crashes in a test that pytest-rerunfailures runs again,
# pytest's JUnit XML has a test case without a name and a failure for each attempt but the
# last: whoever counts test cases counts passed tests.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    pytest==9.2.0 pytest-xdist==3.8.0 pytest-rerunfailures==16.7
cat > test_shop.py <<'PY'
import os


def test_order():
    pass


def test_pay():
    os._exit(1)
PY
venv/bin/python -m pytest -q -p no:cacheprovider -n1 --reruns 2 --junitxml r.xml \
    > console 2>&1 || true
echo "pytest 9.2.0, pytest-xdist 3.8.0, pytest-rerunfailures 16.7:"
tail -1 console
venv/bin/python - > seen <<'PY'
import xml.etree.ElementTree as ET

for suite in ET.parse("r.xml").iter("testsuite"):
    print("the suite says:", suite.get("tests"), "tests")
    for case in suite:
        print("test case", case.get("name"), *(child.tag for child in case))
PY
cat seen
cat > expected <<'TXT'
the suite says: 2 tests
test case test_order
test case None
test case None
test case test_pay error
TXT
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Two test cases too many, which look passed."
