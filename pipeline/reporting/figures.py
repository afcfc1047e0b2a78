"""The pictures: digits with their labels, and misread digits in their photos."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from numpy.typing import NDArray

from pipeline.reporting.misread import Misread

_INK = "#1f3b57"
_WRONG = "#c0392b"
_HANGUL_FONTS = (
    "Malgun Gothic",
    "NanumGothic",
    "Apple SD Gothic Neo",
    "Noto Sans CJK KR",
    "UnDotum",
)


def draw_digits(images: NDArray[np.uint8], labels: Sequence[str]) -> bytes:
    """A grid of digit images (n, size, size, 3) with their labels, as PNG."""
    columns = 8
    figure, grid = _grid(len(images), columns, cell=(1.1, 1.25))
    for axes, image, label in zip(grid, images, labels, strict=False):
        axes.imshow(image)
        axes.set_title(label, fontsize=11, color=_INK)
    return _png(figure)


def draw_misread(misread: Sequence[Misread], total: int, what: str = "misread digits") -> bytes:
    """Misread digits, each beside its photo with its box drawn, as PNG.

    `total` is how many there are in all, where `misread` is only the first of them; `what` they
    are is the title.
    """
    if not misread:
        figure = Figure(figsize=(11, 1))
        figure.text(0.5, 0.5, f"No {what}", ha="center", va="center")
        return _png(figure)
    figure, grid = _grid(2 * len(misread), 6, cell=(1.9, 1.9))
    for i, case in enumerate(misread):
        digit_axes, photo_axes = grid[2 * i], grid[2 * i + 1]
        digit_axes.imshow(case.digit)
        sure = "" if case.confidence is None else f" ({case.confidence:.0%})"
        title = f"{case.actual} read as {case.predicted}{sure}"
        digit_axes.set_title(title, fontsize=9, color=_WRONG)
        _show_in_photo(photo_axes, case)
    figure.suptitle(f"{len(misread)} of {total} {what}", fontsize=10)
    return _png(figure)


def _show_in_photo(axes: Axes, case: Misread) -> None:
    xmin, ymin, xmax, ymax = case.box
    axes.imshow(case.photo)
    axes.plot(
        [xmin, xmax, xmax, xmin, xmin],
        [ymin, ymin, ymax, ymax, ymin],
        color="#00d26a",
        linewidth=1.5,
    )
    name = case.photo_name.rsplit("/", maxsplit=1)[-1]
    fonts = ["DejaVu Sans"]
    if not name.isascii():
        fonts = [font for font in _HANGUL_FONTS if font in get_font_names()]
        # Without such a font only what is ASCII can be drawn.
        name = name if fonts else name.encode("ascii", "replace").decode()
    axes.set_title(name[:32].replace("$", r"\$"), fontsize=6, fontfamily=fonts or "DejaVu Sans")


def _grid(cells: int, columns: int, cell: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    rows = -(-cells // columns)
    figure = Figure(figsize=(columns * cell[0], rows * cell[1] + 0.3), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.axis("off")
    return figure, grid


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    # Without the library's version in it: the same figures are the same bytes.
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
