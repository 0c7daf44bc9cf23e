"""Checks a page with axe-core, which knows the rules of WCAG."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.support.npm import npm_file

_AXE = "axe-core@4.14.1"
_SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="


def axe_source() -> str:
    """Return axe-core's script; the test is skipped where there is no npm."""
    return npm_file(_AXE, _SHA512, "axe.min.js")


def serious_findings(page: Page, axe: str) -> list[str]:
    """Return the rules that a page breaks seriously, with the elements."""
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("axe.run()")
    assert found["passes"], "axe looked at nothing"
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
