"""The command line, as other programs and people use it."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest

from ui.arguments import parser
from ui.cli import main
from ui.passwords import parse_users

pytestmark = pytest.mark.model

SEEDS = Path(__file__).parent.parent / "seeds"
ARTICLE = "us-troops-eastern-europe"
QUESTION = "Where is the 2nd Cavalry Regiment based?"
EVIDENCE = (
    "The 1,000 U.S. troops that will be going to Romania are part of the 2nd Cavalry Regiment, "
    "based in Vilseck (Germany)."
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the seed article; tests that change it take a copy."""
    home = tmp_path_factory.mktemp("library") / "home"
    assert main(["--home", str(home), "add", str(SEEDS / "articles" / f"{ARTICLE}.txt")]) == 0
    return home


@pytest.fixture
def own(library: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(library, tmp_path / "copy"))


def test_an_answer_in_json_is_a_slice_of_the_article(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(library), "ask", QUESTION, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    text = (SEEDS / "articles" / f"{ARTICLE}.txt").read_bytes().decode("utf-8")
    assert said["status"] == "answered"
    assert said["citations"][0]["text"] == EVIDENCE
    assert len(said["nearest"]) == 5
    for citation in [*said["citations"], *said["nearest"]]:
        assert citation["text"] == text[citation["start"] : citation["end"]]
        assert citation["article_id"] == ARTICLE
        if citation["answer"]:
            words = citation["answer"]
            assert words["text"] == text[words["start"] : words["end"]]
            assert citation["start"] <= words["start"] < words["end"] <= citation["end"]
    assert set(said) == {"id", "question", "status", "confidence", "citations", "nearest", "seconds"}


def test_an_answer_for_people_quotes_and_says_where(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(library), "ask", QUESTION, "--article", ARTICLE]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"[1] {EVIDENCE}\n    {ARTICLE}, paragraph 14, sentence ")


def test_no_answer_says_so(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(library), "ask", "can you recommend a cheap hotel in bucharest"]) == 0
    assert capsys.readouterr().out.startswith("The article does not say")


def test_the_first_ask_of_an_empty_library_loads_the_seed_article(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path / "new"), "ask", QUESTION]) == 0
    assert EVIDENCE in capsys.readouterr().out


def test_a_batch_keeps_the_order_and_answers_the_rest_after_a_bad_line(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        json.dumps({"id": "a", "question": QUESTION}),
        "not json",
        json.dumps(
            {"id": "c", "question": "What year did Russia invade Georgia?", "history": [], "article_id": ARTICLE}
        ),
        json.dumps({"id": "d", "question": "What?", "article_id": "nowhere"}),
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    assert main(["--home", str(library), "ask", "--batch", "-"]) == 1
    captured = capsys.readouterr()
    out = [json.loads(line) for line in captured.out.splitlines()]
    assert [record["id"] for record in out] == ["a", "", "c", "d"]
    assert out[2]["citations"][0]["text"] == "Russia invaded Georgia in 2008."
    assert "error" in out[1]
    assert "'nowhere'" in out[3]["error"]
    assert "line 2 of -" in captured.err


def test_articles_are_added_listed_and_removed(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = tmp_path / "note.md"
    note.write_text("# A note\n\nThe bridge was closed on Monday. It opens again in May.\n")
    assert main(["--home", str(own), "add", str(note)]) == 0
    capsys.readouterr()
    assert main(["--home", str(own), "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(r["article_id"], r["title"], r["sentences"]) for r in rows[1:]] == [("note", "A note", 3)]
    assert all(set(r) == {"article_id", "title", "source", "sentences", "sha256"} for r in rows)
    assert main(["--home", str(own), "ask", "When was the bridge closed?", "--article", "note"]) == 0
    assert "closed on Monday" in capsys.readouterr().out
    assert main(["--home", str(own), "add", str(note), str(tmp_path / "gone.md"), "--json"]) == 1
    added = json.loads(capsys.readouterr().out)
    assert added["articles"] == [{"article_id": "note", "title": "A note", "outcome": "already there"}]
    assert [failure["source"] for failure in added["failures"]] == [str(tmp_path / "gone.md")]
    assert main(["--home", str(own), "remove", "note", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"removed": ["note"]}
    assert main(["--home", str(own), "list", "--json"]) == 0
    assert [r["article_id"] for r in json.loads(capsys.readouterr().out)] == [ARTICLE]


def test_rebuild_makes_a_new_generation_and_status_tells_it(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(own), "status", "--json"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert main(["--home", str(own), "rebuild", "--json"]) == 0
    rebuilt = json.loads(capsys.readouterr().out)
    assert rebuilt == {"generation": before["generation"] + 1, "articles": 1, "sentences": 64}
    assert main(["--home", str(own), "status", "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert after["generation"] == before["generation"] + 1
    assert (after["articles"], after["sentences"]) == (1, 64)
    assert main(["--home", str(own), "verify"]) == 0
    assert "is sound: 1 articles, 64 sentences" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", ""], "question is empty"),
        (["ask", "?!"], "question is empty"),
        (["ask", "Who?", "--article", "nowhere"], "'nowhere'"),
        (["ask"], "give one QUESTION, or --batch FILE"),
        (["ask", "--batch", "nowhere.jsonl"], "'nowhere.jsonl'"),
        (["add", "nowhere.txt"], "nowhere.txt"),
        (["remove", "nowhere"], "'nowhere'"),
        (["eval", "nowhere.jsonl"], "nowhere.jsonl"),
        (["eval", str(SEEDS / "questions.jsonl"), "--report", "/nowhere/x.html"], "'/nowhere/x.html' (No such file"),
        (["--model", "/no/such/model", "rebuild"], "/no/such/model"),
    ],
)
def test_an_error_is_one_line_with_the_value(
    own: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(own), *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("pullquote: ")
    assert error.count("\n") == 1
    assert says in error


def test_a_damaged_index_is_refused_with_the_remedy(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = next(own.rglob("vectors.npy"))
    data = bytearray(damaged.read_bytes())
    data[-1] ^= 1
    damaged.write_bytes(data)
    for command in (["verify"], ["ask", QUESTION]):
        assert main(["--home", str(own), *command]) == 1
        error = capsys.readouterr().err
        assert "vectors.npy" in error
        assert error.count("\n") == 1


def test_every_command_has_an_example() -> None:
    commands = next(dict(a.choices) for a in parser()._actions if isinstance(a.choices, dict))
    generations = {"rebuild", "status", "verify", "history", "rollback", "prune"}
    assert set(commands) == {"serve", "password", "ask", "add", "remove", "list", "eval"} | generations
    for name, command in commands.items():
        assert f"example: pullquote {name}" in command.format_help()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["serve", "--host", "0.0.0.0"], "--host 0.0.0.0 lets other machines in: give --auth FILE"),
        (["serve", "--auth", "nowhere"], "cannot read the users of 'nowhere'"),
        (["password", "a:b"], "'a:b' cannot be a user"),
    ],
)
def test_who_gets_in_is_settled_before_anything_is_served(
    home: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("word\n"))
    monkeypatch.delenv("PULLQUOTE_AUTH", raising=False)
    assert main(arguments) == 1
    assert says in capsys.readouterr().err
    assert not home.exists()


def test_password_prints_a_line_that_serve_reads(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("some words\n"))
    assert main(["password", "anna"]) == 0
    assert parse_users(capsys.readouterr().out, place="the output").accept("anna", "some words")
