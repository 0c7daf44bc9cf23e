"""Opens the systems to measure by their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lmtx_search.cluster.runs import RunStore
from lmtx_search.errors import UserError
from lmtx_search.evaluation import systems
from lmtx_search.evaluation.systems import System
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.settings import Settings
from lmtx_search.tagging.deployment.encoder_source import trained_source, untrained_source
from lmtx_search.tagging.local import find_version
from lmtx_search.tagging.versions.store import TaggerVersions

KINDS = ("bm25", "frozen", "tagger", "run")
_WITH_ID = ("tagger", "run")


def check_names(names: Sequence[str]) -> None:
    """Check the names of systems before anything is opened.

    Raises:
        UserError: a name is unknown. The message lists the known ones.
    """
    for name in names:
        kind, colon, id_ = name.partition(":")
        if kind not in KINDS or (colon and (kind not in _WITH_ID or not id_)):
            raise UserError(
                f"no system {name!r}: there are bm25, frozen, tagger, tagger:VERSION, run and "
                "run:ID"
            )


def open_systems(
    settings: Settings,
    client: Any,
    labels: Sequence[Label],
    names: Sequence[str] = (),
    version: str | None = None,
    progress: Progress = SILENT,
) -> list[System]:
    """Return the systems with the given names, each once.

    Args:
        names: ``bm25``, ``frozen``, ``tagger`` (the active version, or ``version``),
            ``tagger:VERSION``, ``run`` (the last training run), ``run:ID``. Without names these are
            the first three, or the first two if there is no tagger on this machine.
        version: the version that ``tagger`` stands for.
        progress: receives a note if ``tagger`` is not the version that the pipeline uses.

    Raises:
        UserError: there is no such system, version or run.
    """
    check_names(names)
    if not names:
        has_tagger = version is not None or TaggerVersions(settings.data_dir).latest() is not None
        names = ("bm25", "frozen", "tagger") if has_tagger else ("bm25", "frozen")
    found = []
    for name in dict.fromkeys(names):
        kind, _, id_ = name.partition(":")
        if kind == "bm25":
            found.append(systems.bm25(client, name))
        elif kind == "frozen":
            found.append(systems.encoder(settings, labels, untrained_source(settings), name))
        elif kind == "tagger":
            tagger, note = find_version(settings, id_ or version)
            if note:
                progress.note(note)
            found.append(systems.tagger(settings, tagger, name))
        else:
            source = trained_source(settings, RunStore(client), id_ or None)
            found.append(systems.encoder(settings, labels, source, name))
    return found
