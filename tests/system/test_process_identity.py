"""A process is told apart from a later one, and from one that cannot be seen from here."""

from __future__ import annotations

import json
import subprocess
import sys

from lmtx_search.system.process_identity import is_gone, this_process

PROGRAM = """
import json
from lmtx_search.system.process_identity import this_process
print(json.dumps(this_process()))
"""


def test_a_process_that_lives_is_not_gone() -> None:
    assert not is_gone(json.loads(json.dumps(this_process())))


def test_one_that_ended_is_gone() -> None:
    shown = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert is_gone(json.loads(shown.stdout))


def test_a_later_process_with_its_number_is_another() -> None:
    assert is_gone({**this_process(), "began": "another boot/1"})


def test_the_state_of_a_process_elsewhere_is_unknown() -> None:
    assert not is_gone({**this_process(), "began": "b/1", "sees": "another machine"})
    assert not is_gone({})
