#!/bin/sh
# A report of allure 3 in one file, made to be sent and archived, asks a server of Google
# for a script when somebody opens it, also with ALLURE_NO_ANALYTICS, which allure 2 knows.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
unset ALLURE_NO_ANALYTICS
echo '{}' > package.json
npm install --silent --no-audit --no-fund allure@3.18.0 > npm.log 2>&1
mkdir results
cat > results/7d1f3c52-0000-4000-8000-000000000001-result.json <<'JSON'
{"uuid": "7d1f3c52-0000-4000-8000-000000000001", "name": "adds", "fullName": "calc.adds",
 "historyId": "a", "testCaseId": "b", "status": "passed", "stage": "finished",
 "start": 1767225600000, "stop": 1767225600250, "labels": [], "steps": []}
JSON
make() { npx --no-install allure awesome --single-file --output "$1" results > "$1.log" 2>&1; }
hosts() { grep -o 'src="https\{0,1\}://[^"?]*' "$1/index.html" | sort -u || true; }
make usual
ALLURE_NO_ANALYTICS=1 make without
USUAL=$(hosts usual)
WITHOUT=$(hosts without)
echo "allure 3.18.0, scripts from other servers in the report: ${USUAL:-none}"
echo "the same with ALLURE_NO_ANALYTICS=1: ${WITHOUT:-none}"
case $WITHOUT in
    *googletagmanager*) ;;
    *) echo "This has changed."; exit 1 ;;
esac
echo "A report that must not call home needs a Content-Security-Policy, as ours has."
