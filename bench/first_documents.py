"""The first documents of a file, as the product reads them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from lmtx_search.records import Document
from lmtx_search.settings import Settings
from lmtx_search.sources import read_documents


def first_documents(settings: Settings, file: Path, count: int) -> list[Document]:
    """Return the first documents of a file, without lines that are none."""
    read = read_documents(file, "id", settings.documents.text_fields)
    return list(islice((one for one in read if isinstance(one, Document)), count))
