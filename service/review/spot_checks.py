"""How many of the accepted readings were wrong, where a person looked without seeing them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from pipeline.messages import mark
from pipeline.params import load_params
from pipeline.reporting.intervals import binomial_interval
from pipeline.reporting.sentence import Sentence
from service.database.schema import photo, promise, reading
from service.promises import chance_of, last_corrections

# More wrong ones than that are as rare where the promise is kept.
_CHANCE = 0.05
_PARAMS = Path("params.yaml")

_ALARM = mark(
    "week {week}, station {station}: of {checked} accepted readings that were looked at blind, "
    "{wrong} were wrong, more than the promised {promised} % can be: the display, the camera or "
    "the model has changed"
)


@dataclass(frozen=True)
class SpotCheck:
    """What was looked at blind of a station's photos of a week (2026-W48), and how it came out.

    `interval` is that of the share of wrong ones, 95 %; `promised` the share that may be wrong;
    `alarm`: where that holds, so many would be wrong in less than 5 % of cases.
    """

    week: str
    station: str
    checked: int
    wrong: int
    interval: tuple[float, float]
    promised: float
    alarm: bool

    @property
    def sentence(self) -> Sentence:
        """The alarm in words."""
        return Sentence(
            _ALARM,
            {
                "week": self.week, "station": self.station or "-", "checked": self.checked,
                "wrong": self.wrong, "promised": f"{100 * self.promised:g}",
            },
        )  # fmt: skip


def measure(connection: Connection, allowed: float | None = None) -> list[SpotCheck]:
    """The spot checks by week of the photo's arrival and station, the newest week first.

    What a person corrected, or could not read, was wrong. Where nothing was promised of a model,
    `allowed` may be wrong, by default params.yaml's `read.wrong`.
    """
    groups = defaultdict(list)
    for row in connection.execute(_looked_at()):
        groups[_week(row), row.station].append(row)
    if not groups:
        return []
    promised = _promises(connection)
    otherwise = load_params(_PARAMS).read.wrong if allowed is None else allowed
    checks = [
        _count(week, station, rows, promised.get(rows[-1].model, otherwise))
        for (week, station), rows in groups.items()
    ]
    checks.sort(key=lambda its: its.station)
    return sorted(checks, key=lambda its: its.week, reverse=True)


def _count(week: str, station: str, rows: list[Row[Any]], promised: float) -> SpotCheck:
    checked = len(rows)
    wrong = sum(row.action != "confirm" for row in rows)
    is_alarm = wrong > 0 and chance_of(wrong, checked, promised) < _CHANCE
    interval = binomial_interval(wrong, checked)
    return SpotCheck(week, station, checked, wrong, interval, promised, is_alarm)


def _looked_at() -> Any:  # noqa: ANN401 - a selection's type is longer than the selection
    last = last_corrections()
    return (
        select(last.c.action, reading.c.model, photo.c.station, photo.c.arrived_at)
        .join(reading, reading.c.id == last.c.reading_id)
        .join(photo, photo.c.id == reading.c.photo_id)
        .where(last.c.blind, reading.c.status == "accepted", reading.c.spot_check)
        .order_by(reading.c.id)
    )


def _promises(connection: Connection) -> dict[str, float]:
    """The newest promise of each model."""
    rows = connection.execute(select(promise.c.model, promise.c.wrong).order_by(promise.c.id))
    return {row.model: row.wrong for row in rows}


def _week(row: Row[Any]) -> str:
    year, week, _ = row.arrived_at.astimezone().isocalendar()
    return f"{year}-W{week:02}"
