#!/usr/bin/env bash
# feedparser gives an Atom entry without a link its id as the link.
#
# The id of an Atom entry is a name (RFC 4287, 4.2.6): it may look like an address at which nothing
# is. A good guess is that `entry.link` is there only if the entry has a link. feedparser fills it
# with the id, also if the entry has a link of another kind only (an enclosure). In RSS that is
# right: a guid is a link unless it says isPermaLink="false".
# Exits with another code than 0 if the library behaves otherwise.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'feedparser==6.0.12'
"$folder/venv/bin/python" - <<'PYTHON'
from io import BytesIO

import feedparser

print("feedparser", feedparser.__version__)
entries = (
    "<entry><id>tag:example.org,2026:1</id><title>No link</title></entry>"
    '<entry><id>https://example.org/2</id><title>A sound</title>'
    '<link rel="enclosure" href="https://example.org/2.mp3"/></entry>'
)
feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{entries}</feed>'
for entry in feedparser.parse(BytesIO(feed.encode())).entries:
    alternates = [link.href for link in entry.get("links", []) if link.rel == "alternate"]
    print(f"{entry.title}: link {entry.get('link')!r}, alternate links {alternates}")
    assert entry.get("link") == entry.id and not alternates, entry
PYTHON
