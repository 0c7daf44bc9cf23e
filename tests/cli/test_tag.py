"""What `tag` is given to read and how it explains; its answers are tested with the service."""

import gzip
import json

import pytest
from click.testing import CliRunner

from lmtx_search.cli.given_text import given_text
from lmtx_search.cli.main import cli
from lmtx_search.encoder.bands import Bands
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.errors import UserError
from lmtx_search.words.weights import WordWeights
from tests.support.tiny_tagger import version_of

NOWHERE = "http://127.0.0.1:1"


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


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--document", "1", "--explain"], "--document needs --index and --explain"),
        (["--document", "1", "--index", "i"], "--document needs --index and --explain"),
        (["--index", "i", "--explain", "text"], "--index and --routing need --document"),
        (["--routing", "r", "text"], "--index and --routing need --document"),
        (["--document", "1", "--index", "a,b", "--explain"], "a,b is not the name of one index"),
        *(
            (["--document", "1", "--index", "i", "--explain", *more], "--document takes no TEXT,")
            for more in (["text"], ["--file", "x"], ["--stream"], ["--group", "g"])
        ),
    ],
)
def test_a_document_is_named_by_its_index_and_explained_alone(words, problem):
    result = CliRunner().invoke(cli, ["tag", *words])
    assert result.exit_code == 2
    assert problem in result.output


@pytest.mark.parametrize("through", ["file", "standard input"])
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"%PDF-1.7 chess", "is a PDF file: give its text"),
        (b"PK\x03\x04 chess", "is a ZIP archive or an office file"),
        (gzip.compress(b"chess", mtime=0), "is a gzip file"),
        (b"chess \0 mail", "is not text: give its text"),
        (
            b"Sch\xc3\xb6n und sch\xf6n: \xff chess",
            "has bytes that are not UTF-8 (the first is byte 15)",
        ),
        ("chess".encode("utf-16")[:-1], "has bytes that are not UTF-16 (the first is byte 11)"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, monkeypatch, data, problem, through):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given").write_bytes(data)
    words, given = (["--file", "given"], None) if through == "file" else ([], data)
    result = CliRunner().invoke(cli, ["tag", *words], input=given)
    assert isinstance(result.exception, UserError)
    name = "given" if through == "file" else through
    assert str(result.exception).startswith(f"{name} {problem}")


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8-sig", False), ("utf-16", False), ("utf-16-le", False), ("cp1252", True)],
)
def test_a_text_is_read_in_its_encoding(tmp_path, monkeypatch, encoding, told):
    monkeypatch.chdir(tmp_path)
    name = version_of(tmp_path, threshold=0.9).manifest.version
    (tmp_path / "given").write_bytes("chess, «très» déjà".encode(encoding))
    words = ["--url", NOWHERE, "--data-dir", ".", "tag", "--tagger", name]
    of_file = CliRunner().invoke(cli, [*words, "--json", "--file", "given"])
    assert of_file.exception is None, of_file.output
    of_text = CliRunner().invoke(cli, [*words, "--json", "chess, «très» déjà"])
    assert of_file.stdout == of_text.stdout
    assert ("given is not UTF-8: it is read as cp1252" in of_file.stderr) is told


@pytest.mark.parametrize(
    ("data", "text", "told"),
    [
        ("Café, thé".encode()[:-1], "Café, th", True),
        (b"caf\xc3", "caf", True),
        ("costs 5 €".encode()[:-1], "costs 5 ", True),
        ("Café".encode("cp1252"), "Café", False),
        ("IRMÃ".encode("cp1252"), "IRMÃ", False),
    ],
)
def test_a_character_that_is_cut_off_at_the_end_is_left_out(tmp_path, capsys, data, text, told):
    (tmp_path / "given").write_bytes(data)
    assert given_text(None, tmp_path / "given") == text
    assert ("ends within a character" in capsys.readouterr().err) is told


@pytest.fixture
def explained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words, text="chess", **options):
        version = version_of(tmp_path, threshold=0.9, **options)
        name = version.manifest.version
        given = ["--url", NOWHERE, "--data-dir", ".", "tag", text, "--explain"]
        result = CliRunner().invoke(cli, [*given, "--tagger", name, *words])
        assert result.exception is None, result.output
        return result.output

    return run


def lines_of(output, name):
    """Return the line of a label, and those below it."""
    lines = output.splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith(("+ ", "? ", "- "))]
    (first,) = (n for n in starts if lines[n].split()[1] == name)
    rest = [n for n, line in enumerate(lines) if n > first and not line.startswith("    ")]
    return lines[first : min(rest)]


def test_an_explanation_shows_score_probability_and_rivals(explained):
    output = explained(calibration=Calibration(5.0, -2.0, 50))
    first, why, nearest, ahead = lines_of(output, "chess")
    assert output.startswith(
        "A label is assigned if its score is 0.9 or more; at most 2 labels are assigned\n"
    )
    assert first.split() == ["+", "chess", "1.000", "P(yes)", "0.95"]
    assert why.strip() == "applied: the score is 0.9 or more"
    assert nearest.startswith("    nearest labels: ")
    assert ahead.startswith("    ahead of: ")
    assert [line[0] for line in output.splitlines() if line[0] in "+-"] == ["+", "-", "-", "-"]


def test_an_explanation_shows_the_passage_that_speaks_for_a_label(explained):
    output = explained(text="Mail. Chess.")
    (passage,) = (line for line in lines_of(output, "chess") if "passage" in line)
    assert passage.startswith("    passage: “Chess.” (without it ")


def test_an_explanation_names_the_tagger_and_says_what_it_cannot_find_out(explained):
    lines = explained().splitlines()
    assert lines[1].startswith("Tagger 20")
    assert lines[1].endswith(" (encoder tiny, not trained)")
    assert lines[-1].startswith("Judged examples and the judge are not known: no OpenSearch at ")


@pytest.mark.parametrize(
    ("text", "told"),
    [("plays chess and web. ", False), ("Die Bücherei sammelt Bücher. ", True)],
)
def test_an_explanation_says_that_the_encoder_does_not_know_the_language(explained, text, told):
    last = explained(text=text * 20).splitlines()[-1]
    wanted = "probably not made for the language of the text: it does not know 100% of"
    assert (wanted in last) is told


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
    first = lines_of(explained(own_thresholds={"1": 0.35}), "chess")[0]
    assert first.split() == ["+", "chess", "1.000", "(its", "own", "threshold:", "0.35)"]


def test_an_explanation_shows_what_encoder_and_words_contribute(explained):
    output = explained(words=WordWeights(0.3, 0.1, 0.1))
    first, _, sides, *_ = lines_of(output, "chess")
    assert first.split() == ["+", "chess", "1.500"]
    assert sides.strip() == "encoder 1.000, words 0.500 (chess)"
    assert lines_of(output, "mail")[2].strip().endswith("words 0.000")


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
    assert first["beaten"]["score"] < first["score"]
    assert (first["passage"], first["examples"]) == (None, [])
    assert found["provenance"]["tagger"] == found["tagger"]
    assert found["provenance"]["run"] is None
    assert "no OpenSearch" in found["note"]
