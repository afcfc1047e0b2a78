"""What a user would write instead of parse and crop, with datumaro.

Runs in an environment of its own, which `bench.peers` makes: VOC OUT, where VOC is a folder as the
VOC challenge has it (`bench.peers.lay_out_voc`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import datumaro as dm
import numpy as np

if __name__ == "__main__":
    voc, out = map(Path, sys.argv[1:])
    dataset = dm.Dataset.import_from(str(voc), "voc_detection")
    labels = dataset.categories()[dm.AnnotationType.label]
    for label in labels:
        (out / label.name).mkdir(parents=True, exist_ok=True)
    for item in dataset:
        image = np.asarray(item.media.data, dtype=np.uint8)
        for number, box in enumerate(item.annotations):
            x, y, width, height = map(int, box.get_bbox())
            name = out / labels[box.label].name / f"{item.id}-{number}.jpg"
            digit = image[y : y + height, x : x + width]
            # Some boxes lie outside of the photo as it reads it.
            if digit.size:
                cv2.imwrite(str(name), digit, [cv2.IMWRITE_JPEG_QUALITY, 95])
