#!/usr/bin/env bash
# Makes the virtual environment in folder $1 and installs lmtx-search with everything into it,
# each package by the version and hash that requirements/dev.lock names.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
    echo "Error: no $python here: install Python 3.10 or newer, or say make PYTHON=…" >&2
    exit 2
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "Error: $python is older than 3.10: say make PYTHON=…" >&2
    exit 2
fi
# Debian keeps the part of Python that makes environments in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv …"
        apt-get -q update >/dev/null
        apt-get -qy install python3-venv >/dev/null
    else
        echo "Error: $python cannot make environments: run  apt-get install python3-venv" >&2
        exit 2
    fi
fi

# If the creation was interrupted, there is a Python without pip.
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv "$venv"
echo "Installing lmtx-search into $venv (a few minutes the first time) …"
pip() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip --no-compile --require-hashes -r requirements/dev.lock
# setuptools, which it is built with, is in the lock too.
pip --no-deps --no-build-isolation -e .
# Python compiles a file when it is first imported, and keeps the result. Compiling everything here
# would take a minute. With this variable, which images of containers set, Python keeps nothing, so
# each command would compile thousands of files again, for up to twenty seconds.
if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then
    # Some packages contain files for other releases of Python, which this one cannot compile.
    "$venv/bin/python" -m compileall -qq -j 0 "$venv/lib" lmtx_search cli || true
fi
"$venv/bin/lmtx-search" --version
