"""Stage 6: teach the locator where digits are on whole photos, and what is behind them.

raw/, data/digits.csv, data/photos.csv, data/others.csv, the lists
-> models/locator.pt

Interrupted, it goes on where it was when it is run again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from pipeline.contracts import DIGITS, LISTS, LOCATOR, OTHERS, PHOTOS, lists_md5, read_list
from pipeline.learning.hardware import use_hardware
from pipeline.learning.resume import KeptState, code_of
from pipeline.learning.team import join_as_stage, launch_team
from pipeline.messages import say
from pipeline.params import LocateParams, Params, load_params
from pipeline.reading.labelled import LabelledPhoto, count_displays, gather, load_scenes
from pipeline.reading.learning import teach_locator, teach_marks
from pipeline.reading.locator_file import LocatorFile, load_locator, path_of, save_locator
from pipeline.reading.marks import MarkReader
from pipeline.reading.network import Locator
from pipeline.reading.scenes import Scene
from pipeline.reading.training import Classroom, Lessons
from pipeline.reading.weak_labels import settle_labels
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.errors import UserError
from pipeline.runtime.stage_inputs import StageInputs

log = logging.getLogger(__name__)

_RAW = Path("raw")
UNFINISHED = Path("models/.unfinished-locator.pt")
_UNFINISHED_MARKS = Path("models/.unfinished-marks.pt")
_LOCK = Path(".dvc/tmp/locating.lock")
# Of a display's point, fewer photos teach less than the drawn ones did.
_FEWEST_MARKED = 20


def main() -> None:
    """Teach the locator, alone or as one of the processes that torchrun starts."""
    parse_no_options("locate", __doc__)
    params = load_params()
    launch_team(params.machine.launcher, "pipeline.locate")
    hardware = use_hardware(params.machine, params.locate.precision)
    hardware.configure(deterministic=params.train.deterministic)
    with join_as_stage(hardware.device, _LOCK, log) as team:
        locate_as_part(Classroom(hardware, team), params)


def locate_as_part(room: Classroom, params: Params) -> None:
    """Load the training photos, teach the locator and the mark reader, save both."""
    inputs, lists = StageInputs.now(), lists_md5()
    photos = training_photos(params)
    log.info(
        say("The locator on {hardware}: {photos} photos", hardware=room.hardware.describe(),
            photos=len(photos))
    )  # fmt: skip
    scenes = load_scenes(_RAW, photos, params.machine)
    locator, marks = start(params.locate)
    if params.locate.init:
        scenes = settle_labels(locator, scenes, params.machine.threads, room.team)
    kept = [keep(path, scenes, params, room) for path in (UNFINISHED, _UNFINISHED_MARKS)]
    its_room, marks_room = (replace(room, kept=state) for state in kept)
    locator = teach_locator(locator, scenes, lessons(params.locate), its_room)
    if sum((scene.marks > 0).any() for scene in scenes) >= _FEWEST_MARKED:
        marks = learn_marks(marks, scenes, params.locate, marks_room)
    if room.team.leads:
        its = params.model_dump(include={"locate", "read"})
        file = LocatorFile.of(locator, marks, its, count_displays(photos), lists)
        inputs.check()
        save_locator(LOCATOR, file)
        for state in kept:
            state.remove()


def training_photos(params: Params) -> list[LabelledPhoto]:
    """The photos of which no digit is validation, with all that is labelled on them."""
    sides = {side: set(read_list(path)) for side, path in LISTS.items()}
    digits = DIGITS.read()
    measured = {row.photo for row in digits if row.file in sides["valid"]}
    if params.split.by == "digit":  # every photo is on both sides: the guidebook's leak
        measured = set()
    taught = [row for row in digits if row.photo not in measured]
    if not taught:
        raise UserError("no photo is left to learn from: add photos, or lower split.validation")
    chosen = draw_photos({row.photo for row in taught}, params.locate)
    its = [row for row in taught if row.photo in chosen]
    return gather(its, OTHERS.read(), params.parse.ignore, params.read.point)


def draw_photos(photos: set[str], params: LocateParams) -> set[str]:
    """`params.most_photos` of the photos, by their content: new ones change few of the others."""
    if len(photos) <= params.most_photos:
        return photos
    # Not the lots by which `split` divides: the first of those are the photos that nearly became
    # validation, which are unlike the rest.
    lots = [
        (hashlib.sha256(f"locate {params.seed} {row.md5}".encode()).digest(), row.photo)
        for row in PHOTOS.read()
        if row.photo in photos
    ]
    return {photo for _, photo in sorted(lots)[: params.most_photos]}


def start(params: LocateParams) -> tuple[Locator, MarkReader]:
    """The networks to begin with: those of `locate.init`, or a locator that knows nothing.

    The mark reader always knows what was drawn: a plant's boxes seldom show a point.
    """
    locator, marks = load_locator(path_of(params.init)).networks()
    if params.init is None:
        torch.manual_seed(params.seed)
        locator = Locator()
    return locator, marks


def lessons(params: LocateParams) -> Lessons:
    """How the locator learns."""
    return Lessons("locate", params.steps, params.batch_size, params.lr, params.seed)


def learn_marks(
    marks: MarkReader, scenes: Sequence[Scene], params: LocateParams, room: Classroom
) -> MarkReader:
    """The mark reader after lessons on the points that people drew boxes round."""
    its = Lessons("points", 300, 128, 1e-3, params.seed)
    return teach_marks(marks, scenes, its, room)


def keep(path: Path, scenes: Sequence[Scene], params: Params, room: Classroom) -> KeptState:
    """The state of this run, which is known by all that it depends on."""
    parts: list[bytes | memoryview] = [*code_of(Path("pipeline/reading"))]
    settings = (
        params.locate.model_dump_json(), torch.__version__, room.hardware, room.team.size,
    )  # fmt: skip
    parts += [str(setting).encode() for setting in settings]
    for scene in scenes:
        parts += [scene.photo.tobytes(), scene.boxes.tobytes(), scene.signs.tobytes()]
        parts += [scene.marks.tobytes(), scene.unsure.tobytes()]
    return KeptState(path, parts)


if __name__ == "__main__":
    run(main)
