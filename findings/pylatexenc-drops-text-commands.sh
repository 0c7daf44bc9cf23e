#!/usr/bin/env bash
# pylatexenc's LatexNodes2Text leaves out the text inside of \texttt, \textsf and \mbox.
#
# A good guess is that commands that only change the font keep their argument, as \textbf and \emph
# do. Titles in bibliographies lose words without an error: "\texttt{scikit-learn}: Machine Learning"
# becomes ": Machine Learning". The signs that Zotero writes, {\textless} and {\textgreater}, vanish
# too, so "p {\textless} 0.05" becomes "p  0.05".
# Exits with another code than 0 if the library behaves otherwise.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'pylatexenc==2.10'
"$folder/venv/bin/python" - <<'PYTHON'
import pylatexenc.version
from pylatexenc.latex2text import LatexNodes2Text

print("pylatexenc", pylatexenc.version.version_str)
for text, expected in (
    (r"\textbf{Chess}: a history", "Chess: a history"),
    (r"\emph{Chess}: a history", "Chess: a history"),
    (r"\texttt{Chess}: a history", ": a history"),
    (r"\textsf{Chess}: a history", ": a history"),
    (r"\mbox{Chess}: a history", ": a history"),
    (r"p {\textless} 0.05", "p  0.05"),
    (r"{\textgreater}90 percent", "90 percent"),
):
    found = LatexNodes2Text().latex_to_text(text)
    print(f"{text:28} {found!r}")
    assert found == expected, (text, found)
PYTHON
