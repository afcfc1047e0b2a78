"""The report page in headless Chromium, opened from the disk with the network off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from browsers import BROWSERS, open_browser
from helpers import ROOT
from sample_report import make_doubts, make_predictions, make_report, make_training, repeat

from pipeline.contracts import WholeRow
from pipeline.reporting.page.render import render_audit, render_report
from pipeline.reporting.unboxed import measure_whole

pytestmark = pytest.mark.slow

READINGS = {
    "저울 <script>alert(1)<b>.jpg": ("77012", "71019"),
    "b.jpg": ("345", "845"),
    "c.jpg": ("77", "11"),
}


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests here."""
    with open_browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pages: `some` has five mistakes, `many` ten thousand, `none` none; `audit` is the audit's."""
    folder = tmp_path_factory.mktemp("pages")
    predictions = make_predictions(folder, READINGS)
    right = make_predictions(folder, {"d.jpg": ("0123", "0123")})
    two = predictions[predictions["photo"].isin(["b.jpg", "c.jpg"])].query("actual != predicted")
    for name, its, training in (
        ("some", predictions, make_training(predictions)),
        ("many", repeat(two, 10_000), None),
        ("none", right, None),
    ):
        report = make_report(folder, its, training, ("box_clipped",))
        if name == "some":
            report = replace(report, unboxed=all_misread(its["photo"].unique()))
        (folder / f"{name}.html").write_bytes(render_report(report))
    doubts = make_doubts(predictions, folder / "digits")
    (folder / "audit.html").write_bytes(render_audit(doubts, folder / "digits", folder))
    return folder


def all_misread(photos):
    """Whole photos, none of which is read right."""
    rows = [WholeRow(photo, "-17.20 305", "17.26", 0, 0, 0, 0.5, "unsure") for photo in photos]
    return measure_whole(rows, {photo: i for i, photo in enumerate(photos)})


class Visit:
    """A page opened in a browser of a size and a language; `complaints` are what it logs."""

    def __init__(self, browser, file, width=1280, locale="en-US", **options):
        self.context = browser.new_context(
            viewport={"width": width, "height": 800}, locale=locale, offline=True, **options
        )
        self.page = self.context.new_page()
        self.complaints, self.asked = [], []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url.split(":")[0]))
        self.page.goto(file.as_uri())

    def items(self):
        return self.page.locator("#list li").all_inner_texts()

    def mistakes(self):
        return self.page.locator("#list .mistake").all_inner_texts()

    def choose(self, name, value):
        control = self.page.locator(f".controls [name={name}]")
        if name in ("confidence", "photo"):
            control.fill(value)
        else:
            control.select_option(value)


@pytest.fixture
def visit(browser, folder):
    """Open a page; in the end it must have logged nothing and asked for nothing from elsewhere."""
    visits = []

    def open_page(name="some", **options):
        visits.append(Visit(browser, folder / f"{name}.html", **options))
        return visits[-1]

    yield open_page
    for it in visits:
        assert it.complaints == []
        assert set(it.asked) <= {"file", "data"}
        it.context.close()


@pytest.mark.parametrize("name", ["some", "many", "none", "audit"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_the_page_opens_offline_and_its_pictures_show(visit, name, width, locale):
    """On a phone and on a PC: every picture has pixels, and nothing is wider than the screen."""
    page = visit(name, width=width, locale=locale).page
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    widths = page.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(widths) > 3
    assert min(widths) > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_language_is_the_browsers_and_switches(visit):
    """Everything that is said, and the lang attribute with it, for reading aloud and hyphens."""
    korean = visit(locale="ko-KR").page
    assert korean.locator("html").get_attribute("lang") == "ko"
    assert korean.title() == korean.locator("h1").inner_text() == "숫자를 얼마나 정확히 읽는가"
    assert "라벨 7 → 판독 1" in korean.locator("#list").inner_text()
    korean.get_by_role("button", name="English").click()
    assert korean.locator("html").get_attribute("lang") == "en"
    assert korean.title() == "How well the digits are read"
    text = korean.locator("body").inner_text().replace("한국어", "").replace("저울", "")
    assert not any("가" <= letter <= "힣" for letter in text)
    assert visit(locale="de-DE").page.title() == "How well the digits are read"


def test_the_audits_page_switches_too(visit):
    """It has no list, and so no other script."""
    page = visit("audit", locale="ko-KR").page
    assert page.title() == page.locator("h1").inner_text() == "어떤 라벨이 틀렸는가?"
    page.get_by_role("button", name="English").click()
    assert page.title() == "Which labels are wrong?"


def test_the_language_stays_when_the_page_is_opened_again(visit):
    """The browser keeps the choice."""
    page = visit().page
    page.get_by_role("button", name="한국어").click()
    page.reload()
    assert page.locator("html").get_attribute("lang") == "ko"


def test_mistakes_are_listed_the_most_confident_first(visit):
    """With where to mend the label."""
    it = visit()
    assert it.mistakes() == [
        "7 read as 1", "2 read as 9", "3 read as 8", "7 read as 1", "7 read as 1",
    ]  # fmt: skip
    assert "b.xml\u2069, object 1" in it.items()[2]
    assert "confidence 89.50%" in it.items()[2]


@pytest.mark.parametrize(
    ("choices", "count"),
    [
        ({"actual": "7"}, 3),
        ({"predicted": "8"}, 1),
        ({"actual": "7", "photo": "C.JPG"}, 2),
        ({"photo": "저울"}, 2),
        ({"photo": "\u110c\u1165\u110b\u116e\u11af"}, 2),
        ({"photo": "<script>"}, 2),
        ({"confidence": "89.6"}, 2),
        ({"actual": "0"}, 0),
    ],
)
def test_the_filter_filters(visit, choices, count):
    """By label, by what was read, by confidence, by photo, however its Hangul is coded."""
    it = visit()
    for name, value in choices.items():
        it.choose(name, value)
    assert len(it.items()) == count
    status = it.page.locator("#shown").inner_text()
    assert status == (
        f"{count} of {count} shown; 5 misread in all"
        if count
        else "No misread digit fits this choice."
    )
    it.page.get_by_role("button", name="Show all").click()
    assert len(it.items()) == 5


@pytest.mark.parametrize(
    ("order", "first", "last"),
    [
        ("unsure", "7 read as 1", "7 read as 1"),
        ("label", "2 read as 9", "7 read as 1"),
        ("read", "7 read as 1", "2 read as 9"),
    ],
)
def test_the_list_is_sorted(visit, order, first, last):
    """By confidence, label or what was read."""
    it = visit()
    it.choose("sort", order)
    assert (it.mistakes()[0], it.mistakes()[-1]) == (first, last)


def test_the_list_is_sorted_by_photo(visit):
    """And back."""
    it = visit()
    before = it.items()
    it.choose("sort", "photo")
    assert ["b.jpg" in item for item in it.items()] == [True, False, False, False, False]
    it.choose("sort", "sure")
    assert it.items() == before


def test_a_box_is_drawn_where_the_digit_is(visit):
    """On the photo, at the place of the object in the XML: x 36 to 60, y 30 to 70 of 160 x 120."""
    page = visit().page
    item = page.locator("#list li").first
    photo, box = (item.locator(f".photo {part}").bounding_box() for part in ("img", ".box"))
    scale = photo["width"] / 160
    expected = {"x": photo["x"] + 36 * scale, "y": photo["y"] + 30 * scale}
    expected |= {"width": 24 * scale, "height": 40 * scale}
    assert box == pytest.approx(expected, abs=1)


def test_names_are_shown_as_they_are(visit):
    """No tag in them is one; `visit` sees that no script of theirs ran."""
    name = next(iter(READINGS))
    page, audit = visit().page, visit("audit").page
    assert page.locator("#list .name").first.inner_text() == name
    assert name in audit.locator(".audit").inner_text()
    assert page.locator("#list b").count() == audit.locator(".audit b").count() == 0


def test_ten_thousand_mistakes_are_drawn_in_slices(visit):
    """Fifty at first and fifty more each time, and the filter goes through all of them."""
    it = visit("many")
    assert len(it.items()) == 50
    assert "50 of 10,000" in it.page.locator("#shown").inner_text().replace("10000", "10,000")
    it.page.locator("#more").click()
    assert len(it.items()) == 100
    it.choose("sort", "unsure")
    assert len(it.items()) == 50
    assert "no picture" in it.items()[0]
    it.choose("actual", "3")
    assert "of 3334 shown" in it.page.locator("#shown").inner_text()


def test_a_number_of_the_confusion_shows_its_digits(visit):
    """And so does a pair in the list of pairs."""
    it = visit()
    it.page.locator(".confusion button[data-actual='7'][data-predicted='1']").click()
    assert it.mistakes() == ["7 read as 1"] * 3
    it.page.locator(".pairs button[data-actual='3'][data-predicted='8']").click()
    assert it.mistakes() == ["3 read as 8"]


def test_the_keyboard_reaches_everything(visit):
    """Tab alone comes by every link, button, field and scrolling table; Enter shows more."""
    it = visit("many")
    page = it.page
    stops = page.locator("a, button:visible, select, input, summary, [tabindex='0']")
    wanted, reached = stops.locator("visible=true").count(), 0
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached += page.evaluate("document.activeElement !== document.body")
    assert reached == wanted
    page.locator("#more").focus()
    page.keyboard.press("Enter")
    assert len(it.items()) == 100
    assert page.evaluate("document.activeElement.matches('#list li:nth-child(51)')")


def test_every_field_and_picture_has_a_name(visit):
    """For who hears the page: labels, alternative texts, headings of tables."""
    page = visit().page
    for control in page.locator(".controls select, .controls input").all():
        assert control.evaluate("(element) => element.labels[0].innerText.trim()")
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert page.locator("main [role=region]:not([aria-label]):not([aria-labelledby])").count() == 0


def test_print_leaves_out_what_paper_cannot_do(visit):
    """The switch, the links and the filter; what is closed is opened."""
    page = visit().page
    page.emulate_media(media="print")
    for part in (".languages", "nav", ".controls"):
        assert not page.locator(part).is_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details table").is_visible()
    assert page.locator("#list .photo").first.is_visible()


def test_without_javascript_the_figures_are_there(visit):
    """In English, and it says what is missing."""
    text = visit(java_script_enabled=False).page.locator("body").inner_text()
    assert "need JavaScript" in text
    assert "50.00%" in text


def test_ci_looks_for_the_same_browsers():
    """.ci/run installs one where there is none of those that the tests would take."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert all(f"command -v {name}" in script for name in BROWSERS)
