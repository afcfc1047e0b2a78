"""A phone's camera: defocus, shake, glow, exposure, noise, JPEG and EXIF."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from pipeline.drawing.look import Look
from pipeline.drawing.scene import Scene

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]

STEPS = 4096
BRIGHTEST = 6.0  # radiance from which the sensor is white
_ORIENTATION_TAG, _MAKE_TAG, _MODEL_TAG, _DATE_TAG = 0x0112, 0x010F, 0x0110, 0x0132
_RAW_FRAME = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Shot:
    """How a photo was taken: blurs in pixels, exposure as a factor of the light."""

    defocus: float
    shake: float
    direction: float
    exposure: float
    noise: float
    quality: int
    orientation: int


def random_shot(rng: np.random.Generator) -> Shot:
    """Draw a shot: most are usable, some shaken or unsharp, one in a hundred beyond reading."""
    shake = float(rng.exponential(2.8)) if rng.random() < 0.6 else 0.0
    defocus = float(0.3 + rng.gamma(1.6, 0.55))
    exposure = float(rng.lognormal(0.0, 0.3))
    if rng.random() < 0.01:
        spoilt = rng.integers(3)
        shake = float(rng.uniform(40, 80)) if spoilt == 0 else shake
        defocus = float(rng.uniform(12, 20)) if spoilt == 1 else defocus
        exposure = float(rng.uniform(12, 25)) if spoilt == 2 else exposure
    turned = rng.random() < 0.10
    return Shot(
        defocus=min(defocus, 5.0) if defocus < 12 else defocus,
        shake=min(shake, 16.0) if shake < 40 else shake,
        direction=float(rng.uniform(0, np.pi)),
        exposure=exposure,
        noise=float(rng.gamma(2.0, 1.2)),
        quality=int(rng.integers(42, 72)),
        orientation=int(rng.choice([3, 6, 8], p=[0.2, 0.5, 0.3])) if turned else 1,
    )


def expose(scene: Scene, look: Look, shot: Shot, rng: np.random.Generator) -> Image.Image:
    """Take an upright RGB photo of a scene.

    The segments' light adds to the surface's and saturates as a sensor does, so that bright red
    clips to pink and white: value = (1 - exp(-radiance)) ** (1 / 2.2).
    """
    seen = Image.merge("RGBA", [*scene.surface.split(), scene.light])
    seen = seen.filter(ImageFilter.GaussianBlur(shot.defocus))
    layers = shaken(np.asarray(seen), shot)
    light = layers[..., 3].astype(np.float32) / 255
    glow = light if look.darkens else light + halo(layers[..., 3], look.haze)
    radiance = radiance_table(shot.exposure)
    develop = develop_table()
    photo = np.empty((*light.shape, 3), np.float32)
    for channel, strength in enumerate(look.lit):
        linear = radiance[layers[..., channel]]
        if look.darkens:
            linear *= 1 - strength * glow
        else:
            linear += (strength * shot.exposure) * glow
        photo[..., channel] = develop[
            np.minimum(linear * (STEPS / BRIGHTEST), STEPS - 1).astype(np.int16)
        ]
    photo += noise(light.shape, shot.noise, rng)
    return Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8))


def encode(photo: Image.Image, shot: Shot, taken: datetime) -> bytes:
    """Save an upright photo as the JPEG a phone writes: raw frame, EXIF orientation and date."""
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = shot.orientation
    exif[_MAKE_TAG], exif[_MODEL_TAG] = "samsung", "SM-A325N"
    exif[_DATE_TAG] = taken.strftime("%Y:%m:%d %H:%M:%S")
    turn = _RAW_FRAME.get(shot.orientation)
    raw = photo if turn is None else photo.transpose(turn)
    file = io.BytesIO()
    raw.save(file, "JPEG", quality=shot.quality, exif=exif, subsampling=2)
    return file.getvalue()


def shaken(picture: Pixels, shot: Shot) -> Pixels:
    """Average the picture along the hand's straight path during the exposure."""
    steps = int(shot.shake) + 1
    if steps < 2:
        return picture
    path = np.linspace(-shot.shake / 2, shot.shake / 2, steps)
    margin = int(shot.shake / 2) + 2
    wide = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    height, width = picture.shape[:2]
    total = np.zeros(picture.shape, np.uint16)
    for offset in path:
        top = margin + round(offset * np.sin(shot.direction))
        left = margin + round(offset * np.cos(shot.direction))
        total += wide[top : top + height, left : left + width]
    return (total // steps).astype(np.uint8)


def halo(light: Pixels, haze: float) -> Plane:
    """Light scattered by filter and lens: a narrow and a wide blur of the segments."""
    height, width = light.shape
    small = Image.fromarray(light).reduce(4)
    narrow = small.filter(ImageFilter.GaussianBlur(width / 320))
    wide = small.filter(ImageFilter.GaussianBlur(width / 64))
    scattered = Image.blend(narrow, wide, 0.5).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scattered, dtype=np.float32) * np.float32(haze / 255)


def radiance_table(gain: float) -> Plane:
    """Radiance of each 8-bit value: the inverse of the sensor's curve, times the exposure."""
    value = np.arange(256) / 255
    radiance = -np.log(np.maximum(1 - value**2.2, 1e-3)) * gain
    return radiance.astype(np.float32)


def develop_table() -> Plane:
    """Value 0..255 of each of `STEPS` equal steps of radiance up to `BRIGHTEST`."""
    radiance = (np.arange(STEPS) + 0.5) * (BRIGHTEST / STEPS)
    return np.asarray(255 * (1 - np.exp(-radiance)) ** (1 / 2.2), dtype=np.float32)


def noise(shape: tuple[int, ...], level: float, rng: np.random.Generator) -> Plane:
    """Sensor noise (height, width, 3) in 8-bit steps: fine in brightness, coarse in colour.

    Drawn evenly rather than normally, which looks the same and is ten times faster.
    """
    height, width = shape
    unit = np.float32(level * np.sqrt(3) / 128)
    fine = rng.integers(-128, 128, (height, width, 1), dtype=np.int8) * unit
    blocks = ((height + 3) // 4, (width + 3) // 4, 3)
    coarse = rng.integers(-128, 128, blocks, dtype=np.int8) * (np.float32(0.4) * unit)
    spread: Plane = coarse.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]
    return spread + fine
