#!/bin/sh
# In a worker of pytest-xdist, the plugin that runs the tests says that it comes from a
# module named __channelexec__: who asks a hook for its module does not find xdist.
set -eu
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0
cat > conftest.py <<'PY'
import os


def pytest_collection_finish(session):
    impls = session.config.hook.pytest_runtestloop.get_hookimpls()
    names = sorted(
        getattr(each.plugin, "__name__", "") or type(each.plugin).__module__
        for each in impls
    )
    where = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with open(f"modules-{where}.txt", "w") as file:
        file.write(" ".join(names))
PY
echo 'def test_it(): pass' > test_it.py
env/bin/python -m pytest -q -n 1 > console 2>&1
echo "pytest 9.2.0, pytest-xdist 3.8.0, modules of the hooks that run the tests in a worker:"
cat modules-gw0.txt
echo
case "$(cat modules-gw0.txt)" in
    *xdist*) echo "This has changed."; exit 1 ;;
    *__channelexec__*) ;;
    *) echo "This has changed."; exit 1 ;;
esac
echo "Look for the name of the plugin, or for the class WorkerInteractor."
