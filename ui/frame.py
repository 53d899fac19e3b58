"""What stands around the chat and the article: the name, the tabs of narrow screens, the state of the index."""

from __future__ import annotations

from ui.marks import message_html


def brand_html() -> str:
    """Return the name of the page, and the two tabs that narrow screens have instead of two panes."""
    tabs = "".join(
        f'<button type="button" data-view-tab="{view}" aria-pressed="{pressed}">{name}</button>'
        for view, name, pressed in (("chat", "Chat", "true"), ("article", "Article", "false"))
    )
    return (
        '<h1 class="brand"><span aria-hidden="true">“</span>Pullquote</h1>'
        f'<nav class="tabs" aria-label="Panes">{tabs}</nav>'
    )


def index_html(articles: int, sentences: int, *, rebuilt: bool = False) -> str:
    """Return how much is in the index, and whether it has just been rebuilt."""
    count = f"{_counted(sentences, 'sentence')} in {_counted(articles, 'article')}"
    text = f"Index rebuilt: {count}." if rebuilt else f"Index: {count}."
    return f'<p class="index" role="status">{text}</p>'


def index_error_html(message: str) -> str:
    """Return why the index could not be read or rebuilt."""
    return f'<p class="index failed" role="alert">{message_html(message)}</p>'


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
