"""The ingest pipeline ``lmtx-tagging``: makes it, and reads the one of the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from opensearchpy import AuthorizationException, NotFoundError, OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.name_patterns import covers
from lmtx_search.cluster.ml.pipeline_copies import outdated_copies
from lmtx_search.errors import UserError
from lmtx_search.index_templates import load, text
from lmtx_search.rules import Rules
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields
from lmtx_search.untouched import Untouched

CHARACTERS = 8000
"""Characters of a document that are sent for each window: more than any encoder reads."""

# Most windows in a request to the tagger. Requests are answered one after the other, and the
# cluster's connector gives up after a minute.
_WINDOWS = 256

# The parts of a script, in order.
_SCRIPTS = {
    "mark": ("own", "read", "untouched", "untagged"),
    "text": ("keys", "read", "own", "untouched", "text"),
    "tags": ("keys", "own", "restored", "settle", "tags"),
    "pending": ("keys", "own", "restored", "pending"),
}

TextFields = Mapping[str, Sequence[str]]
"""Index name → the text fields of its documents, if they are not the default ones."""


@dataclass(frozen=True)
class PipelineState:
    """The state of the cluster's pipeline; without a deployment, tagger and model are None."""

    body: Mapping[str, Any]
    tagger: str | None = None
    model: str | None = None
    indices: dict[str, list[str]] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    names: TagFields = DEFAULT_FIELDS
    """The names of the fields that it writes."""
    keep: tuple[str, ...] = ()
    """Indices in which it moves values that people wrote in these fields to ``names.manual``."""
    untouched: Untouched | None = None
    """Which documents it never touches (None: it touches all)."""
    previous: str | None = None
    """The tagger before the deployment of this one (None: there was none, or it is unknown)."""
    rolled_back_from: str | None = None
    """The tagger before the rollback to this one (None: this one was deployed)."""
    rules: int | None = None
    """How many rules about labels the tagger has (None: an earlier release deployed it)."""

    def keeps(self, index: str) -> bool:
        """Return whether values that people wrote in an index move to ``names.manual``."""
        return any(covers(name, index) for name in self.keep)

    def text_fields(self, index: str) -> list[str]:
        """Return the fields of an index's documents that it reads."""
        return self.indices.get(index, self.fields)


def script(name: str) -> str:
    """Return the source of a script of the pipeline: ``mark``, ``text``, ``tags``, ``pending``."""
    return "".join(text(f"pipelines/{part}.painless") for part in _SCRIPTS[name])


def untagged_pipeline(
    indices: TextFields | None = None,
    names: TagFields = DEFAULT_FIELDS,
    keep: Sequence[str] = (),
    untouched: Untouched | None = None,
) -> dict[str, Any]:
    """Return the pipeline before a first deployment: it marks documents as ``untagged``."""
    return load(
        "pipelines/untagged",
        mark=script("mark"),
        indices=_lists(indices),
        names=names.as_dict(),
        keep=sorted(keep),
        untouched=_as_params(untouched),
    )


def tagging_pipeline(
    tagger: str,
    model: str,
    fields: Sequence[str],
    indices: TextFields | None = None,
    windows: int = 1,
    names: TagFields = DEFAULT_FIELDS,
    keep: Sequence[str] = (),
    untouched: Untouched | None = None,
    rules: Rules | None = None,
    *,
    review_first: bool = False,
) -> dict[str, Any]:
    """Return the pipeline that tags.

    Args:
        tagger: the tagger's version, written to ``tagging.tagger``.
        model: id of its model in ML Commons.
        fields: fields that hold a document's text, in order.
        indices: other fields for single indices.
        windows: number of windows that the tagger reads of a document.
        names: names of the fields that it writes.
        keep: indices in which values that people wrote in these fields move to ``names.manual``.
        untouched: documents that it leaves as they are (None: none).
        rules: of the tagger. They say to which groups documents belong, and their number is kept.
        review_first: the tagger applies nothing, so it does not apply what manual tags imply.
    """
    groups = {"field": rules.group_field, "names": rules.groups} if rules and rules.groups else {}
    return load(
        "pipelines/tagging",
        description=f"lmtx-search: tags documents with the tagger {tagger}",
        fields=list(fields),
        indices=_lists(indices),
        characters=CHARACTERS * windows,
        batch=max(1, _WINDOWS // windows),
        model=model,
        tagger=tagger,
        names=names.as_dict(),
        keep=sorted(keep),
        untouched=_as_params(untouched),
        groups=groups,
        rules=0 if rules is None else rules.number,
        review_first=review_first,
        **{name: script(name) for name in ("text", "tags", "pending")},
    )


def read_pipeline(client: OpenSearch) -> PipelineState:
    """Return the state of the cluster's pipeline.

    Raises:
        UserError: the cluster has no pipeline.
    """
    try:
        answer = client.ingest.get_pipeline(id=names.PIPELINE)
    except NotFoundError as error:
        raise UserError(
            f"the cluster has no ingest pipeline {names.PIPELINE}: run "
            "`lmtx-search bootstrap-index` first"
        ) from error
    return pipeline_state(answer[names.PIPELINE])


def pipeline_state(body: Mapping[str, Any]) -> PipelineState:
    """Return the state of a pipeline, read from its body."""
    scripts: dict[str, Any] = {}
    model = None
    for processor in body.get("processors", []):
        for kind, settings in processor.items():
            if kind == "script":
                scripts[settings.get("tag", "")] = settings.get("params", {})
            elif settings.get("tag") == "lmtx-scores":
                model = settings["model_id"]
    text, tags = scripts.get("lmtx-text", {}), scripts.get("lmtx-tags", {})
    return PipelineState(
        body,
        tags.get("tagger"),
        model,
        dict(text.get("indices", {})),
        list(text.get("fields", [])),
        TagFields(**text.get("names", {})),
        tuple(text.get("keep", ())),
        Untouched(**text["untouched"]) if text.get("untouched") else None,
        tags.get("previous"),
        tags.get("rolled_back_from"),
        tags.get("rules"),
    )


def active(client: OpenSearch) -> str | None:
    """Return the tagger version that tags new documents; None before a deployment."""
    return read_pipeline(client).tagger


def deployed(client: OpenSearch) -> str | None:
    """Return :func:`active`; None also if there is no pipeline, or it may not be read."""
    with suppress(UserError, AuthorizationException):
        return active(client)
    return None


def tag_fields(client: OpenSearch) -> TagFields:
    """Return the names of the fields that the cluster's pipeline writes.

    They are the default names if there is no pipeline, or it may not be read.
    """
    state = _visible(client)
    return DEFAULT_FIELDS if state is None else state.names


def untouched_documents(client: OpenSearch) -> Untouched | None:
    """Return which documents the cluster's pipeline never touches (None: none, or not known)."""
    state = _visible(client)
    return None if state is None else state.untouched


def number_of_rules(client: OpenSearch) -> int | None:
    """Return how many rules about labels the tagger in use has (None: it is not known)."""
    state = _visible(client)
    if state is None:
        return None
    return state.rules if state.tagger else 0


def _visible(client: OpenSearch) -> PipelineState | None:
    """Return what the pipeline is (None: there is none, or it may not be read)."""
    with suppress(NotFoundError, AuthorizationException):
        body = client.ingest.get_pipeline(id=names.PIPELINE)[names.PIPELINE]
        return pipeline_state(body)
    return None


def with_text_fields(state: PipelineState, indices: TextFields) -> dict[str, Any]:
    """Return the pipeline's body with other text fields for single indices."""
    return with_params(state.body, {"lmtx-text": {"indices": _lists(indices)}})


def keeping(state: PipelineState, indices: Iterable[str]) -> dict[str, Any]:
    """Return the pipeline's body that moves values that people wrote in these indices."""
    return with_params(state.body, {"lmtx-text": {"keep": sorted(indices)}})


def touching_all(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pipeline's body that tags every document, for tests of its tagger."""
    return with_params(body, {"lmtx-text": {"untouched": {}}})


def with_names(body: Mapping[str, Any], names: TagFields) -> dict[str, Any]:
    """Return a pipeline's body that writes fields with other names."""
    given = {"names": names.as_dict()}
    return with_params(body, dict.fromkeys(("lmtx-text", "lmtx-tags", "lmtx-pending"), given))


def with_params(body: Mapping[str, Any], params: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a pipeline's body with other parameters for the scripts with these tags."""

    def changed(processor: Mapping[str, Any]) -> Mapping[str, Any]:
        if (tag := step_tag(processor)) not in params:
            return processor
        there = processor["script"]
        return {
            **processor,
            "script": {**there, "params": {**there.get("params", {}), **params[tag]}},
        }

    lists = ("processors", "on_failure")
    return {**body, **{key: [changed(one) for one in body[key]] for key in lists if key in body}}


def step_tag(processor: Mapping[str, Any]) -> str:
    """Return the tag of a script step; "" for other steps."""
    return str(processor.get("script", {}).get("tag", ""))


def put_pipeline(client: OpenSearch, body: Mapping[str, Any]) -> None:
    """Replace the cluster's pipeline in one step, then each of its copies.

    After an interruption, the next call or ``bootstrap-index`` replaces the remaining copies.
    """
    client.ingest.put_pipeline(id=names.PIPELINE, body=body)
    for name, copy in outdated_copies(client, body):
        client.ingest.put_pipeline(id=name, body=copy)


def simulate(
    client: OpenSearch,
    body: Mapping[str, Any],
    documents: Sequence[Mapping[str, Any]],
    index: str = "lmtx-simulate",
) -> list[dict[str, Any]]:
    """Run documents (``_source`` each) through a pipeline and return them; nothing is stored.

    A document that the pipeline refuses has the status ``failed``. ``index`` is the index that the
    pipeline sees.

    Raises:
        TransportError: the pipeline is not valid.
    """
    docs = [
        {"_index": index, "_id": str(number), "_source": source}
        for number, source in enumerate(documents)
    ]
    answer = client.ingest.simulate(body={"pipeline": body, "docs": docs})
    tagging = pipeline_state(body).names.tagging
    return [
        doc["doc"]["_source"] if "doc" in doc else {tagging: {"status": "failed", **doc}}
        for doc in answer["docs"]
    ]


def _as_params(untouched: Untouched | None) -> dict[str, Any]:
    return {} if untouched is None else asdict(untouched)


def _lists(indices: TextFields | None) -> dict[str, list[str]]:
    return {index: list(fields) for index, fields in (indices or {}).items()}
