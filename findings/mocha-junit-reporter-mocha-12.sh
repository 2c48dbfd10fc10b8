#!/bin/sh
# mocha-junit-reporter's peer range allows Mocha 12, whose reporters are classes that
# cannot be called without new: no test runs, and no report is written.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund mocha@12.0.3 mocha-junit-reporter@2.2.1 > npm.log 2>&1
echo "mocha 12.0.3, mocha-junit-reporter 2.2.1; its peers:"
grep -A 3 '"peerDependencies"' node_modules/mocha-junit-reporter/package.json
mkdir test
echo 'it("adds", () => {});' > test/calc.js
CODE=0
node_modules/mocha/bin/mocha.js --reporter mocha-junit-reporter > console 2>&1 || CODE=$?
echo "exit code $CODE:"
head -3 console
if [ "$CODE" = 0 ] || [ -e test-results.xml ]; then
    echo "This has changed."
    exit 1
fi
echo "With Mocha 12, use --reporter json or xunit; npm does not warn."
