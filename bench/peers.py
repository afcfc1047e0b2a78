"""The peers of parse and crop, each in an environment of its own: their pins clash with ours."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.machine import ROOT, make_environment

_PACKAGES = {
    "supervision": ("supervision", "opencv-python-headless"),
    "datumaro": ("datumaro",),
}
_LABELS = (*"0123456789", ".")


@dataclass(frozen=True)
class Peer:
    """A library, its version, and the Python that has it."""

    name: str
    version: str
    python: Path

    def command(self, photos: Path, out: Path) -> tuple[str, ...]:
        """The command that cuts every box of a folder of photos and XML into `out`."""
        source = photos if self.name == "supervision" else lay_out_voc(photos)
        out.mkdir(parents=True)
        return str(self.python), str(ROOT / f"bench/peer_{self.name}.py"), str(source), str(out)


def make_peers(folder: Path) -> list[Peer]:
    """Install each peer below `folder`, unless it is there already."""
    return [_make(name, folder / name) for name in _PACKAGES]


def _make(name: str, environment: Path) -> Peer:
    python = make_environment(environment, *_PACKAGES[name])
    ask = f"from importlib.metadata import version; print(version({name!r}))"
    version = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    return Peer(name, version.stdout.strip(), python)


def lay_out_voc(photos: Path) -> Path:
    """The same photos and XML in the folders of the VOC challenge, which datumaro wants."""
    voc = photos.with_name(f"{photos.name}-voc")
    if voc.exists():
        return voc
    for place in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (voc / place).mkdir(parents=True)
    for photo in photos.glob("*.jpg"):
        xml = photo.with_suffix(".xml")
        os.link(photo, voc / "JPEGImages" / photo.name)
        os.link(xml, voc / "Annotations" / xml.name)
    stems = sorted(photo.stem for photo in photos.glob("*.jpg"))
    (voc / "ImageSets/Main/all.txt").write_text("\n".join(stems), encoding="utf-8")
    labelmap = "\n".join(f"{label}:::" for label in ("background", *_LABELS))
    (voc / "labelmap.txt").write_text(labelmap, encoding="utf-8")
    return voc
