"""params.yaml as frozen, typed, checked values."""

from __future__ import annotations

import difflib
import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from pipeline.messages import mark, say
from pipeline.runtime.errors import UserError

Model = Literal[
    "resnet8", "resnet14", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110",
    "resnet8x4", "resnet32x4",
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
]  # fmt: skip
Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
_DIGIT = "^[0-9]$"
# Those of torchrun's options that say how many processes there are and where: none that could make
# it run anything but the training.
_LAUNCHER = (
    r"^(python|torchrun( --(standalone|(nproc-per-node|nnodes|node-rank|rdzv-backend|rdzv-endpoint"
    r"|rdzv-id|master-addr|master-port|max-restarts)[= ][\w.:]+))+)$"
)
_IN_WORDS = {_DIGIT: mark('"0" to "9"'), _LAUNCHER: mark("python, or torchrun and its options")}
Digit = Annotated[str, Field(pattern=_DIGIT)]


# By pydantic's types of error, with the limits that it gives.
_WHY = {
    "greater_than": mark("it must be above {gt}"),
    "greater_than_equal": mark("it must be {ge} or more"),
    "less_than": mark("it must be below {lt}"),
    "less_than_equal": mark("it must be {le} or less"),
    "int_type": mark("it must be a whole number"),
    "float_type": mark("it must be a number"),
    "finite_number": mark("it must be a finite number"),
    "bool_type": mark("it must be true or false"),
    "string_type": mark("it must be a text"),
    "list_type": mark("it must be a list"),
    "dict_type": mark("it must be keys with values"),
    "model_type": mark("it must be keys with values"),
}
# Where a key of earlier versions is today.
_MOVED = {
    "crop.cluster": "machine.cluster", "train.device": "machine.device",
    "train.launcher": "machine.launcher", "train.max_memory": "machine.max_memory",
    "train.compile": "machine.compile",
}  # fmt: skip


class _Section(BaseModel):
    # strict: "0.1" and true are not numbers; frozen: a stage cannot change what it was given.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ParseParams(_Section):
    """Which labels are digits, how boxes are counted and turned, what is too much."""

    labels: dict[str, Digit]
    ignore: list[str]
    coordinates: Literal["auto", "zero_based", "one_based"]
    exif: Literal["auto", "upright", "raw"]
    max_rejected: Share
    max_megapixels: Annotated[float, Field(gt=0, le=200)]


class CropParams(_Section):
    """How a digit image is cut and written."""

    margin: Share
    format: Literal["jpg", "png"]


class SplitParams(_Section):
    """How the digits are divided."""

    by: Literal["photo", "digit"]
    validation: Annotated[float, Field(gt=0, lt=1)]
    seed: Seed


class AugmentParams(_Section):
    """How far training digits are changed at random; 0 is off."""

    strength: Share
    shift: Share
    scale: Annotated[float, Field(ge=0, lt=1)]
    rotation: Annotated[float, Field(ge=0, le=180)]
    shear: Share
    brightness: Share
    contrast: Share
    color: Share
    invert: Share
    blur: Share


class TrainParams(_Section):
    """The network and its training."""

    model: Model
    input_size: Annotated[int, Field(ge=16, le=256)]
    batch_size: Annotated[int, Field(ge=1)]
    epochs: Annotated[int, Field(ge=1)]
    enough_steps: Annotated[int, Field(ge=1)] | None = None
    optimizer: Literal["sgd", "adam"]
    lr: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: Annotated[float, Field(ge=0)]
    scheduler: Literal["cosine", "poly", "exponential"]
    warmup_epochs: Annotated[int, Field(ge=0)]
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    augment: AugmentParams
    keep: Literal["last", "best"]
    patience: Annotated[int, Field(ge=0)]
    init: str | None
    seed: Seed
    precision: Literal["auto", "fp32", "bf16"]
    accumulate: Annotated[int, Field(ge=1)]
    deterministic: bool


class LocateParams(_Section):
    """How the locator is taught."""

    init: str | None
    steps: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    lr: Annotated[float, Field(gt=0)]
    seed: Seed
    precision: Literal["auto", "fp32", "bf16"]
    most_photos: Annotated[int, Field(ge=1)] = 1000


class ReadParams(_Section):
    """What the plant's displays look like, as far as it is known."""

    point: list[str]
    decimals: Annotated[int, Field(ge=0, le=9)] | None
    displays: Annotated[int, Field(ge=1, le=16)] | None
    turns: Annotated[list[Literal[0, 90, 180, 270]], Field(min_length=1)]
    wrong: Annotated[float, Field(gt=0, lt=1)]


class RuleParams(_Section):
    """What a display may show; what breaks a rule goes to a person and is never changed."""

    digits: Annotated[int, Field(ge=1, le=16)] | None = None
    decimals: Annotated[int, Field(ge=0, le=9)] | None = None
    sign: bool = False
    smallest: float | None = None
    largest: float | None = None
    division: Annotated[float, Field(gt=0)] | None = None
    displays: Annotated[int, Field(ge=1, le=16)] | None = None
    unit: str | None = None
    target: float | None = None
    tolerance: Annotated[float, Field(ge=0)] | None = None


class RecordParams(RuleParams):
    """What readings must keep to on their way into the database, everywhere or at a station."""

    spot_checks: Share
    stations: dict[str, RuleParams]

    def rules_of(self, station: str) -> RuleParams:
        """The rules at a station: those for all, but for what it has of its own."""
        common = {name: getattr(self, name) for name in RuleParams.model_fields}
        own_rules = {unicodedata.normalize("NFC", name): its for name, its in self.stations.items()}
        its = own_rules.get(station)
        own = {name: getattr(its, name) for name in its.model_fields_set} if its else {}
        return RuleParams(**(common | own))


class EvaluateParams(_Section):
    """What the plant asks of the reader."""

    limit: Annotated[float, Field(gt=0, lt=1)]


class AuditParams(_Section):
    """How labels are checked: each digit by small networks that were trained without its photo."""

    folds: Annotated[int, Field(ge=2, le=20)]
    repeats: Annotated[int, Field(ge=1, le=20)]
    model: Model
    epochs: Annotated[int, Field(ge=1)]
    lr: Annotated[float, Field(gt=0)]
    strength: Share

    def rounds(self, params: TrainParams) -> list[TrainParams]:
        """How each round's networks are trained: as `params` says, but for what is set here.

        The first has its seed, the others the next ones.
        """
        augment = params.augment.model_copy(update={"strength": self.strength})
        own = {"model": self.model, "epochs": self.epochs, "optimizer": "adam", "lr": self.lr}
        # From nothing to the last epoch: what knew a digit's label must not judge it.
        blind = {"init": None, "keep": "last", "patience": 0, "enough_steps": None}
        training = params.model_copy(update={**own, **blind, "augment": augment})
        return [
            training.model_copy(update={"seed": params.seed + number})
            for number in range(self.repeats)
        ]


class MachineParams(_Section):
    """What the pipeline may use of the machine; no stage depends on it, so no change reruns one.

    It changes speed and, since sums are rounded in another order, the last digits of figures; of
    several processes, each has batch norm, and crops of photos, of its own, which changes more.
    """

    device: Literal["auto", "cpu", "cuda"]
    threads: Annotated[int, Field(ge=1)] | None
    launcher: Annotated[str, Field(pattern=_LAUNCHER)]
    max_memory: Annotated[float, Field(gt=0)] | None
    compile: bool
    cluster: str | None


class Params(_Section):
    """All of params.yaml."""

    machine: MachineParams
    parse: ParseParams
    crop: CropParams
    split: SplitParams
    train: TrainParams
    locate: LocateParams
    read: ReadParams
    record: RecordParams
    evaluate: EvaluateParams
    audit: AuditParams


class _Loader(yaml.SafeLoader):
    """Safe YAML, in which `5e-4` is a number, as everywhere but in YAML 1.1."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check all parameters.

    Raises `UserError` naming the file, each wrong key, the allowed values, and, for an unknown
    key, the nearest known one.
    """
    tree = load_yaml(path)
    try:
        return Params.model_validate(tree)
    except ValidationError as errors:
        lines = [f"{path}: {_describe(error)}" for error in errors.errors()]
        raise UserError("\n".join(lines)) from None


def load_yaml(path: Path) -> object:
    """What a YAML file holds; raises `UserError` where it is missing, or with the wrong line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise UserError("{path} is missing: run in the project's folder", path=path) from None
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        line = place.line + 1 if place else 1
        raise UserError(
            "{path} is not valid YAML near line {line} ({error}): indent it with spaces as its "
            "neighbours are; `git diff {path}` shows what was changed",
            path=path, line=line, error=error.problem or error.context,
        ) from None  # fmt: skip
    except (yaml.YAMLError, ValueError) as error:
        why = str(error).split("\n", maxsplit=1)[0]
        raise UserError("{path} is not valid YAML: {error}", path=path, error=why) from None


def _describe(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"]) or say("the file")
    kind, value, limits = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(key, error["loc"])
    if kind == "missing":
        return say("{key} is missing", key=key)
    if kind in ("literal_error", "string_pattern_mismatch"):
        allowed = limits.get("expected") or say(_IN_WORDS[limits["pattern"]])
        return say(
            "{key} is {value}; allowed: {allowed}", key=key, value=repr(value), allowed=allowed
        )
    if kind == "string_type" and isinstance(value, int | float):
        return say("{key} is {value}, which is no text: put it in quotes", key=key, value=value)
    why = say(_WHY[kind], **limits) if kind in _WHY else error["msg"].lower()
    return say("{key} is {value}: {why}", key=key, value=repr(value), why=why)


def _unknown(key: str, loc: tuple[int | str, ...]) -> str:
    if moved := _MOVED.get(key):
        return say("{key} is {new} now: move it in params.yaml", key=key, new=moved)
    section: Any = Params
    for part in loc[:-1]:
        # Below `stations` there is a name of the plant's, and then rules.
        is_section = isinstance(section, type) and issubclass(section, _Section)
        section = section.model_fields[part].annotation if is_section else RuleParams
    known = list(section.model_fields)
    near = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0)[0]
    return say(
        "{key} is not a parameter; did you mean {near}? (known: {known})",
        key=key, near=near, known=", ".join(known),
    )  # fmt: skip
