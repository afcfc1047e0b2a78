"""Train the locator and the mark reader on drawn photos.

base/photos, base/glyphs.csv, base/params.yaml -> base/made/locator.pt

Interrupted, it goes on where it was when it is run again.
"""

from __future__ import annotations

from pathlib import Path

import torch

from base.glyphs import GLYPHS, MADE, BaseParams, NetworkParams, load_base_params, load_drawn
from pipeline.learning.hardware import Hardware, prepare_hardware
from pipeline.learning.resume import KeptState, code_of
from pipeline.params import load_params
from pipeline.reading.learning import teach_locator, teach_marks
from pipeline.reading.locator_file import LocatorFile, save_locator
from pipeline.reading.marks import MarkReader
from pipeline.reading.network import Locator
from pipeline.reading.scenes import Scene, make_scene
from pipeline.reading.training import Classroom, Lessons
from pipeline.runtime.command import parse_no_options, run


def main() -> None:
    """Load the drawn photos, teach both networks from nothing, save them."""
    parse_no_options("locate", __doc__)
    params, base = load_params(), load_base_params()
    hardware = prepare_hardware(params.train, params.machine)
    scenes = [
        make_scene(photo, [row.known for row in rows]) for _, photo, rows in load_drawn("train")
    ]
    save_locator(MADE / "locator.pt", train_locator(scenes, base, hardware))


def train_locator(scenes: list[Scene], base: BaseParams, hardware: Hardware) -> LocatorFile:
    """The locator and the mark reader, taught from nothing."""
    torch.manual_seed(base.seed)
    locator, marks = Locator(), MarkReader()
    kept = {name: keep(name, base, hardware) for name in ("locator", "marks")}
    rooms = {name: Classroom(hardware, kept=its) for name, its in kept.items()}
    marks = teach_marks(marks, scenes, lessons("marks", base.marks, base.seed), rooms["marks"])
    locator = teach_locator(
        locator, scenes, lessons("locator", base.locator, base.seed), rooms["locator"]
    )
    for its in kept.values():
        its.remove()
    return LocatorFile.of(locator, marks, params=base.model_dump(), displays=1)


def lessons(name: str, params: NetworkParams, seed: int) -> Lessons:
    """How one of the networks learns."""
    return Lessons(name, params.steps, params.batch_size, params.rate, seed)


def keep(name: str, base: BaseParams, hardware: Hardware) -> KeptState:
    """Where the training of one of the networks goes on after it was stopped."""
    parts = [*code_of(Path("pipeline/reading")), GLYPHS.path.read_bytes(), str(base).encode()]
    parts += [str(hardware).encode(), torch.__version__.encode()]
    return KeptState(Path(f"base/.unfinished-{name}.pt"), parts)


if __name__ == "__main__":
    run(main)
