"""Thesauri in SKOS as label sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.sources.rdf import read_graph

if TYPE_CHECKING:
    from rdflib import Graph


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """The concepts of a thesaurus as label records by their address, and what was left out."""

    entries: list[tuple[str, dict[str, Any]]]
    notes: list[str]

    @classmethod
    def read(
        cls, path: Path, language: str | None = None, progress: Progress = SILENT
    ) -> Thesaurus:
        """Read a file as a whole.

        A concept's id is its address, its text the prefLabel in ``language`` (another one's where
        it has none), its synonyms the altLabels in the same language, its description the
        definition and scope note. Where several have the same prefLabel, what is above them is
        written behind it: "Mercury (planets)". hiddenLabels (misspellings, for searching) are not
        read; nor are schemes and collections; deprecated and replaced concepts are left out.

        Raises:
            UserError: not SKOS, with the line; no concept, or none in the language; several
                languages and none chosen.
            MissingExtra: rdflib is not installed.
        """
        graph = read_graph(path, progress)
        found, left_out = _concepts(graph)
        if not found:
            raise UserError(f"{path} holds no SKOS concept{left_out}: is it a thesaurus?")
        return _labels(path, found, language, left_out)


@dataclass(frozen=True, slots=True)
class _Concept:
    """A concept's texts as (text, language); ``notes`` explain it."""

    uri: str
    names: list[tuple[str, str]]
    synonyms: list[tuple[str, str]]
    notes: list[tuple[str, str]]
    broader: list[str]


def _concepts(graph: Graph) -> tuple[list[_Concept], str]:
    from rdflib import DCTERMS, OWL, RDF, SKOS, BNode, Literal, Namespace, URIRef

    xl = Namespace("http://www.w3.org/2008/05/skos-xl#")

    def texts(concept: Any, name: str) -> list[tuple[str, str]]:
        found = list(graph.objects(concept, SKOS[name]))
        # In SKOS-XL a label, in SKOS a note, may be a thing of its own.
        for thing in graph.objects(concept, xl[name]):
            found += graph.objects(thing, xl.literalForm)
        for thing in [one for one in found if not isinstance(one, Literal)]:
            found += graph.objects(thing, RDF.value)
        literals = {one for one in found if isinstance(one, Literal)}
        pairs = {(" ".join(str(one).split()), (one.language or "").lower()) for one in literals}
        return sorted(pair for pair in pairs if pair[0])

    groups = {
        one for kind in ("Collection", "OrderedCollection", "ConceptScheme")
        for one in graph.subjects(RDF.type, SKOS[kind])
    }  # fmt: skip
    left_out: Counter[str] = Counter()
    concepts = []
    for concept in sorted(set(graph.subjects(RDF.type, SKOS.Concept)) - groups, key=str):
        gone = any(
            str(value).lower() in ("true", "1") for value in graph.objects(concept, OWL.deprecated)
        )
        if gone or (concept, DCTERMS.isReplacedBy, None) in graph:
            left_out["deprecated"] += 1
        elif isinstance(concept, BNode):
            left_out["without an address"] += 1
        elif not (names := texts(concept, "prefLabel")):
            left_out["without a prefLabel"] += 1
        else:
            above = {*graph.objects(concept, SKOS.broader), *graph.subjects(SKOS.narrower, concept)}
            concepts.append(
                _Concept(
                    str(concept),
                    names,
                    texts(concept, "altLabel"),
                    texts(concept, "definition") + texts(concept, "scopeNote"),
                    sorted(str(one) for one in above if isinstance(one, URIRef)),
                )
            )
    told = ", ".join(f"{count:,} {why}" for why, count in sorted(left_out.items()))
    return concepts, f" ({told})" if told else ""


def _labels(path: Path, concepts: list[_Concept], language: str | None, left_out: str) -> Thesaurus:
    languages = Counter(tag for one in concepts for tag in {tag for _, tag in one.names})
    there = ", ".join(f"{tag or 'none'} ({count:,})" for tag, count in languages.most_common())
    tagged = [tag for tag in languages if tag]
    if language is None:
        if len(tagged) > 1:
            raise UserError(
                f"{path} has labels in several languages: {there}: "
                "choose one with `labels load --language`"
            )
        language = tagged[0] if tagged else ""
    language = language.lower()
    if not any(_speaks(tag, language) for tag in languages):
        raise UserError(f"{path} has no prefLabel in the language {language}: it has {there}")
    known = {one.uri for one in concepts}
    entries, others, several = [], Counter[str](), 0
    for one in concepts:
        own = _nearest_language({tag for _, tag in one.names}, language)
        others[own] += not _speaks(own, language)
        names = [text for text, tag in one.names if tag == own]
        several += len(names) > 1
        spoken = _nearest_language({tag for _, tag in one.notes}, own)
        fields = {
            "id": one.uri,
            "text": names[0],
            "synonyms": [
                text.replace("|", " ")
                for text, tag in [*one.synonyms, *((name, own) for name in names[1:])]
                if tag == own and text != names[0]
            ],
            "description": " ".join(dict.fromkeys(t for t, tag in one.notes if tag == spoken)),
            "broader": [above for above in one.broader if above in known and above != one.uri],
        }
        entries.append((f"{path}, <{one.uri}>", fields))
    notes = [f"Concepts left out{left_out}"] if left_out else []
    for tag, count in others.items():
        if count:
            which = f"in the language {tag}" if tag else "without a language"
            where = f" in {language}" if language else " without a language"
            notes.append(f"Concepts without a prefLabel{where}: {count:,}, taken {which}")
    if several:
        notes.append(f"Concepts with several prefLabels: {several:,}, the others are synonyms")
    if apart := _tell_apart([fields for _, fields in entries]):
        notes.append(f"Concepts that share their prefLabel: {apart:,}, told apart by what is above")
    return Thesaurus(entries, notes)


def _tell_apart(labels: list[dict[str, Any]]) -> int:
    """Write what is above it behind a name that others have too, where that tells it from all.

    Returns how many names that did.
    """
    names = {label["id"]: label["text"] for label in labels}
    shared = Counter(names.values())
    longer = {
        label["id"]: f"{label['text']} ({names[label['broader'][0]]})"
        for label in labels
        if shared[label["text"]] > 1 and label["broader"]
    }
    taken = shared + Counter(longer.values())
    alone = {id_: name for id_, name in longer.items() if taken[name] == 1}
    for label in labels:
        label["text"] = alone.get(label["id"], label["text"])
    return len(alone)


def _speaks(tag: str, language: str) -> bool:
    """Tell whether a language tag is the language or one of its forms (de-AT is de)."""
    return tag == language or tag.startswith(f"{language}-") if language else not tag


def _nearest_language(tags: set[str], language: str) -> str:
    """Return the language itself, one of its forms, text of no language, English, or the first."""
    ways: list[Callable[[str], bool]] = [
        lambda tag: tag == language,
        lambda tag: _speaks(tag, language.split("-")[0]),
        lambda tag: tag == "",
        lambda tag: tag == "en",
        lambda tag: True,
    ]
    for way in ways:
        if found := sorted(filter(way, tags)):
            return found[0]
    return language
