"""Starts the embedded OpenSearch node."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from lmtx_search.embedded.artefacts import Distribution, read_distribution
from lmtx_search.embedded.assemble import assemble_node
from lmtx_search.embedded.files import place_folder, scratch_folder
from lmtx_search.embedded.java import Java, find_java
from lmtx_search.embedded.native import link_native
from lmtx_search.embedded.net import LOOPBACK, ask, wait_until
from lmtx_search.embedded.places import Places, is_open, open_up
from lmtx_search.embedded.processes import Process, spawn
from lmtx_search.progress import SILENT, Progress

SECONDS_TO_START = 240.0
_VECTORS = "jdk.incubator.vector"


def _is_healthy(port: int) -> bool:
    health = ask(f"http://{LOOPBACK}:{port}/_cluster/health")
    return health is not None and health.get("status") in ("green", "yellow")


@dataclass(frozen=True)
class Node:
    """A node that can be started.

    ``settings`` are further lines of opensearch.yml. ``is_up`` tells by the HTTP port whether the
    node is ready.
    """

    distribution: Distribution
    home: Path
    java: Java
    settings: Mapping[str, object] = field(default_factory=dict)
    is_up: Callable[[int], bool] = _is_healthy


@dataclass(frozen=True)
class Member:
    """One node of a cluster: where its files are and on which ports it listens.

    ``settings`` are the lines of opensearch.yml with which it finds the other nodes.
    """

    folder: Path
    log: Path
    http_port: int
    transport_port: int
    snapshots: Path
    heap: str = "1536m"
    settings: Mapping[str, object] = field(
        default_factory=lambda: {"node.name": "embedded", "discovery.type": "single-node"}
    )


def prepare_opensearch(places: Places, progress: Progress = SILENT) -> Node:
    """Download the parts of a node and assemble it."""
    distribution = read_distribution()
    java = _usable_java(distribution, places)
    home = assemble_node(
        distribution, java, places.cache / "downloads" / "maven", places.node_cache, progress
    )
    return Node(distribution, home, java)


def start_opensearch(
    places: Places,
    node: Node,
    http_port: int,
    transport_port: int,
    note: Callable[[Process], None],
    progress: Progress = SILENT,
) -> None:
    """Start a single node and wait until it is healthy.

    ``note`` is called as soon as it runs.
    """
    folder, log = places.node_data, places.logs / "opensearch.log"
    member = Member(folder, log, http_port, transport_port, folder / "snapshots")
    with progress.stage("Starting OpenSearch", 1, "nodes") as advance:
        process = launch(places, node, member)
        note(process)
        wait_until(lambda: node.is_up(http_port), process, SECONDS_TO_START)
        advance(1)


def launch(places: Places, node: Node, member: Member) -> Process:
    """Start the process of a member, without waiting for it."""
    conf, temp, data = (member.folder / name for name in ("conf", "tmp", "data"))
    open_up(member.folder)
    open_up(member.snapshots.parent)
    shutil.rmtree(temp, ignore_errors=True)
    folders = (conf, temp, data, member.snapshots)
    for folder in folders:
        folder.mkdir(exist_ok=True)
    settings = {**_settings(member, conf, data), **member.settings, **node.settings}
    # JSON values are YAML values.
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in settings.items()]
    (conf / "opensearch.yml").write_text("".join(lines))
    template = files("lmtx_search.embedded").joinpath("log4j2.properties").read_text()
    (conf / "log4j2.properties").write_text(template)
    if places.account:
        for folder in folders:
            places.account.own(folder)
    link_native(node.home, node.distribution.native, data, places.account)
    environ = {"PATH": os.defpath, "HOME": str(temp), "LANG": "C.UTF-8", "PYTORCH_VERSION": "2.5.1"}
    command = _command(node, conf, temp, member.heap)
    return spawn("OpenSearch", command, member.log, environ, places.account, node.home)


def _settings(member: Member, conf: Path, data: Path) -> dict[str, object]:
    return {
        "cluster.name": "lmtx-search-embedded",
        # The bootstrap reads this before it creates an index, because faiss is not available here.
        "node.attr.lmtx_knn_engines": "lucene",
        "path.data": str(data),
        "path.logs": str(conf),
        # The folder for snapshot repositories of the type fs.
        "path.repo": str(member.snapshots),
        "network.host": LOOPBACK,
        "http.port": member.http_port,
        "transport.port": member.transport_port,
        # In bytes, because on a large disk the default percentages stop writes too early.
        "cluster.routing.allocation.disk.watermark.low": "2gb",
        "cluster.routing.allocation.disk.watermark.high": "1gb",
        "cluster.routing.allocation.disk.watermark.flood_stage": "500mb",
        "plugins.ml_commons.only_run_on_ml_node": False,
        "plugins.ml_commons.connector.private_ip_enabled": True,
        "plugins.ml_commons.trusted_connector_endpoints_regex": ["^http://127\\.0\\.0\\.1:.*$"],
        "plugins.ml_commons.native_memory_threshold": 100,
        "plugins.ml_commons.jvm_heap_memory_threshold": 100,
        "plugins.ml_commons.allow_registering_model_via_local_file": True,
    }


def _command(node: Node, conf: Path, temp: Path, heap: str) -> list[str]:
    # Before 3.0 a security manager did the work of the agent. Newer Java disables it by default.
    guard = ["-Djava.security.manager=allow"]
    for agent in (node.home / "agent").glob("opensearch-agent-[0-9]*.jar"):
        guard = [f"-javaagent:{agent}", "--enable-native-access=ALL-UNNAMED"]
    vectors = ["--add-modules", _VECTORS] if node.java.has_vectors else []
    return [
        str(node.java.program),
        f"-Xms{heap}",
        f"-Xmx{heap}",
        # As in OpenSearch's own jvm.options: its circuit breaker counts garbage, which must not
        # pile up while a model is uploaded.
        "-XX:+UseG1GC",
        "-XX:G1ReservePercent=25",
        "-XX:InitiatingHeapOccupancyPercent=30",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-UsePerfData",
        *vectors,
        # The variable of OpenSearch itself, for example for more memory.
        *shlex.split(os.environ.get("OPENSEARCH_JAVA_OPTS", "")),
        *guard,
        f"-Djava.io.tmpdir={temp}",
        f"-Djna.tmpdir={temp}",
        "-Dfile.encoding=UTF-8",
        "-Djava.awt.headless=true",
        "-Dlog4j2.disable.jmx=true",
        "-Dlog4j.shutdownHookEnabled=false",
        "-Dio.netty.noUnsafe=true",
        f"-Dopensearch.path.home={node.home}",
        f"-Dopensearch.path.conf={conf}",
        "-Dopensearch.distribution.type=tar",
        "-Dopensearch.bundled_jdk=false",
        "-cp",
        f"{node.home}/lib/*",
        "org.opensearch.bootstrap.OpenSearch",
    ]


def _usable_java(distribution: Distribution, places: Places) -> Java:
    """Return a Java that the node's account can run, copied if the original is not accessible."""
    java = find_java(distribution.java)
    if places.account and not is_open(java.home):
        copy = places.node_cache / f"java-{java.version}{'-small' if java.bundled else ''}"
        if not (copy / "bin" / "java").exists():
            with scratch_folder(places.node_cache) as scratch:
                shutil.copytree(java.home, scratch / "java")
                place_folder(scratch / "java", copy)
        java = replace(java, home=copy)
    modules = subprocess.run(
        [java.program, "--list-modules"], capture_output=True, text=True, check=False
    ).stdout
    return replace(java, has_vectors=_VECTORS in modules)
