"""The rules of the house: who imports whom, which parameters are called what, what has help."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest
import yaml
from helpers import ROOT

PIPELINE = ROOT / "pipeline"
# Those of `dvc repro`, and one that runs only when it is asked for.
STAGES = dict.fromkeys(("parse", "crop", "stats", "split", "train", "evaluate"), "dvc.yaml")
STAGES["audit"] = "audit/dvc.yaml"
WINGS = ["annotations", "images", "learning", "reporting"]
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in sorted(PIPELINE.rglob("*.py"))
}
COMMANDS = [
    path.stem
    for path in sorted(PIPELINE.glob("*.py"))
    if "__main__" in path.read_text(encoding="utf-8")
]
PARAMS = (ROOT / "params.yaml").read_text(encoding="utf-8")


def imports(path):
    """Every module that a source file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def of_wings(*wings):
    return [name for name in SOURCES if name.split(".")[1:2] and name.split(".")[1] in wings]


def test_no_module_imports_a_command():
    """A stage never imports a stage, a wing never imports a stage."""
    commands = {f"pipeline.{name}" for name in COMMANDS}
    assert set(STAGES) <= set(COMMANDS)
    assert {name: its for name, path in SOURCES.items() if (its := imports(path) & commands)} == {}


@pytest.mark.parametrize("name", of_wings("annotations", "images"))
def test_reading_photos_needs_no_torch(name):
    """Nor anything of ours that does."""
    assert not [
        its for its in imports(SOURCES[name]) if its.split(".")[0] in ("torch", "torchvision")
    ]
    assert not [its for its in imports(SOURCES[name]) if its.startswith("pipeline.learning")]


@pytest.mark.parametrize("name", [name for name in SOURCES if ".reporting" not in name])
def test_only_reporting_draws_figures(name):
    """matplotlib is imported nowhere else."""
    assert not [its for its in imports(SOURCES[name]) if its.split(".")[0] == "matplotlib"]


def test_data_stages_never_load_torch(workplace):
    """A real run of all four in one process: they start at once, and on any PC."""
    workplace.set(split__by="photo")
    workplace.add_displays(6)
    script = (
        "import sys\n"
        "from pipeline import parse, crop, stats, split\n"
        "for stage in (parse, crop, stats, split):\n"
        "    stage.main()\n"
        "sys.exit('torch is loaded' if 'torch' in sys.modules else 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (workplace.folder / "data/valid_data.txt").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(workplace, capsys, command):
    """Which says at least what the module's first line says, and writes nothing."""
    with pytest.raises(SystemExit) as end:
        workplace.do(command, arguments=("--help",))
    assert end.value.code == 0
    first_line = ast.get_docstring(ast.parse(SOURCES[f"pipeline.{command}"].read_text("utf-8")))
    words = " ".join(capsys.readouterr().out.split())
    assert f"python -m pipeline.{command}" in words
    assert first_line.splitlines()[0] in words
    assert [path.name for path in workplace.folder.iterdir()] == ["params.yaml"]


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_run_by_dvc(stage):
    """With its own source among its dependencies, and a description."""
    entry = yaml.safe_load((ROOT / STAGES[stage]).read_text(encoding="utf-8"))["stages"][stage]
    launcher = "${train.launcher}" if stage == "train" else "python"
    assert entry["cmd"] == f"{launcher} -m pipeline.{stage}"
    assert f"pipeline/{stage}.py" in entry["deps"]
    assert entry["desc"]


def own_imports(module):
    """Source files of ours that a module needs, directly or through others."""
    found, waiting = set(), [module]
    while waiting:
        for name in imports(SOURCES[waiting.pop()]) & set(SOURCES):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return {SOURCES[name].relative_to(ROOT).as_posix() for name in found}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_of_its_source(stage):
    """An edit of any module that it uses makes DVC run it again."""
    entry = yaml.safe_load((ROOT / STAGES[stage]).read_text(encoding="utf-8"))["stages"][stage]
    files = own_imports(f"pipeline.{stage}")
    missing = {
        file
        for file in files
        if not any(file == d or file.startswith(f"{d}/") for d in entry["deps"])
    }
    assert missing == set()


def keys(tree):
    """Every key of nested mappings, as a path."""
    for key, value in tree.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *rest) for rest in keys(value))


def test_no_parameter_has_a_name_that_dvc_drops():
    """DVC's run cache leaves out `size` and `nfiles` and restores old outputs (dvc #10296)."""
    assert not [path for path in keys(yaml.safe_load(PARAMS)) if path[-1] in ("size", "nfiles")]


PARAMETERS = [path for path in keys(yaml.safe_load(PARAMS)) if len(path) > 1]


@pytest.mark.parametrize("path", PARAMETERS, ids=".".join)
def test_every_parameter_is_explained(path):
    """In a comment above it or behind it, within its section."""
    lines = PARAMS.splitlines()
    place = 0
    for depth, key in enumerate(path):
        place = next(
            i for i in range(place, len(lines)) if lines[i].startswith(f"{'  ' * depth}{key}:")
        )
    assert lines[place - 1].lstrip().startswith("# ") or " # " in lines[place]


def imported_files(module):
    """The project's files that a module imports, directly or through others."""
    found, waiting = set(), [ROOT / "pipeline" / f"{module}.py"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline."):
                waiting.append(ROOT / f"{node.module.replace('.', '/')}.py")
    return {path.relative_to(ROOT).as_posix() for path in found}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_the_code_it_runs(stage):
    """An edit reruns what it touches and nothing else: dvc.yaml lists these files, or folders."""
    stages = yaml.safe_load((ROOT / STAGES[stage]).read_text(encoding="utf-8"))["stages"]
    listed = {dep for dep in stages[stage]["deps"] if dep.startswith("pipeline/")}
    needed = imported_files(stage)
    covered = {
        file for file in needed if any(file == d or file.startswith(f"{d}/") for d in listed)
    }
    assert sorted(needed - covered) == []
    unused = {dep for dep in listed if not any(f == dep or f.startswith(f"{dep}/") for f in needed)}
    assert sorted(unused) == []


def test_what_contributing_names_is_there():
    """Every path that CONTRIBUTING.md sends its reader to."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:pipeline|tests|docs|audit)/[\w/.]*|\w+\.(?:yaml|md))`", text))
    assert len(paths) > 15
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
