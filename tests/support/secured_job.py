"""The main job, command by command, as a user of a secured cluster."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lmtx_search.cli.context import Lines
from lmtx_search.embedded.models import prepare_encoder
from lmtx_search.embedded.net import LOOPBACK, free_port
from lmtx_search.settings import load_settings
from tests.support.secured_node import SecuredNode, run_lmtx
from tests.support.tagger_service import running

INDEX, OLDER = "articles", "older-articles"
STREAM, PATTERN, LEGACY = "article-events", "pages-*", "scans-*"
LABELS = {
    "browser": "web browsers",
    "chess": "chess",
    "mail": "electronic mail",
    "astronomy": "astronomy",
    "music": "music players",
    "photo": "photography",
}
DOCUMENTS = 5 * len(LABELS)
# Step → the command. In this order they are a cluster's first day.
STEPS: dict[str, tuple[str, ...]] = {
    "bootstrap": ("bootstrap-index",),
    "bootstrap again": ("bootstrap-index",),
    "labels": ("labels", "load", "labels.jsonl"),
    "docs": ("docs", "load", "documents.jsonl", "--from-start"),
    "deploy": ("deploy", "--untrained", "--threshold", "0.2"),
    "ingest": ("ingest", "documents.jsonl", "--index", INDEX, "--from-start"),
    "facets": ("facets", "--index", INDEX, "--query", "chess"),
    "evaluate": ("evaluate", "documents.jsonl", "--gold", "gold.tsv", "--system", "bm25"),
    "retag": ("retag", "--index", INDEX),
    "add": ("labels", "add", "cook", "cooking"),
    "rename": ("labels", "rename", "cook", "cookery"),
    "retire": ("labels", "retire", "cook", "--yes"),
    "attach": ("attach", OLDER, "--text-field", "title"),
    "detach": ("detach", OLDER),
    "attach a data stream": ("attach", STREAM, "--text-field", "title"),
    "detach the data stream": ("detach", STREAM),
    "attach a pattern": ("attach", PATTERN, "--text-field", "title"),
    "detach the pattern": ("detach", PATTERN),
    "attach by a legacy template": ("attach", LEGACY, "--text-field", "title"),
    "detach by a legacy template": ("detach", LEGACY),
    "docs from an index": ("docs", "load", "--from-index", INDEX, "--query", "title:chess"),
    "deploy another": ("deploy", "--untrained", "--threshold", "0.3"),
    "rollback": ("rollback",),
    "prune": ("taggers", "prune", "--yes", "--keep", "0"),
    "status": ("status",),
}
# Another encoder, as far as the label index is concerned: it gets a version of its own.
VARIABLES = {"deploy another": {"LMTX_ENCODER_LABEL_TOKENS": "32"}}


class Job:
    """Runs the steps in a folder with the files that they read."""

    def __init__(self, node: SecuredNode, user: str, folder: Path) -> None:
        self._folder = folder
        self._done: list[str] = []
        settings = load_settings(flags={"data_dir": folder / "data"})
        port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LMTX_")}
        self.environment = {
            **kept,
            **node.environment(user),
            "LMTX_SERVICE_HOST": LOOPBACK,
            "LMTX_SERVICE_PORT": str(port),
            "LMTX_DATA_DIR": str(settings.data_dir),
            "LMTX_CACHE_DIR": str(settings.cache_dir),
            "LMTX_ENCODER_NAME": str(prepare_encoder(settings.cache_dir, Lines())),
        }
        documents = [
            {"id": f"{id_}-{n}", "title": f"Number {n} of {text}", "text": f"It is for {text}."}
            for id_, text in LABELS.items()
            for n in range(5)
        ]
        labels = [{"id": id_, "text": text} for id_, text in LABELS.items()]
        for name, rows in (("labels", labels), ("documents", documents)):
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / f"{name}.jsonl").write_text(lines)
        gold = "".join(f"{document['id']}\t{document['id'][:-2]}\n" for document in documents)
        (folder / "gold.tsv").write_text(gold)

    def run(self, *words: str, **environment: str) -> Any:
        """Run a command, with further variables."""
        return run_lmtx({**self.environment, **environment}, *words, cwd=self._folder)

    def step(self, name: str) -> Any:
        """Run a step."""
        return self.run(*STEPS[name], **VARIABLES.get(name, {}))

    def reach(self, name: str) -> None:
        """Run those of the steps before it that have not run yet; each has to succeed."""
        for before in list(STEPS)[: list(STEPS).index(name)]:
            if before not in self._done:
                done = self.step(before)
                assert done.returncode == 0, f"{before}: {done.stderr}{done.stdout}"
                self._done.append(before)


@contextmanager
def job(node: SecuredNode, user: str) -> Iterator[Job]:
    """Give the job of a user, with a tagger that runs."""
    with tempfile.TemporaryDirectory(prefix="lmtx-job-") as folder:
        found = Job(node, user, Path(folder))
        with running(found.environment):
            yield found
