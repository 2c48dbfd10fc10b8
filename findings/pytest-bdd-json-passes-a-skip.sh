#!/bin/sh
# In pytest-bdd's --cucumberjson, a scenario that a step skips has passed, one whose
# hook fails is missing, and the tags of examples are not there, so keys in them are lost.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-bdd==9.0.1
cat > shop.feature <<'TXT'
Feature: Shop
  Scenario: Print
    Given no printer
  Scenario: Pay
    Given a shop
  @slow
  Scenario Outline: Order
    Given a shop
    @TEST_CALC-1
    Examples:
      | number |
      | 1      |
TXT
cat > conftest.py <<'PY'
def pytest_bdd_before_scenario(scenario):
    if scenario.name == "Pay":
        raise RuntimeError("no bank")
PY
cat > test_shop.py <<'PY'
import pytest
from pytest_bdd import given, scenarios


@given("a shop")
def shop():
    pass


@given("no printer")
def skip():
    pytest.skip("no printer")


scenarios("shop.feature")
PY
cat > read.py <<'PY'
import json

(feature,) = json.load(open("report.json"))
for each in feature["elements"]:
    tags = [tag["name"] for tag in each["tags"]]
    print(each["name"], *(step["result"]["status"] for step in each["steps"]), tags)
PY
venv/bin/python -W ignore -m pytest -q -p no:cacheprovider -rA \
    --cucumberjson report.json > console 2>&1 || true
echo "pytest 9.2.0, pytest-bdd 9.0.1; pytest says:"
grep '^PASSED\|^SKIPPED\|^FAILED' console
echo "the report says:"
venv/bin/python read.py | tee seen
printf "Print passed []\nOrder passed ['slow']\n" > expected
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "The report is green: use --junitxml, and write keys above the Scenario Outline."
