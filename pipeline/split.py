"""Stage 4: divide the digits, stratified by label, into training and validation.

data/digits.csv, data/photos.csv -> data/train_data.txt, data/valid_data.txt
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import math
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from pipeline.command import UserError, run
from pipeline.files import write_list
from pipeline.images.copies import add_readings, group_copies
from pipeline.params import SplitParams, load_params
from pipeline.tables import DIGITS, PHOTOS, read_table

log = logging.getLogger(__name__)

Counts = NDArray[np.int64]

# Kinds of photo (by their counts of each label) tried against each other for a swap of sides.
_MOST_KINDS = 1500
# Groups gone through in all, in further searches where the first does not meet the quotas.
_SEARCHED = 10_000


def main() -> None:
    """Load the digits, divide them, save the two lists, say how near the quotas came."""
    argparse.ArgumentParser(prog="python -m pipeline.split", description=__doc__).parse_args()
    params = load_params().split
    digits = read_table(Path("data/digits.csv"), DIGITS)
    if params.by == "photo":
        photos = read_table(Path("data/photos.csv"), PHOTOS)
        validation = split_by_photo(digits, photos, params)
    else:
        validation = split_by_digit(digits, params)
    files = digits["file"]
    write_list(Path("data/train_data.txt"), sorted(files[~validation]))
    write_list(Path("data/valid_data.txt"), sorted(files[validation]))
    log_summary(digits["label"], validation, params.validation)


def split_by_digit(digits: pd.DataFrame, params: SplitParams) -> NDArray[np.bool_]:
    """The guidebook's split: scikit-learn's, stratified; digits of a photo land on both sides.

    Returns which rows of `digits` are validation. Raises `UserError` where scikit-learn cannot.
    """
    try:
        _, chosen = train_test_split(
            np.arange(len(digits)),
            test_size=params.validation,
            random_state=params.seed,
            stratify=digits["label"],
        )
    except ValueError as error:
        raise UserError(f"data/digits.csv cannot be split by digit: {error}") from None
    validation = np.zeros(len(digits), dtype=bool)
    validation[chosen] = True
    return validation


def split_by_photo(
    digits: pd.DataFrame, photos: pd.DataFrame, params: SplitParams
) -> NDArray[np.bool_]:
    """Divide whole photos, copies together, so that every label gets its quota.

    A photo's side follows from a hash of the seed and its name; then the fewest that must change
    do, those nearest to the border first, so that new photos hardly move old ones. Returns which
    rows of `digits` are validation. Raises `UserError` where there are not two photos to divide.
    """
    groups = group_copies(add_readings(photos, digits))
    group = digits["photo"].map(pd.Series(groups, index=photos["photo"]))
    counts = pd.crosstab(group, digits["label"])
    if len(counts) < 2:
        raise UserError(
            "all digits come from one photo (or copies of it), so none is left to test on: "
            "add photos, or set split.by: digit in params.yaml"
        )
    first_photo = digits.groupby(group)["photo"].min()
    position = np.array([_position(photo, params.seed) for photo in first_photo[counts.index]])
    table = counts.to_numpy(dtype=np.int64)
    chosen = fill_quotas(
        table, quotas(table.sum(axis=0), params.validation), position, params.validation
    )
    validation: NDArray[np.bool_] = group.isin(counts.index[chosen]).to_numpy()
    return validation


def quotas(totals: Counts, share: float) -> Counts:
    """Validation digits of each label: ceil(share * N) in all, dealt out by largest remainder."""
    # Rounded first: 0.2 * 5 in binary is a hair above 1, and its ceiling must not be 2.
    wanted = math.ceil(round(share * int(totals.sum()), 6))
    exact = totals * share
    quota: Counts = np.floor(exact).astype(np.int64)
    order = np.argsort(quota - exact, kind="stable")
    quota[order[: wanted - int(quota.sum())]] += 1
    return quota


def fill_quotas(
    counts: Counts, quota: Counts, position: NDArray[np.float64], share: float
) -> NDArray[np.bool_]:
    """Choose groups of photos whose digits fill each label's quota, or come as near as can be.

    `counts` is (groups, labels); `position` in 0..1 places a group on validation's side below
    `share`. Returns which groups are validation; there is always one on either side.
    """
    near = np.argsort(np.abs(position - share), kind="stable")
    best = chosen = _improve(position < share, counts, quota, near)
    # Where a greedy search is stuck, it is tried again with one group on the other side.
    for other in near[: _SEARCHED // len(counts)]:
        if _fits(quota - best @ counts):
            break
        chosen = position < share
        chosen[other] ^= True
        chosen = _improve(chosen, counts, quota, near)
        if _cost(quota - chosen @ counts) < _cost(quota - best @ counts):
            best = chosen
    if best.all() or not best.any():
        # A quota smaller than any group: one photo to test on is more use than none.
        smallest = np.lexsort((position, counts.sum(axis=1)))[0]
        best = np.arange(len(counts)) == smallest
    return best


def _improve(
    chosen: NDArray[np.bool_], counts: Counts, quota: Counts, near: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Change the side of the group, else the pair of groups, that mends most, until none does."""
    chosen = chosen.copy()
    while not _fits(missing := quota - chosen @ counts):
        # What changing a group's side adds to validation, the nearest to the border first.
        change = np.where(chosen[near], -1, 1)[:, None] * counts[near]
        mended = _best_change(change, missing)
        if not mended:
            break
        chosen[near[mended]] ^= True
    return chosen


def _fits(missing: Counts) -> bool:
    """Whether the validation digits are exact in all, and within one of each label's quota."""
    return int(missing.sum()) == 0 and int(np.abs(missing).max()) <= 1


def _cost(missing: Counts) -> Counts:
    """How far from the quotas, by row: each label's miss squared, and the whole's weighed most."""
    return (missing**2).sum(axis=-1) + 10 * np.abs(missing.sum(axis=-1))  # type: ignore[no-any-return]


def _best_change(change: Counts, missing: Counts) -> list[int]:
    """The rows (one or two) of `change` that mend `missing` most; none if none does."""
    kinds, first = np.unique(change, axis=0, return_index=True)
    order = np.argsort(first)[:_MOST_KINDS]
    kinds, first = kinds[order], first[order]
    best = _cost(missing)
    single = _cost(missing - kinds)
    if single.min() < best:
        return [int(first[np.argmin(single)])]
    pair: list[int] = []
    for i, kind in enumerate(kinds[:-1]):
        both = _cost(missing - kind - kinds[i + 1 :])
        if both.min() < best:
            best = both.min()
            pair = [int(first[i]), int(first[i + 1 + np.argmin(both)])]
    return pair


def _position(photo: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed} {photo}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def log_summary(labels: pd.Series, validation: NDArray[np.bool_], share: float) -> None:
    """Say how many digits are on each side, and warn of labels that miss their quota."""
    log.info("%d training and %d validation digits", (~validation).sum(), validation.sum())
    totals = labels.value_counts().sort_index()
    wanted = quotas(np.asarray(totals, dtype=np.int64), share)
    got = labels[validation].value_counts().reindex(totals.index, fill_value=0)
    for label, quota, count, total in zip(totals.index, wanted, got, totals, strict=True):
        if count in (0, total):
            side = "validation" if count == 0 else "training"
            log.warning("WARNING: no digit %s in %s: add photos that show it", label, side)
        elif abs(count - quota) > 1:
            log.warning("WARNING: digit %s: %d in validation, not %d", label, count, quota)


if __name__ == "__main__":
    run(main)
