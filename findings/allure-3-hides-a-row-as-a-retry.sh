#!/bin/sh
# Allure 3 ignores the historyId of results and compares testCaseId and parameters: of
# two rows with equal cells in two tables of examples, it shows the last one only and
# calls the other a retry, so that a run with a failure has passed.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check behave==1.3.3 allure-behave==2.16.2
echo '{}' > package.json
npm install --silent --no-audit --no-fund allure@3.18.0 > npm.log 2>&1
mkdir -p features/steps
cat > features/shop.feature <<'TXT'
Feature: Shop
  Scenario Outline: Order
    Given an order of <number>
    @shelf_is_empty
    Examples: first shop
      | number |
      | 1      |
    Examples: second shop
      | number |
      | 1      |
TXT
cat > features/steps/steps.py <<'PY'
from behave import given


@given("an order of {number:d}")
def order(context, number):
    assert "shelf_is_empty" not in context.tags
PY
venv/bin/behave -f allure_behave.formatter:AllureFormatter -o results features > console || true
echo "behave 1.3.3, allure-behave 2.16.2; behave says:"
grep 'scenarios\{0,1\} passed' console
cat > read.py <<'PY'
import json
import pathlib

found = [json.loads(path.read_text()) for path in pathlib.Path("results").glob("*-result.json")]
print("results:", *sorted(each["status"] for each in found))
print("different values of historyId:", len({each["historyId"] for each in found}))
PY
venv/bin/python read.py | tee seen
npx allure generate results -o report > console 2>&1
echo "allure 3.18.0:"
cat > summary.js <<'JS'
const { stats, status } = require("./report/summary.json");
console.log("summary:", status, JSON.stringify(stats));
JS
node summary.js | tee -a seen
cat > expected <<'TXT'
results: failed passed
different values of historyId: 2
summary: passed {"total":1,"retries":1,"passed":1}
TXT
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Give each table of examples a column that tells its rows from others."
