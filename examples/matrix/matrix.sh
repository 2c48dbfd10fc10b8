#!/bin/sh
# Three browsers, four shards each, through a bucket into three Test Executions.
# The bucket is BUCKET, or a folder; the results go to a sandbox in FOLDER.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${FOLDER:-$(mktemp -d)}
cp "$here/pytest.ini" "$here"/test_*.py "$folder"
cd "$folder"
if [ -z "${BUCKET:-}" ]; then
    mkdir -p bucket
    BUCKET=file://$folder/bucket
fi
export BUCKET
# In CI, the same in all jobs of a pipeline without this line.
export XRAY_RUN_ID="${XRAY_RUN_ID:-matrix-$$}"

echo "1. Twelve jobs, each with its part of the tests"
for browser in chrome firefox safari; do
    for shard in cart login search checkout; do
        echo "$browser, $shard"
        BROWSER=$browser pytest -q "test_$shard.py" --xray-environments "$browser" ||
            echo "tests failed: $browser, $shard"
        # The job ends, and its machine with it.
        rm -r .xray
    done
done

echo "2. What would be sent"
xray-bridge upload "$BUCKET" --split-by environment --parts 12 --sandbox --dry-run

echo "3. One job sends it"
xray-bridge upload "$BUCKET" --split-by environment --parts 12 --sandbox

echo "4. A second one finds that nothing is left to send"
xray-bridge upload "$BUCKET" --split-by environment --parts 12 --sandbox
