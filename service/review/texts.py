"""What the page says, in the language that a browser asks for."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.messages import LANGUAGES, language, mark, say_in
from pipeline.reading.reading import REASONS
from pipeline.reporting.sentence import Sentence
from service.recording.rules import RULES

PAGE = {
    "title": mark("Readings to look at"),
    "waiting": mark("Waiting: {count}"),
    "done_by_you": mark("{count} done"),
    "numbers": mark("Spot checks"),
    "back": mark("Back to the readings"),
    "field": mark("What the display shows"),
    "hint": mark("Type every digit, zeros and the point too."),
    "save": mark("Save"),
    "as_read": mark("As read"),
    "unreadable": mark("Unreadable"),
    "later": mark("Later"),
    "undo": mark("Undo"),
    "your_name": mark("Your name"),
    "name_why": mark("It is kept with each answer."),
    "go": mark("Go"),
    "loading": mark("Loading …"),
    "all_done": mark("Nothing waits."),
    "all_done_more": mark("New readings appear here by themselves."),
    "put_off": mark("Put off: {count}. Reload the page to see them."),
    "fill_gaps": mark("Fill the gaps first."),
    "type_first": mark("Type what the display shows."),
    "not_a_number": mark("Digits, with points or colons between them, and a minus in front."),
    "see_first": mark("This is what was read. Space again saves it."),
    "nothing_read": mark("Nothing is filled in here: type what the display shows."),
    "nothing_to_undo": mark("There is nothing to undo."),
    "undone": mark("Undone."),
    "unsaved": mark("{count} not saved yet: no connection, trying again"),
    "whole_photo": mark("The whole photo"),
    "display": mark("The display"),
    "boxes_title": mark("Digits: {digits}, boxes: {boxes}"),
    "boxes_more": mark("Draw a box round each digit that has none."),
    "boxes_fewer": mark("Delete the boxes that stand round no digit."),
    "boxes_right": mark("Each digit has its box."),
    "boxes_new": mark("New"),
    "boxes_delete": mark("Delete"),
    "boxes_save": mark("Save"),
    "boxes_skip": mark("Skip"),
    "boxes_back": mark("Back to the text"),
    "boxes_nearer": mark("Nearer"),
    "boxes_farther": mark("Farther"),
    "boxes_skipped": mark("Saved. Without boxes, nothing is learned from this photo."),
    "boxes_keys": mark(
        "Tab chooses, arrows move, Shift with arrows resizes, + and - zoom; or draw with mouse or "
        "finger."
    ),
    "login": mark("Log in"),
    "logout": mark("Log out"),
    "password": mark("Password"),
    "week": mark("Week"),
    "station": mark("Station"),
    "checked": mark("Looked at"),
    "wrong": mark("Wrong"),
    "interval": mark("Share, 95 % interval"),
    "promised": mark("Promised"),
    "no_checks": mark("No accepted reading has been looked at blind yet."),
    "numbers_why": mark(
        "Of the accepted readings, some are drawn at random and looked at by a person who does not "
        "see what was read. This is how many of them were wrong."
    ),
}  # fmt: skip


def language_of(query: str | None, header: str) -> str:
    """The language of a page: what its address asks for, else the browser, else this machine's."""
    wishes = [query or "", *_by_weight(header)]
    codes = (wish.lower().split("-")[0] for wish in wishes)
    return next((code for code in codes if code in LANGUAGES), language())


def page_texts(code: str) -> dict[str, str]:
    """Every text of `PAGE` in a language; those with `{name}` keep it."""
    return {name: say_in(code, text) for name, text in PAGE.items()}


def tell_in(code: str, reason: Mapping[str, str]) -> str:
    """A reason, as the database has it (`code`, `other`), as a sentence in a language."""
    its = reason["code"]
    return say_in(code, {**REASONS, **RULES}.get(its, its), other=reason.get("other", ""))


def sentence_in(code: str, sentence: Sentence) -> str:
    """A sentence in a language."""
    return say_in(code, sentence.text, **sentence.values)


def _by_weight(header: str) -> list[str]:
    """The languages of an Accept-Language header, the dearest first."""
    weighed = []
    for part in header[:500].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), name))
        except ValueError:
            continue
    return [name for _, name in sorted(weighed, key=lambda its: -its[0])]
