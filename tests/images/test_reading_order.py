"""Reading order: rows from the top, each from the left, as a person reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.images.box import Box
from pipeline.images.reading_order import reading_order

TILTED = [Box(30 * i, 9 * i, 30 * i + 20, 9 * i + 40) for i in range(8)]


def line(top, count, height=40):
    return [Box(30 * i, top, 30 * i + 20, top + height) for i in range(count)]


boxes_strategy = st.lists(
    st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(2, 60), st.integers(2, 60)).map(
        lambda b: Box(b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    max_size=8,
    unique=True,
)


@pytest.mark.parametrize(
    ("boxes", "places"),
    [
        pytest.param([], [], id="none"),
        pytest.param(line(0, 1), [(0, 0)], id="one"),
        pytest.param(line(0, 3), [(0, 0), (0, 1), (0, 2)], id="a row"),
        pytest.param(
            line(50, 2) + line(0, 2), [(1, 0), (1, 1), (0, 0), (0, 1)], id="the lower row first"
        ),
        pytest.param(
            line(0, 2) + line(30, 2), [(0, 0), (0, 1), (1, 0), (1, 1)], id="rows that touch"
        ),
        pytest.param(
            [Box(0, 0, 20, 40), Box(30, 20, 42, 40)], [(0, 0), (0, 1)], id="a small last digit"
        ),
        pytest.param(TILTED, [(0, i) for i in range(8)], id="tilted down"),
        pytest.param(
            [box._replace(ymin=200 - box.ymax, ymax=200 - box.ymin) for box in TILTED],
            [(0, i) for i in range(8)],
            id="tilted up",
        ),
        pytest.param(
            TILTED + [box._replace(ymin=box.ymin + 50, ymax=box.ymax + 50) for box in TILTED],
            [(row, i) for row in range(2) for i in range(8)],
            id="two tilted rows",
        ),
        pytest.param(
            [Box(0, 0, 20, 40), Box(12, 2, 32, 42)], [(0, 0), (0, 1)], id="boxes that overlap"
        ),
    ],
)
def test_rows_from_the_top_each_from_the_left(boxes, places):
    """Such are the layouts that scales and meters show."""
    assert reading_order(boxes) == places


@given(boxes=boxes_strategy)
def test_places_fill_rows_without_gaps(boxes):
    """Rows and columns count from 0, and each place is taken once."""
    places = sorted(reading_order(boxes))
    rows = sorted({row for row, _ in places})
    assert rows == list(range(len(rows)))
    for row in rows:
        columns = [column for its_row, column in places if its_row == row]
        assert columns == list(range(len(columns)))


@given(boxes=boxes_strategy)
def test_columns_run_from_left_to_right(boxes):
    """Within a row, middles never go back."""
    middles = {}
    for box, place in zip(boxes, reading_order(boxes), strict=True):
        middles[place] = box.xmin + box.xmax
    for (row, column), middle in middles.items():
        assert middle <= middles.get((row, column + 1), middle)


@given(data=st.data(), boxes=boxes_strategy)
def test_the_order_in_the_file_does_not_matter(data, boxes):
    """Whoever drew the boxes in whatever order, a digit's place is the same."""
    shuffled = data.draw(st.permutations(boxes))
    assert dict(zip(boxes, reading_order(boxes), strict=True)) == dict(
        zip(shuffled, reading_order(shuffled), strict=True)
    )
