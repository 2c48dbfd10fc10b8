#!/bin/sh
# With --clean-alluredir, every worker of pytest-xdist cleans the folder when it starts,
# also one that replaces a crashed worker: the results of all tests until then are lost.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    pytest==9.2.0 pytest-xdist==3.8.0 allure-pytest==2.16.2
cat > test_shop.py <<'PY'
import os


def test_order():
    assert False


def test_pay():
    os._exit(1)


def test_print():
    pass
PY
cat > read.py <<'PY'
import json
import pathlib

for path in pathlib.Path("results").glob("*-result.json"):
    result = json.loads(path.read_text())
    print("Allure:", result["name"], result["status"])
PY
echo "pytest 9.2.0, pytest-xdist 3.8.0, allure-pytest 2.16.2"
venv/bin/python -m pytest -q -p no:cacheprovider -n 1 \
    --alluredir results --clean-alluredir > console 2>&1 || true
tail -1 console
venv/bin/python read.py | tee seen
if [ "$(cat seen)" != "Allure: test_print passed" ]; then
    echo "This has changed."
    exit 1
fi
echo "Two failures, and the results are green: remove the folder before the session instead."
