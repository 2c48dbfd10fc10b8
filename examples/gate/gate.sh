#!/bin/sh
# A green run that is not good enough, and one that is.
# It works on a copy of this folder: in FOLDER, or in a new temporary folder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${FOLDER:-$(mktemp -d)}
cp "$here/pyproject.toml" "$here/test_calculator.py" "$folder"
cd "$folder"

# Run a command, and end if its exit code is not the expected one.
expect() {
    wanted=$1
    shift
    code=0
    "$@" || code=$?
    echo "exit code $code"
    [ "$code" -eq "$wanted" ]
}

echo "1. All tests pass, but one of the Test Plan is skipped"
expect 86 pytest --xray-upload --xray-sandbox

echo "2. All of them run"
export ALL=yes
expect 0 pytest --xray-upload --xray-sandbox

echo "3. The results in Xray, with a rule that is not in the file"
expect 0 xray-bridge gate CALC-15 --sandbox
expect 86 xray-bridge gate CALC-15 --sandbox --gate '{"min_tests": 100}'
