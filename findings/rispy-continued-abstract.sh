#!/usr/bin/env bash
# rispy keeps only the first of two abstracts. With enforce_list_tags=False it keeps both, but raises
# a TypeError if the second one goes on in another line.
set -euo pipefail
venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet rispy==0.10.0
"$venv/bin/python" - <<'PY'
from importlib.metadata import version

import rispy

DATA = "TY  - JOUR\nAB  - first\nAB  - second\n{}ER  - \n"
default = rispy.loads(DATA.format(""))[0]["abstract"]
both = rispy.loads(DATA.format(""), enforce_list_tags=False)[0]["abstract"]
try:
    continued = rispy.loads(DATA.format("and more\n"), enforce_list_tags=False)[0]["abstract"]
except TypeError as error:
    continued = f"TypeError: {error}"
print("rispy", version("rispy"))
print("default:", default)
print("enforce_list_tags=False:", both)
print("with a second line:", continued)
as_found = (default, both) == ("first", ["first", "second"]) and str(continued).startswith("TypeError")
raise SystemExit(not as_found)
PY
