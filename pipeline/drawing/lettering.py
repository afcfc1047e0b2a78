"""Printed text: typefaces that matplotlib and Pillow bring, and what plates and labels say."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

_FACES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-Bold",
    "DejaVuSerif", "DejaVuSerif-Bold", "STIXGeneral", "STIXGeneralBol", "cmr10", "cmss10",
    "cmtt10", "cmb10", "",
)  # fmt: skip
_WORDS = (
    "PROPERTY OF", "ENERGY METER", "DIGITAL TIMER", "COUNTER", "STATIC", "CLASS", "TEMP", "SET",
    "HOLD", "MAX", "MIN", "CAUTION", "DANGER", "INSULATION TESTER", "CAT III", "POWER", "START",
    "STOP", "RESET", "MODE", "LIMIT", "ALARM", "OUT1", "OUT2", "AT", "RUN", "MADE IN KOREA",
    "Type", "Model", "Serial No.", "Guarantee period", "Battery", "EARTH", "LINE", "TEST",
    "Quad Display", "PRESSURE", "FLOW", "SPEED", "rpm", "imp/kWh", "AC VOLT", "CURRENT", "PV", "SV",
)  # fmt: skip
UNITS = (
    "kWh", "kW h", "V", "A", "mA", "MΩ", "kΩ", "°C", "%", "Hz", "kg", "g", "bar", "rpm", "min",
    "sec", "s", "h", "AM", "PM", "CUM", "OK", "▲", "▼", "◄", "►", "MAX", "HOLD", "AC", "DC", "T",
    "kPa", "L1", "L2", "GΩ", "TEST", "⚡", "∞", "■", "●",
)  # fmt: skip


def random_face(rng: np.random.Generator) -> str:
    """Choose a typeface by name."""
    return str(rng.choice(_FACES))


@lru_cache(maxsize=256)
def typeface(name: str, pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Load a typeface at a size in pixels; the empty name is Pillow's own."""
    if not name:
        return ImageFont.load_default(size=pixels)
    return ImageFont.truetype(str(_folder() / f"{name}.ttf"), pixels)


def random_wording(rng: np.random.Generator) -> str:
    """Write what a label or plate says: words, or a number of some kind."""
    kind = rng.random()
    if kind < 0.4:
        return str(rng.choice(_WORDS))
    if kind < 0.6:
        return f"{rng.choice(_WORDS)} {random_number(rng)}"
    if kind < 0.9:
        return random_number(rng)
    return "".join(rng.choice(list("ABCDEFGHKLMNPRSTUVWXYZ"), int(rng.integers(1, 6))))


def random_number(rng: np.random.Generator) -> str:
    """Write a printed number: a serial number, a date, a rating, a scale mark."""
    count = int(rng.integers(1, 10))
    digits = "".join(str(d) for d in rng.integers(0, 10, count))
    form = rng.integers(7)
    year, month, day = rng.integers(1998, 2027), rng.integers(1, 13), rng.integers(1, 29)
    return {
        0: digits,
        1: f"S/N {digits}",
        2: f"{year}.{month:02d}.{day:02d}",
        3: f"{rng.choice([110, 220, 230, 240, 380])}V {rng.integers(5, 60)}A 50/60Hz",
        4: f"{rng.integers(0, 100)}",
        5: f"{rng.uniform(0, 1000):.{rng.integers(0, 3)}f}",
        6: f"{rng.choice(list('ABCDKMX'))}{rng.integers(1, 99)}-{digits}",
    }[int(form)]


def random_stamp(rng: np.random.Generator) -> str:
    """Write a camera's time stamp."""
    year, month, day = rng.integers(1998, 2027), rng.integers(1, 13), rng.integers(1, 29)
    hour, minute, second = rng.integers(0, 24), rng.integers(0, 60), rng.integers(0, 60)
    separator = str(rng.choice(list("/.-")))
    date = separator.join((f"{year}", f"{month:02d}", f"{day:02d}"))
    forms = (
        date,
        f"{date} {hour:02d}:{minute:02d}",
        f"{date}  {hour:02d}:{minute:02d}:{second:02d}",
        f"'{year % 100:02d} {month:2d} {day:2d}",
        f"{day:02d}/{month:02d}/{year} {hour:02d}:{minute:02d}",
    )
    return str(rng.choice(forms))


@lru_cache(maxsize=1)
def _folder() -> Path:
    found = importlib.util.find_spec("matplotlib")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
