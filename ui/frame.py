"""What stands around the chat and the article: the name, the tabs of narrow screens, the keys."""

from __future__ import annotations

_KEYS = (
    ("Enter", "ask; with Shift a new line"),
    ("j, k", "next and previous citation"),
    ("Escape", "from the article back to the quote"),
    ("/", "to the question"),
    ("?", "these keys"),
)


def brand_html() -> str:
    """Return the name of the page, the tabs that narrow screens have instead of panes, and the keys."""
    tabs = "".join(
        f'<button type="button" data-view-tab="{view}" aria-pressed="{pressed}">{name}</button>'
        for view, name, pressed in (
            ("chat", "Chat", "true"),
            ("article", "Article", "false"),
            ("library", "Library", "false"),
        )
    )
    return (
        '<h1 class="brand"><span aria-hidden="true">“</span>Pullquote</h1>'
        f'<nav class="tabs" aria-label="Panes">{tabs}</nav>'
        '<button type="button" class="open-library" data-view-tab="library" aria-pressed="false">Library</button>'
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
