"""What a display's text means, and that each reason is told in both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.images.box import Box
from pipeline.messages import use_language
from pipeline.reading.reading import REASONS, ReadDigit, Reading, Reason, value_of


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [
        ("02.47", None, Decimal("2.47")),
        ("0247", None, Decimal(247)),
        ("0247", 2, Decimal("2.47")),
        ("02.47", 1, Decimal("2.47")),
        ("-1.5", None, Decimal("-1.5")),
        ("12:30", None, None),
        ("1.2.3", None, None),
        ("", None, None),
        ("-", None, None),
        ("12.", None, Decimal(12)),
    ],
)
def test_a_text_means_a_number(text, decimals, value):
    """Exactly, as the point that was seen says; else as the display's decimals do."""
    assert value_of(text, decimals) == value
    if value is not None and "." in text:
        assert str(value_of(text, decimals)).rstrip("0").rstrip(".") in text


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_is_a_sentence_in_both_languages(code, monkeypatch):
    """Neither the code nor the other language's words."""
    sentences = {}
    for language in ("en", "ko"):
        monkeypatch.setenv("PIPELINE_LANG", language)
        use_language()
        sentences[language] = str(Reason(code, "123"))
    monkeypatch.setenv("PIPELINE_LANG", "en")
    use_language()
    assert sentences["en"] != sentences["ko"]
    assert len(sentences["en"]) > len(code)
    assert any("가" <= letter <= "힣" for letter in sentences["ko"])


def test_a_reading_s_box_is_round_its_digits():
    """All of them."""
    digits = (ReadDigit("1", 0.9, Box(10, 20, 15, 50)), ReadDigit("2", 0.9, Box(18, 22, 30, 52)))
    reading = Reading(0, "12", Decimal(12), 0.9, "accepted", (), digits)
    assert reading.box == Box(10, 20, 30, 52)
    assert Reading(0, "", None, 0.0, "none").box is None
