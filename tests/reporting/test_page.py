"""The report page as text: complete, in both languages, safe, the same for the same run."""

from __future__ import annotations

import json
import re
import string
from html.parser import HTMLParser

import pytest
from helpers import ROOT, write
from sample_report import LAST, make_answers, make_audit, make_report, make_training, repeat

from pipeline.annotations.checks import REASONS
from pipeline.command import UserError
from pipeline.reporting import sections
from pipeline.reporting.messages import CATALOGUE
from pipeline.reporting.page import AUDIT_COMMANDS, render_page

READINGS = {"a.jpg": ("77012", "71012"), "b.jpg": ("345", "345")}
SOURCES = {
    path.name: path.read_text(encoding="utf-8")
    for path in (ROOT / "pipeline/reporting").rglob("*.*")
    if path.suffix in (".py", ".html", ".js") and path.name != "messages.py"
}


class Reader(HTMLParser):
    """What a page says and is made of."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.text, self.tags, self.attributes = "", [], []
        self.listed = ""
        self._inside = None
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self._inside = dict(attrs).get("type") or tag

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside == "application/json":
            self.listed += data
        elif self._inside not in ("script", "style"):
            self.text += " " + data


def said(page):
    """What the page says in English, in one line, each dash and minus a hyphen."""
    dashes = str.maketrans("\N{EN DASH}\N{MINUS SIGN}", "--")
    return " ".join(Reader(page).text.split()).translate(dashes)


@pytest.fixture
def answers(tmp_path):
    return make_answers(tmp_path, READINGS)


def test_figures_have_their_number_and_interval(tmp_path, answers):
    """One of eight digits wrong, one of two readings; Wilson's intervals of 7/8 and 1/2."""
    text = said(render_page(make_report(tmp_path, answers)))
    assert "digits 87.50% 52.91% - 97.76% 8 1" in text
    assert "readings 50.00% 9.45% - 90.55% 2 1" in text
    assert "digit 7 50.00% 9.45% - 90.55% 2 1" in text


def test_the_last_run_stands_beside(tmp_path, answers):
    """Figures, counts, problems and colours; a dash where it had none."""
    training = make_training(answers, tmp_path, last=LAST)
    report = make_report(tmp_path, answers, training, ("box_clipped", "box_clipped"))
    text = said(render_page(report))
    assert "8 1 90.00% (n = 90) -2.50" in text
    assert "2 1 50.00% (n = 18) +0.00" in text
    assert "digit 7 50.00% 9.45% - 90.55% 2 1 25.00% +25.00" in text
    assert re.search(r"digit 0 \S+ \S+ - \S+ 1 0 - - ", text)
    assert "photos 2 77 digits 8 88" in text
    assert "box_clipped 2 66" in text
    assert "red 0.5000 0.1250 0.2000 0.3750" in text
    assert "green 0.2500 0.2500 0.3000 -" in text
    assert "commit 0a1b2c3, 2026-11-20" in text


def test_without_a_last_run_nothing_is_beside(tmp_path, answers):
    """Not even an empty column."""
    text = said(render_page(make_report(tmp_path, answers, make_training(answers, tmp_path))))
    assert "last committed run" not in text
    assert "red 0.5000 0.2000" in text


def test_without_a_reading_the_digits_are_measured(tmp_path, answers):
    """As with the guidebook's split: no photo has all of its digits in validation."""
    report = make_report(tmp_path, answers, make_training(answers, tmp_path, last=LAST))
    report.photos.whole.clear()
    text = said(render_page(report))
    assert "No reading can be counted" in text
    assert "digits 87.50%" in text
    assert "Readings by threshold" not in text
    assert "Single digits: " in text


def test_another_sites_page_has_no_training(tmp_path, answers):
    """No curves, no audit, no sides, no colours; all else is there."""
    text = said(render_page(make_report(tmp_path, answers, reasons=("no_object",))))
    for words in ("by epoch", "labels are wrong", "for training", "standard deviation"):
        assert words not in text
    assert "label digits 0 1 1 1 2 1 3 1" in text
    assert "no_object 1 draw the boxes" in text


def test_the_sides_and_sizes_of_the_data(tmp_path, answers):
    """One other 7 in training; every box is 24 by 40."""
    text = said(render_page(make_report(tmp_path, answers, make_training(answers, tmp_path))))
    assert "7 1 2 66.7%" in text
    assert "6 0 0 -" in text
    assert "width 24 24 24 24 24 height 40 40 40 40 40" in text


@pytest.mark.parametrize("which", ["missing", "empty", "there", "of other digits"])
def test_the_label_audit(tmp_path, answers, which):
    """Its rows, the worst first; how to get it; and no label that was mended since."""
    audit = make_audit(answers, tmp_path / "digits")
    if which == "empty":
        audit = audit.head(0)
    elif which == "of other digits":
        audit.loc[2:, "file"] = "9/mended-since.jpg"
    training = make_training(
        answers, tmp_path / "digits", audit=None if which == "missing" else audit
    )
    page = render_page(make_report(tmp_path, answers, training))
    text = said(page)
    assert all((command in text) == (which == "missing") for command in AUDIT_COMMANDS)
    assert ("no doubtful label" in text) == (which == "empty")
    assert ("6 are no longer among" in text) == (which == "of other digits")
    row = f"7 8 0.0625 a.jpg {tmp_path.as_posix()}/a.xml, object 2"
    assert (row in text) == (which in ("there", "of other digits"))


def listed(page):
    return json.loads(Reader(page).listed)


def test_misread_digits_are_listed_with_where_to_mend_them(tmp_path):
    """The most confident first: photo, XML, object, both digits, confidence, picture, box."""
    answers = make_answers(tmp_path, {"a.jpg": ("77", "71"), "b.jpg": ("3", "9")})
    found = listed(render_page(make_report(tmp_path, answers)))
    assert [row[:6] for row in found["rows"]] == [
        ["a.jpg", "a.xml", 2, "7", "1", 0.899],
        ["b.jpg", "b.xml", 1, "3", "9", 0.898],
    ]
    assert all(row[6].startswith("data:image/jpeg;base64,") for row in found["rows"])
    # 36 of 160 pixels from the left, 30 of 120 from the top, 24 by 40 pixels.
    assert found["rows"][0][7] == [22.5, 25.0, 15.0, 33.33]
    assert set(found["photos"]) == {"a.jpg", "b.jpg"}
    assert found["folder"] == tmp_path.as_posix()


def test_pictures_are_limited_and_that_is_said(tmp_path, monkeypatch):
    """All are listed, some without their picture."""
    monkeypatch.setattr(sections, "PICTURED", 3)
    answers = repeat(make_answers(tmp_path, {"a.jpg": ("7", "1"), "b.jpg": ("7", "1")}), 10)
    page = render_page(make_report(tmp_path, answers))
    assert [row[6] is not None for row in listed(page)["rows"]] == [True] * 3 + [False] * 7
    assert "the 3 most confident of 10 misread digits" in said(page)


def test_ten_thousand_mistakes_make_a_page_of_some_megabytes(tmp_path):
    """Each photo is in it once."""
    answers = repeat(make_answers(tmp_path, {"a.jpg": ("7", "1"), "b.jpg": ("7", "1")}), 10_000)
    page = render_page(make_report(tmp_path, answers))
    found = listed(page)
    assert (len(found["rows"]), len(found["photos"])) == (10_000, 2)
    assert len(page) < 5_000_000


def test_a_photo_that_is_gone_is_told(tmp_path, answers):
    """Which one, and what to do."""
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(UserError, match=r"a\.jpg: .*has changed since: run `dvc repro`"):
        render_page(make_report(tmp_path, answers))


@pytest.mark.parametrize("damage", ["gone", "truncated"])
def test_a_doubtful_digit_that_cannot_be_read_is_told(tmp_path, answers, damage):
    """Which one, and what to do."""
    audit = make_audit(answers, tmp_path / "digits")
    digit = tmp_path / "digits" / answers["file"].iloc[0]
    content = digit.read_bytes()
    digit.unlink()
    if damage == "truncated":
        write(digit, content[: len(content) // 2])
    training = make_training(answers, tmp_path / "digits", audit=audit)
    with pytest.raises(UserError, match=rf"{digit.name} cannot be read .*: run `dvc repro`"):
        render_page(make_report(tmp_path, answers, training))


def test_the_same_run_is_the_same_page(tmp_path, answers):
    """Byte for byte."""
    report = make_report(tmp_path, answers, make_training(answers, tmp_path, last=LAST))
    assert render_page(report) == render_page(report)


def test_nothing_is_loaded_from_elsewhere(tmp_path, answers):
    """Every source is in the page, and its policy forbids any other."""
    audit = make_audit(answers, tmp_path / "digits")
    training = make_training(answers, tmp_path / "digits", audit=audit, last=LAST)
    reader = Reader(render_page(make_report(tmp_path, answers, training)))
    loaded = [v for k, v in reader.attributes if k in ("src", "href", "action", "srcset")]
    assert {value.split(":")[0].split("#")[0] for value in loaded} == {"data", ""}
    assert not {"link", "iframe", "object", "base"} & set(reader.tags)
    [policy] = [v for k, v in reader.attributes if k == "content" and "default-src" in v]
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_names_stay_text(tmp_path):
    """Of photos, XML and folders, whatever is in them."""
    folder = tmp_path / '<img src=x onerror="alert(1)">'
    hostile = "</script><script>alert(1)<!-- &amp; 저울 {{7*7}}.jpg"
    answers = make_answers(folder, {hostile: ("77", "71")})
    answers["file"] = ["7/1.jpg", "7/2.jpg"]
    audit = make_audit(answers, tmp_path / "digits")
    training = make_training(answers, tmp_path / "digits", audit=audit)
    page = render_page(make_report(folder, answers, training))
    reader = Reader(page)
    assert (reader.tags.count("script"), page.count(b"</script>")) == (2, 2)
    assert not [name for name, _ in reader.attributes if name == "onerror"]
    assert hostile in reader.text
    assert json.loads(reader.listed)["rows"][0][0] == hostile


def test_every_reason_for_a_problem_can_be_shown(tmp_path, answers):
    """With what to do, in both languages."""
    page = render_page(make_report(tmp_path, answers, reasons=tuple(REASONS)))
    assert all(f"<code>{reason}</code>" in page.decode("utf-8") for reason in REASONS)


def fields(message):
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def test_every_language_says_everything():
    """The same keys, with the same values to fill in, and none of them empty."""
    english, korean = CATALOGUE["en"], CATALOGUE["ko"]
    assert korean.keys() == english.keys()
    for key, message in korean.items():
        assert fields(message) == fields(english[key]), key
        assert message.strip(), key


def test_korean_is_korean():
    """Every message has Hangul unless it is made of numbers, and no English one has."""
    assert all(any("가" <= c <= "힣" for c in message) for message in CATALOGUE["ko"].values())
    assert not any("가" <= c <= "힣" for message in CATALOGUE["en"].values() for c in message)


def test_nothing_is_in_the_catalogue_for_nothing():
    """Every key is named in the page or in what makes it."""
    named = " ".join(SOURCES.values())
    made = {f"{v}_{k}" for v in ("proven", "too_few", "none") for k in ("readings", "digits")}
    made |= {f"sort_{order}" for order in ("sure", "unsure", "label", "read", "photo")}
    unused = [k for k in CATALOGUE["en"] if k not in made and f'"{k}"' not in named]
    assert unused == []


def test_all_that_the_script_says_is_in_the_page(tmp_path, answers):
    """In both languages."""
    words = listed(render_page(make_report(tmp_path, answers)))["words"]
    keys = set(re.findall(r'\bsay\("(\w+)"', SOURCES["page.js"]))
    assert keys
    assert {code: set(its) for code, its in words.items()} == {"en": keys, "ko": keys}
    assert not re.findall(r"\bsay\((?![\"k])", SOURCES["page.js"])
