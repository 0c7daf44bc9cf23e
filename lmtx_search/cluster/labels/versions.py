"""Versions of the label index: their names, their creation, and the alias."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.schema import SCHEMA, brought_up, missing_fields, schema_of
from lmtx_search.cluster.labels.digests import read_digests
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.index_templates import load
from lmtx_search.words import names as word_names

_NUMBERED = re.compile(re.escape(names.LABELS) + r"-(\d{6})\Z")


def version_name(number: int) -> str:
    """Return the index of a version: ``lmtx-labels-000001``."""
    return f"{names.LABELS}-{number:06d}"


def version_body(
    encoder_digest: str | None, dimension: int, engine: str, state: str = "ready"
) -> dict[str, Any]:
    """Return the settings and mappings of a version's index."""
    template = load("templates/labels")["template"]
    version = load(
        "indices/label_version",
        encoder=encoder_digest,
        state=state,
        words=word_names.FORM,
        dimension=dimension,
        engine=engine,
    )["mappings"]
    properties = {**template["mappings"]["properties"], **version["properties"]}
    mappings = {**template["mappings"], "_meta": version["_meta"], "properties": properties}
    return {"settings": template["settings"], "mappings": mappings}


class LabelVersions:
    """The versions on a cluster; ``engine`` is the k-NN engine of new ones."""

    def __init__(self, client: OpenSearch, engine: str) -> None:
        self._client = client
        self._engine = engine

    def current(self) -> str | None:
        """Return the index to which the alias points, or None.

        Raises:
            UserError: it points to several.
        """
        try:
            # Without an index name, the request would need rights on all indices.
            answer = self._client.indices.get_alias(index=names.LABELS, name=names.LABELS)
        except NotFoundError:
            return None
        if len(answer) > 1:
            raise _several(sorted(answer))
        return str(next(iter(answer)))

    def names(self) -> frozenset[str]:
        """Return the indices of all versions."""
        return frozenset(self._all())

    def has_words(self, index: str) -> bool:
        """Tell whether all labels of a version have their words as this release compares them."""
        return bool(self._mappings(index).get("_meta", {}).get("words") == word_names.FORM)

    def encoder_of(self, index: str) -> tuple[str | None, int]:
        """Return a version's encoder digest (None: not known yet) and its dimension."""
        mappings = self._mappings(index)
        embedding = mappings.get("properties", {}).get("embedding", {})
        if embedding.get("type") != "knn_vector":
            raise UserError(
                f"the index {index} behind the alias {names.LABELS} is not a label index: remove "
                "the alias and run `lmtx-search bootstrap-index`"
            )
        return mappings.get("_meta", {}).get("encoder"), embedding["dimension"]

    def reusable(self, encoder_digest: str, dimension: int, owner: str | None = None) -> str | None:
        """Return the owner's last version of this encoder, except the current version.

        It may be incomplete. With ``owner`` None, it is a version without an owner.
        """
        current = self.current()
        found = []
        for index, answer in self._all().items():
            mappings = answer["mappings"]
            meta = mappings.get("_meta", {})
            embedding = mappings.get("properties", {}).get("embedding", {})
            if (
                index != current
                and meta.get("encoder") == encoder_digest
                and meta.get("owner") == owner
                and meta.get("words") == word_names.FORM
                and embedding.get("dimension") == dimension
            ):
                found.append(index)
        return max(found, default=None)

    def without_alias(self) -> str | None:
        """Return the version for an alias that is lost: the last complete one without an owner.

        Raises:
            UserError: several versions have labels, and these differ. Earlier encoders leave
                versions whose labels are no longer kept up to date.
        """
        held = {index: read_digests(self._client, index) for index in self._ready()}
        filled = {index: labels for index, labels in held.items() if labels}
        newest = max(filled or held, default=None)
        if newest is not None and any(
            labels != filled.get(newest, {}) for labels in filled.values()
        ):
            raise _different({index: len(labels) for index, labels in sorted(filled.items())})
        return newest

    def _ready(self) -> list[str]:
        return [
            index
            for index, answer in self._all().items()
            if _NUMBERED.match(index)
            and answer["mappings"].get("_meta", {}).get("state") == "ready"
            and answer["mappings"]["_meta"].get("owner") is None
        ]

    def of_encoder(self, digest: str) -> str | None:
        """Return the complete version with an encoder's labels; the current one is preferred.

        ``digest`` is the encoder's own. The digest of a version also says how labels are read.
        """
        current = self.current()
        found = [
            index
            for index, answer in self._all().items()
            if str(answer["mappings"].get("_meta", {}).get("encoder")).startswith(f"{digest}-")
            and answer["mappings"]["_meta"].get("state") == "ready"
            and answer["mappings"]["_meta"].get("owner") is None
        ]
        return current if current in found else max(found, default=None)

    def owned(self, owner: str) -> list[str]:
        """Return the versions that an owner made for itself."""
        return [
            index
            for index, answer in self._all().items()
            if answer["mappings"].get("_meta", {}).get("owner") == owner
        ]

    def create(self, encoder_digest: str, dimension: int, owner: str | None = None) -> str:
        """Make the index of the next version and return its name."""
        numbers = [int(match[1]) for name in self._all() if (match := _NUMBERED.match(name))]
        index = version_name(max(numbers, default=0) + 1)
        body = version_body(encoder_digest, dimension, self._engine, state="writing")
        if owner is not None:
            body["mappings"]["_meta"]["owner"] = owner
        self._client.indices.create(index=index, body=body)
        return index

    def remove(self, index: str) -> None:
        """Delete a version; a missing one is not an error.

        Raises:
            LmtxError: the alias points to the version.
        """
        if index == self.current():
            raise LmtxError(f"the label index {index} is in use and was not deleted")
        with suppress(NotFoundError):
            self._client.indices.delete(index=index)

    def set_meta(self, index: str, encoder_digest: str, state: str) -> None:
        """Record which encoder's embeddings a version holds, and whether it is ``ready``."""
        meta = {**self._mappings(index).get("_meta", {}), "encoder": encoder_digest, "state": state}
        self._client.indices.put_mapping(index=index, body={"_meta": meta})

    def is_ready(self, index: str) -> bool:
        """Return whether a version is complete."""
        return bool(self._mappings(index).get("_meta", {}).get("state") == "ready")

    def outdated(self) -> dict[str, dict[str, Any]]:
        """Return the versions of earlier releases: index → what its mapping lacks."""
        return {
            index: brought_up(answer["mappings"], _label_fields())
            for index, answer in sorted(self._all().items())
            if _NUMBERED.match(index) and schema_of(answer["mappings"]) < SCHEMA
        }

    def switch(self, index: str) -> None:
        """Move the alias to a version, in one step."""
        body = load("indices/label_alias", index=index, alias=names.LABELS)
        before = {"index": names.LABEL_VERSIONS, "alias": names.LABELS}
        if self.current() is not None:
            body["actions"].insert(0, {"remove": before})
        self._client.indices.update_aliases(body=body)

    def unneeded(self, needed: Collection[str]) -> list[str]:
        """Return versions of encoders other than these, except current and owned ones."""
        current = self.current()
        found = []
        for index, answer in self._all().items():
            meta = answer["mappings"].get("_meta", {})
            ours = _NUMBERED.match(index) and meta.get("owner") is None
            if ours and index != current and meta.get("encoder") not in needed:
                found.append(index)
        return sorted(found)

    def _mappings(self, index: str) -> dict[str, Any]:
        return _mappings(self._client, index)

    def _all(self) -> dict[str, Any]:
        answer = self._client.indices.get_mapping(index=names.LABEL_VERSIONS)
        assert isinstance(answer, dict)
        return answer


def _several(indices: Sequence[str]) -> UserError:
    # A version that lmtx-search wrote itself is rather the right one.
    extra = next((one for one in indices if not _NUMBERED.match(one)), indices[0])
    action = {"remove": {"index": extra, "alias": names.LABELS}}
    return UserError(
        f"the alias {names.LABELS} points to {' and '.join(indices)}, as after a restore under "
        "another name: remove it from all but the right one, for instance with POST /_aliases "
        + json.dumps({"actions": [action]})
    )


def _different(counts: Mapping[str, int]) -> UserError:
    told = " and ".join(f"{index} ({count:,} labels)" for index, count in counts.items())
    action = {"add": {"index": max(counts), "alias": names.LABELS}}
    return UserError(
        f"the alias {names.LABELS} is gone, and the labels of {told} differ, because only those "
        "behind the alias were kept up to date: set it to the right one, for instance with "
        f"POST /_aliases {json.dumps({'actions': [action]})}; nothing was changed"
    )


def require_fields(client: OpenSearch, index: str) -> None:
    """Add the fields that labels have today to a version that was made before."""
    missing = missing_fields(_mappings(client, index), _label_fields())
    if missing:
        client.indices.put_mapping(index=index, body={"properties": missing})


def _mappings(client: OpenSearch, index: str) -> dict[str, Any]:
    answer = client.indices.get_mapping(index=index)
    mappings = answer[index]["mappings"]
    assert isinstance(mappings, dict)
    return mappings


def _label_fields() -> dict[str, Any]:
    fields: dict[str, Any] = load("templates/labels")["template"]["mappings"]["properties"]
    return fields
