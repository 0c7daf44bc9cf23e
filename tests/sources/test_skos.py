import gzip
import sys

import pytest

from lmtx_search.errors import MissingExtra, UserError
from lmtx_search.records import Label
from lmtx_search.sources import LabelFile
from lmtx_search.sources.labels import check_labels

PREFIXES = """@prefix : <http://x.example/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xl: <http://www.w3.org/2008/05/skos-xl#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""
TWO_LANGUAGES = """
:vase a skos:Concept ; skos:prefLabel "Vase"@de, "vase"@en ; skos:broader :vessel ;
  skos:altLabel "Blumenvase"@de, "flower vase"@en ; skos:hiddenLabel "Wase"@de ;
  skos:scopeNote "Für Blumen."@de, "For flowers."@en ; skos:definition "Ein\\n  Gefäß."@de .
:vessel a skos:Concept ; skos:prefLabel "Gefäß"@de-AT, "vessel"@en ; skos:narrower :jug .
:jug a skos:Concept ; skos:prefLabel "jug"@en, "cruche"@fr .
"""
RDF_XML = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:skos="http://www.w3.org/2004/02/skos/core#">
  <skos:Concept rdf:about="http://x.example/vase">
    <skos:prefLabel xml:lang="en">vase</skos:prefLabel>
    <skos:broader rdf:resource="http://x.example/vessel"/>
  </skos:Concept>
  <skos:Concept rdf:about="http://x.example/vessel">
    <skos:prefLabel xml:lang="en">vessel</skos:prefLabel>
  </skos:Concept>
</rdf:RDF>
"""


def thesaurus(folder, text, language=None, name="thesaurus.ttl"):
    path = folder / name
    text = PREFIXES + text if name.endswith(".ttl") else text
    path.write_bytes(text.encode())
    return LabelFile(path, language=language)


def labels_of(source):
    return {label.id.removeprefix("http://x.example/"): label for label in source}


def test_labels_synonyms_and_explanations_are_of_the_chosen_language(tmp_path):
    found = labels_of(thesaurus(tmp_path, TWO_LANGUAGES, "de"))
    above = ("http://x.example/vessel",)
    id_ = "http://x.example/vase"
    description = "Ein Gefäß. Für Blumen."
    assert found["vase"] == Label(id_, "Vase", description, ("Blumenvase",), above)
    assert found["vessel"].text == "Gefäß"


def test_a_concept_without_the_language_is_taken_in_another_one_and_counted(tmp_path):
    source = thesaurus(tmp_path, TWO_LANGUAGES, "de")
    notes = check_labels(source)
    assert labels_of(source)["jug"].text == "jug"
    assert notes == ["Concepts without a prefLabel in de: 1; read in the language en instead"]


def test_broader_is_read_from_both_ends(tmp_path):
    found = labels_of(thesaurus(tmp_path, TWO_LANGUAGES, "en"))
    assert found["jug"].broader == found["vase"].broader == ("http://x.example/vessel",)


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (None, r"several languages: en \(3\), .*: choose one with `labels load"),
        ("fi", r"no prefLabel in the language fi: it has en \(3\)"),
    ],
)
def test_a_language_that_is_not_clear_is_asked_for(tmp_path, language, message):
    with pytest.raises(UserError, match=message):
        check_labels(thesaurus(tmp_path, TWO_LANGUAGES, language))


@pytest.mark.parametrize("name", ["t.rdf", "t.xml", "t.rdf.gz"])
def test_rdf_xml_of_one_language_needs_no_choice(tmp_path, name):
    source = thesaurus(tmp_path, RDF_XML, name=name)
    if name.endswith("gz"):
        (tmp_path / name).write_bytes(gzip.compress(RDF_XML.encode()))
    assert [label.text for label in source] == ["vase", "vessel"]


def test_the_format_can_be_told_where_the_name_does_not(tmp_path):
    path = tmp_path / "export.dat"
    for text in (RDF_XML, PREFIXES + ':a a skos:Concept ; skos:prefLabel "vase" .'):
        path.write_text(text)
        assert next(iter(LabelFile(path, "skos"))).text == "vase"


def test_deprecated_and_nameless_concepts_are_left_out_and_counted(tmp_path):
    source = thesaurus(
        tmp_path,
        """:a a skos:Concept ; skos:prefLabel "a" ; skos:broader :b .
        :b a skos:Concept ; skos:prefLabel "b" ; owl:deprecated true .
        :c a skos:Concept ; skos:prefLabel "c" ; dct:isReplacedBy :a .
        :d a skos:Concept ; skos:altLabel "d" .
        [] a skos:Concept ; skos:prefLabel "e" .""",
    )
    assert check_labels(source) == [
        "Left out: 1 concepts that are marked as deprecated (the first: http://x.example/b)",
        "Left out: 1 concepts that others replace (the first: http://x.example/c)",
        "Left out: 1 concepts without a prefLabel (the first: http://x.example/d)",
        "Left out: 1 concepts without an address (the first: e)",
    ]
    assert list(source) == [Label("http://x.example/a", "a")]


def test_schemes_and_collections_are_no_labels_but_top_concepts_are(tmp_path):
    source = thesaurus(
        tmp_path,
        """:s a skos:ConceptScheme ; skos:prefLabel "scheme" ; skos:hasTopConcept :a .
        :k a skos:Collection, skos:Concept ; skos:prefLabel "collection" ; skos:member :a .
        :a a skos:Concept ; skos:prefLabel "a" ; skos:topConceptOf :s .""",
    )
    assert list(labels_of(source)) == ["a"]


def test_labels_and_notes_may_be_things_of_their_own(tmp_path):
    source = thesaurus(
        tmp_path,
        """:a a skos:Concept ; xl:prefLabel [ xl:literalForm "chess"@en ] ;
          xl:altLabel [ xl:literalForm "chess game"@en ] ;
          skos:scopeNote [ rdf:value "The board game."@en ] .""",
    )
    assert list(source) == [
        Label("http://x.example/a", "chess", "The board game.", ("chess game",))
    ]


def test_several_names_in_one_language_are_one_and_synonyms(tmp_path):
    source = thesaurus(tmp_path, ':a a skos:Concept ; skos:prefLabel "b"@en, "a"@en .')
    notes = check_labels(source)
    assert list(source) == [Label("http://x.example/a", "a", "", ("b",))]
    assert notes == ["Concepts with several prefLabels: 1; one is the name, others are synonyms"]


def test_what_is_above_tells_concepts_of_one_name_apart(tmp_path):
    source = thesaurus(
        tmp_path,
        """
:p a skos:Concept ; skos:prefLabel "planets" . :g a skos:Concept ; skos:prefLabel "gods" .
:p1 a skos:Concept ; skos:prefLabel "Mercury" ; skos:broader :p .
:g1 a skos:Concept ; skos:prefLabel "Mercury" ; skos:broader :g .
:g2 a skos:Concept ; skos:prefLabel "Mars" ; skos:broader :g .
:g3 a skos:Concept ; skos:prefLabel "Mars" ; skos:broader :g .
:x a skos:Concept ; skos:prefLabel "Mercury" .
""",
    )
    found = labels_of(source)
    assert [found[id_].text for id_ in ("p1", "g1", "x")] == [
        "Mercury (planets)",
        "Mercury (gods)",
        "Mercury",
    ]
    assert (found["g2"].text, found["g3"].text) == ("Mars", "Mars")
    assert "Concepts that share their prefLabel: 2; their broader concept is added" in source.notes


def test_a_circle_of_broader_labels_is_told_and_kept(tmp_path):
    source = thesaurus(
        tmp_path,
        """:a a skos:Concept ; skos:prefLabel "a" ; skos:broader :b .
        :b a skos:Concept ; skos:prefLabel "b" ; skos:broader :a .""",
    )
    (note,) = check_labels(source)
    assert note.startswith("Labels are broader than themselves: http://x.example/")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.rdf", RDF_XML.replace("</rdf:RDF>", "</RDF>"), r"t\.rdf, line 11: not RDF/XML"),
        ("t.rdf", "id,text\na,b\n", r"t\.rdf, line 1: not RDF/XML"),
        ("t.ttl", ":a a skos:Concept\n:b a skos:Concept .", r"ttl, line 8: not Turtle: expected"),
        ("t.ttl", ":a foo:bar 1 .", r"t\.ttl, line 7: not Turtle: Prefix .foo:. not bound"),
        ("t.ttl", ':a skos:prefLabel "a" .', r"t\.ttl holds no SKOS concept: is it a"),
        ("t.ttl", ":a a skos:Concept .", r"in use\. Left out: 1 concepts without a pref"),
        ("t.nt", "<a> <b .", r"t\.nt: not N-Triples"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_with_its_place(tmp_path, name, text, message):
    with pytest.raises(UserError, match=message) as raised:
        check_labels(thesaurus(tmp_path, text, name=name))
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_utf_8_are_told(tmp_path):
    (tmp_path / "t.ttl").write_bytes(PREFIXES.encode() + b':a skos:prefLabel "\xe4" .')
    with pytest.raises(UserError, match=r"t\.ttl: not Turtle: byte \d+ is not UTF-8"):
        check_labels(LabelFile(tmp_path / "t.ttl"))


def test_without_rdflib_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rdflib", None)
    with pytest.raises(MissingExtra, match=r"pip install 'lmtx-search\[skos\]'"):
        check_labels(thesaurus(tmp_path, TWO_LANGUAGES, "de"))


def test_a_language_for_a_file_without_languages_is_refused(tmp_path):
    with pytest.raises(UserError, match="--language is for thesauri"):
        LabelFile(tmp_path / "labels.jsonl", language="de")


def test_several_languages_make_one_label_with_names_in_each(tmp_path):
    found = labels_of(thesaurus(tmp_path, TWO_LANGUAGES, "de,en"))
    vase = found["vase"]
    assert (vase.id, vase.text) == ("http://x.example/vase", "Vase")
    assert vase.translations == (("en", "vase"),)
    assert set(vase.synonyms) == {"Blumenvase", "flower vase", "vase"}
    assert vase.description == "Ein Gefäß. Für Blumen."
    assert (vase.name_in("en-GB"), vase.name_in("de")) == ("vase", "Vase")


def test_the_first_language_that_a_concept_speaks_is_that_of_its_text(tmp_path):
    source = thesaurus(tmp_path, TWO_LANGUAGES, "de,fr,en")
    notes = check_labels(source)
    jug = labels_of(source)["jug"]
    assert (jug.text, jug.translations) == ("cruche", (("en", "jug"),))
    assert "Concepts without a name in fr: 2; they keep their other name" in notes


def test_each_of_several_languages_must_be_there(tmp_path):
    with pytest.raises(UserError, match=r"no prefLabel in the language fi: it has en \(3\)"):
        check_labels(thesaurus(tmp_path, TWO_LANGUAGES, "de,fi"))


def test_a_label_keeps_its_id_in_whatever_language_it_is_read(tmp_path):
    ids = [
        {label.id for label in thesaurus(tmp_path, TWO_LANGUAGES, language)}
        for language in ("de", "en", "en,de")
    ]
    assert ids[0] == ids[1] == ids[2]


@pytest.mark.parametrize(
    ("names", "language", "text", "synonyms"),
    [
        ('prefLabel "a"@en ; skos:altLabel "b"@en-US, "c"', "en", "a", "b c"),
        ('prefLabel "a"@la, "b"@fi ; skos:altLabel "human"@en, "x"@de', "en", "b", "human"),
        ('prefLabel "lift"@en-GB, "elevator"@en-US', "en", "lift", "elevator"),
        ('prefLabel "a"@en, "b"@de, "c"@de ; skos:altLabel "d"@de-CH', "en,de", "a", "d c b"),
        ('prefLabel "a"@en, "a" ; skos:altLabel "b"@en, "b"', "en", "a", "b"),
        ('prefLabel "a" ; skos:altLabel "b"@en', None, "a", "b"),
        ('prefLabel "a" ; skos:altLabel "b"@en, "c"@de', "en", "a", "b"),
        ('prefLabel "a" ; skos:altLabel "b"@en, "c"@de', None, "a", ""),
    ],
)  # fmt: skip
def test_synonyms_are_all_names_in_the_languages_or_without_one(
    tmp_path, names, language, text, synonyms
):
    other = ':z a skos:Concept ; skos:prefLabel "dog"@en .' if "@la" in names else ""
    source = thesaurus(tmp_path, f":a a skos:Concept ; skos:{names} .\n{other}", language)
    label = labels_of(source)["a"]
    assert (label.text, list(label.synonyms)) == (text, synonyms.split())
    undecided = any("Synonyms in the languages de, en are not read" in one for one in source.notes)
    assert undecided == (synonyms == "")


def test_html_in_a_note_is_no_text_of_the_description(tmp_path):
    note = "<p>Jeu <i>&eacute;ternel</i></p>"
    source = thesaurus(
        tmp_path, f':a a skos:Concept ; skos:prefLabel "a" ; skos:scopeNote "{note}" .'
    )
    assert labels_of(source)["a"].description == "Jeu \u00e9ternel"
