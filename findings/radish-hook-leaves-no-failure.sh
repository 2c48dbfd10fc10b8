#!/bin/sh
# radish stops at a hook that fails, but its JUnit and Cucumber reports have no failure:
# a scenario before the hook has passed, and the next ones are skipped or pending.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check radish-bdd==0.18.4 lxml==6.1.3
mkdir features radish
cat > features/shop.feature <<'TXT'
Feature: Shop
  Scenario: Order
    Given a shop
  Scenario: Pay
    Given a shop
TXT
cat > radish/steps.py <<'PY'
from radish import after, given


@given("a shop")
def shop(step):
    pass


@after.each_scenario
def close(scenario):
    raise RuntimeError("cannot close the shop")
PY
CODE=0
venv/bin/radish features --junit-xml junit.xml --cucumber-json cucumber.json \
    > console 2>&1 || CODE=$?
echo "radish 0.18.4, exit code $CODE:" | tee seen
grep '^RuntimeError' console | tee -a seen
cat > read.py <<'PY'
import json
import xml.etree.ElementTree as ET

for case in ET.parse("junit.xml").iter("testcase"):
    print("JUnit:", case.get("name"), [child.tag for child in case])
(feature,) = json.load(open("cucumber.json"))
for each in feature["elements"]:
    hooks = [key for key in ("before", "after") if key in each]
    print("Cucumber:", each["name"], [step["result"]["status"] for step in each["steps"]], hooks)
PY
venv/bin/python read.py | tee -a seen
cat > expected <<'TXT'
radish 0.18.4, exit code 1:
RuntimeError: cannot close the shop
JUnit: Order []
JUnit: Pay ['skipped']
Cucumber: Order ['passed'] []
Cucumber: Pay ['pending'] []
TXT
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Only the exit code tells it: let a step fail instead of a hook."
