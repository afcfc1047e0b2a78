"""What the last crop left, photo by photo: as long as nothing has changed, it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.runtime.errors import UserError
from pipeline.runtime.files import md5
from pipeline.runtime.stamps import Stamp, has_rested
from pipeline.runtime.table import Table


@dataclass(frozen=True, slots=True)
class StampRow:
    """A photo and its digit images as they were left: their last change (ns), and a hash.

    The hash is of each one's stamp, and of what was made of which boxes in which way.
    """

    photo: str
    newest: int
    hash: str

    @classmethod
    def of(cls, photo: str, texts: Iterable[str], stamps: Sequence[Stamp]) -> StampRow:
        """The row of a photo, of texts that tell what was made how, and of each file's stamp."""
        text = "\0".join([*texts, *(f"{its:d}" for stamp in stamps for its in stamp)])
        return cls(photo, max(stamp.newest for stamp in stamps), md5(text.encode()))


# Of this disk alone, and so no output of a stage.
STAMPS = Table(Path("data/.stamps.csv"), StampRow)


def load_stamps() -> dict[str, StampRow]:
    """The rows that the last run recorded, by photo; none where no record is in order.

    What changed just before the record was written is left out, and so read again.
    """
    try:
        rows = STAMPS.read()
        written = STAMPS.path.stat().st_mtime_ns
    except (UserError, OSError):
        return {}
    return {row.photo: row for row in rows if has_rested(row.newest, written)}
