"""`pullquote history`, `rollback` and `prune`, and `ask` over several articles, as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import FakeEncoder
from stored import CATS, RIVER, TROOPS, generation_folder, make_library
from test_answer import WordReader

from index.store import Store
from ui.cli import main
from ui.terminal import size_of

Captured = pytest.CaptureFixture[str]


class Pullquote:
    """The command, at one library."""

    def __init__(self, home: Path, capsys: Captured) -> None:
        self.home = home
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Return what is printed, standard error after standard output."""
        self._capsys.readouterr()
        assert main(["--home", str(self.home), *arguments]) == code
        return "".join(self._capsys.readouterr())


@pytest.fixture
def pullquote(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Pullquote:
    """Three generations: troops; troops and cats; those and river."""
    monkeypatch.setattr("ui.library.encoder_of", lambda model: FakeEncoder(model or "words"))
    monkeypatch.setattr("ui.library.Reader", WordReader)
    make_library(home)
    Store(home).add([RIVER], FakeEncoder())
    return Pullquote(home, capsys)


def test_history_rollback_and_prune(pullquote: Pullquote) -> None:
    assert pullquote("rollback") == "generation 4 is generation 2 again: 2 articles, 5 sentences\n"
    rows = [line.split() for line in pullquote("history").splitlines()]
    assert rows[0] == ["GENERATION", "STATE", "CREATED", "CHANGE", "ARTICLES", "SENTENCES", "SIZE"]
    assert [(row[0], row[-4], row[-3]) for row in rows[1:]] == [("4", "2", "5"), ("3", "3", "7"), ("2", "2", "5")]
    assert (rows[1][1], rows[1][3:6], rows[2][2]) == ("current", ["rollback", "to", "2"], "add")
    records = json.loads(pullquote("history", "--json"))
    assert [(r["number"], r["current"], r["change"], r["articles"], r["sentences"], r["fault"]) for r in records] == [
        (4, True, "rollback to 2", 2, 5, ""),
        (3, False, "add", 3, 7, ""),
        (2, False, "add", 2, 5, ""),
    ]
    assert all({"created", "bytes", "model"} < set(record) for record in records)
    third = Store(pullquote.home).history()[1]
    second = (pullquote.home / "generations/000002/manifest.json").stat().st_size
    assert pullquote("prune", "--keep", "1") == f"removed generation 2, 3: {size_of(third.bytes + second)} freed\n"
    assert pullquote("prune") == "removed no generation: 0 B freed\n"
    assert [row.split()[0] for row in pullquote("history").splitlines()] == ["GENERATION", "4"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rollback", "9"], "no generation 9 in the library (there are 1, 2, 3): see them with `pullquote history`"),
        (["rollback", "3"], "generation 3 is the current one already"),
    ],
)
def test_rollback_that_is_refused_is_one_line(pullquote: Pullquote, arguments: list[str], says: str) -> None:
    said = pullquote(*arguments, code=1)
    assert said.startswith(f"pullquote: {says}")
    assert said.count("\n") == 1


@pytest.mark.parametrize("keep", ["0", "-1", "many"])
def test_prune_never_removes_the_current_generation(pullquote: Pullquote, keep: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--home", str(pullquote.home), "prune", "--keep", keep])


def test_history_of_a_damaged_library_names_the_damage_and_the_remedy(pullquote: Pullquote) -> None:
    (generation_folder(pullquote.home) / "articles.jsonl").write_text("{}")
    (pullquote.home / "generations/000002/manifest.json").unlink()
    lines = pullquote("history").splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [["3", "current,", "damaged"], ["2", "damaged", "-"]]
    assert lines[-2].startswith("generation 3 is damaged: articles.jsonl has 2 bytes instead of ")
    assert lines[-1] == "generation 2 is damaged: manifest.json is missing"
    assert "with `pullquote rollback 1`" in pullquote("list", code=1)
    (pullquote.home / "CURRENT").write_text("")
    said = pullquote("history", code=1)
    assert "current" not in said
    assert said.splitlines()[-1].startswith("pullquote: ")
    assert "with `pullquote rollback 1`" in said
    assert pullquote("rollback") == "generation 4 is generation 1 again: 1 articles, 3 sentences\n"
    assert pullquote("verify").startswith("generation 4 is sound")


def test_rollback_to_what_cannot_be_asked_says_so(pullquote: Pullquote, monkeypatch: pytest.MonkeyPatch) -> None:
    said = pullquote("--model", "other", "rollback", code=1)
    assert said.splitlines()[0] == "generation 4 is generation 2 again: 2 articles, 5 sentences"
    assert "model 'fake words fake tokens', not with 'fake other fake tokens': run `pullquote rebuild`" in said
    monkeypatch.setattr("index.segment.version", lambda name: "9.9")
    assert "the index was split by" in pullquote("rollback", code=1)


def test_all_articles_are_asked_or_those_that_are_named(pullquote: Pullquote) -> None:
    def asked(*articles: str) -> set[str]:
        named = [part for article in articles for part in ("--article", article)]
        record = json.loads(pullquote("ask", "Who waited, and what waited?", "--json", *named))
        return {citation["article_id"] for citation in record["nearest"]}

    assert asked() == {TROOPS.id, CATS.id, RIVER.id}
    assert asked("cats") == {"cats"}
    assert asked("cats", "river") == {"cats", "river"}
    assert "no article 'dogs' in the library" in pullquote(
        "ask", "Who?", "--article", "cats", "--article", "dogs", code=1
    )


def test_filter_changes_no_status_and_no_confidence(pullquote: Pullquote) -> None:
    def asked(*more: str) -> tuple[object, ...]:
        record = json.loads(pullquote("ask", "Did a cat sit on a mat?", "--json", *more))
        return record["status"], record["confidence"], record["citations"]

    everywhere = asked()
    assert everywhere[0] == "answered"
    assert asked("--article", "cats") == asked("--article", "cats", "--article", "river") == everywhere
    assert asked("--article", "river")[0] == "no_answer"


def test_sizes() -> None:
    sizes = (0, 999, 1000, 999_949, 999_951, 12_345_678, 5 * 10**12)
    assert [size_of(n) for n in sizes] == ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "12.3 MB", "5000.0 GB"]
