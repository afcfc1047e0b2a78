"""Look at all that a run needs, and say what to type where something is missing.

Python, packages, git, the settings, the photos, DVC's cache, locks and remote, the disk, the GPU,
the language, and what a photo tells of itself. It changes nothing. Without the packages it runs as
`python3 -m pipeline.commands.doctor`.
"""

from __future__ import annotations

import json
import locale
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from pipeline.messages import language, mark, say
from pipeline.runtime.command import make_parser, run
from pipeline.runtime.packages import OLDEST_PYTHON, find_gpu
from pipeline.runtime.start import how_to_get_packages

log = logging.getLogger(__name__)

_RAW = Path("raw")
_RWLOCK = Path(".dvc/tmp/rwlock")
# GiB: what a first run of 4,000 photos and an installation for a GPU take, with something to spare.
_FREE = 10


@dataclass(frozen=True)
class Observation:
    """What one look found: all is well, something is worth a look, or it stops a run."""

    verdict: Literal["ok", "look", "stop"]
    text: str


def main(argv: Sequence[str] | None = None) -> None:
    """Look at everything, say what each saw; exits with 1 where a run would stop."""
    parser = make_parser("digits doctor", __doc__)
    parser.add_argument(
        "--brief", action="store_true", help=say("say only what stops a run, as `make` does")
    )
    brief: bool = parser.parse_args(argv).brief
    shown = {"ok": say("ok"), "look": say("look"), "stop": say("STOP")}
    stops = 0
    for look in _STOPPING if brief else (*_STOPPING, *_TELLING):
        for observed in look():
            stops += observed.verdict == "stop"
            if observed.verdict == "stop" or not brief:
                log.info("%s", f"{shown[observed.verdict]:6}{observed.text}")
        if stops and look in (look_at_packages, look_at_folder):
            break  # what comes next needs them
    if stops:
        sys.exit(1)


def look_at_packages() -> Iterator[Observation]:
    """Python, and whether the packages of pyproject.toml are there."""
    where = f"Python {sys.version.split()[0]}, {sys.prefix}"
    if sys.version_info < OLDEST_PYTHON:
        yield Observation("stop", say("{python}: 3.10 or newer is needed", python=where))
        return
    missing = [name for name in _required() if not _has(name)]
    if not missing:
        yield Observation("ok", where)
        return
    yield Observation(
        "stop",
        say("{python} has no package {name}: type `{advice}`",
            python=where, name=missing[0], advice=how_to_get_packages()),
    )  # fmt: skip


def _required() -> list[str]:
    """The packages that pyproject.toml names for everybody."""
    try:
        text = Path("pyproject.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    listed = re.search(r"^dependencies = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    return re.findall(r'"([\w-]+)', listed[1]) if listed else []


def _has(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def look_at_folder() -> Iterator[Observation]:
    """Whether this is the project's folder, in git."""
    here = Path.cwd()
    if not (here / "dvc.yaml").exists():
        yield Observation(
            "stop", say("{folder} is not the project's folder: cd there", folder=here)
        )
    elif not (here / ".git").exists():
        yield Observation(
            "stop", say("{folder} is no git repository: get it by `git clone`", folder=here)
        )
    else:
        yield Observation("ok", str(here))


def look_at_settings() -> Iterator[Observation]:
    """Whether DVC and the stages can read params.yaml and dvc.yaml."""
    from pipeline.params import load_params, load_yaml  # noqa: PLC0415 - packages may be missing
    from pipeline.runtime.errors import UserError  # noqa: PLC0415

    try:
        load_yaml(Path("dvc.yaml"))
        load_params()
    except UserError as error:
        yield from (Observation("stop", line) for line in str(error).splitlines())
    else:
        yield Observation("ok", "params.yaml, dvc.yaml")


def look_at_photos() -> Iterator[Observation]:
    """Whether raw/ is there, and safe for DVC to read.

    DVC looks into raw/ before it runs a stage, and in no stage can it be kept from that: it waits
    on a pipe for ever, and puts what a link leads to into its cache, from where `dvc push` carries
    it away.
    """
    from pipeline.annotations.listing import find_unsafe  # noqa: PLC0415
    from pipeline.annotations.reasons import REASONS  # noqa: PLC0415

    if not _RAW.is_dir() or not any(_RAW.iterdir()):
        yield Observation("stop", _where_photos_are())
        return
    unsafe = find_unsafe(_RAW)
    for file, finding in list(unsafe.items())[:1]:
        yield Observation(
            "stop",
            say("raw/{file} ({count} such in all): {advice}",
                file=file, count=len(unsafe), advice=say(REASONS[finding.reason].advice)),
        )  # fmt: skip
    if not unsafe:
        names = [path.suffix.lower() for path in _RAW.rglob("*")]
        xml = names.count(".xml")
        others = sum(bool(name) for name in names) - xml
        yield Observation(
            "ok", say("raw/: {xml} XML, {others} other files", xml=xml, others=others)
        )


def _where_photos_are() -> str:
    cache = Path(".dvc/cache/files")
    if Path("raw.dvc").exists() and cache.exists():
        return say(
            "the photos of this version are not here: `dvc checkout raw.dvc` or `dvc pull` brings "
            "them; for photos of your own, make the folder raw/ and put them there"
        )
    return say(
        "there is no folder raw/: copy your photos and XML there, or type `digits sample raw` for "
        "drawn ones; `dvc pull` brings those of a colleague's remote"
    )


def look_at_locks() -> Iterator[Observation]:
    """Whether another run holds DVC's locks, or a killed one seems to."""
    import psutil  # noqa: PLC0415

    try:
        running = sorted(filter(psutil.pid_exists, _holders()))
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Observation(
            "stop",
            say("{file} was left damaged by a killed run: delete it (rm {file})",
                file=_RWLOCK.as_posix()),
        )  # fmt: skip
        return
    for number in running:
        try:
            name = psutil.Process(number).name()
        except psutil.NoSuchProcess:  # it has just ended
            continue
        advice = (
            mark("process {number} ({name}) runs DVC here already: wait until it ends")
            if "dvc" in name or "python" in name
            else mark(
                "a killed run left {file}, which names process {number}, now {name}: delete it "
                "(rm {file})"
            )
        )
        yield Observation("stop", say(advice, file=_RWLOCK.as_posix(), number=number, name=name))
    if not running:
        yield Observation("ok", say("no other run is going on here"))


def _holders() -> set[int]:
    """The processes that DVC's lock names."""
    if not _RWLOCK.exists():
        return set()
    held = json.loads(_RWLOCK.read_text(encoding="utf-8"))
    holders = [*held.get("write", {}).values()]
    holders += [one for many in held.get("read", {}).values() for one in many]
    return {int(one["pid"]) for one in holders}


def look_at_dvc() -> Iterator[Observation]:
    """Whether versions are kept elsewhere too, and on which disk, with how much room."""
    free = shutil.disk_usage(".").free / 2**30
    room = say("{free} GiB are free here", free=f"{free:.0f}")
    yield (
        Observation("ok", room)
        if free >= _FREE
        else Observation("look", say("{room}: a run may need {needed}", room=room, needed=_FREE))
    )
    listed = subprocess.run(
        [sys.executable, "-m", "dvc", "remote", "list"], capture_output=True, text=True, check=False
    )
    remotes = listed.stdout.split("\n")[0].strip()
    yield Observation("ok", f"DVC remote: {remotes}") if remotes else Observation(
        "look",
        say("all versions of the photos are on this disk alone: see docs/usage.md, \"A store for "
            "all versions\""),
    )  # fmt: skip


def look_at_gpu() -> Iterator[Observation]:
    """Whether PyTorch was built for the GPU that is here."""
    import torch  # noqa: PLC0415
    from joblib import cpu_count  # noqa: PLC0415

    gpu, built = find_gpu(), torch.version.cuda
    if torch.cuda.is_available():
        yield Observation("ok", f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    elif gpu:
        yield Observation(
            "look",
            say("{gpu} (driver {driver}, CUDA {cuda}) is not used by PyTorch {torch}: type `python "
                "-m pip uninstall --yes torch torchvision`, then `digits install`",
                gpu=gpu.name, driver=gpu.driver, cuda="{}.{}".format(*gpu.cuda),
                torch=torch.__version__),
        )  # fmt: skip
    else:
        yield Observation(
            "ok", say("no NVIDIA GPU: the CPU trains, {cores} cores, {kind}", cores=cpu_count(),
                      kind=torch.backends.cpu.get_cpu_capability())
        )  # fmt: skip
        if built:
            yield Observation(
                "ok", say("PyTorch has CUDA {cuda}, which nothing here uses", cuda=built)
            )


def look_at_names() -> Iterator[Observation]:
    """The language, and whether the system writes file names as UTF-8."""
    encoding = sys.getfilesystemencoding()
    yield Observation(
        "ok" if encoding == "utf-8" else "look",
        say("language {language}, locale {locale}, file names in {encoding}",
            language=language(), locale=locale.setlocale(locale.LC_CTYPE), encoding=encoding),
    )  # fmt: skip
    here = str(Path.cwd())
    if not here.isascii() or " " in here:
        yield Observation(
            "look",
            say("{folder} has a space or letters beside A to Z, which some programs cannot open",
                folder=here),
        )  # fmt: skip


def look_at_a_photo() -> Iterator[Observation]:
    """What the first photo tells of itself: size, which way up, when it was taken."""
    from pipeline.images.photo import (  # noqa: PLC0415
        PHOTO_SUFFIXES,
        UnreadablePhoto,
        read_bytes,
        read_header,
        taken_at,
    )

    photos = sorted(path for path in _RAW.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    if not photos:
        return
    try:
        content = read_bytes(photos[0])
        header, taken = read_header(content, 200), taken_at(content)
    except UnreadablePhoto as error:
        yield Observation("look", f"{photos[0].as_posix()}: {error}")
        return
    size = f"{header.width} x {header.height}"
    yield Observation(
        "ok" if taken else "look",
        say("{photo}: {size}, EXIF orientation {orientation}, taken {taken}",
            photo=photos[0].as_posix(), size=size, orientation=header.orientation, taken=taken)
        if taken
        else say("{photo}: {size}, no EXIF time: messengers remove it; copy photos by cable or as "
                 "files", photo=photos[0].as_posix(), size=size),
    )  # fmt: skip


Look = Callable[[], Iterator[Observation]]
# In order: what a later one needs comes first.
_STOPPING: tuple[Look, ...] = (
    look_at_packages, look_at_folder, look_at_settings, look_at_photos, look_at_locks,
)  # fmt: skip
_TELLING: tuple[Look, ...] = (look_at_dvc, look_at_gpu, look_at_names, look_at_a_photo)


if __name__ == "__main__":
    run(main)
