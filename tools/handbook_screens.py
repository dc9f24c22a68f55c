"""Write the handbook and take pictures of it: several pages, light and dark, wide and narrow, and on paper.

python tools/handbook_screens.py DIR
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from actfn.handbook import render

WIDE, NARROW = (1280, 900), (390, 844)
SHOTS = [
    ("en/index.html", "light", WIDE),
    ("en/index.html", "dark", WIDE),
    ("en/index.html", "light", NARROW),
    ("zh/index.html", "light", WIDE),
    ("en/gelu.html", "light", WIDE),
    ("en/elu.html", "dark", WIDE),
    ("en/relu.html", "light", NARROW),
    ("zh/swish.html", "light", WIDE),
    ("zh/softmax.html", "dark", NARROW),
    ("en/swiglu.html", "light", WIDE),
    ("zh/sparsemax.html", "light", NARROW),
    ("en/gumbel_softmax.html", "light", NARROW),
    ("zh/slaf.html", "light", WIDE),
    ("en/compare-rectifiers.html", "light", WIDE),
    ("zh/compare-gates.html", "light", NARROW),
    ("en/gradients.html", "light", WIDE),
    ("zh/gradients.html", "dark", WIDE),
    ("en/choosing.html", "light", NARROW),
]


def browser_path() -> str | None:
    """Return where the system's Chromium is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def take(browser: Browser, site: Path, folder: Path) -> None:
    """Take the pictures of a handbook."""
    for page_name, scheme, (width, height) in SHOTS:
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.goto((site / page_name).as_uri())
        name = f"{page_name.replace('/', '-').removesuffix('.html')}-{scheme}-{width}.png"
        page.screenshot(path=folder / name, full_page=True)
        page.close()
        print(folder / name)
    page = browser.new_page()
    page.goto((site / "en/gelu.html").as_uri())
    page.pdf(path=folder / "en-gelu-print.pdf", format="A4")


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/handbook_screens.py DIR")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as site, sync_playwright() as playwright:
        for name, text in render():
            path = Path(site, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        take(browser, Path(site), folder)
        browser.close()


if __name__ == "__main__":
    main()
