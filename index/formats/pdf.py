"""PDF files, through `pypdfium2` (https://github.com/pypdfium2-team/pypdfium2), Python's way to Chromium's PDFium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ctypes import byref
from statistics import mode
from typing import TYPE_CHECKING

from index.errors import UnreadableArticle
from index.formats.extract import LONGEST_TEXT, Extract
from index.formats.layout import Piece, lines_of
from index.formats.paragraphs import text_of_pages

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage

_MOST_PAGES = 5_000
# Text goes on across a gap of so many heights of its letters, sideways, and of so many up or down.
_GAP, _SHIFT = 1.0, 0.6

# PDFium's own marks of a hyphen at the end of a line, and Unicode's.
_HYPHENS = frozenset({0x02, 0xFFFE, 0xAD})
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"

_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")
# What programs write where nobody gave a title or an author.
_NO_TITLE = re.compile(r"(?:microsoft word|untitled|document\d*\Z|slide \d)|.*\.\w{2,5}\Z", re.IGNORECASE)
_NO_AUTHOR = re.compile(r"(?:anonymous|unknown|user|admin(?:istrator)?)?\Z", re.IGNORECASE)


def read_pdf(source: str, data: bytes, _declared: str = "") -> Extract:
    """Read a PDF file, with the start of each page. Raises `UnreadableArticle` when it is locked, damaged or a scan."""
    from pypdfium2 import PdfDocument, PdfiumError  # imported here: only PDF files need it

    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableArticle(source, "it is encrypted", "save it without a password") from error
        raise UnreadableArticle(source, f"it is no PDF, or a damaged one ({error})", "get it again") from error
    try:
        text, pages = text_of_pages(_pages(source, document))
        if not text.strip():
            reason = f"none of its {len(pages)} pages holds text: it is a scan"
            raise UnreadableArticle(source, reason, "recognise its text first, as with `ocrmypdf in.pdf out.pdf`")
        about = document.get_metadata_dict(skip_empty=True)
    except PdfiumError as error:
        raise UnreadableArticle(source, f"it is damaged ({error})", "get it again") from error
    finally:
        document.close()
    title, author = (" ".join(about.get(name, "").split()) for name in ("Title", "Author"))
    date = _DATE.match(about.get("CreationDate", ""))
    return Extract(
        text,
        title="" if _NO_TITLE.match(title) else title,
        author="" if _NO_AUTHOR.match(author) else author,
        date="-".join(part for part in date.groups() if part) if date else "",
        pages=pages,
    )


def _pages(source: str, document: PdfDocument) -> list[list[Piece]]:
    """Return the lines of each page. Raises `UnreadableArticle` when there are too many."""
    if len(document) > _MOST_PAGES:
        raise UnreadableArticle(source, f"it has {len(document)} pages, more than {_MOST_PAGES}", "split it")
    pages, count = [], 0
    for page in document:
        text = page.get_textpage()
        count += text.count_chars()
        if count > LONGEST_TEXT:
            raise UnreadableArticle(source, f"it has more than {LONGEST_TEXT} characters", "split it")
        pages.append(lines_of(list(_pieces(text))))
        text.close()
        page.close()
    return pages


def _pieces(page: PdfTextPage) -> Iterator[Piece]:
    """Yield the runs of text of a page, in the order of the file: each on one base line, without wide gaps."""
    letters: list[str] = []
    boxes: list[_Box] = []
    for letter, box in _letters(page):
        if letter in "\r\n" or (boxes and box and _is_apart(boxes[-1], box)):
            yield from _piece(letters, boxes)
            letters, boxes = [], []
        if letter not in "\r\n":
            letters.append(letter)
        if box and not letter.isspace():
            boxes.append(box)
    yield from _piece(letters, boxes)


def _piece(letters: list[str], boxes: list[_Box]) -> Iterator[Piece]:
    """Yield a run of text, as high as most of its letters, unless it is blank."""
    text = "".join(letters).strip()
    if text and boxes:
        bottom, top = mode((box[1], box[3]) for box in boxes)
        yield Piece(text, min(box[0] for box in boxes), bottom, max(box[2] for box in boxes), top)


_Box = tuple[float, float, float, float]  # left, bottom, right, top


def _letters(page: PdfTextPage) -> Iterator[tuple[str, _Box | None]]:
    """Yield the letters of a page with their boxes; blanks that PDFium adds between words have none."""
    from pypdfium2 import raw  # imported here: only PDF files need it

    rectangle = raw.FS_RECTF()
    for at in range(page.count_chars()):
        code = raw.FPDFText_GetUnicode(page, at)
        letter = _SOFT_HYPHEN if code in _HYPHENS else _letter_of(code)
        if raw.FPDFText_IsGenerated(page, at) == 1 or not raw.FPDFText_GetLooseCharBox(page, at, byref(rectangle)):
            yield letter, None
        else:
            yield letter, (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)


def _letter_of(code: int) -> str:
    """Return a code point, or the sign for letters that are not known: NUL, control characters, half of a pair."""
    known = (code >= 0x20 or code in b"\t\r\n") and code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if known else "\N{REPLACEMENT CHARACTER}"


def _is_apart(last: _Box, now: _Box) -> bool:
    """Tell whether a letter does not go on with the one before, in either direction of writing."""
    height = max(last[3] - last[1], now[3] - now[1])
    sideways = max(now[0] - last[2], last[0] - now[2])
    return sideways > _GAP * height or abs(now[1] - last[1]) > _SHIFT * height
