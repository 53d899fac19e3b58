"""The figures of an evaluation as a table, as JSON and as a page: what could not be measured is left out."""

from __future__ import annotations

import json

from test_evaluate import ALL, FIRST, NONE_HIGH, NONE_LOW, SECOND, TEXT

from qa.evaluate import Outcome, Report, figures
from qa.questions import Question
from ui.report import report_html, report_table, report_to_dict

REPORT = Report("rain <b>", figures(ALL), {"hard": figures([SECOND]), "none": figures([NONE_LOW])}, tuple(ALL))


def test_json_holds_every_figure_and_null_for_what_could_not_be_measured() -> None:
    made = json.loads(json.dumps(report_to_dict(REPORT), allow_nan=False))
    assert (made["name"], made["questions"], made["hit_at_1"], made["complete"]) == ("rain <b>", 5, 0.3333, None)
    assert set(made["kinds"]) == {"hard", "none"}
    assert (made["kinds"]["hard"]["hit_at_3"], made["kinds"]["none"]["hit_at_3"]) == (1.0, None)


def test_a_table_names_each_figure_that_could_be_measured() -> None:
    lines = [line.rsplit(maxsplit=1) for line in report_table(REPORT).split("\n\n")[0].splitlines()]
    shown = {name.strip(): value for name, value in lines}
    assert (shown["questions"], shown["Hit@1"], shown["expected calibration error"]) == ("5", "0.333", "0.380")
    assert shown["the same by chance alone"] == f"{REPORT.figures.calibration_error_by_chance:.3f}"
    assert "all parts in the first three" not in shown
    kinds = [line.split() for line in report_table(REPORT).split("\n\n")[1].splitlines()]
    assert kinds[1:] == [["hard", "1", "0.000", "1.000", "1.000"], ["none", "1", "-", "-", "0.000"]]


def test_a_page_shows_the_worst_errors_the_surest_first() -> None:
    page = report_html(REPORT)
    assert "<h1>rain &lt;b&gt;</h1>" in page
    errors = [page.index(f"said ({one.answer.confidence:.2f}): <q>") for one in (NONE_HIGH, SECOND, NONE_LOW)]
    assert errors == sorted(errors)
    assert f"said ({FIRST.answer.confidence:.2f})" not in page
    assert "expected: nothing: the article does not say" in page
    assert "expected: Snow fell" in page
    assert f"<q>{TEXT[44:57]}</q>" in page
    assert page.count("<circle") == 5  # a point for each bin of the reliability diagram


def test_a_page_escapes_what_it_quotes() -> None:
    outcome = Outcome(Question("x", "a", "<script>1</script>", ()), NONE_HIGH.answer, (False,), ("<img>",))
    page = report_html(Report("x", figures([outcome]), {}, (outcome,)))
    assert "<script>" not in page
    assert "&lt;script&gt;1" in page
    assert "expected: &lt;img&gt;" in page
