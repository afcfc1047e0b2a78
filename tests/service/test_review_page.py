"""The page in headless Chromium: reviewed by keyboard, mouse and finger."""

from __future__ import annotations

from contextlib import contextmanager
from xml.etree import ElementTree as ET

import pytest
from browsers import open_browser
from helpers import display
from reviewing import Plant, serving

from pipeline.messages import say_in

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)>.jpg"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SHOWN = "#reading:not([hidden])"
ALL_DONE = "Nothing waits."


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests here."""
    with open_browser() as chromium:
        yield chromium


@pytest.fixture
def plant(tmp_path):
    """A plant without photos yet."""
    return Plant(tmp_path / "plant")


class Visit:
    """Somebody at the page, who has given a name; `complaints` are what the browser logs."""

    def __init__(self, context, address):
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", lambda its: self.complaints.append(its.text))
        self.page.on("pageerror", lambda its: self.complaints.append(str(its)))
        self.page.on("dialog", lambda its: self.complaints.append(its.message))
        self.page.on("request", lambda its: self.asked.add(its.url.split("/")[2]))
        self.page.goto(address)
        self.page.fill("#name_field", "kim")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(f"{SHOWN}, #empty_more:not(:empty)")

    def type(self, keys, *names):
        """Press keys: a text, then keys by name."""
        self.page.keyboard.type(keys)
        for name in names:
            self.page.keyboard.press(name)

    def photo(self):
        """The name of the photo that is shown."""
        return self.page.inner_text("#about").partition(" · ")[0]

    def wait_for(self, name):
        """Wait until a photo is shown."""
        self.page.wait_for_selector(f"#about:has-text('{name}')")

    def finish(self):
        """Wait until nothing waits, and all is saved."""
        self.page.wait_for_selector(f"#empty_title:has-text('{ALL_DONE}')")
        self.wait_until_saved()

    def wait_until_saved(self):
        self.page.wait_for_load_state("networkidle")
        assert self.page.is_hidden("#unsaved")


@contextmanager
def visiting(browser, plant, *, locale="en-US", **options):
    """A visit to the page of a plant."""
    with serving(plant) as address:
        context = browser.new_context(locale=locale, **options)
        visit = Visit(context, address)
        yield visit
        context.close()
        assert visit.complaints == []
        assert visit.asked == {address.removeprefix("http://")}


def labels(plant):
    """Label and box of each digit that was learned, as another reader sees them."""
    (xml,) = plant.xml().values()
    return [
        (its.findtext("name"), tuple(int(edge.text) for edge in its.find("bndbox")))
        for its in ET.fromstring(xml).iter("object")
    ]


def test_thirty_readings_by_keyboard_alone(plant, browser):
    """Each next photo stands ready before Enter is pressed, and each answer is stored."""
    texts = {f"{i:02}.jpg": f"{1000 + 37 * i}" for i in range(30)}
    for name, text in texts.items():
        plant.add(name, text, text[:2] + "0" + text[3:], sure=[0.99, 0.99, 0.3, 0.99])
    with visiting(browser, plant) as visit:
        for number in range(30):
            if number < 29:
                visit.page.wait_for_selector("body[data-next=ready]")
            text = texts[visit.photo()]
            assert visit.page.input_value("#field") == f"{text[:2]}_{text[3]}"
            visit.type(text[2], "Enter")
        visit.finish()
        pauses = visit.page.evaluate(
            "performance.getEntriesByName('pause').map(its => its.detail.ready)"
        )
    assert pauses == [True] * 29 + [None]
    with plant.engine.connect():
        said = {row.text for row in plant.corrections()}
    assert said == set(texts.values())
    assert {row.who for row in plant.corrections()} == {"kim"}


def test_space_shows_what_was_read_before_it_is_confirmed(plant, browser):
    """Nobody confirms a digit that was left blank; where none was, once is enough."""
    gap = plant.add("gap.jpg", "12", sure=[0.99, 0.2], confidence=0.1)
    plant.add("whole.jpg", "34")
    with visiting(browser, plant) as visit:
        visit.page.keyboard.press("Space")
        assert visit.page.input_value("#field") == "12" and plant.corrections() == []
        visit.page.keyboard.press("Space")
        visit.wait_for("whole.jpg")
        visit.page.keyboard.press("Space")
        visit.finish()
    rows = plant.corrections()
    assert [(row.action, row.text) for row in rows] == [("confirm", "12"), ("confirm", "34")]
    assert rows[0].reading_id == gap


def test_what_is_not_whole_is_not_saved(plant, browser):
    """The page says what is missing."""
    plant.add("a.jpg", "123", sure=[0.99, 0.2, 0.99])
    with visiting(browser, plant) as visit:
        for keys, told in (("", "Fill the gaps"), ("..", "Digits, with points")):
            visit.type(keys, "Enter")
            assert told in visit.page.inner_text("#message")
        visit.type("", "Escape", "Enter")
        assert "Type what the display shows" in visit.page.inner_text("#message")
    assert plant.corrections() == []


def test_unreadable_later_and_undo_by_keys(plant, browser):
    """Backspace on an empty field brings the last one back, and its answer no longer counts."""
    first = plant.add("first.jpg", "12", confidence=0.1)
    plant.add("second.jpg", "34", confidence=0.2)
    with visiting(browser, plant) as visit:
        visit.type("u")
        visit.wait_for("second.jpg")
        visit.type("", "Escape", "Backspace")
        visit.wait_for("first.jpg")
        visit.type("", "Escape")
        visit.type("12", "Enter")
        visit.wait_for("second.jpg")
        visit.type("l")
        visit.page.wait_for_selector("#empty_more:has-text('Put off: 1')")
        visit.wait_until_saved()
    assert [row.action for row in plant.corrections()] == ["unreadable", "undo", "confirm"]
    assert plant.weights()[first].text == "12"


def test_letters_of_a_korean_keyboard_are_the_same_keys(plant, browser):
    """What it types for U is ㅕ."""
    plant.add("a.jpg", "12")
    with visiting(browser, plant) as visit:
        visit.page.dispatch_event(
            "#field", "keydown", {"key": "ㅕ", "code": "KeyU", "bubbles": True}
        )
        visit.finish()
    assert [row.action for row in plant.corrections()] == ["unreadable"]


def test_full_width_digits_and_commas_are_tidied(plant, browser):
    """As an input method for Korean writes them."""
    plant.add("a.jpg", "1.2", sure=[0.1, 0.1])
    with visiting(browser, plant) as visit:
        visit.page.keyboard.insert_text("\uff11\uff0c\uff12")
        assert visit.page.input_value("#field") == "1.2"
        visit.type("", "Enter")
        visit.finish()
    assert [row.text for row in plant.corrections()] == ["1.2"]


def test_a_blind_one_looks_as_one_of_which_nothing_is_sure(plant, browser):
    """The same words, buttons, boxes and field; Space alone tells that one has to type."""
    plant.add("1.jpg", "1234", sure=[0.2] * 4)
    plant.add("2.jpg", "1234", status="accepted", spot_check=True)
    look = (
        "[document.querySelector('#reading').innerText.replace(/[12][.]jpg/, ''),"
        " field.value, document.querySelectorAll('#whole rect').length,"
        " [...document.querySelectorAll('#reading button')].map(its => its.disabled).join()]"
    )
    with visiting(browser, plant) as visit:
        seen = {}
        for _ in range(2):
            seen[visit.photo()] = visit.page.evaluate(look)
            visit.type("1234", "Enter")
            visit.page.wait_for_timeout(300)
        visit.finish()
    assert seen["1.jpg"] == seen["2.jpg"]
    assert sorted(row.blind for row in plant.corrections()) == [False, True]


def test_a_hostile_name_stays_text(plant, browser):
    """It is shown as it is, and nothing of it runs."""
    plant.add(HOSTILE, "12")
    with visiting(browser, plant) as visit:
        assert visit.photo() == HOSTILE
        assert visit.page.query_selector("img[src=x]") is None
        visit.type("", "Enter")
        visit.finish()


def test_two_browsers_have_different_photos(plant, browser):
    """And the second gets none where the first has what there is."""
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"):
        plant.add(name, f"{ord(name[0])}")
    with serving(plant) as address:
        visits = [Visit(browser.new_context(locale="en-US"), address) for _ in range(2)]
        while any(visit.page.is_visible("#reading") for visit in visits):
            shown = [visit.photo() for visit in visits if visit.page.is_visible("#reading")]
            assert len(shown) == len(set(shown))
            for visit in visits:
                visit.type("", "Enter")
            visits[0].page.wait_for_timeout(300)
        for visit in visits:
            visit.finish()
            visit.page.context.close()
    assert len(plant.corrections()) == len({row.reading_id for row in plant.corrections()}) == 6


def test_an_answer_outlives_a_connection_that_is_away(plant, browser):
    """It is sent again until it is saved, and stands once."""
    plant.add("a.jpg", "12", confidence=0.1)
    plant.add("b.jpg", "34")
    with visiting(browser, plant) as visit:
        visit.page.route("**/answer?*", lambda route: route.abort())
        visit.type("", "Enter")
        visit.page.wait_for_selector("#unsaved:has-text('1 not saved yet')")
        visit.wait_for("b.jpg")
        assert plant.corrections() == []
        visit.page.unroute("**/answer?*")
        visit.page.wait_for_selector("#unsaved", state="hidden")
        visit.complaints.clear()
    assert [row.text for row in plant.corrections()] == ["12"]


def test_a_photo_that_is_gone_is_told_and_can_wait(plant, browser):
    """The page says so in the picture's place."""
    plant.add("a.jpg", "12")
    (plant.photos / "a.jpg").unlink()
    with visiting(browser, plant) as visit:
        assert "is not where it was recorded" in visit.page.inner_text("#display")
        visit.type("l")
        visit.page.wait_for_selector("#empty_more:has-text('Put off')")
        visit.complaints.clear()


def on_stage(page, x, y):
    """Where a pixel of the photo is on the screen."""
    return page.evaluate(
        "([x, y]) => { const its = new DOMPoint(x, y).matrixTransform("
        "document.querySelector('#stage').getScreenCTM()); return [its.x, its.y]; }",
        [x, y],
    )


def drag(page, start, end):
    """Press at a pixel of the photo, move to another, and let go."""
    (x, y), (x1, y1) = on_stage(page, *start), on_stage(page, *end)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + x1) / 2, (y + y1) / 2)
    page.mouse.move(x1, y1)
    page.mouse.up()


def close_to(box, other, most=1):
    return all(abs(a - b) <= most for a, b in zip(box, other, strict=True))


def test_a_missing_box_is_drawn_by_mouse(plant, browser):
    """And moved, and resized at a corner; the labels follow from left to right."""
    plant.add("a.jpg", "123", "13", boxes=[display("123")[0][1], display("123")[2][1]])
    with visiting(browser, plant) as visit:
        page = visit.page
        visit.type("", "Escape")
        visit.type("123", "Enter")
        page.wait_for_selector("#boxes_title:has-text('Digits: 3, boxes: 2')")
        assert page.is_disabled("[data-do=save]")
        drag(page, (34, 26), (56, 60))
        assert page.inner_text("#boxes_title") == "Digits: 3, boxes: 3"
        drag(page, (45, 40), (47, 44))
        drag(page, (58, 64), (60, 70))
        page.click("[data-do=save]")
        visit.finish()
    found = labels(plant)
    assert [label for label, _ in found] == ["1", "2", "3"]
    assert close_to(found[1][1], (36, 30, 60, 70), 2), found


def test_a_missing_box_is_given_by_keys(plant, browser):
    """N puts one where it is most likely; arrows move it, with Shift they resize it."""
    plant.add("a.jpg", "123", "12", boxes=[box for _, box in display("12")])
    with visiting(browser, plant) as visit:
        visit.type("", "Escape")
        visit.type("123", "Enter")
        visit.page.wait_for_selector("#boxes_title:has-text('Digits: 3, boxes: 2')")
        visit.type(
            "n", "ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"
        )
        visit.type("", "Shift+Tab", "ArrowDown", "Enter")
        visit.finish()
    assert labels(plant) == [
        ("1", (6, 30, 30, 70)), ("2", (36, 31, 60, 71)), ("3", (68, 29, 93, 70)),
    ]  # fmt: skip


def test_a_surplus_box_is_deleted(plant, browser):
    """Tab goes round to it."""
    plant.add("a.jpg", "12", "121", boxes=[box for _, box in display("121")])
    with visiting(browser, plant) as visit:
        visit.type("", "Escape")
        visit.type("12", "Enter")
        visit.page.wait_for_selector("#boxes_title:has-text('Digits: 2, boxes: 3')")
        visit.type("", "Tab", "Tab", "Tab", "Delete", "Enter")
        visit.finish()
    assert [box for _, box in labels(plant)] == [(6, 30, 30, 70), (36, 30, 60, 70)]


def test_boxes_can_be_skipped_or_the_text_corrected(plant, browser):
    """Escape leads back to a mistyped text; S saves without learning, and says so."""
    plant.add("a.jpg", "12", "1", boxes=[display("1")[0][1]])
    with visiting(browser, plant) as visit:
        visit.type("", "Escape")
        visit.type("123", "Enter")
        visit.page.wait_for_selector("#boxes:not([hidden])")
        visit.type("", "Escape", "Backspace", "Enter")
        visit.page.wait_for_selector("#boxes_title:has-text('Digits: 2, boxes: 1')")
        visit.type("s")
        visit.finish()
    assert [row.text for row in plant.corrections()] == ["12"] and plant.xml() == {}


def test_a_phone_is_enough(plant, browser):
    """Nothing is cut off or zoomed, the keyboard has digits, and buttons and fingers do it all."""
    plant.add("a.jpg", "12", sure=[0.99, 0.2], confidence=0.1)
    plant.add("b.jpg", "34", "3", boxes=[display("3")[0][1]])
    with visiting(browser, plant, **PHONE) as visit:
        page = visit.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.get_attribute("#field", "inputmode") == "decimal"
        size = page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('#field')).fontSize)"
        )
        assert size >= 16
        heights = page.eval_on_selector_all(
            "#reading button", "all => all.map(its => its.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44
        page.tap("#as_read")
        page.tap("#save")
        visit.wait_for("b.jpg")
        page.fill("#field", "34")
        page.tap("#save")
        page.tap("[data-do=add]")
        page.tap("[data-do=save]")
        visit.finish()
    assert [row.text for row in plant.corrections()] == ["12", "34"]
    assert [label for label, _ in labels_of_last(plant)] == ["3", "4"]


def labels_of_last(plant):
    found = [xml for path, xml in plant.xml().items() if path.endswith("_b.xml")]
    return [(its.findtext("name"), None) for its in ET.fromstring(found[0]).iter("object")]


def test_a_korean_browser_gets_a_korean_page(plant, browser):
    """And who wants another language has it for the asking."""
    plant.add("a.jpg", "12")
    with visiting(browser, plant, locale="ko-KR") as visit:
        assert visit.page.get_attribute("html", "lang") == "ko"
        title = say_in("ko", "Readings to look at")
        assert visit.page.title() == title != "Readings to look at"
        reason = say_in("ko", "not sure enough: compare it with the photo")
        assert visit.page.inner_text("#reasons") == reason
        visit.page.click("a[lang=en]")
        visit.page.wait_for_selector(SHOWN)
        assert visit.page.title() == "Readings to look at"
        assert visit.page.inner_text("#reasons").startswith("not sure enough")


def test_the_numbers_are_a_page_of_their_own(plant, browser):
    """One link away."""
    plant.add("a.jpg", "12")
    with visiting(browser, plant) as visit:
        visit.page.click("text=Spot checks")
        assert "No accepted reading has been looked at blind yet" in visit.page.inner_text("main")
