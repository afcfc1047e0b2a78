"""The pages as files: complete, in both languages, safe, the same for the same run."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from helpers import ROOT
from lxml import html
from sample_report import make_doubts, make_predictions, make_report, make_training, repeat

from pipeline.annotations.reasons import REASONS
from pipeline.contracts import WholeRow
from pipeline.messages import LANGUAGES, say_in
from pipeline.reporting.caveats import UNKNOWN, doubt_drawn
from pipeline.reporting.metrics import measure
from pipeline.reporting.page.render import render_audit, render_report
from pipeline.reporting.unboxed import measure_whole
from pipeline.reporting.whole import Whole

READINGS = {"a.jpg": ("77012", "71012"), "b.jpg": ("345", "345")}
SCRIPT = (ROOT / "pipeline/reporting/page/template/misread.js").read_text(encoding="utf-8")


DASHES = str.maketrans("\N{EN DASH}", "-")


class Page:
    """What a page is made of: its elements, their attributes, and its tables by their label."""

    def __init__(self, content: bytes) -> None:
        self.root = html.document_fromstring(content.decode("utf-8"))
        self.tags = [element.tag for element in self.root.iter("*")]
        self.attributes = [pair for element in self.root.iter("*") for pair in element.items()]
        self.sections = [element.get("id") for element in self.root.iter("section")]
        regions = self.root.xpath("//*[@role='region']")
        self.tables = {its.get("aria-labelledby") or its.get("aria-label"): its for its in regions}

    def table(self, label):
        """The rows of a table below its head, as texts; each dash in them is a hyphen."""
        return [
            [" ".join(cell.text_content().split()).translate(DASHES) for cell in row]
            for row in self.tables[label].xpath(".//tbody/tr")
        ]

    @property
    def text(self):
        """All that its sections say."""
        return " ".join(section.text_content() for section in self.root.iter("section"))

    @property
    def listed(self):
        """What the script lists."""
        return json.loads(self.root.get_element_by_id("listed").text)


@pytest.fixture
def predictions(tmp_path):
    """Eight digits on two photos, one of them misread."""
    return make_predictions(tmp_path, READINGS)


@pytest.fixture
def report(tmp_path, predictions):
    """A report of them, with training and a problem."""
    return make_report(tmp_path, predictions, make_training(predictions), ("box_clipped",))


@pytest.fixture
def audit(tmp_path, predictions):
    """The audit's page in which each of them is doubtful."""
    digits = tmp_path / "digits"
    return Page(render_audit(make_doubts(predictions, digits), digits, tmp_path))


def test_every_figure_has_its_interval_and_count(report):
    """So it is of 7 digits in 8 and one reading in two, on two photos, and of each class."""
    figures = Page(render_report(report)).table("figures")
    low, high = measure(report.predictions, report.photos.whole).digits.interval
    assert figures[0] == ["digits", "87.50%", f"{low:.2%} - {high:.2%}", "8", "2", "1"]
    assert [*figures[1][:2], *figures[1][3:]] == ["readings", "50.00%", "2", "2", "1"]
    assert ["digit 7", "50.00%", "2", "1", "1"] in [[*row[:2], *row[3:]] for row in figures]


def test_the_honest_promise_is_said(report):
    """Of two readings one is wrong, which promises next to nothing."""
    text = " ".join(Page(render_report(report)).text.split())
    assert "2,995 without an error are needed. Of the 2 counted here, 1 are wrong" in text
    assert "the honest promise, at 95% confidence, is at most 1 wrong in 1." in text


@pytest.mark.parametrize("caveat", [UNKNOWN, *doubt_drawn({"sample": 3})])
def test_a_caveat_stands_in_the_verdict_and_beside_the_promise(report, caveat):
    """In both languages; and what nobody knows is not claimed."""
    page = Page(render_report(replace(report, caveats=[caveat])))
    for section in ("verdict", "trust"):
        [said] = page.root.get_element_by_id(section).xpath(".//ul[@class='caveats']//span")
        assert said.get("data-en") == caveat.english
        assert said.get("data-ko") == say_in("ko", caveat.text)
    claimed = "none of them trained on" in page.root.text_content()
    assert claimed != caveat.denies_unseen


def test_without_a_caveat_there_is_none(report):
    """The model was trained on none of the photos, and the page says so."""
    page = Page(render_report(report))
    assert page.root.xpath("//ul[@class='caveats']") == []
    assert "none of them trained on" in page.root.text_content()


def test_photos_left_out_of_the_readings_are_told(report):
    """How many there are, and where the rejections are listed."""
    whole = Whole({"b.jpg"}, {"a.jpg"})
    page = Page(render_report(replace(report, photos=replace(report.photos, whole=whole))))
    assert "Left out of the readings: 1 photos." in page.text
    assert page.table("figures")[1][:2] == ["readings", "100.00%"]
    assert "Left out" not in Page(render_report(report)).text


def test_the_data_are_in_the_page(report):
    """Counts, sides, sizes, problems with their advice, and colours."""
    page = Page(render_report(report))
    assert page.table("counts") == [["photos", "2"], ["digits", "8"]]
    assert page.table("classes")[6:8] == [["6", "0", "0", "-"], ["7", "1", "2", "66.7%"]]
    assert page.table("sizes")[0] == ["width", "24", "24", "24", "24", "24"]
    advice = REASONS["box_clipped"].advice
    assert page.table("problems") == [["box_clipped", "1", advice]]
    assert page.table("colours")[0] == ["red", "0.5000", "0.2000"]


def test_without_a_reading_the_digits_are_shown(report):
    """The page says that no reading can be counted, and has no table of them."""
    page = Page(
        render_report(replace(report, photos=replace(report.photos, whole=Whole(set(), set()))))
    )
    assert "No reading can be counted" in page.text
    assert page.table("figures")[0][:2] == ["digits", "87.50%"]
    assert "thresholds" not in page.tables


def test_another_sites_page_has_no_training(tmp_path, predictions):
    """No curves, no sides, no colours; all else is there."""
    page = Page(render_report(make_report(tmp_path, predictions, reasons=("no_object",))))
    assert page.sections == ["verdict", "accuracy", "mistakes", "trust", "data"]
    assert "by epoch" not in page.text
    assert page.table("classes")[6:8] == [["6", "0"], ["7", "2"]]
    assert "colours" not in page.tables
    assert page.table("problems")[0][:2] == ["no_object", "1"]


def test_the_audits_page_says_which_file_to_open(tmp_path, audit):
    """Its labels in the order given, each with the suggestion, its photo and its XML."""
    rows = audit.table("Doubtful labels")
    assert len(rows) == 8
    xml = f"\u2068{tmp_path.as_posix()}/a.xml\u2069, object 2"
    assert rows[1] == ["", "7", "8", "0.0625", "a.jpg", xml]
    assert sum(name == "src" for name, _ in audit.attributes) == 8


def test_an_audit_without_doubts_says_so(tmp_path):
    """There is no table."""
    page = Page(render_audit([], tmp_path, tmp_path))
    assert "no doubtful label" in page.text
    assert page.tables == {}


def test_ten_thousand_mistakes_make_a_page_of_some_megabytes(tmp_path):
    """Each photo is in it once."""
    ones = make_predictions(tmp_path, {"a.jpg": ("7", "1"), "b.jpg": ("7", "1")})
    content = render_report(make_report(tmp_path, repeat(ones, 10_000)))
    listed = Page(content).listed
    assert (len(listed["rows"]), len(listed["photos"])) == (10_000, 2)
    assert len(content) < 5_000_000


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_same_run_is_the_same_page_in_any_locale(report, monkeypatch, code):
    """Byte for byte: a cached output must not depend on who made it."""
    first = render_report(report)
    monkeypatch.setenv("PIPELINE_LANG", code)
    assert render_report(report) == first


def test_every_text_is_in_both_languages(report, audit):
    """Whatever has an English text for the script to show has a Korean one."""
    for page in (Page(render_report(report)), audit):
        english = [value for name, value in page.attributes if name == "data-en"]
        korean = [value for name, value in page.attributes if name == "data-ko"]
        assert len(english) == len(korean) > 20
        assert all(re.search("[가-힣]", text) for text in korean)
        assert not any(re.search("[가-힣]", text) for text in english)


def test_all_that_the_script_says_is_in_the_page(report):
    """In both languages; every key it asks for, and no other."""
    words = Page(render_report(report)).listed["words"]
    keys = set(re.findall(r'\bsay\("(\w+)"', SCRIPT))
    assert keys
    assert {code: set(its) for code, its in words.items()} == dict.fromkeys(LANGUAGES, keys)
    assert words["ko"]["more"] == say_in("ko", words["en"]["more"])


def test_nothing_is_loaded_from_elsewhere(report, audit):
    """Every source is in the page, and its policy forbids any other."""
    for page in (Page(render_report(report)), audit):
        loaded = [v for k, v in page.attributes if k in ("src", "href", "action", "srcset")]
        assert {value.split(":")[0].split("#")[0] for value in loaded} <= {"data", ""}
        assert not {"link", "iframe", "object", "base"} & set(page.tags)
        [policy] = [v for k, v in page.attributes if k == "content" and "default-src" in v]
        assert policy.startswith("default-src 'none'; img-src data:;")


HOSTILE = "</script><script>alert(1)<!-- &amp; 저울 {{7*7}}.jpg"


def test_names_stay_text(tmp_path):
    """Of photos, XML and folders, whatever is in them."""
    folder = tmp_path / '<img src=x onerror="alert(1)">'
    predictions = make_predictions(folder, {HOSTILE: ("77", "71")})
    content = render_report(make_report(folder, predictions, make_training(predictions)))
    page = Page(content)
    assert page.tags.count("script") == content.count(b"</script>") == 3
    assert not [name for name, _ in page.attributes if name == "onerror"]
    assert page.listed["rows"][0][0] == HOSTILE


def whole(photo, read, confidence=0.5, reasons="unsure"):
    """A whole photo whose 77012 was read in some way."""
    return WholeRow(photo, "77012", read, int(read == "77012"), 0, 0, confidence, reasons)


def test_whole_photos_read_wrong_are_shown(tmp_path):
    """Those that no person would have seen come first, then the surest; none that is right."""
    rows = [
        whole("a.jpg", "77012"), whole("b.jpg", "", 0.6), whole(HOSTILE, "7701"),
        whole("c.jpg", "77013", 0.1, ""),
    ]  # fmt: skip
    shown = make_predictions(tmp_path, READINGS | {HOSTILE: ("7", "7"), "c.jpg": ("8", "8")})
    unboxed = measure_whole(rows, {row.photo: i for i, row in enumerate(rows)})
    page = Page(render_report(replace(make_report(tmp_path, shown), unboxed=unboxed)))
    assert page.table("wholes") == [
        ["c.jpg", "77012", "77013", "10 %", "accepted", f"{tmp_path}/c.xml"],
        ["b.jpg", "77012", "-", "60 %", "doubtful", f"{tmp_path}/b.xml"],
        [HOSTILE, "77012", "7701", "50 %", "doubtful", f"{tmp_path}/{HOSTILE[:-4]}.xml"],
    ]
    pictures = page.tables["wholes"].xpath(".//img/@src")
    assert len(set(pictures)) == 3
    assert all(its.startswith("data:image/jpeg;base64,") for its in pictures)


def test_where_every_whole_photo_is_right_none_is_listed(tmp_path, predictions):
    """Nor where none was read."""
    right = measure_whole([whole("a.jpg", "77012")], {"a.jpg": 0})
    for unboxed in (right, None):
        its = replace(make_report(tmp_path, predictions), unboxed=unboxed)
        assert "wholes" not in Page(render_report(its)).tables


def test_names_stay_text_in_the_audit(tmp_path):
    """There they stand in the table itself."""
    digits = tmp_path / "digits"
    predictions = make_predictions(tmp_path / "raw", {HOSTILE: ("77", "71")})
    predictions["file"] = ["7/1.jpg", "7/2.jpg"]
    content = render_audit(make_doubts(predictions, digits), digits, tmp_path / "raw")
    page = Page(content)
    assert page.tags.count("script") == content.count(b"</script>") == 1
    assert HOSTILE in page.table("Doubtful labels")[0]


def test_every_reason_for_a_problem_can_be_shown(tmp_path, predictions):
    """With its own advice."""
    page = Page(render_report(make_report(tmp_path, predictions, reasons=tuple(REASONS))))
    found = {reason: advice for reason, _, advice in page.table("problems")}
    assert found == {code: reason.advice for code, reason in REASONS.items()}
