#!/usr/bin/env bash
# A JSON-LD file of one named graph is empty for rdflib's Graph, without an error or a warning.
set -euo pipefail
venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet rdflib==7.6.0
"$venv/bin/python" -W ignore - <<'PY'
import rdflib

DATA = """{"@context": {"skos": "http://www.w3.org/2004/02/skos/core#"},
 "@id": "http://g.example/1",
 "@graph": [{"@id": "http://x.example/a", "skos:prefLabel": "animals"}]}"""
plain = rdflib.Graph()
plain.parse(data=DATA, format="json-ld")
union = rdflib.Dataset(default_union=True)
union.parse(data=DATA, format="json-ld")
found = len(plain), len(list(union.triples((None, None, None))))
print("rdflib", rdflib.__version__)
print(f"triples in a Graph: {found[0]}, in a Dataset(default_union=True): {found[1]}")
raise SystemExit(found != (0, 1))
PY
