"""What measurements run on: this checkout, the processor, environments of their own."""

from __future__ import annotations

import platform
import re
import site
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def processor() -> str:
    """The processor's name."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    found = re.search(r"model name\s*: (.*)", text)
    return found[1].strip() if found else platform.processor()


def make_environment(folder: Path, *packages: str, on_ours: bool = False) -> Path:
    """An environment with some packages, made where it is missing; returns its Python.

    `on_ours`: on top of this one's packages, so that it has the same torch.
    """
    python = folder / "bin/python"
    if python.exists():
        return python
    unfinished = folder.with_name(f"{folder.name}.part")
    subprocess.run([sys.executable, "-m", "venv", "--clear", unfinished], check=True)
    if on_ours:
        library = next((unfinished / "lib").iterdir()) / "site-packages"
        ours = "\n".join(path for path in site.getsitepackages() if Path(path).is_dir())
        (library / "ours.pth").write_text(ours, encoding="utf-8")
    install = [unfinished / "bin/python", "-m", "pip", "install", "--quiet", *packages]
    subprocess.run(install, check=True)
    unfinished.rename(folder)
    return python
