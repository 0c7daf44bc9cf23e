"""Catalogue records in ISO 2709 and in XML, with the oddities of real exports."""

import gzip

import pytest
from pymarc import Field, Indicators, Leader, Record, Subfield, record_to_xml

from lmtx_search.records import BadLine
from lmtx_search.sources import read_documents
from lmtx_search.sources.marc import read_marc
from lmtx_search.sources.read_options import ReadOptions

SLIM = "http://www.loc.gov/MARC21/slim"


def field(tag, *subfields, marks=" 0"):
    pairs = [Subfield(code=one[0], value=one[1:]) for one in subfields]
    return Field(tag=tag, indicators=Indicators(*marks), subfields=pairs)


def record(number="1", leader="00000nam a2200000 a 4500"):
    made = Record(leader=Leader(leader), to_unicode=True, force_utf8=True)
    made.add_field(
        Field(tag="001", data=number),
        field(
            "245", "a\u0098The\u009c cafe\u0301 :", "bits history.", "nPart 2,", "pTables /", "cX."
        ),
        field("100", "aExample, Person,", "eauthor."),
        field("500", "aWith an index."),
        field("520", "aOn coffee houses."),
        field("520", "aOf all times."),
        field("650", "aCoffeehouses", "zAustria", "xHistory.", "2fast", "0(uri)http://x/1"),
        field("650", "aCoffeehouses", "zAustria", "xHistory", "2lcsh"),
        field("653", "acakes"),
        field("689", "Ds", "0(DE-588)4029207-5", "0(DE-627)10443", "aKaffeehaus"),
    )
    return made


def xml_of(*records):
    inner = b"".join(record_to_xml(one, namespace=True) for one in records).decode()
    return f'<collection xmlns="{SLIM}">{inner}</collection>'


def write(folder, name, data):
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder / name


EXPECTED = {
    "id": "1",
    "title": "The caf\u00e9 : its history. Part 2, Tables",
    "text": "On coffee houses.\nOf all times.\nWith an index.",
    "authors": ["Example, Person"],
    "subjects": ["Coffeehouses--Austria--History", "Kaffeehaus"],
    "subject_ids": ["http://x/1", "https://d-nb.info/gnd/4029207-5"],
    "keywords": ["cakes"],
}


@pytest.mark.parametrize("name", ["c.mrc", "c.marcxml"])
def test_title_notes_and_subjects_are_read_in_both_syntaxes(tmp_path, name):
    data = record().as_marc() if name == "c.mrc" else xml_of(record())
    (row,) = read_marc(write(tmp_path, name, data))
    assert row.fields == EXPECTED


def test_fields_in_the_original_script_are_part_of_the_text(tmp_path):
    made = record()
    made.add_field(
        field("880", "6245-01/(N", "aКофе :", "bистория /", "cX."),
        field("880", "6520-02/(N", "aО кофе."),
        field("880", "6650-03/(N", "aКофейни"),
    )
    (row,) = read_marc(write(tmp_path, "c.mrc", made.as_marc()))
    added = "Кофе : история\nО кофе."
    assert row.fields == {**EXPECTED, "text": f"{EXPECTED['text']}\n{added}"}


def test_the_name_tells_that_it_is_marc(tmp_path):
    path = write(tmp_path, "c.mrc.gz", gzip.compress(record().as_marc()))
    (document,) = read_documents(path)
    assert document.text.startswith("The caf\u00e9 : its history")


def test_line_breaks_between_records_end_nothing(tmp_path):
    data = b"\r\n\r\n".join(record(number).as_marc() for number in "123") + b"\n"
    assert [row.fields["id"] for row in read_marc(write(tmp_path, "c.mrc", data))] == [
        "1",
        "2",
        "3",
    ]


def test_a_damaged_record_costs_no_other(tmp_path):
    data = record("1").as_marc() + b"00099damaged\x1d" + record("3").as_marc()
    first, bad, third = read_marc(write(tmp_path, "c.mrc", data))
    assert isinstance(bad, BadLine)
    assert "line 2: not a MARC record" in str(bad)
    assert (first.fields["id"], third.fields["id"]) == ("1", "3")


def test_a_record_that_is_cut_off_is_told(tmp_path):
    data = record("1").as_marc() + record("2").as_marc()[:-40]
    first, bad = read_marc(write(tmp_path, "c.mrc", data))
    assert first.fields["id"] == "1"
    assert isinstance(bad, BadLine)


def test_deleted_records_and_authorities_are_left_out_and_counted(tmp_path):
    records = [
        record("1"),
        record("2", "00000dam a2200000 a 4500"),
        record("3", "00000nz  a2200000 a 4500"),
    ]
    path = write(tmp_path, "c.mrc", b"".join(one.as_marc() for one in records))
    options = ReadOptions()
    assert [row.fields["id"] for row in read_marc(path, options)] == ["1"]
    assert options.left_out.counts == {"deleted records": 1, "holdings and authority records": 1}


def test_blanks_of_pretty_printed_xml_are_no_text(tmp_path):
    text = xml_of(record()).replace(">The", ">\n   The").replace("</subfield>", "\n  </subfield>")
    (row,) = read_marc(
        write(tmp_path, "c.marcxml", text.replace("</controlfield>", "\n</controlfield>"))
    )
    assert row.fields == EXPECTED


def test_records_inside_an_oai_pmh_answer_are_each_read_once(tmp_path):
    inner = record_to_xml(record(), namespace=True).decode()
    text = (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record>'
        f"<header/><metadata>{inner}</metadata></record></ListRecords></OAI-PMH>"
    )
    (row,) = read_marc(write(tmp_path, "c.marcxml", text))
    assert row.fields == EXPECTED


def test_xml_that_is_cut_off_gives_what_came_before_and_its_line(tmp_path):
    text = xml_of(record("1"), record("2"))
    first, bad = read_marc(write(tmp_path, "c.marcxml", text[: text.rindex("<datafield")]))
    assert first.fields["id"] == "1"
    assert "not XML; the rest is not read" in str(bad)


def test_entities_of_xml_are_not_resolved(tmp_path):
    (tmp_path / "secret").write_text("secret")
    text = f'<!DOCTYPE c [<!ENTITY e SYSTEM "{tmp_path}/secret">]>' + xml_of(record())
    rows = list(read_marc(write(tmp_path, "c.marcxml", text.replace("On coffee", "&e; coffee"))))
    assert "secret" not in str(rows)


def test_xml_without_the_namespace_of_marc_is_told(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text("<collection><record><leader>0</leader></record></collection>")
    (bad,) = read_marc(path)
    assert "namespace http://www.loc.gov/MARC21/slim" in bad.reason


def test_utf8_is_read_as_utf8_whatever_the_leader_says(tmp_path):
    data = record("1").as_marc()
    marc8 = b"00057nam  2200037   4500245001900000\x1e10\x1faM\xe8uller \xe2Ecole\x1e\x1d"
    path = write(tmp_path, "c.mrc", data[:9] + b" " + data[10:] + marc8)
    options = ReadOptions()
    first, second = read_marc(path, options)
    assert first.fields == EXPECTED
    assert second.fields["title"] == "M\u00fcller \u00c9cole"
    assert options.notes == [
        f"{path}: records in UTF-8 whose leader does not say so (position 9 is not `a`): 1; "
        "they are read as UTF-8"
    ]


def record_of(title, leader_encoding=b" ", end=b"\x1d"):
    """Return a record of these bytes in ISO 2709, as a program writes it that knows no encoding."""
    data = b"10\x1fa" + title + b"\x1e"
    directory = b"245%04d00000\x1e" % len(data)
    base = 24 + len(directory)
    length = base + len(data) + 1
    leader = b"%05dnam %s22%05d   4500" % (length, leader_encoding, base)
    return leader + directory + data + end


def titles(path, options=None):
    return [
        row.reason if isinstance(row, BadLine) else row.fields["title"]
        for row in read_marc(path, options)
    ]


def test_latin_1_that_no_leader_names_is_read_as_cp1252(tmp_path):
    words = ["Köln", "señor", "Müller in Köln", "Café", "naïve, à Paris", "Ærø"]
    path = write(tmp_path, "c.mrc", b"".join(record_of(one.encode("cp1252")) for one in words))
    options = ReadOptions()
    assert titles(path, options) == words
    assert options.notes == [
        f"{path}: records that are neither MARC-8 nor UTF-8: 6; they are read as cp1252 (Windows, "
        "Western Europe)"
    ]


def test_a_damaged_byte_in_marc_8_costs_no_other_and_is_told(tmp_path):
    damaged = b"M\xe8uller \xe2Ecole \xe8Ol \xe8Ahre \xe2etude \xffx"
    path = write(tmp_path, "c.mrc", record_of(damaged))
    options = ReadOptions()
    assert titles(path, options) == ["Müller École Öl Ähre étude x"]
    assert options.notes == [
        f"{path}: records with bytes that MARC-8 does not define: 1; these bytes are left out"
    ]


def test_a_stray_accent_in_marc_8_makes_it_no_other_encoding(tmp_path):
    path = write(tmp_path, "c.mrc", record_of(b"Caf\xe2e de Gen\xe1eve \xe2 "))
    assert titles(path)[0].startswith("Café de Genève")


@pytest.mark.parametrize(
    ("intact", "read"),
    [(b"\xebT\xecSvet", "T︠S︡vet"), (b"\xa1aska", "Łaska"), (b"Gor\xa7kij", "Gorʹkij")],
)
def test_a_damaged_record_says_nothing_about_intact_ones(tmp_path, intact, read):
    records = [b"Pr\xffg", *[intact] * 6]
    path = write(tmp_path, "c.mrc", b"".join(map(record_of, records)))
    assert titles(path)[1:] == [read] * 6


def test_a_damaged_record_among_intact_ones_is_read_as_they_are(tmp_path):
    records = [*[b"\xe9Cesk\xe2y kraj"] * 6, b"\xe9Cech\xff"]
    path = write(tmp_path, "c.mrc", b"".join(map(record_of, records)))
    assert titles(path)[-1] == "Čech"


def test_a_record_without_its_end_mark_swallows_no_other(tmp_path):
    data = record_of(b"One", end=b"") + b"\n" + record_of(b"Two")[:-3] + record_of(b"Three")
    one, two, three = titles(write(tmp_path, "c.mrc", data))
    assert (one, three) == ("One", "Three")
    assert two.startswith("not a MARC record: ")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<p>On <b>tea</b> &amp; cakes</p>", "On tea & cakes"),
        ("\u00acDie\u00ac Geschichte", "Die Geschichte"),
        ("Zu <<den>> <<H\u00e4usern>>", "Zu den H\u00e4usern"),
        ("m << M >> k, \u00acA and \u00acB", "m << M >> k, \u00acA and \u00acB"),
    ],
)
def test_markup_and_marks_around_articles_are_no_text(tmp_path, written, text):
    made = Record(leader=Leader("00000nam a2200000 a 4500"), to_unicode=True, force_utf8=True)
    made.add_field(field("520", "a" + written))
    (row,) = read_marc(write(tmp_path, "c.mrc", made.as_marc()))
    assert row.fields == {"text": text}


@pytest.mark.parametrize("name", ["c.mrc", "c.marcxml"])
def test_a_record_of_unimarc_is_a_malformed_line(tmp_path, name):
    unimarc = Record(leader=Leader("00000nam0 2200000   450 "), to_unicode=True, force_utf8=True)
    unimarc.add_field(Field(tag="001", data="7"), field("200", "aLe café"), field("606", "aCafés"))
    records = [record("1"), unimarc]
    data = xml_of(*records) if name == "c.marcxml" else b"".join(r.as_marc() for r in records)
    good, bad = read_marc(write(tmp_path, name, data))
    assert good.fields["id"] == "1"
    assert isinstance(bad, BadLine)
    assert bad.reason.endswith("convert it to MARC 21")


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["(OCoLC)fst00867774"], ["(OCoLC)fst00867774"]),
        (["(DLC)sh85027674", "(OCoLC)fst1"], ["(DLC)sh85027674", "(OCoLC)fst1"]),
        (["(DE-588c)4029207-5"], ["https://d-nb.info/gnd/4029207-5"]),
        (["(DLC)sh85027674", "http://x/1"], ["http://x/1"]),
    ],
)
def test_ids_of_other_authorities_are_kept_where_there_is_no_address(tmp_path, ids, expected):
    made = Record(leader=Leader("00000nam a2200000 a 4500"), to_unicode=True, force_utf8=True)
    made.add_field(field("245", "aCafés"), field("650", "aCoffee", *(f"0{one}" for one in ids)))
    (row,) = read_marc(write(tmp_path, "c.mrc", made.as_marc()))
    assert row.fields["subject_ids"] == expected
