"""Thesauri in SKOS as label sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.sources.languages import split_languages
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.rdf import read_graph
from lmtx_search.sources.skos_concepts import Concept, read_concepts


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """The concepts of a thesaurus as label records, each with its position.

    ``left_out`` counts the concepts that are not labels; ``notes`` are sentences about the others.
    """

    entries: list[tuple[str, dict[str, Any]]]
    notes: list[str]
    left_out: LeftOut

    @classmethod
    def read(
        cls, path: Path, language: str | None = None, progress: Progress = SILENT
    ) -> Thesaurus:
        """Read a file as a whole.

        A concept's id is its address. Its text is the prefLabel in ``language``, or in another
        language if it has none. Its synonyms are the altLabels and further prefLabels in
        ``language``, in a variant of it (en-US for en), in the language of the text, or without a
        language. If ``language`` names several ("de,en"), the first one is that of the text; the
        prefLabels in the others become translations, and their altLabels are synonyms too. The
        concept's description is the definition and the scope note, without HTML. If several
        concepts have the same prefLabel, their broader concept is added: "Mercury (planets)".
        hiddenLabels (misspellings, for searching) are not read. Schemes and collections are not
        labels. Concepts that are no longer in use are left out (see
        :func:`~lmtx_search.sources.skos_retired.retired`); the concepts below such a concept move
        to the concepts above it.

        Raises:
            UserError: the file is not SKOS, has no concept (in the language), or has several
                languages and none is chosen.
            MissingExtra: rdflib is not installed.
        """
        left_out = LeftOut()
        found, notes = read_concepts(read_graph(path, progress), left_out)
        if not found:
            but = "; ".join(left_out.lines())
            why = f" in use. {but}" if but else ": is it a thesaurus?"
            raise UserError(f"{path} holds no SKOS concept{why}")
        entries, more = _labels(path, found, language)
        return cls(entries, notes + more, left_out)


def _labels(
    path: Path, concepts: list[Concept], language: str | None
) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    languages = Counter(tag for one in concepts for tag in sorted({tag for _, tag in one.names}))
    there = ", ".join(f"{tag or 'none'} ({count:,})" for tag, count in languages.most_common())
    tagged = [tag for tag in languages if tag]
    of_synonyms = {tag for one in concepts for _, tag in one.synonyms if tag}
    # Names without a language may have synonyms in one.
    undecided = of_synonyms if language is None and not tagged else set[str]()
    read_too = undecided if len(undecided) == 1 else set[str]()
    if language is None:
        if len(tagged) > 1:
            raise UserError(
                f"{path} has labels in several languages: {there}: "
                "choose one with `labels load --language`, or several: "
                "`labels load --language de,en`"
            )
        language = tagged[0] if tagged else ""
    language, *further = split_languages(language)
    asked = (language, *further)
    known = {*languages, *(of_synonyms if "" in languages else ())}
    for wanted in asked:
        if not any(_speaks(tag, wanted) for tag in known):
            raise UserError(f"{path} has no prefLabel in the language {wanted}: it has {there}")
    entries, others, several = [], Counter[str](), 0
    untranslated = Counter[str]()
    for one in concepts:
        spoken_by = _by_language(one, asked)
        own = next(iter(spoken_by.values()), "") or _nearest_language(
            {tag for _, tag in one.names}, language
        )
        others[own] += not _speaks(own, language)
        untranslated.update(wanted for wanted in further if wanted not in spoken_by)
        foreign = {wanted: tag for wanted, tag in spoken_by.items() if tag != own}
        name = next(text for text, tag in one.names if tag == own)
        translations = {
            wanted: next(text for text, tag in one.names if tag == spoken)
            for wanted, spoken in foreign.items()
        }
        read = {
            tag
            for _, tag in (*one.names, *one.synonyms)
            if tag in ("", own, *read_too) or any(_speaks(tag, wanted) for wanted in asked)
        }
        synonyms = [text for text, tag in one.synonyms if tag in read and text != name]
        further_names = [
            text
            for text, tag in one.names
            if tag in read and text not in (name, *translations.values())
        ]
        several += bool(further_names)
        spoken = _nearest_language({tag for _, tag in one.notes}, own)
        fields = {
            "id": one.uri,
            "text": name,
            "synonyms": [
                text.replace("|", " ") for text in dict.fromkeys((*synonyms, *further_names))
            ],
            "translations": translations,
            "description": " ".join(dict.fromkeys(t for t, tag in one.notes if tag == spoken)),
            "broader": one.broader,
        }
        entries.append((f"{path}, <{one.uri}>", fields))
    notes = []
    if len(undecided) > 1:
        notes.append(
            f"Synonyms in the languages {', '.join(sorted(undecided))} are not read, because names "
            "have no language: choose some with `labels load --language`"
        )
    for tag, count in others.items():
        if count:
            which = f"in the language {tag}" if tag else "without a language"
            where = f" in {language}" if language else " without a language"
            notes.append(f"Concepts without a prefLabel{where}: {count:,}; read {which} instead")
    for wanted, count in untranslated.items():
        notes.append(f"Concepts without a name in {wanted}: {count:,}; they keep their other name")
    if several:
        notes.append(
            f"Concepts with several prefLabels: {several:,}; one is the name, others are synonyms"
        )
    if apart := _tell_apart([fields for _, fields in entries]):
        notes.append(
            f"Concepts that share their prefLabel: {apart:,}; their broader concept is added"
        )
    return entries, notes


def _tell_apart(labels: list[dict[str, Any]]) -> int:
    """Add the broader concept to names that several concepts have, if that makes them unique.

    Returns the number of names that were made unique.
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


def _by_language(concept: Concept, languages: Iterable[str]) -> dict[str, str]:
    """Return for each of the languages in which a concept has a name the tag of that name."""
    tags = sorted({tag for _, tag in concept.names})
    found = {}
    for language in languages:
        fitting = [tag for tag in tags if _speaks(tag, language)]
        if fitting:
            found[language] = language if language in fitting else fitting[0]
    return found


def _speaks(tag: str, language: str) -> bool:
    """Return whether a language tag is the language or one of its variants (de-AT is de)."""
    return tag == language or tag.startswith(f"{language}-") if language else not tag


def _nearest_language(tags: set[str], language: str) -> str:
    """Return the best text: in the language, a variant, no language, English, or the first."""
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
