"""One generation of a library as files in a folder: articles, sentences, vectors and words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np

from index.build import Index
from index.durable import Step, sync_tree
from index.encode import Encoder, fingerprint_of
from index.errors import BadManifest, ModelMismatch, SegmenterMismatch
from index.late import TokenVectors
from index.lexical import Lexical
from index.manifest import ARTICLES, FORMAT, MANIFEST, Manifest, add_again, check_files, describe, now, read_file
from index.migrations import Record, migrated
from index.segment import segmenter_fingerprint
from index.sentences import Sentences
from index.types import Article
from index.vectors import GRAPH_FILE, Vectors

_SENTENCES = "sentences.npy"


def write_generation(index: Index, folder: Path, step: Step, *, change: str) -> bytes:
    """Write an index into an empty folder, durably, and return the manifest's bytes. Raises `OSError`.

    `change` is what made it, for the manifest.
    """
    step(f"write {ARTICLES}")
    (folder / ARTICLES).write_bytes(_lines_of(index.articles.values()))
    step(f"write {_SENTENCES}")
    np.save(folder / _SENTENCES, index.sentences.table, allow_pickle=False)
    step("write vectors and words")
    index.save(folder)
    step(f"write {MANIFEST}")
    manifest = Manifest(
        format=FORMAT,
        created=now(),
        model=index.encoder.model,
        encoder=fingerprint_of(index.encoder),
        segmenter=segmenter_fingerprint(),
        articles=len(index.articles),
        sentences=len(index.sentences),
        dimension=index.vectors.shape[1],
        files=describe(folder),
        change=change,
    ).to_bytes()
    (folder / MANIFEST).write_bytes(manifest)
    sync_tree(folder, step)
    return manifest


def read_generation(folder: Path, manifest: Manifest, encoder: Encoder) -> Index:
    """Load an index, all of whose files are compared with their checksums first.

    Raises `ModelMismatch`, `SegmenterMismatch`, `DamagedGeneration`.
    """
    check_origin(manifest, encoder)
    check_files(folder, manifest.files)
    articles = _articles_of(folder, manifest.format)
    return Index(
        articles,
        Sentences([article.id for article in articles], np.load(folder / _SENTENCES, allow_pickle=False)),
        vectors=Vectors.load(folder),
        tokens=TokenVectors.load(folder),
        lexical=Lexical.load(folder / "lexical"),
        encoder=encoder,
    )


def check_origin(manifest: Manifest, encoder: Encoder) -> None:
    """See that a generation was made with this encoder and segmenter. Raises `ModelMismatch`, `SegmenterMismatch`."""
    if manifest.encoder != fingerprint_of(encoder):
        raise ModelMismatch(manifest.encoder, fingerprint_of(encoder))
    if manifest.segmenter != segmenter_fingerprint():
        raise SegmenterMismatch(manifest.segmenter, segmenter_fingerprint())


def dense_search(manifest: Manifest) -> str:
    """Return how a generation is searched by vectors: "exact" or "HNSW"."""
    return "HNSW" if any(file.name == GRAPH_FILE for file in manifest.files) else "exact"


def read_articles(folder: Path, manifest: Manifest) -> tuple[Article, ...]:
    """Return the articles of a generation, in the order in which they were added, whatever the rest is like.

    Raises `DamagedGeneration` when their file is not what was written.
    """
    check_files(folder, [file for file in manifest.files if file.name == ARTICLES])
    return _articles_of(folder, manifest.format)


def read_counts(folder: Path, manifest: Manifest) -> dict[str, int]:
    """Return how many sentences each article of a generation has, whatever the rest is like.

    Raises `DamagedGeneration` when the files of articles and sentences are not what was written.
    """
    check_files(folder, [file for file in manifest.files if file.name in (ARTICLES, _SENTENCES)])
    ids = [article.id for article in _articles_of(folder, manifest.format)]
    sentences = Sentences(ids, np.load(folder / _SENTENCES, allow_pickle=False))
    return {article_id: len(sentences.rows_of(article_id)) for article_id in ids}


def _lines_of(articles: Iterable[Article]) -> bytes:
    """Return articles as JSON lines; line ends inside a text are escaped, so an article is one line."""
    return "".join(json.dumps(_record_of(article), ensure_ascii=False) + "\n" for article in articles).encode("utf-8")


def _articles_of(folder: Path, found: int) -> tuple[Article, ...]:
    """Return the articles of their JSON lines, which were written in the format `found`."""
    path = folder / ARTICLES
    try:
        # Of bytes only "\n" parts lines: a text may hold other separators, such as U+2028, unescaped.
        return tuple(_article_of(migrated(json.loads(line), found)) for line in BytesIO(read_file(path)))
    except (ValueError, KeyError, TypeError) as error:
        raise BadManifest(path, f"cannot be understood ({error})", add_again(folder)) from error


def _record_of(article: Article) -> Record:
    """Return an article as JSON holds it."""
    return Record(
        id=article.id,
        title=article.title,
        source=article.source,
        author=article.author,
        date=article.date,
        pages=list(article.pages),
        sha256=article.sha256,
        text=article.text,
    )


def _article_of(record: Record) -> Article:
    """Return the article that JSON holds."""
    return Article(
        id=record["id"],
        title=record["title"],
        text=record["text"],
        source=record["source"],
        author=record["author"],
        date=record["date"],
        pages=tuple(record["pages"]),
    )
