"""The names of judges and prompts, which judgments name by their digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opensearchpy import OpenSearch

from lmtx_search.cluster.runs import RunStore
from lmtx_search.records import PERSON


@dataclass(frozen=True, slots=True)
class JudgeNames:
    """Names of models and prompts by digest, as the records of runs give them."""

    models: Mapping[str, str]
    prompts: Mapping[str, str] = field(default_factory=dict)

    def model(self, digest: str) -> str:
        """Return the name of a judge, or the beginning of its digest if no run names it."""
        return self.models.get(digest) or digest[:12]

    def prompt(self, digest: str) -> str:
        """Return the name of a prompt ("": a person had none), or the beginning of its digest."""
        return self.prompts.get(digest) or digest[:12]


def judge_names(client: OpenSearch) -> JudgeNames:
    """Return the names in the records of runs."""
    models, prompts = {PERSON: PERSON}, {}
    for _, record in RunStore(client).of_kinds("train", "judge", fields=("judge",)):
        judge = record.get("judge")
        if isinstance(judge, dict) and "digest" in judge:
            models[judge["digest"]] = judge.get("model", "")
            prompts[judge.get("prompt_digest", "")] = judge.get("prompt", "")
    return JudgeNames(models, prompts)
