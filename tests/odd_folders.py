"""Folders of small photos and XML, of which anything may be wrong, as hypothesis draws them."""

from __future__ import annotations

from helpers import jpeg
from hypothesis import strategies as st
from PIL import Image

ODD_LABELS = ["0", "7", " 7", "\uff17", "seven", "10", ".", "", "NaN", "kWh", "a,b", '"', "숫자"]
ODD_NUMBERS = st.one_of(
    st.integers(-20, 70).map(str),
    st.floats(-20, 70).map(str),
    st.sampled_from(["", "nan", "-inf", "7e400", "1e300", "x", "-0"]),
)
ODD_XML = st.fixed_dictionaries(
    {
        "objects": st.lists(
            st.tuples(st.sampled_from(ODD_LABELS), st.tuples(*[ODD_NUMBERS] * 4)), max_size=5
        ),
        "filename": st.sampled_from(["a.jpg", "B.JPG", "c", "", r"C:\d\a.jpg", "d<&.jpg"]),
        "size": st.sampled_from([(48, 32), (32, 48), (0, 0), ("", "")]),
    }
)
SMALL = Image.radial_gradient("L").resize((48, 32)).convert("RGB")
ODD_PHOTOS = st.sampled_from(
    [
        jpeg(SMALL),
        jpeg(SMALL, orientation=6),
        jpeg(SMALL, orientation=3),
        jpeg(SMALL)[:-9],
        b"",
        b"7",
    ]
)
FOLDERS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["a.xml", "b.xml", "x/a.xml", "e.XML"], ODD_XML),
        **dict.fromkeys(["a.jpg", "B.jpg", "x/c.png", "a.png", "notes.txt"], ODD_PHOTOS),
    },
).filter(bool)
