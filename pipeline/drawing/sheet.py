"""An instrument's front as a list of parts, painted flat and then seen by the camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from pipeline.drawing.canvas import Homography, Size, project, rectangle
from pipeline.drawing.lettering import typeface
from pipeline.drawing.look import Rgb
from pipeline.drawing.segments import Points

_MOST_PIXELS = 360_000


@dataclass(frozen=True)
class Box:
    """A rectangle by its left, top, right and bottom, its corners rounded by a radius."""

    left: float
    top: float
    right: float
    bottom: float
    fill: Rgb | None
    radius: float = 0.0
    outline: Rgb | None = None
    stroke: float = 0.0

    def grown(self, by: float, fill: Rgb | None = None) -> Box:
        """Move all four sides outwards."""
        x0, y0, x1, y1 = self.left - by, self.top - by, self.right + by, self.bottom + by
        return Box(x0, y0, x1, y1, fill or self.fill, self.radius)


@dataclass(frozen=True)
class Disc:
    """A disc by its centre and radius."""

    x: float
    y: float
    radius: float
    fill: Rgb


@dataclass(frozen=True)
class Stroke:
    """A line through points, of a width."""

    points: tuple[tuple[float, float], ...]
    fill: Rgb
    width: float


@dataclass(frozen=True)
class Text:
    """A printed text from its left top corner, `height` high."""

    x: float
    y: float
    height: float
    text: str
    fill: Rgb
    face: str = ""
    upended: bool = False


Part = Box | Disc | Stroke | Text


def cast(
    parts: Sequence[Part], bounds: Box, resolution: float, view: Homography, size: Size
) -> Image.Image:
    """Paint parts on a flat sheet and see it in a photo of `size`, as "RGBA".

    `resolution` is the wanted pixels per unit of the plane; large sheets get fewer.
    """
    width, height = bounds.right - bounds.left, bounds.bottom - bounds.top
    scale = min(resolution, float(np.sqrt(_MOST_PIXELS / (width * height))))
    extent = (max(4, int(width * scale)), max(4, int(height * scale)))
    ground = next((p.fill for p in parts if p.fill), (0, 0, 0))
    sheet = Image.new("RGBA", extent, (*ground, 0))
    draw = ImageDraw.Draw(sheet)
    for part in parts:
        _paint(part, draw, sheet, (bounds.left, bounds.top), scale)
    left, top, right, bottom = reach(view, corners_of(bounds), size)
    seen = Image.new("RGBA", size, (*ground, 0))
    if right <= left or bottom <= top:
        return seen
    to_plane = np.array([[1 / scale, 0, bounds.left], [0, 1 / scale, bounds.top], [0, 0, 1]])
    window = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
    back = np.linalg.inv(window @ view @ to_plane)
    patch = sheet.transform(
        (right - left, bottom - top), Image.Transform.PERSPECTIVE,
        (back / back[2, 2]).ravel()[:8].tolist(), Image.Resampling.BILINEAR,
    )  # fmt: skip
    seen.paste(patch, (left, top))
    return seen


def reach(view: Homography, points: Points, size: Size) -> tuple[int, int, int, int]:
    """Bound points of the plane in the photo: left, top, right and bottom in whole pixels."""
    seen = project(view, points)
    low = np.maximum(np.floor(seen.min(axis=0)) - 1, 0).astype(int)
    high = np.minimum(np.ceil(seen.max(axis=0)) + 2, size).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def corners_of(box: Box) -> Points:
    """List a box's corners, clockwise from its top left."""
    return rectangle(box.left, box.top, box.right - box.left, box.bottom - box.top)[[3, 0, 1, 2]]


def _paint(
    part: Part,
    draw: ImageDraw.ImageDraw,
    sheet: Image.Image,
    origin: tuple[float, float],
    scale: float,
) -> None:
    def pixel(x: float, y: float) -> tuple[float, float]:
        return (x - origin[0]) * scale, (y - origin[1]) * scale

    if isinstance(part, Box):
        stroke = max(1, round(part.stroke * scale))
        corners = [pixel(part.left, part.top), pixel(part.right, part.bottom)]
        radius = part.radius * scale
        draw.rounded_rectangle(corners, radius, part.fill, part.outline, stroke)
    elif isinstance(part, Disc):
        (x, y), radius = pixel(part.x, part.y), part.radius * scale
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=part.fill)
    elif isinstance(part, Stroke):
        path = [pixel(x, y) for x, y in part.points]
        draw.line(path, fill=part.fill, width=max(1, round(part.width * scale)), joint="curve")
    else:
        _write(part, draw, sheet, pixel(part.x, part.y), scale)


def _write(
    part: Text,
    draw: ImageDraw.ImageDraw,
    sheet: Image.Image,
    place: tuple[float, float],
    scale: float,
) -> None:
    pixels = min(160, round(part.height * scale))
    if pixels < 3:
        return
    font = typeface(part.face, pixels)
    if not part.upended:
        draw.text(place, part.text, fill=part.fill, font=font)
        return
    right, bottom = (int(x) for x in font.getbbox(part.text)[2:])
    mask = Image.new("L", (max(1, right), max(1, bottom)))
    ImageDraw.Draw(mask).text((0, 0), part.text, fill=255, font=font)
    turned = mask.transpose(Image.Transpose.ROTATE_90)
    sheet.paste((*part.fill, 255), (round(place[0]), round(place[1])), turned)
