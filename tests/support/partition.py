"""Three nodes that reach each other through proxies, so that a test can cut one of them off."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from lmtx_search.cli.context import Lines
from lmtx_search.embedded import servers
from lmtx_search.embedded.files import remove_folder
from lmtx_search.embedded.net import LOOPBACK
from lmtx_search.embedded.opensearch import prepare_opensearch
from lmtx_search.embedded.places import find_places
from lmtx_search.embedded.processes import Process
from lmtx_search.embedded.several_nodes import members, start_several
from lmtx_search.embedded.state import read_state
from tests.support.several_nodes import NODES, SeveralNodes, addresses_of


class Network:
    """A TCP proxy in front of each node, through which the other nodes reach it.

    Nothing passes between a node that is cut off and the others, as if packets were lost. When it
    is joined again, the connections of that time are closed, and new ones pass.

    Args:
        ports_of: returns the ports that a node's process has at its ends of connections.
    """

    def __init__(self, ports_of: Callable[[str], set[int]]) -> None:
        self._ports_of = ports_of
        self._loop = asyncio.new_event_loop()
        self._joined = asyncio.Event()
        self._away: str | None = None
        self._ports_away: set[int] = set()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def proxy(self, node: str, target: int) -> int:
        """Start the proxy of a node, in front of its transport port; return its own port."""

        async def start() -> int:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                with suppress(OSError):
                    await self._serve(node, target, reader, writer)
                writer.close()

            server = await asyncio.start_server(serve, LOOPBACK, 0)
            return int(server.sockets[0].getsockname()[1])

        return self._run(start())

    def cut_off(self, node: str) -> None:
        """Let nothing pass between this node and the others."""

        async def cut() -> None:
            self._ports_away = await asyncio.to_thread(self._ports_of, node)
            self._away = node
            self._joined.clear()

        self._run(cut())

    def join(self) -> None:
        """Let everything pass again."""

        async def join() -> None:
            self._away = None
            self._joined.set()

        self._run(join())

    def close(self) -> None:
        """Stop all proxies, and close all connections."""

        async def cancel() -> None:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        self._run(cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _serve(
        self, node: str, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        port = writer.get_extra_info("peername")[1]
        if self._away not in (None, node):
            # A connection that was not there when the node was cut off: whose is it?
            self._ports_away = await asyncio.to_thread(self._ports_of, self._away)
        if await self._was_away(node, port):
            return
        there, back = await asyncio.open_connection(LOOPBACK, target)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(1 << 16):
                if await self._was_away(node, port):
                    break
                sink.write(data)
                await sink.drain()

        ways = ((reader, back), (there, writer))
        directions = [asyncio.create_task(pump(*way)) for way in ways]
        try:
            # As soon as one direction ends, the connection does.
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            back.close()

    async def _was_away(self, node: str, port: int) -> bool:
        """Tell whether a connection from a port to a node is cut; return when it is joined."""
        if self._away is None or (self._away != node and port not in self._ports_away):
            return False
        await self._joined.wait()
        return True


@contextmanager
def partitionable_nodes() -> Iterator[tuple[SeveralNodes, Network]]:
    """Start three nodes and the network between them; both are gone after the block."""
    base = Path(tempfile.mkdtemp(prefix="lmtx-partition-"))
    base.chmod(0o755)
    cluster = SeveralNodes(base)
    network = Network(lambda node: _ports_of(read_state(base).processes[node].pid))
    try:
        _start(cluster, network)
        yield cluster, network
    finally:
        servers.down(cluster.settings)
        network.close()
        remove_folder(find_places(cluster.settings).node_data)
        remove_folder(base)


def _start(cluster: SeveralNodes, network: Network) -> None:
    """Start three nodes that publish the ports of their proxies, and record them as `up` does."""
    places, state = find_places(cluster.settings), read_state(cluster.data_dir)
    with servers.prepared(places, Lines()):
        node = prepare_opensearch(places, Lines())
    for name in NODES:
        servers.assign_ports(state, name)
    ports = [(state.ports[name], state.ports[f"{name}-transport"]) for name in NODES]
    proxies = [network.proxy(name, port) for name, (_, port) in zip(NODES, ports, strict=True)]
    seeds = {"discovery.seed_hosts": [f"{LOOPBACK}:{port}" for port in proxies]}
    starting = {
        name: replace(
            member,
            settings={**member.settings, **seeds, "transport.publish_port": port},
        )
        for name, member, port in zip(NODES, members(places, ports), proxies, strict=True)
    }

    def noted(name: str) -> Callable[[Process], None]:
        def note(process: Process) -> None:
            state.processes[name] = process
            state.write()

        return note

    state.settings |= addresses_of(state)
    start_several(places, node, starting, noted, Lines())


def _ports_of(pid: int) -> set[int]:
    """Return the ports that a process has at its ends of connections."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            sockets.add(str(descriptor.readlink()))
    # Java's sockets are of IPv6 also where they are used for IPv4.
    rows = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if f"socket:[{row[9]}]" in sockets}
