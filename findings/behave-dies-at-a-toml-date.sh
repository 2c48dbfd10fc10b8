#!/bin/sh
# behave cannot start if any table of pyproject.toml has a date, also one of another tool
# that behave never reads.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv env
env/bin/pip install -q behave==1.3.3 > pip.log 2>&1
mkdir -p features/steps
printf 'Feature: sums\n  Scenario: add\n    Given nothing\n' > features/sums.feature
printf 'from behave import given\n@given("nothing")\ndef nothing(context): pass\n' \
    > features/steps/steps.py
printf '[tool.calendar]\nuntil = "2026-12-31"\n' > pyproject.toml
env/bin/behave > text 2>&1
printf '[tool.calendar]\nuntil = 2026-12-31\n' > pyproject.toml
CODE=0
env/bin/behave > date 2>&1 || CODE=$?
echo "behave 1.3.3, the date as text, exit code 0:"
grep scenario text
echo "behave 1.3.3, a date of TOML, exit code $CODE:"
tail -1 date
if [ "$CODE" = 0 ] || ! grep -q '^TypeError' date; then
    echo "This has changed."
    exit 1
fi
echo "Write dates in pyproject.toml as text, where behave runs."
