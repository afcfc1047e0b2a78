"""The report page: one HTML file that needs no network and speaks its reader's language."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.annotations.messages import CATALOGUE as REASONS
from pipeline.files import AUDIT_FILE
from pipeline.reporting.charts import chart_curve
from pipeline.reporting.messages import CATALOGUE
from pipeline.reporting.pictures import data_uri
from pipeline.reporting.report import Report
from pipeline.reporting.sections import (
    describe_accuracy,
    describe_audit,
    describe_data,
    describe_mistakes,
    describe_trust,
)

# How the label audit is had, and the page written with it.
AUDIT_COMMANDS = ("dvc repro audit/dvc.yaml", "dvc repro --force --single-item evaluate")

_TEMPLATE = Path(__file__).parent / "template"


def render_page(report: Report) -> bytes:
    """The page as UTF-8: the same report and the same photos are the same bytes.

    Opens the photos of misread digits, and the doubtful digits; raises `UserError` where one can no
    longer be read.
    """
    training = report.training
    script = _read("page.js")
    mistakes = describe_mistakes(report)
    page = _environment().get_template("page.html")
    return page.render(
        report=report,
        last=training.last if training else None,
        accuracy=describe_accuracy(report),
        curves=_draw_curves(training.history) if training else [],
        mistakes=mistakes,
        listed=mistakes["listed"] | {"words": _words_of(script)},
        audit=describe_audit(training) if training else None,
        audit_commands=AUDIT_COMMANDS,
        audit_file=AUDIT_FILE,
        trust=describe_trust(report),
        data=describe_data(report),
        style=_read("page.css"),
        script=script,
        script_hash=b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii"),
    ).encode("utf-8")


def translate(key: str, **values: object) -> dict[str, str]:
    """A message in every language, by the language's code, with its values filled in.

    A value that is itself a message in every language is filled in as it is in each.
    """
    return {
        code: messages[key].format(
            **{k: value[code] if isinstance(value, dict) else value for k, value in values.items()}
        )
        for code, messages in CATALOGUE.items()
    }


def _draw_curves(history: pd.DataFrame) -> list[dict[str, Any]]:
    last = history.iloc[-1]
    return [
        {"name": name, "svg": chart_curve(history, name)}
        | {side: form.format(last[f"{side}_{name}"]) for side in ("train", "valid")}
        for name, form in (("loss", "{:.3f}"), ("accuracy", "{:.2%}"))
    ]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        translate=translate,
        reason=lambda code: {language: REASONS[language][code] for language in CATALOGUE},
    )
    environment.filters.update(
        percent=lambda share, digits=2: f"{100 * share:.{digits}f}%",
        points=lambda change: f"{100 * change:+.2f}".replace("-", "−"),  # noqa: RUF001 - a minus
        grouped=lambda count: f"{count:,}",
        svg=lambda text: data_uri("image/svg+xml", text.encode("utf-8")),
    )
    return environment


def _read(name: str) -> str:
    return (_TEMPLATE / name).read_text(encoding="utf-8")


def _words_of(script: str) -> dict[str, dict[str, str]]:
    """Those messages in every language that the script says."""
    keys = re.findall(r'\bsay\("(\w+)"', script)
    return {code: {key: messages[key] for key in keys} for code, messages in CATALOGUE.items()}
