"""A chat: what was asked, and what the library said. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from index.types import Article
from qa.followup import leaning
from qa.types import Answer
from ui.found import Shown
from ui.marks import Kind, whole


@dataclass(frozen=True, slots=True)
class Edition:
    """An article as it was when it was asked: `sha256` is that of its text."""

    article_id: str
    title: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the reader thinks of an answer: of its sentence `number` from 1, or with the number 0 of "does not say"."""

    kind: Kind
    number: int
    right: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it: an answer, or the message of an error; neither while it is being looked for.

    `several` says that more than one article was asked, `follows` is the question that this one was taken to lean on,
    `editions` are the articles that the answer quotes, `judged` what the reader thinks of it.
    """

    question: str
    answer: Answer | None = None
    error: str = ""
    several: bool = False
    follows: str = ""
    editions: tuple[Edition, ...] = ()
    judged: tuple[Judged, ...] = ()

    def judgement(self, kind: Kind, number: int) -> bool | None:
        """Return what the reader thinks of a sentence, None for nothing."""
        return next((each.right for each in self.judged if (each.kind, each.number) == (kind, number)), None)


Turns = tuple[Turn, ...]


def asked(turns: Turns, question: str, *, several: bool = False) -> Turns:
    """Return the chat with a question more; `several` says that more than one article is asked."""
    question = whole(question)
    follows = leaning(question, earlier_questions(turns)) if question.strip() else ()
    return (*turns, Turn(question, several=several, follows=follows[0] if follows else ""))


def settled(turns: Turns, answer: Answer | None = None, *, error: str = "", articles: Iterable[Article] = ()) -> Turns:
    """Return the chat with the answer to its last question, or with the reason why there is none.

    `articles` are those that the answer quotes.
    """
    editions = tuple(Edition(each.id, each.title, each.sha256) for each in articles)
    return (*turns[:-1], replace(turns[-1], answer=answer, error=error, editions=editions))


def earlier_questions(turns: Turns) -> tuple[str, ...]:
    """Return the questions that got an answer, oldest first: a follow-up may lean on them."""
    return tuple(turn.question for turn in turns if turn.answer is not None)


def quoted_ids(answer: Answer) -> tuple[str, ...]:
    """Return the ids of the articles that an answer quotes, also among its nearest sentences, each once."""
    return tuple(dict.fromkeys(each.article_id for each in (*answer.citations, *answer.nearest)))


def last_shown(turns: Turns, *, focus: int = 0) -> Shown:
    """Return what the chat's last answer marks in its article; `focus` as in `Shown`."""
    number, turn = len(turns) - 1, turns[-1] if turns else None
    citations = turn.answer.citations if turn and turn.answer else ()
    return Shown(citations, "citation", number, focus if citations else 0)


def judged(turns: Turns, number: int, judgement: Judged) -> Turns:
    """Return the chat with a judgement on the answer to its question `number` from 0; the same again takes it back."""
    turn = turns[number]
    others = tuple(each for each in turn.judged if (each.kind, each.number) != (judgement.kind, judgement.number))
    given = () if judgement in turn.judged else (judgement,)
    return (*turns[:number], replace(turn, judged=(*others, *given)), *turns[number + 1 :])
