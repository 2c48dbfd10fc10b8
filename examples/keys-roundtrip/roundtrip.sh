#!/bin/sh
# Upload tests without keys, write their keys, rename a test, upload again.
# It works on a copy of this folder: in FOLDER, or in a new temporary folder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${FOLDER:-$(mktemp -d)}
cp "$here/pytest.ini" "$here/test_shop.py" "$folder"
cd "$folder"

echo "1. Xray creates a Test for each test and each row"
pytest --xray-upload --xray-sandbox

echo "2. Their keys go into the code"
xray-bridge keys --write --diff --sandbox
xray-bridge keys --write --sandbox

echo "3. Nothing is left to write"
xray-bridge keys --write --check --sandbox

echo "4. A test is renamed, and keeps its Test"
sed 's/test_basket_is_empty():/test_new_basket_is_empty():/' test_shop.py > new.py
mv new.py test_shop.py
pytest --xray-upload --xray-sandbox
