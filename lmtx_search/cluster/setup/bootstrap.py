"""Sets up a cluster: plans everything that is missing, then sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import NotFoundError, OpenSearch, TransportError

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.errors import translate
from lmtx_search.cluster.client.lock import exclusive
from lmtx_search.cluster.client.schema import (
    META_ONLY,
    META_PATH,
    SCHEMA,
    brought_up,
    require_known,
    require_known_form,
    schema_of,
)
from lmtx_search.cluster.labels.versions import LabelVersions, version_body, version_name
from lmtx_search.cluster.ml.pipeline import (
    pipeline_state,
    read_pipeline,
    untagged_pipeline,
    with_names,
)
from lmtx_search.cluster.ml.pipeline_copies import outdated_copies
from lmtx_search.cluster.ml.pipeline_forms import of_this_release
from lmtx_search.cluster.setup.compare import holds
from lmtx_search.cluster.setup.connector_settings import missing_settings
from lmtx_search.cluster.setup.indices import tag_properties
from lmtx_search.cluster.setup.own_pipelines import own_pipeline_steps
from lmtx_search.cluster.setup.requirements import Cluster, check_cluster
from lmtx_search.cluster.setup.steps import Request, Step
from lmtx_search.cluster.setup.tagged_indices import tagged_index_steps
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.index_templates import load
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import TagFields
from lmtx_search.untouched import Untouched

TEMPLATES = ("documents", "labels", "judgments", "runs", "decisions")
# Of the default encoder.
_USUAL_DIMENSION = 384


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps in order, and the cluster settings that a connector still needs."""

    cluster: Cluster
    steps: tuple[Step, ...]
    settings: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def open(self) -> tuple[Step, ...]:
        """The steps that send a request."""
        return tuple(step for step in self.steps if step.request)

    @property
    def settings_request(self) -> Request:
        """The request that sets the missing cluster settings."""
        return Request("PUT", "/_cluster/settings", {"persistent": dict(self.settings)})


def plan(client: OpenSearch, settings: Settings) -> Plan:
    """Return the plan for what the cluster lacks; nothing is written.

    Raises:
        UserError: the cluster cannot be used, an object of another kind has one of the product's
            names, or a newer release has set up the cluster.
    """
    cluster = check_cluster(client, settings.opensearch.knn_engine)
    forms = client.transport.perform_request("GET", META_PATH, params=META_ONLY)
    require_known(forms)
    notes: list[str] = []
    fields = settings.documents.tag_fields
    tags = load("component_templates/tags")
    tags["template"]["mappings"]["properties"] = tag_properties(fields)
    steps = [_template(client, "_component_template", names.TAGS_TEMPLATE, tags)]
    steps += [
        _template(client, "_index_template", f"lmtx-{name}", load(f"templates/{name}"))
        for name in TEMPLATES
    ]
    steps.append(_labels(client, settings, notes))
    steps += [
        _index(client, names.JUDGMENTS, "judgments"),
        _index(client, names.RUNS, "runs"),
        _index(client, names.DECISIONS, "decisions"),
    ]
    steps += own_pipeline_steps(client)
    steps += _earlier_forms(client, settings, forms)
    steps += tagged_index_steps(client, fields, notes)
    pipeline = _pipeline(client, fields, settings.documents.untouched)
    steps += [pipeline, *_pipeline_copies(client, pipeline)]
    url = tagger_url(settings)
    missing = missing_settings(client, url, cluster.has_ml_nodes)
    return Plan(cluster, tuple(steps), missing, tuple(notes))


def tagger_url(settings: Settings) -> str:
    """Return the address at which the cluster reaches the tagger."""
    service = settings.service
    return service.url or f"http://{service.host}:{service.port}"


def apply(
    client: OpenSearch,
    planned: Plan,
    apply_settings: bool = False,
    told: Callable[[Step], None] = lambda step: None,
) -> None:
    """Send the open steps of the plan; call ``told`` after each step.

    Raises:
        LmtxError: a step failed; the message lists the finished steps. The next run continues.
    """
    steps = list(planned.open)
    if apply_settings and planned.settings:
        steps.append(Step("cluster settings for the connector", planned.settings_request))
    done: list[str] = []
    for step in steps:
        assert step.request is not None
        try:
            _send_step(client, step)
        except TransportError as error:
            cause = translate(error) or LmtxError(str(error))
            finished = f"done before it: {', '.join(done)}" if done else "nothing was changed"
            raise type(cause)(
                f"{step.what}: {cause} ({finished}; running it again continues)"
            ) from error
        done.append(step.what)
        told(step)


def _send_step(client: OpenSearch, step: Step) -> None:
    assert step.request is not None
    if not step.locked:
        send(client, step.request)
        return
    with exclusive(client, "bootstrap-index"):  # a deployment may have replaced it in the meantime
        main = _pipeline(client, step.fields, None)
        for now in (main, *_pipeline_copies(client, main)):
            if now.request is not None:
                send(client, now.request)


def send(client: OpenSearch, request: Request) -> Any:
    """Send a request unchanged."""
    return client.transport.perform_request(request.method, request.path, body=dict(request.body))


def _get(client: OpenSearch, path: str) -> Any:
    try:
        return client.transport.perform_request("GET", path)
    except NotFoundError:
        return None


def _template(client: OpenSearch, api: str, name: str, body: dict[str, Any]) -> Step:
    what = f"{api.strip('_').replace('_', ' ')} {name}"
    answer = _get(client, f"/{api}/{name}")
    key = api.strip("_")
    found = answer[f"{key}s"][0][key] if answer else None
    if found is not None:
        require_known_form(f"the {what}", schema_of(found))
        if holds(found, body):
            return Step(what)
    return Step(what, Request("PUT", f"/{api}/{name}", body), replaces=found is not None)


def _index(client: OpenSearch, name: str, template: str) -> Step:
    body = load(f"templates/{template}")["template"]
    answer = _get(client, f"/{name}")
    if answer is None:
        return Step(f"index {name}", Request("PUT", f"/{name}", body))
    # An alias of that name may contain any number of indices.
    if all(holds(index["mappings"], body["mappings"]) for index in answer.values()):
        return Step(f"index {name}")
    mappings = Request("PUT", f"/{name}/_mapping", body["mappings"])
    form = min(schema_of(index["mappings"]) for index in answer.values())
    migrated = f" (form {form} to {SCHEMA})" if form < SCHEMA else ""
    return Step(f"mapping of index {name}{migrated}", mappings, replaces=True)


def _earlier_forms(client: OpenSearch, settings: Settings, forms: Mapping[str, Any]) -> list[Step]:
    """Return the steps that update label indices and training documents of earlier releases."""
    bodies = LabelVersions(client, settings.opensearch.knn_engine).outdated()
    for name, answer in client.indices.get_mapping(index=f"{names.DOCUMENTS}*").items():
        if schema_of(answer["mappings"]) < SCHEMA:
            tags = tag_properties(settings.documents.tag_fields)
            bodies[name] = brought_up(answer["mappings"], tags)
    return [
        Step(
            f"mapping of index {name} (form {schema_of(forms.get(name, {}).get('mappings', {}))} "
            f"to {SCHEMA})",
            Request("PUT", f"/{name}/_mapping", body),
            replaces=True,
        )
        for name, body in bodies.items()
    ]


def _labels(client: OpenSearch, settings: Settings, notes: list[str]) -> Step:
    what = f"label index behind the alias {names.LABELS}"
    engine, dimension = settings.opensearch.knn_engine, settings.encoder.dimension
    versions = LabelVersions(client, engine)
    current = versions.current()
    if current is not None:
        _, there = versions.encoder_of(current)
        if dimension is not None and there != dimension:
            notes.append(
                f"{current} holds embeddings of dimension {there}, encoder.dimension is "
                f"{dimension}: the next `lmtx-search labels load` writes a new version"
            )
        if not versions.has_words(current):
            notes.append(
                f"the labels in {current} were written by an earlier release, without the words of "
                "their names: run `lmtx-search labels load FILE` again, or every training embeds "
                "all labels anew"
            )
        return Step(what)
    if _get(client, f"/{names.LABELS}") is not None:
        raise UserError(
            f"{names.LABELS} is an index, but an alias of that name is needed: "
            "delete or reindex it; nothing was changed"
        )
    ready = versions.without_alias()
    if ready is not None:
        actions = load("indices/label_alias", index=ready, alias=names.LABELS)
        return Step(what, Request("POST", "/_aliases", actions))
    # Loading labels writes another version if the encoder has another dimension.
    body = version_body(None, dimension or _USUAL_DIMENSION, engine)
    return Step(
        what, Request("PUT", f"/{version_name(1)}", {**body, "aliases": {names.LABELS: {}}})
    )


def _pipeline(client: OpenSearch, fields: TagFields, untouched: Untouched | None) -> Step:
    what = f"ingest pipeline {names.PIPELINE}"
    path = f"/_ingest/pipeline/{names.PIPELINE}"
    found = _get(client, path)
    if found is not None:
        body = found[names.PIPELINE]
        form = int(body.get("version", 1))
        require_known_form(f"the {what}", form)
        # An existing pipeline may belong to a deployed tagger, which stays deployed.
        renewed = of_this_release(body)
        if renewed is not None:
            what = f"{what} (form {form} to {SCHEMA})"
        before = pipeline_state(renewed or body).names
        if before != fields:
            renewed = with_names(renewed or body, fields)
            what = f"{what}, which writes {', '.join(fields.written)}"
        if renewed is None:
            return Step(what, fields=fields)
        request = Request("PUT", path, renewed)
        return Step(what, request, replaces=True, locked=True, fields=fields)
    return Step(what, Request("PUT", path, untagged_pipeline(names=fields, untouched=untouched)))


def _pipeline_copies(client: OpenSearch, main: Step) -> Iterator[Step]:
    """Yield the steps that update copies of the pipeline, which an interruption may have left."""
    body = main.request.body if main.request else read_pipeline(client).body
    for name, copy in outdated_copies(client, body):
        request = Request("PUT", f"/_ingest/pipeline/{name}", copy)
        what = f"ingest pipeline {name}"
        yield Step(what, request, replaces=True, locked=True, fields=main.fields)
