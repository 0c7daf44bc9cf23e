"""Runs all checks, in the order of the first day."""

from __future__ import annotations

from collections.abc import Iterator

from lmtx_search.doctor.checks import Check, Result, carry_out
from lmtx_search.doctor.cluster import ClusterChecks
from lmtx_search.doctor.encoder import encoder_checks
from lmtx_search.doctor.judge import judge_checks
from lmtx_search.doctor.machine import machine_checks
from lmtx_search.doctor.tagger import TaggerChecks
from lmtx_search.settings import Settings


def examine(settings: Settings) -> Iterator[Result]:
    """Yield the result of each check as soon as it is known.

    The checks change neither the cluster nor files. They ask the judge eight fixed questions, and
    run the pipeline on a text that is not stored.
    """
    return carry_out(_checks(settings))


def _checks(settings: Settings) -> Iterator[Check]:
    yield from machine_checks(settings)
    cluster = ClusterChecks(settings)
    yield from cluster.checks()
    yield from judge_checks(settings)
    yield from encoder_checks(settings, lambda: cluster.client)
    yield from TaggerChecks(settings, lambda: cluster.client).checks()
