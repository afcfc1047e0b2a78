"""Read a display with reader.onnx: `python docs/read_onnx.py models/reader.onnx photo.jpg`."""

import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

Array, SURE = np.ndarray, 0.5  # a digit that is less sure is left out


def next_of(i: int, boxes: Array) -> int | None:
    """The digit next to the right of digit i, about as high and level with it; None at the end."""
    (x, y), height = (boxes[:, :2] + boxes[:, 2:]).T / 2, boxes[:, 3] - boxes[:, 1]
    apart, above, larger = x - x[i], np.abs(y - y[i]), np.maximum(height, height[i])
    fits = (np.minimum(height, height[i]) > 0.68 * larger) & (above < 0.7 * apart)
    fits &= (apart > 0.1 * larger) & (apart < 2.6 * larger) & (above < 0.75 * larger)
    return min(np.flatnonzero(fits), key=lambda j: apart[j] + 2 * above[j], default=None)


def text_of(boxes: Array, digits: Array, confidences: Array, points: Array) -> str:
    """The text of the row of digits whose confidences come to most; empty where there is none."""
    rest, rows = list(np.argsort(boxes[:, 0] + boxes[:, 2])), []  # from the left to the right
    while rest:
        row = [rest.pop(0)]
        while (following := next_of(row[-1], boxes)) in rest:
            rest.remove(following)
            row.append(following)
        rows.append(row)
    best = max(rows, key=lambda row: confidences[row].sum(), default=[])
    point = max(best, key=lambda i: points[i], default=None)  # a number has one at most
    signs = {i: "-" if digits[i] == 10 else str(digits[i]) for i in best}
    return "".join(signs[i] + ("." if i == point and points[i] > 0.5 else "") for i in best)


if __name__ == "__main__":
    reader = onnxruntime.InferenceSession(sys.argv[1])
    with Image.open(sys.argv[2]) as photo:
        pixels = np.asarray(ImageOps.exif_transpose(photo).convert("RGB"))
    seen = reader.run(["boxes", "digits", "confidences", "points"], {"photo": pixels})
    print(text_of(*(values[seen[2] >= SURE] for values in seen)))  # noqa: T201
