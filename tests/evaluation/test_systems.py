"""What a system ranks and what it assigns, with an encoder that says what the test wants."""

from __future__ import annotations

import numpy as np
import pytest

from lmtx_search.encoder.bands import Bands
from lmtx_search.encoder.onnx import TokenisedText
from lmtx_search.encoder.reading import TextReader
from lmtx_search.encoder.windows import ONE_WINDOW
from lmtx_search.errors import UserError
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.metrics.ranking import DEPTH
from lmtx_search.evaluation.registry import check_names, open_systems
from lmtx_search.evaluation.systems import Rule, _output
from lmtx_search.progress import SILENT
from lmtx_search.records import Document
from lmtx_search.rules import Rules
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.deployment.encoder_source import EncoderSource
from lmtx_search.tagging.scoring.ranking import top_scores
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.words.weights import WordScoring, WordWeights
from tests.support.notes import Notes
from tests.support.tiny_tagger import LABELS as TAGGER_LABELS
from tests.support.tiny_tagger import TEXTS, WITH_PAIRS, version_of

LABELS = np.eye(200, dtype=np.float32)
IDS = [f"l{number:03}" for number in range(200)]


class Encoder:
    """Embeds a text of numbers as these numbers, the scores of the first labels."""

    def tokenise_with_words(self, texts, most, for_words):
        return [TokenisedText([text], []) for text in texts]

    def embed(self, windows, on_batch):
        on_batch(len(windows))
        return self.encode([text for (text,) in windows])

    def encode(self, texts):
        vectors = np.zeros((len(texts), 200), dtype=np.float32)
        for row, text in enumerate(texts):
            numbers = list(map(float, text.split()))
            vectors[row, : len(numbers)] = numbers
        return vectors


READER = TextReader(Encoder(), ONE_WINDOW)


@pytest.mark.parametrize("rule", [Rule(0.3, 10), Rule(0.3, 2), Rule(-1.0, 150), Rule(0.95, 10)])
def test_what_is_assigned_is_what_the_tagger_assigns(rule):
    text = "0.1 0.9 0.3 -0.2 0.4 0.29"
    found = _output("x", READER, [], IDS, LABELS, rule, [Document("a", text)], SILENT)
    scores = Encoder().encode([text])
    (expected,) = top_scores(scores, rule.max_tags, rule.threshold)
    assert found.tags == {"a": [IDS[column] for column, _ in expected]}
    assert found.rankings["a"][:4] == ["l001", "l004", "l002", "l005"]
    assert len(found.rankings["a"]) == DEPTH


def test_scores_are_rounded_before_they_are_compared_as_a_tagger_does() -> None:
    # Rounded, the first and the third score are equal, and the second one is enough.
    text = "0.50001 0.29996 0.50002 0.29994"
    found = _output("x", READER, [], IDS, LABELS, Rule(0.3, 10), [Document("a", text)], SILENT)
    assert found.tags == {"a": ["l000", "l002", "l001"]}
    (expected,) = top_scores(Encoder().encode([text]), 10, 0.3)
    assert found.tags["a"] == [IDS[column] for column, _ in expected]


@pytest.mark.parametrize("words", [None, WordWeights(0.3, 0.1, 0.2)])
def test_a_tagger_is_measured_with_the_tags_that_it_assigns(tmp_path, words):
    version = version_of(tmp_path, threshold=0.5, words=words)
    documents = [Document(str(number), text) for number, text in enumerate(TEXTS)]
    output = systems.tagger(Settings(), version, "tagger").rank(documents, SILENT)
    tags = Tagger(version).tag(TEXTS)
    assert list(output.tags.values()) == [[tag.label_id for tag in found] for found in tags]
    assert any(tags)


FOUR = Document("a", "a web and chess", {"source": "press"})


def tags_and_note(folder, rules, **more):
    version = version_of(folder, max_tags=4, rules=rules, **more)
    output = systems.tagger(Settings(), version, "tagger").rank([FOUR], SILENT)
    assert set(output.rankings["a"]) == {"1", "2", "3", "4"}
    return output.tags["a"], output.note


def test_a_tagger_with_rules_is_measured_with_the_tags_that_they_leave(tmp_path):
    assert tags_and_note(tmp_path / "none", None) == (["4", "1", "3"], None)
    rules = Rules(people_only=("4",), imply=(("1", "2"),))
    tags, note = tags_and_note(tmp_path / "rules", rules)
    assert tags == ["1", "2", "3"]
    assert note == (
        "tagger follows its rules about labels (2): they change the tags of 1 of 1 documents. "
        "Measures of rankings (P@k, R@k, nDCG@k, PSP@k) do not follow them, so rankings contain "
        "labels for people only (1)"
    )


def test_rules_that_change_nothing_say_so(tmp_path):
    tags, note = tags_and_note(tmp_path, Rules(exclude=(("1", "2"),)))
    assert tags == ["4", "1", "3"]
    assert "change the tags of 0 of 1 documents" in note


def test_a_document_is_measured_with_the_labels_of_its_group(tmp_path):
    rules = Rules(group_of={"4": "press", "1": "law"}, group_field="source")
    assert tags_and_note(tmp_path, rules)[0] == ["4", "3"]


@pytest.mark.parametrize("grouped", [False, True])
def test_fields_are_kept_for_a_tagger_with_groups_whatever_the_settings_say(tmp_path, grouped):
    group = {"group_of": {"4": "press"}, "group_field": "source"} if grouped else {}
    version = version_of(tmp_path, max_tags=4, rules=Rules(people_only=("1",), **group))
    assert systems.tagger(Settings(), version, "tagger").reads_groups is grouped


def test_with_review_first_the_rules_count_at_the_threshold(tmp_path):
    bands = Bands(10.0, -2.5, 0.5, 0.1, review_first=True)
    assert tags_and_note(tmp_path, Rules(people_only=("4",)), bands=bands)[0] == ["1", "3"]


def test_the_encoder_of_a_run_is_measured_as_it_would_tag(tmp_path):
    weights = WordWeights(0.0, 0.0, 3.0)
    version = version_of(tmp_path, words=weights)
    words = WordScoring(weights, WITH_PAIRS)
    source = EncoderSource(version.encoder_folder, "run x", "x", 2.0, words=words)
    system = systems.encoder(Settings(), TAGGER_LABELS, source, "run")
    output = system.rank([Document("a", "plays chess"), Document("b", "☃")], SILENT)
    assert output.tags == {"a": ["1"], "b": []}


def test_of_a_document_without_text_nothing_is_said():
    documents = [Document("a", " "), Document("b", "1")]
    found = _output("x", READER, [], IDS, LABELS, Rule(0.3, 10), documents, SILENT)
    assert found.rankings.keys() == found.tags.keys() == {"b"}


def test_a_tagger_that_is_not_known_to_be_the_one_in_use_is_measured_with_a_note(tmp_path):
    made = version_of(tmp_path)
    nowhere = {"opensearch.url": "http://127.0.0.1:1", "data_dir": str(tmp_path)}
    notes = Notes()
    (system,) = open_systems(
        load_settings(flags=nowhere), None, TAGGER_LABELS, ["tagger"], progress=notes
    )
    assert system.of == made.manifest.version
    (note,) = notes.kept
    assert note.endswith(f"tagging with the newest version here, {made.manifest.version}")


def test_names_with_ids_are_taken():
    check_names(["bm25", "frozen", "tagger", "run", "tagger:20260131-120000-1a2b3c", "run:x"])


def test_a_name_that_is_no_system_is_refused():
    with pytest.raises(UserError, match="no system 'nothing'"):
        check_names(["bm25", "nothing"])
