"""Takes the pictures of docs/gallery/ from a `./run` of its own, and writes their index. Some two minutes.

.venv/bin/python -m tests.browser.gallery
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Error, Page, ViewportSize, sync_playwright

from tests.browser.gallery_scenes import SCENES, Scene, ask_around
from tests.browser.launching import QUIET

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "gallery"
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
TALLEST = 1500  # of a picture; what lies below says nothing new
SIGN_IN = re.compile(r"Sign in\s+(\w+) / (\S+)")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True, slots=True)
class Site:
    """A running Rolecall with the demo estate, and its administrator."""

    address: str
    name: str
    password: str


def main() -> int:
    """Take every picture. 1 when one could not be taken; the others are written all the same."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    failed = []
    with own_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or None, args=list(QUIET))
        page = signed_in(browser, site)
        ask_around(page, site.address)
        for scene in SCENES:
            try:
                take(page, scene, site.address)
            except Error as error:
                failed.append(f"{scene.name}: {str(error).splitlines()[0]}")
        browser.close()
    write_index()
    print("\n".join(failed) or f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}")  # noqa: T201
    return 1 if failed else 0


@contextmanager
def own_site() -> Iterator[Site]:
    """Start `./run` on a free port and a new folder, wait for its first full look, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="rolecall-gallery-") as folder:
        command = [sys.executable, "-m", "dashboard.demo.run", "--port", "0", "--data", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
            try:
                yield _started(running)
            finally:
                running.send_signal(signal.SIGINT)
                running.communicate(timeout=60)


def _started(running: subprocess.Popen[str]) -> Site:
    said = ""
    for line in running.stdout or ():
        said += line
        if line.startswith("First look"):
            break
    address, person = ADDRESS.search(said), SIGN_IN.search(said)
    if address is None or person is None:
        raise SystemExit(f"./run did not start:\n{said}")
    return Site(address[0], person[1], person[2])


def signed_in(browser: Browser, site: Site) -> Page:
    """A page of an administrator who has just given the password."""
    page = browser.new_context(viewport=WIDE, reduced_motion="reduce", locale="en-GB").new_page()
    page.goto(site.address)
    page.get_by_label("User name").fill(site.name)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for()
    return page


def take(page: Page, scene: Scene, address: str) -> None:
    """Go where the scene is, and save it in each of its ways. Raises playwright's Error when it cannot be reached."""
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    scene.go(page, address)
    for way in scene.ways:
        page.emulate_media(color_scheme="dark" if "dark" in way else "light")
        size = NARROW if "narrow" in way else WIDE
        page.set_viewport_size(size)
        height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST) if scene.tall else 0
        page.set_viewport_size({**size, "height": max(height, size["height"])})
        page.mouse.move(0, 0)
        keep_small(page.screenshot(animations="disabled"), FOLDER / f"{scene.name}-{way}.png")


def keep_small(picture: bytes, path: Path) -> None:
    """Write a picture with the 256 colours that span most: small signs keep theirs, and the repository stays small."""
    whole = Image.open(BytesIO(picture)).convert("RGB")
    small = whole.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def write_index() -> None:
    """Write the page that shows the pictures, each with its sentence."""
    lines = ["# Gallery", "", "The demo estate of `./run`, taken by `.venv/bin/python -m tests.browser.gallery`."]
    for scene in SCENES:
        pictures = [f"![{scene.title}, {way.replace('-', ', ')}]({scene.name}-{way}.png)" for way in scene.ways]
        lines += ["", f"## {scene.title}", "", scene.says, "", *pictures]
    (FOLDER / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
