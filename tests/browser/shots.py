"""Pictures of a test's pages, taken only when somebody wants to look at them."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page


def shot(page: Page, name: str) -> None:
    """A picture in light, and one in dark on a phone, for whoever wants to look: SHOTS names the folder."""
    if not (folder := os.environ.get("SHOTS")):
        return
    page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=str(Path(folder) / f"{name}-390-dark.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.emulate_media(color_scheme="light")
