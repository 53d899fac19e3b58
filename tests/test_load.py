from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import UnreadableArticle
from index.load import SUFFIXES, load_article, load_text
from index.types import Article


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_text_is_what_the_file_holds_to_the_last_line_end(tmp_path: Path) -> None:
    text = "\u00a0“Eins”\r\n\r\nzwei\r\x0c drei 😀 e\u0301\n\n"
    path = written(tmp_path, "US-troops_in--Europe.txt", text.encode())
    assert load_article(path) == Article("us-troops-in-europe", "US troops in Europe", text, str(path.resolve()))


def test_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    assert load_article(written(tmp_path, "a.txt", b"\xef\xbb\xbfText.")).text == "Text."
    assert load_article(written(tmp_path, "b.txt", b"\xef\xbb\xbf\xef\xbb\xbfText.")).text == "\ufeffText."


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("a.md", "Intro\n\n# The  title #\r\n\n# Other", "The  title"),
        ("a.md", "## Not this\n# This", "This"),
        ("some-notes.md", "#hashtag\n#\n#  \nNo heading", "Some notes"),
        ("some-notes.txt", "# A comment", "Some notes"),
        ("SHOUT.MD", "# Heard", "Heard"),
    ],
)
def test_title_is_the_first_heading_or_the_name(tmp_path: Path, name: str, text: str, title: str) -> None:
    article = load_article(written(tmp_path, name, text.encode()))
    assert (article.title, article.text) == (title, text)


@pytest.mark.parametrize(
    ("name", "article_id"),
    [
        ("A b.c  d.txt", "a-b-c-d"),
        ("Été 2024.txt", "été-2024"),
        ("E\u0301te\u0301.txt", "été"),
        ("日本.txt", "日本"),
        ("__.txt", "article"),
    ],
)
def test_id_is_made_of_the_name(tmp_path: Path, name: str, article_id: str) -> None:
    assert load_article(written(tmp_path, name, b"x")).id == article_id


def test_name_that_is_not_utf_8_can_be_stored(tmp_path: Path) -> None:
    article = load_article(written(tmp_path, "caf\udce9.txt", b"x"))
    assert (article.id, article.title) == ("caf", "Caf\ufffd")
    article.source.encode("utf-8")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "no text in it"),
        ("a.md", b" \r\n\xc2\xa0\t", "no text in it"),
        ("a.txt", b"caf\xe9 au lait", "byte 3 is not UTF-8 (invalid continuation byte); save it as UTF-8"),
        ("a.txt", "Text".encode("utf-16"), "byte 0 is not UTF-8"),
        ("a.txt", "Text".encode("utf-16-le"), "character 1 is NUL"),
        ("a.txt", b"\xed\xa0\x80", "byte 0 is not UTF-8"),
        ("a.pdf", b"Text", ".pdf files are not read; give one of .txt, .md"),
        ("README", b"Text", "a file without a suffix is not read; give one of .txt, .md"),
    ],
)
def test_refuses_what_is_no_article(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = written(tmp_path, name, data)
    with pytest.raises(UnreadableArticle) as caught:
        load_article(path)
    assert message in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.txt", "No such file"),
        ("none.pdf", "No such file"),
        ("", "it is a folder"),
        ("x\0.txt", "null"),
        ("n" * 300, "too long"),
    ],
)
def test_refuses_what_is_no_file(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UnreadableArticle, match=message):
        load_article(tmp_path / name)


def test_text_at_hand() -> None:
    assert load_text("Text.", title="My Title!", source="stdin") == Article("my-title", "My Title!", "Text.", "stdin")
    for text in ("", " \n", "a\0", "a\ud800"):
        with pytest.raises(UnreadableArticle, match="stdin"):
            load_text(text, title="T", source="stdin")


def test_suffixes() -> None:
    assert SUFFIXES == (".txt", ".md")
