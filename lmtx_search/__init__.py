"""OpenSearch that tags its own documents.

What is listed in ``__all__`` is for programs that embed it. Each name is imported when it is first
used: ``import lmtx_search`` takes no time and loads neither torch nor a client of the cluster.

Example:
    >>> from lmtx_search import load_settings, read_labels, shortlists, open_judge
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import connect
    from lmtx_search.cluster.facets.counts import facets
    from lmtx_search.errors import LmtxError, MissingExtra, UserError
    from lmtx_search.judges.base import Answer, Pair
    from lmtx_search.judges.open import open_judge
    from lmtx_search.judges.prompts import load_prompt
    from lmtx_search.library import (
        Shortlist,
        bootstrap_index,
        deploy,
        ingest,
        load_labels,
        load_training_documents,
        open_tagger,
        shortlists,
    )
    from lmtx_search.progress import Progress
    from lmtx_search.records import BadLine, Document, Judgment, Label, Tag
    from lmtx_search.settings import Settings
    from lmtx_search.settings_sources import load_settings
    from lmtx_search.sources import read_documents, read_labels
    from lmtx_search.tagging.deployment.deploy import Deployment
    from lmtx_search.tagging.deployment.deploy import Options as DeployOptions
    from lmtx_search.tagging.scoring.tagger import Tagger
    from lmtx_search.training.profiles import training_settings
    from lmtx_search.training.run import train
    from lmtx_search.training.settings import TrainingSettings
    from lmtx_search.version import __version__

_WHERE = {
    "Answer": "judges.base",
    "BadLine": "records",
    "DeployOptions": "tagging.deployment.deploy:Options",
    "Deployment": "tagging.deployment.deploy",
    "Document": "records",
    "Judgment": "records",
    "Label": "records",
    "LmtxError": "errors",
    "MissingExtra": "errors",
    "Pair": "judges.base",
    "Progress": "progress",
    "Settings": "settings",
    "Shortlist": "library",
    "Tag": "records",
    "Tagger": "tagging.scoring.tagger",
    "TrainingSettings": "training.settings",
    "UserError": "errors",
    "__version__": "version",
    "bootstrap_index": "library",
    "connect": "cluster.client.connect",
    "deploy": "library",
    "facets": "cluster.facets.counts",
    "ingest": "library",
    "load_labels": "library",
    "load_prompt": "judges.prompts",
    "load_settings": "settings_sources",
    "load_training_documents": "library",
    "open_judge": "judges.open",
    "open_tagger": "library",
    "read_documents": "sources",
    "read_labels": "sources",
    "shortlists": "library",
    "train": "training.run",
    "training_settings": "training.profiles",
}

__all__ = [
    "Answer",
    "BadLine",
    "DeployOptions",
    "Deployment",
    "Document",
    "Judgment",
    "Label",
    "LmtxError",
    "MissingExtra",
    "Pair",
    "Progress",
    "Settings",
    "Shortlist",
    "Tag",
    "Tagger",
    "TrainingSettings",
    "UserError",
    "__version__",
    "bootstrap_index",
    "connect",
    "deploy",
    "facets",
    "ingest",
    "load_labels",
    "load_prompt",
    "load_settings",
    "load_training_documents",
    "open_judge",
    "open_tagger",
    "read_documents",
    "read_labels",
    "shortlists",
    "train",
    "training_settings",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _WHERE[name].partition(":")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
