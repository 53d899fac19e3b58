"""What the reader of a format finds in a file."""

from __future__ import annotations

from dataclasses import dataclass

# Code points; the whole Bible has 4 million. What is longer is no article.
LONGEST_TEXT = 10_000_000


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of a file and what the file says about it; what it does not say is empty.

    Paragraphs are parted by blank lines. Headings begin with `#` to `######`, list items with `- ` or a number, rows of
    a table with `|`. `pages` holds the code point at which each page starts.
    """

    text: str
    title: str = ""
    author: str = ""
    date: str = ""
    pages: tuple[int, ...] = ()
