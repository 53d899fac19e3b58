"""The conversation: what was asked and what the library said, as HTML. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.types import Answer, Citation
from ui.marks import Kind, escape, message_html, quote_html
from ui.reading import Shown

# The chance that a sentence answers, in words: the lowest percentage of each, best first.
_WORDS = ((90, "Very likely"), (70, "Likely"), (30, "Perhaps"), (0, "Unlikely"))


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it: an answer, or the message of an error; neither while it is being looked for."""

    question: str
    answer: Answer | None = None
    error: str = ""
    several: bool = False


Turns = tuple[Turn, ...]


def asked(turns: Turns, question: str, *, several: bool = False) -> Turns:
    """Return the chat with a question more; `several` says that more than one article is asked."""
    return (*turns, Turn(question, several=several))


def settled(turns: Turns, answer: Answer | None = None, *, error: str = "") -> Turns:
    """Return the chat with the answer to its last question, or with the reason why there is none."""
    return (*turns[:-1], replace(turns[-1], answer=answer, error=error))


def earlier_questions(turns: Turns) -> tuple[str, ...]:
    """Return the questions that got an answer, oldest first: a follow-up may lean on them."""
    return tuple(turn.question for turn in turns if turn.answer is not None)


def last_shown(turns: Turns, *, focus: int = 0) -> Shown:
    """Return what the chat's last answer marks in its article; `focus` as in `Shown`."""
    number, turn = len(turns) - 1, turns[-1] if turns else None
    citations = turn.answer.citations if turn and turn.answer else ()
    return Shown(citations, "citation", number, focus if citations else 0)


def log_html(turns: Turns, *, titles: Mapping[str, str] | None = None, examples: Sequence[str] = ()) -> str:
    """Return the conversation as an element with the role `log`, or the welcome with its examples when it is empty.

    `titles` are the titles of the library's articles by id: a place is named with its article when there are several.
    """
    titles = titles or {}
    inner = "".join(_turn_html(turn, number, titles) for number, turn in enumerate(turns)) or _welcome_html(examples)
    waiting = bool(turns) and turns[-1].answer is None and not turns[-1].error
    return (
        f'<div id="log" role="log" aria-label="Conversation" aria-busy="{str(waiting).lower()}" tabindex="0" '
        f'data-stamp="{len(turns)}/{waiting}">{inner}</div>'
    )


def probability_words(probability: float) -> str:
    """Return a probability in words and figure, "Likely, 83 %"; never quite 0 or 100."""
    percent = _percent(probability)
    words = next(words for least, words in _WORDS if percent >= least)
    return f"{words}, {percent}\N{NO-BREAK SPACE}%"


def _percent(probability: float) -> int:
    return min(99, max(1, round(100 * probability)))


def _welcome_html(examples: Sequence[str]) -> str:
    buttons = "".join(f'<button type="button" data-ask>{escape(question)}</button>' for question in examples)
    choice = f'<div class="examples" role="group" aria-label="Examples">{buttons}</div>' if buttons else ""
    return (
        '<div class="welcome"><p class="lead">Ask the article.</p>'
        "<p>The answer is the article’s own sentences, quoted word for word and marked where they stand. "
        "When the article does not say, you are told so.</p>"
        f"{choice}</div>"
    )


def _turn_html(turn: Turn, number: int, titles: Mapping[str, str]) -> str:
    question = f'<p class="question" dir="auto">{escape(turn.question)}</p>' if turn.question.strip() else ""
    return f'<div class="turn">{question}<div class="answer">{_reply_html(turn, number, titles)}</div></div>'


def _reply_html(turn: Turn, number: int, titles: Mapping[str, str]) -> str:
    if turn.error:
        return f'<p class="notice">{message_html(turn.error)}</p>'
    if turn.answer is None:
        return (
            '<p class="typing"><span class="unseen">Looking for an answer</span>'
            '<i aria-hidden="true"></i><i aria-hidden="true"></i><i aria-hidden="true"></i></p>'
        )
    if turn.answer.status == "answered":
        return _list_html(turn.answer.citations, "citation", number, titles)
    return _no_answer_html(turn.answer, number, titles, several=turn.several)


def _no_answer_html(answer: Answer, number: int, titles: Mapping[str, str], *, several: bool) -> str:
    verdict = "The articles do not say." if several else "The article does not say."
    found = _list_html(answer.nearest, "nearest", number, titles)
    fold = f"<details><summary>Nearest sentences</summary>{found}</details>" if answer.nearest else ""
    return (
        f'<p class="verdict">{verdict}</p>'
        f'<p class="reason">No sentence answers this surely enough to be quoted.</p>{fold}'
    )


def _list_html(citations: Iterable[Citation], kind: Kind, turn: int, titles: Mapping[str, str]) -> str:
    items = (_item_html(each, kind, turn, number, titles) for number, each in enumerate(citations, 1))
    return f'<ol class="quotes {kind}">{"".join(items)}</ol>'


def _item_html(citation: Citation, kind: Kind, turn: int, number: int, titles: Mapping[str, str]) -> str:
    """Return a quoted sentence: its number, which is the link to its place, its words, where it stands, how sure."""
    title = f"{escape(titles[citation.article_id])} · " if len(titles) > 1 and citation.article_id in titles else ""
    return (
        f'<li class="quote"><a href="#article" data-{kind}="{number}" data-turn="{turn}" '
        f'title="Show it in the article">[{number}]</a>'
        f'<div><blockquote dir="auto">{quote_html(citation)}</blockquote>'
        f'<p class="place">{title}Paragraph {citation.paragraph + 1} · '
        f"{_sure_html(citation.probability, f'sure-{turn}-{number}')}</p></div></li>"
    )


def _sure_html(probability: float, tip: str) -> str:
    percent = _percent(probability)
    return (
        f'<span class="sure" tabindex="0" aria-describedby="{tip}">{probability_words(probability)}'
        f'<span class="tip" role="tooltip" id="{tip}">Of 100 sentences given {percent}\N{NO-BREAK SPACE}%, '
        f"about {percent} answer the question.</span></span>"
    )
