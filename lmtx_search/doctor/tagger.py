"""Checks of the deployed tagger: reachable, and tagging."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.model_state import why_down
from lmtx_search.cluster.ml.pipeline import PipelineState, read_pipeline, simulate, touching_all
from lmtx_search.cluster.ml.registry import registered
from lmtx_search.doctor.checks import Check, Finding, ok
from lmtx_search.doctor.texts import examine_names, examine_own_tags, examine_texts
from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.sources.label_rules import rules_of
from lmtx_search.tagging.deployment.pipeline_check import document_with
from lmtx_search.tagging.service.client import (
    COPY_CHANGES,
    lacks_changes,
    require_service,
    require_version,
    service_url,
)
from lmtx_search.tagging.versions.label_sync import differing_labels
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

_GROUP = "Tagger"
_TEXT = "A program that plays chess against you"


class TaggerChecks:
    """The checks of the tagger; nothing is stored."""

    def __init__(self, settings: Settings, client: Callable[[], Client]) -> None:
        self._settings = settings
        self._client = client

    @cached_property
    def _state(self) -> PipelineState:
        return read_pipeline(self._client())

    def checks(self) -> Iterator[Check]:
        """Return the checks."""
        yield Check(_GROUP, "pipeline", self._pipeline, leads=True, needs="Cluster")
        yield Check(_GROUP, "runs in", self._runtime, needs="Cluster")
        yield Check(_GROUP, "labels", self._labels, needs="Cluster")
        yield Check(_GROUP, "rules", self._rules, needs="Cluster")
        yield Check(_GROUP, "model", self._model, needs="Cluster")
        yield Check(_GROUP, "trial", self._trial, needs="Cluster")
        client = self._client
        yield Check(
            _GROUP, "fields", lambda: examine_names(client(), self._settings), needs="Cluster"
        )
        yield Check(_GROUP, "texts", lambda: examine_texts(client()), needs="Cluster")
        yield Check(_GROUP, "own tags", lambda: examine_own_tags(client()), needs="Cluster")

    def _pipeline(self) -> Finding:
        tagger = self._state.tagger
        if tagger is None:
            return Finding(
                "warn",
                "no tagger is deployed: documents are indexed untagged",
                "lmtx-search train, then lmtx-search deploy",
            )
        version = self._version(tagger)
        if version is None:
            return Finding(
                "warn",
                f"tags with {tagger}, which is not in {self._settings.data_dir / 'taggers'}",
                "change it on the machine that has it, or set data_dir",
            )
        manifest = version.manifest
        said = f"tags with {tagger}, {sum(1 for _ in version.labels()):,} labels, "
        if manifest.student is None:
            found = f"{said}documents are read by a transformer in {manifest.precision}"
            if manifest.precision == "bf16" and not bf16_is_fast():
                return Finding(
                    "warn",
                    f"{found}, which is slow on this machine",
                    "nothing if the service runs on another machine, else: lmtx-search deploy "
                    "--precision int8, or install lmtx-search[openvino] if its processor has AMX",
                )
            return ok(found)
        return ok(f"{said}documents are read by a static encoder: {manifest.student}")

    def _runtime(self) -> Finding:
        tagger = self._state.tagger
        url = service_url(self._settings.service)
        if tagger is None:
            with suppress(UserError):
                require_service(url)
                return ok(f"a tagger service answers at {url}")
            return Finding(
                "warn",
                f"no tagger service at {url}",
                "lmtx-search serve, before lmtx-search deploy (not for --runtime in-cluster)",
            )
        if self._in_cluster(tagger):
            return ok("the cluster itself")
        require_service(url)
        version = self._version(tagger)
        if version is not None:
            require_version(self._settings.service, version)
            if lacking := lacks_changes(self._settings.service, version):
                return Finding("warn", lacking, COPY_CHANGES)
        return ok(f"the service at {url}")

    def _labels(self) -> Finding:
        tagger = self._state.tagger
        version = None if tagger is None else self._version(tagger)
        if tagger is None or version is None:
            return ok("not known: no tagger is deployed from here")
        index = LabelIndex(self._client(), self._settings.opensearch.knn_engine)
        name = index.require().index
        lacking, more = differing_labels(version, index.digests())
        if not lacking and not more:
            return ok(f"the tagger has the labels of {name}")
        todo = f"lmtx-search rollback {tagger} gives the tagger the labels of {name}"
        if self._in_cluster(tagger):
            todo = f"lmtx-search deploy --runtime in-cluster makes a tagger with those of {name}"
        return Finding(
            "warn",
            f"the tagger lacks {len(lacking):,} labels of {name} or has them in another form, and "
            f"{len(more):,} of its labels are not in {name}",
            todo,
        )

    def _rules(self) -> Finding:
        tagger = self._state.tagger
        version = None if tagger is None else self._version(tagger)
        if version is None:
            return ok("not known: no tagger is deployed from here")
        there = version.manifest.rules
        wanted = rules_of(self._settings.label, list(version.labels()))
        told = "no rules" if there is None else f"{there.number:,} rules"
        if (there and there.digest) != (wanted and wanted.digest):
            return Finding(
                "warn",
                f"the tagger follows {told}, and the settings (label.rules, label.max_per_branch) "
                "have others",
                "lmtx-search deploy",
            )
        return ok(told)

    def _model(self) -> Finding:
        model = self._state.model
        if model is None:
            return ok("no tagger is deployed")
        why = why_down(self._client(), model)
        if why:
            return Finding(
                "bad",
                f"no node runs the tagger's model, which {why}: new documents are pending",
                "lmtx-search retag --index INDEX --pending deploys it again",
            )
        return ok("ML Commons has deployed it")

    def _trial(self) -> Finding:
        state = self._state
        if state.tagger is None:
            return ok("not tested: no tagger is deployed")
        field = self._settings.documents.text_fields[0]
        documents = [document_with(field, _TEXT)]
        (source,) = simulate(self._client(), touching_all(state.body), documents)
        tagging = source.get(state.names.tagging, {})
        if tagging.get("status") != "tagged":
            return Finding(
                "bad",
                f"a test document has the status {tagging.get('status')}: "
                f"{tagging.get('error', tagging)}",
                "check the tagger, then run lmtx-search retag --index INDEX --pending",
            )
        tags = ", ".join(source.get(state.names.tags) or []) or "no tag"
        return ok(f'"{_TEXT}" → {tags}')

    def _in_cluster(self, tagger: str) -> bool:
        there = registered(self._client()).get(tagger)
        return there is not None and there.in_cluster

    def _version(self, name: str) -> TaggerVersion | None:
        with suppress(UserError):
            return TaggerVersions(self._settings.data_dir).get(name)
        return None
