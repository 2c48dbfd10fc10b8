#!/bin/sh
# cucumber-junit, cucumber-junit-convert and test-results-parser read only the steps of
# Cucumber JSON: a scenario whose hook fails after its steps has passed for all of them.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check behave==1.3.3 behave-hive==0.3.1
echo '{}' > package.json
npm install --silent --no-audit --no-fund cucumber-junit@1.7.1 \
    cucumber-junit-convert@2.1.1 test-results-parser@0.4.6 > npm.log 2>&1
mkdir -p features/steps
printf 'Feature: Shop\n  Scenario: Order\n    Given a shop\n' > features/shop.feature
cat > features/steps/steps.py <<'PY'
from behave import given


@given("a shop")
def shop(context):
    pass
PY
cat > features/environment.py <<'PY'
def after_scenario(context, scenario):
    raise RuntimeError("cannot close the shop")
PY
CODE=0
venv/bin/behave-hive run features --no-parallel --results-dir results > console || CODE=$?
echo "behave-hive 0.3.1, exit code $CODE:"
tail -1 console
venv/bin/python -m json.tool results/cucumber.json | grep -A 9 '"after"'
cat > convert.js <<'JS'
const { convert } = require("cucumber-junit-convert");
const { parse } = require("test-results-parser");
convert({ inputJsonFile: "results/cucumber.json", outputXmlFile: "convert.xml" });
const { status, passed, failed } = parse({ type: "cucumber", files: ["results/cucumber.json"] });
console.log("test-results-parser 0.4.6:", status, passed, "passed", failed, "failed");
JS
node convert.js > seen
node_modules/.bin/cucumber-junit < results/cucumber.json > junit.xml
grep -H 'testcase' junit.xml convert.xml
for FILE in junit.xml convert.xml; do
    echo "$FILE: $(grep -cE '<(failure|error|skipped)' "$FILE" || true) not passed" >> seen
done
echo "cucumber-junit 1.7.1, cucumber-junit-convert 2.1.1:"
cat seen
cat > expected <<'TXT'
test-results-parser 0.4.6: PASS 1 passed 0 failed
junit.xml: 0 not passed
convert.xml: 0 not passed
TXT
if [ "$CODE" = 0 ] || ! grep -q 'cannot close' results/cucumber.json || ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "The failure of the hook is lost: upload the Cucumber JSON itself."
