"""Draw the two pictures of labelling.md, without words: `python docs/draw_labelling.py`."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from pipeline.drawing.camera import Shot, expose
from pipeline.drawing.canvas import project
from pipeline.drawing.display import Cell, Display, cell_outline
from pipeline.drawing.look import Look, Rgb
from pipeline.drawing.scene import draw_scene
from pipeline.drawing.segments import Font, point_outline

FONT = Font(0.52, 0.12, 0.015, 0.06, "bevelled", "")
SHOT = Shot(defocus=1.5, shake=0, direction=0, exposure=1, noise=1.5, quality=95, orientation=1)
GREEN, RED, WIDE, HIGH = (0, 118, 52), (222, 0, 40), 640, 280  # twice the size that is saved
BADGES = {GREEN: [[26, 39, 35, 49, 51, 27]], RED: [[27, 27, 49, 49], [27, 49, 49, 27]]}
ONE, GAP, TWO, FAINT, CLEAR = "17.20", "  17.20", "7.20/4.85", (176, 187, 164), (206, 216, 192)


def tile(rows: str, right: str, wrong: str = "", pad: float = 0.03, turn: float = 0,
         unlit: Rgb = CLEAR, badge: Rgb = RED) -> Image.Image:  # fmt: skip
    """A display under boxes, right and wrong: 1 is round the second digit, 1# round its cell."""
    cells = tuple(
        Cell(shown, row, text.find(".") == place + 1, place * 0.86, row * 1.4)
        for row, text in enumerate(rows.split("/"))
        for place, shown in enumerate(text.replace(".", ""))
    )
    area = np.array([max(cell.x for cell in cells) + 0.58, cells[-1].y + 1])
    display = Display(FONT, cells, 0.05, *area, cells[-1].row + 1)
    scale = min(WIDE * 0.78 / area[0], HIGH * 0.76 / area[1])
    axes = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    view = np.eye(3)
    view[:2] = np.column_stack([axes, np.array([WIDE, HIGH]) / 2 - axes @ area / 2])
    look, rng = Look("lcd", CLEAR, unlit, (0.9, 0.9, 0.9), True, 0), np.random.default_rng(1)
    picture = expose(draw_scene(display, look, view, (WIDE, HIGH), rng), look, SHOT, rng)
    draw = ImageDraw.Draw(picture)
    # Of the names in a box, 1. is a point; a wrong box is turned as the display.
    for plane, colour, boxes in ((np.eye(3), GREEN, right), (view, RED, wrong)):
        room, shown = (pad, 0.6) if colour == RED else (4, 1)
        for box in boxes.split():
            shapes = []
            for index, part in re.findall(r"(\d)([.#]?)", box):
                cell = cells[int(index)]
                point = point_outline(FONT, 0.05) + np.array([cell.x, cell.y])
                shapes.append(point if part == "." else cell_outline(display, cell, part != "#"))
            around = project(np.linalg.inv(plane) @ view, np.vstack(shapes))
            (x0, y0), (x1, y1) = around.min(axis=0) - room, around.max(axis=0) + room
            frame = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
            for start, end in pairwise(project(plane, frame)):
                dashes = round(np.hypot(*(end - start)) / 28) + 1 if colour == RED else 1
                for dash in np.linspace(start, end, dashes, endpoint=False):
                    draw.line([*dash, *(dash + (end - start) * shown / dashes)], colour, 7)
    draw.ellipse([10, 10, 66, 66], badge, "white", 4)
    for stroke in BADGES[badge]:
        draw.line(stroke, "white", 8)
    return picture


for path, columns, tiles in (
    ("labelling.jpg", 3, [
        tile(ONE, "0 1 2 3", badge=GREEN), tile(ONE, "0 1 3", "2", 0.16), tile(ONE, "2 3", "01"),
        tile(ONE, "", "0123", 0.08), tile(ONE, "0 2 3"), tile(ONE, "0 1 3", "2", -0.12),
    ]),
    ("labelling-cases.jpg", 2, [
        tile(ONE, "0 1 1. 2 3", badge=GREEN), tile(ONE, "0 2 3", "11."),
        tile(ONE, "0 1 2 3", badge=GREEN, unlit=FAINT), tile(ONE, "1 2 3", "0#", unlit=FAINT),
        tile(GAP, "2 3 4 5", badge=GREEN, unlit=FAINT), tile(GAP, "2 3 4 5", "0# 1#", unlit=FAINT),
        tile(ONE, "0 1 2 3", badge=GREEN, turn=-0.16), tile(ONE, "", "0 1 2 3", turn=-0.16),
        tile(TWO, "0 1 2 3 4 5", badge=GREEN), tile(TWO, "0 1 2"),
    ]),
):  # fmt: skip
    rows = len(tiles) // columns
    whole = Image.new("RGB", (columns * (WIDE + 20) - 20, rows * (HIGH + 20) - 20), "white")
    for i, its in enumerate(tiles):
        whole.paste(its, (i % columns * (WIDE + 20), i // columns * (HIGH + 20)))
    whole.reduce(2).save(Path(__file__).with_name(path), quality=88)
