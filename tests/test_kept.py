"""Chats as a browser keeps them: what is written is read again, and what is no chat is none."""

from __future__ import annotations

import json
from dataclasses import replace

import gradio as gr
import pytest
from fakes import FakeLibrary
from visitor import HARBOUR, LONG, OPENED

from qa.types import Answer
from ui.chat import Judged, Turns, asked, judged, settled
from ui.export import chat_to_markdown
from ui.keeping import Keeper
from ui.kept import MOST, Chat, Chats, chat_to_json, read_chats, write_chats
from ui.view import View

ANSWER = Answer("How long?", "answered", 0.71, (LONG, OPENED), (LONG, OPENED), 0.1)
NOTHING = Answer("Who painted it?", "no_answer", 0.2, (), (OPENED,), 0.1)


def turns() -> Turns:
    first = settled(asked((), "How long? \ud83d"), ANSWER, articles=[HARBOUR])
    second = settled(asked(first, "Who painted it?"), NOTHING, articles=[HARBOUR])
    return judged(second, 1, Judged("nearest", 0, right=True))


def test_what_is_written_is_read_again() -> None:
    chats = Chats().with_turns(turns(), "harbour")
    written = json.loads(json.dumps(write_chats(chats)))
    assert read_chats(written) == chats
    ((chat,), kept) = chats.chats, chats.chats[0].turns
    assert (chat.number, chats.current, chat.article_id) == (1, 1, "harbour")
    assert chat.title == "How long? \N{REPLACEMENT CHARACTER}"
    assert kept == (replace(turns()[0], answer=replace(ANSWER, nearest=())), turns()[1])
    assert kept[1].follows == "How long? \N{REPLACEMENT CHARACTER}"


def test_the_chat_that_is_open_is_kept_first_and_others_stay() -> None:
    one = Chats().with_turns(turns()[:1], "harbour")
    two = one.opened(0).with_turns(turns(), "harbour")
    assert [chat.number for chat in two.chats] == [2, 1]
    again = two.opened(1).with_turns(turns(), "harbour")
    assert [(chat.number, len(chat.turns)) for chat in again.chats] == [(1, 2), (2, 2)]
    assert again.opened(9).current == 0
    assert [chat.number for chat in again.without(1).chats] == [2]
    assert (again.without(1).current, again.without(2).current) == (0, 1)


def test_turns_of_another_chat_than_the_open_one_replace_nothing() -> None:
    one = Chats().with_turns(turns(), "harbour")
    other = settled(asked((), "Who built it?"), NOTHING, articles=[HARBOUR])
    both = one.with_turns(other, "harbour")
    assert [(chat.number, chat.title) for chat in both.chats] == [(2, "Who built it?"), (1, one.chats[0].title)]
    assert both.opened(1).with_turns(turns(), "harbour") == both.opened(1)  # nothing new, so nothing moves


def test_a_chat_that_the_browser_has_not_kept_yet_is_kept_when_it_is_left() -> None:
    library = FakeLibrary(HARBOUR)
    keeper = Keeper(library, View(library), None)
    *_, kept, _ = keeper.new(turns(), "harbour", None)
    assert read_chats(kept) == Chats().with_turns(turns(), "harbour").opened(0)
    *_, after, _ = keeper.new(turns(), "harbour", write_chats(Chats().with_turns(turns()[:1], "harbour")))
    assert after == kept
    assert keeper.keep((), "harbour", kept) == (gr.skip(), gr.skip())


def test_what_got_no_answer_is_not_kept_and_the_oldest_go_first() -> None:
    failed = settled(asked((), "What?"), error="no article")
    assert Chats().with_turns(failed, "harbour") == Chats()
    many = Chats(tuple(Chat(number, "harbour", turns()) for number in range(MOST, 0, -1)))
    assert [chat.number for chat in many.with_turns(turns(), "harbour").chats] == [MOST + 1, *range(MOST, 1, -1)]


@pytest.mark.parametrize("kept", [None, 7, "{}", [], {"chats": 1}, {"version": 2, "chats": [], "current": 0}])
def test_what_is_no_chat_is_none(kept: object) -> None:
    assert read_chats(kept) == Chats()


@pytest.mark.parametrize(("key", "value"), [("probability", 1.5), ("start", "0"), ("text", None), ("answer", 3)])
def test_a_quote_of_another_shape_is_refused(key: str, value: object) -> None:
    written = json.loads(json.dumps(write_chats(Chats().with_turns(turns(), "harbour"))))
    written["chats"][0]["turns"][0]["answer"]["citations"][0][key] = value
    assert read_chats(written) == Chats()


def test_the_same_judgement_again_takes_it_back_and_another_replaces_it() -> None:
    right, wrong = Judged("citation", 1, right=True), Judged("citation", 1, right=False)
    once = judged(turns(), 0, right)
    assert once[0].judgement("citation", 1) is True
    assert judged(once, 0, right)[0].judged == ()
    assert judged(once, 0, wrong)[0].judged == (wrong,)
    assert once[0].judgement("citation", 2) is None


def test_a_chat_is_saved_as_json_with_the_offsets_of_its_quotes() -> None:
    saved = json.loads(chat_to_json(Chat(1, "harbour", turns())))
    quotes = saved["chats"][0]["turns"][0]["answer"]["citations"]
    assert [HARBOUR.text[each["start"] : each["end"]] for each in quotes] == [each["text"] for each in quotes]
    assert [each["answer"]["text"] for each in quotes] == ["212 metres", "1912"]


def test_a_chat_is_saved_as_markdown_that_shows_quotes_as_they_are() -> None:
    starred = replace(LONG, text="The *pier* is 212 metres long.", answer=None)
    first = settled(asked((), "Is it_long?"), replace(ANSWER, citations=(LONG, starred)), articles=[HARBOUR])
    chat = Chat(1, "harbour", settled(asked(first, "Who painted it?"), NOTHING, articles=[HARBOUR]))
    place = f"The harbour, paragraph 62, characters {LONG.start}–{LONG.end}, likely · 71\N{NO-BREAK SPACE}% sure"
    assert chat_to_markdown(chat) == (
        "# Is it\\_long?\n\n## Is it\\_long?\n\n"
        f"> The pier is **212 metres** long.\n>\n> — \\[1\\] {place}\n\n"
        f"> The \\*pier\\* is 212 metres long.\n>\n> — \\[2\\] {place}\n\n"
        "## Who painted it?\n\nUnderstood as following “Is it\\_long?”\n\nThe article does not say.\n"
    )
