"""Things that were used last, as many as there is room for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Recent(Generic[Kept]):
    """Things by key; when their sizes pass `room`, those go that were not used for longest.

    Safe to use from several threads.
    """

    def __init__(self, room: int) -> None:
        self._room, self._taken = room, 0
        self._kept: OrderedDict[str, tuple[Kept, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Kept | None:
        """Return a thing, None where it is not there."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: str, thing: Kept, size: int) -> None:
        """Keep a thing; one that is larger than the room is not."""
        with self._lock:
            if size > self._room or key in self._kept:
                return
            self._kept[key] = thing, size
            self._taken += size
            while self._taken > self._room:
                _, (_, gone) = self._kept.popitem(last=False)
                self._taken -= gone
