"""Compares the cost of finding the passages that speak for labels with that of tagging.

For a tagger version's folder and a file of documents (JSONL): the median processor time in
milliseconds of one thread for tagging a text, for its scores as `tag --explain` shows them, and for
the passages of all labels shown; and the median number of passages of a text.

    python bench/passages.py data/taggers/VERSION test.jsonl.gz --documents 40
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lmtx_search.records import Document
from lmtx_search.sources import read_documents
from lmtx_search.tagging.scoring.explain import explain
from lmtx_search.tagging.scoring.supporting import passages_of, supporting_passages
from lmtx_search.tagging.scoring.tagger import Tagger
from lmtx_search.tagging.versions.version import TaggerVersion

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--documents", type=int, default=40)
    arguments = parser.parse_args()
    tagger = Tagger(TaggerVersion.read(arguments.version), threads=1)
    read = read_documents(arguments.file, "id", ["title", "text"])
    texts = [one.text for one in read if isinstance(one, Document)][: arguments.documents + 1]

    def measure(text: str) -> tuple[float, float, float, int]:
        tagging, _ = timed(lambda: tagger.tag([text]))
        scoring, found = timed(lambda: explain(tagger, text))
        supporting, _ = timed(lambda: supporting_passages(tagger, text, found))
        return tagging, scoring, supporting, len(passages_of(tagger.reader, text))

    measure(texts[0])  # the first one is slower
    columns = zip(*map(measure, texts[1:]), strict=True)
    names = ("tagging", "scores", "passages", "passages of a text")
    print(
        json.dumps(
            {
                name: round(statistics.median(one), 1)
                for name, one in zip(names, columns, strict=True)
            }
        )
    )


def timed(call: Callable[[], T]) -> tuple[float, T]:
    started = time.process_time()
    result = call()
    return 1000 * (time.process_time() - started), result


if __name__ == "__main__":
    main()
