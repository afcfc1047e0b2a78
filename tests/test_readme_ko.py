"""README.ko.md says what README.md says: the same sections, commands, pictures and figures."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from helpers import ROOT

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)]*)\)")


def sections(name: str) -> list[str]:
    """A page's sections, each from its heading on; a # in a block of commands is no heading."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = [""]
    for part in re.split(r"(^```\w*\n.*?^```$)", text, flags=re.MULTILINE | re.DOTALL):
        if part.startswith("```"):
            found[-1] += part
        else:
            first, *others = re.split(r"^(?=#{1,6} )", part, flags=re.MULTILINE)
            found[-1] += first
            found += others
    assert not found[0], f"{name} says something before its title"
    return found[1:]


ENGLISH, KOREAN = sections("README.md"), sections("README.ko.md")
BOTH = pytest.mark.parametrize(
    ("english", "korean"),
    list(zip(ENGLISH, KOREAN, strict=False)),
    ids=[section.splitlines()[0].strip("# ") for section in ENGLISH][: len(KOREAN)],
)


def prose(section: str) -> str:
    """A section without its blocks."""
    return FENCED.sub("", section)


def figures(section: str) -> Counter[str]:
    """Every number in a section's text and tables."""
    return Counter(re.findall(r"\d+(?:[.,]\d+)*", LINK.sub("]", prose(section))))


def table(section: str) -> list[list[Counter[str]]]:
    """The figures of each cell, row by row."""
    rows = [line for line in prose(section).splitlines() if line.startswith("|")]
    return [[figures(cell) for cell in row.strip("|").split("|")] for row in rows]


def tree(block: str) -> list[tuple[str, str]]:
    """What each line of the tree names, with its indent, and what it writes."""
    found = []
    for line in block.splitlines():
        described, _, written = line.partition(" -> ")
        name = re.split(r"(?<=\S) {2,}", described, maxsplit=1)[0]
        found.append((name if described[:20].strip() else "", written))
    return found


def test_both_have_the_same_headings():
    """As many, of the same depths, in the same order; each in Korean on the Korean page."""
    depths = [[len(its) - len(its.lstrip("#")) for its in page] for page in (ENGLISH, KOREAN)]
    assert depths[0] == depths[1]
    korean = [section.splitlines()[0] for section in KOREAN]
    assert [heading for heading in korean if not re.search("[가-힣]", heading)] == []


@BOTH
def test_both_have_the_same_commands(english, korean):
    """To the letter; of a block without a language, the tree, the names and what they write."""
    ours, theirs = FENCED.findall(korean), FENCED.findall(english)
    assert [language for language, _ in ours] == [language for language, _ in theirs]
    for (language, korean_block), (_, english_block) in zip(ours, theirs, strict=True):
        if language:
            assert korean_block == english_block
        else:
            assert tree(korean_block) == tree(english_block)


@BOTH
def test_both_name_the_same_code(english, korean):
    """Each `command`, `file` and `parameter` in the text, as often."""
    code = re.compile(r"`([^`]+)`")
    named = [
        Counter(" ".join(found.split()) for found in code.findall(prose(page)))
        for page in (korean, english)
    ]
    assert named[0] == named[1]


@BOTH
def test_both_have_the_same_figures(english, korean):
    """Each number as often; in a table, in the same cell."""
    assert figures(korean) == figures(english)
    assert table(korean) == table(english)


@BOTH
def test_both_have_the_same_pictures_and_links(english, korean):
    """In the same order, but for the link that each has to the other."""
    links = [
        [link for link in LINK.findall(prose(page)) if link != other]
        for page, other in ((korean, "README.md"), (english, "README.ko.md"))
    ]
    assert links[0] == links[1]


@BOTH
def test_the_korean_page_is_in_korean(english, korean):
    """Each of its paragraphs, lists and tables has Hangul where the English one has words."""
    pages = [re.split(r"\n{2,}", prose(page).strip()) for page in (english, korean)]
    assert len(pages[0]) == len(pages[1])
    assert [part for part in pages[1] if not re.search(r"[가-힣]|README\.md", part)] == []


def test_no_range_is_struck_through():
    """GitHub strikes out what stands between two tildes, so that ranges have U+223C instead."""
    text = "".join(map(prose, KOREAN))
    assert "~" not in re.sub(r"`[^`]+`", "", text)


def test_the_two_name_each_other():
    """Right under their titles."""
    assert ENGLISH[0].splitlines()[2] == "[한국어](README.ko.md)"
    assert KOREAN[0].splitlines()[2] == "[English](README.md)"
