"""Drawing on a plane that the camera sees from aside: projection, masks and soft noise."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from pipeline.drawing.look import Rgb
from pipeline.drawing.segments import Points

Size = tuple[int, int]
Homography = npt.NDArray[np.float64]

_OVERSAMPLING = 2


def random_view(width: float, height: float, size: Size, rng: np.random.Generator) -> Homography:
    """Aim a camera at a rectangle [0, width] x [0, height] of the display's plane.

    Returns the 3x3 homography from the plane (y downwards) to the photo of `size` pixels; the
    whole rectangle lies in the photo.
    """
    yaw, pitch = np.radians(rng.normal(0, (13, 11)).clip(-32, 32))
    roll = np.radians(rng.normal(0, 4 if rng.random() < 0.85 else 14))
    turn = rotation(2, roll) @ rotation(1, yaw) @ rotation(0, pitch)
    distance = rng.uniform(1.8, 4.5) * width
    seen = np.column_stack([turn[:, 0], turn[:, 1], [0, 0, distance]])
    centred = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    view = seen @ centred
    corners = project(view, np.array([[0, 0], [width, 0], [width, height], [0, height]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = np.array(size) * 0.97
    scale = float(np.min(room / (high - low))) * rng.triangular(0.5, 0.85, 1.0)
    slack = np.array(size) - scale * (high - low)
    offset = slack * (0.5 + rng.uniform(-0.42, 0.42, 2)) - scale * low
    placed = np.array([[scale, 0, offset[0]], [0, scale, offset[1]], [0, 0, 1]])
    view = placed @ view
    return np.asarray(view / view[2, 2])


def project(view: Homography, points: Points) -> Points:
    """Map points (n, 2) of the plane into the photo, in pixels."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ view.T
    projected: Points = mapped[:, :2] / mapped[:, 2:]
    return projected


def polygon_mask(
    size: Size, polygons: Iterable[tuple[Points, float]], oversampling: int = _OVERSAMPLING
) -> Image.Image:
    """Fill polygons given in pixels, each at its level 0..1, into a smooth-edged "L" mask."""
    mask = Image.new("L", (size[0] * oversampling, size[1] * oversampling))
    draw = ImageDraw.Draw(mask)
    for points, level in polygons:
        draw.polygon([(x, y) for x, y in points * oversampling], fill=round(255 * level))
    return mask.reduce(oversampling)


def polygon_picture(size: Size, polygons: Iterable[tuple[Points, Rgb]]) -> Image.Image:
    """Paint polygons given in pixels one over the other into a smooth-edged "RGB" picture."""
    picture = Image.new("RGB", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    draw = ImageDraw.Draw(picture)
    for points, colour in polygons:
        draw.polygon([(x, y) for x, y in points * _OVERSAMPLING], fill=colour)
    return picture.reduce(_OVERSAMPLING)


def rectangle(x: float, y: float, width: float, height: float, radius: float = 0.0) -> Points:
    """Outline a rectangle with rounded corners as a polygon (n, 2)."""
    turn = np.linspace(0, np.pi / 2, 6 if radius else 1)
    corner = radius * np.column_stack([np.sin(turn), -np.cos(turn)])
    inner = np.array([x + radius, y + radius]), np.array([x + width - radius, y + height - radius])
    quarter = np.array([[0, -1], [1, 0]])
    pieces, spin = [], np.eye(2)
    for column, row in ((1, 0), (1, 1), (0, 1), (0, 0)):
        pieces.append(np.array([inner[column][0], inner[row][1]]) + corner @ spin.T)
        spin = quarter @ spin
    return np.vstack(pieces)


def soft_noise(size: Size, cells: int, rng: np.random.Generator) -> Image.Image:
    """Draw an "L" picture of smooth blotches, about `cells` of them across its longer side."""
    unit = max(size) / cells
    grid = (max(2, round(size[1] / unit)), max(2, round(size[0] / unit)))
    blotches = rng.integers(0, 256, grid, dtype=np.uint8)
    return Image.fromarray(blotches).resize(size, Image.Resampling.BICUBIC)


def scaled(mask: Image.Image, factor: float) -> Image.Image:
    """Multiply an "L" mask by a factor, clipping at white."""
    return mask.point([min(255, round(level * factor)) for level in range(256)])


def levelled(mask: Image.Image, low: float, high: float) -> Image.Image:
    """Stretch an "L" mask so that `low` becomes black and `high` white (both 0..1)."""
    span = (high - low) * 255
    table = [min(255, max(0, round(255 * (level - low * 255) / span))) for level in range(256)]
    return mask.point(table)


def rotation(axis: int, angle: float) -> npt.NDArray[np.float64]:
    """Turn space about one of its axes by an angle in radians, as a 3x3 matrix."""
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix = np.eye(3)
    first, second = [i for i in range(3) if i != axis]
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix
