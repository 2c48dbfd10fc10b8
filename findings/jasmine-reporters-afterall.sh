#!/bin/sh
# The JUnit reports of jasmine-reporters leave out an afterAll that fails, although
# Jasmine itself fails: the report of a failed run has no failure, and errors="0".
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund jasmine@7.0.0 jasmine-reporters@2.5.2 > npm.log 2>&1
mkdir -p spec/support
cat > spec/calc.spec.js <<'JS'
describe("calc", () => {
  afterAll(() => { throw new Error("cannot clean"); });
  it("adds", () => expect(1 + 1).toBe(2));
});
JS
cat > spec/support/jasmine.mjs <<'JS'
import reporters from "jasmine-reporters";

export default {
  spec_dir: "spec",
  spec_files: ["**/*.spec.js"],
  reporters: [new reporters.JUnitXmlReporter({ savePath: "report" })],
};
JS
CODE=0
node node_modules/jasmine/bin/jasmine.js > console 2>&1 || CODE=$?
echo "jasmine 7.0.0, jasmine-reporters 2.5.2, exit code $CODE:"
grep 'spec' console | tail -1
echo "the reports:"
cat report/*.xml
echo
if [ "$CODE" = 0 ] || grep -q '<failure\|<error\|cannot clean' report/*.xml; then
    echo "This has changed."
    exit 1
fi
echo "Check the exit code of Jasmine too."
