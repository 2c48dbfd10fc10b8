#!/bin/sh
# In behave's JSON, the last scenario before a Rule has no status if the Rule has a
# background, also an inherited one: the background has it, e.g. that a hook failed.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check behave==1.3.3
mkdir -p features/steps
cat > features/shop.feature <<'TXT'
Feature: Shop
  Background:
    Given a shop
  Scenario: Order
    Given a shop
  Rule: Members
    Scenario: Discount
      Given a shop
TXT
cat > features/steps/steps.py <<'PY'
from behave import given


@given("a shop")
def shop(context):
    pass
PY
cat > features/environment.py <<'PY'
def after_scenario(context, scenario):
    if scenario.name == "Order":
        raise RuntimeError("cannot close the shop")
PY
venv/bin/behave -f json -o report.json > console || true
echo "behave 1.3.3 says:"
grep 'scenarios\{0,1\} passed' console
venv/bin/python - > seen <<'PY'
import json

(feature,) = json.load(open("report.json"))
for each in feature["elements"]:
    steps = {step["result"]["status"] for step in each["steps"] if "result" in step}
    print(each["keyword"], each["name"] or "-", each.get("status"), *steps)
PY
echo "the elements of its JSON, their status, and those of their steps:"
cat seen
cat > expected <<'TXT'
Background - None
Scenario Order None passed
Background - hook_error
Scenario Discount passed passed
TXT
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Who takes the status from the steps takes a failed scenario for a passed one."
