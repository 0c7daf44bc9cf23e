"""Says in what a deployment differs from the tagger in use: no option is remembered.

Settings of documents that the pipeline follows are those of the machine that deploys.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.ml.registry import registered
from lmtx_search.cluster.runs import RunStore
from lmtx_search.encoder.session import bf16_is_fast
from lmtx_search.errors import UserError
from lmtx_search.settings import DocumentSettings, Settings
from lmtx_search.tagging.deployment.documents_read import DocumentsRead, as_json, as_toml
from lmtx_search.tagging.deployment.options import DeployOptions, Runtime
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import Manifest

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

_PLACES: dict[Runtime, str] = {"service": "in the service", "in-cluster": "in the cluster"}


@dataclass(frozen=True, slots=True)
class InUse:
    """What is known about the version in use.

    Attributes:
        manifest: None if the version is not on this machine, or cannot be read.
        runtime: None if ML Commons has lost the version.
        threshold: the threshold that was given to its deployment (None: none was).
        documents: what the pipeline reads of documents.
    """

    version: str
    manifest: Manifest | None
    runtime: Runtime | None
    threshold: float | None
    documents: DocumentsRead = field(default_factory=DocumentsRead)


def differences(
    client: Client, settings: Settings, options: DeployOptions, too_loose: bool = False
) -> list[str]:
    """Return in what a deployment differs from the version in use: one sentence, or none.

    Args:
        too_loose: the static encoder that was asked for follows the transformer too loosely, so
            the transformer reads the documents.

    Raises:
        UserError: the cluster has no pipeline.
    """
    used = _in_use(client, settings)
    return [] if used is None else differing(used, options, settings.documents, too_loose)


def differing(
    used: InUse, options: DeployOptions, documents: DocumentSettings, too_loose: bool = False
) -> list[str]:
    """Return in what a deployment differs from a version: one sentence, or none.

    Each difference names the option or the setting that keeps what the version has.
    """
    found = []
    if used.runtime is not None and used.runtime != options.runtime:
        found.append(
            f"runs {_PLACES[options.runtime]}, not {_PLACES[used.runtime]} "
            f"(--runtime {used.runtime} keeps that)"
        )
    if used.manifest is None:
        found.append(
            "may have another encoder or another number of tags, because that version is not on "
            "this machine"
        )
    else:
        found += _of_manifest(used.manifest, options, used.runtime, too_loose)
    if used.threshold is not None and used.threshold != options.threshold:
        chosen = "a threshold that suits it"
        new = chosen if options.threshold is None else f"the threshold {options.threshold:g}"
        found.append(
            f"has {new}, not {used.threshold:g} (--threshold {used.threshold:g} keeps that)"
        )
    found += _of_documents(used.documents, documents)
    if not found:
        return []
    return [f"Unlike the version in use, {used.version}, the new one {'; '.join(found)}"]


def _of_manifest(
    manifest: Manifest, options: DeployOptions, runtime: Runtime | None, too_loose: bool
) -> list[str]:
    found = []
    static = options.static and not too_loose
    if static != (manifest.kind == "static"):
        kept = "a lower deploy.least_agreement" if too_loose else "--static"
        found.append(
            "reads documents with a static encoder, not with a transformer (without --static it "
            "keeps that)"
            if static
            else f"reads documents with a transformer, not with a static encoder ({kept} keeps "
            "that)"
        )
    elif not static and options.precision is None:
        # With another runtime, the precision that suits it follows.
        wanted = options.of_runtime()
        if runtime in (None, options.runtime) and wanted != manifest.precision:
            exact = " if that is exact enough" if wanted != "fp32" else ""
            other = " without --static" if too_loose else ""
            found.append(
                f"reads documents in {wanted}{exact}, not in {manifest.precision}"
                + (
                    " (this machine is not fast in it)"
                    if manifest.precision == "bf16" and not bf16_is_fast()
                    else f" (--precision {manifest.precision}{other} keeps that)"
                )
            )
    if options.max_tags != manifest.max_tags:
        found.append(
            f"gives a document at most {options.max_tags} tags, not {manifest.max_tags} "
            f"(--max-tags {manifest.max_tags} keeps that)"
        )
    return found


def _of_documents(used: DocumentsRead, settings: DocumentSettings) -> list[str]:
    new = DocumentsRead(settings.text_fields, settings.untouched)
    found = []
    if fields := new.other_fields(used):
        before = json.dumps(list(used.text_fields), ensure_ascii=False)
        found.append(f"{fields} (documents.text_fields = {before} keeps that)")
    if untouched := new.other_untouched(used):
        query = as_json(used.untouched)
        hint = (
            f"documents.untouched_query = {as_toml(query)} keeps them untouched"
            if query
            else "without documents.untouched_query it touches them"
        )
        found.append(f"{untouched} ({hint})")
    return found


def _in_use(client: Client, settings: Settings) -> InUse | None:
    state = read_pipeline(client)
    version = state.tagger
    if version is None:
        return None
    manifest = None
    with suppress(UserError):
        manifest = TaggerVersions(settings.data_dir).get(version).manifest
    there = registered(client).get(version)
    runtime: Runtime | None = None
    if there is not None:
        runtime = "in-cluster" if there.in_cluster else "service"
    records = RunStore(client).of_kinds("deploy")
    own = next((one for _, one in records if one.get("version") == version), None)
    threshold = own["threshold"] if own and own.get("threshold_given") else None
    read = DocumentsRead(state.fields, state.untouched)
    return InUse(version, manifest, runtime, threshold, read)
