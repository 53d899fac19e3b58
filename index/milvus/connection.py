"""A connection to a Milvus. A call that finds the server away is repeated until its time is over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from index.errors import EngineFailed, EngineMissing, EngineRefused, EngineUnreachable

if TYPE_CHECKING:
    from pymilvus import MilvusClient

_NOT_LOADED: Final = 101  # code of a collection that cannot be asked before it is loaded
_LONGEST_PAUSE: Final = 1.0  # seconds between two attempts

# What pymilvus and gRPC say.
_AWAY: Final = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "Retry timeout", "Fail connecting", "closed channel", "create conn")
_REFUSED: Final = ("UNAUTHENTICATED", "PERMISSION_DENIED", "auth check failure")
_NO_FILE: Final = "Open local milvus failed"
_NO_ADDRESS: Final = "is illegal"


class Connection:
    """A connection, made when it is first needed, and again when it is lost. Safe to use from several threads."""

    def __init__(self, uri: str, token: str, seconds: float) -> None:
        self.uri: Final = uri
        self.seconds: Final = seconds  # that a call may take, its repetitions among them
        self._token = token
        self._lock = threading.Lock()
        self._milvus: MilvusClient | None = None

    def do(self, call: Callable[[MilvusClient], Any], collection: str | None = None) -> Any:
        """Return what a call returns, for which a collection is loaded where it is not: Milvus Lite starts so.

        It is made again when the server was away, so it must not matter whether it is made twice. Raises
        `EngineMissing`, `EngineUnreachable`, `EngineRefused`, `EngineFailed`.
        """
        until, pause = time.monotonic() + self.seconds, 0.05
        while True:
            milvus: MilvusClient | None = None
            try:
                with self.telling():
                    milvus = self._connected()
                    return self._loaded(milvus, call, collection)
            except EngineUnreachable:
                self._drop(milvus)
                if time.monotonic() + pause >= until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def close(self) -> None:
        """End the connection."""
        self._drop(self._milvus)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell in one line what Milvus could not do. Raises what `do` raises."""
        # Imported here: half a second, which a library without Milvus does not wait for, and an optional extra.
        try:
            import grpc
            from pymilvus import MilvusException
        except ModuleNotFoundError as error:
            raise EngineMissing(error.name or "pymilvus") from error
        try:
            yield
        except grpc.RpcError as error:
            raise self._told(f"{error.code()} {error.details()}") from error
        except MilvusException as error:
            # Of a refusal while it connects, pymilvus says only that the server may be away.
            cause = error.__cause__
            refused = f"{cause.code()} {cause.details()}: " if isinstance(cause, grpc.RpcError) else ""
            raise self._told(f"{refused}{error.code} {error.message}") from error
        except ValueError as error:
            if not any(each in str(error) for each in _AWAY):
                raise
            raise self._told(str(error)) from error  # another thread has ended a connection that was lost

    def _loaded(self, milvus: MilvusClient, call: Callable[[MilvusClient], Any], collection: str | None) -> Any:
        from pymilvus import MilvusException

        try:
            return call(milvus)
        except MilvusException as error:
            if error.code != _NOT_LOADED or collection is None:
                raise
        milvus.load_collection(collection, timeout=self.seconds)
        return call(milvus)

    def _connected(self) -> MilvusClient:
        from pymilvus import MilvusClient

        with self._lock:
            if self._milvus is None:
                # They write tracebacks of what is raised as well.
                for name in ("pymilvus", "milvus_lite"):
                    logging.getLogger(name).setLevel(logging.CRITICAL)
                own = {}
                if self.uri.endswith(".db"):
                    Path(self.uri).parent.mkdir(parents=True, exist_ok=True)
                    # Its server is in this process, and wants to be asked less often than others whether it lives.
                    own["grpc_options"] = {"grpc.keepalive_time_ms": 600_000}
                self._milvus = MilvusClient(self.uri, token=self._token, timeout=self.seconds, dedicated=True, **own)
            return self._milvus

    def _drop(self, milvus: MilvusClient | None) -> None:
        """End a connection that was lost, if nobody has done so yet."""
        with self._lock:
            if milvus is not self._milvus:
                return
            self._milvus = None
        if milvus is None:
            return
        with suppress(Exception):  # it is lost: whatever is said about that
            milvus.close()

    def _told(self, reason: str) -> EngineFailed:
        if any(each in reason for each in _REFUSED):
            return EngineRefused(self.uri, reason)
        if any(each in reason for each in _AWAY):
            return EngineUnreachable(self.uri, reason, self.seconds)
        if _NO_FILE in reason:
            remedy = (
                "see that it may be written, and that no other process has it open; several share it through "
                "`milvus-lite server --data-dir FILE` and --uri http://HOST:PORT"
            )
            return EngineFailed(self.uri, reason, remedy)
        if _NO_ADDRESS in reason:
            return EngineFailed(self.uri, reason, "give --uri http://HOST:PORT, or a file whose name ends in .db")
        return EngineFailed(self.uri, reason)
