"""What a user would write instead of parse and crop, with supervision.

Runs in an environment of its own, which `bench.peers` makes: PHOTOS OUT.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import supervision as sv

if __name__ == "__main__":
    photos, out = map(Path, sys.argv[1:])
    dataset = sv.DetectionDataset.from_pascal_voc(
        images_directory_path=str(photos), annotations_directory_path=str(photos)
    )
    for label in dataset.classes:
        (out / label).mkdir(parents=True, exist_ok=True)
    for path, image, boxes in dataset:
        for number, (corners, class_id) in enumerate(zip(boxes.xyxy, boxes.class_id, strict=True)):
            name = out / dataset.classes[class_id] / f"{Path(path).stem}-{number}.jpg"
            digit = sv.crop_image(image, corners)
            cv2.imwrite(str(name), digit, [cv2.IMWRITE_JPEG_QUALITY, 95])
