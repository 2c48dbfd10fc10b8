#!/bin/sh
# allure-behave writes a scenario whose before_scenario raises as skipped, and one whose
# after_scenario raises as passed; behave counts both as failed (hook_error).
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check behave==1.3.3 allure-behave==2.16.2
mkdir -p features/steps
cat > features/calc.feature <<'TXT'
Feature: Calc
  Scenario: Before
    Given a number
  Scenario: After
    Given a number
TXT
cat > features/steps/steps.py <<'PY'
from behave import given


@given("a number")
def number(context):
    pass
PY
cat > features/environment.py <<'PY'
def before_scenario(context, scenario):
    if scenario.name == "Before":
        raise RuntimeError("no database")


def after_scenario(context, scenario):
    if scenario.name == "After":
        raise RuntimeError("cannot clean")
PY
venv/bin/behave -f allure_behave.formatter:AllureFormatter -o results > console || true
echo "behave 1.3.3, allure-behave 2.16.2; behave says:"
grep 'scenarios passed' console
venv/bin/python - > seen <<'PY'
import json, pathlib

for path in pathlib.Path("results").glob("*-result.json"):
    result = json.loads(path.read_text())
    print(result["name"], result["status"])
PY
sort -o seen seen
echo "the results of Allure say:"
cat seen
printf 'After passed\nBefore skipped\n' > expected
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Failures of hooks are lost in the results of Allure: use behave's own JSON."
