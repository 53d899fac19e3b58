"""The engines that keep a library, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from index.engine import Engine
from index.errors import InputError
from index.store import Store

ENGINES: Final = ("local", "milvus")


def engine_of(name: str, home: Path, *, uri: str | None, token: str, vector_index: str | None) -> Engine:
    """Return the engine of a name: `home` has the library, or the Milvus at `uri`, by default a file in `home`.

    Raises `InputError` for another name, which a variable may hold.
    """
    if name not in ENGINES:
        raise InputError(f"no engine {name!r}: give --engine or PULLQUOTE_ENGINE {' or '.join(ENGINES)}")
    if name == "local":
        return Store(home)
    from index.milvus.store import MilvusStore  # imported here: whoever does without it does not wait for it

    return MilvusStore(uri or str(home / "milvus.db"), token, index=vector_index)
