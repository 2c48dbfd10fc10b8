#!/bin/sh
# The "Cucumber (standard workflow)" pipeline of the page: scenarios are in Jira.
set -eu
cd "$(dirname "$0")"

# stage('Export features from Xray'): XrayExportBuilder, filter '11400'.
xray-bridge features export --filter 11400 --out features

# stage('Test').
pytest -q tests/test_features.py --cucumberjson=data.json || true

# stage('Import results to Xray'): XrayImportBuilder, endpointName '/cucumber'. It names
# no project, because the tags of the scenarios name their Tests.
xray-bridge upload data.json
