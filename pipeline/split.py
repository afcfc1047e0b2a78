"""Stage 4: divide the digits, stratified by label, into training and validation.

data/digits.csv, data/photos.csv -> data/train_data.txt, data/valid_data.txt
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.contracts import DIGITS, LISTS, PHOTOS, PICKED, write_list
from pipeline.dividing.copies import add_readings, find_copies, name_groups
from pipeline.dividing.quotas import Wanted, fill_quotas
from pipeline.messages import mark, say
from pipeline.params import SplitParams, load_params
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.errors import UserError

log = logging.getLogger(__name__)

_PAIRS_SHOWN = 3

_NONE_IN_VALIDATION = mark("WARNING: no digit {label} in validation: add photos that show it")
_NONE_IN_TRAINING = mark("WARNING: no digit {label} in training: add photos that show it")


def main() -> None:
    """Load the digits, divide them, save the two lists, say how near the quotas came."""
    parse_no_options("split", __doc__)
    params = load_params().split
    digits = DIGITS.read_frame()
    if params.by == "photo":
        photos = PHOTOS.read_frame()
        copies = find_copies(add_readings(photos, digits))
        warn_of_contradictions(copies.contradictions)
        groups = name_groups(digits, photos, copies)
        free = ~find_picked(digits["photo"], groups)
        if not free.any():
            raise UserError(
                "all photos lie below a folder {name}, so none is left to test on: add photos that "
                "nobody chose",
                name=PICKED,
            )
        validation = np.zeros(len(digits), dtype=bool)
        validation[free] = split_by_photo(digits["label"][free], groups[free], params)
    else:
        groups, free = digits["file"], np.ones(len(digits), dtype=bool)
        validation = split_by_digit(digits, params)
    files = digits["file"]
    write_list(LISTS["train"], sorted(files[~validation]))
    write_list(LISTS["valid"], sorted(files[validation]))
    log_picked(digits["photo"][~free])
    log_summary(digits["label"][free], groups[free], validation[free], params.validation)


def find_picked(photos: pd.Series, groups: pd.Series) -> NDArray[np.bool_]:
    """Which digits are on photos below a folder `picked`, or on copies of such: (n,).

    They stay in training: what was chosen for being hard would slander a reader, and what a reader
    was mended by would flatter it.
    """
    is_picked = {photo: PICKED in PurePosixPath(photo).parts[:-1] for photo in photos.unique()}
    picked: NDArray[np.bool_] = groups.isin(groups[photos.map(is_picked)]).to_numpy()
    return picked


def log_picked(photos: pd.Series) -> None:
    """Say how many photos are for training alone."""
    if len(photos):
        count = photos.nunique()
        log.info(say("{count} photos were picked, or are copies of such: training alone has them",
                     count=count))  # fmt: skip


def warn_of_contradictions(pairs: Sequence[tuple[str, str]]) -> None:
    """Say which photos look like one picture, but have two readings: one label may be wrong."""
    for one, other in pairs[:_PAIRS_SHOWN]:
        log.warning(
            say(
                "WARNING: {one} and {other} look like one picture, but are labelled differently "
                "({count} such pairs): correct the label that is wrong",
                one=one, other=other, count=len(pairs),
            )
        )  # fmt: skip


def split_by_digit(digits: pd.DataFrame, params: SplitParams) -> NDArray[np.bool_]:
    """The guidebook's split: scikit-learn's, stratified; digits of a photo land on both sides.

    Returns which rows of `digits` are validation. Raises `UserError` where scikit-learn cannot.
    """
    # Loads for as long as all else takes, and only the guidebook's split needs it.
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    try:
        _, chosen = train_test_split(
            np.arange(len(digits)),
            test_size=params.validation,
            random_state=params.seed,
            stratify=digits["label"],
        )
    except ValueError as error:
        raise UserError("data/digits.csv cannot be split by digit: {error}", error=error) from None
    validation = np.zeros(len(digits), dtype=bool)
    validation[chosen] = True
    return validation


def split_by_photo(labels: pd.Series, groups: pd.Series, params: SplitParams) -> NDArray[np.bool_]:
    """Divide whole photos, copies together, so that every label gets its quota.

    `groups` are those of the digits' photos, as `group_digits` names them. A photo's side follows
    from the seed and its content (the smallest MD5 of it and its copies), whatever it is called,
    but for a few that the quotas need on the other side, and new photos hardly move old ones.
    Returns which digits are validation. Raises `UserError` where there are not two photos to
    divide.
    """
    counts = count_labels(labels, groups)
    if len(counts) < 2:
        raise UserError(
            "all digits come from one photo (or copies of it), so none is left to test on: "
            "add photos, or set split.by: digit in params.yaml"
        )
    position = np.array([_position(content, params.seed) for content in counts.index])
    chosen = fill_quotas(counts.to_numpy(dtype=np.int64), position, params.validation)
    validation: NDArray[np.bool_] = groups.isin(counts.index[chosen]).to_numpy()
    return validation


def count_labels(labels: pd.Series, groups: pd.Series) -> pd.DataFrame:
    """How many digits of each label each group has; a tenth of `pd.crosstab`'s time."""
    pairs = pd.DataFrame({"group": groups, "label": labels})
    return pairs.groupby(["group", "label"]).size().unstack(fill_value=0)


def _position(content: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed} {content}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def log_summary(
    labels: pd.Series, groups: pd.Series, validation: NDArray[np.bool_], share: float
) -> None:
    """Say how many digits are on each side, and warn of labels that miss their quota.

    `groups` are those whose digits had to stay together, which the quotas allow for.
    """
    log.info(
        say(
            "{training} training and {validation} validation digits",
            training=(~validation).sum(), validation=validation.sum(),
        )
    )  # fmt: skip
    counts = count_labels(labels, groups)
    wanted = Wanted.of(counts.to_numpy(dtype=np.int64), share)
    got = labels[validation].value_counts().reindex(counts.columns, fill_value=0)
    for warning in _quotas_missed(counts.sum(), got, wanted):
        log.warning("%s", warning)


def _quotas_missed(totals: pd.Series, got: pd.Series, wanted: Wanted) -> Iterator[str]:
    """A warning for each quota that validation misses, having `got` of `totals` of each label."""
    whole_missed, missed = wanted.misses(np.asarray(got, dtype=np.int64))
    if whole_missed:
        yield say(
            "WARNING: {count} digits in validation, not {quota}: no split of whole photos was "
            "found that meets it",
            count=got.sum(), quota=wanted.quota.sum(),
        )  # fmt: skip
    each = zip(totals.index, wanted.quota, got, totals, missed, strict=True)
    for label, quota, count, total, is_missed in each:
        if count in (0, total):
            yield say(_NONE_IN_VALIDATION if count == 0 else _NONE_IN_TRAINING, label=label)
        elif is_missed:
            yield say(
                "WARNING: digit {label}: {count} in validation, not {quota}",
                label=label, count=count, quota=quota,
            )  # fmt: skip


if __name__ == "__main__":
    run(main)
