"""What stands around the chat and the article: the name, the tabs of narrow screens, the state of the index."""

from __future__ import annotations

from ui.marks import message_html

_KEYS = (
    ("Enter", "ask; with Shift a new line"),
    ("j, k", "next and previous citation"),
    ("Escape", "from the article back to the quote"),
    ("/", "to the question"),
    ("?", "these keys"),
)


def brand_html() -> str:
    """Return the name of the page, the two tabs that narrow screens have instead of two panes, and the keys."""
    tabs = "".join(
        f'<button type="button" data-view-tab="{view}" aria-pressed="{pressed}">{name}</button>'
        for view, name, pressed in (("chat", "Chat", "true"), ("article", "Article", "false"))
    )
    return (
        '<h1 class="brand"><span aria-hidden="true">“</span>Pullquote</h1>'
        f'<nav class="tabs" aria-label="Panes">{tabs}</nav>'
        '<button type="button" id="list-chats" aria-expanded="false" aria-controls="chats">Chats</button>'
        '<button type="button" class="ask-keys" data-keys aria-label="Keys" title="Keys (?)">?</button>'
        f'{_keys_html()}<p id="said" role="status"></p>'
    )


def _keys_html() -> str:
    rows = "".join(
        f"<dt>{' '.join(f'<kbd>{key}</kbd>' for key in keys.split(', '))}</dt><dd>{does}</dd>" for keys, does in _KEYS
    )
    return (
        '<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2>'
        "<p>In the conversation and in the article:</p>"
        f'<dl>{rows}</dl><button type="button" data-close>Close</button></dialog>'
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
