#!/bin/sh
# The XML reports of zope.testrunner leave out a layer that fails: tests behind its setUp
# are missing, its tearDown is nowhere, and every test that is there has passed. Tests
# behind a setUpClass that would fail pass, because zope.testrunner never calls it.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check zope.testrunner==8.3
mkdir shop
touch shop/__init__.py
cat > shop/tests.py <<'PY'
import unittest


class Database:
    @classmethod
    def setUp(cls):
        raise RuntimeError("no database")


class Folder:
    @classmethod
    def setUp(cls):
        pass

    @classmethod
    def tearDown(cls):
        raise RuntimeError("cannot clean")


class Order(unittest.TestCase):
    layer = Database

    def test_order(self):
        pass


class Print(unittest.TestCase):
    layer = Folder

    def test_print(self):
        pass


class Pay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no bank")

    def test_pay(self):
        pass
PY
CODE=0
venv/bin/zope-testrunner --path . --xml xml > console 2>&1 || CODE=$?
echo "zope.testrunner 8.3, exit code $CODE:" | tee seen
grep '^RuntimeError\|^Total' console
cat > read.py <<'PY'
import pathlib
import xml.etree.ElementTree as ET

for path in sorted(pathlib.Path("xml").rglob("*.xml")):
    suite = ET.parse(path).getroot()
    for case in suite.iter("testcase"):
        found = [child.tag for child in case]
        print(suite.get("name"), suite.get("errors"), case.get("name"), found)
PY
venv/bin/python read.py | tee -a seen
cat > expected <<'TXT'
zope.testrunner 8.3, exit code 1:
shop.tests.Pay 0 test_pay []
shop.tests.Print 0 test_print []
TXT
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "The reports of a failed run are green: keep the exit code, and use setUp of tests."
