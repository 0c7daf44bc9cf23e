"""To which version a rollback goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.decisions.renamed import follow_names
from lmtx_search.cluster.ml.pipeline import PipelineState, pipeline_state, tagging_pipeline
from lmtx_search.cluster.ml.pipeline_forms import deployed_after, rolled_back
from lmtx_search.cluster.runs import RunStore
from lmtx_search.embedded.net import LOOPBACK, free_port
from lmtx_search.errors import LmtxError, UserError
from lmtx_search.settings import DocumentSettings, load_settings
from lmtx_search.tagging.deployment.documents_read import DocumentsRead
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.tagging.deployment.make_version import tagging_rule
from lmtx_search.tagging.deployment.options import DeployOptions
from lmtx_search.tagging.deployment.rollback import Rollback, _record
from lmtx_search.tagging.deployment.rollback_plan import _before, _documents_read
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.untouched import Untouched
from tests.support.notes import Notes
from tests.support.tiny_tagger import version_of

VERSIONS = ["v1", "v2", "v3"]
V2 = tagging_pipeline("v2", "model", ["text"])


def deployed(tagger: str, previous: str | None) -> PipelineState:
    return pipeline_state(deployed_after(tagging_pipeline(tagger, "model", ["text"]), previous))


@pytest.mark.parametrize(("previous", "expected"), [("v2", "v2"), ("v1", "v1"), (None, "v2")])
def test_it_goes_to_what_was_in_use_before_the_deployment(
    previous: str | None, expected: str
) -> None:
    # v2 may have been rolled back from. A pipeline of an earlier release does not say.
    assert _before(deployed("v3", previous), VERSIONS) == expected


def test_a_repeated_rollback_goes_no_further() -> None:
    state = pipeline_state(rolled_back(V2, deployed("v3", "v2")))
    with pytest.raises(UserError, match=r"v2 is in use since a rollback from v3: .* name it"):
        _before(state, VERSIONS)


@pytest.mark.parametrize(
    "state", [deployed("v2", "v1"), pipeline_state(rolled_back(V2, deployed("v3", "v2")))]
)
def test_a_rollback_that_repairs_the_tagger_in_use_keeps_the_way_back(state: PipelineState) -> None:
    repaired = pipeline_state(rolled_back(V2, state))
    way = (repaired.previous, repaired.rolled_back_from)
    assert way == (state.previous, state.rolled_back_from)


def test_a_version_that_is_gone_is_named() -> None:
    with pytest.raises(UserError, match="v2, the tagger before v3, is not on this machine"):
        _before(deployed("v3", "v2"), ["v1", "v3"])


def test_without_an_earlier_version_there_is_no_way_back() -> None:
    with pytest.raises(UserError, match="no tagger version before v1"):
        _before(deployed("v1", None), VERSIONS)
    with pytest.raises(UserError, match="no tagger is deployed"):
        _before(PipelineState({}), VERSIONS)


def test_text_fields_and_untouched_documents_come_back_with_a_version(tmp_path: Path) -> None:
    documents = DocumentSettings(
        text_fields=("title", "body"), untouched_query='{"term": {"source": "press"}}'
    )
    rule = tagging_rule(documents, EncoderSource(Path(), "tiny"), DeployOptions())
    made = version_of(tmp_path, text_fields=rule.text_fields, untouched=rule.untouched)
    manifest = TaggerVersion.read(made.folder).manifest
    # Of this machine and of the pipeline now.
    state, own = deployed("v3", "v2"), DocumentSettings(text_fields=("summary",))
    read, notes = _documents_read(manifest, state, own)
    assert read == DocumentsRead(["title", "body"], documents.untouched)
    with_version = f"With {manifest.version}, the pipeline "
    assert notes == [
        f"{with_version}reads the text fields title, body, not text",
        f"{with_version}never touches documents that match {documents.untouched_query}",
    ]
    of_earlier_release = replace(manifest, text_fields=[], untouched=None)
    assert _documents_read(of_earlier_release, state, own) == (DocumentsRead(["text"]), [])


PRESS, ARCHIVE = (f'{{"term": {{"source": "{one}"}}}}' for one in ("press", "archive"))


@pytest.mark.parametrize(
    ("then", "kept", "said"),
    [
        (None, PRESS, f"documents that match {PRESS} stay untouched nevertheless"),
        (ARCHIVE, ARCHIVE, f"but touches other documents that match {PRESS}"),
    ],
)
def test_a_rollback_touches_no_document_that_is_protected_without_saying_so(
    tmp_path: Path, then: str | None, kept: str, said: str
) -> None:
    before = None if then is None else Untouched.of(then)
    manifest = version_of(tmp_path, text_fields=["text"], untouched=before).manifest
    protected = tagging_pipeline("v3", "model", ["text"], untouched=Untouched.of(PRESS))
    read, (note,) = _documents_read(manifest, pipeline_state(protected), DocumentSettings())
    assert read.untouched == Untouched.of(kept)
    assert said in note


def test_decisions_that_cannot_follow_after_the_switch_are_a_note() -> None:
    nowhere = load_settings(flags={"opensearch.url": f"http://{LOOPBACK}:{free_port()}"})
    (note,) = follow_names(connect(nowhere.opensearch, reading=True))
    assert note.startswith("people's decisions may keep the earlier names of tags")


def test_a_rollback_that_cannot_be_recorded_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    # The rollback has written to this index a moment before, so nothing real refuses it now.
    def refused(*_: object) -> None:
        raise LmtxError("lmtx-runs refused it")

    monkeypatch.setattr(RunStore, "save", refused)
    nowhere = load_settings(flags={"opensearch.url": f"http://{LOOPBACK}:{free_port()}"})
    notes = Notes()
    done = Rollback("v1", "v2", "lmtx-labels-1", 0, 0, False, 1.0)
    _record(connect(nowhere.opensearch, reading=True), done, notes)
    assert notes.kept == [
        "the rollback is not recorded, so `history` does not show it: lmtx-runs refused it"
    ]
