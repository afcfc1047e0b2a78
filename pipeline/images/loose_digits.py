"""Digit images of photos outside raw/, cut for one reading and kept in no file."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from pipeline.files import md5
from pipeline.images.box import Box
from pipeline.images.cutting import cut, digit_file, encode
from pipeline.images.perceptual_hash import perceptual_hash
from pipeline.images.photo import UnreadablePhoto, decode_photo, read_bytes
from pipeline.params import CropParams
from pipeline.tables import PHOTOS, rows_of

log = logging.getLogger(__name__)


def cut_boxes(
    folder: Path, boxes: pd.DataFrame, params: CropParams
) -> tuple[pd.DataFrame, list[bytes], pd.DataFrame]:
    """Cut and code every box (rows of boxes.csv) of a folder's photos, leaving no file.

    Returns the rows, with the column `file` and without those of photos that cannot be read, which
    are named in a warning; each row's digit image, coded as the crop stage does; and the photos
    that it was cut from, as rows of photos.csv.
    """
    rows: list[dict[str, object]] = []
    photos: list[dict[str, object]] = []
    contents = []
    by_photo = boxes.groupby("photo", sort=False)
    for photo, its_boxes in tqdm(by_photo, "crop", unit=" photos", disable=None, delay=1):
        try:
            photo_bytes = read_bytes(folder / str(photo))
            image = decode_photo(photo_bytes)
        except UnreadablePhoto as error:
            log.warning("%s is left out: %s", photo, error)
            continue
        for row in rows_of(its_boxes):
            file = digit_file(row["label"], row["photo"], row["object"], params.format)
            rows.append(row | {"file": file})
            contents.append(encode(cut(image, Box.of(row), params.margin), params.format))
        hashes = {"md5": md5(photo_bytes), "perceptual_hash": perceptual_hash(image)}
        photos.append({"photo": photo, **hashes, "problem": ""})
    return pd.DataFrame(rows, columns=[*boxes, "file"]), contents, PHOTOS.frame(photos)
