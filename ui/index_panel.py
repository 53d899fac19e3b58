"""The index on the page: what is in it, how it came about, and what can be gone back to. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from types import MappingProxyType

from index.history import Generation
from index.store import StoreStatus
from ui.marks import escape, message_html
from ui.terminal import size_of

_SEARCHES: Mapping[str, str] = MappingProxyType({"exact": "every vector", "HNSW": "along a graph (HNSW)"})
_AGES = ((86400, "day"), (3600, "hour"), (60, "minute"))


def index_html(status: StoreStatus, now: datetime) -> str:
    """Return what the index holds and when and with what it was made; `now` is the time, with its zone."""
    model = status.model or "all-MiniLM-L6-v2, bundled"
    rows = (
        ("Articles", f"{status.articles:,}"),
        ("Sentences", f"{status.sentences:,}"),
        ("Made", f'<time datetime="{escape(status.created)}">{_age_of(status.created, now)}</time>'),
        ("Generation", str(status.generation)),
        ("Size", escape(size_of(status.bytes))),
        ("Model", escape(model.replace("\\", "/").rstrip("/").rpartition("/")[2])),
        ("Search", _SEARCHES.get(status.dense, status.dense)),
    )
    return f"<dl>{''.join(f'<div><dt>{name}</dt><dd>{value}</dd></div>' for name, value in rows)}</dl>"


def done_html(text: str) -> str:
    """Return what was done."""
    return f'<p class="done" role="status">{escape(text)}</p>'


def index_error_html(message: str) -> str:
    """Return why the index could not be read or changed."""
    return f'<p class="failed" role="alert">{message_html(message)}</p>'


def history_html(generations: Iterable[Generation], now: datetime) -> str:
    """Return the generations on disk, newest first, with a button for each that can be gone back to."""
    rows = "".join(_row_html(each, now) for each in generations)
    return (
        '<table><caption class="unseen">Generations of the index</caption><thead><tr><th scope="col">Generation</th>'
        '<th scope="col">Made</th><th scope="col">By</th><th scope="col">Articles</th>'
        f'<th scope="col"><span class="unseen">Go back</span></th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _row_html(generation: Generation, now: datetime) -> str:
    number = generation.number
    made = _age_of(generation.created, now) if generation.created else "-"
    articles = "-" if generation.articles is None else f"{generation.articles:,}"
    if generation.current:
        state = "current"
    elif generation.fault:
        state = f'<span title="{escape(generation.fault)}">damaged</span>'
    else:
        state = (
            f'<button type="button" data-number="{number}" aria-label="Go back to generation {number}">Go back</button>'
        )
    return (
        f'<tr><th scope="row">{number}</th><td>{made}</td><td>{escape(generation.change or "-")}</td>'
        f"<td>{articles}</td><td>{state}</td></tr>"
    )


def _age_of(created: str, now: datetime) -> str:
    """Return how long ago a time was, in its largest unit; the time is ISO 8601, in UTC where it names no zone."""
    then = datetime.fromisoformat(created.replace("Z", "+00:00"))
    seconds = (now - (then if then.tzinfo else then.replace(tzinfo=timezone.utc))).total_seconds()
    for length, unit in _AGES:
        if seconds >= length:
            number = int(seconds // length)
            return f"{number:,} {unit}{'' if number == 1 else 's'} ago"
    return "just now"
