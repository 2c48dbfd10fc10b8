#!/bin/sh
# jest-junit writes nothing about a test file that cannot be loaded, with other files or
# alone: the report of a failed run is empty or has no failure.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund jest@30.5.2 jest-junit@17.0.0 > npm.log 2>&1
echo 'test("adds", () => {});' > calc.test.js
echo 'require("./no-such-module");' > broken.test.js
CODE=0
node node_modules/jest/bin/jest.js --reporters default --reporters jest-junit > console 2>&1 || CODE=$?
echo "jest 30.5.2, jest-junit 17.0.0, exit code $CODE:"
grep '^Test' console || true
echo "the report:"
cat junit.xml
echo
if [ "$CODE" = 0 ] || grep -q 'broken\|<failure\|<error' junit.xml; then
    echo "This has changed."
    exit 1
fi
echo "Use jest --json, or the option reportTestSuiteErrors of jest-junit."
