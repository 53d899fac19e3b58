"""The library's panel and the index's, as HTML: what they say of what they are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest

from index.admit import Admission
from index.errors import UnreadableArticle
from index.history import Generation
from index.store import StoreStatus
from index.types import Article
from ui.index_panel import history_html, index_html
from ui.listing import added_html, listing_html, removed_html, restored_html, together
from ui.records import added_to_dict, article_to_dict

FEES = Article("fees", "Fees & fines", "The fee is 5 euros.", "/home/anna/fees.txt")
HOURS = Article("hours", "Hours", "It opens at nine. It closes at five.", "https://e.example/hours")
ROWS = [article_to_dict(FEES, 1), article_to_dict(HOURS, 2)]
NOW = datetime(2026, 5, 2, 12, 0, tzinfo=timezone.utc)
STATUS = StoreStatus(
    Path("/home/anna/library"), 7, "2026-05-02T11:00:00+00:00", 3, None, "e", "s", 2, 1234, "exact", 2_500_000
)


class Reader(HTMLParser):
    """The text of HTML, and its tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def acts(self, act: str) -> list[tuple[str | None, str | None]]:
        """The articles of one kind of button, and its label."""
        found = [attrs for _, attrs in self.tags if attrs.get("data-act") == act]
        return [(attrs.get("data-article"), attrs.get("aria-label")) for attrs in found]


def test_each_article_can_be_opened_ticked_and_removed() -> None:
    reader = Reader(listing_html(ROWS, ["hours"]))
    assert reader.acts("choose") == [("fees", "Ask Fees & fines"), ("hours", "Ask Hours")]
    assert reader.acts("remove") == [("fees", "Remove Fees & fines"), ("hours", "Remove Hours")]
    assert [article for article, _ in reader.acts("open")] == ["fees", "hours"]
    assert [attrs["data-article"] for _, attrs in reader.tags if "checked" in attrs] == ["hours"]
    assert {"Fees & fines", "fees.txt · 1 sentence", "https://e.example/hours · 2 sentences"} <= set(reader.texts)
    assert "1 article ticked, to be asked." in reader.texts


def test_a_single_article_has_nothing_to_be_ticked() -> None:
    assert Reader(listing_html(ROWS[:1])).acts("choose") == []
    assert Reader(listing_html(ROWS[:1])).acts("remove") == [("fees", "Remove Fees & fines")]


def test_a_path_is_shown_by_its_name_alone() -> None:
    assert "anna" not in listing_html(ROWS)


@pytest.mark.parametrize(
    ("number", "called"), [(0, "Ask all articles"), (1, "Ask the 1 ticked article"), (12, "Ask the 12 ticked articles")]
)
def test_the_choice_says_how_many_are_asked(number: int, called: str) -> None:
    assert together(number) == called


def test_an_empty_library_says_how_to_fill_it() -> None:
    assert "There is no article yet. Add one: a file, a page of the web, a text." in Reader(listing_html([])).texts


def test_what_became_of_each_article_is_told() -> None:
    admissions = [Admission(FEES, "added"), Admission(HOURS, "replaced"), Admission(FEES, "already there")]
    failure = UnreadableArticle("upload: scan.pdf", "there is no text in it", "run `ocrmypdf`")
    reader = Reader(added_html(added_to_dict(admissions, [failure])))
    assert reader.texts[:3] == ["Fees & fines: added", "Hours: replaced by its new text", "Fees & fines: already there"]
    assert "".join(reader.texts[3:]) == (
        "Cannot read the article 'upload: scan.pdf': there is no text in it; run ocrmypdf."
    )


def test_removing_and_bringing_back_name_the_articles() -> None:
    assert Reader(removed_html([FEES])).texts == ["Removed: Fees & fines."]
    assert Reader(restored_html([FEES], [FEES])).texts == ["There again: Fees & fines."]
    assert "Fees & fines" in Reader(restored_html([HOURS], [HOURS, FEES])).texts[1]


@pytest.mark.parametrize(
    ("created", "age"),
    [
        ("2026-05-02T11:59:30+00:00", "just now"),
        ("2026-05-02T11:58:59Z", "1 minute ago"),
        ("2026-05-02T10:00:00", "2 hours ago"),
        ("2026-05-01T11:59:00+00:00", "1 day ago"),
        ("2026-03-02T12:00:00+00:00", "61 days ago"),
        ("2026-05-02T14:00:00+00:00", "just now"),  # the clock was set back
    ],
)
def test_the_index_tells_its_age_and_size(created: str, age: str) -> None:
    texts = Reader(index_html(replace(STATUS, created=created), NOW)).texts
    assert dict(zip(texts[::2], texts[1::2], strict=True)) == {
        "Articles": "2",
        "Sentences": "1,234",
        "Made": age,
        "Generation": "7",
        "Size": "2.5 MB",
        "Model": "all-MiniLM-L6-v2, bundled",
        "Search": "every vector",
    }


def test_a_model_is_named_without_its_folder() -> None:
    assert "anna" not in index_html(replace(STATUS, model="/home/anna/models/mine", dense="HNSW"), NOW)
    assert "mine" in Reader(index_html(replace(STATUS, model="/home/anna/models/mine"), NOW)).texts


def test_what_is_sound_and_not_current_can_be_gone_back_to() -> None:
    made = "2026-05-02T11:00:00+00:00"
    generations = [
        Generation(7, True, made, "add", None, 2, 3, 100, ""),
        Generation(6, False, made, "remove", None, 1, 1, 100, ""),
        Generation(5, False, None, None, None, None, None, 100, "vectors.npy is cut <short>"),
    ]
    reader = Reader(history_html(generations, NOW))
    assert [attrs["data-number"] for _, attrs in reader.tags if "data-number" in attrs] == ["6"]
    assert "current" in reader.texts
    assert [attrs["title"] for _, attrs in reader.tags if "title" in attrs] == ["vectors.npy is cut <short>"]
