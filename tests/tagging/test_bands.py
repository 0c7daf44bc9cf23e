"""What a tagger applies, and what it only suggests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from lmtx_search.encoder.bands import Bands, choose_bands
from lmtx_search.encoder.score_threshold import ScoreSpread
from lmtx_search.settings import DocumentSettings
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.scoring.weights import PROBABILITY, SUGGESTED, answer_of
from lmtx_search.tagging.stream import TagStream
from lmtx_search.tagging.versions.store import TaggerVersions
from tests.support.tiny_tagger import version_of

# Of a label with the score 0.4, the probability is one half.
BANDS = Bands(10.0, -4.0, 0.5, 0.1, {}, {"2": (0.9, 0.2)})
TEXT = "plays chess"


def tagger_of(folder: Path, bands: Bands | None = BANDS, threshold: float = 0.4) -> Tagger:
    return Tagger(version_of(folder, threshold=threshold, bands=bands))


def test_what_is_not_sure_enough_is_suggested_with_its_probability(tmp_path: Path) -> None:
    (found,) = tagger_of(tmp_path).decide([TEXT])
    assert found.applied
    assert found.suggested
    assert min(tag.score for tag in found.applied) >= 0.4
    assert max(tag.score for tag in found.suggested) < 0.4
    for tag in (*found.applied, *found.suggested):
        assert tag.probability == BANDS.probability(tag.label_id, tag.score)
    assert found.applied == tagger_of(tmp_path / "same").tag([TEXT])[0]


def test_a_version_without_bands_suggests_nothing_and_knows_no_probability(tmp_path: Path) -> None:
    (found,) = tagger_of(tmp_path, None, 0.0).decide([TEXT])
    assert found.suggested == []
    assert {tag.probability for tag in found.applied} == {None}


def test_with_review_first_all_of_it_is_suggested(tmp_path: Path) -> None:
    (usual,) = tagger_of(tmp_path / "usual").decide([TEXT])
    (found,) = tagger_of(tmp_path / "first", replace(BANDS, review_first=True)).decide([TEXT])
    assert found.applied == []
    assert found.suggested == [*usual.applied, *usual.suggested]


def test_a_version_keeps_its_bands(tmp_path: Path) -> None:
    made = version_of(tmp_path, bands=BANDS)
    assert TaggerVersions(tmp_path).get(made.manifest.version).manifest == made.manifest


def test_a_version_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    made = version_of(tmp_path)
    file = made.folder / "manifest.json"
    values = json.loads(file.read_text())
    del values["bands"]
    file.write_text(json.dumps({**values, "schema": 4}))
    read = TaggerVersions(tmp_path).get(made.manifest.version)
    assert (read.manifest.bands, read.manifest.schema) == (None, 4)
    assert Tagger(read).tag([TEXT]) == Tagger(made).tag([TEXT])


def test_the_pipeline_gets_the_names_with_marks(tmp_path: Path) -> None:
    tagger = tagger_of(tmp_path)
    (found,) = tagger.decide([TEXT])
    weights = tagger.weights(found)
    for tag in found.suggested:
        assert weights[SUGGESTED + tag.name] == tag.score
        assert weights[PROBABILITY + tag.name] == tag.probability
    answer = answer_of(weights)
    assert list(answer.tags) == [tag.name for tag in found.applied]
    assert list(answer.suggested) == [tag.name for tag in found.suggested]


def test_a_stream_has_suggestions_without_what_people_decided(tmp_path: Path) -> None:
    tagger = tagger_of(tmp_path)
    (found,) = tagger.decide([TEXT])
    first, *rest = [tag.name for tag in found.suggested]
    record = {"text": TEXT, "tags_rejected": [first]}
    lines = [json.dumps(record).encode(), json.dumps({"text": TEXT}).encode()]
    (batch,) = TagStream(tagger, ["text"]).run(lines)
    decided, plain = map(json.loads, batch)
    assert plain["tags_suggested"] == [first, *rest]
    assert plain["suggestion_scores"][0]["probability"] == found.suggested[0].probability
    assert decided.get("tags_suggested", []) == rest


def test_an_explanation_says_which_band_and_why(tmp_path: Path) -> None:
    tagger = tagger_of(tmp_path)
    (found,) = tagger.decide([TEXT])
    told = explain(tagger, TEXT)
    bands = {
        band: [one.label_id for one in told if one.band == band]
        for band in ("applied", "suggested")
    }
    assert bands == {
        "applied": [tag.label_id for tag in found.applied],
        "suggested": [tag.label_id for tag in found.suggested],
    }
    assert told[0].because == "the score is 0.4 or more"
    suggested = next(one for one in told if one.band == "suggested")
    assert suggested.because.endswith(" and below 0.4")
    first = explain(tagger_of(tmp_path / "first", replace(BANDS, review_first=True)), TEXT)
    assert "documents.review_first applies nothing" in first[0].because


def test_labels_have_probabilities_of_their_own_in_the_settings() -> None:
    settings = DocumentSettings(label_bands="cs.AI=0.9, a=b = 0.8/0.2")  # type: ignore[arg-type]
    assert settings.bands_of_labels == {"cs.AI": (0.9, None), "a=b": (0.8, 0.2)}
    bands = choose_bands(0.5, ScoreSpread(0.1, 2, 1), {}, of_labels=settings.bands_of_labels)
    assert bands.of_labels["a=b"] == (0.8, 0.2)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"apply_from": 1.5}, "less than or equal to 1"),
        ({"suggest_from": 0}, "greater than 0"),
        ({"apply_from": 0.5, "suggest_from": 0.6}, "above documents.apply_from"),
        ({"label_bands": ["chess"]}, "is not ID=APPLY"),
        ({"label_bands": ["=0.5"]}, "is not ID=APPLY"),
        ({"label_bands": ["chess=0.2/0.5"]}, "is not ID=APPLY"),
        ({"label_bands": ["chess=high"]}, "is not ID=APPLY"),
        ({"label_bands": ["chess=0.5", "go=0.5", "chess=0.9"]}, "the label chess more than once"),
    ],
)
def test_a_probability_that_cannot_be_is_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        DocumentSettings(**given)  # type: ignore[arg-type]
