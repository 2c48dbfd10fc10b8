#!/bin/sh
# vitest-ctrf-json-reporter stops reading at a test outside of a describe: its report has
# only the tests before that one, and those of a run that failed have passed.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{"type": "module"}' > package.json
npm install --silent --no-audit --no-fund \
    vitest@3.2.7 vitest-ctrf-json-reporter@0.0.3 > npm.log 2>&1
cat > shop.test.js <<'JS'
import { describe, expect, test } from "vitest";
describe("shop", () => {
  test("opens", () => {});
});
test("adds", () => {});
describe("bank", () => {
  test("pays", () => expect("broke").toBe("rich"));
});
JS
CODE=0
npx vitest run --reporter=default --reporter=vitest-ctrf-json-reporter > console 2>&1 || CODE=$?
echo "vitest 3.2.7, vitest-ctrf-json-reporter 0.0.3; exit code $CODE, Vitest says:"
grep '^ *Tests \|^error' console
cat > read.js <<'JS'
import { readFileSync } from "node:fs";

const { summary, tests } = JSON.parse(readFileSync("vitest-ctrf/report.json", "utf8")).results;
console.log("report:", `${summary.passed} passed, ${summary.failed} failed`);
for (const { name, status } of tests) console.log(name, status);
JS
node read.js | tee seen
printf 'report: 1 passed, 0 failed\nopens passed\n' > expected
if [ "$CODE" = 0 ] || ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Use vitest --reporter=json."
