"""Stage 3: the colours' mean and deviation, the same as from the images themselves."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import draw_photo, jpeg, voc_xml, write
from PIL import Image

from pipeline.contracts import CHANNELS, STATS


@pytest.fixture
def uneven(workplace):
    """A workplace with digits of very different sizes and colours."""
    objects = [("7", (0, 0, 150, 110)), ("1", (20, 20, 30, 60)), ("0", (100, 10, 108, 18))]
    for seed in range(4):
        photo = draw_photo([], seed=seed)
        write(workplace.raw / f"{seed}.jpg", jpeg(photo))
        write(workplace.raw / f"{seed}.xml", voc_xml(objects, f"{seed}.jpg"))
    return workplace


def from_images(folder):
    """Mean and deviation over decoded images, each image weighing the same."""
    images = [np.asarray(Image.open(path)) / 255 for path in sorted(folder.rglob("*.*"))]
    mean = np.mean([image.mean(axis=(0, 1)) for image in images], axis=0)
    square = np.mean([(image**2).mean(axis=(0, 1)) for image in images], axis=0)
    return mean, np.sqrt(square - mean**2), len(images)


def stats():
    return json.loads(STATS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("image_format", "tolerance"), [("png", 1e-7), ("jpg", 3e-3)])
def test_stats_are_those_of_the_images(uneven, image_format, tolerance):
    """They are exact of PNG, and but for what the coding changes of JPEG."""
    uneven.set(crop__format=image_format)
    uneven.do("parse", "crop", "stats")
    mean, std, count = from_images(uneven.digits)
    found = stats()
    assert found["digits"] == count == 12
    assert [found["mean"][name] for name in CHANNELS] == pytest.approx(mean, abs=tolerance)
    assert [found["std"][name] for name in CHANNELS] == pytest.approx(std, abs=tolerance)


def test_each_image_weighs_the_same(workplace):
    """A large bright digit and a small dark one are grey, as at the network's one size."""
    workplace.set(crop__format="png", crop__margin=0)
    photo = draw_photo([])
    photo.paste("white", (0, 0, 100, 100))
    photo.paste("#cccccc", (0, 0, 100, 50))
    photo.paste("black", (120, 0, 130, 10))
    photo.paste("#333333", (120, 0, 130, 5))
    photo.save(workplace.folder / "a.png")
    write(workplace.raw / "a.png", (workplace.folder / "a.png").read_bytes())
    objects = [("7", (0, 0, 100, 100)), ("1", (120, 0, 130, 10))]
    write(workplace.raw / "a.xml", voc_xml(objects, "a.png"))
    workplace.do("parse", "crop", "stats")
    assert stats() == {
        "digits": 2,
        "mean": dict.fromkeys(CHANNELS, 0.5),
        # Of 1, 0.8, 0.2 and 0, each a quarter: 0.5, 0.3, 0.3 and 0.5 from the mean.
        "std": dict.fromkeys(CHANNELS, round(0.17**0.5, 8)),
    }


def test_channels_are_not_mixed_up(workplace):
    """A photo of two colours, half and half, has their means, and half their distance deviates."""
    workplace.set(crop__format="png", crop__margin=0)
    image = Image.new("RGB", (40, 40), (255, 51, 0))
    image.paste((255, 153, 0), (0, 0, 40, 20))
    image.save(workplace.folder / "a.png")
    write(workplace.raw / "a.png", (workplace.folder / "a.png").read_bytes())
    write(workplace.raw / "a.xml", voc_xml([("7", (10, 10, 30, 30))], "a.png", (40, 40)))
    workplace.do("parse", "crop", "stats")
    assert stats()["mean"] == {"red": 1, "green": 0.4, "blue": 0}
    assert stats()["std"] == {"red": 0, "green": 0.2, "blue": 0}


def test_the_command_says_what_it_found(uneven):
    """It is a process of its own, which opens no image."""
    uneven.do("parse", "crop")
    for path in uneven.digits.rglob("*.jpg"):
        path.unlink()
    result = uneven.run("stats")
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("12 digits, mean")
