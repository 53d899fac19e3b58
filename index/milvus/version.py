"""The versions of a library on a Milvus: each is two collections, and an alias stands for the current one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from index.encode import Encoder, fingerprint_of
from index.errors import BadRows, EmptyLibrary, EngineFailed, ModelMismatch, SchemaMismatch, SegmenterMismatch
from index.manifest import now
from index.milvus.client import Client
from index.milvus.rows import MANIFEST, Manifest, among, manifest_of, manifest_row
from index.milvus.schema import INDEXES, LITE, SCHEMA, article_fields, sentence_fields
from index.segment import segmenter_fingerprint

_NAME: Final = re.compile(r"(?P<library>.+)_(?P<number>\d{6,})_articles")


@dataclass(frozen=True, slots=True)
class Version:
    """A version: `library` is the name of the library, and of the alias that stands for its current version."""

    library: str
    number: int

    @property
    def articles(self) -> str:
        """The collection of articles, for which the alias stands: so one step changes both."""
        return f"{self.library}_{self.number:06d}_articles"

    @property
    def sentences(self) -> str:
        """The collection of their sentences."""
        return f"{self.library}_{self.number:06d}_sentences"

    @classmethod
    def of(cls, collection: str) -> Version | None:
        """Return the version whose articles a collection holds, None for another kind of collection."""
        found = _NAME.fullmatch(collection)
        return cls(found["library"], int(found["number"])) if found else None


class Versions:
    """The versions of a library; `index` is by what vectors are found in new ones, see `INDEXES`."""

    def __init__(self, client: Client, library: str, index: str | None) -> None:
        self._client, self._library, self._index = client, library, index

    def found(self) -> Version | None:
        """Return the current version, None where nothing was ever added."""
        target = self._client.target(self._library)
        return Version.of(target) if target else None

    def current(self) -> Version:
        """Return the current version. Raises `EmptyLibrary`."""
        version = self.found()
        if version is None:
            raise EmptyLibrary(self._client.uri)
        return version

    def all(self) -> list[Version]:
        """Return all versions by number, those that were never filled to the end among them."""
        found = [Version.of(name) for name in self._client.collections()]
        return sorted((each for each in found if each and each.library == self._library), key=lambda each: each.number)

    def whole(self) -> list[tuple[Version, Manifest]]:
        """Return the versions that were filled to the end, by number, and what they say of themselves."""
        found = [(version, read_manifest(self._client, version)) for version in self.all()]
        return [(version, manifest) for version, manifest in found if manifest is not None and manifest.whole]

    def manifest(self, version: Version) -> Manifest:
        """Return what a version says of itself. Raises `SchemaMismatch`, `BadRows`."""
        manifest = read_manifest(self._client, version)
        if manifest is None:
            raise BadRows(version.articles, "does not say what it is", "give another --uri, or remove the collection")
        if manifest.schema != SCHEMA:
            raise SchemaMismatch(version.articles, manifest.schema, SCHEMA)
        return manifest

    def checked(self, version: Version, encoder: Encoder) -> Manifest:
        """Return what a version says of itself, if it was made as it would be today.

        Raises `SchemaMismatch`, `ModelMismatch`, `SegmenterMismatch`, `BadRows`.
        """
        manifest = self.manifest(version)
        if manifest.encoder != fingerprint_of(encoder):
            raise ModelMismatch(manifest.encoder, fingerprint_of(encoder))
        if manifest.segmenter != segmenter_fingerprint():
            raise SegmenterMismatch(manifest.segmenter, segmenter_fingerprint())
        return manifest

    def begun(self, encoder: Encoder, change: str) -> Version:
        """Return a version that was begun in the same way and not finished, or a new one; others of that kind go."""
        index = self._index or ("FLAT" if self._client.lite else "HNSW")
        if self._client.lite and index not in LITE:  # it would take every name, and compare every vector
            remedy = f"give --vector-index {' or '.join(LITE)}, or the --uri of a server"
            raise EngineFailed(self._client.uri, f"Milvus Lite has no {index}", remedy)
        manifest = Manifest(
            schema=SCHEMA,
            created=now(),
            change=change,
            model=encoder.model,
            encoder=fingerprint_of(encoder),
            segmenter=segmenter_fingerprint(),
            dimension=encoder.dimension,
            index=index,
            whole=False,
        )
        there = self.all()
        for version in reversed(there):
            found = read_manifest(self._client, version)
            if found is not None and replace(found, created=manifest.created) == manifest:
                return version
            if found is None or not found.whole:
                drop(self._client, version)
        version = Version(self._library, max((each.number for each in there), default=0) + 1)
        self._client.create(version.articles, article_fields(), INDEXES["FLAT"])
        self._client.create(version.sentences, sentence_fields(encoder.dimension), INDEXES[index])
        write_manifest(self._client, version, manifest)
        return version

    def finish(self, version: Version, manifest: Manifest) -> None:
        """Write down that a version is whole, and make it the current one."""
        self._client.settle(version.sentences)
        write_manifest(self._client, version, manifest)
        self._client.settle(version.articles)
        if self.found() != version:
            self._client.point(self._library, version.articles)


def read_manifest(client: Client, version: Version) -> Manifest | None:
    """Return what a version says of itself, None where its writer was killed before it said anything."""
    rows = client.rows(version.articles, among("id", [MANIFEST]), ["text"])
    return manifest_of(rows[0]) if rows else None


def write_manifest(client: Client, version: Version, manifest: Manifest) -> None:
    """Write down what a version is."""
    client.upsert(version.articles, [manifest_row(manifest)])


def drop(client: Client, version: Version) -> None:
    """Remove a version; its articles last, so that what is there in part can be told."""
    there = client.collections()
    for name in (version.sentences, version.articles):
        if name in there:
            client.drop(name)
