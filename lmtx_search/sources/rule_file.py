"""Reads a file of rules about labels, and refuses what cannot be followed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lmtx_search.errors import UserError
from lmtx_search.hierarchy import ancestors, find_circle
from lmtx_search.progress import SILENT, Progress
from lmtx_search.rules import Rules
from lmtx_search.settings.paths import expanded
from lmtx_search.sources.label_names import SEPARATED, SEPARATOR
from lmtx_search.sources.rdf import read_graph

_FORMS = {
    "people-only": "people-only ID [ID ...]",
    "exclude": "exclude ID ID [ID ...]",
    "exclude-related": "exclude-related THESAURUS",
    "imply": "imply ID ID",
    "group": "group NAME ID [ID ...]",
}
_LEAST_WORDS = {"exclude": 2, "imply": 2, "group": 2}


def read_rules(
    path: Path,
    labels: Collection[str],
    max_per_branch: int | None = None,
    progress: Progress = SILENT,
) -> Rules:
    """Read a file of rules, one in each line.

    Words are separated by blanks or, in a line with a tab, by tabs. Blank lines and lines that
    start with ``#`` do not count. A thesaurus is named relative to the file.

    Args:
        labels: ids of the labels.
        max_per_branch: as :class:`Rules` has it.

    Raises:
        UserError: the file cannot be read, a line is no rule or names an unknown label, or two
            rules contradict each other. The message has file and line.
    """
    read = _Read(path, labels, progress)
    for number, words in _lines(path):
        read.line = number
        read.add(words)
    return read.rules(max_per_branch)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UserError(
            f"cannot read the rules in {path}: {error.strerror} (label.rules)"
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 (label.rules): save it as UTF-8") from error
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            words = line.split("\t") if "\t" in line else line.split()
            yield number, [word.strip() for word in words if word.strip()]


@dataclass
class _Read:
    """What was read so far; ``line`` is the current line."""

    path: Path
    labels: Collection[str]
    progress: Progress
    line: int = 0
    people_only: dict[str, None] = field(default_factory=dict)
    exclude: dict[tuple[str, str], int] = field(default_factory=dict)
    """Pairs, the smaller id first → the line that has them."""
    imply: dict[tuple[str, str], int] = field(default_factory=dict)
    group_of: dict[str, str] = field(default_factory=dict)

    def wrong(self, what: str, line: int | None = None) -> UserError:
        return UserError(f"{self.path}, line {line or self.line}: {what}")

    def add(self, words: list[str]) -> None:
        kind, *rest = words
        if kind not in _FORMS:
            raise self.wrong(f"{kind!r} is no rule: the rules are {', '.join(_FORMS)}")
        if len(rest) < _LEAST_WORDS.get(kind, 1) or (kind == "imply" and len(rest) > 2):
            raise self.wrong(
                f"expected {_FORMS[kind]} (if an id contains blanks, separate all words by tabs)"
            )
        adders: Mapping[str, Callable[[list[str]], None]] = {
            "people-only": self._add_people_only,
            "exclude": self._add_excluded,
            "exclude-related": self._add_related,
            "imply": self._add_implied,
            "group": self._add_group,
        }
        adders[kind](rest)

    def _add_people_only(self, ids: list[str]) -> None:
        self._require(ids)
        self.people_only |= dict.fromkeys(ids)

    def _add_excluded(self, ids: list[str]) -> None:
        self._require(ids)
        if len(set(ids)) < len(ids):
            raise self.wrong("a label cannot exclude itself: name each label once")
        for at, first in enumerate(ids):
            for second in ids[at + 1 :]:
                self._exclude(first, second)

    def _add_related(self, files: list[str]) -> None:
        try:
            file = self.path.parent / expanded(Path(" ".join(files)))
        except ValueError as error:
            raise self.wrong(str(error)) from error
        try:
            graph = read_graph(file, self.progress)
        except UserError as error:
            raise self.wrong(str(error)) from error
        from rdflib import SKOS  # read_graph says if it is not installed

        pairs = [
            (str(one), str(other))
            for one, other in graph.subject_objects(SKOS.related)
            if one != other and str(one) in self.labels and str(other) in self.labels
        ]
        if not pairs:
            raise self.wrong(
                f"{file} relates no two labels of the label set (skos:related): load the labels "
                "from this thesaurus, or remove the line"
            )
        for first, second in pairs:
            self._exclude(first, second)

    def _exclude(self, first: str, second: str) -> None:
        self.exclude.setdefault((min(first, second), max(first, second)), self.line)

    def _add_implied(self, ids: list[str]) -> None:
        self._require(ids)
        first, second = ids
        self.imply.setdefault((first, second), self.line)

    def _add_group(self, words: list[str]) -> None:
        name, *ids = words
        if SEPARATOR in name:
            raise self.wrong(f"the name of the group contains {SEPARATED}")
        self._require(ids)
        for id_ in ids:
            other = self.group_of.setdefault(id_, name)
            if other != name:
                raise self.wrong(
                    f"the label {id_} is already in the group {other}: a label has one group, or "
                    "none and is for all documents"
                )

    def _require(self, ids: list[str]) -> None:
        for id_ in ids:
            if id_ not in self.labels:
                raise self.wrong(
                    f"no label has the id {id_}: correct it, remove it, or load the label first "
                    "(ids are those of the file that `lmtx-search labels load` read)"
                )

    def rules(self, max_per_branch: int | None) -> Rules:
        """Return the rules, having seen that they can be followed together."""
        direct: dict[str, list[str]] = {}
        for first, second in self.imply:
            direct.setdefault(first, []).append(second)
        if circle := find_circle(direct):
            line = self.imply[circle[0], circle[1]]
            raise self.wrong(f"labels imply themselves: {' > '.join(circle)}", line)
        for (first, second), line in self.imply.items():
            if second in self.people_only:
                raise self.wrong(
                    f"{first} implies {second}, which is for people only: remove one of the rules",
                    line,
                )
            group = self.group_of.get(second)
            if group is not None and self.group_of.get(first) != group:
                raise self.wrong(
                    f"{first} implies {second}, which is only for documents of the group {group}: "
                    f"put {first} into the group too, or remove one of the rules",
                    line,
                )
        for label in direct:
            present = {label, *ancestors(direct, label)}
            for (first, second), line in self.exclude.items():
                if {first, second} <= present:
                    raise self.wrong(
                        f"{first} and {second} exclude each other, but {label} brings both by "
                        "`imply`: remove one of the rules",
                        line,
                    )
        return Rules(
            tuple(self.people_only),
            tuple(self.exclude),
            tuple(self.imply),
            self.group_of,
            max_per_branch,
        )
