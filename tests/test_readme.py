"""The commands of README.md and docs/, each run as it is written, in a fresh clone.

A newcomer with a home of their own types them. What cannot be run here is named where it is left
out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers import ROOT
from PIL import Image
from repository import copy_checkout

from pipeline.commands.sample import sample
from pipeline.runtime.packages import INDEX

README = "README.md"
USAGE = "docs/usage.md"
LABELLING = "docs/labelling.md"
PROBLEMS = "docs/problems.md"
ONNX = "docs/onnx.md"
SERVICE = "docs/service.md"
WINDOWS = "docs/windows.md"
GUIDEBOOK = "docs/guidebook.md"
NOTEBOOK = "notebooks/classification.ipynb"
PAGES = [README, *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))]

ACTIVATE = "source .venv/bin/activate\n"

# `--help` of each command that is named, as the program `digits` gives it.
HELP = """
import sys
from pipeline.commands.__main__ import main
for name in sys.argv[1:]:
    try:
        main([name, "--help"])
    except SystemExit as end:
        assert end.code == 0, name
"""

# The headings whose commands a test here runs.
RUN = {
    README: ["Two commands", "Your own photos", "New photos", "Is it better?", "Go back"],
    USAGE: [
        "A store for all versions", "Experiments", "A grid of experiments",
        "The guidebook's recipe", "Training that was interrupted",
        "Starting from an earlier model", "The machine", "Out of memory", "Another site",
        "Comparing with an earlier version", "Wrong labels",
    ],
    LABELLING: ["Correct instead of drawing", "Check the folder"],
    PROBLEMS: ["Check a folder"],
    ONNX: ["Export", "Read a photo"],
    SERVICE: [
        "The plant's database and the review page", "Record", "The database", "Review",
        "How sure is sure enough", "Which photos to label next",
    ],
    WINDOWS: ["PowerShell", "Anaconda", "An NVIDIA GPU"],
    GUIDEBOOK: ["Run the experiments", "The notebook"],
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the heading that it stands under, its language, its lines."""

    page: str
    heading: str
    language: str
    text: str


def blocks() -> list[Block]:
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for section in re.split(r"^##? ", text, flags=re.MULTILINE)[1:]:
            heading = section.splitlines()[0]
            for language, lines in re.findall(r"^```(\w+)\n(.*?)^```", section, re.M | re.S):
                found.append(Block(page, heading, language, lines))
    return found


def commands(page: str, *headings: str, language: str = "sh") -> str:
    """The commands of a page under some headings, all blocks in order."""
    found = [
        block.text
        for heading in headings
        for block in blocks()
        if (block.page, block.heading, block.language) == (page, heading, language)
    ]
    assert found, f"{page} has no {language} under {headings}"
    return "\n".join(found)


@dataclass(frozen=True)
class Newcomer:
    """Someone with a clone and a home folder, who types what the pages say."""

    clone: Path
    home: Path

    def types(self, script: str) -> str:
        """Run lines in one shell that stops at the first failure; returns what was printed."""
        environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PHOTOS": "24",
            # `make test` within a test: set up, check style and types, and find tests, those of
            # this file and a few others.
            "PYTEST_ADDOPTS": "--collect-only -q --ignore-glob=*/test_[!r]*",
            # What mypy has found of torch and others in this checkout holds in the clone.
            "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"),
            "OMP_NUM_THREADS": "1",
            **{key: value for key, value in os.environ.items() if key.startswith("PIP_")},
            **{f"GIT_{who}_{what}": "newcomer@example.com"
               for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.clone, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def types_activated(self, script: str) -> str:
        """The same, in the activated environment."""
        return self.types(ACTIVATE + script)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """A newcomer after `make`, with photos of their own at home."""
    clone = copy_checkout(tmp_path_factory.mktemp("clone"))
    home = tmp_path_factory.mktemp("home")
    for seed, name in enumerate(("photos", "new-photos", "other-site"), start=11):
        sample(home / name, photos=14 if name == "photos" else 3, seed=seed)
    # An environment of its own, in which what is installed beside this test counts as installed:
    # the download is the one thing left out. `digits` comes from `pip install`, as for anyone.
    subprocess.run([sys.executable, "-m", "venv", clone / ".venv"], check=True)
    library = next((clone / ".venv/lib").iterdir()) / "site-packages"
    outer = [path for path in site.getsitepackages() if Path(path).is_dir()]
    (library / "outer.pth").write_text("\n".join(outer), encoding="utf-8")
    for tool in ("dvc", "ruff", "mypy", "pytest"):
        (clone / ".venv/bin" / tool).symlink_to(Path(sys.executable).parent / tool)
    person = Newcomer(clone, home)
    printed = person.types("make")
    assert "readings: " in printed
    assert "reports/index.html" in printed
    person.types("git add . && git commit -qm sample")
    return person


@pytest.mark.slow
def test_make_leaves_the_report(newcomer: Newcomer) -> None:
    """The page and the figures are where the README says."""
    assert (newcomer.clone / "reports/index.html").is_file()
    assert (newcomer.clone / "reports/metrics.json").is_file()


@pytest.mark.slow
def test_a_second_make_does_nothing(newcomer: Newcomer) -> None:
    """`make` again installs nothing and runs no stage."""
    printed = newcomer.types("make")
    assert "pip install" not in printed
    assert "Running stage" not in printed


@pytest.mark.slow
def test_make_test_sets_up_and_checks(newcomer: Newcomer) -> None:
    """`make test` checks style and types and finds the tests."""
    printed = newcomer.types(commands(README, "Two commands").replace("make\n", "", 1))
    assert "All checks passed!" in printed
    assert "tests/test_readme.py" in printed


@pytest.mark.slow
def test_make_check_checks(newcomer: Newcomer) -> None:
    """`make check` checks style and types and finds tests."""
    printed = newcomer.types("make check")
    assert "All checks passed!" in printed
    assert "tests/test_" in printed


@pytest.mark.slow
def test_the_commands_have_help(newcomer: Newcomer) -> None:
    """`digits --help` lists each command of the README's table, and each explains itself."""
    text = (ROOT / README).read_text(encoding="utf-8")
    named = re.findall(r"^\| `digits ([\w-]+)", text, flags=re.MULTILINE)
    assert named
    listed = newcomer.types_activated("digits --help")
    assert [name for name in named if not re.search(rf"\b{name}\b", listed)] == []
    # One process imports torch for all of them.
    helped = newcomer.types_activated(f"python - {' '.join(named)} <<'END'\n{HELP}END")
    assert [name for name in named if f"digits {name}" not in helped] == []


@pytest.mark.slow
def test_own_photos_then_new_ones(newcomer: Newcomer) -> None:
    """Own photos take the sample's place, new ones join them, and the versions come back."""
    newcomer.types(commands(README, "Your own photos"))
    assert len(list((newcomer.clone / "raw").glob("*.jpg"))) == 14
    newcomer.types_activated(commands(README, "New photos"))
    assert len(list((newcomer.clone / "raw").rglob("*.jpg"))) == 17
    stats = json.loads((newcomer.clone / "data/stats.json").read_text(encoding="utf-8"))
    cut = list((newcomer.clone / "data/digits").rglob("*.jpg"))
    assert stats["digits"] == len(cut)
    compared = newcomer.types_activated(commands(README, "Is it better?"))
    assert "Validation digits that neither was trained on" in compared
    newcomer.types_activated(commands(USAGE, "Comparing with an earlier version"))
    there, back = commands(README, "Go back").split("git checkout -\n")
    newcomer.types_activated(there)
    assert len(list((newcomer.clone / "raw").rglob("*.jpg"))) == 14
    newcomer.types_activated("git checkout -\n" + back)
    assert len(list((newcomer.clone / "raw").rglob("*.jpg"))) == 17
    newcomer.types_activated(commands(USAGE, "A store for all versions"))
    assert len(list((newcomer.home / "third-machine/raw").rglob("*.jpg"))) == 17


@pytest.mark.slow
def test_labels_are_audited(newcomer: Newcomer) -> None:
    """The list and its page are where the docs say."""
    newcomer.types_activated(commands(USAGE, "Wrong labels"))
    assert (newcomer.clone / "reports/audit.csv").is_file()
    assert (newcomer.clone / "reports/audit.html").is_file()


@pytest.mark.slow
def test_boxes_are_proposed(newcomer: Newcomer) -> None:
    """Photos get XML beside them, whether or not a reading is doubtful (3)."""
    script = commands(LABELLING, "Correct instead of drawing")
    folder = newcomer.home / script.split("~/")[-1].strip()
    folder.mkdir()
    for photo in (newcomer.home / "new-photos").glob("*.jpg"):
        shutil.copy(photo, folder)
    newcomer.types_activated(f"{script.strip()} || [ $? = 3 ]\n")
    assert list(folder.glob("*.xml"))
    shutil.rmtree(folder)


@pytest.mark.slow
def test_a_folder_is_checked(newcomer: Newcomer) -> None:
    """The example XML passes beside a photo of its size: its two digits count, its point does not.

    So does the folder of new photos.
    """
    script = commands(LABELLING, "Check the folder")
    folder = newcomer.home / script.split("~/")[1].strip()
    folder.mkdir()
    xml = commands(LABELLING, "An example", language="xml")
    (folder / "IMG_0001.xml").write_text(xml, encoding="utf-8")
    Image.linear_gradient("L").resize((640, 480)).save(folder / "IMG_0001.jpg")
    assert re.search(r"\b2 digits\b", newcomer.types_activated(script))
    newcomer.types_activated(commands(PROBLEMS, "Check a folder"))


@pytest.mark.slow
def test_runs_are_compared(newcomer: Newcomer) -> None:
    """Experiments run and show; the guidebook's recipe is what the guidebook says."""
    script = commands(USAGE, "Experiments", "A grid of experiments", "The guidebook's recipe")
    assert "train.epochs=100" in script
    quick = re.sub(r"train\.epochs=\d+", "train.epochs=1", script)
    # Two of the grid's four points, and no report of theirs.
    quick = quick.replace("'train.lr=0.001,0.002'", "train.lr=0.001 train")
    newcomer.types_activated(quick)
    params = yaml.safe_load((newcomer.clone / "params.yaml").read_text(encoding="utf-8"))
    recipe = {
        "model": "resnet20", "input_size": 64, "batch_size": 128, "optimizer": "sgd", "lr": 0.1,
        "momentum": 0.9, "weight_decay": 0.0005, "scheduler": "cosine", "warmup_epochs": 0,
        "label_smoothing": 0, "precision": "fp32",
    }  # fmt: skip
    assert {key: params["train"][key] for key in recipe} == recipe
    assert params["train"]["augment"]["strength"] == 0
    assert params["crop"]["margin"] == 0


@pytest.mark.slow
def test_training_starts_from_earlier_and_runs_on_two_processes(newcomer: Newcomer) -> None:
    """The three runs of usage.md train, each for one epoch."""
    script = commands(USAGE, "Starting from an earlier model", "The machine", "Out of memory")
    script = script.replace("dvc exp run", "dvc exp run -S train.epochs=1")
    # The last one's report is enough.
    script = script.replace("dvc exp run", "dvc exp run train", 2)
    # The largest network takes minutes here.
    script = script.replace("=resnet152", "=resnet14")
    newcomer.types_activated("git checkout params.yaml\ndvc repro train")
    assert newcomer.types_activated(script).count("Running stage 'train'") == 3
    params = yaml.safe_load((newcomer.clone / "params.yaml").read_text(encoding="utf-8"))
    assert (params["machine"]["launcher"], params["train"]["accumulate"]) == ("python", 8)


@pytest.mark.slow
def test_the_last_model_comes_back(newcomer: Newcomer) -> None:
    """A model that is gone, as after a training that failed, is there again."""
    model = newcomer.clone / "models/digits.pt"
    before = model.read_bytes()
    model.unlink()
    newcomer.types_activated(commands(USAGE, "Training that was interrupted"))
    assert model.read_bytes() == before


@pytest.mark.slow
def test_another_site_is_measured(newcomer: Newcomer) -> None:
    """The command for another site leaves figures and a page where the docs say."""
    newcomer.types_activated(commands(USAGE, "Another site"))
    assert (newcomer.clone / "reports/other-site/metrics.json").is_file()
    assert (newcomer.clone / "reports/other-site/index.html").is_file()


@pytest.mark.slow
def test_the_studies_are_all_there(newcomer: Newcomer) -> None:
    """The command would train every combination, after the pipeline's data stages."""
    script = commands(GUIDEBOOK, "Run the experiments")
    assert script == "dvc repro studies/dvc.yaml\n"
    printed = newcomer.types_activated(script.replace("repro", "repro --dry"))
    assert printed.count("> python -m studies.run ") == 63
    assert "'split' didn't change" in printed
    assert "'studies/dvc.yaml:draw'" in printed


@pytest.mark.slow
def test_the_notebook_runs(newcomer: Newcomer) -> None:
    """It is where the docs say, and runs with what is installed."""
    install, opened = commands(GUIDEBOOK, "The notebook").splitlines()
    assert install == "python -m pip install --editable '.[notebook]'"
    # tests/test_notebook.py runs it, in a clone as this.
    assert opened == f"jupyter lab {NOTEBOOK}"
    assert (newcomer.clone / NOTEBOOK).is_file()


@pytest.mark.slow
def test_the_example_reads_a_digit(newcomer: Newcomer) -> None:
    """The model is exported, and the example program reads from a photo what evaluate did."""
    newcomer.types_activated(commands(ONNX, "Export"))
    photo = next((newcomer.clone / "raw").rglob("*.jpg")).relative_to(newcomer.clone).as_posix()
    shown = newcomer.types_activated(commands(ONNX, "Read a photo").replace("photo.jpg", photo))
    assert re.search(r"[0-9]", shown.splitlines()[-1])
    data, clone = newcomer.clone / "data", newcomer.clone
    digits = pd.read_csv(data / "digits.csv", dtype={"label": str})
    sure = pd.read_csv(clone / "reports/predictions.csv", dtype=str).merge(digits, on="file")
    digit = sure.sort_values("confidence").iloc[-1]
    boxes = pd.read_csv(data / "boxes.csv").set_index(["photo", "object"])
    box = boxes.loc[(digit["photo_x"], digit["object"])]
    x, y = 0.1 * (box.xmax - box.xmin), 0.1 * (box.ymax - box.ymin)
    edges = tuple(map(round, (box.xmin - x, box.ymin - y, box.xmax + x, box.ymax + y)))
    example = commands(ONNX, "Read a digit", language="python")
    assert len(example.split("\n\n")[1].splitlines()) <= 10
    (clone / "reader.py").write_text(example.replace("(90, 40, 138, 112)", str(edges)))
    shutil.copy(clone / "raw" / digit["photo_x"], clone / "photo.jpg")
    label, confidence = newcomer.types_activated("python reader.py").split()
    assert label == digit["predicted"]
    assert float(confidence) == pytest.approx(float(digit["confidence"]), abs=0.1)


@pytest.mark.slow
def test_photos_are_recorded_and_reviewed(newcomer: Newcomer) -> None:
    """The service's commands, those that go on for ever for some seconds (124: ended by that)."""
    install = commands(SERVICE, "The plant's database and the review page")
    assert install == "digits install --extra service\n"
    newcomer.types_activated("digits install --help | grep -q service")
    newcomer.types_activated(commands(SERVICE, "Record"))
    assert (newcomer.clone / "weights.xlsx").is_file()
    url, record = commands(SERVICE, "The database").splitlines()
    assert url.startswith("export DIGITS_DATABASE=postgresql://")
    # Without a server, of the photos that are there, and not for ever.
    url = f"export DIGITS_DATABASE=sqlite:///{newcomer.home}/other.db"
    watched = f"cp -r ~/new-photos photos\n{url}\ntimeout 40 {record} || [ $? = 124 ]\n"
    newcomer.types_activated(watched + "digits status --json | grep -q '\"photos\": 3'")
    local, password, remote = filter(None, commands(SERVICE, "Review").splitlines())
    newcomer.types_activated(
        f"timeout 15 {local} || [ $? = 124 ]\n{password}\ntimeout 15 {remote} || [ $? = 124 ]\n"
    )
    threshold = commands(SERVICE, "How sure is sure enough").strip()
    # Of so few photos nothing may be known, and of those that training has none is chosen.
    printed = newcomer.types_activated(f"{threshold} || true\n")
    assert re.search("readings are known|nothing is known", printed)
    assert "photos copied to" in newcomer.types_activated(
        commands(SERVICE, "Which photos to label next")
    )


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_the_systemd_unit_is_one(tmp_path: Path) -> None:
    """With a program that is there in the place of the plant's."""
    unit = commands(SERVICE, "As a service", language="ini")
    assert "digits record" in unit
    here = re.sub(r"/home/plant/digit-reader/\.venv/bin/digits", sys.executable, unit)
    here = here.replace("/home/plant/digit-reader", str(ROOT))
    (tmp_path / "digits.service").write_text(here, encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "digits.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.slow
def test_the_steps_without_make_run(newcomer: Newcomer) -> None:
    """The PowerShell and Anaconda lines run, each put as this system spells it."""
    windows = commands(WINDOWS, "PowerShell", language="powershell")
    script = windows.replace("py -m", "python3 -m").replace(
        ".venv\\Scripts\\Activate.ps1", ACTIVATE.strip()
    )
    script = script.replace("Set-ExecutionPolicy -Scope Process RemoteSigned", "true")
    script = script.replace("--photos 240", "--photos 24")
    assert "\\" not in script
    shutil.rmtree(newcomer.clone / "raw")
    newcomer.types(script)
    anaconda = commands(WINDOWS, "Anaconda")
    if shutil.which("conda"):
        shutil.rmtree(newcomer.clone / "raw")
        newcomer.types(anaconda.replace("--photos 240", "--photos 24"))
    else:
        own = ("conda ", "python -m pip install --editable .")
        others = [line for line in anaconda.splitlines() if not line.startswith(own)]
        assert len(others) == len(anaconda.splitlines()) - 3
        # Lines that ran above, in the same order.
        assert [line for line in windows.splitlines() if line in others] == others


@pytest.mark.slow
@pytest.mark.skipif("README_DOWNLOADS" not in os.environ, reason="set README_DOWNLOADS to download")
def test_what_is_downloaded_installs(newcomer: Newcomer) -> None:
    """The CUDA and CPU builds, and the notebook's own, are found where the docs say."""
    install, _ = commands(GUIDEBOOK, "The notebook").splitlines()
    newcomer.types_activated(install.replace("pip install", "pip install --dry-run"))
    replaced = commands(WINDOWS, "An NVIDIA GPU")
    assert replaced.splitlines()[1] == "python -m pipeline.commands.install"
    build = "python -m pip install --dry-run torch torchvision --index-url " + INDEX
    for name in ("cpu", "cu126", "cu128", "cu130"):
        newcomer.types_activated(f"{build}/{name}")


def test_no_command_is_left_out() -> None:
    """Every block of commands on every page stands under a heading that a test here runs."""
    typed = {(b.page, b.heading) for b in blocks() if b.language in ("sh", "powershell")}
    assert typed == {(page, heading) for page, headings in RUN.items() for heading in headings}


def test_every_block_has_a_language_but_the_tree() -> None:
    """A block without one would be left out by the tests above.

    ps1 is what only Windows can run.
    """
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
    fences = re.findall(r"^```(.*)$", text, flags=re.MULTILINE)
    assert fences[1::2] == [""] * (len(fences) // 2)
    assert fences[::2].count("") == 1
    assert set(fences[::2]) <= {"", "sh", "powershell", "python", "xml", "ini", "ps1"}


def test_the_readme_is_short() -> None:
    """At most 150 lines and 1,300 words: a newcomer reads all of it."""
    text = (ROOT / README).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert len(text.split()) <= 1300
