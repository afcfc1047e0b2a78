"""Groups of digits dealt out to folds, each of which is judged by what learnt from the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.runtime.errors import UserError


def assign_folds(
    classes: NDArray[np.int64], groups: NDArray[np.object_], count: int, seed: int
) -> NDArray[np.int64]:
    """Deal digits out to `count` folds: each one's fold (n,), 0 to count - 1.

    `groups` (n,) names each one's group, which stays together. Largest first, in an order drawn
    from `seed`, each goes to the fold that has the least of its classes, and of all digits. Raises
    `UserError` where there are fewer groups than folds.
    """
    names, index = np.unique(groups, return_inverse=True)
    if len(names) < count:
        raise UserError(
            "audit.folds is {folds}, but the digits come from {photos} photos (copies counted "
            "once): add photos, or lower audit.folds in params.yaml",
            folds=count,
            photos=len(names),
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
