"""Chats as a visitor's browser keeps them: JSON with the offsets of every quote. Pure functions.

What comes back from a browser may be anything: it is read strictly, and what cannot be read is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from ui.chat import Turn, Turns

MOST = 40  # chats that are kept; the oldest go first
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat: its number from 1, the article that was open, and its turns."""

    number: int
    article_id: str
    turns: Turns

    @property
    def title(self) -> str:
        """What it is listed by: its first question."""
        return self.turns[0].question if self.turns else ""


@dataclass(frozen=True, slots=True)
class Chats:
    """All chats of a browser, the last used first, and the number of the one that is open, 0 for none."""

    chats: tuple[Chat, ...] = ()
    current: int = 0
    version: int = _VERSION

    def chat(self, number: int) -> Chat | None:
        """Return a chat."""
        return next((chat for chat in self.chats if chat.number == number), None)

    def with_turns(self, turns: Turns, article_id: str) -> Chats:
        """Return the chats with the open one as it is now, or with a new one when these turns go on from none.

        A question that got no answer is not kept, and neither are the nearest sentences beside quotes.
        """
        kept = tuple(_slim(turn) for turn in turns if turn.answer is not None)
        before = self.chat(self.current)
        if not kept or (before and before.turns == kept):
            return self
        grown = before is not None and before.title == kept[0].question  # what the browser keeps may lag behind
        number = self.current if grown else 1 + max((chat.number for chat in self.chats), default=0)
        others = tuple(chat for chat in self.chats if chat.number != number)
        return Chats((Chat(number, article_id, kept), *others)[:MOST], number)

    def without(self, number: int) -> Chats:
        """Return the chats without one."""
        return Chats(
            tuple(chat for chat in self.chats if chat.number != number), 0 if number == self.current else self.current
        )

    def opened(self, number: int) -> Chats:
        """Return the chats with another one open; 0 for none."""
        return replace(self, current=number if self.chat(number) else 0)


def read_chats(kept: object) -> Chats:
    """Return the chats that a browser has kept; none where they cannot be read."""
    try:
        chats = _adapter().validate_json(json.dumps(kept), strict=True)
    except (ValidationError, TypeError, ValueError):
        return Chats()
    sound = chats.version == _VERSION and all(0 <= each <= 1 for each in _probabilities(chats))
    return chats.opened(chats.current) if sound else Chats()


def write_chats(chats: Chats) -> dict[str, object]:
    """Return chats as a browser keeps them."""
    written: dict[str, object] = _adapter().dump_python(chats, mode="json")
    return written


def chat_to_json(chat: Chat) -> str:
    """Return a chat as it is saved: every quote with its offsets in code points of the article's text."""
    return _adapter().dump_json(Chats((chat,), chat.number), indent=2).decode("utf-8")


def _slim(turn: Turn) -> Turn:
    if turn.answer is None or turn.answer.status != "answered":
        return turn
    return replace(turn, answer=replace(turn.answer, nearest=()))


def _probabilities(chats: Chats) -> Iterable[float]:
    answers = (turn.answer for chat in chats.chats for turn in chat.turns if turn.answer)
    return (
        each
        for answer in answers
        for each in (answer.confidence, *(c.probability for c in answer.citations + answer.nearest))
    )


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Chats]:
    return TypeAdapter(Chats)
