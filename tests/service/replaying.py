"""Records a folder as `digits record` does, with readings that are known: python replaying.py …

Everything but the networks is real; what a photo shows is the number in its name, so that a test
that kills it thirty times takes seconds.
"""

from __future__ import annotations

import argparse
import logging
import math
import re
import time
from decimal import Decimal
from pathlib import Path

from pipeline.images.box import Box
from pipeline.images.photo import UnreadablePhoto, decode_photo, read_header
from pipeline.params import RecordParams
from pipeline.reading.reading import ReadDigit, Reading
from service.database.opening import open_database
from service.models import Model
from service.recording.crew import Read
from service.recording.recorder import Recorder


class Replay:
    """A crew that knows what each photo shows."""

    def __init__(self, pace, model="replay"):
        self.pace, self.model = pace, Model(model, 0.5)

    def read(self, tasks):
        for task in tasks:
            time.sleep(self.pace)
            try:
                header = read_header(task.content)
                decode_photo(task.content)
            except UnreadablePhoto as error:
                yield Read(task.name, failure=str(error))
                continue
            yield read_as_named(task.name, (header.width, header.height))


def read_as_named(name, size=(160, 120)):
    """The reading that a photo's name has: 02.47-x.jpg."""
    text = re.match(r"[0-9.]+", Path(name).stem)[0].rstrip(".")
    digits = [label for label in text if label.isdigit()]
    places = tuple(
        ReadDigit(label, 0.99, Box(10 + 20 * i, 30, 25 + 20 * i, 60))
        for i, label in enumerate(digits)
    )
    reading = Reading(0, text, Decimal(text), 0.99, "accepted", (), places, 0.95)
    return Read(name, (reading,), (text,), size, "0" * 64)


RULES = RecordParams(spot_checks=0.0, stations={})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("url")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--pace", type=float, default=0.0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    engine = open_database(options.url)
    recorder = Recorder(engine, options.folder, Replay(options.pace), RULES, math.inf)
    recorder.watch() if options.watch else recorder.record()


if __name__ == "__main__":
    main()
