"""Checks that an index keeps the names of labels as they are, so that each can be found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.own_fields import setting_of
from lmtx_search.errors import UserError
from lmtx_search.records import unique_names
from lmtx_search.tag_fields import TagFields


def require_exact(
    what: str, mappings: Mapping[str, Any], fields: TagFields, longest_name: Callable[[], int]
) -> None:
    """Check keyword fields of an index that will contain the names of labels.

    Args:
        what: the index or template, for the message.
        longest_name: returns :func:`longest_name`. For several indices, it should read the labels
            once.

    Raises:
        UserError: a field changes names, leaves out long ones, or cannot be searched and counted.
    """
    properties = mappings.get("properties", {})
    for name in (fields.tags, fields.broader, fields.suggested):
        reason = _wrong(properties.get(name, {}), longest_name)
        if reason is not None:
            raise UserError(
                f"the field {name} of {what} {reason}: set {setting_of(fields, name)} to another "
                "name and run `lmtx-search bootstrap-index`"
            )


def _wrong(field: Mapping[str, Any], longest_name: Callable[[], int]) -> str | None:
    if field.get("normalizer"):
        return f"changes the names of labels (normalizer {field['normalizer']})"
    for option, needs in (("doc_values", "counted"), ("index", "searched")):
        if str(field.get(option, True)).lower() == "false":
            return f"cannot be {needs} ({option} is false)"
    most = field.get("ignore_above")
    if most is None or (longest := longest_name()) <= int(most):
        return None
    return f"leaves out names of over {most} characters (ignore_above), and a label has {longest}"


def longest_name(client: OpenSearch) -> int:
    """Return the length of the longest name of a tag, as the cluster counts (0: no labels)."""
    try:
        labels = list(LabelIndex(client).labels())
    except NotFoundError:
        return 0
    tags = unique_names([label.text for label in labels], [label.id for label in labels])
    return max((len(tag.encode("utf-16-le")) // 2 for tag in tags), default=0)
