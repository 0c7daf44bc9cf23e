"""Where a tagger comes from: its run, and the judge and prompt that taught it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmtx_search.tagging.versions.refit import Refit
from lmtx_search.tagging.versions.version import Manifest


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a tagger version.

    Attributes:
        tagger: the version.
        created: when the version was made (ISO).
        encoder: name of its encoder.
        run: its training run (None: it was not trained).
        kept: which encoder the run kept: ``judged``, ``named`` or ``untrained``.
        judge: the judge's model.
        judge_digest: the judge's digest, as judgments have it.
        prompt: name of the judge's prompt.
        prompt_digest: the prompt's digest, as judgments have it.
        refit: what answers that came after the run changed (None: nothing).

    ``kept`` and what follows, but for ``refit``, are None if the tagger was not trained, or the run
    is not known.
    """

    tagger: str
    created: str
    encoder: str
    run: str | None
    kept: str | None = None
    judge: str | None = None
    judge_digest: str | None = None
    prompt: str | None = None
    prompt_digest: str | None = None
    refit: Refit | None = None

    @classmethod
    def of(cls, manifest: Manifest, run: Mapping[str, Any] | None) -> Provenance:
        """Return the provenance of a version.

        Args:
            run: the record of its training run (None: there is none, or it is not known).
        """
        record = run or {}
        judge = record.get("judge") or {}
        return cls(
            manifest.version,
            manifest.created,
            manifest.encoder,
            manifest.run,
            record.get("kept"),
            judge.get("model"),
            judge.get("digest"),
            judge.get("prompt"),
            judge.get("prompt_digest"),
            manifest.refit,
        )

    def __str__(self) -> str:
        told = self._made_by()
        if self.refit is not None:
            told += f". {self.refit}"
        return told

    def _made_by(self) -> str:
        if self.run is None:
            return f"{self.tagger} (encoder {self.encoder}, not trained)"
        told = f"{self.tagger} from the run {self.run}"
        if self.kept not in (None, "judged"):
            told += f", which kept its {self.kept} encoder"
        if self.judge is None:
            return told
        return f"{told} (judge {self.judge}, prompt {self.prompt})"
