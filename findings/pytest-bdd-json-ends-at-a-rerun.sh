#!/bin/sh
# pytest-bdd's --cucumberjson does not know the outcome "rerun" of pytest-rerunfailures:
# the session dies at the first test that fails, and its report has only passed scenarios.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    pytest==9.2.0 pytest-bdd==9.0.1 pytest-rerunfailures==16.7
cat > shop.feature <<'TXT'
Feature: Shop
  Scenario: Order
    Given a shop
  Scenario: Pay
    Given no bank
  Scenario: Print
    Given no printer
TXT
cat > test_shop.py <<'PY'
from pytest_bdd import given, scenarios


@given("a shop")
def shop():
    pass


@given("no bank")
@given("no printer")
def nothing():
    raise RuntimeError("nothing there")


scenarios("shop.feature")
PY
cat > read.py <<'PY'
import json

for feature in json.load(open("report.json")):
    for each in feature["elements"]:
        print(each["name"], *(step["result"]["status"] for step in each["steps"]))
PY
echo "pytest 9.2.0, pytest-bdd 9.0.1, pytest-rerunfailures 16.7" | tee seen
for RERUNS in 0 1; do
    CODE=0
    venv/bin/python -m pytest -q -p no:cacheprovider --reruns "$RERUNS" \
        --cucumberjson report.json > console 2>&1 || CODE=$?
    echo "--reruns $RERUNS: exit code $CODE; the report has:" | tee -a seen
    grep '^INTERNALERROR> ValueError' console || true
    venv/bin/python read.py | tee -a seen
done
cat > expected <<'TXT'
pytest 9.2.0, pytest-bdd 9.0.1, pytest-rerunfailures 16.7
--reruns 0: exit code 1; the report has:
Order passed
Pay failed
Print failed
--reruns 1: exit code 3; the report has:
Order passed
TXT
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "A report of failures becomes a green one: with reruns, use --junitxml."
