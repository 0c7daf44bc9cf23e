"""Checks of the cluster: its requirements, its setup and its contents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from shlex import quote
from typing import TYPE_CHECKING, Any

from lmtx_search.cluster.client import names
from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.client.errors import CLEAR_ARCHIVED
from lmtx_search.cluster.facets.counted import uncounted_tags
from lmtx_search.cluster.health.attached import open_changes, untagging
from lmtx_search.cluster.health.health import (
    account,
    disks,
    has_security,
    health,
    is_reached,
    watermarks,
)
from lmtx_search.cluster.health.overview import tagged_documents
from lmtx_search.cluster.health.permissions import lacking_to_write
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.ml.pipeline import read_pipeline
from lmtx_search.cluster.setup.bootstrap import plan, tagger_url
from lmtx_search.cluster.setup.connector_settings import archived_settings, missing_settings
from lmtx_search.cluster.setup.requirements import (
    check_engine,
    check_ingest,
    check_plugins,
    check_version,
    has_ml_nodes,
    versions_of,
)
from lmtx_search.doctor.checks import Check, Finding, ok
from lmtx_search.errors import LmtxError
from lmtx_search.settings import Settings

if TYPE_CHECKING:
    from lmtx_search.cluster.client.connect import Client

_GROUP = "Cluster"


class ClusterChecks:
    """The checks of one cluster; nothing is written to it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Seconds after which a server counts as unreachable.
        self._opensearch = settings.opensearch.within(15.0)

    @cached_property
    def client(self) -> Client:
        """A client of the cluster."""
        return connect(self._opensearch, reading=True)

    @cached_property
    def _nodes(self) -> Any:
        return self.client.nodes.info(metric="plugins")["nodes"]

    def checks(self) -> Iterator[Check]:
        """Return the checks, the most important ones first."""
        yield Check(_GROUP, "version", self._version, leads=True)
        yield Check(_GROUP, "plugins", self._plugins, leads=True)
        yield Check(_GROUP, "roles", self._roles)
        yield Check(_GROUP, "health", self._health)
        yield Check(_GROUP, "disk", self._disk)
        yield Check(_GROUP, "account", self._account)
        yield Check(_GROUP, "rights", self._rights)
        yield Check(_GROUP, "settings", self._cluster_settings)
        yield Check(_GROUP, "set up", self._set_up, leads=True)
        yield Check(_GROUP, "labels", self._labels)
        yield Check(_GROUP, "to learn from", self._documents)
        yield Check(_GROUP, "tagged", self._tagged)
        yield Check(_GROUP, "attached", self._attached)

    def _version(self) -> Finding:
        info = self.client.info()
        number = check_version(info.get("version", {}))
        where = f"at {', '.join(self._opensearch.addresses)}, cluster {info['cluster_name']}"
        versions = versions_of(self._nodes)
        if len(versions) > 1:
            shown = " and ".join(f"{one} ({n} nodes)" for one, n in versions.items())
            return Finding(
                "warn",
                f"OpenSearch {shown} {where}: a rolling upgrade has not ended",
                "upgrade the other nodes; until then, deploy nothing",
            )
        return ok(f"OpenSearch {number} {where}")

    def _plugins(self) -> Finding:
        check_plugins(self._nodes, "")
        check_engine(self._nodes, self._opensearch.knn_engine)
        return ok(f"k-NN ({self._opensearch.knn_engine}), neural-search and ML Commons")

    def _roles(self) -> Finding:
        return ok(check_ingest(self._nodes))

    def _health(self) -> Finding:
        found = health(self.client)
        nodes = f"{found.nodes} node{'s' if found.nodes != 1 else ''}"
        if found.status == "red":
            return Finding(
                "bad",
                f"red, {nodes}: {found.unassigned} shards have no node",
                "GET _cluster/allocation/explain says why",
            )
        if found.status == "yellow" and len(versions_of(self._nodes)) > 1:
            return ok(
                f"yellow, {nodes}: {found.unassigned} shard copies are missing, as is usual until "
                "all nodes have the same version"
            )
        if found.status == "yellow" and found.nodes > 1:
            return Finding(
                "warn",
                f"yellow, {nodes}: {found.unassigned} shard copies are missing",
                "GET _cluster/allocation/explain says why",
            )
        return ok(f"{found.status}, {nodes}")

    def _disk(self) -> Finding:
        found = disks(self.client)
        if found is None:
            right = "cluster:monitor/nodes/stats"
            return Finding(
                "warn",
                f"not checked: the user lacks the right {right}",
                "ask an administrator to grant it",
            )
        if not found:
            return ok("the nodes do not report it")
        fullest = max(found, key=lambda disk: disk.used)
        told = f"{fullest.used:.0%} used, {fullest.free / 1e9:,.1f} GB free on {fullest.node}"
        low, flood = watermarks(self.client)
        if is_reached(flood, fullest):
            return Finding("bad", f"{told}: the cluster refuses to write", "free disk space")
        if is_reached(low, fullest):
            return Finding("warn", f"{told}: the cluster refuses new indices", "free disk space")
        return ok(told)

    def _account(self) -> Finding:
        found = account(self.client, self._nodes)
        if found is not None:
            return ok(f"{found.user}, roles: {', '.join(found.roles) or 'none'}")
        if "://127." in self._opensearch.url or "://localhost" in self._opensearch.url:
            return ok("no security plugin; the address is reachable only from this machine")
        return Finding(
            "warn",
            "the cluster has no security plugin: anyone who can reach it has all permissions",
            "see `Security` in the operators' page",
        )

    def _rights(self) -> Finding:
        if not has_security(self._nodes):
            return ok("nothing restricts them")
        index = self._settings.documents.training_index
        missing = lacking_to_write(self.client, [names.RUNS, index])
        if missing:
            return Finding(
                "bad",
                f"the user lacks {', '.join(missing)}",
                "ask for the role that lmtx-search bootstrap-index --print-role prints",
            )
        return ok(
            "has the rights to write (the rights to create connectors and models cannot be probed)"
        )

    def _cluster_settings(self) -> Finding:
        url = tagger_url(self._settings)
        missing = missing_settings(self.client, url, has_ml_nodes(self._nodes))
        if missing:
            return Finding(
                "bad",
                f"the cluster may not call the tagger at {url}: {', '.join(sorted(missing))}",
                "lmtx-search bootstrap-index --apply-cluster-settings",
            )
        archived = archived_settings(self.client)
        if archived:
            return Finding(
                "warn",
                f"an upgrade has archived {', '.join(archived)}: the cluster changes no other "
                "setting until they are removed",
                CLEAR_ARCHIVED,
            )
        return ok(f"the cluster may call the tagger at {url}")

    def _set_up(self) -> Finding:
        planned = plan(self.client, self._settings)
        if planned.open:
            what = f"{len(planned.open)} of {len(planned.steps)} parts are missing or old"
            return Finding("bad", what, "lmtx-search bootstrap-index")
        note = f"; {planned.notes[0]}" if planned.notes else ""
        return ok(f"templates, indices and pipeline exist{note}")

    def _labels(self) -> Finding:
        labels = LabelIndex(self.client, self._opensearch.knn_engine).current()
        if labels is None or not labels.count:
            return Finding("warn", "no labels yet", "lmtx-search labels load FILE")
        return ok(f"{labels.count:,} in {labels.index}")

    def _documents(self) -> Finding:
        index = self._settings.documents.training_index
        fields = ", ".join(self._settings.documents.text_fields)
        if not self.client.indices.exists(index=index):
            return Finding("warn", f"no documents in {index} yet", "lmtx-search docs load FILE")
        count = self.client.count(index=index)["count"]
        exists = [{"exists": {"field": name}} for name in self._settings.documents.text_fields]
        body = {"query": {"bool": {"should": exists, "minimum_should_match": 1}}}
        with_text = self.client.count(index=index, body=body)["count"]
        if not count:
            return Finding("warn", f"{index} is empty", "lmtx-search docs load FILE")
        if not with_text:
            raise LmtxError(
                f"none of the {count:,} documents in {index} has text in {fields}: set "
                "documents.text_fields"
            )
        return ok(f"{with_text:,} documents in {index} with text in {fields}")

    def _tagged(self) -> Finding:
        by_index = tagged_documents(self.client)
        if by_index is None:
            return ok("not counted: the user may not search all indices")
        pending = {index: n["pending"] for index, n in by_index.items() if n.get("pending")}
        if pending:
            index = max(pending, key=lambda name: pending[name])
            return Finding(
                "warn",
                f"{sum(pending.values()):,} documents are pending: the tagger did not answer",
                f"lmtx-search retag --index {index} --pending",
            )
        if not by_index:
            return ok("no index holds tagged documents yet")
        if notes := [note for name in by_index for note in uncounted_tags(self.client, name)]:
            more = f"; the same holds for {len(notes) - 1} other indices" if notes[1:] else ""
            told, _, remedy = notes[0].partition(": ")
            return Finding("warn", told + more, remedy)
        tagged = sum(counts.get("tagged", 0) for counts in by_index.values())
        return ok(f"{tagged:,} documents in {len(by_index)} indices, none pending")

    def _attached(self) -> Finding:
        state = read_pipeline(self.client)
        silent = untagging(self.client, state)
        if silent is None:
            return ok("not checked: the user may not read the settings of all attached indices")
        found: list[str] = []
        todo: list[str] = []

        def attach(name: str) -> str:
            fields = " ".join(f"--text-field {quote(field)}" for field in state.indices[name])
            return f"lmtx-search attach {quote(name)} {fields}"

        for name, indices in silent.items():
            behind = "" if indices == [name] else f" of {name}"
            found.append(f"{', '.join(indices)}{behind} is attached but does not tag its documents")
            todo.append(f"{attach(name)}, or lmtx-search detach {quote(name)}")
        for name, reason in open_changes(self.client, state):
            found.append(f"later indices of {name} will not tag: {reason}")
            todo.append(attach(name))
        if found:
            return Finding("warn", "; ".join(found), "; ".join(dict.fromkeys(todo)))
        return ok(f"{len(state.indices)} attached names; all of their indices tag")
