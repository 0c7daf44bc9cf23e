"""Runs a command and draws its output as an SVG, for the documentation.

    python bench/picture.py docs/facets.svg -- lmtx-search facets --index packages

Further commands follow after further `--`. Only standard output is drawn.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 98
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def main() -> None:
    output, *words = sys.argv[1:]
    commands = [list(group) for dash, group in groupby(words, lambda w: w == "--") if not dash]
    environment = {
        **os.environ,
        "FORCE_COLOR": "1",
        "COLUMNS": str(WIDTH),
        "TERM": "xterm-256color",
    }
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for number, command in enumerate(commands):
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        if number:
            console.print()
        console.print(Text(f"$ {shlex.join(command)}", style="bold"))
        console.print(Text.from_ansi(done.stdout.rstrip()))
    picture = console.export_svg(title="lmtx-search")
    # The picture must not download fonts, so it uses the reader's own monospaced font.
    picture = re.sub(r"@font-face\s*\{.*?\}", "", picture, flags=re.S)
    picture = re.sub(r"font-family: Fira Code[^;]*;", f"font-family: {_FONT};", picture)
    Path(output).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
