#!/bin/sh
# test-results-parser reads a report of mochawesome as passed although a hook failed: the
# tests behind the hook, which never ran, have passed for it, and tests outside of a
# describe are missing.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund \
    mocha@11.8.0 mochawesome@8.1.1 test-results-parser@0.4.6 > npm.log 2>&1
mkdir test
cat > test/shop.js <<'JS'
describe("shop", () => {
  before(() => { throw new Error("no database"); });
  it("takes an order", () => { throw new Error("it never comes to this"); });
});
it("adds", () => {});
JS
CODE=0
npx mocha --reporter mochawesome --reporter-options html=false,reportDir=out > console || CODE=$?
echo "mocha 11.8.0, mochawesome 8.1.1; exit code $CODE, Mocha says:"
grep 'passing\|failing\|before all' console
cat > read.js <<'JS'
const { parse } = require("test-results-parser");

const found = parse({ type: "mocha", files: ["out/mochawesome.json"] });
console.log("run:", found.status, `${found.passed} passed, ${found.failed} failed`);
for (const suite of found.suites) {
  for (const test of suite.cases) console.log(`${suite.name}, ${test.name}:`, test.status);
}
JS
echo "test-results-parser 0.4.6:"
node read.js | tee seen
printf 'run: PASS 1 passed, 0 failed\nshop, takes an order: PASS\n' > expected
if [ "$CODE" = 0 ] || ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "What passed is not there, and what did not run has passed: use mocha --reporter json."
