#!/bin/sh
# The "Cucumber (VCS/Git based workflow)" pipeline of the page: scenarios are in git.
set -eu
cd "$(dirname "$0")"

# stage('Synch (update) recent tests to Xray'): XrayImportFeatureBuilder,
# lastModified '10', projectKey 'CALC'. In a fresh clone every file is new, so
# --changed-since is better there.
xray-bridge features import written --project CALC --modified-within 10

# stage('Export features from Xray'): XrayExportBuilder, filter '11400'.
rm -rf features
xray-bridge features export --filter 11400 --out features

# stage('Test').
pytest -q tests/test_features.py --cucumberjson=data.json || true

# stage('Import results to Xray'): XrayImportBuilder, endpointName '/cucumber'.
xray-bridge upload data.json
