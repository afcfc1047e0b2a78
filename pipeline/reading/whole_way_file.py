"""What the exported whole way is made of, what it says of itself, and whether it sees as torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.contracts import LOCATOR
from pipeline.learning.checkpoint import Checkpoint
from pipeline.reading.confidence import Calibration
from pipeline.reading.locator_file import load_locator
from pipeline.reading.model_files import find_models
from pipeline.reading.network import SIGNS
from pipeline.reading.whole_way import Digits, WholeWay
from pipeline.runtime.errors import UserError

# A digit that is less sure may be seen by one and not by the other, so near is it to be left out.
_SURE = 0.3
# Both compute in fp32, in another order: on 44 drawn photos, confidences were at most 0.00001
# apart. A thousand times as much is still nothing to whoever reads the digits.
_PIXELS, _CONFIDENCE = 1.0, 0.01


@dataclass(frozen=True)
class Agreement:
    """How many sure digits were seen on photos, and the most that their confidences differ."""

    digits: int
    apart: float


def load_whole_way(checkpoint: Checkpoint) -> tuple[WholeWay, dict[str, str]]:
    """The whole way with a digit classifier and today's locator, else the first day's.

    Beside it, what the file is to say of itself. Raises `UserError` where the locator is missing or
    damaged.
    """
    paths = find_models(LOCATOR.parent)
    file, calibration = load_locator(paths.locator), Calibration.load(paths.calibration)
    locator, marks = file.networks()
    margin = checkpoint.params["crop"]["margin"]
    whole = WholeWay(
        locator, marks, checkpoint.reader(), checkpoint.classes, checkpoint.input_size, margin
    )
    lists = {"digits": checkpoint.lists_md5, "locator": file.lists_md5}
    about = {f"{its}_{side}_list_md5": md5 for its, of in lists.items() for side, md5 in of.items()}
    return whole.eval(), about | {
        "displays": str(file.displays),
        "model": checkpoint.model,
        "signs": ",".join(SIGNS),
        "version": "1",
        **{name: str(value) for name, value in vars(calibration).items()},
    }


def check_whole_way(
    model: bytes, whole: WholeWay, photos: Sequence[NDArray[np.uint8]]
) -> Agreement:
    """How onnxruntime's digits and torch's (fp32) agree on upright RGB photos (height, width, 3).

    Raises `UserError` where a digit that either is sure of is not the other's.
    """
    import onnxruntime  # noqa: PLC0415 - an extra, for those who export

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    digits, differing, apart = 0, 0, 0.0
    for photo in photos:
        expected = see(whole, photo)
        found = Digits(*session.run(list(Digits._fields), {"photo": photo}))
        gaps = np.concatenate([_gaps(expected, found), _gaps(found, expected)])
        digits += len(gaps)
        differing += int((~(gaps <= _CONFIDENCE)).sum())
        apart = max(apart, float(gaps.max(initial=0.0)))
    if differing:
        raise UserError(
            "onnxruntime sees {differing} of {count} digits on {photos} validation photos "
            "otherwise than torch: nothing was written; try other versions of torch, onnxscript or "
            "onnxruntime",
            differing=differing, count=digits, photos=len(photos),
        )  # fmt: skip
    return Agreement(digits // 2, apart)


@torch.inference_mode()
def see(whole: WholeWay, photo: NDArray[np.uint8]) -> Digits:
    """What torch sees on an upright RGB photo (height, width, 3), as arrays."""
    return Digits(*(part.numpy() for part in whole(torch.from_numpy(photo))))


def _gaps(ones: Digits, others: Digits) -> NDArray[np.float64]:
    """How far each sure digit's confidence is from the other's in its place; infinite: none is."""
    sure = ones.confidences >= _SURE
    boxes, digits, confidences, points = (part[sure] for part in ones)
    beside = np.abs(boxes[:, None] - others.boxes).max(axis=2, initial=0)
    same = (beside <= _PIXELS) & (digits[:, None] == others.digits)
    apart = np.maximum(
        np.abs(confidences[:, None] - others.confidences), np.abs(points[:, None] - others.points)
    )
    return np.asarray(np.where(same, apart, np.inf).min(axis=1, initial=np.inf))
