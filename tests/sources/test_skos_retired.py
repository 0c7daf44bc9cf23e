"""Concepts that a thesaurus no longer uses, however it says so."""

import pytest

from lmtx_search.sources import LabelFile

PREFIXES = """@prefix : <http://x.example/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix euvoc: <http://publications.europa.eu/ontology/euvoc#> .
@prefix iso: <http://purl.org/iso25964/skos-thes#> .
@prefix reg: <http://purl.org/linked-data/registry#> .
@prefix vs: <http://www.w3.org/2003/06/sw-vocab-status/ns#> .
@prefix gvp: <http://vocab.getty.edu/ontology#> .
@prefix mads: <http://www.loc.gov/mads/rdf/v1#> .
@prefix cs: <http://purl.org/vocab/changeset/schema#> .
:used a skos:Concept ; skos:prefLabel "used" .
"""
EU = "http://publications.europa.eu/resource/authority/concept-status"
ADMS = "http://purl.org/adms/status"


def read(folder, text):
    path = folder / "t.ttl"
    path.write_text(f'{PREFIXES}:a a skos:Concept ; skos:prefLabel "a" ; {text}')
    source = LabelFile(path)
    return {label.text for label in source}, source.left_out.counts


MARKED = "concepts that are marked as deprecated"
REPLACED = "concepts that others replace"
NOTED = "concepts that a note of change calls deprecated"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("owl:deprecated true .", MARKED),
        ('owl:deprecated "true" .', MARKED),
        ('owl:deprecated " True " .', MARKED),
        ('owl:deprecated "1"^^xsd:boolean .', MARKED),
        ("a gvp:ObsoleteSubject .", MARKED),
        ("a mads:DeprecatedAuthority .", MARKED),
        (f"euvoc:status <{EU}/DEPRECATED> .", "concepts with the status deprecated"),
        (f"euvoc:status <{EU}/RETIRED> .", "concepts with the status retired"),
        (f"adms:status <{ADMS}/Withdrawn> .", "concepts with the status withdrawn"),
        ("reg:status reg:statusSuperseded .", "concepts with the status superseded"),
        ('iso:status "deprecated"@en .', "concepts with the status deprecated"),
        ('vs:term_status "archaic" .', "concepts with the status archaic"),
        (
            'adms:status :s3 . :s3 skos:prefLabel "Obsolete"@en .',
            "concepts with the status obsolete",
        ),
        ("dct:isReplacedBy :used .", REPLACED),
        ('skos:definition "" . :used dct:replaces :a .', REPLACED),
        ('skos:changeNote "Deprecated in 2015, use used." .', NOTED),
        ('skos:changeNote [ rdf:value "This concept has been retired." ] .', NOTED),
        ('skos:historyNote "This authority record has been deleted because of it." .', NOTED),
        ('skos:changeNote [ a cs:ChangeSet ; cs:changeReason "deprecated" ] .', NOTED),
        ('skos:note "" . [] cs:subjectOfChange :a ; cs:changeReason "Deprecated" .', NOTED),
    ],
)  # fmt: skip
def test_a_retired_concept_is_left_out_and_counted_by_reason(tmp_path, said, reason):
    assert read(tmp_path, said) == ({"used"}, {reason: 1})


@pytest.mark.parametrize(
    "said",
    [
        "owl:deprecated false .",
        'owl:deprecated "false" .',
        f"euvoc:status <{EU}/CURRENT> .",
        f"adms:status <{ADMS}/UnderDevelopment> .",
        'reg:status "not deprecated" .',
        "dct:replaces :used2 .",
        'skos:changeNote "Deprecated label removed." .',
        'skos:changeNote "Scope extended; b is deprecated." .',
        'skos:changeNote [ cs:changeReason "new" ] , [ cs:changeReason "revised" ] .',
        """skos:changeNote [ cs:changeReason "deprecated" ; cs:createdDate "2001-01-01" ] ,
        [ cs:changeReason "new" ; cs:createdDate "2002-01-01" ] .""",
    ],
)
def test_a_concept_in_use_stays(tmp_path, said):
    assert read(tmp_path, said) == ({"a", "used"}, {})


def test_a_concept_retired_in_several_ways_is_counted_once(tmp_path):
    said = f"dct:isReplacedBy :used ; euvoc:status <{EU}/DEPRECATED> ; owl:deprecated true ."
    assert read(tmp_path, said) == ({"used"}, {MARKED: 1})
