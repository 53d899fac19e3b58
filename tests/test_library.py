"""What a running server has at hand: always the newest generation, whoever made it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import FakeEncoder
from gradio_client import Client
from serving import served
from stored import CATS, CATS_2, RIVER, TROOPS, state, state_of
from test_answer import WordReader
from threadpoolctl import threadpool_info

from index.errors import EmptyLibrary, SegmenterMismatch
from index.late import LateEncoder
from index.minilm import MiniLMEncoder
from index.store import Store
from ui.library import Library


@pytest.fixture
def library(home: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder(model or "words"))
    Store(home).add([TROOPS, CATS], FakeEncoder())
    return Library(home)


def test_new_generation_is_asked_without_a_restart(library: Library, home: Path) -> None:
    first = library.index()
    assert library.index() is first
    Store(home).add([CATS_2, RIVER], FakeEncoder())
    assert state(library.index()) == state_of(TROOPS, CATS_2, RIVER)
    assert library.articles() == (TROOPS, CATS_2, RIVER)
    Store(home).rollback()
    assert library.articles() == (TROOPS, CATS)
    assert state(library.index()) == state(first)
    Store(home).remove(["troops"], FakeEncoder())
    assert state(library.index()) == state_of(CATS)


def test_generation_of_another_model_is_asked_with_that(library: Library, home: Path) -> None:
    assert library.index().encoder.model == "words"
    Store(home).rebuild(FakeEncoder("other"))
    assert library.index().encoder.model == "other"
    Store(home).rollback()
    assert library.index().encoder.model == "words"
    library.check_origin()


def test_generation_of_another_segmenter_is_refused_until_it_is_rebuilt(
    library: Library, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.segment.version", lambda name: "9.9")
    library.rebuild()
    library.index()
    library.rollback()
    for action in (library.index, library.check_origin):
        with pytest.raises(SegmenterMismatch, match="pullquote rebuild"):
            action()
    library.rebuild()
    assert state(library.index()) == state_of(TROOPS, CATS)


def test_served_page_answers_from_the_newest_generation(
    library: Library, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.library.Reader", WordReader)

    def best(client: Client) -> str:
        return str(client.predict("Is the river long?", api_name="/ask")["nearest"][0]["text"])

    with served(library) as address:
        client = Client(address, verbose=False, analytics_enabled=False)
        before = best(client)
        Store(home).add([RIVER], FakeEncoder())
        assert best(client) == "The river is long."
        Store(home).rollback()
        assert best(client) == before != "The river is long."
        client.close()


def test_what_was_removed_is_restored_as_it_was(library: Library, home: Path) -> None:
    removed = library.remove(["cats"])
    assert removed == (CATS,)
    assert state(library.index()) == state_of(TROOPS)
    assert library.sentence_counts() == {"troops": 3}
    assert library.restore(removed) == (CATS,)
    assert state(library.index()) == state_of(TROOPS, CATS)
    assert library.restore(removed) == ()


def test_restoring_undoes_nothing_that_was_done_since(library: Library, home: Path) -> None:
    removed = library.remove(["troops", "cats"])
    Store(home).add([CATS_2, RIVER], FakeEncoder())
    assert library.restore(removed) == (TROOPS,)
    assert state(library.index()) == state_of(CATS_2, RIVER, TROOPS)
    Store(home).remove(["troops"], FakeEncoder())
    Store(home).add([replace(RIVER, id="troops", source="elsewhere", text="Another text.")], FakeEncoder())
    assert library.restore(removed) == ()


@pytest.mark.model
def test_a_warm_library_has_loaded_what_an_answer_needs(home: Path) -> None:
    Store(home).add([CATS], MiniLMEncoder())
    library = Library(home)
    library.warm()
    assert library._loaded is not None
    assert library._loaded[1] is library.index()
    encoder, reader = library.encoder(), library.reader()
    assert isinstance(encoder, MiniLMEncoder)
    assert isinstance(encoder.late, LateEncoder)
    assert all("_session" in vars(each._network) for each in (encoder, encoder._trunk, encoder.late, reader))
    assert {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"} == {1}


def test_warming_an_empty_library_tells_why_it_cannot_be_asked(home: Path) -> None:
    with pytest.raises(EmptyLibrary):
        Library(home).warm()
