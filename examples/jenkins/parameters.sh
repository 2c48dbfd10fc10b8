#!/bin/sh
# The "Using parameters" pipeline of the page: parameters/xray-bridge.toml takes fields
# from the environment. `params.projectKey` and `params.env` of the page are
# PROJECT_KEY and TARGET here; BUILD_NUMBER is Jenkins' own.
set -eu
cd "$(dirname "$0")"

pytest -q tests/test_add.py --junitxml=reports/TEST-add.xml || true

# stage('Import Results'): the fields are in parameters/xray-bridge.toml.
cd parameters
xray-bridge upload '../reports/*.xml' --same-execution
