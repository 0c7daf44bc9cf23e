"""Options that had another name in the release before, and that this release still takes."""

from __future__ import annotations

# Command → old name → new name. The old name is not in the help; using it prints one line.
OPTIONS: dict[str, dict[str, str]] = {
    "compare": {"--with": "--comparator"},
    "dashboards import": {"--url": "--dashboards-url"},
    "evaluate": {"--version": "--tagger"},
    "facets": {"--tag": "--with"},
    "judge": {"--budget": "--judge-budget"},
}
