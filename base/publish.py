"""Put the trained base model where the pipeline finds it, and git keeps it, with its model card.

base/made, base/metrics.json, base/params.yaml -> models/base

No output of DVC's: the pipeline depends on models/base, and `dvc repro` would train it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from base.glyphs import MADE, load_base_params
from pipeline.contracts import BASE
from pipeline.runtime.command import parse_no_options, run
from pipeline.runtime.files import md5, write_file

_FILES = ("digits.pt", "locator.pt", "reading.json")
_CARD = """# The base model

It reads displays on the first day, before anything was trained on a plant's photos, and `train` and
`locate` start from it. It was taught by drawn photos alone (`pipeline/drawing/workplace.py`): no
real photo has a part in it. `dvc repro base/dvc.yaml` makes it again: on two cores of an Intel Xeon
with AMX, in bf16 and beside other work, the photos took 5 minutes, the locator and the mark reader
47, the digit classifier 13.

| file | MD5 |
|---|---|
{files}

On drawn photos that it never saw, {measured} of the kinds that it was taught and as many of
{held_out}s, a kind that it was not: how often its first reading is one of the photo's displays.

| photos | n | right | right with the point |
|---|---|---|---|
{figures}

Drawn photos say little of real ones: docs/benchmarks.md has figures of two real sets. Its
confidence was set on drawn photos too, and nobody can say what it is worth on a plant's: it accepts
the surest alone, until `dvc repro` has measured photos of yours.

| parameter | value |
|---|---|
{params}
"""


def main() -> None:
    """Copy the three files, write the card."""
    parse_no_options("publish", __doc__)
    for name in _FILES:
        write_file(BASE / name, (MADE / name).read_bytes())
    write_file(BASE / "model_card.md", describe().encode("utf-8"))


def describe() -> str:
    """The model card, as Markdown."""
    params = load_base_params()
    figures = json.loads(Path("base/metrics.json").read_bytes())
    parameters = params.model_dump()
    return _CARD.format(
        files="\n".join(f"| {name} | {md5((MADE / name).read_bytes())} |" for name in _FILES),
        measured=params.measured,
        held_out=params.held_out,
        figures="\n".join(f"| {name} | {' | '.join(map(str, its.values()))} |"
                          for name, its in figures.items()),
        params="\n".join(f"| `{name}` | `{value}` |" for name, value in parameters.items()),
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
