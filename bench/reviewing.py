"""How long a person waits for the next photo: python -m bench.reviewing [PHOTOS]

30 readings, or PHOTOS, by keyboard alone in Chromium, a second for each. The photos have a phone's
12 megapixels, and 20,000 other readings are in the database. The pause is from the press of Enter
to the frame in which the next photo is drawn, by the page's own clock; `ready` counts those whose
pictures were there before Enter. Needs the packages for tests, and Chromium.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from sqlalchemy import insert

sys.path.append(str(Path(__file__).parents[1] / "tests" / "service"))
sys.path.append(str(Path(__file__).parents[1] / "tests"))

from helpers import SIZE, display, draw_photo
from playwright.sync_api import sync_playwright
from reviewing import MONDAY, Plant, serving

from service.database.schema import photo, reading

PHONE = (4000, 3000)
OTHERS = 20_000


def main() -> None:
    """Draw the photos, review them, and print the pauses."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as folder:
        plant = Plant(Path(folder) / "plant")
        fill(plant)
        for number in range(count):
            add(plant, number)
        pauses = review(plant, count)
        assert len(plant.corrections()) == count
    waits = [its["duration"] for its in pauses if its["ready"] is not None]
    ready = sum(its["ready"] is True for its in pauses)
    sys.stdout.write(
        f"{count} readings: pause between Enter and the next photo, median "
        f"{statistics.median(waits):.0f} ms, maximum {max(waits):.0f} ms; "
        f"{ready} of {len(waits)} ready\n"
    )


def add(plant: Plant, number: int) -> None:
    """A photo of 12 megapixels of which one digit is not sure."""
    text = f"{1000 + 37 * number}"
    drawn = draw_photo(display(text), SIZE, number).resize(PHONE, Image.Resampling.BICUBIC)
    buffer = BytesIO()
    drawn.save(buffer, "JPEG", quality=90)
    photo_id = plant.add_photo(f"{number}.jpg", text, size=PHONE, content=buffer.getvalue())
    boxes = [tuple(25 * edge for edge in box) for _, box in display(text)]
    plant.add_reading(photo_id, text, [0.99, 0.99, 0.3, 0.99], boxes=boxes)


def fill(plant: Plant) -> None:
    """Enter readings that need nobody, as a year's."""
    its = {
        "folder": "/gone", "station": "", "bytes": 1, "width": 1, "height": 1,
        "taken_at": MONDAY.replace(tzinfo=None), "taken_source": "mtime", "arrived_at": MONDAY,
        "model": "m1", "rules": "r1",
    }  # fmt: skip
    read = {
        "display_no": 0, "text": "1", "value": None, "confidence": 0.99, "located": 0.99,
        "digits": [], "status": "accepted", "reasons": [], "threshold": 0.9, "spot_check": False,
        "model": "m1", "rules": "r1", "read_at": MONDAY,
    }  # fmt: skip
    numbers = range(1, OTHERS + 1)
    with plant.engine.begin() as connection:
        photos = [its | {"id": n, "path": f"{n}.jpg", "sha256": f"{n:064}"} for n in numbers]
        connection.execute(insert(photo), photos)
        connection.execute(insert(reading), [read | {"photo_id": n} for n in numbers])


def review(plant: Plant, count: int) -> list[dict[str, object]]:
    """Answer all by keyboard; returns each pause in milliseconds, and whether all was ready."""
    with serving(plant, who="bench") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        page.wait_for_selector("#reading:not([hidden])")
        for _ in range(count):
            page.wait_for_timeout(1000)
            page.keyboard.type("1")
            page.keyboard.press("Enter")
        page.wait_for_selector("#reading", state="hidden")
        page.wait_for_load_state("networkidle")
        pauses = page.evaluate(
            "performance.getEntriesByName('pause')"
            ".map(its => ({duration: its.duration, ready: its.detail.ready}))"
        )
        browser.close()
    return list(pauses)


if __name__ == "__main__":
    main()
