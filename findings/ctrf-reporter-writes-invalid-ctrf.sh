#!/bin/sh
# CTRF's own reporter for Jest writes documents that CTRF's own validator refuses: a
# `suite` is one text, and must be a list.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund \
    jest@30.5.2 jest-ctrf-json-reporter@0.0.11 ctrf@0.3.0 > npm.log 2>&1
echo 'describe("sums", () => { test("adds", () => {}); });' > calc.test.js
node node_modules/jest/bin/jest.js \
    --reporters default --reporters jest-ctrf-json-reporter > console 2>&1
cat > validate.mjs <<'JS'
import { readFileSync } from "node:fs";
import { validate } from "ctrf";

const report = JSON.parse(readFileSync("ctrf/ctrf-report.json", "utf8"));
const [test] = report.results.tests;
const found = validate(report);
console.log("suite:", JSON.stringify(test.suite), "is valid:", found.valid);
for (const { path, message } of found.errors) console.log(path, message);
process.exitCode = found.valid || test.suite !== "calc.test.js > sums" ? 1 : 0;
JS
echo "jest 30.5.2, jest-ctrf-json-reporter 0.0.11, ctrf 0.3.0:"
if ! node validate.mjs; then
    echo "This has changed."
    exit 1
fi
echo "Readers of CTRF take a text and a list; who validates refuses what Jest wrote."
