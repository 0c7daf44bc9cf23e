"""Finds the broader concepts of each concept of a thesaurus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdflib import Graph

_ISO_THES = "http://purl.org/iso25964/skos-thes#"


class Hierarchy:
    """Broader concepts by the properties of SKOS, ISO 25964, Getty and similar vocabularies.

    These differ only in namespace and ending: ``broader``, ``broaderGeneric``,
    ``broaderPartitive``, ``broaderInstantial``, ``broaderPreferred``, ``narrower…``. Mappings to
    other thesauri (``broadMatch``) do not count. ``broaderTransitive`` and Getty's ``…Extended``
    name all broader concepts; only the nearest of these count.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._direct: dict[Any, set[Any]] = defaultdict(set)
        self._all: dict[Any, set[Any]] = defaultdict(set)
        for predicate in set(graph.predicates(unique=True)):
            kind = _kind(str(predicate))
            if kind is None:
                continue
            up, transitive = kind
            edges = self._all if transitive else self._direct
            for subject, value in graph.subject_objects(predicate):
                below, above = (subject, value) if up else (value, subject)
                edges[below].add(above)
        self._add_arrays()
        self._above_all: dict[Any, set[Any]] = {}

    def members(self) -> Iterator[Any]:
        """Yield all concepts above or below a concept."""
        for edges in (self._direct, self._all):
            for below, above in edges.items():
                yield below
                yield from above

    def broader(self, concept: Any, known: Collection[Any]) -> tuple[set[Any], set[Any]]:
        """Return the known concepts directly above one, and the unknown ones above it.

        An unknown concept (deprecated, without a name, or a guide term) is replaced by the
        concepts above it.
        """
        found: set[Any] = set()
        passed: set[Any] = set()
        rest = [concept]
        while rest:
            for above in self._nearest(rest.pop()):
                if above in known:
                    found.add(above)
                elif above not in passed:
                    passed.add(above)
                    rest.append(above)
        return found - {concept}, passed

    def _nearest(self, concept: Any) -> set[Any]:
        direct = self._direct.get(concept, set())
        candidates = (direct | self._all.get(concept, set())) - {concept}
        return {
            one
            for one in candidates
            if one in direct
            or not any(
                one in self._reached(other) and other not in self._reached(one)
                for other in candidates - {one}
            )
        }

    def _reached(self, concept: Any) -> set[Any]:
        """Return all concepts above a concept; the concept itself only if there is a cycle."""
        if concept not in self._above_all:
            found: set[Any] = set()
            rest = [concept]
            while rest:
                one = rest.pop()
                new = (self._direct.get(one, set()) | self._all.get(one, set())) - found
                found |= new
                rest += new
            self._above_all[concept] = found
        return self._above_all[concept]

    def _add_arrays(self) -> None:
        """Put the members of an array (ISO 25964) below it, and the array below its concept."""
        from rdflib import SKOS, Namespace

        iso = Namespace(_ISO_THES)
        pairs = {*self._graph.subject_objects(iso.superOrdinate)}
        pairs |= {(array, one) for one, array in self._graph.subject_objects(iso.subordinateArray)}
        for array, concept in pairs:
            self._direct[array].add(concept)
            for member in self._graph.objects(array, SKOS.member):
                self._direct[member].add(array)


def _kind(predicate: str) -> tuple[bool, bool] | None:
    """Return whether a property leads up, and whether to all levels; None for other properties."""
    name = predicate.replace("#", "/").rsplit("/", 1)[-1].lower()
    # MADS, the Library of Congress's own: hasBroaderAuthority.
    name = name.removeprefix("has")
    if not name.startswith(("broader", "narrower")) or "match" in name or "external" in name:
        return None
    return name.startswith("broader"), name.endswith(("transitive", "extended"))
