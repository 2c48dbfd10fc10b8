#!/bin/sh
# Xray's own reporter for Playwright calls an internal function that Playwright 1.65 no
# longer has: as soon as one test fails it writes no report, so only green runs have one.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund \
    @playwright/test@1.65.1 @xray-app/playwright-junit-reporter@0.14.0 > npm.log 2>&1
echo "@xray-app/playwright-junit-reporter 0.14.0, Playwright 1.65.1:"
cat > playwright.config.js <<'JS'
const reporter = "@xray-app/playwright-junit-reporter";
module.exports = { reporter: [["list"], [reporter, { outputFile: process.env.REPORT }]] };
JS
cat > calc.spec.js <<'JS'
const { test, expect } = require("@playwright/test");
test("adds", () => {});
test("divides", () => expect(process.env.REPORT).toBe("green.xml"));
JS
for COLOUR in green red; do
    CODE=0
    REPORT=$COLOUR.xml npx playwright test > console 2>&1 || CODE=$?
    echo "a $COLOUR run, exit code $CODE:"
    grep -E '^ +[0-9]+ (passed|failed)|TypeError' console
    ls "$COLOUR.xml" 2>&1 || true
done
if ! [ -e green.xml ] || [ -e red.xml ]; then
    echo "This has changed."
    exit 1
fi
echo "Who uploads only what is there never uploads a failure: use Playwright's own reporter."
