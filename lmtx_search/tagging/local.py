"""The active tagger version on this machine, without the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import translate
from lmtx_search.cluster.ml.pipeline import active, read_pipeline
from lmtx_search.errors import UserError
from lmtx_search.settings import Settings
from lmtx_search.tag_fields import TagFields
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.untouched import Untouched

_SECONDS = 5.0


def find_version(
    settings: Settings, requested: str | None = None
) -> tuple[TaggerVersion, str | None]:
    """Return the version to tag with, and a note if the pipeline uses another one.

    Raises:
        UserError: this machine has no tagger version.
    """
    versions = TaggerVersions(settings.data_dir)
    if requested is not None:
        return versions.get(requested), None
    used, problem = version_in_use(settings)
    if used is not None:
        return used, None
    latest = versions.latest()
    if latest is None:
        raise UserError(f"no tagger to tag with ({problem}): run `lmtx-search deploy` first")
    return latest, f"{problem}; tagging with the newest version here, {latest.manifest.version}"


def version_in_use(settings: Settings) -> tuple[TaggerVersion | None, str]:
    """Return the version that the pipeline uses; None, and why, if none is known.

    Raises:
        UserError: it is not on this machine.
    """
    try:
        name = active(connect(settings.opensearch.within(_SECONDS), reading=True))
    except Exception as error:
        return None, str(translate(error) or error)
    if name is None:
        return None, "no tagger is deployed"
    return TaggerVersions(settings.data_dir).get(name), ""


@dataclass(frozen=True, slots=True)
class PipelineReads:
    """What tagging as the pipeline does needs to know.

    Attributes:
        fields: the fields that hold a document's text, in order.
        names: the names of the tag fields.
        untouched: documents that are never touched (None: none).
    """

    fields: Sequence[str]
    names: TagFields
    untouched: Untouched | None


def pipeline_reads(settings: Settings, version: str) -> PipelineReads:
    """Return what the pipeline reads if it uses this version, else what the settings say."""
    documents = settings.documents
    own = PipelineReads(documents.text_fields, documents.tag_fields, documents.untouched)
    try:
        state = read_pipeline(connect(settings.opensearch.within(_SECONDS), reading=True))
    except Exception as error:
        if translate(error) is None and not isinstance(error, UserError):
            raise
        return own
    if state.tagger != version:
        return own
    return PipelineReads(state.fields or documents.text_fields, state.names, state.untouched)
