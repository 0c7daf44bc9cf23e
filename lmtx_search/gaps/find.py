"""Finds the gaps of a label set in the documents of an index."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.documents.sample import sample_hits
from lmtx_search.cluster.facets.untouched import count_untouched, untouched_clauses
from lmtx_search.cluster.judgments.rejections import rejections
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.errors import UserError
from lmtx_search.gaps.near_duplicates import near_duplicates
from lmtx_search.gaps.opinions import current_opinions
from lmtx_search.gaps.report import Example, Gaps, Theme
from lmtx_search.gaps.scored import ScoredSample, score_sample
from lmtx_search.gaps.surplus import (
    near_duplicate_labels,
    rejected_labels,
    suggested_only,
    unused_labels,
)
from lmtx_search.gaps.terms import telling_terms
from lmtx_search.gaps.themes import LEAST_DOCUMENTS, group_documents
from lmtx_search.gaps.used import UsedLabels
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, document_text
from lmtx_search.settings import Settings
from lmtx_search.tagging.scoring.broader import left_to_people
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.label_names import names_by_label
from lmtx_search.tagging.versions.other_clusters import of_other_clusters
from lmtx_search.tagging.versions.store import TaggerVersions

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

_EXAMPLES = 3
_TITLE = 100


@clear_errors()
def find_gaps(
    client: Client,
    settings: Settings,
    tagger: Tagger,
    index: str,
    sample: int = 1000,
    most: int = 10,
    progress: Progress = SILENT,
) -> Gaps:
    """Return what the label set of a tagger lacks for the documents of an index.

    Args:
        sample: random documents that are read, up to 10,000.
        most: entries of each list.

    Raises:
        UserError: the index does not exist, or fewer than three documents have text.
        MissingExtra: scikit-learn is not installed.
    """
    client.indices.refresh(index=index)  # fails early, with a clear message
    fields, own = reads_of(client, index) or settings.documents.text_fields, tag_fields(client)

    def text_of(source: Mapping[str, Any]) -> str:
        return document_text(own.without(source), fields)

    never = untouched_clauses(client)
    documents = [
        Document(hit["_id"], text_of(hit["_source"]), own.without(hit["_source"]))
        for hit in sample_hits(client, index, sample, without=never)
    ]
    read = [document for document in documents if document.text.strip()]
    if len(read) < LEAST_DOCUMENTS:
        raise UserError(
            f"only {len(read)} documents of {index} have text in {', '.join(fields)}: there must "
            f"be {LEAST_DOCUMENTS} or more"
        )
    scored = score_sample(tagger, read, progress)
    labels = scored.labels
    used = UsedLabels(client, index)
    versions = TaggerVersions(settings.data_dir)
    names, unread = names_by_label(versions, labels, of_other_clusters(client, versions))
    for note in unread:
        progress.note(note)
    themes, themes_found = find_themes(scored, most)
    pairs, pairs_found, excluded = near_duplicates(labels, most, progress, tagger.rules)
    rows = sorted({row for pair in pairs for row in (pair.first, pair.second)})
    similar = {labels.ids[row]: names[labels.ids[row]] for row in rows}
    for_people = left_to_people(tagger.manifest, tagger.rules)
    unused, needed = unused_labels(scored, used.names | used.suggested, names, for_people)
    suggested_for = used.suggested_for(
        {id_: some for id_, some in names.items() if not used.suggested.isdisjoint(some)}
    )
    suggested = suggested_only(labels, used.names, names, for_people, suggested_for, index)
    said, unknown = current_opinions(client, settings.documents, index, text_of, labels)
    rejected = rejected_labels(labels, rejections(said))
    return Gaps(
        index=index,
        tagger=tagger.manifest.version,
        labels=len(labels.ids),
        documents=len(read),
        without_text=len(documents) - len(read),
        untouched=count_untouched(client, index, never),
        uncounted=used.uncounted,
        themes=themes,
        themes_found=themes_found,
        near_duplicates=near_duplicate_labels(
            labels, pairs, used.documents(similar), suggested_for, index
        ),
        near_duplicates_found=pairs_found,
        near_duplicates_excluded=excluded,
        suggested=suggested[:most],
        suggested_found=len(suggested),
        unused=unused[:most],
        unused_found=len(unused),
        unused_needed=needed,
        rejected=rejected[:most],
        rejected_found=len(rejected),
        opinions_left_out=unknown,
    )


def find_themes(scored: ScoredSample, most: int) -> tuple[list[Theme], int]:
    """Return the first themes of a sample, and the number of all."""
    labels, documents = scored.labels, scored.documents
    groups = group_documents(scored.vectors, scored.best, labels.embeddings, scored.usable)
    first = groups[:most]
    terms = telling_terms([one.text for one in documents], [one.documents for one in first])
    texts, ids = {one.casefold() for one in labels.texts}, set(labels.ids)
    return [
        Theme(
            documents=len(group.documents),
            terms=of_group,
            nearest=labels.names[group.label],
            nearness=round(group.nearness, 4),
            likeness=round(group.likeness, 4),
            examples=[
                Example(
                    documents[row].id,
                    documents[row].text.partition("\n")[0][:_TITLE],
                    labels.names[int(scored.best_label[row])],
                    round(float(scored.best[row]), 4),
                )
                for row in group.documents[:_EXAMPLES]
            ],
            command=_add(of_group, texts, ids),
        )
        for group, of_group in zip(first, terms, strict=True)
    ], len(groups)


def _add(terms: Sequence[str], texts: set[str], ids: set[str]) -> str | None:
    """Return the command that adds a label for a theme (None: there is no name for it).

    Args:
        texts, ids: of the labels that there are, the texts casefolded. The new label is added.
    """
    text = next((term for term in terms if term.casefold() not in texts), None)
    if text is None:
        return None
    id_ = text.replace(" ", "-")
    if id_ in ids:
        id_ = next(new for number in count(2) if (new := f"{id_}-{number}") not in ids)
    texts.add(text.casefold())
    ids.add(id_)
    return f"lmtx-search labels add {shlex.quote(id_)} {shlex.quote(text)}"
