"""Zip archives, which .docx and .epub files are, opened so that none can fill the memory."""

from __future__ import annotations

import io
import struct
import zlib
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from index.errors import UnreadableArticle

# An illustrated book has a few hundred entries and some 100 MB.
_MOST_ENTRIES = 5_000
_MOST_BYTES = 300_000_000
# Texts alone: all of War and Peace has 4 MB with its tags.
_MOST_MARKUP = 30_000_000

# What `zipfile` raises for a file that is not sound, or lacks an entry.
_DAMAGE = (BadZipFile, EOFError, KeyError, OSError, RuntimeError, ValueError, struct.error, zlib.error)
_BOMB = "unpack it, and add only what is text"


class Archive:
    """An archive whose entries have been counted and measured; what is packed inside an entry is never unpacked."""

    def __init__(self, source: str, data: bytes) -> None:
        """Open an archive. Raises `UnreadableArticle` when it is damaged, encrypted or too large."""
        self.source = source
        if data.startswith(b"\xd0\xcf\x11\xe0"):
            reason = "it is encrypted, or of an older format with the wrong suffix"
            raise UnreadableArticle(source, reason, "save it without a password, in today's format")
        try:
            self._zip = ZipFile(io.BytesIO(data))
        except _DAMAGE as error:
            raise self.damaged(error) from error
        self._check()

    @property
    def names(self) -> frozenset[str]:
        """The names of the entries."""
        return frozenset(self._zip.namelist())

    def read(self, name: str) -> bytes:
        """Return an entry's bytes. Raises `UnreadableArticle` when it is missing or damaged."""
        try:
            return self._zip.read(name)  # never more than the size it declares
        except _DAMAGE as error:
            raise self.damaged(error) from error

    def damaged(self, error: object) -> UnreadableArticle:
        """Return the error that says that the file is not sound."""
        return UnreadableArticle(self.source, f"the file is damaged ({error})", "get or save it again")

    def _check(self) -> None:
        entries = self._zip.infolist()
        total = sum(entry.file_size for entry in entries)
        markup = sum(entry.file_size for entry in entries if not _is_media(entry.filename))
        for count, most, what in (
            (len(entries), _MOST_ENTRIES, "entries"),
            (total, _MOST_BYTES, "bytes unpacked"),
            (markup, _MOST_MARKUP, "bytes of text unpacked"),
        ):
            if count > most:
                raise UnreadableArticle(self.source, f"the archive has {count} {what}, more than {most}", _BOMB)
        if any(entry.flag_bits & 1 for entry in entries):
            raise UnreadableArticle(self.source, "it is encrypted", "save it without a password")
        if any(entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for entry in entries):
            raise self.damaged("packed in a way that this format does not allow")


def _is_media(name: str) -> bool:
    """Tell whether an entry is an image, a font, a sound or an archive: nothing that is read."""
    return not name.lower().endswith((".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx", ".svg", ".css"))
