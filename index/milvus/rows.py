"""Articles and sentences as rows of a Milvus, and back."""

from __future__ import annotations

import json
import zlib
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.lexical import words_of
from index.milvus.client import Row, Value
from index.milvus.schema import LONGEST
from index.types import Article, Sentence

PART: Final = 16_000  # code points of a part of a text: at most four bytes each fit a field

# Stands in a word for what a tokenizer would part it at: a letter to all of them, and in no language's words.
_JOINT: Final = "\ua78f"
_JOINTS: Final = str.maketrans({".": _JOINT, ",": _JOINT})

NO_VECTOR: Final = np.array([1.0, 0.0], dtype=np.float32)

HEAD, PART_KIND, OPEN, MANIFEST = "head", "part", "open", "manifest"


_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class Revision:
    """A text of an article. `article` is the key of the article, `key` that of this text of it."""

    article: str
    key: str

    @classmethod
    def of(cls, article: Article) -> Revision:
        """Return the revision that an article is in."""
        return cls(key_of(article.id), key_of(f"{article.id}\0{article.text}"))

    def sentence(self, ordinal: int) -> str:
        """Return the key of the row of a sentence."""
        return f"{self.key}{ordinal:08x}"

    def part(self, number: int) -> str:
        """Return the key of the row of a part of the text."""
        return f"part{self.key}{number:08x}"


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an article without its text. `number` orders articles, `parts` are the rows of the text."""

    article: Article  # whose text is empty
    revision: Revision
    number: int
    sentences: int
    parts: int
    digest: str

    @classmethod
    def of(cls, article: Article, *, number: int, sentences: int) -> Head:
        """Return the head of an article."""
        bare = Article(article.id, article.title, "", article.source, article.author, article.date, article.pages)
        parts = -(-len(article.text) // PART)
        return cls(bare, Revision.of(article), number, sentences, parts, article.sha256)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version was made of and with, as `index.manifest.Manifest` has it; `whole` says that it was all filled."""

    schema: int
    created: str
    change: str
    model: str | None
    encoder: str
    segmenter: str
    dimension: int
    index: str
    whole: bool


def key_of(text: str) -> str:
    """Return what stands for a text in keys and conditions: it needs no quoting, and is never too long."""
    return sha256(text.encode("utf-8")).hexdigest()[:32]


def head_key(article_id: str) -> str:
    """Return the key of the row of an article's head."""
    return f"head{key_of(article_id)}"


def among(field: str, values: Iterable[str]) -> str:
    """Return the condition that a field holds one of some keys."""
    return f"{field} in {json.dumps(list(values))}"


def of_revisions(revisions: Sequence[Revision]) -> str:
    """Return the condition that a row is of some revisions; by the article Milvus knows where a sentence is."""
    articles = among("article", dict.fromkeys(revision.article for revision in revisions))
    return f"{articles} and {among('revision', [revision.key for revision in revisions])}"


def parted(things: Sequence[_Thing], most: int) -> Iterator[Sequence[_Thing]]:
    """Yield things, up to `most` at a time: a condition has to fit a call."""
    for start in range(0, len(things), most):
        yield things[start : start + most]


def head_row(head: Head) -> Row:
    """Return a head as a row."""
    known = asdict(head.article)
    return _article_row(
        head_key(head.article.id),
        HEAD,
        head.revision,
        number=head.number,
        sentences=head.sentences,
        parts=head.parts,
        source=source_key(head.article.source),
        digest=head.digest,
        text=_packed(json.dumps({name: value for name, value in known.items() if name != "text"}, ensure_ascii=False)),
    )


def head_of(row: Mapping[str, Value]) -> Head:
    """Return the head that a row is."""
    told = json.loads(_unpacked(str(row["text"])))
    bare = Article(**{**told, "pages": tuple(told["pages"])}, text="")
    revision = Revision(str(row["article"]), str(row["revision"]))
    number, sentences, parts = (_whole(row[name]) for name in ("number", "sentences", "parts"))
    return Head(bare, revision, number, sentences, parts, str(row["digest"]))


def source_key(source: str) -> str:
    """Return what a head has of its article's source."""
    return sha256(source.encode("utf-8")).hexdigest()


def part_rows(article: Article) -> Iterator[Row]:
    """Yield the text of an article as rows."""
    revision = Revision.of(article)
    for number, start in enumerate(range(0, len(article.text), PART)):
        text = article.text[start : start + PART]
        yield _article_row(revision.part(number), PART_KIND, revision, number=number, text=text)


def open_row(revision: Revision) -> Row:
    """Return the row that says that rows of a revision are being written or removed."""
    return _article_row(f"open{revision.key}", OPEN, revision)


def manifest_row(manifest: Manifest) -> Row:
    """Return a manifest as a row."""
    return _article_row(MANIFEST, MANIFEST, Revision("", ""), text=json.dumps(asdict(manifest)))


def manifest_of(row: Mapping[str, Value]) -> Manifest:
    """Return the manifest that a row is; of another schema only its number is sure to be understood."""
    told = json.loads(str(row["text"]))
    return Manifest(**{name: told.get(name) for name in Manifest.__slots__})


def sentence_row(
    sentence: Sentence, text: str, revision: Revision, vector: NDArray[np.float32], pieces: NDArray[np.int8]
) -> Row:
    """Return a sentence as a row."""
    return {
        "id": revision.sentence(sentence.ordinal),
        "article": revision.article,
        "revision": revision.key,
        "ordinal": sentence.ordinal,
        "paragraph": sentence.paragraph,
        "start": sentence.start,
        "end": sentence.end,
        "digest": sha256(text.encode("utf-8")).hexdigest(),
        "words": searched_words(text) or _JOINT,  # which no question holds
        "vector": vector,
        "pieces": f"{pieces.shape[1]}:{b2a_base64(pieces.tobytes(), newline=False).decode()}",
    }


def sentence_of(row: Mapping[str, Value], article_id: str) -> Sentence:
    """Return the sentence that a row is."""
    return Sentence(article_id, *(_whole(row[name]) for name in ("ordinal", "paragraph", "start", "end")))


def pieces_of(row: Mapping[str, Value]) -> NDArray[np.int8]:
    """Return the vectors of a sentence's word pieces, `(pieces, width)` int8."""
    width, _, data = str(row["pieces"]).partition(":")
    return np.frombuffer(a2b_base64(data), dtype=np.int8).reshape(-1, int(width))


def searched_words(text: str) -> str:
    """Return the words of a text as Milvus indexes them, between blanks: as many as fit a field."""
    words = " ".join(word.translate(_JOINTS) for word in words_of(text))
    fitting = words.encode("utf-8")[: LONGEST + 1]
    return words if len(fitting) <= LONGEST else fitting.rpartition(b" ")[0].decode("utf-8")


def _article_row(key: str, kind: str, revision: Revision, **told: Value) -> Row:
    blank: Row = {"number": 0, "sentences": 0, "parts": 0, "source": "", "digest": "", "text": ""}
    own: Row = {"id": key, "kind": kind, "article": revision.article, "revision": revision.key, "vector": NO_VECTOR}
    return {**blank, **own, **told}


def _packed(told: str) -> str:
    """Return what fits a field: of thousands of pages it has to be made smaller."""
    data = told.encode("utf-8")
    return told if len(data) <= LONGEST else b2a_base64(zlib.compress(data, 9), newline=False).decode()


def _unpacked(text: str) -> str:
    return text if text.startswith("{") else zlib.decompress(a2b_base64(text)).decode("utf-8")


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no number")
    return value
