#!/bin/sh
# A request that is refused is a passed test in newman-reporter-junitxray, whose reports
# are made for Xray, and nowhere in newman-reporter-junitfull and newman-reporter-xunit.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
echo '{}' > package.json
npm install --silent --no-audit --no-fund newman@6.2.2 newman-reporter-junitxray@1.0.3 \
    newman-reporter-junitfull@1.1.1 newman-reporter-xunit@2.4.3 > npm.log 2>&1
cat > shop.json <<'JSON'
{"info": {"name": "Shop",
          "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
 "item": [{"name": "order", "request": {"method": "GET", "url": "http://127.0.0.1:1/order"}}]}
JSON
CODE=0
npx newman run shop.json -r cli,junitxray,junitfull,xunit \
    --reporter-junitxray-export junitxray.xml \
    --reporter-junitfull-export junitfull.xml --reporter-xunit-export xunit.xml \
    > console 2>&1 || CODE=$?
echo "newman 6.2.2, exit code $CODE:"
grep -m 1 ECONNREFUSED console
for NAME in junitxray junitfull xunit; do
    CASES=$(grep -c '<testcase' "$NAME.xml" || true)
    RED=$(grep -cE '<(failure|error)' "$NAME.xml" || true)
    echo "$NAME: $(grep -oE 'errors="[0-9]+"' "$NAME.xml"), $CASES cases, $RED not passed"
done | tee seen
cat > expected <<'TXT'
junitxray: errors="1", 1 cases, 0 not passed
junitfull: errors="0", 0 cases, 0 not passed
xunit: errors="0", 0 cases, 0 not passed
TXT
if [ "$CODE" = 0 ] || ! cmp -s seen expected; then
    echo "This has changed."
    exit 1
fi
echo "Xray reads test cases, and so a failed run has passed: use newman's own JSON."
