"""What people corrected, as photos with VOC XML that the pipeline learns from.

It follows from the database alone. Below raw/corrected/, by the day of the first answer: `picked/`
has what was looked at for being doubtful, from which no figure may be taken, `random/` what was
drawn at random.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from pipeline.annotations.dialects import REVIEWED
from pipeline.annotations.voc_writer import write_voc
from pipeline.contracts import DRAWN, PICKED
from pipeline.images.box import Box, LabelledBox
from pipeline.runtime.files import write_file
from service.database.opening import reading_from
from service.database.schema import correction, photo, reading
from service.names import KNOWN, copy_name
from service.promises import last_corrections
from service.review.items import digit_boxes, digits_of
from service.review.photos import PhotoGone, load_recorded

log = logging.getLogger(__name__)

FOLDER = "corrected"

# What such XML has; what a tool has saved since has the tool's.
_OURS = f"<database>{REVIEWED}</database>".encode()
_SMALLEST_SIDE = 2
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The XML of a photo is written by one answer at a time, from what the database says then.
_lock = Lock()


def save(
    row: Row[Any], content: bytes | None, boxes: Sequence[LabelledBox], picked: bool, day: date,
    raw: Path,
) -> None:  # fmt: skip
    """Write a photo and the XML of its digits; the photo first, so that no XML is without one.

    `row` is the photo's, whose `content` is None where it lies there already. What a person has
    saved with another tool stays as it is.
    """
    path = _place(row, picked, day, raw)
    xml = write_voc(path.name, (row.width, row.height), boxes, REVIEWED)
    if content is not None:
        write_file(path, content)
    beside = path.with_suffix(".xml")
    if not beside.exists() or (is_ours(beside) and beside.read_bytes() != xml):
        write_file(beside, xml)


def export_photo(engine: Engine, photo_id: int, raw: Path, folder: Path | None = None) -> bool:
    """Bring what raw/corrected/ has of a photo up to date; whether it has anything now.

    Raises `PhotoGone` where the photo is not where it was recorded, nor in `folder`, and `OSError`
    where it cannot be written.
    """
    with _lock:
        return _export(engine, photo_id, _find_all(raw), raw, folder)


def export_corrections(engine: Engine, raw: Path, folder: Path | None = None) -> int:
    """Bring raw/corrected/ up to date with the database; returns how many photos it has.

    Says which photos are not there any more.
    """
    with reading_from(engine) as connection:
        photos = select(reading.c.photo_id).join(correction).distinct().order_by("photo_id")
        ids = connection.scalars(photos).all()
    count = 0
    with _lock:
        there = _find_all(raw)
        for photo_id in ids:
            try:
                count += _export(engine, photo_id, there, raw, folder)
            except PhotoGone as error:
                log.warning(str(error.sentence))
    return count


def is_ours(xml: Path) -> bool:
    """Whether an XML is as this module wrote it, and no tool has saved it since."""
    return _OURS in xml.read_bytes()


def _export(
    engine: Engine, photo_id: int, there: Mapping[str, list[Path]], raw: Path, folder: Path | None
) -> bool:
    with reading_from(engine) as connection:
        row = connection.execute(select(photo).where(photo.c.id == photo_id)).one()
        answers = _answers(connection, photo_id)
    return _bring(row, answers, there.get(row.sha256[:KNOWN], []), raw, folder)


def _bring(
    row: Row[Any], answers: Sequence[Row[Any]], there: Sequence[Path], raw: Path,
    folder: Path | None,
) -> bool:  # fmt: skip
    """Bring a photo's files, those that are `there`, to what the answers say."""
    if any(its.suffix == ".xml" and not is_ours(its) for its in there):
        return True
    boxes = [its for answer in answers for its in _boxes(answer, (row.width, row.height))]
    if not boxes:
        _remove(there)
        return False
    picked = not all(answer.spot_check for answer in answers)
    day = next((_day(its) for its in there), min(its.at for its in answers).astimezone().date())
    path = _place(row, picked, day, raw)
    content = None if path.exists() else load_recorded(row, folder)
    save(row, content, boxes, picked, day, raw)
    _remove([its for its in there if its.with_suffix("") != path.with_suffix("")])
    return True


def _answers(connection: Connection, photo_id: int) -> list[Any]:
    """What stands of people's answers about a photo's displays, from the top on.

    Of the newest pass that people have answered: what another model reads since changes no photo.
    """
    last = last_corrections()
    answers = connection.execute(
        select(
            reading.c.id, reading.c.model, reading.c.rules, reading.c.digits, reading.c.spot_check,
            last.c.action, last.c.text, last.c.boxes, last.c.at,
        )
        .join(last, last.c.reading_id == reading.c.id)
        .where(reading.c.photo_id == photo_id)
        .order_by(reading.c.display_no)
    ).all()  # fmt: skip
    newest = max(answers, key=lambda its: its.id, default=None)
    return [
        its
        for its in answers
        if newest and (its.model, its.rules) == (newest.model, newest.rules)
        and its.action != "unreadable"
    ]  # fmt: skip


def _boxes(answer: Row[Any], size: tuple[int, int]) -> list[LabelledBox]:
    """An answer's digits with their boxes, a person's or else the reader's; none if unknown."""
    labels = digits_of(answer.text)
    places = digit_boxes(answer.digits)
    if answer.boxes is not None:
        places = [its["box"] for its in answer.boxes]
    if len(places) != len(labels):
        return []
    boxes = [_within(place, size) for place in places]
    is_right = all(min(its.width, its.height) >= _SMALLEST_SIDE for its in boxes)
    return list(zip(boxes, labels, strict=True)) if is_right else []


def _within(place: Sequence[int], size: tuple[int, int]) -> Box:
    width, height = size
    return Box(max(0, place[0]), max(0, place[1]), min(width, place[2]), min(height, place[3]))


def _place(row: Row[Any], picked: bool, day: date, raw: Path) -> Path:
    kind = PICKED if picked else DRAWN
    return raw / FOLDER / day.isoformat() / kind / copy_name(row.sha256, row.path)


def _find_all(raw: Path) -> dict[str, list[Path]]:
    """All photos and XML there, of whatever day, by the beginning of the photo's SHA-256."""
    found: dict[str, list[Path]] = {}
    for path in sorted((raw / FOLDER).glob("*/*/*_*")):
        if _DAY.fullmatch(path.parts[-3]):
            found.setdefault(path.name[:KNOWN], []).append(path)
    return found


def _remove(files: Sequence[Path]) -> None:
    """Take files away, XML first, so that none is ever without its photo."""
    for path in sorted(files, key=lambda its: its.suffix != ".xml"):
        path.unlink(missing_ok=True)


def _day(path: Path) -> date:
    return date.fromisoformat(path.parts[-3])
