from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import UnreadableArticle
from index.formats.text import first_heading
from index.gather import Upload, gather
from index.load import LARGEST_FILE, SUFFIXES, load_article, load_text
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
        ("a.md", "# #\n# On C# ##", "On C#"),
        ("a.md", "# C#", "C#"),
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
        ("a.txt", "Text".encode("utf-16-le"), "character 1 is NUL"),
        ("a.txt", b"One.\0Two.\xff", "byte 9 is not UTF-8 and no other encoding fits; save it as UTF-8"),
        ("a.txt", b"\xff\xfeodd", "byte 4 is not UTF-16 and no other encoding fits"),
        ("a.txt", bytes(range(1, 256)), "byte 127 is not UTF-8 and no other encoding fits"),
        ("a.odt", b"Text", ".odt files are not read; give one of .txt, .md"),
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
    assert SUFFIXES == (".txt", ".md", ".html", ".htm", ".pdf", ".docx", ".epub")


RUSSIAN = "Мост был закрыт в понедельник. Он откроется снова в мае."
FRENCH = "Le café était fermé à l’été. Où est passé le garçon ? « Voilà », dit-elle."


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", FRENCH),
        ("cp1252", "caf\xe9 au lait"),
        ("latin-1", "Die Straße führt über die Brücke. Größe zählt."),
        ("cp1251", RUSSIAN),
        ("koi8-r", RUSSIAN),
        ("gb18030", "这座桥星期一关闭了。五月将再次开放。"),
        ("shift_jis", "橋は月曜日に閉鎖された。五月に再開する。"),
        ("utf-16", FRENCH),
        ("utf-32", FRENCH),
        ("utf-8-sig", FRENCH),
    ],
)
def test_other_encodings_are_recognised(tmp_path: Path, encoding: str, text: str) -> None:
    assert load_article(written(tmp_path, "a.txt", text.encode(encoding))).text == text
    late = "Plain words only.\n" * 20_000 + text
    assert load_article(written(tmp_path, "b.txt", late.encode(encoding))).text == late


def test_utf_8_is_never_taken_for_another_encoding(tmp_path: Path) -> None:
    for text in ("Ã©", "â€œ", "é", "Ł", FRENCH, RUSSIAN):
        assert load_article(written(tmp_path, "a.txt", text.encode())).text == text


def test_text_that_is_too_long_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(UnreadableArticle, match=r"it has 100000000 bytes, more than 40000000; split it"):
        load_article(path)
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(UnreadableArticle, match=rf"it has {LARGEST_FILE + 1} bytes, more than {LARGEST_FILE}"):
        load_article(path)
    with pytest.raises(UnreadableArticle, match=r"its text has 10000001 characters, more than 10000000; split it"):
        load_text("a" * 10_000_001, title="T", source="stdin")


def test_title_is_found_in_linear_time() -> None:
    # It took 4 seconds for 3,000 characters, and the cube of that for more.
    assert first_heading("# a" + " " * 100_000 + "b" + " #" * 100_000 + "x").endswith("x")


def test_title_cannot_break_a_line_or_command_a_terminal(tmp_path: Path) -> None:
    page = b"<title>Red \x1b[31m\n alert\xc2\x9b2J</title><p>Some text.</p>"
    assert load_article(written(tmp_path, "a.html", page)).title == "Red [31m alert2J"
    assert load_text("x", title="a\nb\udce9", source="s").title == "a b\ufffd"
    assert len(load_text("x", title="t" * 1000, source="s").title) == 300


def test_a_file_that_was_sent_is_called_by_its_name_alone(tmp_path: Path) -> None:
    good, bad = tmp_path / "note.txt", tmp_path / "scan.doc"
    good.write_text("It rains.")
    bad.write_bytes(b"x")
    gathered = gather([Upload(good), Upload(bad), Upload(tmp_path / "gone.txt")])
    assert [(a.id, a.source, a.text) for a in gathered.articles] == [("note", "upload: note.txt", "It rains.")]
    assert [each.source for each in gathered.failures] == ["upload: scan.doc", "upload: gone.txt"]
    assert not any(str(tmp_path) in str(each) for each in gathered.failures)
