"""Figures of an evaluation as a table, as JSON and as a page with curves and the worst errors. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from html import escape

from qa.evaluate import Figures, Outcome, Report
from qa.metrics import reliability, risk_coverage

_NAMES = {
    "questions": "questions",
    "answerable": "answerable",
    "hit_at_1": "Hit@1",
    "hit_at_3": "Hit@3",
    "mrr_at_5": "MRR@5",
    "map": "MAP",
    "mrr": "MRR",
    "complete": "all parts in the first three",
    "span_exact": "answering words, exact match",
    "span_f1": "answering words, F1",
    "auroc": "AUROC answerable / not",
    "calibration_error": "expected calibration error",
    "calibration_error_by_chance": "the same by chance alone",
    "coverage_at_95": "coverage at 95 % right",
    "answered": "answered",
    "accuracy": "right where it answers",
    "false_answers": "answers to unanswerable questions",
    "seconds_p50": "seconds an answer, median",
    "seconds_p95": "seconds an answer, 95th percentile",
}
_WORST = 25  # errors that the page shows
_SIZE = 260  # pixels a side of a plot

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse }
td, th { padding: .2rem .8rem .2rem 0; text-align: left; font-variant-numeric: tabular-nums }
svg { margin-right: 2rem } article { border-top: 1px solid #8886; padding: .6rem 0 } q { font-family: Georgia, serif }
"""


def report_to_dict(report: Report) -> dict[str, object]:
    """Return the figures for JSON; what could not be measured is null."""
    return {
        "name": report.name,
        **_numbers(report.figures),
        "kinds": {kind: _numbers(figures) for kind, figures in report.kinds.items()},
    }


def _numbers(figures: Figures) -> dict[str, float | None]:
    return {k: None if isinstance(v, float) and math.isnan(v) else round(v, 4) for k, v in asdict(figures).items()}


def report_table(report: Report) -> str:
    """Return the figures for a terminal."""
    lines = [
        f"{_NAMES[name]:36} {_shown(value)}" for name, value in asdict(report.figures).items() if not _missing(value)
    ]
    if report.kinds:
        lines += ["", f"{'kind':28} {'asked':>5} {'Hit@1':>6} {'Hit@3':>6} {'answered':>8}"]
        lines += [
            f"{kind:28} {f.questions:5} {_shown(f.hit_at_1):>6} {_shown(f.hit_at_3):>6} {_shown(f.answered):>8}"
            for kind, f in report.kinds.items()
        ]
    return "\n".join(lines)


def _missing(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _shown(value: float) -> str:
    if _missing(value):
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def report_html(report: Report) -> str:
    """Return a page: the figures, the reliability diagram, the risk-coverage curve and the worst errors."""
    said = [o.answer.confidence for o in report.outcomes]
    right = [o.right for o in report.outcomes]
    rows = "".join(
        f"<tr><th>{escape(_NAMES[name])}<td>{_shown(value)}"
        for name, value in asdict(report.figures).items()
        if not _missing(value)
    )
    plots = _plot("said against right", [(x, y) for x, y, _ in reliability(said, right)], diagonal=True)
    plots += _plot("accuracy over coverage", [(float(x), float(y)) for x, y in risk_coverage(said, right)])
    wrong = sorted((o for o in report.outcomes if not o.right), key=lambda o: -_badness(o))[:_WORST]
    errors = "".join(_error(o) for o in wrong)
    return (
        f"<!doctype html><meta charset=utf-8><title>{escape(report.name)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(report.name)}</h1><table>{rows}</table>{plots}<h2>The worst errors</h2>{errors}"
    )


def _badness(outcome: Outcome) -> float:
    """Return how sure the answer was of what is wrong; a wrong sentence weighs the surer it was cited."""
    return outcome.answer.confidence


def _error(outcome: Outcome) -> str:
    best = outcome.answer.nearest[0].text if outcome.answer.nearest else ""
    expected = "; ".join(outcome.expected) or "nothing: the article does not say"
    return (
        f"<article><b>{escape(outcome.question.text)}</b>"
        f"<br>said ({outcome.answer.confidence:.2f}): <q>{escape(best)}</q>"
        f"<br>expected: {escape(expected)}</article>"
    )


def _plot(title: str, points: Sequence[tuple[float, float]], *, diagonal: bool = False) -> str:
    path = " ".join(f"{_SIZE * x:.1f},{_SIZE * (1 - y):.1f}" for x, y in points)
    line = f'<path d="M0 {_SIZE}L{_SIZE} 0" stroke="#8888"/>' if diagonal else ""
    dots = (
        "".join(f'<circle cx="{_SIZE * x:.1f}" cy="{_SIZE * (1 - y):.1f}" r="3"/>' for x, y in points)
        if diagonal
        else ""
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg width="{_SIZE}" height="{_SIZE}" fill="currentColor">'
        f'<rect width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#8888"/>{line}'
        f'<polyline points="{path}" fill="none" stroke="currentColor"/>{dots}</svg></figure>'
    )
