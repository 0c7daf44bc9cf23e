"""Resolves a name (index, alias, data stream or pattern) to its current and later indices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.errors import UserError

Kind = Literal["index", "alias", "data stream", "pattern"]


@dataclass(frozen=True, slots=True)
class Named:
    """The indices behind a name.

    Attributes:
        mappings: index → its mappings; the indices of a data stream are its backing indices.
        coming: the name, or a pattern of names, of later indices; it decides which index template
            creates them. None if later indices cannot be predicted.
        pattern: the index pattern for a template that creates these, and if possible no others.
        template: for a data stream, the index template that creates its backing indices.
    """

    name: str
    kind: Kind
    mappings: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Mapping[str, str]]
    coming: str | None = None
    pattern: str | None = None
    template: str | None = None

    @property
    def indices(self) -> list[str]:
        """The existing indices."""
        return sorted(self.mappings)


def look_up(client: OpenSearch, name: str) -> Named:
    """Return the indices behind one name.

    Raises:
        UserError: there are none, or the product's own indices are among them.
    """
    if name.startswith(names.OWN):
        raise UserError(f"{name} is lmtx-search's own index: attach one of yours")
    is_pattern = "*" in name
    try:
        found = client.indices.get_mapping(index=name)
    except NotFoundError:
        found = {}
    if not found and not is_pattern:
        raise UserError(f"no index {name}: check its name")
    own = next((index for index in sorted(found) if index.startswith(names.OWN)), None)
    if own is not None:
        raise UserError(
            f"{name} also contains lmtx-search's own index {own}: name only your own indices"
        )
    mappings = {index: answer["mappings"] for index, answer in found.items()}
    settings = _settings(client, name) if found else {}
    if is_pattern:
        return Named(name, "pattern", mappings, settings, coming=name, pattern=name)
    if name in mappings:
        return Named(name, "index", mappings, settings)
    aliases = read_aliases(client, name, mappings)
    if aliases is None:
        return _data_stream(client, name, mappings, settings)
    written = write_index(name, aliases)
    coming, pattern = _numbered(written, settings.get(written or "", {}))
    return Named(name, "alias", mappings, settings, coming, pattern)


def is_stream(name: str, indices: Iterable[str]) -> bool:
    """Return whether a name is a data stream's; the names of its indices show it."""
    return any(index.startswith(f".ds-{name}-") for index in indices)


def read_aliases(
    client: OpenSearch, name: str, indices: Iterable[str]
) -> Mapping[str, Mapping[str, Any]] | None:
    """Return the indices of an alias with their aliases; None if the name is a data stream's.

    Args:
        indices: the indices that the name stands for.
    """
    # A secured cluster refuses to look for an alias that has the name of a data stream.
    if is_stream(name, indices):
        return None
    try:
        return dict(client.indices.get_alias(name=name))
    except NotFoundError:
        return None


def write_index(alias: str, indices: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the write index of an alias; None if it has none.

    Args:
        indices: index → its aliases, as the cluster answers for this alias.
    """
    if len(indices) == 1:
        (only,) = indices
        return only if indices[only]["aliases"][alias].get("is_write_index", True) else None
    flagged = (name for name, one in indices.items() if one["aliases"][alias].get("is_write_index"))
    return next(flagged, None)


def _settings(client: OpenSearch, name: str) -> dict[str, dict[str, str]]:
    answer = client.indices.get_settings(index=name, params={"flat_settings": "true"})
    return {index: one["settings"] for index, one in answer.items()}


def _data_stream(
    client: OpenSearch,
    name: str,
    mappings: Mapping[str, Any],
    settings: Mapping[str, Mapping[str, str]],
) -> Named:
    answer = client.indices.get_data_stream(name=name)
    template = answer["data_streams"][0]["template"]
    return Named(name, "data stream", mappings, settings, name, name, template)


def _numbered(index: str | None, settings: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return what a rollover will call the next index, and a pattern of all later ones.

    A rollover counts up: ``news-7`` is followed by ``news-000008``. In a name with a date
    (``<news-{now/d}-000001>``), only the part before the date is constant.

    >>> _numbered("news-7", {})
    ('news-000008', 'news-0*')
    >>> _numbered("news-2026.11.28-000001", {"index.provided_name": "<news-{now/d}-000001>"})
    ('news-2026.11.28-000002', 'news-*')
    >>> _numbered("news", {})
    (None, None)
    """
    found = re.fullmatch(r"(.*-)(\d+)", index or "")
    if found is None:
        return None, None
    following = f"{found[1]}{int(found[2]) + 1:06}"
    provided = settings.get("index.provided_name", "")
    if not provided.startswith("<"):
        return following, f"{found[1]}{following[len(found[1])]}*"
    static = provided[1:].split("{")[0]
    return following, f"{static}*" if static else None
