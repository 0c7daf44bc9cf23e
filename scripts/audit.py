"""Tells what `make audit` found; ends with 1 for a vulnerability, or where nobody could look."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

# Licences that ask something of those who hand the program on.
_ASKS = re.compile(r"\b[AL]?GPL|Affero|Mozilla|MPL|UNKNOWN", re.IGNORECASE)


def vulnerabilities(answer: Any) -> tuple[list[str], bool]:
    """Return lines about what pip-audit answered (None: nothing), and whether all is well."""
    if answer is None:
        return ["Vulnerabilities: NOT CHECKED, see build/vulnerabilities.log"], False
    packages = answer["dependencies"]
    skipped = [package for package in packages if "skip_reason" in package]
    checked = [package for package in packages if "skip_reason" not in package]
    found = [package for package in checked if package["vulns"]]
    lines = [f"Vulnerabilities: {len(checked)} packages checked, {len(found)} with known ones"]
    for package in found:
        for one in package["vulns"]:
            mended = ", ".join(one["fix_versions"]) or "no version yet"
            lines.append(
                f"  {package['name']} {package['version']}: {one['id']}, mended in {mended}"
            )
    if skipped:
        lines.append(
            f"  NOT CHECKED: {len(skipped)} packages, of which the vulnerability service gave no "
            f"data ({skipped[0]['skip_reason']}): run it where that service answers"
        )
    return lines, not found and not skipped and bool(checked)


def licences(packages: list[dict[str, str]]) -> list[str]:
    """Return lines about the licences: how many of which, and those to read."""
    counts = Counter(package["License"] for package in packages)
    lines = [f"Licences: {len(packages)} packages"]
    lines += [f"  {count:4}  {name}" for name, count in counts.most_common(12)]
    for package in packages:
        if _ASKS.search(package["License"]):
            lines.append(f"  to read: {package['Name']} {package['Version']}: {package['License']}")
    return lines


def main(folder: Path) -> int:
    """Print everything."""
    answer = folder / "vulnerabilities.json"
    told = answer.is_file() and answer.stat().st_size
    lines, well = vulnerabilities(json.loads(answer.read_text()) if told else None)
    components = json.loads((folder / "sbom.json").read_text())["components"]
    lines += licences(json.loads((folder / "licences.json").read_text()))
    lines += [f"Bill of materials: {len(components)} components in {folder / 'sbom.json'}"]
    print("\n".join(lines))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
