"""What a library asks of a Milvus: a cluster, one server, or Milvus Lite in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from index.milvus.connection import Connection
from index.milvus.schema import BM25, Field, Kind, VectorIndex

if TYPE_CHECKING:
    from pymilvus import MilvusClient

Value = str | int | NDArray[np.float32]
Row = Mapping[str, Value]

SECONDS: Final = 30.0
LIMIT: Final = 16_384  # rows of an answer, and hits of a search: https://milvus.io/docs/limitations.md

_LITE: Final = "lite"  # stands in the version that Milvus Lite tells
_MISSING: Final = (100, 1600)  # codes of a collection and of an alias that are not there


class Client:
    """A Milvus. Safe to use from several threads.

    `uri` is `http://HOST:PORT`, with `/DATABASE` after it for another than the default one, or the path of a file whose
    name ends in .db, for Milvus Lite. A call takes up to `seconds`. Every method raises what `Connection.do` raises.
    It can be sent to another process, which connects by itself.
    """

    def __init__(self, uri: str, token: str = "", *, seconds: float = SECONDS) -> None:
        self.uri: Final = uri
        self._token, self._seconds = token, seconds
        self._connection = Connection(uri, token, seconds)

    def __reduce__(self) -> tuple[object, ...]:
        return partial(type(self), seconds=self._seconds), (self.uri, self._token)

    @property
    def shared(self) -> bool:
        """Whether several processes can use it at once: not the file of a Milvus Lite."""
        return not self.uri.endswith(".db")

    @cached_property
    def lite(self) -> bool:
        """Whether it is Milvus Lite, which knows fewer kinds of index."""
        return _LITE in str(self._do("get_server_version")).lower()

    def collections(self) -> list[str]:
        """Return the names of all collections."""
        return cast(list[str], self._do("list_collections"))

    def target(self, alias: str) -> str | None:
        """Return the collection that an alias stands for, None where there is no such alias."""
        return cast("str | None", self._connection.do(lambda milvus: self._target(milvus, alias)))

    def point(self, alias: str, collection: str) -> None:
        """Have an alias that is there stand for another collection, or make it. Milvus does this at once or not."""
        self._do("alter_alias" if self.target(alias) else "create_alias", collection, alias)

    def claim(self, alias: str, collection: str) -> bool:
        """Make an alias; tell whether it was made, or stands for another collection already."""

        def call(milvus: MilvusClient) -> bool:
            from pymilvus import MilvusException

            try:
                milvus.create_alias(collection, alias, timeout=self._seconds)
            except MilvusException:
                if self._target(milvus, alias) is None:
                    raise
            return self._target(milvus, alias) == collection

        return cast(bool, self._connection.do(call))

    def unpoint(self, alias: str) -> None:
        """Remove an alias."""
        self._do("drop_alias", alias)

    def create(self, collection: str, fields: Sequence[Field], index: VectorIndex) -> None:
        """Make a collection anew, with what its vectors and words are found by, and load it."""
        lite = self.lite

        def call(milvus: MilvusClient) -> None:
            milvus.drop_collection(collection, timeout=self._seconds)  # of an attempt that was cut off
            made = {"consistency_level": "Strong", "timeout": self._seconds}
            milvus.create_collection(collection, schema=_schema(milvus, fields, lite=lite), **made)
            # Nothing is in it yet: pymilvus would look half a second later whether all that is found.
            milvus.create_index(collection, _indexes(milvus, fields, index), timeout=self._seconds, sync=False)
            milvus.load_collection(collection, timeout=self._seconds)

        self._connection.do(call)

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        self._do("drop_collection", collection)

    def load(self, collection: str) -> None:
        """Have a collection in the memory of the nodes that are asked; nothing where it is there."""
        self._do("load_collection", collection)

    def release(self, collection: str) -> None:
        """Free the memory that a collection takes; it is loaded when it is asked again."""
        self._do("release_collection", collection)

    def loaded(self, collection: str) -> bool:
        """Whether a collection is in memory."""
        return "Loaded" in str(self._do("get_load_state", collection)["state"])

    def upsert(self, collection: str, rows: Sequence[Row]) -> None:
        """Write rows; a row takes the place of the one with its key."""
        if rows:
            self._do("upsert", collection, list(rows))

    def delete(self, collection: str, where: str) -> None:
        """Remove the rows for which something holds."""
        self._ask("delete", collection, filter=where)

    def settle(self, collection: str) -> None:
        """Have Milvus Lite sort in what was written: before, it is searched slowly. A server does so by itself."""
        if self.lite:
            self._do("flush", collection)

    def rows(self, collection: str, where: str, fields: Sequence[str]) -> list[dict[str, Value]]:
        """Return the rows for which something holds, of which there may be `LIMIT`, in no order."""
        found = self._ask("query", collection, filter=where, output_fields=list(fields), limit=LIMIT)
        return [dict(row) for row in found]

    def scan(self, collection: str, where: str, fields: Sequence[str]) -> Iterator[list[dict[str, Value]]]:
        """Yield all rows for which something holds, up to 1,000 at a time, by key."""
        pages = self._ask("query_iterator", collection, filter=where, output_fields=list(fields), batch_size=1000)
        try:
            while True:
                with self._connection.telling():
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
        self._connection.close()

    def _target(self, milvus: MilvusClient, alias: str) -> str | None:
        from pymilvus import MilvusException

        try:
            return cast(str, milvus.describe_alias(alias, timeout=self._seconds)["collection_name"])
        except MilvusException as error:
            if error.code in _MISSING:
                return None
            raise

    def _do(self, what: str, *given: object) -> Any:
        return self._connection.do(lambda milvus: getattr(milvus, what)(*given, timeout=self._seconds))

    def _ask(self, what: str, collection: str, **options: object) -> Any:
        """Return what a collection says."""
        return self._connection.do(
            lambda milvus: getattr(milvus, what)(collection, timeout=self._seconds, **options), collection
        )


def _schema(milvus: MilvusClient, fields: Sequence[Field], *, lite: bool) -> object:
    from pymilvus import DataType, Function, FunctionType

    kinds = {
        Kind.TEXT: DataType.VARCHAR,
        Kind.NUMBER: DataType.INT64,
        Kind.VECTOR: DataType.FLOAT_VECTOR,
        Kind.WORDS: DataType.SPARSE_FLOAT_VECTOR,
    }
    schema = milvus.create_schema(auto_id=False, enable_dynamic_field=False)
    for field in fields:
        # Milvus Lite would count in each partition for itself how rare a word is, and is quick without them.
        parted = {} if lite else {"is_partition_key": field.parts}
        schema.add_field(field.name, kinds[field.kind], **field.options, **parted)
        if field.kind is Kind.WORDS:
            counted = {"input_field_names": [field.made_of], "output_field_names": [field.name]}
            schema.add_function(Function(name=f"bm25_of_{field.made_of}", function_type=FunctionType.BM25, **counted))
    return schema


def _indexes(milvus: MilvusClient, fields: Sequence[Field], index: VectorIndex) -> object:
    found = milvus.prepare_index_params()
    for field in fields:
        if field.kind is Kind.VECTOR:
            found.add_index(field.name, index_type=index.name, metric_type="IP", **_params(index.build))
        elif field.kind is Kind.WORDS:
            found.add_index(field.name, index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", **_params(BM25))
    return found


def _params(params: Mapping[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the settings of an index as servers and Milvus Lite both understand them; pymilvus flattens them once."""
    return {"params": {"params": dict(params)}}
