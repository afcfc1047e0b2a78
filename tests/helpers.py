"""What the tests share: real photos, real annotations, and a folder in which stages run."""

from __future__ import annotations

import importlib
import os
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
import yaml
from PIL import ExifTags, Image, ImageDraw, ImageFont
from processes import Process

from pipeline.commands.__main__ import COMMANDS
from pipeline.params import AugmentParams, MachineParams, TrainParams

ROOT = Path(__file__).parents[1]
REAL_DATA = ROOT.parent / "shared" / "data"
SIZE = (160, 120)

Edges = tuple[float, float, float, float]
Object = tuple[str, Edges]

NO_AUGMENT = AugmentParams(**(dict.fromkeys(AugmentParams.model_fields, 0.0) | {"strength": 1.0}))
TRAIN = TrainParams(
    model="resnet8", input_size=16, batch_size=32, epochs=2, optimizer="sgd", lr=0.1,
    momentum=0.9, weight_decay=0, scheduler="cosine", warmup_epochs=0,
    label_smoothing=0, augment=NO_AUGMENT, keep="last", patience=0, init=None, seed=0,
    precision="fp32", accumulate=1, deterministic=False,
)  # fmt: skip
MACHINE = MachineParams(
    device="cpu", threads=None, launcher="python", max_memory=None, compile=False, cluster=None
)


def furnish(folder: Path) -> None:
    """Put what the project has in git, and stages need, into a workplace."""
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "params.yaml", folder)
    shutil.copytree(ROOT / "models/base", folder / "models/base", dirs_exist_ok=True)


def display(digits: str, left: int = 6, top: int = 30) -> list[Object]:
    """Digits side by side, each 24 x 40 pixels, 30 pixels apart; five fit into a photo."""
    return [
        (digit, (left + 30 * i, top, left + 30 * i + 24, top + 40))
        for i, digit in enumerate(digits)
    ]


def draw_photo(objects: list[Object], size: tuple[int, int] = SIZE, seed: int = 0) -> Image.Image:
    """Digits on a coloured ground that is another one for each seed."""
    tints = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    photo = Image.fromarray(tints).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(photo)
    for label, (xmin, ymin, xmax, ymax) in objects:
        draw.rectangle((xmin, ymin, xmax - 1, ymax - 1), fill=(20, 20, 20))
        middle = ((xmin + xmax) / 2, (ymin + ymax) / 2)
        font = ImageFont.load_default(size=36)
        draw.text(middle, label, fill=(250, 60, 40), font=font, anchor="mm")
    return photo


def jpeg(photo: Image.Image, quality: int = 90, orientation: int = 1, **options: Any) -> bytes:
    """A photo's bytes as JPEG, with an EXIF orientation."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = BytesIO()
    photo.save(buffer, "JPEG", quality=quality, exif=exif, **options)
    return buffer.getvalue()


def voc_xml(
    objects: list[Object], filename: str = "photo.jpg", size: tuple[object, object] = SIZE
) -> str:
    """An annotation as labelImg writes it."""
    items = "".join(
        f"""\t<object>
\t\t<name>{escape(label)}</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>{box[0]}</xmin>
\t\t\t<ymin>{box[1]}</ymin>
\t\t\t<xmax>{box[2]}</xmax>
\t\t\t<ymax>{box[3]}</ymax>
\t\t</bndbox>
\t</object>
"""
        for label, box in objects
    )
    return f"""<annotation>
\t<folder>raw</folder>
\t<filename>{escape(filename)}</filename>
\t<path>C:\\Users\\kim\\raw\\{escape(filename)}</path>
\t<source>
\t\t<database>Unknown</database>
\t</source>
\t<size>
\t\t<width>{size[0]}</width>
\t\t<height>{size[1]}</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
{items}</annotation>
"""


def command_environment() -> dict[str, str]:
    """Variables under which a process runs this checkout's code."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return os.environ | {"PYTHONPATH": path}


def venv(folder: Path) -> Path:
    """A new environment without any package; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def write(path: Path, content: bytes | str) -> Path:
    """Write a file, and its folders where they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def work(seconds: float) -> float:
    """Computing seconds in multiples of what ten million turns of an empty loop take.

    So a bound on what something may cost holds on a slow machine and on a fast one.
    """
    return seconds / _seconds_of_ten_million_turns()


@cache
def _seconds_of_ten_million_turns() -> float:
    start = time.process_time()
    for _ in range(10_000_000):
        pass
    return time.process_time() - start


class Later:
    """A clock, in the place of the module `time`, that is ten seconds fast.

    So what was written a moment ago has rested.
    """

    @staticmethod
    def time_ns() -> int:
        """Nanoseconds since 1970."""
        return time.time_ns() + 10**10


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there; but not those that are this disk's alone."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".annotations.jsonl", ".stamps.csv")
    }


def epochs(printed: str) -> list[str]:
    """The line that training logged for each epoch, with its speed, but not what is left."""
    return re.findall(r"^Epoch: .* images/s", printed, flags=re.MULTILINE)


def digits_table(readings: dict[str, str]) -> pd.DataFrame:
    """What the split needs of digits.csv: a row for each digit of each photo's reading."""
    return pd.DataFrame(
        [
            {
                "file": f"{label}/{photo}-{column}.jpg",
                "label": label,
                "photo": photo,
                "object": column + 1,
                "row": 0,
                "column": column,
            }
            for photo, reading in readings.items()
            for column, label in enumerate(reading)
        ]
    )


def photos_table(photos: list[str]) -> pd.DataFrame:
    """What the split needs of photos.csv: photos of which no two are alike."""
    hashes = random.Random(0)
    return pd.DataFrame(
        {
            "photo": photos,
            "md5": [f"md5 of {photo}" for photo in photos],
            "perceptual_hash": [f"{hashes.getrandbits(256):064x}" for _ in photos],
            "problem": "",
        }
    )


@dataclass(frozen=True)
class Workplace:
    """A folder with the project's params.yaml, in which stages run; the current one in a test."""

    folder: Path

    @property
    def raw(self) -> Path:
        """Where photos and their XML lie."""
        return self.folder / "raw"

    @property
    def digits(self) -> Path:
        """Where digit images lie."""
        return self.folder / "data" / "digits"

    def add(self, photo: str, objects: list[Object], seed: int = 0) -> None:
        """Put a photo into raw/ and its annotation beside it."""
        path = write(self.raw / photo, jpeg(draw_photo(objects, seed=seed)))
        write(path.with_suffix(".xml"), voc_xml(objects, path.name))

    def add_displays(self, count: int, digits: int = 5) -> None:
        """Put photos p00.jpg, p01.jpg and so on into raw/, that show all ten digits in turn."""
        for i in range(count):
            reading = "".join(str((i * digits + j) % 10) for j in range(digits))
            # Not all in one place, as in a burst.
            self.add(f"p{i:02}.jpg", display(reading, top=10 + 11 * i % 60), seed=i)

    def set(self, **values: Any) -> None:
        """Change parameters: `set(crop__margin=0)` is crop.margin."""
        path = self.folder / "params.yaml"
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key, value in values.items():
            *sections, name = key.split("__")
            section = tree
            for part in sections:
                section = section[part]
            section[name] = value
        path.write_text(yaml.safe_dump(tree), encoding="utf-8")

    def run(self, stage: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a stage as a process of its own, as DVC does."""
        return self._run(f"pipeline.{stage}", stage, *arguments)

    def digits_command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `digits` as a process of its own, with a command's name and arguments."""
        return self._run("pipeline.commands", *arguments)

    def do(self, *names: str, arguments: tuple[str, ...] = ()) -> None:
        """Run stages, or commands with arguments, in this process; their errors are raised.

        The process must be in the folder.
        """
        for name in names:
            if name in COMMANDS:
                importlib.import_module(f"pipeline.commands.{name}").main(arguments)
            else:
                # A stage takes no options, so its main has no parameter for them.
                with mock.patch.object(sys, "argv", [name, *arguments]):
                    importlib.import_module(f"pipeline.{name}").main()

    def _run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        if sys.platform == "linux":
            return Process(self.folder, *arguments).end()
        names = arguments if module == "pipeline.commands" else arguments[1:]
        return subprocess.run(
            [sys.executable, "-m", module, *names],
            cwd=self.folder,
            env=command_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
