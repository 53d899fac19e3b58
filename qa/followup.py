"""Questions that lean on the question before them: "Where will they be going?", "And Romania?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.engine import Searchable

# Words that stand for something named before. "It" and "there" stand for nothing in "is it raining" or "is there", but
# then the question before does little harm either. "This week" and "this article" need no question before.
_AT_HAND = (
    r"morning|afternoon|evening|week|weekend|month|year|spring|summer|autumn|fall|winter|season|decade|century|"
    r"article|text|story|page|report|document"
)
_STANDS_FOR = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|these|those|there|then|else|same|former|latter|"
    rf"this(?! (?:{_AT_HAND})\b))\b",
    re.IGNORECASE,
)
# "That" points back behind a verb or a preposition and at the end; elsewhere it mostly begins a clause.
_THAT = re.compile(
    r"\b(?:(?:is|was|are|were|do|does|did|has|have|had|will|would|can|could|should|after|before|by|for|of|in|at|on|to|"
    r"than|with|about|like) that\b|that\W*$)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s*(?:and|but|or|so|also|what about|how about|what of|why not)\b", re.IGNORECASE)
_SHORT = 2  # words; "How many?" and "Why?" ask for more of the same
# A name, or a thing with its article, which a word behind it may well stand for: "Did the rebels hand over their guns?"
_NAMED = re.compile(r"\b(?:the|an?) \w|(?<=\w\W)(?!I\b)[A-Z]")
_NEXT = 3  # sentences behind the answer of the question before, among which the answer of a follow-up often is


def leaning(question: str, history: Sequence[str]) -> tuple[str, ...]:
    """Return the question before this one if this one leans on it, else nothing. Blank ones are no questions.

    The reader answers what it is shown: the question before, shown beside one that stands by itself, would be answered
    again instead of it.
    """
    leans = _points_back(question) or _GOES_ON.match(question) or len(question.split()) <= _SHORT
    return tuple([each for each in history if each.strip()][-1:]) if leans else ()


def following(question: str, before: str, index: Searchable, article_ids: Sequence[str]) -> dict[str, range]:
    """Return by article the ordinals of the sentences behind the one nearest to the question before.

    People ask on from there. None where this question itself names what it may point back to. Raises
    `ArticleNotFound`.
    """
    at = _points_back(question)
    if at and not _GOES_ON.match(question) and _NAMED.search(question, 0, at.start()):
        return {}
    compared = index.max_sims(index.query(before), article_ids)
    starts = {article_id: int(around.argmax()) + 1 for article_id, (_, around) in compared.items() if around.size}
    return {article_id: range(start, start + _NEXT) for article_id, start in starts.items()}


def _points_back(question: str) -> re.Match[str] | None:
    return _STANDS_FOR.search(question) or _THAT.search(question)
