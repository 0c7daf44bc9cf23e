"""How a command's help is written: its options, then the settings flags, with whole names."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import click

# Stands for a hyphen while lines are broken, so that no name of an option or a model is cut.
_WHOLE = "\N{NON-BREAKING HYPHEN}"


class Formatter(click.HelpFormatter):
    """Breaks the lines of a help text between words only, not at hyphens."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(text.replace("-", _WHOLE))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write a list of names with their descriptions."""
        whole = [(name, text.replace("-", _WHOLE)) for name, text in rows]
        super().write_dl(whole, col_max, col_spacing)

    def getvalue(self) -> str:
        """Return what was written."""
        return super().getvalue().replace(_WHOLE, "-")


def write_options(
    formatter: click.HelpFormatter,
    ctx: click.Context,
    command: click.Command,
    flags: Collection[click.Option],
) -> None:
    """Write the command's own options, then those of ``flags`` under the heading Settings."""
    sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Settings": []}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None and not isinstance(param, click.Argument):
            sections["Settings" if param in flags else "Options"].append(record)
    for heading, records in sections.items():
        if records:
            with formatter.section(heading):
                formatter.write_dl(records)
