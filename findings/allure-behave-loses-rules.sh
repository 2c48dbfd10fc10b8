#!/bin/sh
# allure-behave writes no result for scenarios in a Rule: of a feature with rules only,
# Allure 3 makes a report that has passed.
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
  Rule: Members
    Scenario: Order
      Given a shop
TXT
cat > features/steps/steps.py <<'PY'
from behave import given


@given("a shop")
def shop(context):
    assert False
PY
mkdir results
venv/bin/behave -f allure_behave.formatter:AllureFormatter -o results features > console || true
echo "behave 1.3.3, allure-behave 2.16.2; behave says:"
grep 'scenarios\{0,1\} passed' console
echo "$(find results -type f | wc -l) files in the folder of the results" | tee seen
npx allure generate results -o report > console 2>&1 || true
cat > summary.js <<'JS'
const { stats, status } = require("./report/summary.json");
console.log(`allure 3.18.0: ${status}, ${stats.total} tests`);
JS
node summary.js | tee -a seen
printf '0 files in the folder of the results\nallure 3.18.0: passed, 0 tests\n' > expected
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Use behave's own JSON."
