#!/bin/sh
# pytest-xdist 3.8.0 tells its controller the group of a test by setting item._nodeid,
# which pytest 9.2.0 no longer reads: --dist=loadgroup groups nothing.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0
cat > test_group.py <<'PY'
import os
import time

import pytest


@pytest.mark.xdist_group("database")
@pytest.mark.parametrize("number", range(8))
def test_it(number):
    time.sleep(0.2)
    with open("ran", "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
PY
venv/bin/python -m pytest -q -p no:cacheprovider -n2 --dist=loadgroup
echo "pytest 9.2.0, pytest-xdist 3.8.0; workers that ran the tests of one group:"
sort ran | uniq -c
if [ "$(sort -u ran | wc -l)" -lt 2 ]; then
    echo "This has changed."
    exit 1
fi
echo "Tests that rely on their group can run at the same time."
