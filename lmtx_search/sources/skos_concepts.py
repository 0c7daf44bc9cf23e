"""Finds the concepts of a thesaurus's graph, with their texts and broader concepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmtx_search.sources.html_text import plain_or_html_text
from lmtx_search.sources.label_names import label_name
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.skos_hierarchy import Hierarchy
from lmtx_search.sources.skos_retired import retired

if TYPE_CHECKING:
    from rdflib import Graph

_XL = "http://www.w3.org/2008/05/skos-xl#"
_ISO = "http://purl.org/iso25964/skos-thes#"
_GVP = "http://vocab.getty.edu/ontology#"
# Subclasses of skos:Concept that the thesauri use but do not declare.
_CONCEPTS = (
    *(
        f"{_GVP}{name}Concept"
        for name in ("", "AdminPlace", "Group", "Person", "PhysPlace", "UnknownPerson")
    ),
    "http://eurovoc.europa.eu/schema#ThesaurusConcept",
    "http://zbw.eu/namespaces/zbw-extensions/Descriptor",
    "http://zbw.eu/namespaces/zbw-extensions/Thsys",
    "http://lod.gesis.org/thesoz/ext/Descriptor",
    "http://www.yso.fi/onto/yso-meta/Concept",
    "http://www.yso.fi/onto/yso-meta/Individual",
)
# Types of collections, and properties of names.
_GROUPS = (
    *(f"{_ISO}{name}" for name in ("ConceptGroup", "ThesaurusArray")),
    *(f"{_GVP}{name}" for name in ("Facet", "GuideTerm", "Hierarchy")),
)
_TERMS = (f"{_XL}Label", *(f"{_ISO}{name}" for name in ("PreferredTerm", "SimpleNonPreferredTerm")))


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept's texts as (text, language); ``notes`` explain it, ``broader`` are addresses."""

    uri: str
    names: list[tuple[str, str]]
    synonyms: list[tuple[str, str]]
    notes: list[tuple[str, str]]
    broader: list[str]


def read_concepts(graph: Graph, left_out: LeftOut) -> tuple[list[Concept], list[str]]:
    """Return the concepts in use in the order of their addresses, with notes about them."""
    from rdflib import BNode, URIRef

    hierarchy = Hierarchy(graph)
    named: dict[Any, list[tuple[str, str]]] = {}
    for concept in _candidates(graph, hierarchy, left_out):
        if why := retired(graph, concept):
            left_out.add(why, str(concept))
        elif isinstance(concept, BNode):
            left_out.add("concepts without an address", _first_name(graph, concept))
        elif not (names := _texts(graph, concept, "prefLabel")):
            left_out.add("concepts without a prefLabel", str(concept))
        else:
            named[concept] = names
    concepts = []
    handed_on, elsewhere = 0, set()
    for concept, names in named.items():
        above, passed = hierarchy.broader(concept, named.keys())
        there = {one for one in passed if (one, None, None) in graph}
        elsewhere |= {one for one in passed - there if isinstance(one, URIRef)}
        handed_on += bool(there and above)
        notes = [
            (" ".join(plain_or_html_text(text).split()), language)
            for property in ("definition", "scopeNote")
            for text, language in _texts(graph, concept, property)
        ]
        synonyms = _texts(graph, concept, "altLabel")
        concepts.append(Concept(str(concept), names, synonyms, notes, sorted(map(str, above))))
    told = []
    if handed_on:
        told.append(
            f"Labels below a concept that was left out: {handed_on:,}; they move to the one above"
        )
    if elsewhere:
        told.append(
            f"Broader concepts that are missing in the file: {len(elsewhere):,}, for example "
            f"{min(map(str, elsewhere))}"
        )
    return concepts, told


def _candidates(graph: Graph, hierarchy: Hierarchy, left_out: LeftOut) -> list[Any]:
    """Return all concepts, by their types or their properties."""
    from rdflib import SKOS, URIRef

    concepts = _instances(graph, [SKOS.Concept, *map(URIRef, _CONCEPTS)])
    groups = _instances(
        graph, [SKOS.Collection, SKOS.OrderedCollection, SKOS.ConceptScheme, *map(URIRef, _GROUPS)]
    )
    terms = _instances(graph, list(map(URIRef, _TERMS)))
    placed = {*graph.subjects(SKOS.inScheme), *graph.subjects(SKOS.topConceptOf)}
    concepts |= placed - terms
    # By SKOS these are concepts too. Many are only references to concepts of another file.
    related = {*graph.objects(None, SKOS.hasTopConcept), *hierarchy.members()}
    related |= {one for pair in graph.subject_objects(SKOS.related) for one in pair}
    concepts |= {one for one in related - terms - concepts if _texts(graph, one, "prefLabel")}
    for one in sorted(concepts & groups, key=str):
        left_out.add("collections and schemes", str(one))
    return sorted(concepts - groups, key=str)


def _instances(graph: Graph, classes: list[Any]) -> set[Any]:
    """Return the resources of these types, or of subclasses that the file declares."""
    from rdflib import RDF, RDFS

    known, rest = set(classes), list(classes)
    while rest:
        for below in graph.subjects(RDFS.subClassOf, rest.pop()):
            if below not in known:
                known.add(below)
                rest.append(below)
    return {one for kind in known for one in graph.subjects(RDF.type, kind)}


def _texts(graph: Graph, concept: Any, name: str) -> list[tuple[str, str]]:
    """Return (text, language) of a SKOS property, even if the text is a resource (SKOS-XL)."""
    from rdflib import RDF, SKOS, Literal, URIRef

    found = list(graph.objects(concept, SKOS[name]))
    for thing in graph.objects(concept, URIRef(f"{_XL}{name}")):
        found += graph.objects(thing, URIRef(f"{_XL}literalForm"))
    for thing in [one for one in found if not isinstance(one, Literal)]:
        found += graph.objects(thing, RDF.value)
    literals = {one for one in found if isinstance(one, Literal)}
    pairs = {(label_name(str(one)), (one.language or "").lower()) for one in literals}
    return sorted(pair for pair in pairs if pair[0])


def _first_name(graph: Graph, concept: Any) -> str:
    names = _texts(graph, concept, "prefLabel")
    return names[0][0] if names else ""
