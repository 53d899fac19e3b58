"""The table of speeds: each figure beside the best peer's, and only what stands between the marks is replaced."""

from __future__ import annotations

from pathlib import Path

from benchmarks.serving import Started
from benchmarks.table import BEGIN, END, Own, Peer, table, written

ASKED = {
    "retrieval p50": 0.005,
    "answer p50": 0.25,
    "answer p95": 0.4,
    "answer from all p50": 0.3,
    "answer from all p95": 0.5,
    "one by one": 4.0,
    "at once": 4.2,
    "at once p95": 2.0,
    "flops": 4e10,
    "peak": 2e11,
    "share": 0.8,
}
OWN = Own(2.0, 1.5, Started(3.0, 4.0, 3e8), {"sentences": 1000, "seconds": 10.0, "embedding": 300.0}, ASKED)


def peer(cold: float, seconds: float, p50: float) -> Peer:
    return Peer(cold, 8.0, {"sentences": 1000, "seconds": seconds}, {"p50": p50, "memory": 6e8}, 1_500_000_000)


def cells(made: str, title: str) -> list[str]:
    row = next(line for line in made.splitlines() if line.startswith(f"| {title}"))
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def test_figures_stand_beside_the_best_peers() -> None:
    made = table(OWN, {"slow": peer(20.0, 20.0, 0.02), "fast": peer(10.0, 12.5, 0.01)}, 319)
    assert cells(made, "cold question") == ["2.00 (1.5)", "20.00 (8.0)", "10.00 (8.0)", "0.20", "0.25"]
    assert cells(made, "warm search") == ["5.0", "20.0", "10.0", "0.50", "0.5"]
    assert cells(made, "sentences embedded") == ["300", "50", "80", "3.75", "2"]
    assert cells(made, "sentences indexed") == ["100", "", "", "1.25", "2"]
    assert cells(made, "memory") == ["300", "600", "600", "0.50", "0.7"]
    assert "319 stories, 1,000 sentences" in made


def test_there_is_a_table_without_peers() -> None:
    assert cells(table(OWN, {}, 3), "cold question") == ["2.00 (1.5)", "-", "0.25"]


def test_the_table_is_written_between_its_marks(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    written(path, "new")
    written(path, "newer")
    assert path.read_text() == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"
