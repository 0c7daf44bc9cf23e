"""The tables of an evaluation for a terminal: a short one of 80 columns, or all measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from rich.table import Column, Table
from rich.text import Text

from lmtx_search.cli.context import Context
from lmtx_search.evaluation.metrics.bootstrap import Estimate
from lmtx_search.evaluation.metrics.classification import TAGS
from lmtx_search.evaluation.metrics.permutation_test import Difference
from lmtx_search.evaluation.run import Evaluation
from lmtx_search.evaluation.without_gold.prediction_powered import JudgedEstimate
from lmtx_search.sources import DocumentFile

SHORT = ("P@1", "P@5", "R@10", "nDCG@5", "PSP@5")
# Columns of systems and of differences that 80 columns hold beside the measures' names.
_SYSTEMS, _DIFFERENCES = 3, 2
_ASSIGNED = (
    ("coverage", "coverage"),
    ("per document", TAGS),
    ("micro F1", "micro F1"),
    ("macro F1", "macro F1"),
)


def show(context: Context, found: Evaluation, everything: bool) -> None:
    """Print all measures, or the common ones with the last system's differences to the others."""
    tables = _long(found) if everything else _short(found)
    for number, table in enumerate(chain(tables, _assigned(found))):
        if number:
            context.say("")
        context.console.print(table)
    context.say("")
    for line in _explained(found, everything):
        context.say(line)


def show_by_judge(
    context: Context,
    file: DocumentFile,
    names: Sequence[str],
    version: str | None,
    sample: int,
    prompt: str,
    seed: int,
) -> None:
    """Let the judge check a sample, and print the measures."""
    from lmtx_search.evaluation.without_gold.judge_evaluation import (
        evaluate_by_judge,
        judge_evaluation_record,
        notes,
    )

    found = evaluate_by_judge(
        context.settings, file, names, version, sample, prompt, seed, context.progress
    )
    if not context.json:
        context.console.print(by_judge_table(found.systems))
    for line in notes(found):
        context.say(line)
    context.result({**judge_evaluation_record(found), "notes": notes(found)})


def by_judge_table(systems: Mapping[str, Mapping[str, JudgedEstimate]]) -> Table:
    """Return the measures of each system. One that could not be measured is a dash."""
    measures = list(dict.fromkeys(m for each in systems.values() for m in each))
    table = _table("system", [measure.replace("documents ", "documents:") for measure in measures])
    for name, each in systems.items():
        cells = [_judged(each[measure]) if measure in each else "–" for measure in measures]
        table.add_row(_two_lines(name), *cells)
    return table


def _judged(one: JudgedEstimate) -> str:
    return (
        f"{100 * one.value:.1f}\n{100 * one.low:.1f}–{100 * one.high:.1f}"
        f"\n{one.checked} of {one.documents} checked"
    )


def _short(found: Evaluation) -> Iterator[Table]:
    table = _table("system", SHORT)
    for name, estimates in found.results.items():
        cells = [f"{_value(m, estimates[m])}\n{_bounds(m, estimates[m])}" for m in SHORT]
        table.add_row(_two_lines(name), *cells)
    yield table
    last = next(reversed(found.results))
    pairs = {one: found.differences[last, one] for one in found.results if one != last}
    if pairs:
        table = _table(f"{last} minus", SHORT)
        for other, differences in pairs.items():
            cells = [f"{_value(m, differences[m])}\n{_p(differences[m])}" for m in SHORT]
            table.add_row(_two_lines(other), *cells)
        yield table


def _long(found: Evaluation) -> Iterator[Table]:
    systems = {
        name: {m: f"{_value(m, e)}  {_bounds(m, e)}" for m, e in estimates.items()}
        for name, estimates in found.results.items()
    }
    differences = {
        f"{system} minus {other}": {
            m: f"{_value(m, d)}  {_bounds(m, d)}  {_p(d)}" for m, d in values.items()
        }
        for (system, other), values in found.differences.items()
    }
    for columns, most in ((systems, _SYSTEMS), (differences, _DIFFERENCES)):
        for names in _groups(list(columns), most):
            yield _by_measure({name: columns[name] for name in names})


def _by_measure(columns: Mapping[str, Mapping[str, str]]) -> Table:
    table = _table("measure", list(columns))
    for measure in dict.fromkeys(measure for cells in columns.values() for measure in cells):
        table.add_row(measure, *(cells.get(measure, "–") for cells in columns.values()))
    return table


def _assigned(found: Evaluation) -> Iterator[Table]:
    tagging = [system for system in found.systems if system.rule is not None]
    if tagging:
        table = _table("assigned tags", ("from", *(name for name, _ in _ASSIGNED)))
        for system in tagging:
            assert system.rule is not None
            values = found.results[system.name]
            cells = [_value(measure, values[measure]) for _, measure in _ASSIGNED]
            table.add_row(_two_lines(system.name), f"{system.rule.threshold:.3f}", *cells)
        yield table


def _explained(found: Evaluation, everything: bool) -> Iterator[str]:
    cut, (a, b) = found.gold_set.weighing.cut, found.gold_set.propensity
    yield (
        f"{len(found.gold_set.usable.gold):,} documents; percent with 95 % confidence intervals; "
        "p of a permutation test"
    )
    for system in found.systems:
        if system.of is not None and ":" not in system.name:
            yield f"{system.name} is {system.of}"
    yield f"Labels are counted in {found.gold_set.counted}: {cut.frequencies.documents:,} documents"
    yield f"PSP: propensities from these counts, with A {a:g} and B {b:g}"
    if not everything:
        yield "--all or --json shows all measures, also for head, middle and tail labels"
        return
    sizes = cut.labels()
    yield f"Head: labels with {cut.head:,} documents or more ({sizes['head']:,} labels)"
    yield f"Tail: labels with fewer than {cut.tail:,} ({sizes['tail']:,})"
    yield f"Middle: the other labels ({sizes['middle']:,})"
    yield "Each group has a third of the gold tags. P@k of a group is its contribution to"
    yield "P@k, and its R@10 the share of its gold tags that is found."


def _table(first: str, others: Sequence[str]) -> Table:
    table = Table(Column(_two_lines(first)), box=None, pad_edge=False)
    for name in others:
        table.add_column(_two_lines(name), no_wrap=True)
    return table


def _two_lines(name: str) -> Text:
    """A name with an id is too long for a line of 80 columns."""
    return Text(name.replace(":", ":\n"))


def _groups(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), most):
        yield names[start : start + most]


def _value(measure: str, found: Estimate | Difference) -> str:
    sign = "+" if isinstance(found, Difference) else ""
    if measure == TAGS:
        return f"{found.value:{sign}.2f}"
    return f"{100 * found.value:{sign}.1f}"


def _bounds(measure: str, found: Estimate | Difference) -> str:
    sign, between = ("+", " to ") if isinstance(found, Difference) else ("", "–")
    if measure == TAGS:
        return f"{found.low:{sign}.2f}{between}{found.high:{sign}.2f}"
    return f"{100 * found.low:{sign}.1f}{between}{100 * found.high:{sign}.1f}"


def _p(found: Difference) -> str:
    return "p<0.001" if found.p < 0.001 else f"p={found.p:.3f}"
