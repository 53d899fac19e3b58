"""What was said of answers against how often it was right, as a picture. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from qa.metrics import reliability

ENOUGH = 20  # judgements: with fewer a picture would show chance

_SIDE, _MARGIN = 220, 44  # of the square, and beside it for the labels
_LARGEST = 14  # the radius of the dot of a bin that would hold everything


def calibration_html(said: Sequence[float], right: Sequence[bool]) -> str:
    """Return the picture of probabilities in [0, 1] that were said, in bins, against the share that was right.

    With fewer than `ENOUGH` judgements it is a line that says how many there are; without any it is nothing.
    """
    if not said:
        return ""
    if len(said) < ENOUGH:
        return f'<p class="notice">{len(said)} of {ENOUGH} judgements that a picture of its sureness needs.</p>'
    bins = reliability(said, right)
    mean, share = _percent(sum(said) / len(said)), _percent(sum(right) / len(right))
    label = f"Of {len(said)} judged answers {share} were right; {mean} was said on average."
    dots = "".join(_dot(x, y, weight, round(weight * len(said))) for x, y, weight in bins)
    whole = _SIDE + 2 * _MARGIN
    return (
        "<h3>How sure, how right</h3>"
        f'<figure><svg viewBox="0 0 {whole} {whole}" role="img" aria-label="{label}">'
        f"{_frame()}{dots}</svg><figcaption>{label} On the line, what is said and what is right are the same; "
        "a larger dot stands for more answers.</figcaption></figure>"
    )


def _dot(said: float, right: float, weight: float, count: int) -> str:
    return (
        f'<circle cx="{_x(said):.1f}" cy="{_y(right):.1f}" r="{max(3.0, _LARGEST * weight**0.5):.1f}">'
        f"<title>{count} said {_percent(said)}: {_percent(right)} right</title></circle>"
    )


def _frame() -> str:
    """Return the square, its diagonal, and what its two sides are."""
    left, right, top, bottom, middle = _x(0), _x(1), _y(1), _y(0), _x(0.5)
    marks = "".join(
        f'<text x="{_x(share):.0f}" y="{bottom + 16}" text-anchor="middle">{_percent(share)}</text>'
        f'<text x="{left - 6}" y="{_y(share) + 4:.0f}" text-anchor="end">{_percent(share)}</text>'
        for share in (0.0, 0.5, 1.0)
    )
    return (
        f'<rect x="{left}" y="{top}" width="{_SIDE}" height="{_SIDE}"/>'
        f'<path d="M{left} {bottom}L{right} {top}"/>{marks}'
        f'<text x="{middle}" y="{bottom + 32}" text-anchor="middle">said</text>'
        f'<text x="{left}" y="{top - 10}" text-anchor="middle">right</text>'
    )


def _x(share: float) -> float:
    return _MARGIN + _SIDE * share


def _y(share: float) -> float:
    return _MARGIN + _SIDE * (1 - share)


def _percent(share: float) -> str:
    return f"{round(100 * share)}\N{NO-BREAK SPACE}%"
