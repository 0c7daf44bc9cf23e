"""Addresses in the settings: which are set by the user, and win over the servers of `up`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmtx_search.embedded.net import LOOPBACK
from lmtx_search.embedded.ollama import running_ollama
from lmtx_search.embedded.state import State
from lmtx_search.settings import Settings

_SEEN = "(`lmtx-search config` shows where it comes from)"


def without_addresses(settings: Settings, recorded: Mapping[str, Any]) -> Settings:
    """Return settings without the addresses that an earlier `up` recorded; its ports may change.

    Args:
        recorded: by dotted setting.
    """
    changed: dict[str, Any] = {}
    for section in ("opensearch", "service"):
        of_section = getattr(settings, section)
        stale = [
            name
            for name in ("url", "urls", "port")
            if f"{section}.{name}" in recorded
            and _plain(getattr(of_section, name)) == recorded[f"{section}.{name}"]
        ]
        defaults = type(of_section)()
        found = of_section.model_copy(update={name: getattr(defaults, name) for name in stale})
        found.model_fields_set.difference_update(stale)
        changed[section] = found
    return settings.model_copy(update=changed)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def winning_settings(settings: Settings, started: Mapping[str, Any]) -> list[str]:
    """Return notes about addresses in the settings that win over those of the started servers.

    Args:
        started: what `up` recorded, by dotted setting.
    """
    notes = []
    cluster = {"url", "urls"} & settings.opensearch.model_fields_set
    ours = started.get("opensearch.urls") or [started.get("opensearch.url")]
    if cluster and not set(settings.opensearch.addresses) <= set(ours):
        notes.append(
            f"opensearch.url is set to {settings.opensearch.url} {_SEEN}: commands use that "
            "cluster, not the one that `up` starts"
        )
    service = settings.service
    ours = started.get("service.url")
    if ours and service.url is not None and service.url.rstrip("/") != ours:
        notes.append(
            f"service.url is set to {service.url} {_SEEN}: commands use that tagger, not the one "
            "that `up` starts"
        )
    return notes


def other_ollama(settings: Settings, state: State) -> str | None:
    """Return a note if commands would use neither our Ollama nor the one that already runs."""
    ours = set(state.settings.get("ollama.hosts") or [])
    if "ollama" in state.ports:
        ours.add(f"http://{LOOPBACK}:{state.ports['ollama']}")
    note = _named_ollama(settings, ours)
    return _named_ollama(settings, {_numeric(running_ollama() or "")}) if note else None


def _numeric(address: str) -> str:
    return address.rstrip("/").replace("//localhost", f"//{LOOPBACK}")


def _named_ollama(settings: Settings, ours: set[str]) -> str | None:
    """Return a note if the settings name Ollama servers, and none of them is one of ``ours``."""
    hosts = set(map(_numeric, settings.ollama.hosts))
    if "hosts" not in settings.ollama.model_fields_set or hosts & ours:
        return None
    return (
        f"ollama.hosts is set to {', '.join(settings.ollama.hosts)} {_SEEN}: commands ask that "
        "judge, so `up` starts no Ollama"
    )
