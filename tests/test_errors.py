"""The tree of errors at the head of errors.py is the tree of the product's classes."""

from __future__ import annotations

import ast
import re

from lmtx_search import errors
from tests.support.paths import ROOT

BRANCH = re.compile(r"^\s*([│ ]*)[├└]── (\w+)", re.M)


def drawn() -> dict[str, str]:
    """Return each class of the drawing with the class above it."""
    path, found = ["Exception"], {}
    for bars, name in BRANCH.findall(errors.__doc__ or ""):
        depth = len(bars) // 4 + 1
        del path[depth:]
        found[name] = path[-1]
        path.append(name)
    return found


def defined() -> dict[str, str]:
    """Return each public exception class of the product with its base class."""
    files = [*ROOT.glob("lmtx_search/**/*.py"), *ROOT.glob("cli/**/*.py")]
    classes = [
        (node.name, base.id if isinstance(base, ast.Name) else "")
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for base in node.bases
    ]
    found: dict[str, str] = {}
    while more := {
        name: base
        for name, base in classes
        if name not in found and (base in found or re.search(r"(Error|Exception)$", base))
    }:
        found |= more
    return found


def test_each_error_class_of_the_product_is_drawn_under_its_base_class() -> None:
    assert drawn() == defined()
