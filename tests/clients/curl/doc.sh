#!/bin/sh
# doc.sh ADDRESS NAME index|create <docs.jsonl   writes each document with a request of its own.
set -eu
address=$1 name=$2 action=$3
case $action in index) endpoint=_doc ;; create) endpoint=_create ;; esac

while IFS= read -r document; do
    id=${document#*'"id": "'}
    id=${id%%'"'*}
    printf '%s' "$document" |
        curl --silent --show-error --fail-with-body --max-time 120 --request PUT \
            --header 'Content-Type: application/json' --data-binary @- \
            "$address/$name/$endpoint/$id" || true
    echo
done
