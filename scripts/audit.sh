#!/usr/bin/env bash
# Looks at what lmtx-search is made of, with tools in an environment of their own ($1): known
# vulnerabilities of what requirements/runtime.lock names, licences and a bill of materials of what is
# installed beside the `python` on PATH. With "lock" as $2, writes the lock files anew instead.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$1
installed=$(command -v python)

if [ ! -f "$tools/.ready" ] || [ requirements/audit.lock -nt "$tools/.ready" ]; then
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r requirements/audit.lock
    touch "$tools/.ready"
fi

if [ "${2:-}" = lock ]; then
    lock() {
        "$tools/bin/uv" pip compile --quiet --universal --python-version 3.10 --generate-hashes \
            --no-emit-index-url --no-annotate --custom-compile-command "make lock" "$@"
    }
    lock pyproject.toml --all-extras --output-file requirements/runtime.lock
    lock pyproject.toml --extra dev --output-file requirements/dev.lock
    lock requirements/audit.in --output-file requirements/audit.lock
    exit
fi

mkdir -p build
"$tools/bin/cyclonedx-py" environment "$installed" --pyproject pyproject.toml --of JSON \
    --output-file build/sbom.json
"$tools/bin/pip-licenses" --python "$installed" --from=mixed --format=json --with-urls \
    --output-file build/licences.json >/dev/null
# It ends with 1 where it finds something; what it found is told below.
"$tools/bin/pip-audit" --requirement requirements/runtime.lock --require-hashes --disable-pip \
    --progress-spinner off --format json --output build/vulnerabilities.json \
    2>build/vulnerabilities.log || true
"$tools/bin/python" scripts/audit.py build
