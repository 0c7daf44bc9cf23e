"""What is a concept, by its type or by what is said of it."""

import pytest

from lmtx_search.sources import LabelFile

PREFIXES = """@prefix : <http://x.example/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xl: <http://www.w3.org/2008/05/skos-xl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix iso: <http://purl.org/iso25964/skos-thes#> .
@prefix gvp: <http://vocab.getty.edu/ontology#> .
"""
NAMED = ':a skos:prefLabel "a" . '


def read(folder, text):
    path = folder / "t.ttl"
    path.write_text(PREFIXES + text)
    source = LabelFile(path)
    return [label.text for label in source], source.left_out.counts


@pytest.mark.parametrize(
    "said",
    [
        ":Person rdfs:subClassOf skos:Concept . :a a :Person .",
        ":Person rdfs:subClassOf :Agent . :Agent rdfs:subClassOf skos:Concept . :a a :Person .",
        ":a a gvp:Concept .",
        ":a a <http://eurovoc.europa.eu/schema#ThesaurusConcept> .",
        ":a skos:inScheme :s .",
        ":a skos:topConceptOf :s .",
        ":s skos:hasTopConcept :a .",
        ":a skos:broader :elsewhere .",
        ":a skos:related :elsewhere .",
    ],
)
def test_a_concept_is_known_by_a_subclass_or_by_what_is_said_of_it(tmp_path, said):
    assert read(tmp_path, NAMED + said) == (["a"], {})


def test_subclasses_that_name_each_other_end(tmp_path):
    said = ":P rdfs:subClassOf skos:Concept, :Q . :Q rdfs:subClassOf :P . :a a :Q ."
    assert read(tmp_path, NAMED + said) == (["a"], {})


def test_what_gathers_concepts_is_counted_and_no_label(tmp_path):
    text = (
        ':k a iso:ThesaurusArray, skos:Concept ; skos:prefLabel "k" . '
        ':m a skos:Collection ; skos:prefLabel "m" ; skos:inScheme :s . '
        ':s a skos:ConceptScheme ; skos:prefLabel "s" . '
    )
    labels, left_out = read(tmp_path, NAMED + text + ":a skos:inScheme :s .")
    assert (labels, left_out) == (["a"], {"collections and schemes": 2})


def test_labels_that_are_things_of_their_own_are_no_concepts(tmp_path):
    text = ':a skos:inScheme :s ; xl:prefLabel :l . :l a xl:Label ; xl:literalForm "a" ; '
    assert read(tmp_path, text + "skos:inScheme :s .") == (["a"], {})


def test_a_name_in_another_unicode_form_is_the_same_name(tmp_path):
    text = ':a a skos:Concept ; skos:prefLabel "Cafe\u0301  culture", "Caf\u00e9\u00a0culture" .'
    assert read(tmp_path, text) == (["Caf\u00e9 culture"], {})
