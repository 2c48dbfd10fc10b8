#!/bin/sh
# pytest-bdd keeps what it knows about a scenario beside the report object, in the worker:
# with pytest-xdist, its --cucumberjson is an empty list, whatever passed or failed.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    pytest==9.2.0 pytest-bdd==9.0.1 pytest-xdist==3.8.0
cat > shop.feature <<'TXT'
Feature: Shop
  Scenario: Order
    Given a shop
  Scenario: Pay
    Given no bank
TXT
cat > test_shop.py <<'PY'
from pytest_bdd import given, scenarios


@given("a shop")
def shop():
    pass


@given("no bank")
def bank():
    raise RuntimeError("no bank")


scenarios("shop.feature")
PY
echo "pytest 9.2.0, pytest-bdd 9.0.1, pytest-xdist 3.8.0" | tee seen
for WORKERS in 0 2; do
    venv/bin/python -m pytest -q -p no:cacheprovider -n "$WORKERS" \
        --cucumberjson report.json > console 2>&1 || true
    tail -1 console
    COUNT=$(grep -o '"keyword": "Scenario"' report.json | wc -l)
    echo "-n $WORKERS: $COUNT scenarios in the report" | tee -a seen
done
cat > expected <<'TXT'
pytest 9.2.0, pytest-bdd 9.0.1, pytest-xdist 3.8.0
-n 0: 2 scenarios in the report
-n 2: 0 scenarios in the report
TXT
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "With workers, the report is lost: use --junitxml."
