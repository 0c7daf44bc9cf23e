"""OpenSearch that tags its own documents.

The names in ``__all__`` are the public API. Each name is imported when it is first used: ``import
lmtx_search`` takes no time and loads neither torch nor a client of the cluster.

Example:
    >>> from lmtx_search import load_settings, read_labels, shortlists, open_judge
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lmtx_search.version import __version__

# The public names, each with its module.
_MODULES = {
    "Answer": "judges.base",
    "BadLine": "records",
    "BulkReport": "cluster.documents.bulk_report",
    "DeployOptions": "tagging.deployment.deploy",
    "Deployment": "tagging.deployment.deploy",
    "Document": "records",
    "DocumentFile": "sources",
    "Judgment": "records",
    "Label": "records",
    "LabelFile": "sources",
    "LmtxError": "errors",
    "LoadOptions": "loading",
    "LoadedLabels": "tagging.deployment.label_updates",
    "MissingExtra": "errors",
    "Pair": "judges.base",
    "Progress": "progress",
    "Settings": "settings",
    "Shortlist": "library",
    "Tag": "records",
    "Tagger": "tagging.scoring.tagger",
    "TrainingRun": "training.training_run",
    "TrainingSettings": "training.settings",
    "UserError": "errors",
    "bootstrap_index": "library",
    "connect": "cluster.client.connect",
    "copy_training_documents": "loading",
    "deploy": "library",
    "facets": "cluster.facets.counts",
    "ingest": "loading",
    "load_labels": "library",
    "load_prompt": "judges.prompts",
    "load_settings": "settings",
    "load_training_documents": "loading",
    "open_judge": "judges.open",
    "open_tagger": "library",
    "read_documents": "sources",
    "read_labels": "sources",
    "shortlists": "library",
    "train": "training.run",
    "training_settings": "training.profiles",
}
__all__ = ["__version__", *_MODULES]

if TYPE_CHECKING:  # the same for type checkers; a test shows that both agree
    from lmtx_search.cluster.client.connect import connect as connect
    from lmtx_search.cluster.documents.bulk_report import BulkReport as BulkReport
    from lmtx_search.cluster.facets.counts import facets as facets
    from lmtx_search.errors import LmtxError as LmtxError
    from lmtx_search.errors import MissingExtra as MissingExtra
    from lmtx_search.errors import UserError as UserError
    from lmtx_search.judges.base import Answer as Answer
    from lmtx_search.judges.base import Pair as Pair
    from lmtx_search.judges.open import open_judge as open_judge
    from lmtx_search.judges.prompts import load_prompt as load_prompt
    from lmtx_search.library import Shortlist as Shortlist
    from lmtx_search.library import bootstrap_index as bootstrap_index
    from lmtx_search.library import deploy as deploy
    from lmtx_search.library import load_labels as load_labels
    from lmtx_search.library import open_tagger as open_tagger
    from lmtx_search.library import shortlists as shortlists
    from lmtx_search.loading import LoadOptions as LoadOptions
    from lmtx_search.loading import copy_training_documents as copy_training_documents
    from lmtx_search.loading import ingest as ingest
    from lmtx_search.loading import load_training_documents as load_training_documents
    from lmtx_search.progress import Progress as Progress
    from lmtx_search.records import BadLine as BadLine
    from lmtx_search.records import Document as Document
    from lmtx_search.records import Judgment as Judgment
    from lmtx_search.records import Label as Label
    from lmtx_search.records import Tag as Tag
    from lmtx_search.settings import Settings as Settings
    from lmtx_search.settings import load_settings as load_settings
    from lmtx_search.sources import DocumentFile as DocumentFile
    from lmtx_search.sources import LabelFile as LabelFile
    from lmtx_search.sources import read_documents as read_documents
    from lmtx_search.sources import read_labels as read_labels
    from lmtx_search.tagging.deployment.deploy import Deployment as Deployment
    from lmtx_search.tagging.deployment.deploy import DeployOptions as DeployOptions
    from lmtx_search.tagging.deployment.label_updates import LoadedLabels as LoadedLabels
    from lmtx_search.tagging.scoring.tagger import Tagger as Tagger
    from lmtx_search.training.profiles import training_settings as training_settings
    from lmtx_search.training.run import train as train
    from lmtx_search.training.settings import TrainingSettings as TrainingSettings
    from lmtx_search.training.training_run import TrainingRun as TrainingRun


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
