"""Names that dashboards show for the digests of judges and the ids of labels."""

from __future__ import annotations

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.labels import edits
from lmtx_search.cluster.runs import RunStore
from lmtx_search.index_templates import load

# Labels that get a name: those with the most judgments. An index pattern holds all of them.
_LABELS = 5000


def judge_names(client: OpenSearch) -> dict[str, str]:
    """Return the models of the judges of runs, by digest.

    If two judges have the same model, for instance in different quantisations, the beginning of the
    digest follows each name.
    """
    models: dict[str, str] = {}
    for _, record in RunStore(client).of_kinds("train", "judge", fields=("judge",)):
        judge = record.get("judge")
        if isinstance(judge, dict) and judge.get("digest") and judge.get("model"):
            models.setdefault(judge["digest"], judge["model"])
    shared = {name for name in models.values() if list(models.values()).count(name) > 1}
    return {
        digest: f"{name} ({digest[:8]})" if name in shared else name
        for digest, name in models.items()
    }


def judged_label_texts(client: OpenSearch) -> dict[str, str]:
    """Return the texts of the labels with the most judgments, by id."""
    body = load("searches/judged_labels", size=_LABELS)
    answer = client.search(index=names.JUDGMENTS, body=body)
    ids = [bucket["key"] for bucket in answer["aggregations"]["labels"]["buckets"]]
    return {id_: label.text for id_, label in edits.find(client, names.LABELS, ids).items()}
