"""Estimates what a number of documents and labels needs, from constants measured on two cores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lmtx_search.encoder.size import DEFAULT_SIZE, EncoderSize

_DAY = 86_400.0
_HOUR = 3_600.0

COPIES = 2
"""A primary shard and one replica."""
SERVICE_CORES = 2
LEAST_SERVICES = 2
"""With two services, one may fail."""
LEAST_NODES = 3
"""With three nodes that may become cluster manager, one may fail."""
DATA_NODES_WITHOUT_MANAGERS = 3
"""Larger clusters get three nodes that only manage."""
# The tagger in use and the one before it.
_VERSIONS = 2
# A version has the weights in float32, and quantised to a quarter, which is what a service loads.
_QUANTISED = 0.25
_MEASURED_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Constants:
    """Measured values (docs/operators.md, Sizing), and the four assumptions at the end.

    Times are of one core, in milliseconds. A document is as long as the description of a Debian
    package, and the encoder is all-MiniLM-L6-v2 in int8 with one window of 128 tokens.
    """

    tagging_ms: Mapping[str, float]
    """A document through the pipeline, by kind of encoder, with few labels."""
    compared_ms: float
    """More for each label that is compared exactly."""
    worded_ms: float
    """More for the words of each label."""
    service_bytes: int
    """Memory of a service with few labels."""
    label_memory_bytes: int
    """More memory for each label: its embedding, names and words."""
    dimension: int
    labels_per_second: float
    pairs_per_second: float
    document_bytes: int
    tags_bytes: int
    judgment_bytes: int
    search_ms: float
    """Assumed: a search of the label index, where not all labels are compared."""
    label_index_bytes: int
    """Assumed: a label in the label index, of which its embedding is 1,536."""
    node_bytes: float
    """Assumed: index data of one node."""
    shard_bytes: float
    """Assumed: size of a shard."""


MEASURED = Constants(
    tagging_ms={"transformer": 14.7, "static": 0.65},
    compared_ms=1.1e-5,
    worded_ms=0.2e-5,
    service_bytes=150_000_000,
    label_memory_bytes=3_400,
    dimension=384,
    labels_per_second=527.0,
    pairs_per_second=12.4,
    document_bytes=931,
    tags_bytes=28,
    judgment_bytes=500,
    search_ms=10.0,
    label_index_bytes=2_500,
    node_bytes=1e12,
    shard_bytes=50e9,
)


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be tagged.

    Attributes:
        windows: how many windows the encoder reads of a document.
        tokens: of a window.
        encoder: its size.
        exact_labels: the most labels that a service compares exactly.
        each_window: whether each window is compared with the labels (``window_pooling`` is
            ``max``), not the mean of all windows.
    """

    documents: int
    labels: int
    per_day: int
    windows: int = 1
    exact_labels: int = 300_000
    each_window: bool = False
    tokens: int = _MEASURED_TOKENS
    encoder: EncoderSize = DEFAULT_SIZE

    @property
    def encoder_times(self) -> float:
        """How many times as long as the measured encoder this one needs for a token, estimated.

        The time grows with the number of layers and the square of their width.
        """
        own, measured = self.encoder, DEFAULT_SIZE
        return own.layers * own.width**2 / (measured.layers * measured.width**2)


@dataclass(frozen=True, slots=True)
class Tagging:
    """What one kind of encoder needs.

    Attributes:
        milliseconds: of one core for a document.
        cores: for new documents, evenly over the day.
        services: tagger services of two cores each.
        existing_core_hours: to tag all documents once.
        existing_days: to tag all documents once with these services.
    """

    milliseconds: float
    cores: float
    services: int
    existing_core_hours: float
    existing_days: float


@dataclass(frozen=True, slots=True)
class Needs:
    """What a workload needs. Sizes are bytes, with one replica.

    Attributes:
        tagging: by kind of encoder.
        service_bytes: memory of one service while a new tagger replaces the old one.
        exact: whether a service compares all labels, without a search of the label index.
        label_hours: embedding and writing all labels, on two cores.
        judging_hours: one question about each label, on two cores.
        disk: by kind of data.
        version_bytes: the tagger in use and the one before it, in the folder of each service.
        nodes: by role.
        shards: primary shards of the documents.
    """

    tagging: Mapping[str, Tagging]
    service_bytes: int
    exact: bool
    label_hours: float
    judging_hours: float
    disk: Mapping[str, int]
    version_bytes: int
    nodes: Mapping[str, int]
    shards: int


def needs(work: Workload, measured: Constants = MEASURED) -> Needs:
    """Estimate what a workload needs."""
    exact = work.labels <= work.exact_labels
    longer = 4 * (work.encoder.dimension - measured.dimension)  # embeddings are float32
    label_bytes = measured.label_memory_bytes + longer
    if not exact:  # embeddings stay on the disk
        label_bytes -= 4 * work.encoder.dimension
    heavier = max(0, int(_QUANTISED * (work.encoder.weights - DEFAULT_SIZE.weights)))
    version = (
        int((1 + _QUANTISED) * work.encoder.weights) + work.labels * 4 * work.encoder.dimension
    )
    primary = work.documents * (measured.document_bytes + measured.tags_bytes)
    disk = {
        "documents": COPIES * work.documents * measured.document_bytes,
        "tags": COPIES * work.documents * measured.tags_bytes,
        # A new label index is written beside the one in use.
        "labels": COPIES * _VERSIONS * work.labels * (measured.label_index_bytes + longer),
        "judgments": COPIES * work.labels * measured.judgment_bytes,
    }
    times = {
        "transformer": work.encoder_times * work.tokens / _MEASURED_TOKENS,
        "static": 1.0,
    }
    # An encoder that is static itself has no layers.
    kinds = {
        kind: times[kind] * milliseconds
        for kind, milliseconds in measured.tagging_ms.items()
        if times[kind]
    }
    return Needs(
        tagging={
            kind: _tagging(work, milliseconds, exact, measured)
            for kind, milliseconds in kinds.items()
        },
        service_bytes=measured.service_bytes + _VERSIONS * (work.labels * label_bytes + heavier),
        exact=exact,
        label_hours=max(1.0, work.encoder_times) * work.labels / measured.labels_per_second / _HOUR,
        judging_hours=work.labels / measured.pairs_per_second / _HOUR,
        disk=disk,
        version_bytes=_VERSIONS * version,
        nodes=_nodes(sum(disk.values()), measured),
        shards=max(1, math.ceil(primary / measured.shard_bytes)),
    )


def _tagging(work: Workload, milliseconds: float, exact: bool, measured: Constants) -> Tagging:
    times = work.windows if work.each_window else 1
    words = measured.worded_ms * work.labels
    # Beside a search of the label index, the words of a document are compared once.
    compared = measured.compared_ms * work.labels + words if exact else measured.search_ms
    each = milliseconds * work.windows + times * compared + (0.0 if exact else words)
    cores = work.per_day * each / 1000 / _DAY
    services = max(LEAST_SERVICES, math.ceil(cores / SERVICE_CORES))
    core_hours = work.documents * each / 1000 / _HOUR
    days = core_hours * _HOUR / _DAY / (services * SERVICE_CORES)
    return Tagging(each, cores, services, core_hours, days)


def _nodes(disk: int, measured: Constants) -> dict[str, int]:
    data = max(LEAST_NODES, math.ceil(disk / measured.node_bytes))
    managers = LEAST_NODES if data > DATA_NODES_WITHOUT_MANAGERS else 0
    return {"data": data, "cluster manager only": managers}
