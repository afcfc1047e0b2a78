"""One VOC file: every encoding and layout is read, and nothing hostile is."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from helpers import display, voc_xml, write
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotations.voc import Tells, UnreadableXml, read_voc

HANGUL = "저울 사진 7.jpg"
TWO = voc_xml(display("70"), filename=HANGUL)


def read(tmp_path, content):
    return read_voc(write(tmp_path / "a.xml", content))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TWO.encode(), id="UTF-8, undeclared"),
        pytest.param(f'<?xml version="1.0" encoding="utf-8"?>\n{TWO}'.encode(), id="UTF-8"),
        pytest.param(TWO.encode("utf-8-sig"), id="UTF-8 with BOM"),
        pytest.param(
            b"\xef\xbb\xbf" + f'<?xml version="1.0" encoding="utf-8"?>\r\n{TWO}'.encode(),
            id="UTF-8 with BOM, declared",
        ),
        pytest.param(TWO.encode("cp949"), id="CP949, undeclared"),
        pytest.param(
            f'<?xml version="1.0" encoding="utf-8"?>{TWO}'.encode("cp949"),
            id="CP949 declared as UTF-8",
        ),
        pytest.param(f'<?xml version="1.0" encoding="euc-kr"?>{TWO}'.encode("euc-kr"), id="EUC-KR"),
        pytest.param(f'<?xml version="1.0" encoding="cp949"?>{TWO}'.encode("cp949"), id="CP949"),
        pytest.param(TWO.encode("utf-16"), id="UTF-16, undeclared"),
        pytest.param(f'<?xml version="1.0" encoding="utf-16"?>{TWO}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xfe\xff" + TWO.encode("utf-16-be"), id="UTF-16, big end first"),
        pytest.param(
            f'\r\n\n<?xml version="1.0" encoding="utf-8"?>\n{TWO}'.encode(), id="blank line first"
        ),
        pytest.param(
            b"\xef\xbb\xbf" + f'\n<?xml version="1.0" encoding="utf-8"?>\n{TWO}'.encode(),
            id="BOM and blank line first",
        ),
    ],
)
def test_every_encoding_reads_the_same(tmp_path, content):
    """They are those of Korean Windows tools, with or without a right declaration."""
    voc = read(tmp_path, content)
    assert voc.filename == HANGUL
    assert [found.label for found in voc.objects] == ["7", "0"]


def test_euc_kr_declared_with_the_letters_that_only_cp949_has(tmp_path):
    """Windows declares EUC-KR and writes CP949's further syllables."""
    xml = voc_xml(display("7"), filename="똠방.jpg")
    voc = read(tmp_path, f'<?xml version="1.0" encoding="euc-kr"?>{xml}'.encode("cp949"))
    assert voc.filename == "똠방.jpg"


@pytest.mark.parametrize("encoding", ["cp1252", "cp932", "gbk"])
def test_a_letter_of_another_country_costs_no_digit(tmp_path, encoding):
    """Windows tools write their system's encoding, and declare none."""
    name = {"cp1252": "café", "cp932": "ﾒｰﾀｰ", "gbk": "丂秤"}[encoding]
    xml = voc_xml([(name, (1, 1, 5, 9)), ("7", (10, 1, 15, 9))], filename="a.jpg")
    voc = read(tmp_path, xml.encode(encoding))
    assert voc.objects[1].label == "7"
    assert voc.objects[1].box == ("10", "1", "15", "9")


@pytest.mark.parametrize(
    "xml",
    [
        TWO.replace("<annotation>", '<annotation xmlns="http://example.org/voc">'),
        re.sub(r"<(/?)(\w+)>", r"<\1v:\2>", TWO).replace(
            "<v:annotation>", '<v:annotation xmlns:v="urn:v">'
        ),
    ],
    ids=["default", "prefixed"],
)
def test_a_namespace_hides_nothing(tmp_path, xml):
    """Objects, name, size and box are found in whatever namespace."""
    voc = read(tmp_path, xml)
    assert voc == read(tmp_path, TWO)


def test_texts_are_taken_as_they_stand(tmp_path):
    """Nothing is judged: numbers stay texts, a label keeps its spaces."""
    voc = read(tmp_path, voc_xml([(" 7\t", ("45.70", "x", "-3", ""))], size=("0", "")))
    assert voc.size == ("0", "")
    assert voc.objects[0].label == " 7\t"
    assert voc.objects[0].box == ("45.70", "x", "-3", "")


@pytest.mark.parametrize(
    "order", list(permutations(["xmin", "ymin", "xmax", "ymax"])), ids="-".join
)
def test_sides_are_taken_by_name(tmp_path, order):
    """Roboflow writes xmin, xmax, ymin, ymax; any order gives the same box."""
    values = {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}
    sides = "".join(f"<{side}>{values[side]}</{side}>" for side in order)
    voc = read(
        tmp_path,
        f"<annotation><object><bndbox>{sides}</bndbox><name>7</name></object></annotation>",
    )
    assert voc.objects[0].box == ("1", "2", "3", "4")


def test_a_part_is_no_object(tmp_path):
    """A nested <part> has a name and a box of its own, which is told and not taken."""
    part = "<part><name>3</name><bndbox><xmin>9</xmin></bndbox></part>"
    voc = read(tmp_path, f"<annotation><object>{part}<name>7</name></object></annotation>")
    assert [(found.label, found.box) for found in voc.objects] == [("7", None), ("", None)]
    assert voc.objects[1].flaw.endswith("annotation/object/part/bndbox")


def test_objects_are_numbered_by_their_place(tmp_path):
    """They are from 1 on, so that a person finds the third in the file."""
    voc = read(tmp_path, voc_xml(display("905")))
    assert [(found.number, found.label) for found in voc.objects] == [(1, "9"), (2, "0"), (3, "5")]


def test_what_is_missing_is_empty(tmp_path):
    """No name, size or side is an empty text, no box is None."""
    voc = read(
        tmp_path,
        "<annotation><object/><object><bndbox><xmin>1</xmin></bndbox></object></annotation>",
    )
    assert (voc.filename, voc.size) == ("", ("", ""))
    assert [found.label for found in voc.objects] == ["", ""]
    assert [found.box for found in voc.objects] == [None, ("1", "", "", "")]


@pytest.mark.parametrize("shape", ["robndbox", "polygon"])
def test_another_shape_is_no_box(tmp_path, shape):
    """A rotated box or a polygon alone gives an object without a box."""
    xml = (
        f"<annotation><object><name>7</name><{shape}><xmin>1</xmin></{shape}></object></annotation>"
    )
    assert read(tmp_path, xml).objects[0].box is None


@pytest.mark.parametrize(
    "name", ["<!-- a seven -->7", "7<!-- a seven -->", "<![CDATA[7]]>", "<?tool x?>7", "&#55;"]
)
def test_a_label_is_read_through_xml_markup(tmp_path, name):
    """Comments, instructions, CDATA and character references leave the label whole."""
    xml = f"<annotation><object><name>{name}</name></object></annotation>"
    assert read(tmp_path, xml).objects[0].label == "7"


BOMB = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))


@pytest.mark.parametrize(
    "dtd",
    [
        pytest.param(f'[<!ENTITY e0 "7">{BOMB}<!ENTITY x "&e9;">]', id="bomb"),
        pytest.param('[<!ENTITY x SYSTEM "secret.txt">]', id="relative file"),
        pytest.param('[<!ENTITY x SYSTEM "file://{}">]', id="file"),
        pytest.param('[<!ENTITY % p SYSTEM "file://{}"> %p;]', id="parameter"),
        pytest.param('SYSTEM "secret.txt"', id="external DTD"),
        pytest.param('[<!ENTITY x "7">]', id="harmless entity"),
    ],
)
def test_no_entity_is_resolved(tmp_path, dtd):
    """A file with entities or a DTD is refused, and no other file's content gets out."""
    secret = write(tmp_path / "secret.txt", '<!ENTITY x "classified">')
    xml = "<annotation><object><name>&x;</name></object></annotation>"
    with pytest.raises(UnreadableXml) as refusal:
        read(tmp_path, f"<!DOCTYPE annotation {dtd}>".replace("{}", str(secret)) + xml)
    assert "classified" not in str(refusal.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le"])
def test_a_dtd_without_entities_is_refused(tmp_path, encoding):
    """No annotation tool writes one, and it is found in every encoding."""
    with pytest.raises(UnreadableXml, match="DTD"):
        read(tmp_path, f"<!DOCTYPE annotation>{TWO}".encode(encoding))


def test_the_reason_is_that_of_the_file_as_it_stands(tmp_path):
    """It has the place of the error, and is not that of another encoding that was tried."""
    with pytest.raises(UnreadableXml) as refusal:
        read(tmp_path, "<annotation>\n<object></annotation>")
    assert re.match(r"Opening and ending tag mismatch: .*line 2", str(refusal.value))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b" \r\n\t", "empty", id="blank"),
        pytest.param(TWO.encode()[:300], ".", id="truncated"),
        pytest.param(b"<!DOCTYPE html><html><p>Not found<br></html>", ".", id="HTML"),
        pytest.param(b"<html><body/></html>", "html", id="XHTML"),
        pytest.param(b"<Annotation/>", "Annotation", id="another root"),
        pytest.param(b"7 10 20 30 40", ".", id="YOLO"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0", ".", id="a picture"),
        pytest.param(b"<annotation>" + b"<a>" * 100_000, ".", id="a well without bottom"),
    ],
)
def test_what_is_no_annotation_is_refused_with_a_reason(tmp_path, content, reason):
    """It is neither a crash nor an annotation without objects."""
    with pytest.raises(UnreadableXml, match=reason):
        read(tmp_path, content)


def test_a_giant_is_refused_unread(tmp_path):
    """Over 8 MiB is no annotation; the rest of its bytes never reaches memory."""
    path = write(tmp_path / "a.xml", TWO)
    with path.open("r+b") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(UnreadableXml, match="8 MiB"):
        read_voc(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("<object/>" * 20_001, "20001 objects, more than 20000", id="objects"),
        pytest.param("<a/>" * 500_000, "more than 500000 tags", id="tags"),
        pytest.param(f"<a {'b=' * 500_000}/>", "more than 500000 tags", id="attributes"),
    ],
)
def test_too_much_is_refused(tmp_path, content, reason):
    """No photo holds so much, and no memory should."""
    with pytest.raises(UnreadableXml, match=reason):
        read(tmp_path, f"<annotation>{content}</annotation>")


@pytest.mark.slow
def test_the_largest_allowed_is_read(tmp_path):
    """It has twenty thousand boxes, eight megabytes, or half a million tags."""
    xml = voc_xml([("7", (1, 2, 33, 44))] * 20_000)
    assert len(read(tmp_path, xml).objects) == 20_000
    assert len(read(tmp_path, xml + " " * (8 * 2**20 - len(xml))).objects) == 20_000
    with pytest.raises(UnreadableXml, match="larger than 8 MiB"):
        read(tmp_path, xml + " " * (8 * 2**20 - len(xml) + 1))
    tags = "<annotation>" + "<a/>" * 499_998 + "</annotation>"
    assert read(tmp_path, tags).objects == ()
    with pytest.raises(UnreadableXml, match="more than 500000 tags"):
        read(tmp_path, tags.replace("<a/>", "<a b='7'/>", 1))


def test_the_refusals_name_what_was_found(tmp_path):
    """They are facts, the same in every language."""
    for content, reason in {
        "": "the file is empty",
        "<html/>": "its root is <html>, not <annotation>",
        f"<{'h' * 500}/>": f"its root is <{'h' * 40}>, not <annotation>",
        "<!DOCTYPE annotation><annotation/>": "it declares a DTD, which no annotation tool writes",
    }.items():
        with pytest.raises(UnreadableXml) as refusal:
            read(tmp_path, content)
        assert str(refusal.value) == reason
    with pytest.raises(UnreadableXml, match="No such file or directory"):
        read_voc(tmp_path / "nowhere.xml")


HEAD = (
    '<annotation verified="yes"><folder> f </folder><filename> n </filename><path>p</path>'
    "<source><database> d </database><annotation> a </annotation><image> i </image></source>"
    "<owner><name> o </name></owner><object><bndbox><ymax>4</ymax><x/><xmin>1</xmin></bndbox>"
    "<attributes/></object><object/></annotation>"
)


def test_the_tells_of_the_writer_are_read(tmp_path):
    """They are of the head and the first object, without the spaces around."""
    voc = read(tmp_path, HEAD)
    assert voc.filename == "n"
    assert voc.tells == Tells(
        folder="f", has_path=True, verified="yes", database="d", annotation="a", image="i",
        owner="o", has_attributes=True, order=("ymax", "xmin"),
    )  # fmt: skip
    assert read(tmp_path, "<annotation><object/></annotation>").tells == Tells()


def test_of_two_elements_of_one_name_the_first_counts(tmp_path):
    """As every tool writes one."""
    xml = "<annotation><object><name>7</name><name>8</name></object></annotation>"
    assert read(tmp_path, xml).objects[0].label == "7"


def test_utf8_with_bom_is_read_as_that_whatever_is_declared(tmp_path):
    """The mark is the truer sign."""
    content = f'<?xml version="1.0" encoding="euc-kr"?>{TWO}'.encode("utf-8-sig")
    assert read(tmp_path, content).filename == HANGUL


@pytest.mark.parametrize(
    "name", ["a & b.jpg", "&.jpg", "a&b;.jpg", "a&amp;b & c.jpg", "&#65;&.jpg"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_a_stray_ampersand_is_read_as_it_is(tmp_path, name, encoding):
    """VoTT and make-sense write a file's name without escaping it; entities keep their meaning."""
    xml = f"<annotation><folder>저울</folder><filename>{name}</filename></annotation>"
    if "&b;" in name:
        with pytest.raises(UnreadableXml):
            read(tmp_path, xml.encode(encoding))
    else:
        whole = name.replace("&amp;", "&").replace("&#65;", "A")
        assert read(tmp_path, xml.encode(encoding)).filename == whole


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    """Whatever a file holds, there is an annotation or a reason."""
    try:
        assert read(tmp_path, content).objects is not None
    except UnreadableXml as refusal:
        assert str(refusal)


@given(data=st.data())
def test_any_mutation_is_read_or_refused(tmp_path, data):
    """A real file with a piece replaced gives an annotation or a reason."""
    encoding = data.draw(st.sampled_from(["utf-8", "cp949", "utf-16"]))
    content = f'<?xml version="1.0" encoding="{encoding}"?>{TWO}'.encode(encoding)
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 40, len(content))))
    piece = data.draw(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b"&x;", b"<object>", b"]]>", b"<!--", b"<?", b"\0", b"&#0;", b"\xff"]),
        )
    )
    try:
        assert read(tmp_path, content[:start] + piece + content[end:]).objects is not None
    except UnreadableXml as refusal:
        assert str(refusal)
