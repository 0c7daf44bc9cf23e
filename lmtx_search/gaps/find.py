"""Finds the gaps of a label set in the documents of an index."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lmtx_search.cluster.client.errors import clear_errors
from lmtx_search.cluster.documents.sample import sample_hits
from lmtx_search.cluster.facets.exact_counts import count_all
from lmtx_search.cluster.judgments.rejections import rejections
from lmtx_search.cluster.ml.index_pipeline import reads_of
from lmtx_search.cluster.ml.pipeline import tag_fields
from lmtx_search.errors import UserError
from lmtx_search.gaps.near_duplicates import near_duplicates
from lmtx_search.gaps.report import (
    Example,
    Gaps,
    NearDuplicate,
    RejectedLabel,
    Theme,
    UnusedLabel,
)
from lmtx_search.gaps.scored import ScoredSample, score_sample
from lmtx_search.gaps.themes import LEAST_DOCUMENTS, group_documents, telling_terms
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Document, document_text
from lmtx_search.settings import Settings
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.label_matrix import LabelRows

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
    documents = [
        Document(hit["_id"], document_text(own.without(hit["_source"]), fields))
        for hit in sample_hits(client, index, sample)
    ]
    read = [document for document in documents if document.text.strip()]
    if len(read) < LEAST_DOCUMENTS:
        raise UserError(
            f"only {len(read)} documents of {index} have text in {', '.join(fields)}: there must "
            f"be {LEAST_DOCUMENTS} or more"
        )
    scored = score_sample(tagger, read, progress)
    labels = scored.labels
    counts = count_all(client, index, {"match_all": {}})
    themes, themes_found = find_themes(scored, most)
    pairs = near_duplicates(labels, progress)
    unused = [row for row, name in enumerate(labels.names) if not counts.get(name)]
    unused.sort(key=lambda row: -scored.label_best[row])
    refused = rejections(client)
    row_of = {id_: row for row, id_ in enumerate(labels.ids)}
    rejected = sorted(
        (one for one in refused.items() if one[0] in row_of),
        key=lambda one: (-one[1].rejected, one[1].judged),
    )
    return Gaps(
        index=index,
        tagger=tagger.manifest.version,
        labels=len(labels.ids),
        documents=len(read),
        without_text=len(documents) - len(read),
        themes=themes,
        themes_found=themes_found,
        near_duplicates=[
            _merged(labels, counts, pair.first, pair.second, pair.similarity, index)
            for pair in pairs[:most]
        ],
        near_duplicates_found=len(pairs),
        unused=[
            UnusedLabel(
                labels.ids[row],
                labels.names[row],
                round(float(scored.label_best[row]), 4),
                read[int(scored.label_best_at[row])].id,
                _retire(labels.ids[row]),
            )
            for row in unused[:most]
        ],
        unused_found=len(unused),
        rejected=[
            RejectedLabel(
                label,
                labels.names[row_of[label]],
                one.rejected,
                one.judged,
                _retire(label) if 2 * one.rejected > one.judged else "lmtx-search train",
            )
            for label, one in rejected[:most]
        ],
        rejected_found=len(rejected),
    )


def find_themes(scored: ScoredSample, most: int) -> tuple[list[Theme], int]:
    """Return the first themes of a sample, and the number of all."""
    labels, documents = scored.labels, scored.documents
    groups = group_documents(scored.vectors, scored.best, labels.embeddings)
    first = groups[:most]
    terms = telling_terms([one.text for one in documents], [one.documents for one in first])
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
            command=_add(of_group, labels),
        )
        for group, of_group in zip(first, terms, strict=True)
    ], len(groups)


def _add(terms: Sequence[str], labels: LabelRows) -> str:
    there = {one.casefold() for one in labels.texts}
    text = next((term for term in terms if term.casefold() not in there), "NAME")
    id_ = re.sub(r"\W+", "-", text)
    if id_ in labels.ids:
        id_ = f"{id_}-2"
    return f"lmtx-search labels add {shlex.quote(id_)} {shlex.quote(text)}"


def _retire(id_: str) -> str:
    return f"lmtx-search labels retire {shlex.quote(id_)}"


def _exclude(*ids: str) -> str:
    """Return the line of a file of rules by which labels exclude each other."""
    words = ("exclude", *ids)
    return ("\t" if any(re.search(r"\s", id_) for id_ in ids) else " ").join(words)


def _merged(
    labels: LabelRows,
    counts: Mapping[str, int],
    first: int,
    second: int,
    similarity: float,
    index: str,
) -> NearDuplicate:
    def documents(row: int) -> int:
        return counts.get(labels.names[row], 0)

    keep, gone = (first, second) if documents(first) >= documents(second) else (second, first)
    command = _retire(labels.ids[gone])
    if documents(gone):
        command += (
            f" && lmtx-search retag --index {shlex.quote(index)} "
            f"--label {shlex.quote(labels.ids[gone])}"
        )
    return NearDuplicate(
        labels.names[keep],
        labels.ids[keep],
        documents(keep),
        labels.names[gone],
        labels.ids[gone],
        documents(gone),
        round(similarity, 4),
        command,
        _exclude(labels.ids[keep], labels.ids[gone]),
    )
