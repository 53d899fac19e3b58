"""A Milvus as a library uses it: a cluster, one server, or Milvus Lite in a file. The only file that imports pymilvus.

Nothing is connected to before it is needed. A call that finds the server away is repeated until its time is over; so a
question that is asked while a server starts anew is answered.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from index.errors import EngineFailed, EngineMissing, EngineRefused, EngineUnreachable
from index.milvus.schema import BM25, Field, Kind, VectorIndex

if TYPE_CHECKING:
    from pymilvus import MilvusClient

Value = str | int | NDArray[np.float32]
Row = Mapping[str, Value]

SECONDS: Final = 30.0  # that a call may take, its repetitions among them
LIMIT: Final = 16_384  # rows of an answer, and hits of a search: https://milvus.io/docs/limitations.md

_LITE = "lite"  # stands in the version that Milvus Lite tells
_MISSING = (100, 1600)  # codes of a collection and of an alias that are not there
_NOT_LOADED = 101
_REFUSED = ("UNAUTHENTICATED", "PERMISSION_DENIED")


class Client:
    """A connection, made when it is first needed. Safe to use from several threads.

    `uri` is `http://HOST:PORT`, with `/DATABASE` after it for another than the default one, or the path of a file whose
    name ends in .db, for Milvus Lite. Every method raises `EngineUnreachable`, `EngineRefused` and `EngineFailed`.
    """

    def __init__(self, uri: str, token: str = "", *, seconds: float = SECONDS) -> None:
        self.uri: Final = uri
        self._token, self._seconds = token, seconds
        self._lock = threading.Lock()
        self._connected: MilvusClient | None = None

    @cached_property
    def lite(self) -> bool:
        """Whether it is Milvus Lite, which knows fewer kinds of index and takes in no more rows than fit its memory."""
        with self._telling():
            return _LITE in str(self._milvus.get_server_version(timeout=self._seconds)).lower()

    def collections(self) -> list[str]:
        """Return the names of all collections."""
        with self._telling():
            return cast(list[str], self._milvus.list_collections(timeout=self._seconds))

    def target(self, alias: str) -> str | None:
        """Return the collection that an alias stands for, None where there is no such alias."""
        from pymilvus import MilvusException

        with self._telling():
            try:
                told = self._milvus.describe_alias(alias, timeout=self._seconds)
            except MilvusException as error:
                if error.code in _MISSING:
                    return None
                raise
            return cast(str, told["collection_name"])

    def point(self, alias: str, collection: str) -> None:
        """Have an alias that is there stand for another collection, or make it. Milvus does this at once or not."""
        with self._telling():
            change = self._milvus.alter_alias if self.target(alias) else self._milvus.create_alias
            change(collection, alias, timeout=self._seconds)

    def claim(self, alias: str, collection: str) -> bool:
        """Make an alias; tell whether it was made, or stands for another collection already."""
        from pymilvus import MilvusException

        with self._telling():
            try:
                self._milvus.create_alias(collection, alias, timeout=self._seconds)
            except MilvusException:
                if self.target(alias) is None:
                    raise
            return self.target(alias) == collection

    def unpoint(self, alias: str) -> None:
        """Remove an alias."""
        with self._telling():
            self._milvus.drop_alias(alias, timeout=self._seconds)

    def create(self, collection: str, fields: Sequence[Field], index: VectorIndex) -> None:
        """Make a collection, with what its vectors and words are found by, and load it; nothing where it is there."""
        from pymilvus import DataType, Function, FunctionType

        if collection in self.collections():
            return
        kinds = {
            Kind.TEXT: DataType.VARCHAR,
            Kind.NUMBER: DataType.INT64,
            Kind.VECTOR: DataType.FLOAT_VECTOR,
            Kind.WORDS: DataType.SPARSE_FLOAT_VECTOR,
        }
        with self._telling():
            schema = self._milvus.create_schema(auto_id=False, enable_dynamic_field=False)
            found = self._milvus.prepare_index_params()
            for field in fields:
                # Milvus Lite would count in each partition for itself how rare a word is, and is quick without them.
                parted = {} if self.lite else {"is_partition_key": field.parts}
                schema.add_field(field.name, kinds[field.kind], **field.options, **parted)
                if field.kind is Kind.VECTOR:
                    found.add_index(field.name, index_type=index.name, metric_type="IP", **_params(index.build))
                elif field.kind is Kind.WORDS:
                    found.add_index(field.name, index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", **_params(BM25))
                    schema.add_function(
                        Function(
                            name=f"{field.name}_of_{field.made_of}",
                            function_type=FunctionType.BM25,
                            input_field_names=[field.made_of],
                            output_field_names=[field.name],
                        )
                    )
            made = {"schema": schema, "consistency_level": "Strong", "timeout": self._seconds}
            self._milvus.create_collection(collection, **made)
            # Nothing is in it yet: pymilvus would look half a second later whether all that is found.
            self._milvus.create_index(collection, found, timeout=self._seconds, sync=False)
            self._milvus.load_collection(collection, timeout=self._seconds)

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        with self._telling():
            self._milvus.drop_collection(collection, timeout=self._seconds)

    def load(self, collection: str) -> None:
        """Have a collection in the memory of the nodes that are asked; nothing where it is there."""
        with self._telling():
            self._milvus.load_collection(collection, timeout=self._seconds)

    def release(self, collection: str) -> None:
        """Free the memory that a collection takes; it has to be loaded before it is asked again."""
        with self._telling():
            self._milvus.release_collection(collection, timeout=self._seconds)

    def loaded(self, collection: str) -> bool:
        """Whether a collection can be asked."""
        with self._telling():
            return "Loaded" in str(self._milvus.get_load_state(collection, timeout=self._seconds)["state"])

    def upsert(self, collection: str, rows: Sequence[Row]) -> None:
        """Write rows; a row takes the place of the one with its key."""
        if rows:
            with self._telling():
                self._milvus.upsert(collection, list(rows), timeout=self._seconds)

    def delete(self, collection: str, where: str) -> None:
        """Remove the rows for which something holds."""
        with self._telling():
            self._milvus.delete(collection, filter=where, timeout=self._seconds)

    def settle(self, collection: str) -> None:
        """Have Milvus Lite sort in what was written: before, it is searched slowly. A server does so by itself."""
        if self.lite:
            with self._telling():
                self._milvus.flush(collection, timeout=self._seconds)

    def rows(self, collection: str, where: str, fields: Sequence[str]) -> list[dict[str, Value]]:
        """Return the rows for which something holds, of which there may be `LIMIT`, in no order."""
        found = self._ask("query", collection, filter=where, output_fields=list(fields), limit=LIMIT)
        return [dict(row) for row in found]

    def scan(self, collection: str, where: str, fields: Sequence[str]) -> Iterator[list[dict[str, Value]]]:
        """Yield all rows for which something holds, up to 1,000 at a time, by key."""
        pages = self._ask("query_iterator", collection, filter=where, output_fields=list(fields), batch_size=1000)
        try:
            while True:
                with self._telling():
                    page = [dict(row) for row in pages.next()]
                if not page:
                    return
                yield page
        finally:
            pages.close()

    def count(self, collection: str, where: str = "") -> int:
        """Return how many rows there are for which something holds."""
        return int(self._ask("query", collection, filter=where, output_fields=["count(*)"])[0]["count(*)"])

    def nearest(
        self, collection: str, query: tuple[NDArray[np.float32], str], k: int, index: VectorIndex, *, where: str = ""
    ) -> list[str]:
        """Return the keys of the k rows nearest to a vector and of the k best for some words, each once.

        Both searches are one in Milvus (hybrid search); its order of both together is not what is asked for.
        """
        vector, words = query
        k = min(k, LIMIT // 2)
        near = {"metric_type": "IP", "params": index.search(k)}
        if not words:
            of = {"data": [vector], "anns_field": "vector", "search_params": near, "filter": where, "limit": k}
            return [str(hit["id"]) for hit in self._ask("search", collection, **of)[0]]
        from pymilvus import AnnSearchRequest, RRFRanker

        asked = [
            AnnSearchRequest([vector], "vector", near, k, expr=where or None),
            AnnSearchRequest([words], "sparse", {"metric_type": "BM25"}, k, expr=where or None),
        ]
        found = self._ask("hybrid_search", collection, reqs=asked, ranker=RRFRanker(), limit=2 * k)
        return [str(hit["id"]) for hit in found[0]]

    def word_scores(self, collection: str, words: str, k: int, *, where: str = "") -> dict[str, float]:
        """Return the BM25 scores of the k best rows for some words, by key: above 0, higher is better."""
        if not words or k < 1:
            return {}
        of = {"data": [words], "anns_field": "sparse", "search_params": {"metric_type": "BM25"}, "filter": where}
        found = self._ask("search", collection, limit=min(k, LIMIT), **of)
        # Milvus multiplies by k1 + 1, the local engine does not. Milvus Lite 3.2 tells scores with a minus.
        return {str(hit["id"]): abs(float(hit["distance"])) / (1 + BM25["bm25_k1"]) for hit in found[0]}

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            if self._connected is not None:
                self._connected.close()
            self._connected = None

    @property
    def _milvus(self) -> MilvusClient:
        with self._lock:
            if self._connected is None:
                self._connected = _connected(self.uri, self._token, self._seconds)
            return self._connected

    def _ask(self, what: str, collection: str, **options: object) -> Any:
        """Return what a collection says, which is loaded for that where it is not: as after Milvus Lite starts anew."""
        with self._telling():
            from pymilvus import MilvusException

            ask = partial(getattr(self._milvus, what), collection, timeout=self._seconds, **options)
            try:
                return ask()
            except MilvusException as error:
                if error.code != _NOT_LOADED:
                    raise
            self._milvus.load_collection(collection, timeout=self._seconds)
            return ask()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell in one line what Milvus could not do."""
        import grpc
        from pymilvus import MilvusException

        try:
            yield
        except grpc.RpcError as error:
            raise self._told(str(error.code()), str(error.details() or error)) from error
        except MilvusException as error:
            raise self._told(str(error.code), error.message) from error

    def _told(self, code: str, reason: str) -> EngineFailed:
        said = f"{code} {reason}"
        if any(name in said for name in _REFUSED) or "auth check failure" in said:
            return EngineRefused(self.uri, reason)
        if any(name in said for name in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "Retry timeout", "Fail connecting")):
            return EngineUnreachable(self.uri, reason, self._seconds)
        return EngineFailed(self.uri, reason)


def _params(params: Mapping[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the settings of an index as servers and Milvus Lite both understand them; pymilvus flattens them once."""
    return {"params": {"params": dict(params)}}


def _connected(uri: str, token: str, seconds: float) -> MilvusClient:
    """Connect. Raises `EngineMissing` where a package is, and what pymilvus raises."""
    # Imported here and above: half a second, which a library without Milvus does not wait for, and an optional extra.
    try:
        from pymilvus import MilvusClient
    except ModuleNotFoundError as error:
        raise EngineMissing(error.name or "pymilvus") from error
    # It writes tracebacks of what it raises as well.
    for name in ("pymilvus", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if uri.endswith(".db"):
        Path(uri).parent.mkdir(parents=True, exist_ok=True)
    return MilvusClient(uri=uri, token=token, timeout=seconds)
