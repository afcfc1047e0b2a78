"""The notebook: runs from top to bottom, and is committed as it ran."""

from __future__ import annotations

import ast
import json
import re

import pytest
from helpers import ROOT, write
from repository import shell

NOTEBOOK = "notebooks/classification.ipynb"


@pytest.fixture(scope="module")
def cells():
    """The committed notebook's cells."""
    return json.loads((ROOT / NOTEBOOK).read_text(encoding="utf-8"))["cells"]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["notebooks", "."])
def test_it_runs_from_top_to_bottom(clone, folder):
    """It does in a kernel started in its own folder or the project's, and changes no file."""
    if folder == ".":
        # For one epoch: the other one runs as it is.
        text = (clone / NOTEBOOK).read_text(encoding="utf-8")
        text, changed = re.subn(r'(\\"epochs\\": |epochs_each = )\d+', r"\g<1>1", text)
        assert changed == 2
        write(clone / "classification.ipynb", text)
        shell(clone, "git", "add", ".")
        shell(clone, "git", "commit", "-qm", "notebook")
    shell(clone, "pytest", "-p", "no:cacheprovider", "--nbmake", f"{folder}/classification.ipynb")
    assert shell(clone, "git", "status", "--short") == ""


def test_it_is_committed_as_it_ran(cells):
    """Every cell ran once, in order, without an error or a warning."""
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {
        "display_data", "execute_result", "stream",
    }  # fmt: skip
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4


def test_it_is_small_and_of_no_machine(cells):
    """It is under 600 kB, and has no date and no folder of whoever ran it."""
    assert (ROOT / NOTEBOOK).stat().st_size < 600_000
    texts = [
        "".join(text) if isinstance(text, list) else text
        for cell in cells
        for output in cell.get("outputs", [])
        for kind, text in {"text": output.get("text", ""), **output.get("data", {})}.items()
        if not kind.startswith("image/")
    ]
    assert not [text for text in texts if re.search(r"(/|\\)(tmp|home|root|work|Users)\b", text)]
    assert not [cell for cell in cells if "execution" in cell["metadata"]]


def test_it_says_where_to_change_things(cells):
    """It says so in its first cell, and marks the places."""
    marked = [cell for cell in cells if "".join(cell["source"]).startswith("# Change here")]
    assert "the two cells that begin with `# Change here`" in "".join(cells[0]["source"])
    assert len(marked) == 2


def test_it_uses_only_what_is_public(cells):
    """It imports functions of pipeline/, but no stage and no command."""
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    ours = [
        (node.module, name.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("pipeline")
        for name in node.names
    ]
    assert len(ours) > 10
    assert not [name for _, name in ours if name.startswith("_")]
    run = {path.stem for path in (ROOT / "pipeline").glob("*.py")
           if "__main__" in path.read_text(encoding="utf-8")}  # fmt: skip
    assert not [module for module, _ in ours if module.split(".")[1] in run | {"commands"}]
