#!/bin/sh
# The page's "Cucumber (standard workflow)" pipeline: scenarios are kept in Jira.
set -eu
cd "$(dirname "$0")"

# stage('Export features from Xray'): XrayExportBuilder, filter '11400'.
xray-bridge features export --filter 11400 --out features

# stage('Test').
pytest -q tests/test_features.py --cucumberjson=data.json || true

# stage('Import results to Xray'): XrayImportBuilder, endpointName '/cucumber'. No
# project is named: the tags of the scenarios say where the results belong.
xray-bridge upload data.json
