"""Why a text has the tags it has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lmtx_search.encoder.calibration import Calibration
from lmtx_search.records import Label
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.supporting import Passage, supporting_passages
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.label_changes import write_change
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.words.weights import WordWeights
from tests.support.tiny_tagger import version_of


def test_tags_come_first_with_their_rivals_and_then_what_was_near(tmp_path: Path) -> None:
    tagger = Tagger(version_of(tmp_path, threshold=0.9))
    found = explain(tagger, "chess")
    assert [label.assigned for label in found] == [True, False, False, False]
    assert (found[0].name, found[0].probability) == ("chess", None)
    rivals = found[0].rivals
    assert len(rivals) == 3
    assert [rival.similarity for rival in rivals] == sorted(
        (rival.similarity for rival in rivals), reverse=True
    )
    assert {rival.name for rival in rivals} == {"mail", "web", " a, and."}
    # A label's similarity to "chess" is its score with a text that is "chess".
    assert all(abs(rival.similarity - rival.score) < 1e-3 for rival in rivals)


def test_the_judges_p_yes_is_the_manifests_also_when_it_is_read_again(tmp_path: Path) -> None:
    made = version_of(tmp_path)
    calibration = Calibration(5.0, -2.0, 50, {"1": 1.0})
    manifest = replace(made.manifest, calibration=calibration)
    found = explain(Tagger(TaggerVersion(made.folder, manifest)), "chess")[0]
    assert found.p_yes == round(calibration.probability("1", found.score), 3)


def test_a_version_keeps_its_calibration(tmp_path: Path) -> None:
    calibration = Calibration(5.0, -2.0, 50, {"1": 1.0})
    made = version_of(tmp_path, calibration=calibration)
    read = TaggerVersions(tmp_path).get(made.manifest.version)
    assert read.manifest.calibration == calibration


def test_nothing_to_read_has_nothing_to_explain(tmp_path: Path) -> None:
    assert explain(Tagger(version_of(tmp_path)), "  ") == []


def test_labels_that_changed_are_explained_as_they_are_now(tmp_path: Path) -> None:
    version = version_of(tmp_path, threshold=0.9)
    chess = version.embeddings()[:1]
    digest = version.manifest.encoder_digest
    write_change(version.folder, digest, [Label("5", "draughts")], chess, ["1"])
    found = explain(Tagger(version), "chess")
    assert (found[0].label_id, found[0].name, found[0].assigned) == ("5", "draughts", True)
    assert {label.name for label in found} == {"draughts", "mail", "web", " a, and."}


def test_the_best_near_label_that_scores_less_was_beaten(tmp_path: Path) -> None:
    found = explain(Tagger(version_of(tmp_path, threshold=0.9)), "chess")
    others = [rival.score for rival in found[0].rivals]
    assert found[0].beaten is not None
    assert found[0].beaten.score == max(others)
    assert found[-1].beaten is None


def test_the_passage_is_the_one_without_which_a_label_scores_least(tmp_path: Path) -> None:
    tagger = Tagger(version_of(tmp_path, words=WordWeights(0.3, 0.1, 0.1)))
    text = "Mail and web. Plays chess."
    found = explain(tagger, text)
    passages = supporting_passages(tagger, text, found)
    by_name = {label.name: passage for label, passage in zip(found, passages, strict=True)}
    without = {label.name: label.score for label in explain(tagger, "Mail and web.")}
    assert by_name["chess"] == Passage("Plays chess.", without["chess"])
    assert by_name["mail"] is not None
    assert by_name["mail"].text == "Mail and web."


def test_text_that_the_tagger_does_not_read_speaks_for_nothing(tmp_path: Path) -> None:
    tagger = Tagger(version_of(tmp_path))
    read = "Mail and web of it and a."
    found = explain(tagger, read)
    (passage, *_) = supporting_passages(tagger, f"{read} Plays chess.", found)
    assert passage is None
    assert supporting_passages(tagger, "chess", explain(tagger, "chess")) == [None] * len(found)
