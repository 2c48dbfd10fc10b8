#!/bin/sh
# green prints OK and exits with 0 although a setUpClass fails: the tests of that class
# do not run, and neither its JUnit report nor its console names them.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check green==4.0.2
cat > test_calc.py <<'PY'
import unittest


class Calc(unittest.TestCase):
    def test_adds(self):
        self.assertEqual(1 + 1, 2)


class Database(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no database")

    def test_reads(self):
        pass
PY
echo "unittest itself:"
venv/bin/python -m unittest test_calc 2>&1 | tail -1 || true
CODE=0
venv/bin/green --junit-report report.xml test_calc > console 2>&1 || CODE=$?
echo "green 4.0.2, exit code $CODE:"
tail -3 console
echo "the report:"
cat report.xml
echo
if [ "$CODE" != 0 ] || grep -q 'no database' console report.xml; then
    echo "This has changed."
    exit 1
fi
echo "Nobody can see the failure: no report, console or exit code of green shows it."
