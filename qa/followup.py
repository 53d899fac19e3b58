"""Questions that lean on the question before them: "Where will they be going?", "And Romania?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

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


def leaning(question: str, history: Sequence[str]) -> tuple[str, ...]:
    """Return the question before this one if this one leans on it, else nothing.

    The reader answers what it is shown: the question before, shown beside one that stands by itself, would be answered
    again instead of it.
    """
    points_back = _STANDS_FOR.search(question) or _THAT.search(question) or _GOES_ON.match(question)
    return tuple(history[-1:]) if points_back or len(question.split()) <= _SHORT else ()
