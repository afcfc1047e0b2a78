"""Digits judged by networks that were trained without their photos."""

from __future__ import annotations

import logging
from collections import deque

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline.images.digits import CLASSES
from pipeline.learning.digit_reader import DigitReader, predict
from pipeline.learning.inputs import Digits
from pipeline.learning.loop import train
from pipeline.learning.networks import build
from pipeline.learning.run import Run
from pipeline.messages import say

log = logging.getLogger(__name__)


def predict_out_of_fold(digits: Digits, folds: NDArray[np.int64], run: Run) -> NDArray[np.float64]:
    """Probabilities (n, 10) of each digit, by a network trained on the other folds.

    `folds` (n,) as `assign_folds` gives them. Each image is normalised by itself: its contrast,
    its brightness and a colour cast, of the photo as of `augment`, are gone.
    """
    probabilities = np.empty((len(digits), len(CLASSES)))
    numbers = np.unique(folds)
    for number in numbers:
        held_out = torch.from_numpy(folds == number)
        training, judged = (digits.subset(part) for part in (~held_out, held_out))
        network = build(run.params.model, len(CLASSES), run.params.seed)
        reader = DigitReader(network, nn.InstanceNorm2d(3))
        last = deque(train(reader, training, judged, run), maxlen=1)[0]
        logits = predict(reader, judged.images, run.hardware)
        probabilities[folds == number] = logits.double().softmax(1).cpu().numpy()
        log.info(
            say(
                "fold {number} of {count}: {digits} digits, {share} % read as they are labelled",
                number=number + 1, count=len(numbers), digits=len(judged),
                share=f"{100 * last.valid_accuracy:.2f}",
            )
        )  # fmt: skip
    return probabilities
