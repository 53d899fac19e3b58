"""Which articles are new, there already, or replace one: a source keeps its id, and no two share one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from index.types import Article

Outcome = Literal["added", "replaced", "already there"]


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of an article that was given: `article` is what is stored, under its final id."""

    article: Article
    outcome: Outcome


def admit(
    stored: Mapping[str, Article], given: Sequence[Article], *, taken: Callable[[str], bool] | None = None
) -> tuple[Admission, ...]:
    """Decide about each article, in order, against those that are stored and those that came before it.

    Of a large library `stored` may be those alone that have an id, a source or a text of the given ones; then `taken`
    tells whether there is an article of another id.

    The same source replaces its article, under the id that it has; the same text from another source is already there.
    Of several articles whose ids would be the same, the later ones get `-2`, `-3` and so on. The time is linear.
    """
    admitting = _Admitting(stored, taken or (lambda _: False))
    known = {article.source for article in stored.values()}
    # What replaces comes first, or else a text could count as there that is about to go.
    order = sorted(range(len(given)), key=lambda number: given[number].source not in known)
    admissions = {number: admitting.admit(given[number]) for number in order}
    return tuple(admissions[number] for number in range(len(given)))


class _Admitting:
    """The articles while they are admitted, and the ids of their sources and texts."""

    def __init__(self, stored: Mapping[str, Article], taken: Callable[[str], bool]) -> None:
        self._articles = dict(stored)
        self._taken = taken
        self._sources = {article.source: article.id for article in stored.values()}
        self._texts = {article.text: article.id for article in stored.values()}
        self._numbers: dict[str, int] = {}  # up to which number the ids of a name are taken

    def admit(self, article: Article) -> Admission:
        known = self._sources.get(article.source)
        twin = self._articles.get(self._texts.get(article.text, ""))
        if known is None and twin is not None and twin.text == article.text:
            return Admission(twin, "already there")
        final = replace(article, id=known or self._free_id(article.id))
        same = self._articles.get(final.id) == final
        self._articles[final.id] = final
        self._sources[final.source] = self._texts[final.text] = final.id
        if same:
            return Admission(final, "already there")
        return Admission(final, "added" if known is None else "replaced")

    def _free_id(self, wanted: str) -> str:
        article_id = wanted
        while article_id in self._articles or (article_id != wanted and self._taken(article_id)):
            self._numbers[wanted] = self._numbers.get(wanted, 1) + 1
            article_id = f"{wanted}-{self._numbers[wanted]}"
        return article_id
