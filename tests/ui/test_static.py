"""The page's files: colours that can be told apart, nothing from elsewhere, no markup from data."""

from __future__ import annotations

import re

import pytest

from lmtx_search.ui.app import STATIC

CSS = (STATIC / "style.css").read_text(encoding="utf-8")
DECIDE = (STATIC / "decide.css").read_text(encoding="utf-8")
FILES = sorted(STATIC.iterdir())

# WCAG 2.2: text needs 4.5 to 1 (1.4.3), what is a control or its state 3 to 1 (1.4.11).
TEXT = [
    *[
        (ink, ground)
        for ink in ("ink", "quiet", "accent")
        for ground in ("page", "surface", "soft")
    ],
    ("on-accent", "accent"),
    ("page", "ink"),
    ("page", "bad"),
    *[("ink", f"{kind}-soft") for kind in ("good", "bad")],
    *[("accent", f"{kind}-soft") for kind in ("good", "bad")],
    *[("quiet", f"{kind}-soft") for kind in ("good", "bad")],
    ("good", "good-soft"),
    ("bad", "bad-soft"),
]
CONTROLS = [
    *[(mark, ground) for mark in ("edge", "accent") for ground in ("page", "surface")],
    ("bar", "surface"),
    ("bar", "page"),
]


def colours(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    pairs = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
    found = dict(pairs.findall(light))
    return found | dict(pairs.findall(dark)) if scheme == "dark" else found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_controls_can_be_told_from_their_ground(scheme):
    known = colours(scheme)
    wrong = [
        f"{mark} on {ground}: {contrast(known[mark], known[ground]):.2f}"
        for pairs, least in ((TEXT, 4.5), (CONTROLS, 3.0))
        for mark, ground in pairs
        if contrast(known[mark], known[ground]) < least
    ]
    assert not wrong


def test_both_schemes_have_all_colours_and_no_rule_has_its_own():
    assert colours("light").keys() == colours("dark").keys()
    rules = CSS.split("* { box-sizing", 1)[1] + DECIDE
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", rules)
    used = set(re.findall(r"var\(--([a-z-]+)\)", rules)) - {"share"}
    assert used <= colours("light").keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_neither_loads_from_elsewhere_nor_makes_markup(file):
    text = file.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"'\s]+", text)) <= {"http://www.w3.org/2000/svg"}
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=|<style", text)
