"""Adding what people have: files, folders, URLs, standard input; what fails is told, and the rest is added."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_fetch import HTML, PAGE, Server, server

from index.admit import admit
from index.gather import gather
from index.store import Store
from index.types import Article
from ui.cli import main

__all__ = ["server"]
DATA = Path(__file__).parent / "data"


@pytest.fixture
def add(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Run `pullquote add` in an empty folder, with an encoder that needs no model."""
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder())
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return Add(home)


class Add:
    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str) -> int:
        return main(["--home", str(self.home), "add", *arguments])

    @property
    def articles(self) -> dict[str, Article]:
        return {article.id: article for article in Store(self.home).articles()}


def write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_folder_is_read_with_its_folders_in_order_and_only_what_is_known(
    add: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (
        "b/2.txt",
        "b/1.md",
        "a.txt",
        "b/c/deep.TXT",
        ".git/hidden.md",
        "b/.hidden.txt",
        "picture.png",
        "x.log",
    ):
        write(name, f"This is {name}.")
    shutil.copy(DATA / "report.docx", "b/report.docx")
    assert add(".") == 0
    assert list(add.articles) == ["a", "1", "2", "report", "deep"]
    assert capsys.readouterr().out.splitlines()[:2] == ["added a: A", "added 1: 1"]


def test_each_failure_is_told_at_the_end_and_the_rest_is_added(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    write("good.txt", "Good.")
    write("empty.txt", " ")
    write("none/picture.png", "")
    shutil.copy(DATA / "scan.pdf", "scan.pdf")
    names = ["missing.txt", "empty.txt", "none", "good.txt", "scan.pdf", "http://127.0.0.1/", "ftp://example.com/"]
    assert add(*names) == 1
    said = capsys.readouterr()
    assert said.out == "added good: Good\n"
    lines = said.err.splitlines()
    assert len(lines) == 6
    assert all(line.startswith("pullquote: cannot read the article ") for line in lines)
    reasons = (
        "there is no article in the folder",
        "No such file",
        "no text in it",
        "is a scan",
        "no public",
        "not http",
    )
    assert all(reason in line for reason, line in zip(reasons, lines, strict=True))
    assert list(add.articles) == ["good"]


def test_nothing_is_made_where_nothing_could_be_read(add: Add) -> None:
    assert add("missing.txt") == 1
    assert not add.home.exists()


def test_folder_that_may_not_be_read_is_a_failure(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    gathered = gather([Path("nowhere"), "also/nowhere.txt"])
    assert gathered.articles == ()
    assert ["No such file" in str(failure) for failure in gathered.failures] == [True, True]


def test_same_again_is_there_and_new_content_replaces(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    write("a.txt", "One.")
    write("copy/a.txt", "One.")
    write("other/a.txt", "Another.")
    assert add("a.txt", "./a.txt", "copy/a.txt", "other/a.txt") == 0
    assert capsys.readouterr().out.splitlines() == [
        "added a: A",
        "already there a: A",
        "already there a: A",
        "added a-2: A",
    ]
    generation = Store(add.home).generation
    assert add("a.txt", "other/a.txt") == 0
    assert capsys.readouterr().out.splitlines() == ["already there a: A", "already there a-2: A"]
    assert Store(add.home).generation == generation
    write("other/a.txt", "Newer.")
    assert add("other") == 0
    assert capsys.readouterr().out == "replaced a-2: A\n"
    assert {key: article.text for key, article in add.articles.items()} == {"a": "One.", "a-2": "Newer."}


def test_standard_input_needs_a_title(
    add: Add, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def given(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))

    given("Füße.".encode())
    assert add("-", "--title", "My notes") == 0
    given("Füße.".encode("latin-1") + b" And more.")
    assert add("-", "--title", "My notes") == 0
    given(b"Other.")
    assert add("-", "--title", "Others") == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == ["added my-notes: My notes", "replaced my-notes: My notes", "added others: Others"]
    assert add.articles["my-notes"].text == "Füße. And more."
    for arguments in (["-"], ["a.txt", "--title", "A"]):
        assert add(*arguments) == 1
        assert "--title belongs to -" in capsys.readouterr().err
    given(b"")
    assert add("-", "--title", "Empty") == 1
    assert "no text in it" in capsys.readouterr().err


def test_url_is_fetched_from_this_machine_only_when_that_is_allowed(
    add: Add, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.pages["/a"] = (200, HTML, PAGE)
    assert add(f"{server.url}/a") == 1
    assert "no public address" in capsys.readouterr().err
    assert server.asked == []
    assert add("--allow-private", f"{server.url}/a") == 0
    server.pages["/a"] = (200, HTML, PAGE.replace(b"Monday", b"Friday"))
    assert add("--allow-private", f"{server.url}/a") == 0
    assert capsys.readouterr().out.splitlines() == ["added a-page: A page", "replaced a-page: A page"]
    assert add.articles["a-page"].text == "The bridge was closed on Friday.\n"


def test_pdf_keeps_its_pages_in_the_library(add: Add) -> None:
    assert add(str(DATA / "report.pdf")) == 0
    assert len(add.articles["report"].pages) == 3


def test_progress_is_drawn_for_reading_and_for_indexing(
    add: Add, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        write(f"{number}.txt", f"Sentence {number}.")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert add(".") == 0
    assert [line.rpartition("\r")[2] for line in capsys.readouterr().err.split("\n")] == [
        f"Reading [{'#' * 30}] 3/3",
        f"Indexing [{'#' * 30}] 3/3",
        "",
    ]


class Interrupted(FakeEncoder):
    """Ctrl-C comes while sentences are embedded."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise KeyboardInterrupt


def test_interrupt_leaves_the_old_generation_whole(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.txt", "One.")
    write("b.txt", "Two.")
    assert add("a.txt") == 0
    before = {path: path.read_bytes() for path in add.home.rglob("*") if path.is_file()}
    monkeypatch.setattr("ui.library.encoder_of", lambda model: Interrupted())
    assert add("a.txt", "b.txt") == 130
    assert {path: path.read_bytes() for path in add.home.rglob("*") if path.is_file()} == before
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder())
    assert add("a.txt", "b.txt") == 0
    assert list(add.articles) == ["a", "b"]


GIVEN = st.lists(
    st.builds(
        Article,
        id=st.sampled_from(["a", "a-2", "b"]),
        title=st.just("T"),
        text=st.sampled_from("xyz"),
        source=st.sampled_from(["/1", "/2", "/3", "/4"]),
    ),
    max_size=8,
)


@given(GIVEN, GIVEN)
def test_every_source_keeps_one_id_and_no_text_that_was_given_last_is_lost(
    first: list[Article], second: list[Article]
) -> None:
    stored: dict[str, Article] = {}
    for batch in (first, second):
        before = {article.source: key for key, article in stored.items()}
        admissions = admit(stored, batch)
        assert len(admissions) == len(batch)
        for article, admission in zip(batch, admissions, strict=True):
            assert admission.article.text == article.text
            assert admission.article.id == before.get(article.source, admission.article.id)
            assert (admission.outcome == "replaced") <= (admission.article.source == article.source)
        stored |= {admission.article.id: admission.article for admission in admissions}
        assert all(key == article.id for key, article in stored.items())
        assert len({article.source for article in stored.values()}) == len(stored)
        texts = {article.source: article.text for article in stored.values()}
        latest = {article.source: article.text for article in batch}
        assert all(texts[source] == latest[source] for source in before if source in latest)
        if len(latest) == len(batch):
            assert set(latest.values()) <= set(texts.values())
    again = admit(stored, tuple(stored.values()))
    assert [(admission.article, admission.outcome) for admission in again] == [
        (article, "already there") for article in stored.values()
    ]


def test_many_of_one_name_get_numbers_in_linear_time() -> None:
    one = Article("index", "Index", "", "")
    given = [replace(one, text=str(number), source=f"/{number}") for number in range(5_000)]
    admitted = admit({}, given)
    assert [each.article.id for each in admitted[:3]] == ["index", "index-2", "index-3"]
    assert admitted[-1].article.id == "index-5000"
