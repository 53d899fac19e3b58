"""Read articles. The text of an article is exactly what its file holds: offsets point into it for ever."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from index.errors import UnreadableArticle
from index.types import Article

_HEADING = re.compile(r"^#[ \t]+(\S.*?)[ \t]*#*[ \t]*\r?$", re.MULTILINE)
_NO_WORD = re.compile(r"[\W_]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def load_article(path: Path) -> Article:
    """Read a file as an article: its id is made of the file's name, its source is the absolute path.

    Raises `UnreadableArticle` when the file is missing, of a kind that is not read, not UTF-8, or without text.
    """
    reader = _reader_of(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableArticle(path, error.strerror or str(error), "check the path and its permissions") from error
    title, text = reader(path, data)
    stem = _printable(path.stem)
    return _article(text, article_id=_slug(stem), title=title or _title_of(stem), source=_printable(path.resolve()))


def load_text(text: str, *, title: str, source: str) -> Article:
    """Make an article of a text that is at hand: its id is made of the title.

    Raises `UnreadableArticle` when there is no text in it, or characters that no text file can hold.
    """
    return _article(text, article_id=_slug(title), title=title, source=source)


def _article(text: str, *, article_id: str, title: str, source: str) -> Article:
    """Put an article together, unless its text is none."""
    if not text or text.isspace():
        raise UnreadableArticle(source, "there is no text in it", "give a file that holds an article")
    if "\0" in text:
        place = text.index("\0")
        raise UnreadableArticle(source, f"character {place} is NUL, so this is no UTF-8 text", "save it as UTF-8")
    lone = _SURROGATE.search(text)
    if lone:
        raise UnreadableArticle(source, f"character {lone.start()} is half of a surrogate pair", "save it as UTF-8")
    return Article(article_id, title, text, source)


def _reader_of(path: Path) -> Callable[[Path, bytes], tuple[str, str]]:
    """Return the function that reads files of this kind; see that it is a file first."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableArticle(path, reason, "check the path") from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise UnreadableArticle(path, f"it is {kind}", "give the path of a file")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        kind = f"{path.suffix} files are" if path.suffix else "a file without a suffix is"
        raise UnreadableArticle(path, f"{kind} not read", f"give one of {', '.join(SUFFIXES)}")
    return reader


def _read_plain(path: Path, data: bytes) -> tuple[str, str]:
    """Return no title and the text of a plain text file."""
    return "", _decoded(path, data)


def _read_markdown(path: Path, data: bytes) -> tuple[str, str]:
    """Return the first heading of a Markdown file, if there is one, and its text with all marks as they are."""
    text = _decoded(path, data)
    heading = _HEADING.search(text)
    return heading[1] if heading else "", text


def _decoded(path: Path, data: bytes) -> str:
    """Decode UTF-8, strictly. A byte order mark is no part of the text."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8 ({error.reason})"
        raise UnreadableArticle(path, reason, "save it as UTF-8") from error


def _printable(path: Path | str) -> str:
    """Return a path as text; bytes that are no UTF-8, which a file name may hold, become question marks."""
    return os.fsencode(path).decode("utf-8", "replace")


def _title_of(stem: str) -> str:
    """Make a file's name readable: `us-troops_in-europe` becomes `Us troops in europe`."""
    words = re.sub(r"[-_\s]+", " ", stem).strip()
    return words[:1].upper() + words[1:] if words else stem


def _slug(name: str) -> str:
    """Make an id of a name: lower case, letters and digits of any script, single hyphens."""
    # The same name may come composed or decomposed, as from macOS: it must give the same id.
    return _NO_WORD.sub("-", unicodedata.normalize("NFC", name).lower()).strip("-") or "article"


_READERS: Mapping[str, Callable[[Path, bytes], tuple[str, str]]] = MappingProxyType(
    {".txt": _read_plain, ".md": _read_markdown}
)

# The kinds of file that are read.
SUFFIXES = tuple(_READERS)
