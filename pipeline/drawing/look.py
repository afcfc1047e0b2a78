"""The colours of a display as a phone's sensor sees them: LED, filter, panel, LCD backlight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rgb = tuple[int, int, int]
Radiance = npt.NDArray[np.float64]

_KINDS = ("red", "amber", "green", "white", "blue", "lcd")
_SHARES = (0.865, 0.02, 0.02, 0.03, 0.015, 0.05)
_EMISSION = {
    "red": (1.0, 0.10, 0.125),
    "amber": (1.0, 0.42, 0.05),
    "green": (0.16, 1.0, 0.22),
    "white": (0.95, 1.0, 1.05),
    "blue": (0.25, 0.55, 1.0),
}
_BACKLIGHT = ((0.15, 0.9, 0.25), (1.0, 0.45, 0.05), (0.45, 0.5, 0.36), (0.4, 0.55, 0.9))


@dataclass(frozen=True)
class Look:
    """How a display shines: `lit` is added to (or, on an LCD, taken from) the panel's light."""

    kind: str
    panel: Rgb
    unlit: Rgb
    lit: tuple[float, float, float]  # radiance of a segment at full level; 1 nearly saturates
    darkens: bool  # an LCD: the segments block the panel's light instead
    haze: float  # share of a segment's light that the filter scatters around it

    def shows_unlit(self) -> bool:
        """Tell whether the unlit segments stand out, so that a blank cell is seen as an 8."""
        return max(abs(a - b) for a, b in zip(self.panel, self.unlit, strict=True)) > 24


def random_look(rng: np.random.Generator) -> Look:
    """Draw a display's colours: mostly red LEDs behind an over-exposed red filter."""
    kind = _KINDS[rng.choice(len(_KINDS), p=_SHARES)]
    if kind == "lcd":
        return _lcd(rng)
    emission = np.array(_EMISSION[kind]) * rng.uniform(0.8, 1.25, 3)
    filtered = kind == "red" and rng.random() < 0.93
    panel = _red_filter(rng) if filtered else _bare_module(emission, rng)
    unlit = panel * rng.uniform(0.8, 1.25)
    if not filtered or rng.random() < 0.45:  # pale segments that the room's light shows
        unlit = panel + rng.uniform(0.02, 0.30) * (0.3 * emission + rng.uniform(0.1, 0.7))
    red, green, blue = (float(x) for x in emission * rng.lognormal(np.log(11.0), 0.5))
    haze = float(rng.uniform(0.01, 0.07))
    return Look(kind, exposed(panel), exposed(unlit), (red, green, blue), False, haze)


def _red_filter(rng: np.random.Generator) -> Radiance:
    """The filter's own glow, from dark red to over-exposed pink."""
    tint = np.array([1.0, rng.uniform(0.008, 0.05), rng.uniform(0.04, 0.15)])
    return np.asarray(tint * rng.lognormal(np.log(1.25), 0.65))


def _bare_module(emission: Radiance, rng: np.random.Generator) -> Radiance:
    """A module's dark face without a filter."""
    return np.asarray((emission + rng.uniform(0.2, 2.0)) * rng.lognormal(np.log(0.05), 0.5))


def exposed(radiance: Radiance) -> Rgb:
    """Turn a radiance (3,) into the 8-bit sRGB-like value that a saturating sensor gives it."""
    value = (1 - np.exp(-np.clip(radiance, 0, None))) ** (1 / 2.2)
    red, green, blue = (round(255 * float(channel)) for channel in value)
    return red, green, blue


def shaded(colour: Rgb, factor: float) -> Rgb:
    """Darken (factor below 1) or lighten a colour."""
    red, green, blue = (min(255, round(channel * factor)) for channel in colour)
    return red, green, blue


def _lcd(rng: np.random.Generator) -> Look:
    backlight = np.array(_BACKLIGHT[rng.integers(len(_BACKLIGHT))])
    panel = backlight * rng.lognormal(np.log(1.2), 0.5)
    depth = float(rng.uniform(0.7, 0.95))
    unlit = panel * rng.uniform(0.88, 1.0)
    return Look("lcd", exposed(panel), exposed(unlit), (depth, depth, depth), True, 0.0)
