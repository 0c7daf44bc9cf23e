"""Draws the quality of the student against the number of calls to the judge.

Reads the output of bench/learning.py. The curve of a data set consists of runs with the same
documents and seed, but different --order, --pairs and --budget, named with --name. Example:

    python bench/learning.py FOLDER --gguf model.gguf --systems judged --name exhaustive
    python bench/learning.py FOLDER --gguf model.gguf --systems judged --name until-first-yes \\
        --order until-first-yes
    python bench/calls.py learning.jsonl --picture calls.png
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import click

EXHAUSTIVE = "exhaustive"


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True))
@click.option("--picture", type=click.Path(), help="PNG file to write.")
def main(results: Path, picture: str | None) -> None:
    """Print for each set and order: calls, their share of the exhaustive ones, P@1, difference.

    The dotted lines of the picture are half a point below the exhaustive order, and 30 % of its
    calls.
    """
    found: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for text in results.read_text("utf-8").splitlines():
        line = json.loads(text)
        folder, fields, name, system, _ = line["key"]
        if system == "judged" and line["cycle"] == 1:
            data = folder if "text" in fields else f"{folder}, titles"
            found[data][name].append((line["calls"], line["P@1"]))
    points = {
        data: {name: _mean(runs) for name, runs in ways.items()} for data, ways in found.items()
    }
    for data, ways in points.items():
        calls, p1 = ways[EXHAUSTIVE]
        for name, (these, this) in sorted(ways.items(), key=lambda way: way[1]):
            click.echo(
                f"{data}: {name}: {these:.0f} calls ({these / calls:.0%}), P@1 {this:.1f} "
                f"({this - p1:+.1f})"
            )
    if picture:
        _draw(Path(picture), points)


def _mean(runs: list[tuple[float, float]]) -> tuple[float, float]:
    calls, p1 = zip(*runs, strict=True)
    return sum(calls) / len(calls), sum(p1) / len(p1)


def _draw(file: Path, points: dict[str, dict[str, tuple[float, float]]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, grid = pyplot.subplots(1, len(points), figsize=(4 * len(points), 3.6), squeeze=False)
    names = sorted({name for ways in points.values() for name in ways})
    for axes, (data, ways) in zip(grid[0], points.items(), strict=True):
        line = sorted(ways.values())
        axes.plot([x for x, _ in line], [y for _, y in line], color="#ccc", linewidth=1)
        for number, name in enumerate(names):
            if name in ways:
                axes.plot(*ways[name], "o", color=f"C{number}", label=name)
        calls, p1 = ways[EXHAUSTIVE]
        axes.axhline(p1 - 0.5, color="#888", linestyle=":", linewidth=1)
        axes.axvline(0.3 * calls, color="#888", linestyle=":", linewidth=1)
        axes.set(title=data, xlabel="calls of the judge", ylabel="P@1", xlim=(0, 1.05 * calls))
        # At least this high, because a point more or less is chance.
        middle = (min(y for _, y in line) + max(y for _, y in line)) / 2
        axes.set_ylim(middle - 3, middle + 3)
    grid[0][0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main()
