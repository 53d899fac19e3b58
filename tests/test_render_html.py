"""The page's HTML: nothing of a text is lost, nothing of it acts, and marks are where the offsets say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from fakes import citation_of
from hypothesis import given
from hypothesis import strategies as st

from index.admit import Admission
from index.errors import UnreadableArticle
from index.segment import sentences_of_article
from index.types import Article
from qa.types import Answer, Citation, Quote
from ui.chat import Edition, Turn, Turns, asked, earlier_questions, last_shown, settled
from ui.found import Shown, found_html
from ui.index_panel import index_error_html
from ui.listing import added_html, listing_html, removed_html, restored_html
from ui.log import Shelf, Source, log_html, probability_words, reference_of, suggested_html
from ui.marks import Range, escape, marked_html, message_html, quote_html
from ui.reading import article_html, no_article_html, text_html
from ui.records import added_to_dict, article_to_dict

HOSTILE = (
    "<img src=x onerror=\"alert(1)\"> </mark></section><script>alert('2')</script> &lt;b&gt; {{value}} ${alert(3)}"
)

# Text as it is found in articles, and text that wants to be something else.
texts = st.lists(
    st.one_of(
        st.text(), st.sampled_from([HOSTILE, "One. Two!", "\n\n", "\r\n", "# Head\n\n", "- item\n", "\u00a0", "😀é"])
    ),
    max_size=8,
).map("".join)


class Reader(HTMLParser):
    """Reads HTML as a browser would: its text, its tags, and what stands inside each mark."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, dict[str, str | None], int, int]] = []
        self._starts: list[int] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append((tag, dict(attrs)))
        self._starts.append(len(self.text))

    def handle_endtag(self, tag: str) -> None:
        opened, attrs = self.open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"
        self.inside.append((tag, attrs, self._starts.pop(), len(self.text)))

    def handle_data(self, data: str) -> None:
        self.text += data


def article(text: str, **changes: str) -> Article:
    return Article(**{"id": "a", "title": "Title", "text": text, "source": "a.txt", **changes})


def read_text(html: str) -> Reader:
    reader = Reader(html)
    assert not reader.open, "every tag is closed"
    return reader


@given(texts)
def test_escaped_text_has_no_tags_and_reads_as_itself(text: str) -> None:
    reader = read_text(escape(text))
    assert reader.tags == []
    assert reader.text == text


@given(texts)
def test_escaped_text_is_itself_in_a_quoted_attribute(text: str) -> None:
    ((tag, attrs),) = read_text(f'<p title="{escape(text)}"></p>').tags
    assert (tag, attrs) == ("p", {"title": text})


def test_half_a_surrogate_pair_is_shown_as_unreadable() -> None:
    assert escape("a\ud83d.") == "a\N{REPLACEMENT CHARACTER}."


@given(texts)
def test_an_article_without_its_tags_is_its_text(text: str) -> None:
    reader = read_text(text_html(text, sentences_of_article(article(text))))
    assert reader.text == text
    assert {tag for tag, _ in reader.tags} <= {"p", "h3", "h4", "h5", "h6", "span", "div", "ul", "li"}


@given(texts, st.data())
def test_marks_are_where_the_offsets_say(text: str, data: st.DataObject) -> None:
    """Every cited sentence of a random choice is in one mark with its number, its answering words in a strong."""
    given_article = article(text)
    sentences = sentences_of_article(given_article)
    if not sentences:
        return
    chosen = data.draw(st.lists(st.sampled_from(sentences), unique=True, max_size=3))
    citations = []
    for each in chosen:
        start = data.draw(st.integers(each.start, each.end - 1))
        end = data.draw(st.integers(start + 1, each.end))
        quote = data.draw(st.sampled_from([None, Quote(start, end, text[start:end])]))
        citations.append(
            Citation("a", each.ordinal, each.paragraph, each.start, each.end, text[each.start : each.end], 0.5, quote)
        )
    reader = read_text(found_html(given_article, sentences, Shown(tuple(citations), turn=4, focus=1)))
    plain = read_text(text_html(text, sentences))
    offsets = {attrs["data-p"]: start for _, attrs, start, _ in plain.inside if "data-p" in attrs}
    marked = [(attrs["data-p"], start, end) for _, attrs, start, end in reader.inside if "data-p" in attrs]
    for number, start, end in marked:
        assert reader.text[start:end] == text[offsets[number] : offsets[number] + end - start]

    def place(at: int) -> int:
        """Return the code point of the article that a character of the marked paragraphs is."""
        number, start, _ = next(each for each in marked if each[1] <= at < each[2])
        return offsets[number] + at - start

    marks = [
        (attrs["data-citation"], place(start), place(end - 1) + 1)
        for tag, attrs, start, end in reader.inside
        if tag == "mark"
    ]
    assert sorted(marks) == [(str(number), each.start, each.end) for number, each in enumerate(citations, 1)]
    words = "".join(reader.text[start:end] for tag, _, start, end in reader.inside if tag == "strong")
    quotes = sorted((each.answer for each in citations if each.answer), key=lambda quote: quote.start)
    signs = "".join(reader.text[start:end] for tag, attrs, start, end in reader.inside if attrs.get("class") == "sign")
    if not signs:
        assert words == "".join(quote.text for quote in quotes)


@given(texts, st.lists(st.integers(0, 80), max_size=4))
def test_signs_of_pages_leave_the_text_as_it_is(text: str, pages: list[int]) -> None:
    starts = sorted({0, *pages})
    reader = read_text(text_html(text, sentences_of_article(article(text)), pages=starts))
    assert reader.text == text
    told = [int(attrs["data-page"] or 0) for _, attrs in reader.tags if attrs.get("class") == "page"]
    assert told == sorted(set(told))


@given(texts, st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=6))
def test_ranges_of_any_kind_keep_the_text(text: str, pairs: list[tuple[int, int]]) -> None:
    """Overlapping, empty, reversed and far-off ranges: tags stay nested, and the text stays itself."""
    outer = [Range(start, end, "<mark>", "</mark>") for start, end in pairs[::2]]
    inner = [Range(start, end, "<b>", "</b>") for start, end in pairs[1::2]]
    assert read_text(marked_html(text, 0, len(text), outer=outer, inner=inner)).text == text


def test_of_two_ranges_that_overlap_the_first_given_is_kept() -> None:
    ranges = [Range(4, 9, "<i>", "</i>"), Range(0, 6, "<b>", "</b>")]
    assert marked_html("one two three", 0, 13, outer=ranges) == "one <i>two t</i>hree"


def test_hostile_text_is_inert_everywhere_it_is_shown() -> None:
    hostile = article(f"{HOSTILE}. Second sentence.", id=HOSTILE, title=HOSTILE, source=HOSTILE)
    sentences = sentences_of_article(hostile)
    citation = citation_of(hostile, "Second")
    answered = Answer(HOSTILE, "answered", 0.9, (citation,), (citation,), 0.1)
    nothing = Answer(HOSTILE, "no_answer", 0.1, (), (citation,), 0.1)
    edition = Edition(HOSTILE, HOSTILE, "")
    turns = (
        Turn(HOSTILE, answered, follows=HOSTILE, editions=(edition,)),
        Turn(HOSTILE, nothing),
        Turn(HOSTILE, error=HOSTILE),
        Turn(HOSTILE),
    )
    shelf = Shelf({HOSTILE: HOSTILE, "b": "B"}, {HOSTILE: Source(hostile, sentences)})
    pages = [
        article_html(hostile, sentences) + found_html(hostile, sentences, Shown((citation,), focus=1)),
        log_html(turns, shelf=shelf),
        suggested_html(HOSTILE, [HOSTILE]),
        no_article_html(HOSTILE),
        index_error_html(HOSTILE),
        listing_html([article_to_dict(hostile, 1), article_to_dict(hostile, 1)], [HOSTILE]),
        added_html(added_to_dict([Admission(hostile, "added")], [UnreadableArticle(HOSTILE, HOSTILE, HOSTILE)])),
        removed_html([hostile]),
        restored_html([hostile], [hostile]) + restored_html([], [hostile]),
    ]
    for page in pages:
        reader = read_text(page)
        assert not {"img", "script"} & {tag for tag, _ in reader.tags}
        assert not [name for _, attrs in reader.tags for name in attrs if name.startswith("on")]
        assert "<script>alert" in reader.text


def test_a_quote_is_the_sentence_word_for_word_with_its_answering_words_marked() -> None:
    there = article("First. The fee is <5 euros & free.\u00a0Last.")
    reader = read_text(quote_html(citation_of(there, "fee", words="<5 euros")))
    assert reader.text == "The fee is <5 euros & free."
    assert [(tag, reader.text[start:end]) for tag, _, start, end in reader.inside] == [("strong", "<5 euros")]


def test_citations_of_other_articles_and_of_changed_text_are_not_marked() -> None:
    before, after = article("Old news. Same here."), article("New news! Same here.")
    other = article("Elsewhere.", id="b")
    shown = Shown((citation_of(before, "Old"), citation_of(before, "Same"), citation_of(other, "Else")), focus=2)
    reader = read_text(found_html(after, sentences_of_article(after), shown))
    assert [attrs["data-citation"] for tag, attrs in reader.tags if tag == "mark"] == ["2"]
    assert "This article has changed" in reader.text
    unchanged = found_html(before, sentences_of_article(before), shown)
    assert "has changed" not in unchanged


def test_of_the_nearest_sentences_only_the_followed_one_is_marked_and_not_as_a_citation() -> None:
    there = article("One is here. Two is here.")
    nearest = (citation_of(there, "One", words="One"), citation_of(there, "Two", words="Two"))
    reader = read_text(found_html(there, sentences_of_article(there), Shown(nearest, "nearest", turn=0, focus=2)))
    ((_, attrs, start, end),) = (each for each in reader.inside if each[0] in {"mark", "strong"})
    assert (attrs["data-nearest"], reader.text[start:end]) == ("2", "Two is here.")
    assert "data-citation" not in attrs


@pytest.mark.parametrize(
    ("paragraph", "opening"),
    [
        ("## Tools", '<h4 {}><span class="sign">## </span>Tools</h4>'),
        (
            "- one\n- two",
            '<div class="list" {}><ul><li><span class="sign">- </span>one\n</li>'
            '<li><span class="sign">- </span>two</li></ul></div>',
        ),
        (
            "Bring these:\n1. one\n2. two",
            '<div class="list" {}><p>Bring these:\n</p>'
            '<ul><li class="numbered">1. one\n</li><li class="numbered">2. two</li></ul></div>',
        ),
        ("- one alone", '<div class="list" {}><ul><li><span class="sign">- </span>one alone</li></ul></div>'),
        ("— Yes, she said.", "<p {}>— Yes, she said.</p>"),
        ("Roses are red\nviolets are blue", '<p class="lines" {}>Roses are red\nviolets are blue</p>'),
        ("A plain paragraph.", "<p {}>A plain paragraph.</p>"),
        ("#hashtag first", "<p {}>#hashtag first</p>"),
    ],
)
def test_headings_lists_and_verse_are_set_as_such(paragraph: str, opening: str) -> None:
    about = f'dir="auto" data-p="0" style="--lines:{len(paragraph.splitlines())}"'
    assert text_html(paragraph, sentences_of_article(article(paragraph))) == opening.format(about)


def test_wrapped_prose_flows() -> None:
    prose = "This line is wrapped at about seventy characters, as plain text often\nis, and goes on here."
    assert 'class="lines"' not in text_html(prose, sentences_of_article(article(prose)))


def test_an_answer_links_each_quote_to_its_number_and_says_where_it_stands_and_how_sure() -> None:
    there = article("Title line.\n\nIt opened in 1912. It closed in 1990.")
    citations = (citation_of(there, "opened", probability=0.93), citation_of(there, "closed", probability=0.71))
    answer = Answer("When?", "answered", 0.93, citations, citations, 0.1)
    reader = read_text(log_html((Turn("When?", answer),)))
    links = [attrs for tag, attrs in reader.tags if tag == "a"]
    assert [(each["data-citation"], each["data-turn"]) for each in links] == [("1", "0"), ("2", "0")]
    found = re.findall(r"\[\d\]|Paragraph \d+|[A-Z][a-z ]+ · \d+\s% sure", reader.text)
    assert (
        " ".join(" ".join(found).split())
        == "[1] Paragraph 2 Very likely · 93 % sure [2] Paragraph 2 Likely · 71 % sure"
    )
    assert reader.tags[0][1]["role"] == "log"


def test_no_answer_says_so_and_links_the_nearest_sentences_as_nearest() -> None:
    there = article("One is here. Two is here.")
    nearest = (citation_of(there, "Two", probability=0.2), citation_of(there, "One", probability=0.1))
    answer = Answer("Three?", "no_answer", 0.2, (), nearest, 0.1)
    one = read_text(log_html((Turn("Three?", answer),)))
    assert "The article does not say." in one.text
    assert [attrs.get("data-nearest") for tag, attrs in one.tags if tag == "a"] == ["1", "2"]
    assert not [attrs for _, attrs in one.tags if "data-citation" in attrs]
    assert "The articles do not say." in read_text(log_html((Turn("Three?", answer, several=True),))).text


def test_a_place_names_its_article_when_there_are_several() -> None:
    there = article("One is here.")
    citation = citation_of(there, "One")
    turns = (Turn("?", Answer("?", "answered", 0.9, (citation,), (citation,), 0.1)),)
    assert "Title · Paragraph 1" in read_text(log_html(turns, shelf=Shelf({"a": "Title", "b": "Other"}))).text
    assert "Title · " not in read_text(log_html(turns, shelf=Shelf({"a": "Title"}))).text


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "Very likely · 99 % sure"),
        (0.9, "Very likely · 90 % sure"),
        (0.7, "Likely · 70 % sure"),
        (0.5, "Perhaps · 50 % sure"),
        (0.0, "Unlikely · 1 % sure"),
    ],
)
def test_a_probability_is_told_in_words_and_figure_and_never_as_certain(probability: float, words: str) -> None:
    assert probability_words(probability) == words.replace(" %", "\N{NO-BREAK SPACE}%")


def test_a_chat_grows_by_a_question_and_its_outcome() -> None:
    there = article("One is here.")
    answer = Answer("a", "answered", 0.9, (citation_of(there, "One"),), (), 0.1)
    first = settled(asked((), "a"), answer)
    failed = settled(asked(first, "b"), error="no article")
    waiting: Turns = asked(failed, "c")
    assert earlier_questions(waiting) == ("a",)
    assert [bool(turn.answer) for turn in waiting] == [True, False, False]
    assert 'aria-busy="true"' in log_html(waiting)
    assert 'aria-busy="false"' in log_html(failed)
    assert last_shown(first, focus=1) == Shown(answer.citations, "citation", 0, 1)
    assert last_shown(waiting, focus=1).citations == ()
    assert last_shown(()).citations == ()


def test_messages_become_sentences_with_their_commands_as_code() -> None:
    assert message_html("it is empty: run `pullquote add <x>`") == (
        "It is empty: run <code>pullquote add &lt;x&gt;</code>."
    )


def test_the_heading_says_who_wrote_it_when_and_where() -> None:
    there = Article("a", "Title", "One two.", "https://news.example/a?b=1&c", "Ann Bo", "2026-11-24", (0,))
    reader = read_text(article_html(there, sentences_of_article(there)))
    assert "Ann Bo · 24 November 2026 · news.example · 2 words · 1 page" in reader.text
    (link,) = (attrs for tag, attrs in reader.tags if tag == "a")
    assert (link["href"], link["rel"]) == ("https://news.example/a?b=1&c", "noopener noreferrer")


@pytest.mark.parametrize(
    ("source", "date", "shown"),
    [
        ("javascript://x/%0aalert(1)", "about 1900", "about 1900 · javascript://x/%0aalert(1) · 2 words"),
        ("/home/ann/secret/report.txt", "", "report.txt · 2 words"),
        ("http://[broken", "2026-13-40", "2026-13-40 · http://[broken · 2 words"),
    ],
)
def test_only_addresses_of_the_web_become_links_and_only_dates_are_written_out(
    source: str, date: str, shown: str
) -> None:
    there = Article("a", "Title", "One two.", source, date=date)
    reader = read_text(article_html(there, sentences_of_article(there)))
    assert shown in reader.text
    assert "a" not in {tag for tag, _ in reader.tags}


def test_pages_are_told_where_they_begin() -> None:
    there = Article("a", "T", "One is here.\n\nTwo goes on and\non. Three.", "a.pdf", pages=(0, 14, 26))
    html = article_html(there, sentences_of_article(there))
    assert [there.text[at:] for at in there.pages[1:]] == ["Two goes on and\non. Three.", "and\non. Three."]
    page = '<span class="page" data-page="{}"></span>'
    assert page.format(1) not in html
    assert page.format(2) + '<p class="lines" dir="auto" data-p="1"' in html
    assert f"Two goes on {page.format(3)}and" in html


def test_the_map_has_a_link_where_each_citation_stands() -> None:
    there = article("One.\n\n" + 40 * "Filler goes on.\n\n" + "Last one.")
    shown = Shown((citation_of(there, "Last"), citation_of(there, "One")), turn=3, focus=1)
    reader = read_text(found_html(there, sentences_of_article(there), shown))
    ticks = [(attrs["data-citation"], attrs["data-turn"], attrs["style"]) for tag, attrs in reader.tags if tag == "a"]
    share = 100 * there.text.index("Last") / len(there.text)
    assert ticks == [("1", "3", f"top:{share:.2f}%"), ("2", "3", "top:0.00%")]


def test_a_quote_comes_with_the_sentences_beside_it_and_its_reference() -> None:
    there = article("First here. Second <b>here.\nThird here.")
    citation = citation_of(there, "Second")
    turns = (Turn("?", Answer("?", "answered", 0.9, (citation,), (citation,), 0.1)),)
    shelf = Shelf({"a": "Title"}, {"a": Source(there, sentences_of_article(there))})
    reader = read_text(log_html(turns, shelf=shelf))
    beside = [
        (reader.text[start:end], "hidden" in attrs)
        for tag, attrs, start, end in reader.inside
        if attrs.get("class") == "around"
    ]
    assert beside == [("First here.", True), ("Third here.", True)]
    (copied,) = (attrs["data-copy"] for _, attrs in reader.tags if "data-copy" in attrs)
    assert copied == reference_of(citation, "Title") == "“Second <b>here.” — Title, paragraph 1"


def test_a_quote_of_an_article_that_changed_or_is_gone_says_so() -> None:
    before, after = article("Old news. Same here."), article("New news! Same here.")
    citations = (citation_of(before, "Old"), citation_of(before, "Same"))
    answer = Answer("?", "answered", 0.9, citations, citations, 0.1)
    turns = settled(asked((), "?"), answer, articles=[before])

    def states(shelf: Shelf) -> list[str]:
        reader = read_text(log_html(turns, shelf=shelf))
        return [reader.text[start:end] for _, attrs, start, end in reader.inside if attrs.get("class") == "state"]

    assert states(Shelf({"a": "T"}, {"a": Source(before, sentences_of_article(before))})) == []
    assert states(Shelf({"a": "T"}, {"a": Source(after, sentences_of_article(after))})) == [
        "The article has changed since; this sentence no longer stands there.",
        "The article has changed since; this sentence still stands there.",
    ]
    assert states(Shelf({"b": "Other"})) == ["This article is no longer in the library."] * 2


def test_a_question_that_leans_on_the_one_before_says_on_which() -> None:
    there = article("One is here.")
    answer = Answer("a", "answered", 0.9, (citation_of(there, "One"),), (), 0.1)
    turns = asked(settled(asked((), "Who went to Rome?"), answer), "And then?")
    assert [turn.follows for turn in turns] == ["", "Who went to Rome?"]
    assert "Understood as following Who went to Rome?" in read_text(log_html(turns)).text
    assert asked(turns, "  ")[-1].follows == ""
    assert asked(turns, "Who is the head of NATO?")[-1].follows == ""
