import pytest

from lmtx_search.errors import UserError
from lmtx_search.records import BadLine, Label
from lmtx_search.sources import FieldGold, LabelFile, read_documents
from lmtx_search.sources.labels import check_labels

VOCABULARY = "\ufeff<http://x/1>\tchess\t79.1\n<http://x/2>\tmusic\n"


def write(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_tsv_vocabulary_is_addresses_and_labels(tmp_path):
    labels = list(LabelFile(write(tmp_path, "subjects.tsv", VOCABULARY)))
    assert labels == [Label("http://x/1", "chess"), Label("http://x/2", "music")]


def test_a_csv_vocabulary_has_a_column_for_each_language(tmp_path):
    path = write(tmp_path, "subjects.csv", "uri,label_fi,label_en\n<http://x/1>,shakki,chess\n")
    assert list(LabelFile(path, "annif", "fi")) == [Label("http://x/1", "shakki")]
    with pytest.raises(
        UserError, match="label_fi, label_en: choose one with `labels load --language`"
    ):
        check_labels(LabelFile(path, "annif"))


@pytest.mark.parametrize("end", ["", "\t", "\t\t79.1"])
def test_a_subject_with_an_address_and_no_label_is_deprecated_and_counted(tmp_path, end):
    source = LabelFile(write(tmp_path, "subjects.tsv", f"<http://x/1>\ta\n<http://x/2>{end}\n"))
    (note,) = check_labels(source)
    assert [label.id for label in source] == ["http://x/1"]
    assert source.left_out.counts == {"deprecated subjects (an address without a label)": 1}
    assert note.endswith("(the first: line 2, http://x/2)")


def test_several_languages_of_a_csv_vocabulary_make_one_label(tmp_path):
    text = "uri,label_fi,label_en\n<http://x/1>,shakki,chess\n<http://x/2>,puutarha,\n"
    path = write(tmp_path, "subjects.csv", text)
    chess, garden = LabelFile(path, format="annif", language="fi,en")
    assert (chess.text, chess.translations) == ("shakki", (("en", "chess"),))
    assert (garden.text, garden.translations) == ("puutarha", ())
    with pytest.raises(UserError, match="choose one with `labels load --language`"):
        list(LabelFile(path, format="annif", language="fi,sv"))


def test_a_name_in_the_next_language_stands_in_for_a_missing_one(tmp_path):
    text = "uri,label_fi,label_en,label_sv\n<http://x/1>,,chess,schack\n<http://x/2>,,,segling\n"
    source = LabelFile(write(tmp_path, "subjects.csv", text), "annif", "fi,en")
    (chess,) = source
    assert (chess.text, chess.translations) == ("chess", (("en", "chess"),))
    assert source.left_out.counts == {"subjects without a label_fi or label_en": 1}


def test_a_subject_without_the_language_is_counted_apart_from_one_without_any_label(tmp_path):
    text = "uri,label_fi,label_en\n<http://x/1>,a,b\n<http://x/2>,c,\n<http://x/3>,,\n"
    source = LabelFile(write(tmp_path, "subjects.csv", text), "annif", "en")
    assert [label.id for label in source] == ["http://x/1"]
    assert source.left_out.counts == {
        "subjects without a label_en": 1,
        "deprecated subjects (an address without a label)": 1,
    }


def test_documents_bring_their_subjects_as_gold_tags(tmp_path):
    path = write(tmp_path, "corpus.tsv", "plays chess\t<http://x/1> <http://x/2>\nnothing\t\n")
    first, second = read_documents(path)
    gold = FieldGold("subjects", [Label("http://x/1", "chess"), Label("http://x/2", "music")])
    assert (first.text, second.text) == ("plays chess", "nothing")
    assert first.id != second.id
    assert gold.tags(0, first) == {"http://x/1", "http://x/2"}
    assert not gold.tags(1, second)


CSV = "document_id,title,text,subject_uris,id\nd1,On chess,play it,<http://x/1> http://x/2,7\n"
JSONL = """{"document_id": "d1", "text": "play it", "metadata": {"title": "On chess", "id": "7"},
 "subjects": [{"uri": "http://x/1"}, {"label": "music"}]}
""".replace(",\n", ",")


@pytest.mark.parametrize(("name", "text"), [("corpus.csv", CSV), ("corpus.jsonl", JSONL)])
def test_a_corpus_with_metadata_has_title_subjects_and_id(tmp_path, name, text):
    (document,) = read_documents(write(tmp_path, name, text), format="annif")
    gold = FieldGold("subjects", [Label("http://x/1", "chess"), Label("http://x/2", "music")])
    assert (document.id, document.text) == ("d1", "On chess\nplay it")
    assert document.source["metadata_id"] == "7"
    assert gold.tags(0, document) == {"http://x/1", "http://x/2"}


def test_a_corpus_without_subjects_has_no_gold_tags(tmp_path):
    (document,) = read_documents(write(tmp_path, "c.csv", "text\na\n"), format="annif")
    assert FieldGold("subjects", []).tags(0, document) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "a", "subjects": ["http://x/1"]}', "field subjects: a list of objects"),
        ('{"text": "a", "subjects": "http://x/1"}', "field subjects: a list of objects"),
        ('{"text": "a", "metadata": []}', "field metadata: an object"),
        ('{"title": "a"}', "no field text and no field metadata"),
    ],
)
def test_a_record_that_is_not_of_annifs_schema_is_told_with_its_line(tmp_path, line, reason):
    path = write(tmp_path, "c.jsonl", f'{{"text": "fine"}}\n{line}\n')
    fine, bad = read_documents(path, format="annif")
    assert fine.text == "fine"
    assert f"line 2: {reason}" in str(bad)


def test_a_table_without_texts_is_refused(tmp_path):
    path = write(tmp_path, "c.csv", "title,subject_uris\na,b\n")
    with pytest.raises(UserError, match="columns are title, subject_uris: text is needed"):
        list(read_documents(path, format="annif"))


def test_a_line_without_a_tab_is_no_document(tmp_path):
    (bad,) = read_documents(write(tmp_path, "corpus.tsv", "no tab\n"), format="annif")
    assert isinstance(bad, BadLine)
    assert "line 1: no tab" in str(bad)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("s.tsv", "<http://x/1>\ta\nchess\n", r"s\.tsv, line 2: an address, a tab and a label"),
        ("s.tsv", "<http://x/1>\n", r"s\.tsv holds no labels\. Left out: 1 deprecated subjects"),
        ("s.csv", "id,text\n1,a\n", r"s\.csv, line 1: the columns are id, text: uri and label_xx"),
    ],
)
def test_what_is_no_vocabulary_is_told_with_its_line(tmp_path, name, text, message):
    with pytest.raises(UserError, match=message):
        check_labels(LabelFile(write(tmp_path, name, text), "annif"))


@pytest.mark.parametrize("name", ["corpus.txt", "corpus"])
def test_a_text_in_brackets_is_no_json(tmp_path, name):
    path = write(tmp_path, name, "[Review] Cats\t<http://x/1>\n")
    (document,) = read_documents(path, format="annif")
    assert (document.text, document.source["subjects"]) == ("[Review] Cats", ["http://x/1"])


def test_json_may_have_tabs(tmp_path):
    path = write(tmp_path, "corpus", '{"text":\t"cats"}\n')
    assert [one.text for one in read_documents(path, format="annif")] == ["cats"]
