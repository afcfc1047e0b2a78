"""Photos of instruments of every kind, and the place of every lit digit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline.drawing.workplace import KINDS, draw_workplace

SEED = 7
# Written down again, so that what is drawn is not read with the table that drew it.
PICTURES = {
    "0": ["abcdef"], "2": ["abdeg"], "3": ["abcdg"], "4": ["bcfg"], "5": ["acdfg"],
    "6": ["acdefg", "cdefg"], "7": ["abc", "abcf"], "8": ["abcdefg"], "9": ["abcdfg", "abcfg"],
}  # fmt: skip
# From outside each segment to well within the digit: u to the right, v down, in frames.
CROSSINGS = {
    "a": ((0.5, 0.0), (0.5, 0.22)), "d": ((0.5, 1.0), (0.5, 0.78)), "g": ((0.5, 0.4), (0.5, 0.6)),
    "f": ((0.0, 0.28), (0.35, 0.28)), "e": ((0.0, 0.72), (0.35, 0.72)),
    "b": ((1.0, 0.28), (0.65, 0.28)), "c": ((1.0, 0.72), (0.65, 0.72)),
}  # fmt: skip
HOLES = ((0.5, 0.28), (0.5, 0.72))


@pytest.fixture(scope="module")
def photos():
    """Sixty photos of all kinds."""
    return [draw_workplace(SEED, index) for index in range(60)]


def inside(corners, u, v):
    """The point at (u, v) of a frame, whose corners are (0, 0), (1, 0), (1, 1) and (0, 1)."""
    top = corners[0] + u * (corners[1] - corners[0])
    bottom = corners[3] + u * (corners[2] - corners[3])
    return top + v * (bottom - top)


def along(picture, start, end):
    """Nine pixels from one point of a photo to another, or None where they leave it."""
    points = np.floor(np.linspace(start, end, 9)).astype(int)
    if np.any(points < 0) or np.any(points >= picture.size):
        return None
    return np.asarray(picture)[points[:, 1], points[:, 0]].astype(float)


def lit_in(picture, corners, label):
    """Which segments of a frame are unlike the digit's holes, and in which colour, or None.

    A label's own segments tell only which colour "lit" has in this photo.
    """
    ends = [*CROSSINGS.values(), *((hole, hole) for hole in HOLES)]
    lines = [along(picture, inside(corners, *a), inside(corners, *b)) for a, b in ends]
    if any(line is None for line in lines):
        return None
    hole = np.mean(lines[7:], axis=(0, 1))
    unlike = dict(zip(CROSSINGS, [line - hole for line in lines[:7]], strict=True))
    known = np.concatenate([unlike[name] for name in PICTURES[label][-1]])
    colour = known[np.abs(known).sum(axis=1).argmax()]
    colour = colour / max(1e-9, np.linalg.norm(colour))
    level = {name: float((line @ colour).max()) for name, line in unlike.items()}
    most = np.median([level[name] for name in PICTURES[label][-1]])
    return "".join(n for n in sorted(level) if level[n] > 0.55 * most), hole, colour, most


def readings(photos, moved=(0.0, 0.0)):
    """Whether each digit with holes reads as its label where its frame says, moved by a share."""
    read = []
    for photo in photos:
        for glyph in photo.glyphs:
            if glyph.label not in PICTURES:
                continue
            edges = np.stack(
                [glyph.corners[1] - glyph.corners[0], glyph.corners[3] - glyph.corners[0]]
            )
            found = lit_in(photo.picture, glyph.corners + moved @ edges, glyph.label)
            if found is not None:
                read.append(found[0] in PICTURES[glyph.label])
    return np.array(read)


def test_the_same_arguments_draw_the_same_photo():
    """Seed, index and kinds settle every pixel and every corner; another index does not."""
    first, again, other = (draw_workplace(3, index) for index in (5, 5, 6))
    assert first.picture.tobytes() == again.picture.tobytes()
    assert first.kind == again.kind
    assert len(first.glyphs) == len(again.glyphs)
    for one, two in zip(first.glyphs, again.glyphs, strict=True):
        assert np.array_equal(one.corners, two.corners)
        assert (one.label, one.display, one.column) == (two.label, two.display, two.column)
    assert first.picture.tobytes() != other.picture.tobytes()


def test_digits_read_as_labelled_where_their_corners_say(photos):
    """Nearly every digit decodes, in the photo's pixels, to its label."""
    read = readings(photos)
    assert len(read) > 200
    assert read.mean() > 0.95


@pytest.mark.parametrize("moved", [(0.35, 0.0), (-0.35, 0.0), (0.0, 0.2), (0.0, -0.2)])
def test_frames_are_tight(photos, moved):
    """A frame moved aside by a third of its width, or a fifth of its height, reads wrongly."""
    assert readings(photos, np.array(moved)).mean() < 0.35


def test_a_one_is_framed_by_its_bars(photos):
    """A 1 is narrower than half its height, and lit in the middle of its frame's halves."""
    ones = [(p.picture, g.corners) for p in photos for g in p.glyphs if g.label == "1"]
    slim = [np.hypot(*(c[1] - c[0])) < 0.5 * np.hypot(*(c[3] - c[0])) for _, c in ones]
    assert len(ones) > 20
    assert all(slim)
    seen = []
    for picture, corners in ones:
        line = along(picture, inside(corners, 0.5, 0.25), inside(corners, -1.5, 0.25))
        if line is not None:
            seen.append(np.ptp(line, axis=0).max() > 15)
    assert np.mean(seen) > 0.9


def test_points_shine_where_they_are_told_of(photos):
    """Between two digits there is light at the foot if, and mostly only if, a point is named."""
    lit = {".": [], "": []}
    for photo in photos:
        for glyph, right in pairwise(photo.glyphs):
            beside = (glyph.display, glyph.column + 1) == (right.display, right.column)
            if not beside or glyph.after not in lit or glyph.label not in PICTURES:
                continue
            found = lit_in(photo.picture, glyph.corners, glyph.label)
            gap = [inside(c, u, 0.94) for c, u in ((glyph.corners, 1), (right.corners, 0))]
            start, end = (gap[0] + t * (gap[1] - gap[0]) for t in (0.25, 0.7))
            line = along(photo.picture, start, end)
            if found is not None and line is not None:
                _, hole, colour, most = found
                lit[glyph.after].append(float(((line - hole) @ colour).max()) > 0.5 * most)
    assert len(lit["."]) > 20
    assert np.mean(lit["."]) > 0.8
    assert np.mean(lit[""]) < 0.3


def test_labels_are_digits_in_their_order(photos):
    """Every label is a digit or "-", and a display's columns rise from left to right."""
    for photo in photos:
        assert {g.label for g in photo.glyphs} <= set("0123456789-")
        assert {g.after for g in photo.glyphs} <= {"", ".", ":"}
        for left, right in pairwise(photo.glyphs):
            assert left.display <= right.display
            if left.display == right.display:
                assert left.column < right.column
                along_row = left.corners[1] - left.corners[0]
                assert (right.corners - left.corners).mean(axis=0) @ along_row > 0
    assert {g.label for p in photos for g in p.glyphs} == set("0123456789-")
    assert {g.after for p in photos for g in p.glyphs} == {"", ".", ":"}
    assert len({g.display for p in photos for g in p.glyphs}) > 2


def test_no_half_digits_are_labelled(photos):
    """At least 55 % of every frame lies in the photo, although displays are cut at times."""
    shares = []
    for photo in photos:
        wide, high = photo.picture.size
        for glyph in photo.glyphs:
            sheet = Image.new("1", (3 * wide, 3 * high))
            frame = [(x + wide, y + high) for x, y in glyph.corners]
            ImageDraw.Draw(sheet).polygon(frame, fill=1)
            whole = np.asarray(sheet)
            shares.append(whole[high : 2 * high, wide : 2 * wide].sum() / whole.sum())
    assert min(shares) > 0.55
    assert np.mean(np.array(shares) < 0.98) > 0.001


def test_some_photos_show_no_lit_display(photos):
    """An instrument is off, or away, in a few photos in a hundred."""
    empty = sum(not photo.glyphs for photo in photos)
    assert 1 <= empty <= 9


def test_every_kind_is_drawn(photos):
    """All kinds come up by themselves, and each when it is asked for."""
    assert {photo.kind for photo in photos} == set(KINDS)
    for index, kind in enumerate(KINDS):
        assert draw_workplace(SEED, index, (kind,)).kind == kind


def test_photos_vary_in_size_colour_and_scale(photos):
    """Portrait and landscape, grey and coloured, digits small and large."""
    sizes = {photo.picture.size for photo in photos}
    assert any(w > h for w, h in sizes)
    assert any(w < h for w, h in sizes)
    assert all(200 <= side <= 640 for size in sizes for side in size)
    assert all(photo.picture.mode == "RGB" for photo in photos)
    spread = [np.ptp(np.asarray(photo.picture).astype(int), axis=2).max() for photo in photos]
    assert 1 <= sum(s == 0 for s in spread) < len(photos) / 3
    shares = [
        np.hypot(*(g.corners[3] - g.corners[0])) / p.picture.height
        for p in photos
        for g in p.glyphs
        if g.label != "-"
    ]
    assert min(shares) < 0.07
    assert max(shares) > 0.35
