"""The library on the page: its articles as a list, and what became of what was added or removed. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from index.admit import Outcome
from index.types import Article
from ui.marks import escape, message_html
from ui.records import AddedDict, ArticleDict

_OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {"added": "added", "replaced": "replaced by its new text", "already there": "already there"}
)


def search_html() -> str:
    """Return the field that the list is searched with; the page's script hides what does not match."""
    return (
        '<div class="find"><label for="find" class="unseen">Search the library</label>'
        '<input id="find" type="search" placeholder="Search the library" autocomplete="off" spellcheck="false"/></div>'
    )


def listing_html(articles: Sequence[ArticleDict], chosen: Collection[str] = ()) -> str:
    """Return the list of articles: each can be opened, removed, and chosen to be asked."""
    if not articles:
        return (
            '<section id="listing" aria-label="Articles"><p class="notice">There is no article yet. '
            "Add one: a file, a page of the web, a text.</p></section>"
        )
    several = len(articles) > 1
    items = "".join(_item_html(each, several=several, chosen=each["article_id"] in chosen) for each in articles)
    return (
        f'<section id="listing" aria-label="Articles"><p class="choice">{_choice(articles, chosen)}</p>'
        f'<ul>{items}</ul><p class="notice" id="unmatched" hidden>No article matches.</p></section>'
    )


def together(chosen: int) -> str:
    """Return what the choice of asking several articles is called, when so many of them are ticked."""
    if not chosen:
        return "Ask all articles"
    return f"Ask the {_counted(chosen, 'ticked article')}"


def _choice(articles: Sequence[ArticleDict], chosen: Collection[str]) -> str:
    if len(articles) < 2:
        return ""
    asked = sum(each["article_id"] in chosen for each in articles)
    return "Tick the articles to ask together." if not asked else f"{_counted(asked, 'article')} ticked, to be asked."


def _item_html(article: ArticleDict, *, several: bool, chosen: bool) -> str:
    title, key = escape(article["title"]), escape(article["article_id"])
    ticked = " checked" if chosen else ""
    about = f"{_source(article)}{_counted(article['sentences'], 'sentence')}"
    box = f'<input type="checkbox" data-act="choose" data-article="{key}" aria-label="Ask {title}"{ticked}/>'
    return (
        f'<li data-find="{escape(_searched(article))}">{box if several else ""}'
        f'<button type="button" class="open" data-act="open" data-article="{key}">'
        f'<span class="name" dir="auto">{title}</span><span class="about">{about}</span></button>'
        f'<button type="button" class="remove" data-act="remove" data-article="{key}" aria-label="Remove {title}">'
        "Remove</button></li>"
    )


def _source(article: ArticleDict) -> str:
    return f"{escape(article['source'])} · " if article["source"] else ""


def _searched(article: ArticleDict) -> str:
    return f"{article['title']} {article['source']} {article['article_id']}".casefold()


def added_html(added: AddedDict) -> str:
    """Return what became of each article that was given, and why the others could not be read."""
    done = "".join(f"<li>{escape(each['title'])}: {_OUTCOMES[each['outcome']]}</li>" for each in added["articles"])
    told = f'<ul class="done" role="status">{done}</ul>' if done else ""
    return told + "".join(failed_html(failure["reason"]) for failure in added["failures"])


def failed_html(message: str) -> str:
    """Return why something could not be done."""
    return f'<p class="failed" role="alert">{message_html(message)}</p>'


def removed_html(articles: Iterable[Article]) -> str:
    """Return which articles were removed."""
    return f'<p class="done" role="status">Removed: {_titles(articles)}.</p>'


def restored_html(restored: Collection[Article], removed: Iterable[Article]) -> str:
    """Return which of the articles that were removed are there again; others have taken the place of the rest."""
    away = [each for each in removed if each not in restored]
    back = f'<p class="done" role="status">There again: {_titles(restored)}.</p>' if restored else ""
    return back + (
        failed_html(f"not brought back, because there is another in its place by now: {_titles(away, plain=True)}")
        if away
        else ""
    )


def _titles(articles: Iterable[Article], *, plain: bool = False) -> str:
    titles = ", ".join(article.title for article in articles)
    return titles if plain else escape(titles)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
