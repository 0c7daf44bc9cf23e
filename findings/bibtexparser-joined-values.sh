#!/usr/bin/env bash
# bibtexparser 2 resolves @string names and takes values out of their quotes, but not where a value
# is joined of parts.
#
# A good guess is that "Ice at the " # place, which BibTeX prints as "Ice at the North Pole", comes out
# of the default middleware joined, or as a failed block. It comes out as it is written, with quotes,
# "#" and the name of the string. A missing comma on one line is no failed block either: the next
# field becomes part of the value.
# Exits with another code than 0 if the library behaves otherwise.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'bibtexparser==2.1.0'
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import bibtexparser

print("bibtexparser", version("bibtexparser"))
text = """@string{place = "North Pole"}
@misc{alone, title = place}
@misc{joined, title = "Ice at the " # place}
@misc{comma, title = {Ice} year = 2001}
"""
library = bibtexparser.parse_string(text)
found = {entry.key: {one.key: one.value for one in entry.fields} for entry in library.entries}
for key, fields in found.items():
    print(f"{key:7} {fields}")
print("failed blocks:", len(library.failed_blocks))
assert found["alone"] == {"title": "North Pole"}, found
assert found["joined"] == {"title": '"Ice at the " # place'}, found
assert found["comma"] == {"title": "{Ice} year = 2001"}, found
assert not library.failed_blocks
PYTHON
