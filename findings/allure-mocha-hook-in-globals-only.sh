#!/bin/sh
# allure-mocha 3 writes a before-all hook that fails only into a *-globals.json: no
# result and no container has it, and the tests after it are missing.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund mocha@12.0.3 allure-mocha@3.12.2 > npm.log 2>&1
mkdir test
cat > test/calc.js <<'JS'
it("adds", () => {});
describe("needs a database", () => {
  before(() => { throw new Error("no database"); });
  it("reads", () => {});
});
JS
CODE=0
node node_modules/mocha/bin/mocha.js --reporter allure-mocha > console 2>&1 || CODE=$?
echo "mocha 12.0.3, allure-mocha 3.12.2, exit code $CODE; files of results:"
ls allure-results | sed 's/.*-/*-/' | sort | tee seen
echo "files with the failure:"
grep -l 'no database' allure-results/* | sed 's/.*-/*-/' | tee found
printf '*-globals.json\n*-result.json\n' > expected
if [ "$CODE" = 0 ] || ! cmp -s seen expected || [ "$(cat found)" != '*-globals.json' ]; then
    echo "This has changed."
    exit 1
fi
echo "A program that reads only results and containers, such as Allure 2, sees no failure."
