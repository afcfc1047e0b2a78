"""What a reading breaks of the plant's rules; no rule ever changes one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np

from pipeline.messages import mark, say
from pipeline.params import RecordParams, RuleParams
from pipeline.reading.reading import REASONS, ReadDigit, Reading, Reason, value_of

# Why a reading goes to a person, beside the reader's own doubts; `{other}` is what was found.
RULES = {
    "digit_count": mark("it has {other} digits"),
    "decimals": mark("it has {other} digits behind the point"),
    "no_number": mark("it is no number"),
    "negative": mark("it is below 0"),
    "too_small": mark("it is smaller than {other}"),
    "too_large": mark("it is larger than {other}"),
    "division": mark("it is no multiple of {other}"),
    "displays": mark("{other} displays were found"),
    "unusual_count": mark("{other} digits are unusual at this station"),
    "uneven_heights": mark("its digits are of different heights"),
    "uneven_gaps": mark("its digits stand unevenly"),
    "reread_differs": mark("read again from a somewhat shifted photo: {other}"),
}
# Heights of one display's digits differ by a few pixels, its gaps by a 1 or a point: so much more
# is another thing.
_TALLER, _WIDER = 1.35, 1.9
# Fewer readings of a station say nothing of what is usual there.
_FEWEST, _UNUSUAL = 30, 0.02
# Raise it when the same reading would break other rules by the same params.yaml.
_CODE = "1"


def tell(reason: Mapping[str, str]) -> str:
    """A reason, as the database has it (`code`, `other`), as a sentence in the user's language."""
    code = reason["code"]
    return say({**REASONS, **RULES}.get(code, code), other=reason.get("other", ""))


def is_rule(code: str) -> bool:
    """Whether a reason is a broken rule, and no doubt of the reader's."""
    return code in RULES


def version_of(params: RecordParams, threshold: float) -> str:
    """A name for a set of rules, and from where on is accepted: the same for the same."""
    text = json.dumps([_CODE, threshold, params.model_dump()], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def check(reading: Reading, rules: RuleParams) -> Iterator[Reason]:
    """What a reading breaks of a station's rules, as far as it tells by itself."""
    if not reading.text:
        return
    digits = [its for its in reading.digits if its.label.isdigit()]
    if rules.digits is not None and len(digits) != rules.digits:
        yield Reason("digit_count", str(len(digits)))
    _, point, behind = reading.text.partition(".")
    if rules.decimals is not None and point and len(behind) != rules.decimals:
        yield Reason("decimals", str(len(behind)))
    yield from check_value(reading.value, rules)
    yield from _check_places(digits)


def meaning(reading: Reading, rules: RuleParams) -> Decimal | None:
    """The number that a reading means, where the station says where the point is, if unseen."""
    if rules.decimals is None or not reading.text:
        return reading.value
    return value_of(reading.text, rules.decimals)


def check_value(value: Decimal | None, rules: RuleParams) -> Iterator[Reason]:
    """What a value breaks of a station's rules."""
    if value is None:
        yield Reason("no_number")
        return
    if value < 0 and not rules.sign:
        yield Reason("negative")
    if rules.smallest is not None and value < _exact(rules.smallest):
        yield Reason("too_small", f"{rules.smallest:g}")
    if rules.largest is not None and value > _exact(rules.largest):
        yield Reason("too_large", f"{rules.largest:g}")
    if rules.division is not None and value % _exact(rules.division):
        yield Reason("division", f"{rules.division:g}")


def check_displays(found: int, rules: RuleParams) -> Iterator[Reason]:
    """Whether a photo shows as many displays as it should."""
    if rules.displays is not None and found != rules.displays:
        yield Reason("displays", str(found))


def check_usual(count: int, counts: Mapping[int, int]) -> Iterator[Reason]:
    """Whether so many digits are unusual, where `counts` readings of a station had so many."""
    total = sum(counts.values())
    if total >= _FEWEST and counts.get(count, 0) < _UNUSUAL * total:
        yield Reason("unusual_count", str(count))


def is_within_tolerance(value: Decimal | None, rules: RuleParams) -> bool | None:
    """Whether a product weighs what it should; None where that is not asked or not known."""
    if value is None or rules.target is None or rules.tolerance is None:
        return None
    return abs(value - _exact(rules.target)) <= _exact(rules.tolerance)


def _check_places(digits: Sequence[ReadDigit]) -> Iterator[Reason]:
    """Whether the digits' heights and distances are those of one display."""
    heights = np.array([its.box.height for its in digits])
    if len(digits) > 1 and heights.max() > _TALLER * heights.min():
        yield Reason("uneven_heights")
    if len(digits) > 2:
        middles = np.array([[its.box.xmin + its.box.xmax, its.box.ymin + its.box.ymax]
                            for its in digits]) / 2  # fmt: skip
        steps = np.linalg.norm(np.diff(middles, axis=0), axis=1)
        others = np.delete(steps, steps.argmax())
        if steps.max() > _WIDER * np.median(others):
            yield Reason("uneven_gaps")


def _exact(number: float) -> Decimal:
    """A number of params.yaml as it is written there, and not as binary has it."""
    return Decimal(str(number))
