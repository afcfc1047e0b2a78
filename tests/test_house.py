"""The rules of the house: who imports whom, what a stage depends on, what has help."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache

import pytest
import yaml
from helpers import ROOT, command_environment, contents
from repository import shell, stages_run

from pipeline.commands.__main__ import COMMANDS

PIPELINE = ROOT / "pipeline"
STAGES = ["parse", "crop", "stats", "split", "train", "locate", "evaluate"]
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PIPELINE.rglob("*.py"))
}
RUNNABLE = {f"pipeline.{name}" for name in STAGES} | {
    name for name in SOURCES if name.startswith("pipeline.commands.")
}
WINGS = sorted({name.split(".")[1] for name in SOURCES if name.count(".") > 1} - {"commands"})
PARAMS = (ROOT / "params.yaml").read_text(encoding="utf-8")
DVC = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]

# What words, files and processes are: a change there cannot change what a stage computes. Of the
# stages that take seconds, only messages is left out, and evaluate's page is made of those too.
WORDS = {"pipeline/messages"}
NO_FIGURE = WORDS | {
    "pipeline/contracts.py", "pipeline/params.py", "pipeline/runtime", "pipeline/images/box.py",
    "pipeline/learning/resume.py", "pipeline/learning/run.py",
}  # fmt: skip
LEFT_OUT = dict.fromkeys(STAGES, WORDS) | {
    "train": NO_FIGURE, "locate": NO_FIGURE | {"pipeline/images/disguises.py"}, "evaluate": set(),
}  # fmt: skip


@cache
def imports(name):
    """Every module that a module of ours imports, anywhere in it but for its types alone."""
    found = set()
    tree = ast.parse(SOURCES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {its.name for its in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: a relative import"
            found |= {node.module} | {f"{node.module}.{its.name}" for its in node.names}
    return found


def modules_of(*wings):
    """The modules of some wings."""
    return [name for name in SOURCES if name.split(".")[1:2] and name.split(".")[1] in wings]


def needed_by(name):
    """Files of ours that a module needs, directly or through others, itself included."""
    found, waiting = {name}, [name]
    while waiting:
        new = (imports(waiting.pop()) & set(SOURCES)) - found
        found |= new
        waiting += new
    return {SOURCES[its].relative_to(ROOT).as_posix() for its in found if its != "pipeline"}


def is_below(file, paths):
    """Whether a file is one of some paths, or in a folder among them."""
    return any(file == path or file.startswith(f"{path}/") for path in paths)


def test_the_top_of_the_house_is_its_stages():
    """Beside them there are the parameters and the contracts, nothing else."""
    top = {path.stem for path in PIPELINE.glob("*.py")} - {"__init__"}
    assert top == {*STAGES, "params", "contracts"}


def test_nothing_imports_a_stage_or_a_command():
    """Neither another one nor a wing; `digits` finds its commands by name."""
    assert {name: its for name in SOURCES if (its := imports(name) & RUNNABLE)} == {}


@pytest.mark.parametrize("name", modules_of("annotations", "images", "dividing"))
def test_the_data_wings_need_no_torch(name):
    """Nor a wing that does."""
    heavy = ("torch", "torchvision", "pipeline.learning", "pipeline.reporting")
    assert not [its for its in imports(name) if is_below(its.replace(".", "/"), heavy)]
    assert not [its for its in imports(name) if its.startswith(heavy)]


@pytest.mark.parametrize("name", [name for name in SOURCES if ".reporting" not in name])
def test_only_reporting_draws_figures(name):
    """No other wing imports matplotlib."""
    assert not [its for its in imports(name) if its.split(".")[0] == "matplotlib"]


def test_only_the_sample_draws_photos():
    """No wing imports drawing, and of the commands only one does."""
    outside = [name for name in SOURCES if not name.startswith("pipeline.drawing")]
    users = [n for n in outside if any(i.startswith("pipeline.drawing") for i in imports(n))]
    assert users == ["pipeline.commands.sample"]


@pytest.mark.parametrize("name", modules_of("runtime", "messages"))
def test_the_ground_stands_on_nothing(name):
    """What every wing uses imports no other wing."""
    ours = {its for its in imports(name) if its.startswith("pipeline.")}
    assert not [its for its in ours if its.split(".")[1] not in ("runtime", "messages")]


def test_a_service_could_stand_beside_it():
    """No module of the pipeline imports a package of ours from outside it."""
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"pipeline"}
    assert folders
    assert not [(n, its) for n in SOURCES for its in imports(n) if its.split(".")[0] in folders]


@pytest.mark.slow
def test_data_stages_never_load_torch(workplace):
    """Real runs of all four in one process: they start at once, and on any PC."""
    workplace.set(split__by="photo")
    workplace.add_displays(6)
    script = (
        "import sys\n"
        "from pipeline import parse, crop, stats, split\n"
        "sys.argv = ['stage']\n"
        "for stage in (parse, crop, stats, split):\n"
        "    stage.main()\n"
        "sys.exit('torch is loaded' if 'torch' in sys.modules else 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=command_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (workplace.folder / "data/valid_data.txt").exists()


@pytest.mark.parametrize(
    "stage",
    [
        # These three load torch, each time.
        pytest.param(stage, marks=[pytest.mark.slow] if stage in STAGES[4:] else [])
        for stage in STAGES
    ],
)
def test_a_stage_has_help_and_takes_no_option(workplace, stage):
    """Its help says what the module's first line says; any option ends with 2."""
    before = contents(workplace.folder)
    shown = workplace.run(stage, "--help")
    first_line = ast.get_docstring(ast.parse(SOURCES[f"pipeline.{stage}"].read_text("utf-8")))
    assert shown.returncode == 0
    assert f"python -m pipeline.{stage}" in shown.stdout
    assert first_line.splitlines()[0] in " ".join(shown.stdout.split())
    assert workplace.run(stage, "--fast").returncode == 2
    assert contents(workplace.folder) == before


def test_every_command_is_listed():
    """`digits --help` has each file of commands/, and no other."""
    files = {path.stem for path in (PIPELINE / "commands").glob("*.py")}
    assert {name.replace("-", "_") for name in COMMANDS} == files - {"__init__", "__main__"}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_run_by_dvc(stage):
    """Under its own name, with its own source among its dependencies, and described."""
    assert DVC[stage]["cmd"] == f"python -m pipeline.{stage}"
    assert f"pipeline/{stage}.py" in DVC[stage]["deps"]
    assert DVC[stage]["desc"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_code_that_its_outputs_follow_from(stage):
    """All that it imports is listed or cannot change a figure, and all that is listed is used."""
    listed = {dep for dep in DVC[stage]["deps"] if dep.startswith("pipeline/")}
    needed = needed_by(f"pipeline.{stage}")
    covered = listed | LEFT_OUT[stage]
    assert sorted(file for file in needed if not is_below(file, covered)) == []
    assert not listed & LEFT_OUT[stage]
    unused = {dep for dep in listed if not any(is_below(file, [dep]) for file in needed)}
    assert unused == set()


def test_the_audit_depends_on_the_code_that_it_runs():
    """As a stage does, in a file of its own, so that `dvc repro` leaves it alone."""
    text = (ROOT / "audit/dvc.yaml").read_text(encoding="utf-8")
    audit = yaml.safe_load(text)["stages"]["audit"]
    listed = {dep for dep in audit["deps"] if dep.startswith("pipeline/")}
    needed = needed_by("pipeline.commands.audit")
    # What the pages of reports know beside the audit's.
    page = {"pipeline/annotations", "pipeline/reading"}
    assert sorted(file for file in needed if not is_below(file, listed | NO_FIGURE | page)) == []


@pytest.mark.slow
def test_a_word_changed_trains_nothing(clone):
    """Data stages run again and come to the same; a line of the network's own code trains."""
    for file in ("runtime/files.py", "annotations/voc.py", "messages/__init__.py", "params.py"):
        with (clone / "pipeline" / file).open("a", encoding="utf-8") as source:
            source.write("\n# A comment.\n")
    ran = stages_run(shell(clone, "dvc", "repro", "train"))
    assert "parse" in ran
    assert "train" not in ran
    with (clone / "pipeline/learning/networks.py").open("a", encoding="utf-8") as source:
        source.write("\n# A comment.\n")
    assert "train" in stages_run(shell(clone, "dvc", "repro", "--dry"))


@pytest.mark.slow
def test_the_machine_changes_nothing(clone):
    """Other threads, another launcher, less memory: no stage runs again."""
    path = clone / "params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    launcher = "torchrun --nproc-per-node 2"
    params["machine"] |= {"threads": 1, "launcher": launcher, "max_memory": 1.0}
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    assert stages_run(shell(clone, "dvc", "repro")) == []


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
    """There is a comment above it or behind it, within its section."""
    lines = PARAMS.splitlines()
    place = 0
    for depth, key in enumerate(path):
        place = next(
            i for i in range(place, len(lines)) if lines[i].startswith(f"{'  ' * depth}{key}:")
        )
    assert lines[place - 1].lstrip().startswith("# ") or " # " in lines[place]


def test_what_contributing_names_is_there():
    """Every path that CONTRIBUTING.md sends its reader to exists."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:pipeline|tests|docs|audit)/[\w/.]*|\w+\.(?:yaml|md))`", text))
    assert len(paths) > 15
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
