"""The Korean catalogue: every text that is said is in it, and nothing else."""

from __future__ import annotations

import gettext
import re
from io import BytesIO

import catalogue as update
import pytest
from babel.messages.mofile import read_mo

from pipeline.messages import CATALOGUES, DOMAIN, LANGUAGES

TEXTS = [its for its in update.find_texts() if its.id]
KOREAN = update.read()
# `{name}`, `%(name)s` and `%s`; a percent sign in a sentence is none.
PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[srd]|%[srd](?![a-z])|%%")


def forms(text):
    """A message's texts: one, or singular and plural."""
    return [text] if isinstance(text, str) else list(text)


def ids(message):
    return forms(message.id)[0][:60]


@pytest.mark.parametrize("message", TEXTS, ids=ids)
def test_every_text_is_translated(message):
    """With the same values to fill in, and no translation that was only guessed."""
    found = KOREAN.get(message.id)
    assert found is not None, "run `make messages`, then translate it"
    assert not found.fuzzy
    wanted = sorted(PLACEHOLDER.findall(forms(message.id)[-1]))
    for korean in forms(found.string):
        assert korean.strip()
        assert sorted(PLACEHOLDER.findall(korean)) == wanted
        assert (korean[0].isspace(), korean[-1].isspace()) == (
            message.id[0].isspace() if isinstance(message.id, str) else False,
            message.id[-1].isspace() if isinstance(message.id, str) else False,
        )


def test_nothing_is_translated_that_is_not_said():
    """A text that went from the code goes from the catalogue with `make messages`."""
    said = {forms(its.id)[0] for its in TEXTS}
    assert {forms(its.id)[0] for its in KOREAN if its.id} == said
    assert not KOREAN.obsolete


def test_korean_is_korean_and_english_is_english():
    """No text is in the other language by oversight."""
    for message in KOREAN:
        for english, korean in zip(forms(message.id), forms(message.string), strict=False):
            words = PLACEHOLDER.sub("", english)
            assert not re.search("[가-힣]", english)
            if re.search("[a-z]", words):
                assert re.search("[가-힣]", korean), english


def test_the_compiled_catalogue_is_that_of_the_source():
    """Git has both, so that a user needs no compiler."""
    path = update.KOREAN.with_suffix(".mo")
    compiled, fresh = (
        {str(its.id): its.string for its in read_mo(BytesIO(content)) if its.id}
        for content in (path.read_bytes(), update.compiled(KOREAN))
    )
    assert compiled == fresh
    assert len(compiled) == len(TEXTS)


def test_every_language_but_english_has_its_catalogue():
    """English is in the code."""
    for code in LANGUAGES:
        assert (code == "en") == (gettext.find(DOMAIN, str(CATALOGUES), [code]) is None)


SOURCE = '''"""What a command is for.

raw/ -> data/boxes.csv

More of it.
"""

def main(name):
    make_parser("digits", __doc__)
    say("one", name=say("two"))
    say_in("ko", "three")
    say(TEXTS["four"])
    mark_plural("five", "fives")
    print("six")
'''


def test_texts_are_found_where_they_are_said():
    """In the order of the lines; a variable is no text, nor is its key, nor what no call says."""
    calls = {"say": None, "say_in": (2,), "mark_plural": (1, 2)}
    found = [
        (name, texts)
        for _, name, texts, _ in update.extract_python(BytesIO(SOURCE.encode()), calls, [], {})
    ]
    assert found == [
        (None, ["What a command is for."]),
        (None, ["More of it."]),
        ("say", ["one"]),
        ("say", ["two"]),
        ("say_in", ["ko", "three"]),
        ("say", [None]),
        ("mark_plural", ["five", "fives"]),
    ]


def test_an_update_brings_new_texts_and_keeps_what_is_translated(tmp_path, monkeypatch):
    """What is not said any more goes."""
    path = tmp_path / "pipeline.po"
    path.write_text(
        update.KOREAN.read_text(encoding="utf-8").replace('msgid "ERROR: {error}"', 'msgid "gone"'),
        encoding="utf-8",
    )
    monkeypatch.setattr(update, "KOREAN", path)
    update.update()
    after = update.read()
    assert after.get("gone") is None
    assert after.get("ERROR: {error}").string == ""
    assert after.get("digits").string == KOREAN.get("digits").string
    assert path.with_suffix(".mo").exists()
