"""Artefacts of the embedded OpenSearch, by name."""

from __future__ import annotations

from lmtx_search.embedded.artefacts import Artefact, read_distribution


def artefact(name: str) -> Artefact:
    every = read_distribution().artefacts()
    return next(found for found in every if f":{name}:" in found.coordinates)
