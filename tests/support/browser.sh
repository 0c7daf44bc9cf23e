#!/usr/bin/env bash
# Installs the browser that the page's tests drive; where that cannot be, they are skipped.
set -euo pipefail

if command -v chromium >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing chromium …"
    if apt-get -q update >/dev/null && apt-get -qy install --no-install-recommends chromium >/dev/null; then
        exit 0
    fi
fi
echo "No chromium here: the tests in a browser are skipped (apt-get install chromium)" >&2
