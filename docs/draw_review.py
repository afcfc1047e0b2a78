"""Draws docs/review.jpg, the page as people see it: python docs/draw_review.py, after a demo."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
DATABASE = f"sqlite:///{ROOT}/demo/weights.db"
DESKTOP, PHONE = (1100, 760), (390, 844)
HEIGHT = 640


def main() -> None:
    """Serve the demonstration's readings, look at two screens, put the pictures together."""
    command = [sys.executable, "-m", "pipeline.commands", "review", "--port", "0"]
    server = subprocess.Popen(
        [*command, "--database", DATABASE, "--raw", str(ROOT / "demo/raw"), "--who", "Kim"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert server.stdout
        address = re.findall(r"http://\S+", server.stdout.readline())[0]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            pictures = [look(browser, address, DESKTOP, "en"), look(browser, address, PHONE, "ko")]
            browser.close()
    finally:
        server.terminate()
    join(pictures).save(ROOT / "docs/review.jpg", quality=85)


def look(browser: Browser, address: str, size: tuple[int, int], language: str) -> Image.Image:
    """The page's first reading, on a screen of some size."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(f"{address}?lang={language}")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    return Image.open(BytesIO(page.screenshot())).convert("RGB")


def join(pictures: list[Image.Image]) -> Image.Image:
    """Pictures side by side, made equally high."""
    scaled = [its.resize((its.width * HEIGHT // its.height, HEIGHT)) for its in pictures]
    whole = Image.new("RGB", (sum(its.width + 12 for its in scaled) - 12, HEIGHT), "white")
    left = 0
    for its in scaled:
        whole.paste(its, (left, 0))
        left += its.width + 12
    return whole


if __name__ == "__main__":
    main()
