"""Read articles: from files, from the web and from a text at hand. Offsets point into what is stored, for ever."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from index.errors import UnreadableArticle
from index.fetch import Fetched, fetch
from index.formats.docx import read_docx
from index.formats.epub import read_epub
from index.formats.extract import LONGEST_TEXT, Extract
from index.formats.html import read_html
from index.formats.pdf import read_pdf
from index.formats.text import read_markdown, read_plain
from index.types import Article

# Given what to call it in messages, its bytes and the encoding that was declared for them, if any.
Reader = Callable[[str, bytes, str], Extract]

# Bytes; a scanned book has some 100 MB.
LARGEST_FILE = 200_000_000

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST_TITLE = 300
_LONGEST_ID = 60  # of those made of a title
_NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's bytes, to be read where the file is not; `shown` is what it is called in messages."""

    shown: str
    source: str
    name: str
    suffix: str
    data: bytes


def load_article(path: Path, *, source: str = "") -> Article:
    """Read a file as an article: its id is made of the file's name, its source is the absolute path.

    `source` takes the path's place, also in messages, where the path means nothing to whoever gave the file. Raises
    `UnreadableArticle` when the file is missing, of a kind that is not read, damaged, too large or without text.
    """
    return read_document(open_document(path, source=source))


def open_document(path: Path, *, source: str = "") -> Document:
    """Take up a file that is to be read. Raises `UnreadableArticle` unless its bytes can be had, and are of a kind."""
    shown = source or _printable(path)
    _see_that_it_is_read(path, shown)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableArticle(shown, error.strerror or str(error), "check the path and its permissions") from error
    return Document(shown, source or _printable(path.resolve()), _printable(path.stem), path.suffix.lower(), data)


def read_document(document: Document) -> Article:
    """Read a file that was taken up. Raises `UnreadableArticle` when it is damaged or without text."""
    found = READERS[document.suffix](document.shown, document.data, "")
    return _article(found, name=document.name, source=document.source)


def load_url(url: str, *, get: Callable[[str], Fetched] = fetch) -> Article:
    """Read a page or a file of the web as an article: its id is made of its title, its source is the URL.

    Raises `UnreadableArticle` for what `load_article` refuses, and when the address may not be fetched or does not
    answer.
    """
    fetched = get(url)
    found = READERS[fetched.suffix](url, fetched.data, fetched.charset)
    return _article(found, name=fetched.name, source=url, article_id=_short(_slug(found.title or fetched.name)))


def load_text(data: str | bytes, *, title: str, source: str) -> Article:
    """Make an article of a text that is at hand: its id is made of the title.

    Raises `UnreadableArticle` when there is no text in it, or characters that no text file can hold.
    """
    text = data if isinstance(data, str) else read_plain(source, data).text
    return _article(Extract(text, title), name=title, source=source)


def _article(found: Extract, *, name: str, source: str, article_id: str = "") -> Article:
    """Put an article together, unless its text is none."""
    text = found.text
    if not text or text.isspace():
        raise UnreadableArticle(source, "there is no text in it", "give a file that holds an article")
    if len(text) > LONGEST_TEXT:
        reason = f"its text has {len(text)} characters, more than {LONGEST_TEXT}"
        raise UnreadableArticle(source, reason, "split it into articles")
    if "\0" in text:
        place = text.index("\0")
        raise UnreadableArticle(source, f"character {place} is NUL, so this is no text", "save it as UTF-8")
    lone = _SURROGATE.search(text)
    if lone:
        raise UnreadableArticle(source, f"character {lone.start()} is half of a surrogate pair", "save it as UTF-8")
    return Article(
        id=article_id or _slug(name),
        title=_line(found.title) or _title_of(_line(name)),
        text=text,
        source=source,
        author=_line(found.author),
        date=found.date,
        pages=found.pages,
    )


def _see_that_it_is_read(path: Path, shown: str) -> None:
    """Raise `UnreadableArticle` unless it is a file of a kind that is read, and no larger than is read."""
    try:
        about = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableArticle(shown, reason, "check the path") from error
    if not stat.S_ISREG(about.st_mode):
        kind = "a folder" if stat.S_ISDIR(about.st_mode) else "not a regular file"
        raise UnreadableArticle(shown, f"it is {kind}", "give the path of a file")
    if path.suffix.lower() not in READERS:
        kind = f"{path.suffix} files are" if path.suffix else "a file without a suffix is"
        raise UnreadableArticle(shown, f"{kind} not read", f"give one of {', '.join(SUFFIXES)}")
    if about.st_size > LARGEST_FILE:
        reason = f"it has {about.st_size} bytes, more than {LARGEST_FILE}"
        raise UnreadableArticle(shown, reason, "split it into articles")


def _printable(path: Path | str) -> str:
    """Return a path as text; bytes that are no UTF-8, which a file name may hold, become question marks."""
    return os.fsencode(path).decode("utf-8", "replace")


def _line(text: str) -> str:
    """Return what a file says about itself so that it can be stored and shown on one line of a terminal."""
    return _CONTROL.sub(" ", _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)).strip()[:_LONGEST_TITLE]


def _title_of(stem: str) -> str:
    """Make a file's name readable: `us-troops_in-europe` becomes `Us troops in europe`."""
    words = re.sub(r"[-_\s]+", " ", stem).strip()
    return words[:1].upper() + words[1:] if words else stem


def _slug(name: str) -> str:
    """Make an id of a name: lower case, letters and digits of any script, single hyphens."""
    # The same name may come composed or decomposed, as from macOS: it must give the same id.
    return _NO_WORD.sub("-", unicodedata.normalize("NFC", name).lower()).strip("-") or "article"


def _short(article_id: str) -> str:
    """Cut a long id, between words where that leaves the most of it."""
    if len(article_id) <= _LONGEST_ID:
        return article_id
    return article_id[: _LONGEST_ID + 1].rpartition("-")[0] or article_id[:_LONGEST_ID]


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        ".txt": read_plain,
        ".md": read_markdown,
        ".html": read_html,
        ".htm": read_html,
        ".pdf": read_pdf,
        ".docx": read_docx,
        ".epub": read_epub,
    }
)

# The kinds of file that are read.
SUFFIXES = tuple(READERS)
