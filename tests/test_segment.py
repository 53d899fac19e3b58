from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from conftest import SEEDS
from hypothesis import given
from hypothesis import strategies as st

from index.segment import LONGEST_SENTENCE, segmenter_fingerprint, sentences_of_article, split_sentences
from index.types import Article, Sentence

SEED = SEEDS / "articles" / "us-troops-eastern-europe.txt"


def slices(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


def test_seed_article_has_its_64_sentences() -> None:
    sentences = slices(SEED.read_bytes().decode())
    assert len(sentences) == 64
    assert sentences[2] == (
        "Russia responded with a bluntly stated objection calling the deployments “destructive” and unfounded."
    )


def test_every_evidence_of_the_seed_questions_is_exactly_one_sentence() -> None:
    sentences = slices(SEED.read_bytes().decode())
    lines = (SEEDS / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    evidence = [text for line in lines for text in json.loads(line)["evidence"]]
    assert len(evidence) >= 30
    assert [text for text in evidence if sentences.count(text) != 1] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr. and Mrs. Smith met Dr. Jones and Prof. Lee at St. Paul.",
        "Ms. Psaki met Gen. Mark Milley, Lt. Col. Brown and Sgt. Maj. Green.",
        "Spc. Megan Touma served at Ft. Bragg under Tech. Sgt. Lee.",
        "J. K. Rowling met George W. Bush and J.R.R. Tolkien.",
        "Gov. Rod Blagojevich, Sen. Joe Lieberman and Rep. Lamar Smith voted on Jan. 5.",
        "The U.S. Supreme Court and the U.N. Security Council met in Washington, D.C., on Monday.",
        "It is due at 10 a.m. Friday and ends at 4:30 p.m. ET.",
        "It was seen about 4 a.m. October 4.",
        "He pays $5.25 for 3.14 litres of version 1.2.3.",
        "See No. 1, Vol. 2, vol. 3 and approx. 4 more, e.g. fig. 5.",
        "“These are not permanent moves. They reassure,” he said.",
        '"Why?" asked Bob.',
        "“Yahoo!” he shouted.",
        "But alas! she was gone.",
        "RIVERDALE, Georgia (CNN)  -- In his darkest moment, Kenneth Brown lost it all.",
        "Was it in the U.S.\u00a0Army?",
        "He smiled 👩‍👩‍👧‍👦🏽 and left for the café (e\u0301).",
        "A line of prose that was wrapped by\nBiden's office when it came to the edge\r\nof the page.",
    ],
)
def test_stays_one_sentence(sentence: str) -> None:
    assert slices(sentence) == [sentence]
    assert slices(f"Before it.  {sentence}\n\nAfter it.") == ["Before it.", sentence, "After it."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He lives in the U.S. He works.", ["He lives in the U.S.", "He works."]),
        ("He left at 5 p.m. She stayed.", ["He left at 5 p.m.", "She stayed."]),
        ("He said “Go.” Then he left.", ["He said “Go.”", "Then he left."]),
        ("Wait... What? Yes! No.", ["Wait...", "What?", "Yes!", "No."]),
        ("First 😀. Second 🇺🇦 e\u0301. Third.", ["First 😀.", "Second 🇺🇦 e\u0301.", "Third."]),
        ("One.\r\nTwo.\r\n\r\nThree.\r", ["One.", "Two.", "Three."]),
        ("It stopped. ... It went on.", ["It stopped. ...", "It went on."]),
        ("Background\n\nIt began", ["Background", "It began"]),
        ("# A heading\nIts text. More.", ["# A heading", "Its text.", "More."]),
        ("A heading\n=====\nIts text.", ["A heading\n=====", "Its text."]),
        (
            "Shopping\n- milk\n- eggs, which\n  Anna wants\n* tea",
            ["Shopping", "- milk", "- eggs, which\n  Anna wants", "* tea"],
        ),
        (
            "Steps:\n1. Open it\n2. Read it. Twice.\n10) Close",
            ["Steps:", "1. Open it", "2. Read it.", "Twice.", "10) Close"],
        ),
        ("| a | b |\n| c | d |", ["| a | b |", "| c | d |"]),
        (
            "Background\nThe war began in 2014, in a line that is a good deal longer than its heading.",
            ["Background", "The war began in 2014, in a line that is a good deal longer than its heading."],
        ),
        ("Page one\fPage two", ["Page one", "Page two"]),
        ("one\u2028two.\u3000Three.", ["one\u2028two.", "Three."]),
        ("\ud800 One. Two", ["\ud800 One.", "Two"]),
        (" \n\t\u00a0\r\n", []),
        ("", []),
    ],
)
def test_splits(text: str, expected: list[str]) -> None:
    assert slices(text) == expected


def test_numbers_sentences_and_paragraphs() -> None:
    article = Article("a", "A", "\n\nTitle\n\nOne. Two\nand a half.\n \nThree.", "a.txt")
    assert sentences_of_article(article) == (
        Sentence("a", 0, 0, 2, 7),
        Sentence("a", 1, 1, 9, 13),
        Sentence("a", 2, 1, 14, 29),
        Sentence("a", 3, 2, 32, 38),
    )


def test_fingerprint_names_both_parts() -> None:
    assert segmenter_fingerprint().startswith("sentencex 1.")
    assert " / pullquote " in segmenter_fingerprint()


BLANKS = ["\r\n", "\n", "\r", "\n\n", "\f", " ", "\u00a0", "\u2003", "\u2028", "\x85"]
LETTERS = ["e\u0301", "\u0301", "\u200d", "\ufeff", "\x00", "\ud800", "😀", "👩\u200d🚀", "🏽", "🇺🇦", "ß", "中。", "؟"]
SIGNS = [*"“”\"'’()[].!?,…", "...", "---"]
MARKS = ["- ", "* ", "1. ", "(a) ", "# ", "| ", "U.S. ", "Mr. ", "Ms. ", "a.m. ", "Friday", "No. 1"]
WORDS = ["word ", "Word ", "it. It "]
PARTS = [st.sampled_from(parts) for parts in (BLANKS, LETTERS, SIGNS, MARKS, WORDS)]
TEXTS = st.lists(st.one_of(*PARTS, st.text(max_size=5)), max_size=60).map("".join)


@given(TEXTS)
def test_spans_are_ordered_trimmed_and_cover_all_that_is_not_blank(text: str) -> None:
    spans = split_sentences(text)
    rebuilt, end = "", 0
    for span in spans:
        assert end <= span.start < span.end <= len(text)
        gap, part = text[end : span.start], text[span.start : span.end]
        assert gap == "" or gap.isspace()
        assert part == part.strip()
        rebuilt, end = rebuilt + gap + part, span.end
    assert text[end:].strip() == ""
    assert rebuilt + text[end:] == text
    assert split_sentences(text) == spans


@given(TEXTS)
def test_article_has_the_same_sentences_in_rising_paragraphs(text: str) -> None:
    sentences = sentences_of_article(Article("a", "A", text, "a.txt"))
    assert [(s.start, s.end) for s in sentences] == [(span.start, span.end) for span in split_sentences(text)]
    assert [s.ordinal for s in sentences] == list(range(len(sentences)))
    for before, after in pairwise(sentences):
        lines = text[before.end : after.start].splitlines()
        assert after.paragraph - before.paragraph in ((0, 1) if len(lines) > 1 or "\f" in text else (0,))


@pytest.mark.parametrize(
    "unit",
    [
        "word ",
        "x",
        "e\u0301",
        "👩\u200d",
        "\u0301",
        "'",
        "“ A. ",
        "(",
        ".",
        ". ",
        "a. ",
        "A\n",
        "a\n",
        "1. ",
        "Ms. ",
        "a! ",
        "U.S. ",
    ],
)
def test_time_is_linear_and_length_bounded(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        start = time.thread_time()
        spans = split_sentences(text)
        taken = time.thread_time() - start
        assert max(span.end - span.start for span in spans) <= LONGEST_SENTENCE
        return taken

    def in_proportion() -> bool:
        return seconds(160_000) < 8 * seconds(20_000) * 3 + 0.5

    # Quadratic would be 64 times as long for eight times the text, every time; a busy machine is slow now and then.
    assert any(in_proportion() for _ in range(5))


def test_long_text_is_cut_at_a_stop_else_a_blank_else_between_characters() -> None:
    assert [len(part) for part in slices(f"{'a' * 1500}, {'b' * 1500}")] == [1501, 1500]
    assert [len(part) for part in slices(f"{'a' * 500} {'b' * 1800}")] == [500, 1800]
    assert [len(part) for part in slices("e\u0301" * 1001)] == [2000, 2]
    assert [len(part) for part in slices("x" + "e\u0301" * 1001)] == [1999, 4]
    assert [len(part) for part in slices("x" * 4001)] == [2000, 2000, 1]


def test_reads_on_where_sentencex_stopped_in_a_long_paragraph() -> None:
    sentence = "Sentence number one of many that Mr. Smith wrote, at 5 p.m. Friday, for the U.S. Army."
    assert slices(" ".join([sentence] * 500)) == [sentence] * 500
