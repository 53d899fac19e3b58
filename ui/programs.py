"""What programs can do with a library: the same as endpoints of the page and as tools, in the command line's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from index.errors import InputError
from index.gather import Input, Upload
from index.load import load_text
from ui.records import (
    AddedDict,
    ArticleDict,
    IndexDict,
    RemovedDict,
    added_to_dict,
    article_to_dict,
    index_to_dict,
    removed_to_dict,
)
from ui.render import AnswerDict, answer_to_dict
from ui.view import Library, Progress


class Programs:
    """A library as programs use it. Each method raises `PullquoteError` for what `pullquote` would refuse, too."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def ask(self, question: str, article_ids: Sequence[str], history: Sequence[str]) -> AnswerDict:
        """Answer a question from the given articles, or from all when none is given."""
        return answer_to_dict(self._library.ask(question, article_ids=article_ids or None, history=tuple(history)))

    def articles(self) -> list[ArticleDict]:
        """List the articles; of a path that is a source only the name of the file."""
        counts = self._library.sentence_counts()
        return [article_to_dict(each, counts[each.id]) for each in self._library.articles() if each.id in counts]

    def add(
        self,
        urls: Sequence[str],
        text: str,
        title: str,
        files: Sequence[Path] = (),
        *,
        reading: Progress | None = None,
        progress: Progress | None = None,
    ) -> AddedDict:
        """Add pages of the web, a text with its title, and files that were uploaded.

        `reading` is told how many are read, `progress` how many sentences are embedded.
        """
        inputs = [*(Upload(path) for path in files), *map(_url, urls), *pasted(text, title)]
        if not inputs:
            raise InputError("there is nothing to add: give a URL, a file, or a text with its title")
        added = self._library.add(inputs, reading=reading, progress=progress)
        return added_to_dict(added.admissions, added.failures)

    def remove(self, article_ids: Sequence[str]) -> RemovedDict:
        """Remove articles."""
        self._library.remove(article_ids)
        return removed_to_dict(article_ids)

    def rebuild(self) -> IndexDict:
        """Split and embed all articles anew."""
        return index_to_dict(self._library.rebuild())


def pasted(text: str, title: str) -> list[Input]:
    """Return a text that was typed or pasted as an article, or nothing where there is none.

    Raises `InputError` for a text without a title and for a title without a text.
    """
    if bool(text.strip()) != bool(title.strip()):
        raise InputError("a text needs a title, and a title a text: give both")
    return [load_text(text, title=title.strip(), source=f"pasted: {title.strip()}")] if text.strip() else []


def _url(given: str) -> str:
    """Return what may be fetched: everything else would be read as a path of this machine."""
    url = given.strip()
    if not url.lower().startswith(("http://", "https://")):
        raise InputError(f"{given[:100]!r} is no URL: give one that begins with http:// or https://")
    return url
