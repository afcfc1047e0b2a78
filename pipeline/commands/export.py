"""Export the model to ONNX: files for other programs, which need neither torch nor this code.

models/digits.pt, models/locator.pt, models/reading.json, data/valid_data.txt, data/digits.csv,
data/digits, raw/ -> models/digits.onnx, models/reader.onnx

digits.onnx tells digits apart. Input `images`: digit images (n, size, size, 3), uint8, RGB, as an
image library gives them; n is free. Outputs `logits` and `probabilities`: (n, classes), fp32.
Scaling and normalisation are in the graph.

reader.onnx finds them on a photo. Input `photo`: (height, width, 3), uint8, RGB, upright, of any
size. Outputs, for n digits: `boxes` (n, 4), fp32, xmin, ymin, xmax, ymax in pixels; `digits` (n,),
int64, 10 being a minus sign; `confidences` (n,), and `points` (n,), how sure a decimal point is
behind each.

Nothing is written unless onnxruntime reads validation digits and photos as torch does.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.contracts import DIGITS, LISTS, MODEL, read_list
from pipeline.images.digits import load_digits
from pipeline.images.photo import UnreadablePhoto, read_photo
from pipeline.learning.checkpoint import Checkpoint, load_checkpoint
from pipeline.learning.digit_reader import DigitReader, predict
from pipeline.learning.hardware import Hardware
from pipeline.messages import say
from pipeline.reading.whole_way import Digits, WholeWay
from pipeline.reading.whole_way_file import Agreement, check_whole_way, load_whole_way
from pipeline.runtime.command import make_parser
from pipeline.runtime.errors import UserError
from pipeline.runtime.files import write_file

if TYPE_CHECKING:
    import onnx

log = logging.getLogger(__name__)

# The first opset whose ReduceMean takes its axes as torch does; onnxruntime reads it since 1.14.
OPSET = 18
TOLERANCE = 1e-3
# One at a time, an odd number, and all at once, as far as memory goes.
BATCHES = (1, 7, 1024)
READER = MODEL.with_name("reader.onnx")
# More photos would say no more, and take their time.
PHOTOS = 50

_RAW = Path("raw")
_CPU = Hardware(torch.device("cpu"), torch.float32)


def main(argv: Sequence[str] | None = None) -> None:
    """Load the models, validation digits and photos, export, check, save."""
    arguments = parse_arguments(argv)
    require_packages()
    checkpoint = load_checkpoint(arguments.model)
    files = read_list(LISTS["valid"])
    images = load_digits(Path("data/digits"), files, checkpoint.input_size)
    # An earlier export must not be taken for this model's.
    for path in (arguments.out, arguments.reader):
        path.unlink(missing_ok=True)
    model = to_onnx(checkpoint)
    apart = check_agreement(model, checkpoint, images)
    whole, about = load_whole_way(checkpoint)
    photos = load_photos(files)
    reader = whole_to_onnx(whole, about)
    agreement = check_whole_way(reader, whole, photos)
    write_file(arguments.out, model)
    write_file(arguments.reader, reader)
    tell(arguments.out, checkpoint.model, len(model), apart, len(images))
    tell_reader(arguments.reader, len(reader), agreement, len(photos))


def tell(path: Path, model: str, length: int, apart: float, count: int) -> None:
    """Say what the digit classifier's file is, of so many bytes, and how it was checked."""
    log.info(
        say(
            "{file}: {model}, opset {opset}, {megabytes} MB; logits within {apart} of torch's on "
            "{count} validation digits",
            file=path, model=model, opset=OPSET, megabytes=f"{length / 1e6:.1f}",
            apart=f"{apart:.1g}", count=count,
        )
    )  # fmt: skip


def tell_reader(path: Path, length: int, agreement: Agreement, photos: int) -> None:
    """Say what the whole way's file is, of so many bytes, and how it was checked."""
    log.info(
        say(
            "{file}: photo to digits, opset {opset}, {megabytes} MB; {count} digits on {photos} "
            "validation photos as torch sees them, confidences within {apart}",
            file=path, opset=OPSET, megabytes=f"{length / 1e6:.1f}",
            count=agreement.digits, photos=photos, apart=f"{agreement.apart:.1g}",
        )
    )  # fmt: skip


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("digits export", __doc__)
    default = say("default: %(default)s")
    parser.add_argument("--model", type=Path, metavar="FILE", default=MODEL, help=default)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", default=MODEL.with_suffix(".onnx"), help=default
    )
    parser.add_argument("--reader", type=Path, metavar="FILE", default=READER, help=default)
    return parser.parse_args(argv)


def load_photos(files: list[str]) -> list[NDArray[np.uint8]]:
    """Photos of digits, upright RGB (height, width, 3): all, or `PHOTOS` from among them.

    Raises `UserError` naming one that cannot be read.
    """
    wanted = set(files)
    names = sorted({row.photo for row in DIGITS.read() if row.file in wanted})
    step = -(-len(names) // PHOTOS)
    photos = []
    for name in names[:: max(1, step)]:
        try:
            photos.append(np.array(read_photo(_RAW / name)))
        except UnreadablePhoto as why:
            raise UserError(
                "{file} cannot be read ({error}): run `dvc repro`", file=_RAW / name, error=why
            ) from None
    return photos


def require_packages() -> None:
    """Raise `UserError` where a package of the extra is missing."""
    try:
        import onnx  # noqa: F401, PLC0415 - an extra, for those who export
        import onnxruntime  # noqa: F401, PLC0415
        import onnxscript  # noqa: F401, PLC0415
    except ImportError as missing:
        raise UserError(
            "the export needs more packages ({missing}): digits install --extra export",
            missing=missing,
        ) from None


class _WithProbabilities(nn.Module):
    """A digit reader that gives logits and probabilities, both (n, classes)."""

    def __init__(self, reader: DigitReader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.reader(images)
        return logits, logits.softmax(1)


def to_onnx(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as an ONNX file, the same bytes for the same model and the same torch.

    Its metadata hold the classes (separated by commas), the input size, the network's name, the
    margin around each digit's box, and the MD5 of the lists that it was trained on.
    """
    size = checkpoint.input_size
    return _export(
        _WithProbabilities(checkpoint.reader()),
        # Two: torch takes a batch of one for a constant.
        images=torch.zeros((2, size, size, 3), dtype=torch.uint8),
        outputs=["logits", "probabilities"], free={0: "batch"}, about=_metadata(checkpoint),
    )  # fmt: skip


def whole_to_onnx(whole: WholeWay, about: dict[str, str]) -> bytes:
    """The whole way as an ONNX file, the same bytes for the same models and the same torch."""
    return _export(
        whole,
        # Two lengths, since torch takes equal ones for the same.
        photo=torch.zeros((480, 636, 3), dtype=torch.uint8),
        outputs=list(Digits._fields), free={0: "height", 1: "width"}, about=about,
    )  # fmt: skip


def _export(
    module: nn.Module, outputs: list[str], free: dict[int, str], about: dict[str, str],
    **example: Tensor,
) -> bytes:  # fmt: skip
    """A network as an ONNX file; of its one input, some axes are free. `about`: its metadata."""
    import onnx  # noqa: PLC0415

    for chatty in ("onnx_ir", "onnxscript"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    program = torch.onnx.export(
        module.eval(),
        tuple(example.values()),
        input_names=list(example),
        output_names=outputs,
        dynamic_shapes=(free,),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    _forget_origin(model)
    onnx.helper.set_model_props(model, about)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _metadata(checkpoint: Checkpoint) -> dict[str, str]:
    lists = {f"{name}_list_md5": md5 for name, md5 in checkpoint.lists_md5.items()}
    return lists | {
        "classes": ",".join(checkpoint.classes),
        "input_size": str(checkpoint.input_size),
        "margin": str(checkpoint.params["crop"]["margin"]),
        "model": checkpoint.model,
    }


def _forget_origin(model: onnx.ModelProto) -> None:
    """Drop the exporter's notes: they hold paths of this machine."""
    graph = model.graph
    del graph.value_info[:]
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]


def check_agreement(model: bytes, checkpoint: Checkpoint, images: NDArray[np.uint8]) -> float:
    """The most that onnxruntime's logits and torch's (fp32) differ on digit images, at all batches.

    Raises `UserError` where they differ by more than `TOLERANCE`, or where a digit is read
    differently.
    """
    import onnxruntime  # noqa: PLC0415

    reader = _CPU.place(checkpoint.reader())
    expected = predict(reader, torch.from_numpy(images), _CPU).numpy()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    apart = 0.0
    for size in BATCHES:
        batches = [images[i : i + size] for i in range(0, len(images), size)]
        found = np.concatenate([session.run(["logits"], {"images": b})[0] for b in batches])
        differing = int((found.argmax(1) != expected.argmax(1)).sum())
        gap = float(np.abs(found - expected).max())
        if differing or not gap <= TOLERANCE:  # a gap that is not a number is none to accept
            raise UserError(
                "onnxruntime reads {differing} of {count} digits otherwise than torch, and the "
                "logits are up to {gap} apart in batches of {size}: nothing was written; try "
                "other versions of torch, onnxscript or onnxruntime",
                differing=differing,
                count=len(images),
                gap=f"{gap:.2g}",
                size=size,
            )
        apart = max(apart, gap)
    return apart
