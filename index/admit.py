"""Which articles are new, there already, or replace one: a source keeps its id, and no two share one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from index.types import Article

Outcome = Literal["added", "replaced", "already there"]


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of an article that was given: `article` is what is stored, under its final id."""

    article: Article
    outcome: Outcome


def admit(stored: Mapping[str, Article], given: Iterable[Article]) -> tuple[Admission, ...]:
    """Decide about each article, in order, against those that are stored and those that came before it.

    The same source replaces its article, under the id that it has; the same text from another source is already there.
    Of several articles whose ids would be the same, the later ones get `-2`, `-3` and so on. The time is linear.
    """
    articles = dict(stored)
    ids = {article.source: article_id for article_id, article in articles.items()}
    texts = {article.text: article_id for article_id, article in articles.items()}
    numbers: dict[str, int] = {}
    admissions = []
    for article in given:
        known = ids.get(article.source)
        if known is None and article.text in texts and articles[texts[article.text]].text == article.text:
            admissions.append(Admission(articles[texts[article.text]], "already there"))
            continue
        final = replace(article, id=known or _free_id(article.id, articles, numbers))
        outcome: Outcome = "added" if known is None else "replaced"
        if articles.get(final.id) == final:
            outcome = "already there"
        articles[final.id] = final
        ids[final.source] = texts[final.text] = final.id
        admissions.append(Admission(final, outcome))
    return tuple(admissions)


def _free_id(wanted: str, taken: Mapping[str, Article], numbers: dict[str, int]) -> str:
    """Return an id that no article has: the one that is wanted, or else the first of `-2`, `-3` and so on.

    `numbers` remembers for each wanted id up to which number all are taken.
    """
    article_id = wanted
    while article_id in taken:
        numbers[wanted] = numbers.get(wanted, 1) + 1
        article_id = f"{wanted}-{numbers[wanted]}"
    return article_id
