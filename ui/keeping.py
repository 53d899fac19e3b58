"""What is kept of chats, as parts of the page and what happens in them: the chats, saved files, judgements."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import gradio as gr

from index.errors import InputError, PullquoteError
from ui.chat import Judged, Turn, Turns, judged, last_shown
from ui.chatlist import chats_html, file_html
from ui.chatting import Asking, Conversation, Reader, open_article
from ui.events import Redraw, Updates, on, then
from ui.export import chat_to_markdown
from ui.feedback import Feedback, judgement_of
from ui.found import Shown
from ui.kept import Chats, chat_to_json, read_chats, write_chats
from ui.marks import Kind
from ui.view import Library, View

# The state that is kept is no secret from the browser that keeps it; Gradio wants a key for it all the same.
_KEY = "pullquote-chats"

_BRIDGE = """
const pass = (name, event) => element.addEventListener(name, (given) => trigger(event, {value: given.detail}));
pass('pullquote:chat', 'select');
pass('pullquote:drop', 'delete');
pass('pullquote:save', 'download');
"""


class Keeper:
    """What happens to chats that are kept. Holds the library and nothing of any visitor's.

    `kept` is what the browser keeps, which may lag behind the `turns` on the page: who leaves these keeps them first.
    "panel" is the list of its chats.
    """

    def __init__(self, library: Library, view: View, feedback: Feedback | None) -> None:
        self._library = library
        self._view = view
        self._feedback = feedback

    def begin(self, kept: object) -> tuple[Turns, str, str]:
        """Take the chat up that was open last: its turns, the panel, the article's id."""
        chats = read_chats(kept)
        chat = chats.chat(chats.current)
        return chat.turns if chat else (), self._panel(chats), chat.article_id if chat else ""

    def keep(self, turns: Turns, article_id: str, kept: object) -> Updates:
        """Keep the chat as it is now. Outputs: kept, panel."""
        before = read_chats(kept)
        after = before.with_turns(turns, article_id)
        return (gr.skip(), gr.skip()) if after is before else self._kept(after)

    def open(self, turns: Turns, article_id: str, kept: object, edition: str, event: gr.EventData) -> Updates:
        """Take a chat up from the list. Outputs: turns, log, kept, panel, then the article's."""
        chats = read_chats(kept).with_turns(turns, article_id).opened(int(event.value))
        chat = chats.chat(chats.current)
        turns = chat.turns if chat else ()
        place = chat.article_id if chat and chat.article_id in self._view.titles() else article_id
        drawn = open_article(self._view, place, edition, last_shown(turns))
        return turns, self._view.log(turns), *self._kept(chats), *drawn

    def new(self, turns: Turns, article_id: str, kept: object) -> Updates:
        """Begin a new chat. Outputs: turns, log, found, kept, panel."""
        chats = read_chats(kept).with_turns(turns, article_id)
        return (*self._empty(article_id), *self._kept(chats.opened(0)))

    def drop(self, turns: Turns, article_id: str, kept: object, event: gr.EventData) -> Updates:
        """Delete a chat; the open one leaves the page too. Outputs: turns, log, found, kept, panel."""
        before, number = read_chats(kept).with_turns(turns, article_id), int(event.value)
        empty = self._empty(article_id) if number == before.current else (gr.skip(),) * 3
        return (*empty, *self._kept(before.without(number)))

    def save(self, kept: object, event: gr.EventData) -> str:
        """Return the open chat as a file. Output: file."""
        chats = read_chats(kept)
        chat = chats.chat(chats.current)
        if chat is None:
            return ""
        as_json = event.value == "json"
        text = chat_to_json(chat) if as_json else chat_to_markdown(chat)
        return file_html(f"pullquote-{chat.number}.{'json' if as_json else 'md'}", text, secrets.token_hex(4))

    def judge(self, turns: Turns, article_id: str, kept: object, event: gr.EventData) -> Updates:
        """Keep what the reader thinks of an answer. Outputs: turns, log, kept, panel."""
        number, kind, at, right = event.value
        after = judged(turns, int(number), Judged(kind, int(at), bool(right)))
        try:
            self._write(after[int(number)], kind, int(at))
        except PullquoteError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return after, self._view.log(after), *self.keep(after, article_id, kept)

    def _write(self, turn: Turn, kind: Kind, at: int) -> None:
        answer, feedback = turn.answer, self._feedback
        if answer is None or feedback is None:
            return
        citation = (answer.citations if kind == "citation" else answer.nearest)[at - 1] if at else None
        article = self._library.article(citation.article_id if citation else turn.editions[0].article_id)
        if article.sha256 not in {edition.sha256 for edition in turn.editions}:
            raise InputError("the article has changed since that answer: ask again, and judge the new one")
        feedback.judge(judgement_of(turn, answer, citation, article, turn.judgement(kind, at)), article)

    def _empty(self, article_id: str) -> Updates:
        return (), self._view.log(()), self._view.found(article_id, Shown())

    def _kept(self, chats: Chats) -> Updates:
        return write_chats(chats), self._panel(chats)

    def _panel(self, chats: Chats) -> str:
        return chats_html(chats, self._view.titles())


@dataclass(frozen=True, slots=True)
class Keep:
    """The parts of the page in which chats are kept."""

    kept: gr.BrowserState
    panel: gr.HTML
    file: gr.HTML


def lay_out_keep() -> Keep:
    """Make the list of chats, still empty."""
    kept = gr.BrowserState(None, storage_key=_KEY, secret=_KEY)
    panel = gr.HTML(chats_html(Chats(), {}), elem_id="chats-panel", apply_default_css=False, js_on_load=_BRIDGE)
    file = gr.HTML(file_html("", "", ""), elem_id="files", apply_default_css=False, js_on_load=None)
    return Keep(kept, panel, file)


@dataclass(frozen=True, slots=True)
class Page:
    """The parts of the page that keeping chats draws."""

    conversation: Conversation
    reader: Reader
    keep: Keep
    new_chat: gr.Button


def connect_keep(app: gr.Blocks, keeper: Keeper, page: Page, redraw: Redraw, asking: Asking) -> None:
    """Take up the last chat when the page is loaded, keep the chat after each answer, list, save and judge."""
    keep, turns, log = page.keep, page.conversation.turns, page.conversation.log
    article_id, found = page.reader.article_id, page.reader.found
    kept = [keep.kept, keep.panel]

    def begin(stored: object) -> Updates:
        begun, panel, place = keeper.begin(stored)
        return begun, panel, *redraw.handler(place, begun)

    on(app.load, begin, keep.kept, [turns, keep.panel, *redraw.outputs])
    chat = [turns, article_id, keep.kept]
    for asked in asking:
        then(asked, keeper.keep, chat, kept)
    opened = [turns, log, *kept, *page.reader.drawn]
    on(keep.panel.select, keeper.open, [*chat, page.reader.edition], opened, cancels=asking)
    empty = [turns, log, found, *kept]
    on(page.new_chat.click, keeper.new, chat, empty, cancels=asking)
    on(keep.panel.delete, keeper.drop, chat, empty)
    on(keep.panel.download, keeper.save, keep.kept, keep.file)
    on(log.like, keeper.judge, chat, [turns, log, *kept])
