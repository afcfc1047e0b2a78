"""A plant's database with photos and readings, and the page that shows them, for the tests."""

from __future__ import annotations

import hashlib
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

import httpx
import uvicorn
from helpers import ROOT, SIZE, display, draw_photo, jpeg, write
from sqlalchemy import insert, select, update

from pipeline.params import load_params
from pipeline.reading.reading import value_of
from service.commands.review import bind
from service.database.opening import open_database
from service.database.schema import correction, photo, reading, weight
from service.review.app import make_app
from service.review.settings import Settings

UNSURE = ({"code": "unsure", "other": ""},)
MONDAY = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@dataclass
class Plant:
    """Photos in a folder and a database that has their readings, put there by hand."""

    folder: Path
    url: str = ""
    params: object = field(default_factory=lambda: load_params(ROOT / "params.yaml"))

    def __post_init__(self):
        self.folder.mkdir(exist_ok=True)
        self.engine = open_database(self.url or f"sqlite:///{self.folder / 'weights.db'}")
        self.photos, self.raw = self.folder / "photos", self.folder / "raw"

    def add_photo(self, name, digits, *, station="", size=SIZE, arrived=MONDAY, content=None):
        """Draw a photo of some digits, and enter it; returns its id."""
        seed = int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)
        content = content or jpeg(draw_photo(display(digits), size, seed))
        write(self.photos / name, content)
        row = {
            "sha256": hashlib.sha256(content).hexdigest(), "folder": str(self.photos), "path": name,
            "station": station, "bytes": len(content), "width": size[0], "height": size[1],
            "taken_at": datetime(2026, 11, 23, 12), "taken_source": "mtime", "arrived_at": arrived,
        }  # fmt: skip
        with self.engine.begin() as connection:
            return connection.execute(insert(photo).values(row)).inserted_primary_key[0]

    def add_reading(
        self, photo_id, text, sure=None, *, boxes=None, status="doubtful", reasons=UNSURE,
        spot_check=False, display_no=0, confidence=0.5, model="m1", point=None,
    ):  # fmt: skip
        """Enter what was read of a photo: `sure` has a probability for each digit."""
        signs = [sign for sign in text if sign not in ".:"]
        boxes = [its for _, its in display(signs)] if boxes is None else boxes
        sure = sure or [0.99] * len(signs)
        digits = [
            {"label": label, "probability": probability, "box": list(map(int, box))}
            for label, probability, box in zip(signs, sure, boxes, strict=True)
        ]
        row = {
            "photo_id": photo_id, "display_no": display_no, "text": text,
            "value": value_of(text) if text else None, "unit": "kg", "confidence": confidence,
            "located": 0.9, "digits": digits, "status": status,
            "reasons": [] if status == "accepted" else list(reasons), "threshold": 0.9,
            "spot_check": spot_check, "model": model, "rules": "r1", "read_at": MONDAY,
        }  # fmt: skip
        with self.engine.begin() as connection:
            # The newest counts.
            counts = {"model": model, "rules": "r1"}
            connection.execute(update(photo).where(photo.c.id == photo_id).values(counts))
            return connection.execute(insert(reading).values(row)).inserted_primary_key[0]

    def add(self, name, shown, read=None, sure=None, *, station="", **values):
        """A photo that shows some digits, of which `read` was read; returns the reading's id."""
        digits = [sign for sign in shown if sign not in ".:"]
        photo_id = self.add_photo(name, digits, station=station)
        return self.add_reading(photo_id, shown if read is None else read, sure, **values)

    def corrections(self):
        """What people said, in the order in which they did."""
        with self.engine.connect() as connection:
            return connection.execute(select(correction).order_by(correction.c.id)).all()

    def weights(self):
        """What the plant sees, by reading."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(weight)).all()
        return {row.reading_id: row for row in rows}

    def xml(self):
        """The XML that was written, by their paths below raw/."""
        return {
            path.relative_to(self.raw).as_posix(): path.read_bytes()
            for path in sorted(self.raw.rglob("*.xml"))
        }


@contextmanager
def serving(plant, **values):
    """The page of a plant at a free port of this machine; gives its address."""
    settings = Settings(plant.raw, **{"port": 0, **values})
    with bind(settings) as listener:
        port = listener.getsockname()[1]
        app = make_app(plant.engine, plant.params, replace(settings, port=port))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


class Person:
    """Somebody who answers without a browser."""

    def __init__(self, address, who="kim"):
        self.client = httpx.Client(base_url=address, headers={"Origin": address}, timeout=30)
        self.holder, self.who = secrets.token_hex(16), who

    def next(self, have=(), later=()):
        """The item that comes next; None where nothing waits."""
        return self.look(have, later).json()["item"]

    def look(self, have=(), later=()):
        """The server's whole answer to the wish for the next one."""
        wish = {"holder": self.holder, "have": list(have), "later": list(later)}
        return self.client.post("/next", json=wish)

    def say(self, reading_id, action="correct", text="", key=None, **values):
        """Send an answer; returns the server's."""
        answer = {
            "reading_id": reading_id, "action": action, "text": text, "who": self.who,
            "holder": self.holder, "key": key or secrets.token_hex(16), "seconds": 1.5, **values,
        }  # fmt: skip
        return self.client.post("/answer", json=answer)

    def undo(self, reading_id, key):
        """Take back the answer of a key."""
        return self.say(reading_id, "undo", undoes=key)
