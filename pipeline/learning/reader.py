"""A trained model put to use: digit images in, labels and confidences out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.learning.checkpoint import Checkpoint
from pipeline.learning.hardware import Hardware
from pipeline.learning.inputs import Normalisation
from pipeline.learning.loop import predict


def read(
    checkpoint: Checkpoint, images: NDArray[np.uint8], hardware: Hardware
) -> tuple[list[str], NDArray[np.float64]]:
    """Read digit images (n, side, side, 3) of the checkpoint's input size.

    Returns the label of each and the model's confidence in it, 0..1, to six decimals.
    """
    network = hardware.place(checkpoint.network())
    normalise = Normalisation.of(checkpoint.mean, checkpoint.std, hardware.device)
    logits = predict(network, torch.from_numpy(images), normalise, hardware)
    confidence, answers = logits.softmax(1).max(1)
    labels = [checkpoint.classes[answer] for answer in answers.tolist()]
    return labels, confidence.cpu().double().round(decimals=6).numpy()
