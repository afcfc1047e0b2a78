"""Any camera's exposure of a scene with lights of several colours, and its file."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from pipeline.drawing.camera import (
    BRIGHTEST,
    STEPS,
    Shot,
    develop_table,
    halo,
    noise,
    radiance_table,
    shaken,
)
from pipeline.drawing.glass import Lit


@dataclass(frozen=True)
class Camera:
    """A camera: its shot, its white balance, whether it is grey, and how coarse its picture is."""

    shot: Shot
    balance: tuple[float, float, float]
    grey: bool
    shrunk: float  # the factor by which its picture was enlarged afterwards
    lossy: bool


def random_camera(smallest: float, rng: np.random.Generator) -> Camera:
    """Draw a camera whose blurs leave digits of `smallest` pixels' height readable."""
    most = 0.07 * smallest
    defocus = min(most, 0.2 + rng.gamma(1.3, 0.6))
    if rng.random() < 0.2:
        defocus = max(defocus, most * rng.uniform(0.4, 1.0))
    shake = min(rng.exponential(0.07), 0.15) * smallest if rng.random() < 0.35 else 0.0
    shot = Shot(
        defocus=float(defocus),
        shake=float(min(shake, 25)),
        direction=float(rng.uniform(0, np.pi)),
        exposure=float(rng.lognormal(0.3, 0.4)),
        noise=float(min(18, rng.gamma(1.0, 3.0))),
        quality=int(rng.integers(30, 91)),
        orientation=1,
    )
    cast = rng.lognormal(0, rng.choice([0.05, 0.25]), 3)
    red, green, blue = (float(x) for x in cast / cast.mean())
    shrunk = 1.0
    if rng.random() < 0.25:
        shrunk = float(np.clip(rng.uniform(1.2, 4), 1, max(1.0, smallest / 12)))
    if shrunk > 1.2:
        shot = replace(shot, defocus=min(shot.defocus, 0.03 * smallest), shake=shot.shake / 2)
    return Camera(shot, (red, green, blue), bool(rng.random() < 0.1), shrunk,
                  bool(rng.random() < 0.5))  # fmt: skip


def take(scene: Lit, camera: Camera, rng: np.random.Generator) -> Image.Image:
    """Take an upright RGB photo; light adds up and saturates as in `camera.expose`."""
    shot, lights = camera.shot, scene.lights
    bands = [scene.surface.convert("RGB"), *(light.mask for light in lights)]
    blur = ImageFilter.GaussianBlur(shot.defocus)
    layers = [np.atleast_3d(np.asarray(band.filter(blur))) for band in bands]
    stack = shaken(np.concatenate(layers, axis=2), shot)
    glows = [
        stack[..., 3 + i].astype(np.float32) / 255 + halo(stack[..., 3 + i], light.haze)
        for i, light in enumerate(lights)
    ]
    radiance, develop = radiance_table(shot.exposure), develop_table()
    photo = np.empty((*stack.shape[:2], 3), np.float32)
    for channel, gain in enumerate(camera.balance):
        linear = radiance[stack[..., channel]]
        for light, glow in zip(lights, glows, strict=True):
            linear += (light.emission[channel] * shot.exposure) * glow
        linear *= gain * STEPS / BRIGHTEST
        photo[..., channel] = develop[np.minimum(linear, STEPS - 1).astype(np.int16)]
    photo += noise(photo.shape[:2], shot.noise, rng)
    return Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8))


def filed(photo: Image.Image, camera: Camera) -> Image.Image:
    """Give a photo what its file leaves of it: coarse pixels, grey, JPEG's blocks."""
    size = photo.size
    if camera.shrunk > 1.0:
        small = (max(8, round(size[0] / camera.shrunk)), max(8, round(size[1] / camera.shrunk)))
        photo = photo.resize(small, Image.Resampling.BOX)
    if camera.grey:
        photo = photo.convert("L").convert("RGB")
    if camera.lossy:
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=camera.shot.quality, subsampling=2)
        photo = Image.open(file).convert("RGB")
    return photo if photo.size == size else photo.resize(size, Image.Resampling.BICUBIC)
