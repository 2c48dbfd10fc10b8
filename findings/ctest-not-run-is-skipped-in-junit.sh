#!/bin/sh
# CTest counts a test without its executable as failed, and writes it as skipped into its
# JUnit report, whose own failures="..." leaves it out.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cmake==3.25.2
cat > CMakeLists.txt <<'TXT'
cmake_minimum_required(VERSION 3.20)
project(calc NONE)
enable_testing()
add_test(NAME adds COMMAND cmake -E true)
add_test(NAME is_not_there COMMAND no-such-command)
TXT
PATH=$PWD/venv/bin:$PATH
cmake -S . -B build > cmake.log
CODE=0
ctest --test-dir build --output-junit "$PWD/report.xml" > console 2>&1 || CODE=$?
ctest --version | head -1
echo "exit code $CODE:"
grep 'tests passed\|Not Run' console
echo "the report:"
grep 'failures=\|skipped\|status=' report.xml
if [ "$CODE" = 0 ] || grep -q '<failure' report.xml || ! grep -q '<skipped message="Unable to find executable"' report.xml; then
    echo "This has changed."
    exit 1
fi
echo "The message shows the difference: for an intended skip it begins with SKIP_."
