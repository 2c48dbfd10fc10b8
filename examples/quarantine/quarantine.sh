#!/bin/sh
# Put a known failure into quarantine, and let another failure of the same test count.
# It works on a copy of this folder: in FOLDER, or in a new temporary folder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${FOLDER:-$(mktemp -d)}
cp "$here/pytest.ini" "$here/test_cart.py" "$folder"
cd "$folder"

# Run the tests, and end if the exit code is not the expected one.
expect() {
    wanted=$1
    code=0
    pytest --xray-upload --xray-sandbox || code=$?
    echo "exit code $code"
    [ "$code" -eq "$wanted" ]
}

echo "1. A test fails, and so does the run"
expect 1

echo "2. Anna repairs it until the end of 2999"
xray-bridge quarantine list
xray-bridge quarantine add CALC-2 --owner Anna --issue CALC-70 --until 2999-12-31

echo "3. It still fails, Xray shows it, and the run is green"
expect 0

echo "4. The same test fails in another way, which is not known"
NEW_DEFECT=yes expect 1
