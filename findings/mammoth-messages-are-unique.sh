#!/usr/bin/env bash
# mammoth 1.13.0 (Word to HTML) lists what it ignored in `messages`. The list has each message once:
# three ignored elements of a kind are one message, so their number cannot be read from it. Text in
# w:fldSimple (an inserted date or page field) is ignored as well, with its text.
# Fails when either changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mammoth==1.13.0
"$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata
import io
import zipfile

import mammoth

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
BODY = (
    "<w:p><w:r><w:t>Printed on </w:t></w:r>"
    '<w:fldSimple w:instr="DATE"><w:r><w:t>1 May</w:t></w:r></w:fldSimple></w:p>'
    "<w:altChunk/><w:altChunk/><w:altChunk/>"
)
file = io.BytesIO()
with zipfile.ZipFile(file, "w") as archive:
    archive.writestr(
        "[Content_Types].xml",
        f'<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>',
    )
    archive.writestr(
        "_rels/.rels",
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}" Target="word/document.xml"/></Relationships>',
    )
    archive.writestr(
        "word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{BODY}</w:body></w:document>'
    )
file.seek(0)
result = mammoth.convert_to_html(file)
messages = [message.message for message in result.messages]
print("mammoth", importlib.metadata.version("mammoth"))
print("html:", result.value)
print("messages:", messages)
assert sum("altChunk" in message for message in messages) == 1, "each element has a message now"
assert "1 May" not in result.value, "simple fields are read now"
PYTHON
