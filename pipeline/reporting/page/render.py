"""The pages: each one HTML file that needs no network and speaks its reader's language."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.annotations.reasons import REASONS
from pipeline.contracts import DOUBTS, DoubtRow
from pipeline.messages import LANGUAGES, mark, say_in
from pipeline.reading.confidence import NONE_ACCEPTED
from pipeline.reporting.page.charts import chart_learning
from pipeline.reporting.page.pictures import data_uri
from pipeline.reporting.page.report import Report
from pipeline.reporting.page.sections import (
    describe_accuracy,
    describe_data,
    describe_doubts,
    describe_mistakes,
    describe_training,
    describe_trust,
)
from pipeline.reporting.page.whole_photos import describe_misread_wholes
from pipeline.reporting.verdict import judge, tell_confidence, tell_threshold

_TEMPLATES = Path(__file__).parent / "template"

# What misread.js says, by its keys.
_SCRIPT_WORDS = {
    "more": mark("Show {count} more"),
    "shown": mark("{shown} of {found} shown; {total} misread in all"),
    "no_match": mark("No misread digit fits this choice."),
    "digit_alt": mark("the digit as it was cut out"),
    "photo_alt": mark("the photo, the digit's box drawn on it"),
    "no_picture": mark("no picture"),
    "read_as": mark("{actual} read as {predicted}"),
    "confidence": mark("confidence {confidence}"),
    "if_label_wrong": mark("If the label is wrong, open"),
    "object": mark("{xml}, object {object}"),
}


def render_report(report: Report) -> bytes:
    """The page of a model and what it predicted, as UTF-8.

    The same report and the same photos are the same bytes, in any locale. Opens the photos
    that were misread; raises `UserError` where one can no longer be read.
    """
    training = report.training
    mistakes = describe_mistakes(report)
    words = {
        code: {key: say_in(code, text) for key, text in _SCRIPT_WORDS.items()} for code in LANGUAGES
    }
    return _render(
        "report.html",
        scripts=("language.js", "misread.js"),
        report=report,
        verdict=judge(report),
        learning=chart_learning(report.curve) if report.curve else None,
        accuracy=describe_accuracy(report),
        curves=describe_training(training.history) if training else [],
        mistakes=mistakes,
        wholes=describe_misread_wholes(report),
        listed={**mistakes.listed, "words": words},
        trust=describe_trust(report),
        data=describe_data(report),
        reasons=REASONS,
        none_accepted=NONE_ACCEPTED,
    )


def render_audit(doubts: Sequence[DoubtRow], digits_folder: Path, photos_folder: Path) -> bytes:
    """The page of the label audit, as UTF-8: doubtful labels, the most doubtful first as given.

    `photos_folder` is where their XML lies. Raises `UserError` where one of the digits shown can no
    longer be read.
    """
    return _render(
        "audit.html",
        scripts=("language.js",),
        doubts=describe_doubts(doubts, digits_folder),
        count=len(doubts),
        file=DOUBTS.path,
        folder=photos_folder,
    )


def _render(template: str, scripts: Sequence[str], **values: object) -> bytes:
    page = _environment().get_template(template)
    texts = [_read(name) for name in scripts]
    return page.render(style=_read("page.css"), scripts=texts, **values).encode("utf-8")


def _translate(text: str, /, **values: object) -> dict[str, str]:
    """A text in every language, by the language's code, with its values filled in.

    A value that is itself a text in every language is filled in as it is in each.
    """
    return {
        code: say_in(
            code,
            text,
            **{k: value[code] if isinstance(value, dict) else value for k, value in values.items()},
        )
        for code in LANGUAGES
    }


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(translate=_translate, mark=mark)
    environment.filters.update(
        percent=lambda share, digits=2: f"{100 * share:.{digits}f}%",
        confidence=tell_confidence,
        threshold=tell_threshold,
        grouped=lambda count: f"{count:,}",
        svg=lambda text: data_uri("image/svg+xml", text.encode("utf-8")),
        sha256=lambda text: b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii"),
    )
    return environment


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
