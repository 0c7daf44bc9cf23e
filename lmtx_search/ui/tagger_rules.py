"""The rules of taggers, as the versions on this machine have them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.ml.pipeline import number_of_rules
from lmtx_search.errors import UserError
from lmtx_search.tag_fields import TagFields
from lmtx_search.tagging.scoring.broader import BroaderFacts, left_to_people
from lmtx_search.tagging.scoring.rule_facts import RuleFacts
from lmtx_search.tagging.scoring.settle import Facts
from lmtx_search.tagging.versions.store import TaggerVersions
from lmtx_search.tagging.versions.version import TaggerVersion
from lmtx_search.untouched import texts_at

_NOT_HERE = (
    "Rules were not followed, because this machine does not have the tagger {tagger}. "
    "`lmtx-search retag` follows them."
)


class TaggerRules:
    """The rules of the tagger versions on this machine."""

    def __init__(self, data_dir: Path) -> None:
        self._versions = TaggerVersions(data_dir)
        self._known: dict[str, VersionRules] = {}

    def of(self, tagger: str) -> VersionRules | None:
        """Return the rules of a tagger version (None: it has none).

        Raises:
            UserError: the version is not on this machine, or it is damaged.
        """
        if tagger not in self._known:
            self._known[tagger] = VersionRules(self._versions.get(tagger))
        known = self._known[tagger]
        return known if known.has_rules else None

    def of_documents(
        self, client: Client, sources: Iterable[Mapping[str, Any]], fields: TagFields
    ) -> tuple[dict[str | None, VersionRules], str]:
        """Return the rules of the taggers of documents, and why those of one are not known.

        If the tagger in use has no rules, it does not matter which ones an earlier tagger had.
        """
        found: dict[str | None, VersionRules] = {}
        problem = ""
        for tagger in sorted({tagger_of(source, fields) or "" for source in sources} - {""}):
            try:
                if (rules := self.of(tagger)) is not None:
                    found[tagger] = rules
            except UserError:
                problem = _NOT_HERE.format(tagger=tagger)
        return found, problem if problem and number_of_rules(client) != 0 else ""


class VersionRules:
    """The rules of one version, with its present labels."""

    def __init__(self, version: TaggerVersion) -> None:
        self._version = version
        self._rules = version.rules()
        self.has_rules = self._rules is not None
        self._rows = version.original_rows(np.empty((version.manifest.labels, 0), np.float32))
        self._facts: RuleFacts | None = None
        self._lock = threading.Lock()

    def facts(self, names: Iterable[str]) -> Facts:
        """Return the facts about labels, given by their names as tags."""
        with self._lock:
            known = self._current()
            rows = [self._row_of[name] for name in names if name in self._row_of]
            told = known.about(rows)
            if self._version.manifest.broader_tags:
                about = (self._broader.about(self._rows.ids[row]) for row in rows)
                told |= {fact: 1.0 for some in about for fact in some}
        return Facts.of({fact[1:]: number for fact, number in told.items()})

    def _current(self) -> RuleFacts:
        """Return all facts about the present labels."""
        assert self._rules is not None
        manifest = self._version.manifest
        for change in self._version.changes(after=self._rows.change):
            self._rows = self._rows.after(change)
        if self._facts is None or self._facts.labels is not self._rows:
            self._facts = RuleFacts.of(self._rules, self._rows, manifest)
            self._row_of = {name: row for row, name in enumerate(self._rows.names)}
            people = left_to_people(manifest, self._rules)
            self._broader = BroaderFacts(self._rows, people)
        return self._facts

    def groups_of(self, source: Mapping[str, Any]) -> frozenset[str]:
        """Return the groups of a document."""
        field = None if self._rules is None else self._rules.group_field
        return frozenset(() if field is None else texts_at(source, field))


def tagger_of(source: Mapping[str, Any], fields: TagFields) -> str | None:
    """Return the version that tagged a document (None: none did)."""
    tagging = source.get(fields.tagging)
    tagger = tagging.get("tagger") if isinstance(tagging, Mapping) else None
    return tagger if isinstance(tagger, str) else None
