"""A photo with its readings drawn on it, and how such a picture is told from a photo."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pipeline.images.box import Box
from pipeline.images.photo import OpenedPhoto, reduction_to
from pipeline.reading.reading import Reading

LONGEST_SIDE = 1600

# Told from a photo by this comment, a drawing may be drawn anew.
_COMMENT = b"drawn by digits read"
_COLOURS = {"accepted": (40, 200, 80), "doubtful": (255, 150, 0), "none": (230, 60, 60)}
_DARK = (0, 0, 0)
_QUALITY = 88


def draw_readings(content: bytes, readings: Sequence[Reading]) -> bytes:
    """A photo's bytes as an upright JPEG of at most `LONGEST_SIDE` pixels, with boxes and readings.

    Green is accepted, orange doubtful.
    """
    opened = OpenedPhoto(content)
    header = opened.header
    picture = opened.decode(reduction_to(max(header.width, header.height), LONGEST_SIDE))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
    scale = (picture.width / header.width, picture.height / header.height)
    draw = ImageDraw.Draw(picture)
    for reading in readings:
        _draw(draw, picture.size, reading, scale)
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, comment=_COMMENT)
    return buffer.getvalue()


def is_drawing(path: Path) -> bool:
    """Whether a file is such a picture, and no photo or anything else of somebody's."""
    try:
        with Image.open(path, formats=["JPEG"]) as image:
            return bool(image.info.get("comment") == _COMMENT)
    except (OSError, SyntaxError, ValueError):
        return False


def _draw(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], its: Reading, scale: tuple[float, float]
) -> None:
    colour, line = _COLOURS[its.verdict], max(1, round(max(size) / 500))
    for digit in its.digits:
        draw.rectangle(_scaled(digit.box, scale, 0), outline=colour, width=line)
    left, top, bottom = 0.0, 0.0, 0.0
    if its.box:
        around = _scaled(its.box, scale, 3 * line)
        draw.rectangle(around, outline=colour, width=2 * line)
        left, top, _, bottom = around
    text = f"{its.text}  {its.confidence:.3f}" if its.text else its.verdict
    font = ImageFont.load_default(max(12, round(max(size) / 28)))
    _, _, width, height = draw.textbbox((0, 0), text, font=font)
    # Above the digits, or below them where there is no room.
    y = top - height - 2 * line if top > height + 2 * line else bottom
    place = (max(0, min(left, size[0] - width)), max(0, min(y, size[1] - height)))
    draw.rectangle((*place, place[0] + width, place[1] + height), fill=_DARK)
    draw.text(place, text, fill=colour, font=font)


def _scaled(box: Box, scale: tuple[float, float], margin: int) -> tuple[float, float, float, float]:
    """A box on the picture, with a margin round it, as Pillow draws it: its last pixel included."""
    x, y = scale
    left, top = box.xmin * x - margin, box.ymin * y - margin
    right, bottom = box.xmax * x - 1 + margin, box.ymax * y - 1 + margin
    return left, top, max(left, right), max(top, bottom)
