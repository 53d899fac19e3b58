"""A chat as Markdown, to be read and pasted elsewhere. Pure functions."""

from __future__ import annotations

import re

from qa.types import Citation
from ui.chat import Turn
from ui.kept import Chat
from ui.log import probability_words
from ui.place import place_words

_SIGNS = re.compile(r"([\\`*_\[\]<>#|~])")


def chat_to_markdown(chat: Chat) -> str:
    """Return a chat: its questions as headings, its quotes as quotes with their references and offsets."""
    return "\n\n".join([f"# {_plain(chat.title)}", *(_turn(turn) for turn in chat.turns if turn.answer)]) + "\n"


def _turn(turn: Turn) -> str:
    parts = [f"## {_plain(turn.question)}"]
    if turn.follows:
        parts.append(f"Understood as following “{_plain(turn.follows)}”")
    if turn.answer is not None and turn.answer.status == "answered":
        parts += [_quote(turn, number, each) for number, each in enumerate(turn.answer.citations, 1)]
    else:
        parts.append("The articles do not say." if turn.several else "The article does not say.")
    return "\n\n".join(parts)


def _quote(turn: Turn, number: int, citation: Citation) -> str:
    title = next((each.title for each in turn.editions if each.article_id == citation.article_id), citation.article_id)
    return (
        f"> {_words(citation)}\n>\n"
        f"> — \\[{number}\\] {_plain(title)}, {place_words(citation)}, characters {citation.start}–{citation.end}, "
        f"{probability_words(citation.probability).lower()}"
    )


def _words(citation: Citation) -> str:
    """Return the sentence with its answering words set bold."""
    quote, text = citation.answer, citation.text
    if quote is None or not quote.text.strip():
        return _plain(text)
    start, end = quote.start - citation.start, quote.end - citation.start
    before, after = _plain(text[:start]), _plain(text[end:])
    gap = " " if text[:start].endswith((" ", "\n")) else ""
    return f"{before}{gap}**{_plain(quote.text)}**{' ' if text[end : end + 1].isspace() else ''}{after}".strip()


def _plain(text: str) -> str:
    """Return text on one line that shows as itself: no sign of Markdown's acts in it."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
