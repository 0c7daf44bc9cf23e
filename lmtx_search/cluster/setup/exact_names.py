"""Checks that an index keeps the names of labels as they are, so that each can be found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.own_fields import setting_of
from lmtx_search.errors import UserError
from lmtx_search.records import Label
from lmtx_search.tag_fields import TagFields


def require_exact(
    client: OpenSearch, what: str, mappings: Mapping[str, Any], fields: TagFields
) -> None:
    """Check keyword fields of an index that will contain the names of labels.

    Args:
        what: the index or template, for the message.

    Raises:
        UserError: a field changes names, leaves out long ones, or cannot be searched and counted.
    """
    properties = mappings.get("properties", {})
    for name in (fields.tags, fields.broader, fields.suggested):
        reason = _wrong(client, properties.get(name, {}))
        if reason is not None:
            raise UserError(
                f"the field {name} of {what} {reason}: set {setting_of(fields, name)} to another "
                "name and run `lmtx-search bootstrap-index`"
            )


def _wrong(client: OpenSearch, field: Mapping[str, Any]) -> str | None:
    if field.get("normalizer"):
        return f"changes the names of labels (normalizer {field['normalizer']})"
    for option, needs in (("doc_values", "counted"), ("index", "searched")):
        if str(field.get(option, True)).lower() == "false":
            return f"cannot be {needs} ({option} is false)"
    most = field.get("ignore_above")
    if most is None or (longest := _longest_name(client)) <= int(most):
        return None
    return f"leaves out names of over {most} characters (ignore_above), and a label has {longest}"


def _longest_name(client: OpenSearch) -> int:
    """Return the length of the longest name of a label, as the cluster counts (0: no labels)."""
    try:
        labels = list(LabelIndex(client).labels())
    except NotFoundError:
        return 0
    texts = Counter(label.text for label in labels)

    def length(label: Label) -> int:
        name = label.name_with_id if texts[label.text] > 1 else label.text
        return len(name.encode("utf-16-le")) // 2

    return max(map(length, labels), default=0)
