"""Plain text and Markdown: the text is what the file holds, to the last line end."""

from __future__ import annotations

import codecs
import re

from index.errors import UnreadableArticle
from index.formats.extract import LONGEST_TEXT, Extract

_HEADING = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)

# UTF-32 before UTF-16, whose mark its own begins with.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOST_BYTES = 4 * LONGEST_TEXT  # a code point has four bytes at most
# The encoding is guessed from so many bytes, so that the time for it stays bounded.
_SAMPLE = 100_000
# What files are written in that are not UTF-8. Of two that fit as well, the first is taken.
_LATIN = ["cp1252", "cp1250", "iso8859_2", "cp1254"]
_OTHER = ["cp1251", "gb18030", "shift_jis", "euc_kr", "big5", "koi8_r", "cp1253", "cp1255", "cp1256", "iso8859_5"]
_AS_WELL = 0.01
# In Latin script most letters are ASCII's: fewer of the bytes than this are others.
_FEW = 0.25


def read_plain(source: str, data: bytes, declared: str = "") -> Extract:
    """Read a plain text file."""
    return Extract(decoded(source, data, declared))


def read_markdown(source: str, data: bytes, declared: str = "") -> Extract:
    """Read a Markdown file, with all marks as they are; its title is the first heading of level 1."""
    text = decoded(source, data, declared)
    return Extract(text, title=first_heading(text))


def first_heading(text: str) -> str:
    """Return the first Markdown heading of level 1, empty when there is none. The time is linear."""
    for heading in _HEADING.finditer(text):
        words = heading[1].rstrip()
        bare = words.rstrip("#")  # a heading may be closed by "#" after a blank, but C# is a word
        title = bare.rstrip() if not bare or bare[-1].isspace() else words
        if title:
            return title
    return ""


def decoded(source: str, data: bytes, declared: str = "") -> str:
    """Decode text: by its byte order mark, else as UTF-8, else as what it is declared to be, else by a guess.

    A byte order mark is no part of the text. Raises `UnreadableArticle` when nothing fits.
    """
    if len(data) > _MOST_BYTES:
        reason = f"it has {len(data)} bytes, more than {_MOST_BYTES}"
        raise UnreadableArticle(source, reason, "split it into articles")
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        for other in (declared, _guessed(data, error.start)) if encoding == "utf-8" else ():
            text = _decoded_as(other, data)
            if text is not None:
                return text
        reason = f"byte {error.start} is not {encoding.removesuffix('-sig').upper()} and no other encoding fits"
        raise UnreadableArticle(source, reason, "save it as UTF-8") from error


def _decoded_as(encoding: str, data: bytes) -> str | None:
    """Return the text that bytes are in an encoding, None when they are not or there is no such encoding."""
    try:
        return data.decode(encoding) if encoding else None
    except (UnicodeDecodeError, LookupError):
        return None


def _guessed(data: bytes, start: int) -> str:
    """Return the likeliest encoding, given the first byte that is not ASCII; empty for what looks like no text."""
    from charset_normalizer import from_bytes  # imported here: only files that are not UTF-8 need it

    if b"\0" in data:
        return ""
    begin = data.rfind(b"\n", max(0, start - _SAMPLE // 100), start) + 1 or start
    sample = data[begin : begin + _SAMPLE]
    if begin + _SAMPLE < len(data):
        sample = sample[: sample.rfind(b"\n") + 1] or sample[: sample.rfind(b" ") + 1] or sample
    few = sum(byte > 127 for byte in sample) < _FEW * len(sample)
    likely = _LATIN if few else _OTHER
    found = from_bytes(sample, cp_isolation=likely)
    best = found.best()
    if best is None:
        return ""
    as_well = {match.encoding for match in found if match.chaos <= best.chaos + _AS_WELL}
    return next(name for name in (*likely, best.encoding) if name in as_well)
