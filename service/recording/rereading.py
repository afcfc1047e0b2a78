"""A photo is read twice, the second time somewhat shifted and smaller: a chance hit differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pipeline.annotations.ledger import printable
from pipeline.images.perceptual_hash import perceptual_hash
from pipeline.images.photo import OpenedPhoto, UnreadablePhoto, reduction_to
from pipeline.learning.hardware import Hardware
from pipeline.params import ReadParams
from pipeline.reading.confidence import Calibration
from pipeline.reading.model_files import find_models
from pipeline.reading.reader import DECODED, Reader
from service.recording.crew import Read

# How much smaller the photo is the second time, and where it lies on its former size.
_SMALLER = 0.93
_PLACE = (0.7, 0.3)


class Rereader:
    """A reader that reads what it accepts a second time."""

    def __init__(self, folder: Path, params: ReadParams, hardware: Hardware) -> None:
        """Of the models in a folder; raises `UserError` as `Reader.load` does."""
        calibration = Calibration.load(find_models(folder).calibration)
        # The threshold is for whoever stores the reading: a promise may set another.
        self._reader = Reader.load(folder, params, hardware, replace(calibration, threshold=0.0))

    def read(self, content: bytes) -> Read:
        """What a photo shows; its name is left open."""
        try:
            opened = OpenedPhoto(content)
            size = (opened.header.width, opened.header.height)
            picture = opened.decode(reduction_to(max(size), DECODED))
        except UnreadablePhoto as error:
            return Read("", failure=printable(str(error)))
        readings = self._reader.read_picture(picture, size)
        # What is doubtful already needs no second reason.
        is_clear = any(its.verdict == "accepted" for its in readings)
        again = self._again(picture) if is_clear else ()
        return Read("", tuple(readings), tuple(again), size, perceptual_hash(np.asarray(picture)))

    def _again(self, picture: Image.Image) -> Sequence[str]:
        width, height = picture.size
        small = picture.resize((round(width * _SMALLER), round(height * _SMALLER)))
        left, top = (round((whole - part) * share) for whole, part, share in
                     zip(picture.size, small.size, _PLACE, strict=True))  # fmt: skip
        right, bottom = width - small.width - left, height - small.height - top
        ground = picture.resize((1, 1), Image.Resampling.BOX).tobytes()
        shifted = ImageOps.expand(
            small, (left, top, right, bottom), fill=(ground[0], ground[1], ground[2])
        )
        return self._reader.read_roughly(shifted)
