"""The conversation as HTML: questions, quotes with where they stand and how sure they are. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from index.types import Article, Sentence
from qa.types import Answer, Citation
from ui.chat import Edition, Turn, Turns
from ui.marks import Kind, escape, message_html, quote_html
from ui.place import place_words

# The chance that a sentence answers, in words: the lowest percentage of each, best first.
_WORDS = ((90, "Very likely"), (70, "Likely"), (30, "Perhaps"), (0, "Unlikely"))
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Source:
    """An article that is quoted, as it is in the library now, with all its sentences."""

    article: Article
    sentences: Sequence[Sentence]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the conversation knows of the library: the titles of its articles by id, and the articles quoted.

    `judges` says that what readers think of answers is kept.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    judges: bool = False


def log_html(turns: Turns, *, shelf: Shelf | None = None) -> str:
    """Return the conversation as an element with the role `log`, or the welcome when it is empty.

    A place is named with its article when the library has several.
    """
    shelf = shelf or Shelf()
    inner = "".join(_turn_html(turn, number, shelf) for number, turn in enumerate(turns)) or _welcome_html()
    waiting = bool(turns) and turns[-1].answer is None and not turns[-1].error
    return (
        f'<div id="log" role="log" aria-label="Conversation" aria-busy="{str(waiting).lower()}" tabindex="0" '
        f'data-stamp="{len(turns)}/{waiting}" data-judged="{_judged_stamp(turns)}">{inner}</div>'
    )


def _judged_stamp(turns: Turns) -> str:
    return " ".join(
        f"{number}-{each.kind}-{each.number}-{each.right}" for number, turn in enumerate(turns) for each in turn.judged
    )


def probability_words(probability: float) -> str:
    """Return a probability in words and figure, "Likely · 83 % sure"; never quite 0 or 100."""
    percent = _percent(probability)
    words = next(words for least, words in _WORDS if percent >= least)
    return f"{words} · {percent}{_SPACE}% sure"


def reference_of(citation: Citation, title: str) -> str:
    """Return a quote with its reference, as it is copied: “The sentence.” — Title, paragraph 3."""
    text = " ".join(citation.text.split())
    return f"“{text}” — {title or citation.article_id}, {place_words(citation)}"


def _percent(probability: float) -> int:
    return min(99, max(1, round(100 * probability)))


def suggested_html(article_id: str, questions: Sequence[str]) -> str:
    """Return questions to begin with, to be asked of an article by a click; nothing for none."""
    buttons = "".join(f'<button type="button" data-ask dir="auto">{escape(each)}</button>' for each in questions)
    name = escape(article_id)
    return (
        f'<div class="examples" role="group" aria-label="Suggested questions" data-of="{name}" data-stamp="{name}">'
        f"{buttons}</div>"
        if buttons
        else ""
    )


def _welcome_html() -> str:
    return (
        '<div class="welcome"><p class="lead">Ask the article.</p>'
        "<p>The answer is the article’s own sentences, quoted word for word and marked where they stand. "
        "When the article does not say, you are told so.</p></div>"
    )


def _turn_html(turn: Turn, number: int, shelf: Shelf) -> str:
    question = f'<p class="question" dir="auto">{escape(turn.question)}</p>' if turn.question.strip() else ""
    follows = (
        f'<p class="follows">Understood as following <q dir="auto">{escape(turn.follows)}</q></p>'
        if turn.follows
        else ""
    )
    return f'<div class="turn">{question}{follows}<div class="answer">{_reply_html(turn, number, shelf)}</div></div>'


def _reply_html(turn: Turn, number: int, shelf: Shelf) -> str:
    if turn.error:
        return f'<p class="notice">{message_html(turn.error)}</p>'
    if turn.answer is None:
        return (
            '<p class="typing"><span class="unseen">Looking for an answer</span>'
            '<i aria-hidden="true"></i><i aria-hidden="true"></i><i aria-hidden="true"></i></p>'
        )
    if turn.answer.status == "answered":
        return _list_html(turn, turn.answer.citations, "citation", number, shelf)
    return _no_answer_html(turn, turn.answer, number, shelf)


def _no_answer_html(turn: Turn, answer: Answer, number: int, shelf: Shelf) -> str:
    verdict = "The articles do not say." if turn.several else "The article does not say."
    found = _list_html(turn, answer.nearest, "nearest", number, shelf)
    fold = (
        f'<details data-fold="{number}"><summary>Nearest sentences</summary>{found}</details>' if answer.nearest else ""
    )
    judge = _judge_html(turn, "nearest", 0, shelf) if len(turn.editions) == 1 else ""
    acts = f'<p class="acts" data-quote="{number}-nearest-0">{judge}</p>' if judge else ""
    return (
        f'<p class="verdict">{verdict}</p>'
        f'<p class="reason">No sentence answers this surely enough to be quoted.</p>{acts}{fold}'
    )


def _list_html(turn: Turn, citations: Sequence[Citation], kind: Kind, number: int, shelf: Shelf) -> str:
    items = (_item_html(turn, each, (kind, number, at), shelf) for at, each in enumerate(citations, 1))
    return f'<ol class="quotes {kind}">{"".join(items)}</ol>'


def _item_html(turn: Turn, citation: Citation, place: tuple[Kind, int, int], shelf: Shelf) -> str:
    """Return a quoted sentence: its number, which is the link to its place, its words, where it stands, how sure.

    `place` is the kind of the citation, the number of its turn and its own number in the answer.
    """
    kind, number, at = place
    edition = next((each for each in turn.editions if each.article_id == citation.article_id), None)
    title = shelf.titles.get(citation.article_id) or (edition.title if edition else "")
    named = f'<bdi class="of">{escape(title)}</bdi> · ' if title and len(shelf.titles) > 1 else ""
    before, after = _around_html(citation, shelf)
    where, state = place_words(citation), _state_html(citation, edition, shelf)
    more = '<button type="button" data-around aria-expanded="false">Context</button>' if before or after else ""
    return (
        f'<li class="quote" data-quote="{number}-{kind}-{at}"><a href="#article" data-{kind}="{at}" '
        f'data-turn="{number}" title="Show it in the article">[{at}]</a>'
        f'<div>{before}<blockquote dir="auto">{quote_html(citation)}</blockquote>{after}'
        f'<div class="foot"><p class="place">{named}{where[0].upper()}{where[1:]} · '
        f"{_sure_html(citation.probability, f'sure-{number}-{at}')}</p>"
        f'<p class="acts">{more}<button type="button" data-copy="{escape(reference_of(citation, title))}">Copy</button>'
        f"{'' if state else _judge_html(turn, kind, at, shelf)}</p></div>{state}</div></li>"
    )


def _judge_html(turn: Turn, kind: Kind, at: int, shelf: Shelf) -> str:
    """Return the buttons with which a reader judges a sentence, or with the number 0 that the article does not say."""
    if not shelf.judges:
        return ""
    about = "This sentence answers the question" if at else "The article does not say"
    given = turn.judgement(kind, at)
    return "".join(
        f'<button type="button" data-judge="{value}" aria-pressed="{str(given is right).lower()}" '
        f'title="{about}: {value}">{value.capitalize()}</button>'
        for value, right in (("right", True), ("wrong", False))
    )


def _around_html(citation: Citation, shelf: Shelf) -> tuple[str, str]:
    """Return the sentences before and after a quoted one, hidden until they are asked for; nothing where text moved."""
    source = shelf.sources.get(citation.article_id)
    if source is None or source.article.text[citation.start : citation.end] != citation.text:
        return "", ""
    text, last = source.article.text, len(source.sentences) - 1
    beside = [source.sentences[at] if 0 <= at <= last else None for at in (citation.ordinal - 1, citation.ordinal + 1)]
    before, after = (
        f'<p class="around" dir="auto" hidden>{escape(text[each.start : each.end])}</p>' if each else ""
        for each in beside
    )
    return before, after


def _state_html(citation: Citation, edition: Edition | None, shelf: Shelf) -> str:
    """Return what has become of a quoted article since: nothing where it is the same."""
    if shelf.titles and citation.article_id not in shelf.titles:
        return '<p class="state">This article is no longer in the library.</p>'
    source = shelf.sources.get(citation.article_id)
    if source is None:
        return ""
    if source.article.text[citation.start : citation.end] == citation.text:
        if edition is None or edition.sha256 == source.article.sha256:
            return ""
        return '<p class="state">The article has changed since; this sentence still stands there.</p>'
    return '<p class="state">The article has changed since; this sentence no longer stands there.</p>'


def _sure_html(probability: float, tip: str) -> str:
    percent = _percent(probability)
    return (
        f'<span class="sure" tabindex="0" aria-describedby="{tip}">{probability_words(probability)}'
        f'<span class="tip" role="tooltip" id="{tip}">Of 100 sentences marked {percent}{_SPACE}% sure, '
        f"about {percent} answer their question.</span></span>"
    )
