"""The benchmark of filling follows a command: how far it says it is, and the processors of all that it starts."""

from __future__ import annotations

import sys

import pytest

from benchmarks.filling import Took, followed, row

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

BUSY = "import time\nwhile time.process_time() < 1: pass"
FILLS = f"""
import subprocess, sys
from ui.terminal import progress_bar
draw = progress_bar("Indexing")
draw(256, 600)
subprocess.run([sys.executable, "-c", {BUSY!r}], check=True)
draw(600, 600)
"""


def test_a_command_is_followed() -> None:
    took = followed([sys.executable, "-c", FILLS])
    assert [count for _, count in took.marks] == [256, 600]
    assert 0 < took.marks[0][0] < took.marks[1][0] <= took.seconds
    assert 0.5 < took.processor < 5


def test_what_a_failing_command_said_is_told() -> None:
    with pytest.raises(RuntimeError, match="no library here"):
        followed([sys.executable, "-c", "import sys; sys.exit('no library here')"])


def test_a_row_has_the_rate_without_the_start() -> None:
    took = Took(10.0, 15.25, ((4.0, 256), (6.0, 512), (8.0, 1000)), 2.04)
    assert took.rate == 186.0
    assert row("local", "--workers 2", took, 1200) == "| folder | `--workers 2` | 10.0 (15.2) | 120 | 4.0 | 186 | 2.0 |"
