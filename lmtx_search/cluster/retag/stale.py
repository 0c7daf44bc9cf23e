"""Finds documents whose text has changed since they were tagged.

The pipeline writes a digest of the text that it read beside the tags. OpenSearch runs no pipeline
on a partial update in a bulk request, so that the text can change and the tags do not. The cluster
computes the digest again with the pipeline's own script. The mappings do not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lmtx_search.index_templates import text
from lmtx_search.tag_fields import TagFields

_FIELD = "lmtx_text_check"


@dataclass(frozen=True, slots=True)
class TextCheck:
    """Compares digests in one index; ``reads`` lists the text fields of its documents in order."""

    reads: Sequence[str]
    names: TagFields

    def script_fields(self) -> dict[str, Any]:
        """Return the script fields of a search, for :meth:`is_stale`."""
        return {_FIELD: {"script": self._script()}}

    def is_stale(self, hit: Mapping[str, Any]) -> bool:
        """Return whether the tags of a hit belong to another text."""
        return bool(hit["fields"][_FIELD] == ["stale"])

    def count(self, client: OpenSearch, index: str, seconds: int) -> TextCounts:
        """Count the documents of an index, for a limited number of seconds."""
        body = {
            "size": 0,
            "timeout": f"{seconds}s",
            "track_total_hits": False,
            "aggs": {"texts": {"terms": {"script": self._script(), "size": 10}}},
        }
        answer = client.search(index=index, body=body)
        found = {b["key"]: b["doc_count"] for b in answer["aggregations"]["texts"]["buckets"]}
        stale, fits, unknown = (found.get(key, 0) for key in ("stale", "fits", "unknown"))
        return TextCounts(stale, fits, unknown, complete=not answer["timed_out"])

    def _script(self) -> dict[str, Any]:
        source = text("pipelines/read.painless") + text("pipelines/stale.painless")
        params = {"fields": list(self.reads), "tagging": self.names.tagging}
        return {"lang": "painless", "source": source, "params": params}


@dataclass(frozen=True, slots=True)
class TextCounts:
    """Counts of documents, by whether their tags belong to their text.

    ``unknown`` documents were tagged by an earlier release, without a digest. If ``complete`` is
    false, the time was up before all documents were read.
    """

    stale: int
    fits: int
    unknown: int
    complete: bool
