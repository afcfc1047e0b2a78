"""What a label that is no digit was meant to be."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import yaml

from pipeline.contracts import ProblemRow
from pipeline.messages import say
from pipeline.params import ParseParams

_SHOWN = 20
_WORDS = (
    ("zero", "영", "공"), ("one", "일"), ("two", "이"), ("three", "삼"), ("four", "사"),
    ("five", "오"), ("six", "육"), ("seven", "칠"), ("eight", "팔"), ("nine", "구"),
)  # fmt: skip
_DIGIT_OF = {word: str(digit) for digit, words in enumerate(_WORDS) for word in words}
# Typed in place of the digits that they look like. But l may be a litre, and so no digit is said.
_LOOK_LIKE_DIGITS = frozenset("OolI|ZSB")
# digit_7, num7, class-7, 숫자 7; but not 7segment, which is a display.
_NAMED = re.compile(r"[A-Za-z가-힣]{1,12}[\s_.:#-]*([0-9])")
_NUMBER = re.compile(r"[-+]?[0-9]*[.,:]?[0-9]+\s*[A-Za-z%℃°]*")
_DISPLAYS = frozenset({
    "display", "screen", "lcd", "led", "number", "digits", "reading", "value", "weight", "meter",
    "counter", "표시창", "화면", "숫자", "무게", "값", "디스플레이", "액정",
})  # fmt: skip


def is_whole_display(label: str) -> bool:
    """Whether a label is of a box round more than one digit: a number, or a display's name."""
    text = label.strip().lower()
    digits = sum(character in "0123456789" for character in text)
    return text in _DISPLAYS or (digits > 1 and bool(_NUMBER.fullmatch(text)))


def meant_digit(label: str) -> str | None:
    """The digit that another spelling means: `digit_7`, `seven`, `칠`; None where it means none."""
    text = label.strip()
    named = _NAMED.fullmatch(text)
    return named[1] if named else _DIGIT_OF.get(text.lower())


def propose(problems: Sequence[ProblemRow], params: ParseParams) -> list[str]:
    """What to paste into params.yaml for the labels that are no digits, with their counts.

    What is set there already stays.
    """
    found = Counter(_text(row.detail) for row in problems if row.reason == "not_a_digit")
    meant = {label: digit for label in found if (digit := meant_digit(label))}
    typed = [label for label in found if label.strip() in _LOOK_LIKE_DIGITS]
    others = [label for label in found if label not in meant and label not in typed]
    lines = []
    if meant:
        counts = _counts(found, meant)
        lines.append(
            say("If these labels are digits, paste into params.yaml ({counts}):", counts=counts)
        )
        lines.append(f"  labels: {_as_yaml({**params.labels, **meant})}")
    if typed:
        counts = _counts(found, typed)
        lines.append(
            say(
                "These letters look like digits: correct them in their XML ({counts})",
                counts=counts,
            )
        )
    if others:
        counts = _counts(found, others)
        lines.append(
            say("If these are no digits, paste into params.yaml ({counts}):", counts=counts)
        )
        lines.append(f"  ignore: {_as_yaml([*params.ignore, *others[:_SHOWN]])}")
    return lines


def _counts(found: Counter[str], labels: Iterable[str]) -> str:
    shown = {label: found[label] for label in labels}
    return ", ".join(f"{label} {n}" for label, n in Counter(shown).most_common(_SHOWN))


def _text(detail: str) -> str:
    """The label that a finding shows as Python writes it."""
    try:
        return str(ast.literal_eval(detail))
    except (ValueError, SyntaxError):  # cut off in the ledger
        return detail


def _as_yaml(value: object) -> str:
    return yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000
    ).strip()
