"""Files of each format, written by real tools (tests/data/README.md), and hostile ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from index.errors import UnreadableArticle
from index.formats.docx import read_docx
from index.formats.epub import read_epub
from index.formats.extract import Extract
from index.formats.html import read_html
from index.formats.pdf import read_pdf
from index.load import load_article
from index.segment import sentences_of_article
from index.types import page_of

DATA = Path(__file__).parent / "data"


def read(name: str) -> str:
    return load_article(DATA / name).text


def test_web_page_is_its_article_without_navigation() -> None:
    article = load_article(DATA / "report.html")
    assert (article.id, article.title, article.author, article.date) == (
        "report",
        "Harbour bridge reopens",
        "Ada Quill",
        "2024-05-03",
    )
    assert article.text == (DATA / "report.html.txt").read_bytes().decode()
    for around in ("Home", "Sport", "Copyright", "Privacy", "Cookies"):
        assert around not in article.text


def test_page_without_an_article_is_read_whole() -> None:
    page = b"<title>T</title><nav>Home</nav><p>Short.<ul><li>a<ol><li>b<li>c</ol><li>d</ul><pre>x  y\n z</pre>end"
    assert read_html("a", page) == Extract("Short.\n\n- a\n  1. b\n  2. c\n- d\n\nx  y\n z\n\nend\n", title="T")
    assert read_html("a", b"<table><tr><th>Car<td><p>3 euros</table>").text == "| Car | 3 euros |\n"


@pytest.mark.parametrize("head", ["<meta charset=windows-1251>", "<meta content='text/html; charset=cp1251'>"])
def test_page_says_its_encoding(head: str) -> None:
    assert read_html("a", f"{head}<p>Мост</p>".encode("cp1251")).text == "Мост\n"
    assert read_html("a", f"{head}<p>Мост</p>".encode()).text == "Мост\n"
    assert read_html("a", "<p>Größe</p>".encode("latin-1"), "latin-1").text == "Größe\n"


def test_pdf_has_paragraphs_headings_items_and_pages() -> None:
    article = load_article(DATA / "report.pdf")
    assert (article.title, article.author) == ("Harbour bridge reopens", "Ada Quill")
    assert article.text == (DATA / "report.pdf.txt").read_bytes().decode()
    assert len(article.pages) == 3
    assert article.text[article.pages[2] :].startswith("## What is next\n\nThe mayor opens")
    # A paragraph that goes on from the first page to the second is one, and the second begins inside of it.
    assert article.text[article.pages[1] - 1].isspace()
    assert "\n" not in article.text[article.pages[1] - 40 : article.pages[1] + 40]
    last = sentences_of_article(article)[-1]
    assert article.text[last.start : last.end] == "The mayor opens the east ramp in May 2027."
    assert page_of(article, last.start) == 3


def test_columns_are_read_one_after_another() -> None:
    # The file draws them line by line across both.
    text = read("columns.pdf")
    assert text.startswith("# Two columns of the Wharf\n\nThe harbour bridge reopened on Friday after nine months")
    assert text.index("in the spring of last year.\n\nThe south ramp stays closed until 2026. Buses on lines") > 0


def test_hyphens_at_line_ends_are_joined_unless_the_writer_means_them() -> None:
    assert read("hyphens.pdf") == (
        "The harbour authority represents the owners. It is a well-known body, and well-known for being slow. It "
        "repeats that nobody has crossed the bridge in October or later. So it was.\n"
    )
    article = load_article(DATA / "hyphens.pdf")
    assert article.text[article.pages[1] :] == "ber or later. So it was.\n"


def test_pdf_of_a_browser() -> None:
    article = load_article(DATA / "browser.pdf")
    assert "## What changed" in article.text
    assert "\n\na lane for bicycles on the north side;\n\nlights that dim after midnight;\n\n" in article.text
    assert "\n\nThe harbour bridge reopened on Friday after nine months of repairs, the city said. The" in article.text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("scan.pdf", "none of its 2 pages holds text: it is a scan; recognise its text first, as with `ocrmypdf "),
        ("encrypted.pdf", "it is encrypted; save it without a password"),
        ("encrypted.docx", "it is encrypted, or of an older format with the wrong suffix; save it without a password"),
    ],
)
def test_file_that_holds_no_text_says_why(name: str, message: str) -> None:
    with pytest.raises(UnreadableArticle) as caught:
        load_article(DATA / name)
    assert message in str(caught.value)


def test_word_file_has_headings_items_and_tables() -> None:
    article = load_article(DATA / "report.docx")
    assert (article.title, article.author, article.date) == ("Harbour bridge reopens", "Ada Quill", "2024-05-03")
    assert article.text == (
        "# Harbour bridge reopens\n\nThe harbour bridge reopened on Friday after nine months of repairs.\n\n"
        "## What changed\n\n- a lane for bicycles;\n- lights that dim after midnight.\n\n"
        "The south ramp stays closed until 2026.\n\n| Vehicle | Fee |\n| Car | 3 euros |\n\n"
        "Füße, naïve, 😀 and “quotes”.\n"
    )


def test_book_is_its_chapters_in_the_order_of_the_spine() -> None:
    article = load_article(DATA / "book.epub")
    assert (article.title, article.author, article.date) == ("The harbour book", "Ada Quill", "2024-05-03")
    assert article.text == (
        "# The ramp\n\nThe south ramp stays closed until\u00a02026.\n\nSecond paragraph\nof the ramp.\n\n"
        "# The bridge\n\nThe harbour bridge reopened on Friday.\n\n- a lane for bicycles;\n- lights.\n"
    )


def repacked(name: str, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """An archive of tests/data with its entries changed."""
    with zipfile.ZipFile(DATA / name) as old:
        entries = {entry: old.read(entry) for entry in old.namelist()}
    change(entries)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry, data in entries.items():
            new.writestr(entry, data)
    return out.getvalue()


def refused(reader: Callable[[str, bytes], Extract], data: bytes) -> str:
    with pytest.raises(UnreadableArticle) as caught:
        reader("a", data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


BOMB = b"<p>" + b"a" * 40_000_000
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(9)
)


@pytest.mark.parametrize(
    ("name", "reader", "main"),
    [("report.docx", read_docx, "word/document.xml"), ("book.epub", read_epub, "EPUB/one.xhtml")],
)
def test_archive_bombs_are_refused_before_they_are_unpacked(
    name: str, reader: Callable[[str, bytes], Extract], main: str
) -> None:
    large = repacked(name, lambda entries: entries.update({main: BOMB}))
    assert len(large) < 100_000
    assert "bytes of text unpacked, more than 30000000" in refused(reader, large)
    many = repacked(name, lambda entries: entries.update({f"{n}.png": b"" for n in range(5_001)}))
    assert "entries, more than 5000" in refused(reader, many)
    # What is packed inside an entry stays packed.
    nested = repacked(name, lambda entries: entries.update({"inner.zip": large}))
    assert reader("a", nested) == reader("a", (DATA / name).read_bytes())


def test_xml_entities_are_never_multiplied() -> None:
    chapter = LAUGHS + b"]><html><body><p>It is &j;&j; said.</p></body></html>"
    text = read_epub("a", repacked("book.epub", lambda entries: entries.update({"EPUB/one.xhtml": chapter}))).text
    assert len(text) < 500
    document = LAUGHS + b"]><document>&j;</document>"
    broken = repacked("report.docx", lambda entries: entries.update({"word/document.xml": document}))
    assert len(refused(read_docx, broken)) < 500


@pytest.mark.parametrize("name", ["report.docx", "book.epub", "report.pdf"])
def test_damaged_files_are_refused_or_read(name: str) -> None:
    reader = {"docx": read_docx, "epub": read_epub, "pdf": read_pdf}[name.rpartition(".")[2]]
    data = (DATA / name).read_bytes()
    for cut in (0, 10, len(data) // 2, len(data) - 30):
        if name != "report.pdf" or cut < 100:  # PDFium mends what it can
            refused(reader, data[:cut])
    for place in range(0, len(data), max(1, len(data) // 15)):
        with suppress(UnreadableArticle):
            reader("a", data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])


@pytest.mark.parametrize("missing", ["META-INF/container.xml", "EPUB/content.opf"])
def test_book_without_its_list_of_contents_is_refused(missing: str) -> None:
    assert "the file is damaged" in refused(read_epub, repacked("book.epub", lambda entries: entries.pop(missing)))


def test_book_that_is_protected_is_refused() -> None:
    lock = b'<encryption><CipherReference URI="EPUB/one.xhtml"/></encryption>'
    data = repacked("book.epub", lambda entries: entries.update({"META-INF/encryption.xml": lock}))
    assert "protected against copying" in refused(read_epub, data)


def test_book_of_bad_xml_is_read_as_html() -> None:
    chapter = b"<html><body><p>One &nbsp; two<br>three</body>"
    data = repacked("book.epub", lambda entries: entries.update({"EPUB/one.xhtml": chapter}))
    assert read_epub("a", data).text.endswith("One \u00a0 two\nthree\n")


HOSTILE = {
    "nested": lambda n: b"<div>" * n + b"hello",
    "one line": lambda n: b"<article><p>" + b"word, " * n,
    "no blank": lambda n: b"<article><p>" + b"w" * n,
    "brackets": lambda n: b"<" * n,
    "blanks": lambda n: b"<p>" + b" \n" * n + b"x",
    "entities": lambda n: b"<p>" + b"&amp;" * n,
    "breaks": lambda n: b"<p>" + b"a<br>" * (n // 5),
    "quotes": lambda n: b"<p a=" + b"\"'" * n,
    "comments": lambda n: b"<!--" * n,
    "values": lambda n: b"<p a=" * n,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_read_or_refused_in_linear_time(
    name: str, work: Callable[[Callable[[], object]], int]
) -> None:
    def attempt(size: int) -> None:
        with suppress(UnreadableArticle):
            read_html("a", HOSTILE[name](size))

    attempt(1_000)
    assert work(lambda: attempt(40_000)) < 8 * work(lambda: attempt(10_000)) + 20_000


def test_page_with_a_crowd_of_attributes_is_refused() -> None:
    # libxml2 and trafilatura need quadratic time for them.
    for attributes in (
        b"".join(b" a%d=1" % n for n in range(2_000)),
        b"".join(b" a%d" % n for n in range(2_000)),
        b"".join(b"\ta%d='>'" % n for n in range(2_000)),
        b"".join(b"/a%d" % n for n in range(2_000)),
    ):
        assert "a tag has more than 1000 attributes" in refused(read_html, b"<p" + attributes + b">Hello</p>")
    assert read_html("a", b"<p title='" + b"many words " * 2_000 + b"'>Hello</p>").text == "Hello\n"


def test_page_that_is_too_large_holds_nul_or_nothing() -> None:
    assert "more than 10000000" in refused(read_html, b"a" * 10_000_001)
    assert "NUL" in refused(read_html, b"<p>a\0b</p>")
    assert "no text" in refused(read_html, b"")


@pytest.mark.parametrize("text", ["A" * 1_000_000, "word " * 200_000, "\r" * 300_000 + "x", "هذا نص. " * 50_000])
def test_hostile_text_is_an_article_all_of_which_is_in_sentences(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    article = load_article(path)
    assert article.text == text
    spans = [(sentence.start, sentence.end) for sentence in sentences_of_article(article)]
    assert "".join(text[start:end] for start, end in spans).replace(" ", "") == "".join(text.split())


def test_mixed_line_ends_and_right_to_left_text_stay_as_they_are(tmp_path: Path) -> None:
    text = "One.\r\nTwo.\rThree.\n\u202bהגשר נסגר ביום שני.\u202c\u2029هذا نص.\n"
    path = tmp_path / "a.md"
    path.write_bytes(text.encode())
    assert load_article(path).text == text
