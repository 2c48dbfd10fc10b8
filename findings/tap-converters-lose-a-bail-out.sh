#!/bin/sh
# tap-junit and tap-xunit turn a run that bailed out into a report of passed tests and
# exit with 0, although tap-parser, by which tap-junit reads, says that the run failed.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund \
    tap-junit@5.0.4 tap-xunit@2.4.1 tap-parser@18.0.0 > npm.log 2>&1
cat > run.tap <<'TAP'
TAP version 13
1..3
ok 1 - opens the shop
Bail out! The database is gone.
TAP
echo "tap-junit 5.0.4, tap-xunit 2.4.1, tap-parser 18.0.0; the run:"
cat run.tap
for TOOL in tap-parser tap-junit tap-xunit; do
    CODE=0
    "node_modules/.bin/$TOOL" < run.tap > "$TOOL.out" 2> console || CODE=$?
    echo "$TOOL: exit code $CODE" >> seen
done
for TOOL in tap-junit tap-xunit; do
    echo "$TOOL:" "$(grep -c '<testcase' "$TOOL.out")" "test case," \
        "$(grep -ciE '<(failure|error)|bail' "$TOOL.out" || true)" "failures" >> seen
done
cat seen
cat > expected <<'TXT'
tap-parser: exit code 1
tap-junit: exit code 0
tap-xunit: exit code 0
tap-junit: 1 test case, 0 failures
tap-xunit: 1 test case, 0 failures
TXT
if ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "The end of the run is lost: upload the TAP output itself."
