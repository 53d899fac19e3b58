"""The page's style and script: readable in light and dark, and nothing in them asks for anything from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ASSETS = Path(__file__).parent.parent / "ui" / "assets"
THEMES = re.findall(r":root \{(.*?)\}", (ASSETS / "frame.css").read_text(encoding="utf-8"), re.DOTALL)
LIGHT, DARK = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in THEMES[:2])

# What is read, and what it is read on.
TEXT = [
    ("ink", "paper"),
    ("ink", "sheet"),
    ("ink", "tint"),
    ("ink", "nearest"),
    ("soft", "paper"),
    ("soft", "sheet"),
    ("soft", "nearest"),
    ("accent", "paper"),
    ("accent", "tint"),
    ("on-accent", "accent"),
    ("paper", "ink"),
    ("marker-ink", "marker"),
    ("marker-ink", "marker-strong"),
    ("failed", "sheet"),
]
# Edges of what can be clicked, and the ring of focus.
EDGES = [("edge", "paper"), ("edge", "sheet"), ("accent", "paper"), ("accent", "sheet")]


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_known_colours() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_edges_stand_out_enough(theme: dict[str, str]) -> None:
    """WCAG 2.2 AA: 4.5 for text, 3 for the parts of what can be used."""
    pale = [
        (front, back, round(contrast(theme[front], theme[back]), 2))
        for pairs, least in ((TEXT, 4.5), (EDGES, 3))
        for front, back in pairs
        if contrast(theme[front], theme[back]) < least
    ]
    assert pale == []


def test_both_themes_name_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


@pytest.mark.parametrize("path", sorted(ASSETS.iterdir()), ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//[a-z]|@import|url\(|\bfetch\(|XMLHttpRequest|\beval\(|innerHTML", text)
