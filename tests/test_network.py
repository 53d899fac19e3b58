"""Networks are loaded from plain and from compressed files; memory that is free again is the system's."""

from __future__ import annotations

import sys
import tempfile
from ctypes import CDLL, c_size_t, c_void_p, memset
from pathlib import Path

import pytest
from zstandard import ZstdCompressor

from index.late import NETWORK, LateEncoder
from index.mapped import give_back

PIECE, COUNT = 64 * 1024, 1000


@pytest.mark.model
def test_a_compressed_network_is_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / f"{NETWORK.name}.zst"
    packed.write_bytes(ZstdCompressor().compress(NETWORK.read_bytes()))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    text = "The troops left Germany on Monday."
    expected = LateEncoder().encode([text])[0]
    assert LateEncoder(network=packed).encode([text])[0].tobytes() == expected.tobytes()
    assert list(tmp_path.iterdir()) == [packed]


@pytest.mark.skipif(sys.platform != "linux", reason="what a C library keeps is known of Linux's")
def test_memory_that_is_free_again_is_given_back() -> None:
    library = CDLL(None)
    library.malloc.restype, library.malloc.argtypes, library.free.argtypes = c_void_p, [c_size_t], [c_void_p]
    pieces = [library.malloc(PIECE) for _ in range(COUNT)]
    for piece in pieces:
        memset(piece, 1, PIECE)
    for piece in pieces[:-1]:  # the last keeps the C library from shrinking what it has
        library.free(piece)
    before = _resident()
    give_back()
    assert before - _resident() > 0.8 * PIECE * COUNT
    library.free(pieces[-1])


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * 4096
