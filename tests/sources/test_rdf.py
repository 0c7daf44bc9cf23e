"""The syntaxes of RDF, with several graphs in a file, and nothing fetched from elsewhere."""

import gzip
import json

import pytest

from lmtx_search.errors import UserError
from lmtx_search.sources import LabelFile
from lmtx_search.sources.labels import check_labels

SKOS = "http://www.w3.org/2004/02/skos/core#"
TRIG = f"""@prefix skos: <{SKOS}> .
<http://g.example/1> {{ <http://x.example/a> a skos:Concept ; skos:prefLabel "animals"@en . }}
<http://x.example/b> a skos:Concept ; skos:prefLabel "dogs"@en .
<http://g.example/2> {{ <http://x.example/b> skos:broader <http://x.example/a> . }}
"""
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
QUADS = f"""<http://x.example/a> {TYPE} <{SKOS}Concept> <http://g.example/1> .
<http://x.example/a> <{SKOS}prefLabel> "animals"@en <http://g.example/1> .
<http://x.example/b> {TYPE} <{SKOS}Concept> .
<http://x.example/b> <{SKOS}prefLabel> "dogs"@en .
<http://x.example/b> <{SKOS}broader> <http://x.example/a> <http://g.example/2> .
"""
CONCEPTS = """[{"@id": "http://x.example/a", "@type": "skos:Concept",
  "skos:prefLabel": {"@language": "en", "@value": "animals"}},
 {"@id": "http://x.example/b", "@type": "skos:Concept",
  "skos:broader": {"@id": "http://x.example/a"},
  "skos:prefLabel": {"@language": "en", "@value": "dogs"}}]"""
CONTEXT = f'"@context": {{"skos": "{SKOS}"}}'
JSON_LD = f'{{{CONTEXT}, "@graph": {CONCEPTS}}}'
NAMED_JSON_LD = f'{{{CONTEXT}, "@id": "http://g.example/1", "@graph": {CONCEPTS}}}'
LINES_OF_JSON_LD = "".join(
    f'{{{CONTEXT}, "@graph": [{json.dumps(one)}]}}\n' for one in json.loads(CONCEPTS)
)


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.trig", TRIG),
        ("t.nq", QUADS),
        ("t.nquads", QUADS),
        ("t.jsonld", JSON_LD),
        ("t.jsonld", "\ufeff" + JSON_LD),
        ("t.jsonld", NAMED_JSON_LD),
        ("t.jsonld", LINES_OF_JSON_LD),
        ("t.nq", "\ufeff" + QUADS),
        ("t.json", NAMED_JSON_LD),
    ],
)
def test_named_graphs_count_like_the_default_graph(tmp_path, name, text):
    animals, dogs = LabelFile(write(tmp_path, name, text))
    assert (animals.text, dogs.text, dogs.broader) == ("animals", "dogs", (animals.id,))


def test_a_compressed_file_and_one_of_another_name_are_read_too(tmp_path):
    (tmp_path / "t.jsonld.gz").write_bytes(gzip.compress(JSON_LD.encode()))
    other = write(tmp_path, "export.dat", JSON_LD)
    assert list(LabelFile(tmp_path / "t.jsonld.gz")) == list(LabelFile(other, "skos"))


def test_turtle_that_begins_with_a_bracket_is_no_json_ld(tmp_path):
    text = f'[ a <{SKOS}Concept> ] . <http://x/a> a <{SKOS}Concept> ; <{SKOS}prefLabel> "a" .'
    assert [label.text for label in LabelFile(write(tmp_path, "export.dat", text), "skos")] == ["a"]


def test_json_lines_with_fields_of_json_ld_stay_json_lines(tmp_path):
    line = '{"@type": "x", "id": "1", "text": "chess"}'
    path = write(tmp_path, "labels.json", f"{line}\n{line.replace('1', '2')}\n")
    assert [label.id for label in LabelFile(path)] == ["1", "2"]


@pytest.mark.parametrize("name", ["t.ttl", "t.trig", "t.jsonld", "t.rdf"])
def test_a_relative_address_is_no_reason_to_lose_a_concept(tmp_path, name):
    text = f'<a> a <{SKOS}Concept> ; <{SKOS}prefLabel> "a" .'
    if name == "t.jsonld":
        text = f'{{"@id": "a", "@type": "{SKOS}Concept", "{SKOS}prefLabel": "a"}}'
    if name == "t.rdf":
        text = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="{SKOS}"><Concept rdf:about="a"><prefLabel>a</prefLabel></Concept></rdf:RDF>"""
    (label,) = LabelFile(write(tmp_path, name, text))
    assert (label.id, label.text) == ("http://thesaurus.invalid/a", "a")


@pytest.mark.parametrize(
    "context",
    [
        '"https://context.example/c"',
        '[{"a": "b"}, "file:///etc/hostname"]',
        '{"a": {"@id": "b", "@context": "c.json"}}',
        '{"@import": "c.json"}',
    ],
)
def test_a_context_that_is_elsewhere_is_refused_and_not_fetched(tmp_path, context):
    path = write(tmp_path, "t.jsonld", f'{{"@context": {context}, "@graph": []}}')
    with pytest.raises(
        UserError, match=r"t\.jsonld: its @context is at .* is not downloaded: write the"
    ):
        check_labels(LabelFile(path))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.jsonld", '{"@graph":\n 5,}', r"t\.jsonld, line 2: not JSON-LD: "),
        ("t.jsonld", '"x"', r"t\.jsonld: not JSON-LD: an object or a list"),
        ("t.jsonld", "[" * 100_000, r"t\.jsonld: not JSON-LD: nested too"),
        ("t.trig", f"{TRIG}<http://g.example/3> {{ <http://x.example/c> ", "line 5: not TriG: "),
        ("t.nq", QUADS + "<a> <b .\n", r"t\.nq: not N-Quads: Invalid line"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_its_place(tmp_path, name, text, message):
    with pytest.raises(UserError, match=message) as raised:
        check_labels(LabelFile(write(tmp_path, name, text)))
    assert "\n" not in str(raised.value)


def test_an_error_in_a_line_of_json_ld_has_its_line(tmp_path):
    path = write(tmp_path, "t.jsonld", LINES_OF_JSON_LD + "{\n")
    with pytest.raises(UserError, match=r"t\.jsonld, line 3: not JSON-LD: Expecting"):
        check_labels(LabelFile(path))


def test_a_byte_order_mark_is_no_part_of_n_triples(tmp_path):
    path = write(
        tmp_path,
        "t.nt",
        f'\ufeff<http://x.example/a> <{SKOS}prefLabel> "animals" .\n'
        f"<http://x.example/a> {TYPE} <{SKOS}Concept> .\n",
    )
    assert [label.text for label in LabelFile(path)] == ["animals"]
