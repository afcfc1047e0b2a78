"""Train the digit classifier on digits cut from drawn photos.

base/photos, base/glyphs.csv, base/params.yaml, params.yaml -> base/made/digits.pt
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from base.glyphs import GLYPHS, MADE, BaseParams, GlyphRow, load_base_params, load_drawn
from pipeline.contracts import LISTS
from pipeline.images.cutting import cut
from pipeline.images.digits import CLASSES
from pipeline.learning.checkpoint import Checkpoint, save_checkpoint
from pipeline.learning.digit_reader import ChannelNorm, DigitReader
from pipeline.learning.hardware import Hardware, prepare_hardware
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import build
from pipeline.learning.run import Run
from pipeline.params import Params, load_params
from pipeline.reading.geometry import edges, upright
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.files import md5

log = logging.getLogger(__name__)


def main() -> None:
    """Load the drawn digits, train on them as `train` does on a plant's, save the classifier."""
    parse_no_options("train", __doc__)
    params, base = load_params(), load_base_params()
    hardware = prepare_hardware(params.train, params.machine)
    images, labels = load_digits(params)
    save_checkpoint(MADE / "digits.pt", train_digits(images, labels, params, base, hardware))


def load_digits(params: Params) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """The digits of the drawn photos of training as they are cut, and their labels."""
    images, labels = [], []
    for _, photo, rows in load_drawn("train"):
        for row in rows:
            if row.label in CLASSES:
                images.append(cut_digit(photo, row, params))
                labels.append(row.label)
    return images, labels


def cut_digit(photo: Image.Image, row: GlyphRow, params: Params) -> NDArray[np.uint8]:
    """A digit as the crop stage would cut it: the upright box round its frame, and a margin."""
    frame = np.array([row.x, row.y, row.width, row.height])
    box = edges(upright(frame, row.angle))
    box = box._replace(xmin=max(box.xmin, 0), ymin=max(box.ymin, 0))
    side = params.train.input_size
    digit = cut(photo, box, params.crop.margin).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(digit)


def train_digits(
    images: list[NDArray[np.uint8]], labels: list[str], params: Params, base: BaseParams,
    hardware: Hardware,
) -> Checkpoint:  # fmt: skip
    """The classifier, and what it was trained with and on."""
    own = {"epochs": base.digits_epochs, "enough_steps": None, "init": None}
    its = params.train.model_copy(update=own)
    array = torch.from_numpy(np.stack(images))
    classes = torch.tensor([CLASSES.index(label) for label in labels])
    unit = array.double().div_(255).flatten(0, 2)
    mean, std = unit.mean(0).tolist(), unit.std(0).tolist()
    reader = DigitReader(build(its.model, len(CLASSES), its.seed), ChannelNorm(mean, std))
    training = Digits(hardware.keep(array), classes.to(hardware.device))
    for epoch in train(reader, training, training.subset(torch.arange(len(classes)) % 20 == 0),
                       Run(its, hardware)):  # fmt: skip
        log.info("epoch %d: %.4f", epoch.epoch, epoch.train_accuracy)
    drawn = md5(GLYPHS.path.read_bytes())
    return Checkpoint(
        model=its.model,
        classes=list(CLASSES),
        input_size=its.input_size,
        mean=mean,
        std=std,
        params={"crop": params.crop.model_dump(), "train": its.model_dump()},
        lists_md5=dict.fromkeys(LISTS, drawn),
        state={name: v.cpu().contiguous() for name, v in reader.network.state_dict().items()},
    )


if __name__ == "__main__":
    run(main)
