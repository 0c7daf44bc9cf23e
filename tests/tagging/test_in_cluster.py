"""The form of a tagger that the cluster runs, without a cluster."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from lmtx_search.encoder.bands import Bands
from lmtx_search.encoder.onnx import OnnxEncoder
from lmtx_search.errors import UserError
from lmtx_search.rules import Rules
from lmtx_search.tagging.in_cluster.archive import check_labels, write_archive
from lmtx_search.tagging.in_cluster.tokenizer import tagging_tokenizer
from lmtx_search.tagging.scoring.facts import ABOVE, RULE
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.scoring.weights import PROBABILITY, SUGGESTED, answer_of
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.words.weights import WordWeights
from tests.support.tiny_encoder import TOKENIZER, make_tiny_encoder
from tests.support.tiny_tagger import LABELS, TEXTS, version_of

# Pairs of texts that are read alike.
ALIKE = [
    *(
        (f"plays{one}chess", "plays chess")
        for one in "\x00\x0b\x0c\x1c\x1f\x7f\x85\xa0\u200b\u2028\u2029\u3000\u2062\ufffc\uf0b7"
    ),
    *((f"ma{one}il", "mail") for one in "\xad\u200c\u200d\u2060\ufeff\u200e"),
    ("ma\xad\nil", "mail"),
    ("ma\xad \r\n  il", "mail"),
]


PLAIN = [{}, {}, {}, {}]
DAG = [{"broader": ("2", "3")}, {"broader": ("4", "gone")}, {"broader": ("4",)}, {}]
BANDS = Bands(4.0, -2.0, 0.5, 0.3, {"3": 0.4}, {"2": (0.9, 0.2)})
CIRCLE = [{"broader": ("2",)}, {"broader": ("1",)}, {"broader": ("3",)}, {}]


@pytest.mark.parametrize("own", [{}, {"1": 0.99, "2": 0.01}])
@pytest.mark.parametrize("broader", [PLAIN, DAG, CIRCLE])
@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("words", [None, WordWeights(0.3, 0.1, 0.2)])
@pytest.mark.parametrize("prompt", ["", "web: "])
@pytest.mark.parametrize("bands", [None, BANDS, replace(BANDS, review_first=True)])
def test_gives_what_the_service_gives(
    tmp_path: Path,
    own: dict[str, float],
    broader: Any,
    wanted: bool,
    words: WordWeights | None,
    prompt: str,
    bands: Bands | None,
) -> None:
    labels = [replace(label, **more) for label, more in zip(LABELS, broader, strict=True)]
    labels[2] = replace(labels[2], synonyms=("plays mail", "☃", "a a and chess"))
    version = version_of(
        tmp_path,
        own_thresholds=own,
        labels=labels,
        broader_tags=wanted,
        words=words,
        prompt=prompt,
        offsets={"1": -0.1, "3": 0.2},
        bands=bands,
    )
    tokenizer, session = opened(version, tmp_path)
    given = [weights_of(tokenizer, session, text) for text in TEXTS]
    tagger = Tagger(version)
    expected = [tagger.weights(one) for one in tagger.decide(TEXTS)]
    assert [pytest.approx(tags, abs=2e-3) for tags in expected] == given
    marks = {name[0] for tags in expected for name in tags}
    kinds = {name[1] for tags in expected for name in tags if name[0] == RULE}
    applied = bands is None or not bands.review_first
    assert kinds == ({ABOVE} if wanted and broader is not PLAIN and applied else set())
    assert ({SUGGESTED, PROBABILITY} <= marks) == (bands is not None)


@pytest.mark.parametrize("prompt", ["", "web: "])
def test_reads_words_behind_what_the_encoder_reads(tmp_path: Path, prompt: str) -> None:
    version = version_of(
        tmp_path, words=WordWeights(0.3, 0.1, 0.2), word_windows=3, prompt=prompt, threshold=0.01
    )
    tokenizer, session = opened(version, tmp_path)
    tagger = Tagger(version)
    scores = {}
    for number in (6, 7, 8, 9, 15, 20, 22, 23, 24, 30):
        text = "chess " * number + "web"
        given = weights_of(tokenizer, session, text)
        (decision,) = tagger.decide([text])
        assert given == pytest.approx(tagger.weights(decision), abs=2e-3)
        scores[number] = given.get("web", 0.0)
    assert scores[20] > scores[30] + 0.1


GROUPS = {"3": "press", "4": "press", "2": "law"}
RULES = Rules(
    people_only=("2",),
    exclude=(("1", "3"),),
    imply=(("3", "4"),),
    max_per_branch=1,
)


@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("bands", [None, BANDS, replace(BANDS, review_first=True)])
@pytest.mark.parametrize("rules", [Rules(), RULES, replace(RULES, group_of=GROUPS)])
def test_tells_the_same_facts_about_rules(
    tmp_path: Path, wanted: bool, bands: Bands | None, rules: Rules
) -> None:
    labels = [replace(label, **more) for label, more in zip(LABELS, DAG, strict=True)]
    version = version_of(tmp_path, labels=labels, broader_tags=wanted, bands=bands, rules=rules)
    tokenizer, session = opened(version, tmp_path)
    tagger = Tagger(version)
    facts = set()
    for text, decision in zip(TEXTS, tagger.decide(TEXTS), strict=True):
        given = weights_of(tokenizer, session, text)
        assert given == pytest.approx(tagger.weights(decision), abs=2e-3)
        assert list(answer_of(given).tags) == [tag.name for tag in decision.applied]
        assert list(answer_of(given).suggested) == [tag.name for tag in decision.suggested]
        press = frozenset(["press"])
        (of_group,) = tagger.decide([text], press)
        answer = answer_of(given, groups=press)
        assert list(answer.tags) == [tag.name for tag in of_group.applied]
        facts |= {name[1] for name in given if name[0] == RULE}
    if rules.number:
        assert facts >= {"t", "b", "p", "x", "i", "u"}
        applied = bands is None or not bands.review_first
        assert ("a" in facts) == (wanted and applied)
        assert ("s" in facts) == (bands is not None)
        assert ("g" in facts) == bool(rules.groups)
    else:
        assert facts <= {"t", "s", "a", "r"}


def weights_of(
    tokenizer: Tokenizer, session: onnxruntime.InferenceSession, text: str
) -> dict[str, float]:
    """Return what the model gives for a text."""
    ids = np.array([tokenizer.encode(text).ids])
    names = {"input1.input_ids": ids, "input1.attention_mask": np.ones_like(ids)}
    (scores,) = session.run(None, names)[0]
    return {tokenizer.decode([at]): scores[at] for at in np.flatnonzero(scores)}


def opened(version: TaggerVersion, folder: Path) -> tuple[Tokenizer, onnxruntime.InferenceSession]:
    """Return tokenizer and model of the archive for the cluster."""
    write_archive(version, folder / "tagger.zip")
    with zipfile.ZipFile(folder / "tagger.zip") as archive:
        archive.extractall(folder)
    return (
        Tokenizer.from_file(str(folder / "tokenizer.json")),
        onnxruntime.InferenceSession(str(folder / "tagger.onnx")),
    )


def test_padding_is_no_word(tmp_path: Path) -> None:
    version = version_of(tmp_path, words=WordWeights(0.3, 0.1, 0.2))
    tokenizer, session = opened(version, tmp_path)
    chess, web = (tokenizer.encode(text).ids[0] for text in ("chess", "web"))
    rows = [[chess, web, web], [chess, web, web]]
    masks = [[1, 1, 1], [1, 0, 0]]
    both, padded = session.run(
        None,
        {"input1.input_ids": np.array(rows), "input1.attention_mask": np.array(masks)},
    )[0]
    alone = {"input1.input_ids": np.array([[chess]]), "input1.attention_mask": np.array([[1]])}
    np.testing.assert_allclose(padded, session.run(None, alone)[0][0], atol=1e-4)
    assert not np.allclose(both, padded, atol=0.1)


@pytest.mark.parametrize(("written", "read"), ALIKE)
def test_what_separates_two_words_is_a_blank_in_both_runtimes(
    tmp_path: Path, written: str, read: str
) -> None:
    file = make_tiny_encoder(tmp_path / "form") / "tokenizer.json"
    for lower in (False, True):
        content, _ = tagging_tokenizer(file, ["chess"], 8, lower)
        cluster = Tokenizer.from_str(json.dumps(content))
        assert cluster.encode(written).ids == cluster.encode(read).ids
        assert cluster.encode("[UNK]").ids != cluster.encode(read).ids
    service = OnnxEncoder(tmp_path / "form", 8)
    first, second = service.encode([written, read])
    assert (first == second).all()


def test_a_label_does_not_take_its_words_place(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps(TOKENIZER))
    content, first = tagging_tokenizer(file, ["chess", "mail", " mail"], 128, lower=False)
    before, after = Tokenizer.from_file(str(file)), Tokenizer.from_str(json.dumps(content))
    # A tokenizer without special tokens ends each text with a tag, which the graph ignores.
    assert after.encode("chess mail").ids == [*before.encode("chess mail").ids, first]
    assert after.encode("").ids == [first]
    assert [after.decode([first + row]) for row in range(3)] == ["chess", "mail", " mail"]


def test_a_label_set_that_is_too_large_says_from_where() -> None:
    check_labels(260_416, 384)
    with pytest.raises(UserError, match=r"260,417 labels .* at most 260,416; .*--runtime service"):
        check_labels(260_417, 384)


def test_labels_of_another_size_than_the_encoder_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="16 dimensions and labels of 7: deploy again"):
        Tagger(version_of(tmp_path, dimension=7))


def test_a_prompt_that_the_cluster_would_read_several_times_is_refused(tmp_path: Path) -> None:
    file = make_tiny_encoder(tmp_path / "form") / "tokenizer.json"
    content = json.loads(file.read_text())
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    content["added_tokens"] = [{"id": 1, "content": "chess", **flags}]
    file.write_text(json.dumps(content))
    tagging_tokenizer(file, ["mail"], 8, lower=False)
    with pytest.raises(UserError, match="deploy with --runtime service"):
        tagging_tokenizer(file, ["mail"], 8, lower=False, prompt="web ")
