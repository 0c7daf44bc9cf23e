"""What the settings rule about labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lmtx_search.errors import UserError
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.rules import Rules
from lmtx_search.settings import LabelSettings
from lmtx_search.sources.rule_file import read_rules


def rules_of(
    settings: LabelSettings, labels: Sequence[Label], progress: Progress = SILENT
) -> Rules | None:
    """Return what the settings rule about labels (None: nothing).

    Raises:
        UserError: the file of rules cannot be read or followed; it has file and line.
    """
    most, field = settings.max_per_branch, settings.groups
    rules = Rules(max_per_branch=most)
    if settings.rules is not None:
        rules = read_rules(settings.rules, {label.id for label in labels}, most, progress)
    if rules.groups and field is None:
        raise UserError(
            f"{settings.rules} groups labels, but label.groups does not name the field of a "
            "document that says which group is for it: set label.groups"
        )
    if field is not None and not rules.groups:
        raise UserError(
            f"label.groups is {field}, but no line `group NAME ID ...` of label.rules groups "
            "labels: add one, or unset label.groups"
        )
    return replace(rules, group_field=field) if rules.number else None
