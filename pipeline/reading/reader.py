"""A photo in, what its displays show out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pipeline.images.box import Box
from pipeline.images.cutting import cut
from pipeline.images.photo import OpenedPhoto, read_bytes, reduction_to
from pipeline.learning.checkpoint import load_checkpoint
from pipeline.learning.digit_reader import DigitReader
from pipeline.learning.folded import fold_norms
from pipeline.learning.hardware import Hardware
from pipeline.params import ReadParams
from pipeline.reading.closer import Look, look_closer
from pipeline.reading.confidence import Calibration
from pipeline.reading.finding import LEAST_MERIT, SIDES, Found, find_at_side, join, suppress
from pipeline.reading.geometry import Floats, edges, upright
from pipeline.reading.judging import Judgement, SeenRow, judge
from pipeline.reading.locator_file import load_locator
from pipeline.reading.marks import MarkReader, read_marks
from pipeline.reading.model_files import find_models
from pipeline.reading.network import Locator
from pipeline.reading.reading import ReadDigit, Reading, Reason, value_of
from pipeline.reading.rows import Row, find_rows
from pipeline.reading.scenes import halves

# Where nothing sure is found at those sizes, a photo is looked at from nearer.
_NEARER, _FAINT = 1024, 0.45
# A photo is decoded no smaller than this; rows beyond the likeliest are not looked at closer, nor
# those of a small share of the likeliest one's merit: none of 174 photos was read otherwise for it.
DECODED, _CANDIDATES, _LIKELY = 1200, 4, 0.2
# What a further row must have of the likeliest one's merit and height to be a display.
_AS_SURE, _AS_HIGH = 0.65, 0.4
# The longer sides at which a photo is read roughly.
_FARTHER = tuple(3 * side // 4 for side in SIDES[:3])
_AGAIN = Look(31, 0.06, 0.02)
AS_IT_IS = ReadParams(point=["."], decimals=None, displays=None, turns=[0], wrong=0.005)
_CPU = Hardware(torch.device("cpu"), torch.float32)


@dataclass(frozen=True)
class Networks:
    """The three networks, in order of their use, and how the classifier's digits are cut.

    `side` is that of a digit image in pixels, `margin` what is seen around the box, as in `crop`.
    """

    locator: Locator
    marks: MarkReader
    digits: DigitReader
    side: int
    margin: float


class Reader:
    """Reads whole photos, without XML.

    `Reader.load("models").read("photo.jpg")` gives the readings of a photo, one a display from the
    top; a photo on which none is found has one without text. A reader may be used for any number of
    photos, and in several threads at once.
    """

    def __init__(
        self, networks: Networks, calibration: Calibration, params: ReadParams = AS_IT_IS,
        displays: int = 1,
    ) -> None:  # fmt: skip
        """Of networks on one device; `displays` counts where `params` does not."""
        self._networks, self._calibration, self._params = networks, calibration, params
        self._displays = params.displays or displays
        self.device = next(networks.locator.parameters()).device

    @classmethod
    def load(
        cls, folder: str | Path = "models", params: ReadParams = AS_IT_IS,
        hardware: Hardware = _CPU, calibration: Calibration | None = None,
    ) -> Reader:  # fmt: skip
        """The reader of the models in a folder: what `dvc repro` made, else the first day's.

        Its confidences are those of `calibration`, or of the folder's.
        Raises `UserError` where a model is damaged or of another version.
        """
        paths = find_models(Path(folder))
        locator_file, checkpoint = load_locator(paths.locator), load_checkpoint(paths.digits)
        calibration = calibration or Calibration.load(paths.calibration)
        reader = checkpoint.reader()
        for network in (*(networks := locator_file.networks()), reader):
            fold_norms(network)
        locator, marks = map(hardware.place, networks)
        assert isinstance(locator, Locator)
        assert isinstance(marks, MarkReader)
        hardware.place(reader)
        margin = checkpoint.params["crop"]["margin"]
        its = Networks(locator, marks, reader, checkpoint.input_size, margin)
        return cls(its, calibration, params, locator_file.displays)

    @property
    def accepts_any(self) -> bool:
        """Whether any reading is sure enough to be accepted."""
        return self._calibration.accepts_any

    def read(self, photo: str | Path | bytes) -> list[Reading]:
        """What the displays of a photo show: a path, or the bytes of a file, upright or not.

        Raises `UnreadablePhoto` with the reason where it cannot be decoded.
        """
        content = photo if isinstance(photo, bytes) else read_bytes(Path(photo))
        opened = OpenedPhoto(content)
        size = (opened.header.width, opened.header.height)
        return self.read_picture(opened.decode(reduction_to(max(size), DECODED)), size)

    def read_picture(
        self, picture: Image.Image, size: tuple[int, int] | None = None
    ) -> list[Reading]:
        """What the displays of an upright RGB picture show; boxes are as on one of `size`."""
        whole = size or picture.size
        seen = [self._judge(picture, turn) for turn in self._params.turns]
        best = max(seen, key=lambda its: max((judged.score for _, judged in its[1]), default=0))
        turn, rows = best
        if not rows:
            return [Reading(0, "", None, 0.0, "none", (Reason("no_display"),))]
        return [
            self._reading(number, row, judged, _Frame(picture.size, whole, turn))
            for number, (row, judged) in enumerate(rows)
        ]

    def read_roughly(self, picture: Image.Image) -> list[str]:
        """The texts of the displays of an upright RGB picture, from the top, at half the price.

        It is looked at from farther away, and no reading is doubted.
        """
        texts = []
        for turn in self._params.turns:
            sizes = halves(picture.transpose(_TURNS[turn]) if turn else picture)
            seen = [find_at_side(self._networks.locator, sizes, side) for side in _FARTHER]
            rows = self._choose(self._rows(sizes, seen, self._displays))
            fixed = self._params.decimals is not None
            judged = [judge(self._glance(sizes, row), [], sizes[0].size, fixed) for row in rows]
            texts.append(judged)
        best = max(texts, key=lambda its: max((judged.score for judged in its), default=0))
        return [judged.text for judged in best]

    def _judge(self, picture: Image.Image, turn: int) -> tuple[int, list[tuple[Row, Judgement]]]:
        """The rows of a picture that is turned by some degrees, from the top, each judged."""
        photo = picture.transpose(_TURNS[turn]) if turn else picture
        sizes = halves(photo)
        seen = [find_at_side(self._networks.locator, sizes, side) for side in SIDES]
        rows = self._rows(sizes, seen)
        if not rows or rows[0].digits.merits.mean() < _FAINT:
            nearer = [seen[0], find_at_side(self._networks.locator, sizes, _NEARER)]
            rows = max(rows, self._rows(sizes, nearer), key=_merit)
        chosen, rest = self._choose(rows), rows[self._displays :]
        fixed = self._params.decimals is not None
        judged = [judge(self._look(sizes, row), rest, photo.size, fixed) for row in chosen]
        return turn, list(zip(chosen, judged, strict=True))

    def _choose(self, rows: Sequence[Row]) -> list[Row]:
        """Those of the rows, the likeliest first, that are displays, from the top."""
        displays = [row for row in rows[: self._displays] if _is_display(row, rows[0])]
        return sorted(displays, key=lambda row: row.middle[1])

    def _rows(
        self, sizes: Sequence[Image.Image], seen: Sequence[Found], candidates: int = _CANDIDATES
    ) -> list[Row]:
        """Rows of the digits seen, as each is from nearer, the likeliest first."""
        found = suppress(join(seen))
        rows = find_rows(found.take(found.merits > LEAST_MERIT))[:candidates]
        likely = [row for row in rows if row.merit > _LIKELY * rows[0].merit]
        nearer = [look_closer(self._networks.locator, sizes, row, Look()) for row in likely]
        return _distinct(sorted((row for row in nearer if row), key=lambda row: -row.merit))

    def _look(self, sizes: Sequence[Image.Image], row: Row) -> SeenRow:
        """All that can be learnt about a row."""
        again = look_closer(self._networks.locator, sizes, row, _AGAIN)
        turned = look_closer(self._networks.locator, sizes, row, Look(turn=np.pi))
        seen = self._glance(sizes, row)
        return replace(seen, again=again.digits.text if again else "", turned=turned)

    def _glance(self, sizes: Sequence[Image.Image], row: Row) -> SeenRow:
        """What each network says of a row, without another look."""
        marks = read_marks(self._networks.marks, sizes, row.digits.boxes, row.angle)
        return SeenRow(row, row.digits.text, None, self._classify(sizes[0], row), marks)

    @torch.inference_mode()
    def _classify(self, photo: Image.Image, row: Row) -> Floats:
        side = (self._networks.side,) * 2
        cuts = [cut(photo, edges(box), self._networks.margin) for box in row.digits.boxes]
        images = np.stack([np.asarray(its.resize(side, Image.Resampling.BILINEAR)) for its in cuts])
        logits = self._networks.digits(torch.from_numpy(images).to(self.device))
        return np.asarray(logits.float().softmax(1).double().cpu().numpy())

    def _reading(self, number: int, row: Row, judged: Judgement, frame: _Frame) -> Reading:
        confidence = self._calibration.confidence(judged.score)
        reasons = judged.reasons
        if confidence < self._calibration.threshold:
            reasons = (*reasons, Reason("unsure"))
        digits = tuple(
            ReadDigit(sign, round(float(chance), 6), frame.place(upright(box, row.angle)))
            for sign, chance, box in zip(
                judged.signs, judged.probabilities, row.digits.boxes, strict=True
            )
        )
        return Reading(
            number, judged.text, value_of(judged.text, self._params.decimals), confidence,
            "doubtful" if reasons else "accepted", reasons, digits,
            round(float(row.digits.scores.min()), 6),
        )  # fmt: skip


_TURNS = {
    90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270
}  # fmt: skip


@dataclass(frozen=True)
class _Frame:
    """How boxes on a turned picture lie on the photo: the picture's size, the photo's, the turn."""

    picture: tuple[int, int]
    photo: tuple[int, int]
    turn: int

    def place(self, box: Floats) -> Box:
        """A box of the turned picture, by its middle and size, on the photo."""
        x, y, width, height = box
        across, down = self.picture
        if self.turn == 90:
            x, y, width, height = across - y, x, height, width
        elif self.turn == 180:
            x, y = across - x, down - y
        elif self.turn == 270:
            x, y, width, height = y, down - x, height, width
        scale = np.divide(self.photo, self.picture)
        return edges(np.array([x, y, width, height]) * [*scale, *scale])


def _is_display(row: Row, best: Row) -> bool:
    """Whether a further row is about as sure as the likeliest, and not much lower."""
    sure = row.digits.merits.mean() > _AS_SURE * best.digits.merits.mean()
    return bool(sure and row.height > _AS_HIGH * best.height)


def _merit(rows: list[Row]) -> float:
    return rows[0].merit if rows else 0.0


def _distinct(rows: list[Row]) -> list[Row]:
    """Rows that share no digit with a likelier one."""
    kept: list[Row] = []
    for row in rows:
        both = join([*(its.digits for its in kept), row.digits])
        if len(suppress(both)) == len(both):
            kept.append(row)
    return kept
