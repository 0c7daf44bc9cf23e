#!/bin/sh
# bulk.sh ADDRESS NAME index|create <docs.jsonl   writes the documents with `_bulk`, prints the answer.
set -eu
address=$1 name=$2 action=$3
cd "$(mktemp -d)"

# One line with the action and the id, then the document, for each document.
sed "s/^{\"id\": \(\"[^\"]*\"\).*/{\"$action\": {\"_id\": \1}}\n&/" >bulk.ndjson
curl --silent --show-error --fail-with-body --max-time 120 \
    --header 'Content-Type: application/x-ndjson' --data-binary @bulk.ndjson \
    "$address/$name/_bulk?filter_path=errors,items.*._id,items.*.error"
