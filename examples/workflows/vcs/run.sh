#!/bin/sh
# Git is master: send what is written here, fetch it back with the keys of its Tests,
# run that, send the results.
set -eu
cd "$(dirname "$0")"

outcome=$(xray-bridge features import specs --project "${XRAY_PROJECT:-CALC}" --json)
keys=$(printf '%s' "$outcome" |
    python3 -c 'import json, sys; print(";".join(json.load(sys.stdin)["tests"]))')
echo "Tests: $keys"

xray-bridge features export --keys "$keys" --out features/exported

# Sends the results at its end, those of a red run as well.
behave features/exported
