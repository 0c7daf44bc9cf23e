"""Why bf16 is refused, and where it is offered."""

from __future__ import annotations

import pytest

from lmtx_search.encoder import bf16


@pytest.mark.parametrize(
    ("installed", "units", "said"),
    [
        (None, True, "lmtx-search[openvino]"),
        (None, False, "this processor has no units for bf16"),
        (object(), True, "OpenVINO cannot compute this encoder closely enough"),
    ],
)
def test_why_bf16_is_refused(
    installed: object, units: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bf16, "find_spec", lambda name: installed)
    monkeypatch.setattr(bf16, "multiplies_bf16", lambda: units)
    assert said in bf16.why_no_bf16()
