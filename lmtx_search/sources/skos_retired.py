"""Finds the concepts of a thesaurus that are no longer in use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdflib import Graph

_TRUE = ("true", "1", "yes")
# adms:status, euvoc:status, iso-thes:status, reg:status, vs:term_status and similar properties
# differ only in their namespace; so do their values (…/concept-status/DEPRECATED,
# statusSuperseded).
_STATUS = ("status", "hasstatus", "termstatus", "conceptstatus", "editorialstatus")
_GONE = (
    *("archaic", "archived", "canceled", "cancelled", "deleted", "deprecated", "discontinued"),
    *("inactive", "invalid", "obsolete", "rejected", "replaced", "retired", "superseded"),
    "withdrawn",
)
# "Deprecated in 2015." is about the concept; "deprecated label removed" is not.
_NOTE = re.compile(
    r"(?:this |the )?(?:authority record |concept |descriptor |heading |record |term )?"
    r"(?:is |was |has been |have been )?(?:now )?"
    r"(?:cancell?ed|deleted|deprecated|discontinued|obsolete|retired|superseded|withdrawn)"
    r"(?:$|[.,;:(!]| (?:on|in|since|as|by|because|from|due)\b| \d)",
    re.IGNORECASE,
)
_DEPRECATED = "that are marked as deprecated"
_REPLACED = "that others replace"
_NOTED = "that a note of change calls deprecated"
_REASONS = (_DEPRECATED, *(f"with the status {word}" for word in _GONE), _REPLACED, _NOTED)
_CHANGESET = "http://purl.org/vocab/changeset/schema#"
_IAO_REPLACED_BY = "http://purl.obolibrary.org/obo/IAO_0100001"


def retired(graph: Graph, concept: Any) -> str | None:
    """Return the reason under which a retired concept is counted; None if it is in use.

    The signs are ``owl:deprecated``, replacements (Dublin Core), a status of any of the usual
    vocabularies, types such as ``gvp:ObsoleteSubject``, change sets as the Library of Congress
    writes them, and notes of change that begin with such a word.
    """
    found = set(_reasons(graph, concept))
    # A concept with several reasons is counted once, always with the same reason.
    return next((f"concepts {reason}" for reason in _REASONS if reason in found), None)


def _reasons(graph: Graph, concept: Any) -> Iterator[str]:
    from rdflib import DCTERMS, OWL, RDF, Literal, URIRef

    for predicate, value in graph.predicate_objects(concept):
        name = _property(str(predicate))
        if predicate == OWL.deprecated and str(value).strip().lower() in _TRUE:
            yield _DEPRECATED
        elif predicate in (DCTERMS.isReplacedBy, URIRef(_IAO_REPLACED_BY)):
            yield _REPLACED
        elif name in _STATUS and (word := _status(graph, value)):
            yield f"with the status {word}"
        elif predicate == RDF.type:
            if _letters(_local_name(value)).startswith(("deprecated", "obsolete")):
                yield _DEPRECATED
        elif name in ("changenote", "historynote"):
            values = [value] if isinstance(value, Literal) else graph.objects(value, RDF.value)
            if any(_NOTE.match(" ".join(str(text).split())) for text in values):
                yield _NOTED
    if (None, DCTERMS.replaces, concept) in graph:
        yield _REPLACED
    if _last_change(graph, concept) in _GONE:
        yield _NOTED


def _status(graph: Graph, value: Any) -> str | None:
    """Return the status that ends a concept's use, from the name of a value or its label."""
    from rdflib import RDF, RDFS, SKOS, Literal

    names = [str(value) if isinstance(value, Literal) else _local_name(value)]
    if not isinstance(value, Literal):
        for predicate in (SKOS.prefLabel, SKOS.notation, RDFS.label, RDF.value):
            names += map(str, graph.objects(value, predicate))
    found = (_letters(name).removeprefix("status") for name in names)
    return next((name for name in found if name in _GONE), None)


def _last_change(graph: Graph, concept: Any) -> str:
    """Return the reason of a concept's last change, by the dates of its change sets."""
    from rdflib import SKOS, Namespace

    cs = Namespace(_CHANGESET)
    changes = {
        *graph.objects(concept, SKOS.changeNote),
        *graph.subjects(cs.subjectOfChange, concept),
    }
    found = [
        (str(graph.value(change, cs.createdDate) or ""), _letters(str(reason)))
        for change in changes
        for reason in graph.objects(change, cs.changeReason)
    ]
    # Of several changes on one date, the one that ends its use counts as the last.
    return max(((date, reason in _GONE, reason) for date, reason in found), default=("", 0, ""))[2]


@lru_cache(maxsize=1000)
def _property(address: str) -> str:
    return _letters(_local_name(address))


def _local_name(address: Any) -> str:
    return re.split(r"[/#:]", str(address).rstrip("/#"))[-1]


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name)).lower()
