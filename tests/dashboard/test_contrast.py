"""The style sheet's colours are told apart by everybody: WCAG 2.2 level AA, computed for light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "css" / "rolecall.css"
THEMES = ("light", "dark")
TEXT, SHAPE = 4.5, 3.0  # success criteria 1.4.3 and 1.4.11

# Which colour is written on which ground.
WRITTEN = {
    "ink": (
        "ground",
        "card",
        "hair",
        "row",
        "picked",
        "brand-soft",
        "warn-soft",
        "ok-soft",
        "bad-soft",
        "heat-1",
        "heat-2",
        "heat-3",
    ),
    "soft": ("ground", "card", "hair", "row", "picked", "brand-soft", "warn-soft"),
    "brand": ("ground", "card", "row", "picked", "brand-soft", "warn-soft"),
    "on-brand": ("brand", "heat-4"),
    "ok": ("card", "row", "picked", "ok-soft"),
    "warn": ("card", "row", "picked", "warn-soft"),
    "bad": ("card", "row", "picked", "bad-soft", "warn-soft"),
    "on-unused": ("unused",),
}
PAIRS = [(colour, ground) for colour, grounds in WRITTEN.items() for ground in grounds]


def tokens(theme: str) -> dict[str, str]:
    """Each `--name: light-dark(#…, #…)` of the style sheet, as one theme has it."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS.read_text())
    return {name: light if theme == "light" else dark for name, light, dark in found}


def luminance(colour: str) -> float:
    """The relative luminance of `#rgb` or `#rrggbb`."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("colour", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(theme: str, colour: str, ground: str) -> None:
    known = tokens(theme)

    assert contrast(known[colour], known[ground]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["ground", "card"])
def test_the_focus_ring_stands_out(theme: str, ground: str) -> None:
    known = tokens(theme)

    assert contrast(known["brand"], known[ground]) >= SHAPE


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["ground", "card", "hair"])
def test_the_border_of_a_field_stands_out(theme: str, ground: str) -> None:
    known = tokens(theme)

    assert contrast(known["edge"], known[ground]) >= SHAPE


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert round(contrast("#000", "#ffffff"), 1) == 21.0
