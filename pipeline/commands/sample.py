"""Draw photos of a red-LED weighing scale, with the Pascal VOC XML of their digits."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from joblib import Parallel, delayed
from tqdm import tqdm

from pipeline.drawing.photo import Order, draw_photo
from pipeline.drawing.plan import plan
from pipeline.messages import say
from pipeline.runtime.command import make_parser


def sample(
    folder: Path, photos: int, digits: int | None = None, seed: int = 0, jobs: int = -1
) -> None:
    """Fill a new folder with drawn photos (`<name>.jpg`) and their annotations (`<name>.xml`).

    The files appear all at once, and depend on `photos`, `digits` and `seed` alone.

    Raises ValueError for impossible numbers, FileExistsError where the folder holds anything.
    """
    _check_numbers(photos, seed)
    orders = plan(photos, digits, seed)
    _refuse_filled(folder)
    folder = folder.absolute()
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        workers = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=4)
        drawn = workers(delayed(_draw_into)(partial, order) for order in orders)
        for _ in tqdm(drawn, "draw", total=photos, unit=" photos", disable=None):
            pass
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Draw what the arguments ask for; exits with 2 where they cannot be followed."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        sample(options.folder, options.photos, options.digits, options.seed, options.jobs)
    except (ValueError, FileExistsError) as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = make_parser("digits sample", __doc__)
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER",
        help=say("where to put the photos: a new or empty folder"),
    )  # fmt: skip
    parser.add_argument(
        "--photos", type=int, default=240, help=say("number of photos (default: 240)")
    )
    parser.add_argument(
        "--digits", type=int,
        help=say("number of digits over all photos (default: about 7 a photo)"),
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=0, help=say("same seed, same files (default: 0)")
    )
    parser.add_argument(
        "--jobs", type=int, default=-1, help=say("photos drawn at once (default: one a core)")
    )
    return parser


def _check_numbers(photos: int, seed: int) -> None:
    if photos < 1:
        raise ValueError(
            say("the number of photos must be at least 1, not {photos}", photos=photos)
        )
    if seed < 0:
        raise ValueError(say("the seed must be at least 0, not {seed}", seed=seed))


def _refuse_filled(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(say("{folder} is not a folder", folder=folder))
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(
            say("{folder} already holds files; give a new or an empty folder", folder=folder)
        )


def _draw_into(folder: Path, order: Order) -> None:
    photo, annotation = draw_photo(order)
    (folder / f"{order.name}.jpg").write_bytes(photo)
    (folder / f"{order.name}.xml").write_bytes(annotation)
