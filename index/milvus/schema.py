"""What the collections of a library hold, and by what their vectors are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

SCHEMA: Final = 1  # raise this number when what is stored changes

# bytes of UTF-8 that a text field takes: https://milvus.io/docs/limitations.md
LONGEST: Final = 65_535

# The settings of the local engine, see index/lexical.py.
BM25: Final[Mapping[str, float]] = MappingProxyType({"bm25_k1": 0.9, "bm25_b": 0.4})


class Kind(Enum):
    """What a field holds."""

    TEXT = auto()
    NUMBER = auto()
    VECTOR = auto()
    WORDS = auto()  # what BM25 makes of a text field


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, what it holds, how Milvus is told so, and for words the text that they are of.

    Milvus puts the rows with the same value of a field that `parts` the collection together.
    """

    name: str
    kind: Kind
    options: Mapping[str, bool | int | Mapping[str, str]] = field(default_factory=dict)
    made_of: str = ""
    parts: bool = False


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """By what vectors are found: its name in Milvus, what it is built with, and what k nearest are searched with."""

    name: str
    build: Mapping[str, int]
    search: Callable[[int], dict[str, int]]


# HNSW as in index/vectors.py; IVF_PQ and DISKANN as Milvus's pages on them suggest for large collections:
# https://milvus.io/docs/ivf-pq.md (nlist about 4 * sqrt(rows of a segment); 384 / 8 numbers a part) and diskann.md.
INDEXES: Final[Mapping[str, VectorIndex]] = MappingProxyType(
    {
        index.name: index
        for index in (
            VectorIndex("FLAT", {}, lambda _: {}),
            VectorIndex("HNSW", {"M": 32, "efConstruction": 200}, lambda k: {"ef": max(1024, 2 * k)}),
            VectorIndex("IVF_PQ", {"nlist": 4096, "m": 48, "nbits": 8}, lambda _: {"nprobe": 128}),
            VectorIndex("DISKANN", {}, lambda k: {"search_list": max(200, 2 * k)}),
        )
    }
)

LITE: Final = ("FLAT", "HNSW")  # those of them that Milvus Lite 3.2 knows


def _text(name: str, longest: int, **options: bool | Mapping[str, str]) -> Field:
    return Field(name, Kind.TEXT, {"max_length": longest, **options})


def sentence_fields(dimension: int) -> tuple[Field, ...]:
    """Return the fields of a collection of sentences.

    `article` is the key of the article, by which Milvus parts the collection; `revision` that of its text. `digest` is
    the SHA-256 of the sentence. `words` are its words as the local engine counts them, stemmed and without stop words,
    for Milvus to search by BM25: so both engines find the same, whatever the analyzer of a Milvus can. `pieces` are the
    vectors of its word pieces. What is long stays on the disk of a node, not in its memory (mmap).
    """
    return (
        _text("id", 48, is_primary=True),
        Field("article", Kind.TEXT, {"max_length": 32}, parts=True),
        _text("revision", 32),
        *(Field(name, Kind.NUMBER) for name in ("ordinal", "paragraph", "start", "end")),
        _text("digest", 64),
        _text("words", LONGEST, enable_analyzer=True, analyzer_params={"tokenizer": "standard"}, mmap_enabled=True),
        Field("sparse", Kind.WORDS, made_of="words"),
        Field("vector", Kind.VECTOR, {"dim": dimension}),
        _text("pieces", LONGEST, mmap_enabled=True),
    )


def article_fields() -> tuple[Field, ...]:
    """Return the fields of a collection of articles, in which each row is of one of these kinds.

    "head": what is known of an article; `number` is its place in the order of adding, `sentences` how many it has,
    `parts` of how many rows its text is, `digest` the SHA-256 of its text and `source` that of its source. An article
    is in the library if and only if its head is. "part": a part of a text, in order by `number`. "open": a revision
    whose rows were being written or removed. "manifest": what the collection was made with.
    """
    return (
        _text("id", 64, is_primary=True),
        _text("kind", 16),
        _text("article", 32),
        _text("revision", 32),
        *(Field(name, Kind.NUMBER) for name in ("number", "sentences", "parts")),
        _text("source", 64),
        _text("digest", 64),
        _text("text", LONGEST, mmap_enabled=True),
        NO_VECTOR,
    )


# Milvus wants a vector in every collection.
NO_VECTOR: Final = Field("vector", Kind.VECTOR, {"dim": 2})


def lock_fields() -> tuple[Field, ...]:
    """Return the fields of the collection of a writer: who it is, and when it was last seen, in seconds since 1970."""
    return (_text("id", 16, is_primary=True), _text("text", 1024), Field("seen", Kind.NUMBER), NO_VECTOR)
