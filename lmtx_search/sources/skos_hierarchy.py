"""What is right above each concept of a thesaurus, however the thesaurus says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdflib import Graph

_ISO_THES = "http://purl.org/iso25964/skos-thes#"


class Hierarchy:
    """Broader concepts by the properties of SKOS, ISO 25964, the Getty's vocabularies and alike.

    They differ in namespace and ending only: ``broader``, ``broaderGeneric``, ``broaderPartitive``,
    ``broaderInstantial``, ``broaderPreferred``, ``narrower…``. Mappings to other thesauri
    (``broadMatch``) are not among them. ``broaderTransitive`` and the Getty's ``…Extended`` name
    all that is above; of these only the nearest count.
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
        """Yield all that is above or below something."""
        for edges in (self._direct, self._all):
            for below, above in edges.items():
                yield below
                yield from above

    def broader(self, concept: Any, known: Collection[Any]) -> tuple[set[Any], set[Any]]:
        """Return the known concepts right above one, and what is above it but not known.

        What is not known (left out: deprecated, without a name, a guide term) hands on what is
        above itself.
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
        """Return all that is above a concept, itself too only where there is a circle."""
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
        """Put the members of an array (ISO 25964) below the array, and it below its concept."""
        from rdflib import SKOS, Namespace

        iso = Namespace(_ISO_THES)
        pairs = {*self._graph.subject_objects(iso.superOrdinate)}
        pairs |= {(array, one) for one, array in self._graph.subject_objects(iso.subordinateArray)}
        for array, concept in pairs:
            self._direct[array].add(concept)
            for member in self._graph.objects(array, SKOS.member):
                self._direct[member].add(array)


def _kind(predicate: str) -> tuple[bool, bool] | None:
    """Tell whether a property leads up, and whether to all that is there; None: to neither."""
    name = predicate.replace("#", "/").rsplit("/", 1)[-1].lower()
    # MADS, the Library of Congress's own: hasBroaderAuthority.
    name = name.removeprefix("has")
    if not name.startswith(("broader", "narrower")) or "match" in name or "external" in name:
        return None
    return name.startswith("broader"), name.endswith(("transitive", "extended"))
