"""Each Korean page says what its English page says: sections, commands, links and figures."""

from __future__ import annotations

import posixpath
import re
from collections import Counter

import pytest
from helpers import ROOT

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)]*)\)")

# The English page of each Korean one.
PAGES = {
    "README.ko.md": "README.md",
    "docs/ko/usage.md": "docs/usage.md",
    "docs/ko/service.md": "docs/service.md",
    "docs/ko/labelling.md": "docs/labelling.md",
}
# Headings that are a tool's own name.
TOOLS = {"## labelImg", "## CVAT", "## Label Studio"}
KOREAN_OF = {english: korean for korean, english in PAGES.items()}
ALL = sorted({path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")} | {
    "README.md", "README.ko.md", "CONTRIBUTING.md",
})  # fmt: skip


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


EACH_PAGE = pytest.mark.parametrize(("korean", "english"), PAGES.items(), ids=PAGES)
EACH_SECTION = pytest.mark.parametrize(
    ("english", "korean", "page"),
    [
        pytest.param(its, theirs, page, id=f"{page}: {its.splitlines()[0].strip('# ')}")
        for page, english in PAGES.items()
        for its, theirs in zip(sections(english), sections(page), strict=False)
    ],
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


def targets(section: str, page: str) -> list[str]:
    """Where a section's links lead, in order: a file by its path from the root, or an address."""
    return [
        link if "://" in link else posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
        for link in LINK.findall(prose(section))
    ]


@EACH_PAGE
def test_both_have_the_same_headings(korean, english):
    """As many, of the same depths, in the same order; each in Korean, or a tool's own name."""
    ours, theirs = ([its.splitlines()[0] for its in sections(page)] for page in (korean, english))
    assert [its.count("#") for its in ours] == [its.count("#") for its in theirs]
    assert [its for its in ours if not re.search("[가-힣]", its) and its not in TOOLS] == []


@EACH_SECTION
def test_both_have_the_same_commands(english, korean, page):
    """To the letter; of a block without a language, the tree, the names and what they write."""
    ours, theirs = FENCED.findall(korean), FENCED.findall(english)
    assert [language for language, _ in ours] == [language for language, _ in theirs]
    for (language, korean_block), (_, english_block) in zip(ours, theirs, strict=True):
        if language:
            assert korean_block == english_block
        else:
            assert tree(korean_block) == tree(english_block)


@EACH_SECTION
def test_both_name_the_same_code(english, korean, page):
    """Each `command`, `file` and `parameter` in the text, as often."""
    code = re.compile(r"`([^`]+)`")
    named = [
        Counter(" ".join(found.split()) for found in code.findall(prose(text)))
        for text in (korean, english)
    ]
    assert named[0] == named[1]


@EACH_SECTION
def test_both_have_the_same_figures(english, korean, page):
    """Each number as often; in a table, in the same cell."""
    assert figures(korean) == figures(english)
    assert table(korean) == table(english)


@EACH_SECTION
def test_both_have_the_same_pictures_and_links(english, korean, page):
    """In the same order, to a Korean page where there is one; but for those between the two."""
    ours, theirs = (
        [link for link in targets(text, name) if link not in (page, PAGES[page])]
        for text, name in ((korean, page), (english, PAGES[page]))
    )
    assert ours == [KOREAN_OF.get(link, link) for link in theirs]


@EACH_SECTION
def test_the_korean_page_is_in_korean(english, korean, page):
    """Each of its paragraphs, lists and tables has Hangul where the English one has words."""
    pages = [re.split(r"\n{2,}", prose(text).strip()) for text in (english, korean)]
    assert len(pages[0]) == len(pages[1])
    foreign = [part for part in pages[1] if not re.search("[가-힣]", part) and part not in TOOLS]
    assert [part for part in foreign if not part.startswith("[English](")] == []


@EACH_PAGE
def test_no_range_is_struck_through(korean, english):
    """GitHub strikes out what stands between two tildes, so that ranges have U+223C instead."""
    text = "".join(map(prose, sections(korean)))
    assert "~" not in re.sub(r"`[^`]+`", "", text)


@EACH_PAGE
def test_the_two_name_each_other(korean, english):
    """Right under their titles."""
    for page, other, language in ((english, korean, "한국어"), (korean, english, "English")):
        link = posixpath.relpath(other, posixpath.dirname(page) or ".")
        assert sections(page)[0].splitlines()[2] == f"[{language}]({link})"


def test_every_korean_page_has_its_english_page():
    """No page below docs/ko is left out of the comparison."""
    assert {page for page in ALL if page.startswith("docs/ko/")} == set(PAGES) - {"README.ko.md"}


@pytest.mark.parametrize("page", ALL)
def test_every_link_leads_to_a_file(page):
    """Of every page, Korean or not; addresses on the network are not asked."""
    text = (ROOT / page).read_text(encoding="utf-8")
    broken = [its for its in targets(text, page) if "://" not in its and not (ROOT / its).exists()]
    assert broken == []
