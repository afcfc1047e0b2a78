"""What a stage of DVC depends on, and whether that has stood still while the stage ran.

DVC hashes a stage's inputs when the stage has ended (treeverse/dvc issue 11058). Photos that came
while it ran, or a value changed in params.yaml, would be recorded as what its outputs were made of,
and never be looked at. Of what comes in the moment between the stage's end and DVC's look, crop
finds the new photos and XML.

This module can go, with `refuse_unread` of crop, once pyproject.toml asks for a DVC that has pull
request 11062, which hashes the inputs before the stage runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.messages import say
from pipeline.runtime.errors import UserError

_PARAMS = Path("params.yaml")
# What a look into a folder leaves there: what .dvcignore has, so that DVC does not see it.
UNSEEN = frozenset({"__pycache__", ".DS_Store", "Thumbs.db", "desktop.ini"})

Stamp = tuple[int, int]


class InputsChanged(UserError):  # noqa: N818 - it says what has happened
    """Which inputs changed while a stage ran, and what to do."""


@dataclass(frozen=True)
class StageInputs:
    """The files and parameters of dvc.yaml that a stage depends on, as they were at one moment."""

    stage: str
    files: dict[str, Stamp]
    params: dict[str, object] | None
    entry: Mapping[str, Any]

    @classmethod
    def now(cls) -> StageInputs:
        """Those of the stage that DVC runs this process for; none where it was started by hand."""
        stage = os.environ.get("DVC_STAGE", "")
        entry = _entry(stage)
        return cls(stage, _stamps(entry), _values(entry), entry)

    def check(self) -> None:
        """Raise `InputsChanged` where a file or a parameter is another one now."""
        self.check_params()
        files = _stamps(self.entry)
        changed = sorted(p for p in self.files | files if self.files.get(p) != files.get(p))
        if changed:
            raise InputsChanged(
                say(
                    "{file} changed while this ran ({count} in all), so that DVC would take the "
                    "new for what this was made of: run the same command again",
                    file=Path(changed[0]).as_posix(), count=len(changed),
                )
            )  # fmt: skip

    def check_params(self) -> None:
        """Raise `InputsChanged` where a parameter is another one now.

        Where params.yaml cannot be read, as while an editor writes it, there is nothing to tell.
        """
        params = _values(self.entry)
        if self.params is None or params is None:
            return
        for key in self.params | params:
            then, now = self.params.get(key), params.get(key)
            if then != now:
                raise InputsChanged(
                    say(
                        "{key} changed in params.yaml while this ran, from {then} to {now}: run "
                        "the same command again, for the new value; or put the old one back first",
                        key=key, then=then, now=now,
                    )
                )  # fmt: skip


def _entry(address: str) -> Mapping[str, Any]:
    """A stage's entry in dvc.yaml, or in one that stands in a folder of its own."""
    name = address.rpartition(":")[2].partition("@")[0]
    for path in (Path("dvc.yaml"), *sorted(Path().glob("*/dvc.yaml"))) if name else ():
        stages = (_read_yaml(path) or {}).get("stages")
        if isinstance(stages, dict) and name in stages:
            return dict(stages[name])
    return {}


def _stamps(entry: Mapping[str, Any]) -> dict[str, Stamp]:
    """Time of change (ns) and size of each file that there is, by its path."""
    stamps = {}
    for path in _paths(entry):
        with suppress(FileNotFoundError):
            status = os.stat(path)  # noqa: PTH116 - pathlib takes half as long again
            stamps[path] = (status.st_mtime_ns, status.st_size)
    return stamps


def _paths(entry: Mapping[str, Any]) -> Iterator[str]:
    """Every file that a stage depends on, those of its folders one by one."""
    for path in entry.get("deps", ()):
        if not Path(path).is_dir():
            yield path
        for folder, below, names in os.walk(path):
            below[:] = set(below) - UNSEEN
            yield from (f"{folder}/{name}" for name in names if name not in UNSEEN)


def _values(entry: Mapping[str, Any]) -> dict[str, object] | None:
    """Each parameter, by its whole key; None where params.yaml cannot be read."""
    wanted = tuple(entry.get("params", ()))
    tree = _read_yaml(_PARAMS) if wanted else {}
    if tree is None:
        return None
    return {
        key: value
        for key, value in _leaves("", tree)
        if any(f"{key}.".startswith(f"{prefix}.") for prefix in wanted)
    }


def _read_yaml(path: Path) -> dict[str, Any] | None:
    """The mapping that a file holds, and None where it holds none."""
    import yaml  # noqa: PLC0415 - what makes the environment has no packages yet

    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return tree if isinstance(tree, dict) else None


def _leaves(prefix: str, tree: object) -> Iterator[tuple[str, object]]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _leaves(f"{prefix}.{name}" if prefix else str(name), value)
    else:
        yield prefix, tree
