"""How a display looks, far beyond what makers build: LED, fluorescent tube or liquid crystal."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from pipeline.drawing.look import Radiance, Rgb, exposed, random_look

_EMISSIONS = {
    "red": (1.0, 0.06, 0.06),
    "dark red": (0.6, 0.02, 0.03),
    "pink red": (1.0, 0.12, 0.2),
    "orange": (1.0, 0.35, 0.03),
    "yellow": (1.0, 0.8, 0.08),
    "green": (0.12, 1.0, 0.2),
    "cyan": (0.15, 0.95, 0.85),
    "blue": (0.12, 0.35, 1.0),
    "white": (0.9, 1.0, 1.05),
}
_EMISSION_SHARES = (0.36, 0.06, 0.08, 0.1, 0.06, 0.12, 0.05, 0.07, 0.10)
_BACKLIGHTS = (
    (80, 255, 60), (30, 220, 120), (255, 160, 20), (255, 190, 60), (120, 160, 255),
    (70, 110, 230), (160, 172, 150), (190, 200, 180), (130, 140, 120), (225, 230, 235),
    (200, 215, 90), (90, 130, 100), (170, 180, 190),
)  # fmt: skip


@dataclass(frozen=True)
class Shine:
    """A display's colours: lit segments add `emission` to the light, or lay `ink` on the panel."""

    kind: str
    panel: Rgb
    unlit: Rgb
    ghosts: float  # how far unlit segments are seen, 0..1
    emission: tuple[float, float, float] | None  # radiance of a segment; 1 nearly saturates
    haze: float  # share of a segment's light that scatters round it
    ink: Rgb
    density: float  # how far ink hides the panel, 0..1
    shadow: float  # how far the segments' shadow on the glass's back darkens it, 0..1


def random_shine(kind: str, rng: np.random.Generator) -> Shine:
    """Draw the colours of an "led", a "vfd" or an "lcd"."""
    if kind == "lcd":
        return _crystal(rng)
    if kind == "vfd":
        return _tube(rng)
    if rng.random() < 0.2:
        return _from_look(rng)
    return _diodes(rng)


def _diodes(rng: np.random.Generator) -> Shine:
    name = str(rng.choice(list(_EMISSIONS), p=_EMISSION_SHARES))
    emission = np.array(_EMISSIONS[name]) * rng.uniform(0.75, 1.3, 3)
    face = rng.choice(["black", "grey", "tinted"], p=[0.45, 0.25, 0.3])
    level = rng.lognormal(np.log({"black": 0.02, "grey": 0.14, "tinted": 0.12}[str(face)]), 0.7)
    tint = emission if face == "tinted" else rng.uniform(0.6, 1.2, 3)
    panel = np.clip(tint * level, 0, 0.9)
    pale = panel * rng.uniform(0.9, 1.5) + rng.uniform(0.0, 0.18) * rng.uniform(0.4, 1.0, 3)
    strength = rng.lognormal(np.log(2.5), 1.1) + 3.5 * max(panel.max(), pale.max()) + 0.35
    ghosts = float(rng.choice([0.0, rng.uniform(0, 1)]))
    return _lit("led", panel, pale, ghosts, emission * strength, _haze(rng))


def _tube(rng: np.random.Generator) -> Shine:
    emission = np.array((0.25, 1.0, 0.75)) * rng.uniform(0.7, 1.3, 3)
    panel = rng.uniform(0.005, 0.08) * rng.uniform(0.5, 1.0, 3)
    return _lit("vfd", panel, panel * 1.6, 0.5, emission * rng.uniform(0.6, 4), _haze(rng))


def _from_look(rng: np.random.Generator) -> Shine:
    """The scale's own looks: mostly a glowing red filter."""
    look = random_look(rng)
    if look.darkens:
        return _crystal(rng)
    return Shine("led", look.panel, look.unlit, 1.0, look.lit, look.haze, look.unlit, 0.0, 0.0)


def _lit(
    kind: str, panel: Radiance, pale: Radiance, ghosts: float, light: Radiance, haze: float
) -> Shine:
    red, green, blue = (float(x) for x in light)
    face, unlit = exposed(panel), exposed(pale)
    return Shine(kind, face, unlit, ghosts, (red, green, blue), haze, unlit, 0.0, 0.0)


def _haze(rng: np.random.Generator) -> float:
    return float(min(0.25, rng.lognormal(np.log(0.025), 0.9)))


def _crystal(rng: np.random.Generator) -> Shine:
    """Dark on a lit or plain panel; one in seven light on dark; contrast low at times."""
    panel = np.array(_BACKLIGHTS[rng.integers(len(_BACKLIGHTS))], float)
    if rng.random() < 0.25:
        panel = 255 * np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, 0.95), 1))
    panel = np.clip(panel * rng.uniform(0.5, 1.15), 0, 255)
    ink = panel * rng.uniform(0.02, 0.3, 3) + rng.uniform(0, 22)
    if rng.random() < 0.14:
        panel, ink = panel * rng.uniform(0.05, 0.35), 120 + rng.uniform(0.3, 0.53) * panel
    density = float(rng.uniform(0.75, 1.0) if rng.random() < 0.75 else rng.uniform(0.4, 0.75))
    ghosts = float(rng.choice([0.0, rng.uniform(0.0, 0.12)]))
    shadow = float(rng.choice([0.0, rng.uniform(0.05, 0.3)]))
    if np.abs(panel - ink).max() * density < 70:
        ink, density = panel * 0.1 if panel.max() > 90 else panel + 120, 0.9
    paper, tone = _rgb(panel), _rgb(ink)
    return Shine("lcd", paper, tone, ghosts, None, 0.0, tone, density, shadow)


def _rgb(colour: Radiance) -> Rgb:
    red, green, blue = (int(x) for x in np.clip(colour, 0, 255))
    return red, green, blue
