"""Digits judged by networks that were trained without their photos."""

from __future__ import annotations

import logging
from collections import deque

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.command import UserError
from pipeline.learning.hardware import Hardware
from pipeline.learning.inputs import Digits, Normalise
from pipeline.learning.loop import predict, train
from pipeline.learning.resnet import build
from pipeline.params import TrainParams

log = logging.getLogger(__name__)


def assign_folds(
    classes: NDArray[np.int64], groups: NDArray[np.int64], count: int, seed: int
) -> NDArray[np.int64]:
    """Deal digits out to `count` folds: each one's fold (n,), 0 to count - 1.

    A group stays together. Largest first, in an order drawn from `seed`, each goes to the fold that
    has the least of its classes, and of all digits. Raises `UserError` where there are fewer groups
    than folds.
    """
    names, index = np.unique(groups, return_inverse=True)
    if len(names) < count:
        raise UserError(
            f"audit.folds is {count}, but the digits come from {len(names)} photos (copies counted "
            "once): add photos, or lower audit.folds in params.yaml"
        )
    counts = np.zeros((len(names), classes.max() + 1))
    np.add.at(counts, (index, classes), 1)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    dealt = np.zeros((count, counts.shape[1]))
    fold_of = np.empty(len(names), dtype=np.int64)
    for group in order:
        fold = np.lexsort((dealt.sum(axis=1), dealt @ shares[group]))[0]
        fold_of[group] = fold
        dealt[fold] += counts[group]
    return fold_of[index]


def predict_out_of_fold(
    digits: Digits,
    folds: NDArray[np.int64],
    classes: int,
    normalise: Normalise,
    params: TrainParams,
    hardware: Hardware,
) -> NDArray[np.float64]:
    """Probabilities (n, classes) of each digit, by a network trained on the other folds.

    `folds` (n,) as `assign_folds` gives them.
    """
    probabilities = np.empty((len(digits), classes))
    numbers = np.unique(folds)
    for number in numbers:
        held_out = torch.from_numpy(folds == number)
        training, judged = (digits.subset(side) for side in (~held_out, held_out))
        torch.manual_seed(params.seed)
        network = build(params.model, classes)
        last = deque(train(network, training, judged, normalise, params, hardware), maxlen=1)[0]
        logits = predict(network, judged.images, normalise, hardware)
        probabilities[folds == number] = logits.double().softmax(1).cpu().numpy()
        log.info(
            "fold %d of %d: %d digits, %.2f %% read as they are labelled",
            number + 1, len(numbers), len(judged), 100 * last.valid_accuracy,
        )  # fmt: skip
    return probabilities
