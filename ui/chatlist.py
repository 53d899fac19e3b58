"""The list of a visitor's chats, as HTML, and a chat as a file to be saved. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping

from ui.kept import Chat, Chats
from ui.marks import escape


def chats_html(chats: Chats, titles: Mapping[str, str]) -> str:
    """Return the panel of the chats, the last used first; `titles` are those of the library's articles by id."""
    items = "".join(_item_html(chat, titles, current=chat.number == chats.current) for chat in chats.chats)
    listed = f"<ul>{items}</ul>" if items else "<p>No chats yet. They are kept in this browser alone.</p>"
    save = (
        '<p class="save">Save this chat as <button type="button" data-save="markdown">Markdown</button> '
        '<button type="button" data-save="json">JSON</button></p>'
        if chats.current
        else ""
    )
    return f'<section id="chats" class="panel" aria-label="Chats">{listed}{save}</section>'


def file_html(name: str, text: str, nonce: str) -> str:
    """Return a file that the page's script saves; `nonce` tells it from the one before."""
    return f'<pre id="file" hidden data-name="{escape(name)}" data-stamp="{escape(nonce)}">{escape(text)}</pre>'


def _item_html(chat: Chat, titles: Mapping[str, str], *, current: bool) -> str:
    title, count = escape(chat.title), len(chat.turns)
    article = escape(titles.get(chat.article_id, ""))
    about = f"{article} · " if article else ""
    return (
        f'<li><button type="button" class="open" data-chat="{chat.number}"{" aria-current" * current}>'
        f'<span dir="auto">{title}</span>'
        f"<small>{about}{count} question{'s' * (count != 1)}</small></button>"
        f'<button type="button" class="drop" data-drop="{chat.number}" aria-label="Delete the chat {title}" '
        f'title="Delete this chat">×</button></li>'
    )
