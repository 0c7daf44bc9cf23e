"""What `tag` is given to read and how it explains; its answers are tested with the service."""

import json

import pytest
from click.testing import CliRunner

from lmtx_search.cli.main import cli
from lmtx_search.encoder.bands import Bands
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.errors import UserError
from lmtx_search.words.weights import WordWeights
from tests.support.tiny_tagger import version_of


@pytest.mark.parametrize(
    ("words", "given", "problem"),
    [
        (["tag", "--file", "missing.txt"], None, "cannot read missing.txt: No such file"),
        (["tag", "--file", "."], None, "cannot read .: Is a directory"),
        (["tag", "a text", "--file", "x"], None, "not both"),
        (["tag", " "], None, "the text is empty"),
        (["tag", "-"], "\n", "the text is empty"),
        (["tag"], "", "the text is empty"),
    ],
)
def test_what_cannot_be_tagged_is_the_users_mistake(tmp_path, monkeypatch, words, given, problem):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, words, input=given)
    assert isinstance(result.exception, UserError)
    assert problem in str(result.exception)


@pytest.fixture
def explained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words, **options):
        version = version_of(tmp_path, threshold=0.9, **options)
        name = version.manifest.version
        result = CliRunner().invoke(
            cli, ["--data-dir", ".", "tag", "chess", "--explain", "--tagger", name, *words]
        )
        assert result.exception is None, result.output
        return result.output

    return run


def test_an_explanation_shows_score_probability_and_rivals(explained):
    lines = explained(calibration=Calibration(5.0, -2.0, 50)).splitlines()
    assert (
        lines[0] == "A label is assigned if its score is 0.9 or more; at most 2 labels are assigned"
    )
    assert lines[1].split() == ["+", "chess", "1.000", "P(yes)", "0.95"]
    assert lines[2].strip() == "applied: the score is 0.9 or more"
    assert lines[3].startswith("    nearest labels: ")
    assert [line[0] for line in lines[4::3]] == ["-", "-", "-"]


def test_an_explanation_says_what_is_suggested_from_which_probability_on(explained):
    told = explained(bands=Bands(10.0, -9.0, 0.5, 0.001))
    assert "A label is assigned if its score is 0.9 or more (probability 0.50); at most 2" in told
    assert "A label is suggested if its score is 0.2093 or more (probability 0.00)" in told
    assert "?  a, and." in told


def test_an_explanation_says_that_nothing_is_applied(explained):
    told = explained(bands=Bands(10.0, -9.0, 0.5, 0.001, review_first=True))
    assert told.startswith("No label is assigned (documents.review_first)")
    assert "? chess" in told


def test_suggestions_are_shown_after_the_tags(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    version = version_of(tmp_path, threshold=0.9, bands=Bands(10.0, -9.0, 0.5, 0.001))
    words = ["--data-dir", ".", "tag", "chess", "--tagger", version.manifest.version]
    told = CliRunner().invoke(cli, words).output
    assert told.split()[:3] == ["chess", "1.000", "0.73"]
    assert told.index("Suggested:") > told.index("chess")
    found = json.loads(CliRunner().invoke(cli, [*words, "--json"]).output)
    assert [tag["name"] for tag in found["tags"]] == ["chess"]
    assert all(0 < tag["probability"] < 0.5 for tag in found["suggested"])
    assert found["suggested"]


def test_a_label_with_a_threshold_of_its_own_shows_it(explained):
    line = explained(own_thresholds={"1": 0.35}).splitlines()[2]
    assert line.split() == ["+", "chess", "1.000", "(its", "own", "threshold:", "0.35)"]


def test_an_explanation_shows_what_encoder_and_words_contribute(explained):
    lines = explained(words=WordWeights(0.3, 0.1, 0.1)).splitlines()
    assert lines[2].split() == ["+", "chess", "1.500"]
    assert lines[4].strip() == "encoder 1.000, words 0.500 (chess)"
    assert lines[8].strip().endswith("words 0.000")


def test_a_tagger_without_words_explains_only_the_score(explained):
    assert "words" not in explained()


def test_a_score_above_one_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    version = version_of(tmp_path, threshold=0.9, words=WordWeights(0.3, 0.1, 0.1))
    words = ["--data-dir", ".", "tag", "chess", "--tagger", version.manifest.version]
    result = CliRunner().invoke(cli, words)
    assert result.output.split() == ["chess", "1.500", "█" * 30]


def test_without_a_calibration_it_says_so(explained):
    output = explained()
    assert "This tagger has no probabilities" in output
    assert "P(yes)" not in output


def test_an_explanation_as_json(explained):
    found = json.loads(explained("--json", calibration=Calibration(5.0, -2.0, 50)))
    assert found["threshold"] == 0.9
    first = found["labels"][0]
    assert (first["name"], first["band"], first["p_yes"]) == ("chess", "applied", 0.953)
    assert len(first["rivals"]) == 3
