"""What is above a concept, in the words of the standards and of well-known thesauri."""

import pytest

from lmtx_search.sources import LabelFile
from lmtx_search.sources.labels import check_labels

PREFIXES = """@prefix : <http://x.example/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix iso: <http://purl.org/iso25964/skos-thes#> .
@prefix gvp: <http://vocab.getty.edu/ontology#> .
@prefix mads: <http://www.loc.gov/mads/rdf/v1#> .
"""


def concepts(*names):
    return "".join(f':{name} a skos:Concept ; skos:prefLabel "{name}" . ' for name in names)


def source_of(folder, text):
    (folder / "t.ttl").write_text(PREFIXES + text)
    return LabelFile(folder / "t.ttl")


def above(folder, text):
    labels = source_of(folder, text)
    return {
        label.text: {one.removeprefix("http://x.example/") for one in label.broader}
        for label in labels
    }


@pytest.mark.parametrize(
    "said",
    [
        ":b skos:broader :a .",
        ":b skos:broaderTransitive :a .",
        ":b iso:broaderGeneric :a .",
        ":b iso:broaderPartitive :a .",
        ":b iso:broaderInstantial :a .",
        ":b gvp:broaderGeneric :a .",
        ":b gvp:broaderPreferred :a .",
        ":b gvp:broaderPartitiveExtended :a .",
        ":b mads:hasBroaderAuthority :a .",
        ":a skos:narrower :b .",
        ":a skos:narrowerTransitive :b .",
        ":a iso:narrowerPartitive :b .",
        ":a mads:hasNarrowerAuthority :b .",
    ],
)
def test_broader_is_read_in_all_its_forms(tmp_path, said):
    assert above(tmp_path, concepts("a", "b") + said) == {"a": set(), "b": {"a"}}


@pytest.mark.parametrize("said", ["broadMatch", "narrowMatch", "related", "exactMatch"])
def test_mappings_and_related_concepts_are_not_broader(tmp_path, said):
    text = concepts("a", "b") + f":b skos:{said} :a ."
    assert above(tmp_path, text) == {"a": set(), "b": set()}


def test_of_all_that_is_above_only_the_nearest_counts(tmp_path):
    text = concepts("a", "b", "c", "d") + (
        ":d skos:broaderTransitive :c, :b, :a . :c skos:broaderTransitive :b, :a . "
        ":b skos:broader :a ; skos:broaderTransitive :a ."
    )
    assert above(tmp_path, text) == {"a": set(), "b": {"a"}, "c": {"b"}, "d": {"c"}}


def test_a_circle_of_transitive_properties_loses_no_concept(tmp_path):
    text = concepts("a", "b", "c") + (
        ":a skos:broaderTransitive :b . :b skos:broaderTransitive :a . "
        ":c skos:broaderTransitive :a, :b ."
    )
    assert above(tmp_path, text) == {"a": {"b"}, "b": {"a"}, "c": {"a", "b"}}


def test_left_out_concepts_hand_on_what_is_above_them(tmp_path):
    text = concepts("animals", "dogs") + (
        ':old a skos:Concept ; skos:prefLabel "old" ; owl:deprecated true . '
        ":old skos:broader :nameless . "
        ":nameless a skos:Concept ; skos:broader [ a skos:Concept ; skos:broader :animals ] . "
        ":dogs skos:broader :old ."
    )
    source = source_of(tmp_path, text)
    notes = check_labels(source)
    assert [label.broader for label in source] == [(), ("http://x.example/animals",)]
    assert "Labels below a concept that was left out: 1; they move to the one above" in notes


def test_left_out_concepts_in_a_circle_end(tmp_path):
    text = concepts("a") + (
        ":x a skos:Concept ; skos:broader :y . :y a skos:Concept ; skos:broader :x, :a . "
        ":a skos:broader :x ."
    )
    assert above(tmp_path, text) == {"a": set()}


def test_guide_terms_of_the_getty_hand_on_what_is_above_them(tmp_path):
    text = """:a a gvp:Concept ; skos:prefLabel "a" . :b a gvp:Concept ; skos:prefLabel "b" .
    :g a gvp:GuideTerm, skos:Collection ; skos:prefLabel "<a by form>" .
    :b gvp:broaderPreferred :g . :g gvp:broaderPreferred :a ."""
    assert above(tmp_path, text) == {"a": set(), "b": {"a"}}


@pytest.mark.parametrize("said", [":g iso:superOrdinate :a .", ":a iso:subordinateArray :g ."])
def test_members_of_an_array_are_below_its_concept(tmp_path, said):
    text = concepts("a", "b") + ":g a iso:ThesaurusArray ; skos:member :b . " + said
    assert above(tmp_path, text) == {"a": set(), "b": {"a"}}


def test_broader_concepts_of_another_file_are_counted(tmp_path):
    source = source_of(tmp_path, concepts("a") + ":a skos:broader <http://other.example/1> .")
    assert check_labels(source) == [
        "Broader concepts that are missing in the file: 1, for example http://other.example/1"
    ]
