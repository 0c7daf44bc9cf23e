#!/usr/bin/env bash
# BERT's normaliser deletes control characters that stand between two words.
#
# A good guess is that a vertical tab (U+000B, between the lines of a slide's title), a form feed
# (U+000C, between the pages that pdftotext writes) and U+0085 (a line break) are blanks, as Python's
# str.split() has it. The normaliser removes them, so that two words become one.
# Exits with another code than 0 if the library behaves otherwise.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'tokenizers==0.22.1'
"$folder/venv/bin/python" - <<'PYTHON'
import tokenizers
from tokenizers.normalizers import BertNormalizer

print("tokenizers", tokenizers.__version__)
normalizer = BertNormalizer(lowercase=False)
for name, between, expected in (
    ("line feed", "\n", "Annual Report"),
    ("no-break space", "\u00a0", "Annual Report"),
    ("U+000B", "\x0b", "AnnualReport"),
    ("U+000C", "\x0c", "AnnualReport"),
    ("U+0085", "\x85", "AnnualReport"),
    ("U+200B", "\u200b", "AnnualReport"),
):
    text = f"Annual{between}Report"
    found = normalizer.normalize_str(text)
    print(f"{name:15} {found!r:16} str.split(): {text.split()}")
    assert found == expected, (name, found)
PYTHON
