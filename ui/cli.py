"""The `pullquote` command: it reads its arguments, calls the library and prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_data_path

from index.errors import InputError, PullquoteError
from index.fetch import fetch
from index.load import LARGEST_FILE, SUFFIXES, load_text
from index.types import Article
from ui.library import Library
from ui.render import AnswerDict, answer_to_dict, answer_to_text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 after an error that people are told about in one line; 2 is argparse's."""
    options = parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except PullquoteError as error:
        print(f"pullquote: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; each command's help ends with an example."""
    top = argparse.ArgumentParser(
        prog="pullquote",
        description="Ask an article a question and get its own sentences: cited, quoted word for word.",
        epilog='example: pullquote ask "How many troops go to Poland?"',
    )
    home = os.environ.get("PULLQUOTE_HOME") or user_data_path("pullquote", appauthor=False)
    top.add_argument(
        "--home", type=Path, default=Path(home), metavar="DIR", help="where the library lives (default: %(default)s)"
    )
    top.add_argument(
        "--model", help="sentence-transformers model, by name or folder (default: the bundled all-MiniLM-L6-v2)"
    )
    top.add_argument("--version", action="version", version=f"pullquote {version('pullquote')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], about: str, example: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about, epilog=f"example: {example}")
        made.set_defaults(run=run)
        return made

    serve = command("serve", _serve, "Start the web chat.", "pullquote serve --port 8000")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=7860, help="port to listen on (default: %(default)s)")
    _ask_options(
        command(
            "ask", _ask, "Answer a question with sentences of the articles.", 'pullquote ask "Who is the head of NATO?"'
        )
    )
    _add_options(command("add", _add, "Add articles to the library.", "pullquote add report.pdf notes/"))
    remove = command("remove", _remove, "Remove articles from the library.", "pullquote remove report")
    remove.add_argument("article_ids", nargs="+", metavar="ID")
    _json_option(command("list", _list, "List the articles in the library.", "pullquote list --json"))
    command("rebuild", _rebuild, "Split and embed all articles anew, and swap the new index in.", "pullquote rebuild")
    _json_option(command("status", _status, "Tell what the index holds and how it was built.", "pullquote status"))
    command("verify", _verify, "Check every byte of the index against its checksums.", "pullquote verify")
    evaluate = command(
        "eval", _eval, "Measure the answers to a file of questions.", "pullquote eval seeds/questions.jsonl"
    )
    evaluate.add_argument("file", type=Path, metavar="FILE", help="JSON Lines of questions, or SQuAD v1.1 or v2.0 JSON")
    evaluate.add_argument("--threshold", type=_share, help="confidence from which on an answer is given")
    evaluate.add_argument("--report", type=Path, metavar="HTML", help="write curves and the worst errors to a page")
    _json_option(evaluate)
    return top


def _ask_options(ask: argparse.ArgumentParser) -> None:
    ask.add_argument("question", nargs="?", metavar="QUESTION")
    ask.add_argument("--article", action="append", metavar="ID", help="ask this article alone (may be given again)")
    ask.add_argument(
        "--history",
        action="append",
        default=[],
        metavar="QUESTION",
        help="a question asked before (may be given again)",
    )
    ask.add_argument("--threshold", type=_share, help="confidence from which on an answer is given")
    ask.add_argument(
        "--batch", metavar="FILE", help="JSON Lines of {id, question, history, article_id}; - for standard input"
    )
    _json_option(ask)


def _add_options(add: argparse.ArgumentParser) -> None:
    add.add_argument(
        "inputs",
        nargs="+",
        metavar="PATH",
        help=f"a file ({', '.join(SUFFIXES)}), a folder of them, a URL, or - for standard input",
    )
    add.add_argument("--title", help="title of the article on standard input")
    add.add_argument("--allow-private", action="store_true", help="let URLs lead to this machine and its network, too")


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def _library(options: argparse.Namespace) -> Library:
    return Library(options.home, model=options.model)


def _serve(options: argparse.Namespace) -> int:
    from ui.app import build_app, launch  # imported here: Gradio takes seconds, and no other command needs it

    library = _library(options)
    library.add_seeds(_progress("Indexing the first article"))
    app = build_app(library)
    address = launch(app, host=options.host, port=options.port)
    print(f"Pullquote is on {address} (Ctrl-C stops it)", flush=True)
    app.block_thread()
    return 0


def _ask(options: argparse.Namespace) -> int:
    if (options.question is None) == (options.batch is None):
        raise InputError("nothing to ask, or too much: give one QUESTION, or --batch FILE")
    library = _library(options)
    library.add_seeds(_progress("Indexing the first article"))
    if options.batch is not None:
        return _batch(library, options)
    answer = library.ask(
        options.question, article_ids=options.article, history=options.history, threshold=options.threshold
    )
    print(json.dumps(answer_to_dict(answer), ensure_ascii=False) if options.json else answer_to_text(answer))
    return 0


def _batch(library: Library, options: argparse.Namespace) -> int:
    """Answer a line at a time; a line that cannot be answered gives an error of its own, and exit code 1 at the end."""
    failed = 0
    for number, line in enumerate(_lines(options.batch), 1):
        if not line.strip():
            continue
        try:
            print(json.dumps(_batch_answer(library, line, options), ensure_ascii=False), flush=True)
        except (PullquoteError, ValueError, KeyError, TypeError) as error:
            failed += 1
            reason = (
                str(error) if isinstance(error, PullquoteError) else f"not a question ({type(error).__name__}: {error})"
            )
            print(f"pullquote: line {number} of {options.batch}: {reason}", file=sys.stderr)
            print(json.dumps({"id": _id_of(line), "error": reason}, ensure_ascii=False), flush=True)
    return 1 if failed else 0


def _batch_answer(library: Library, line: str, options: argparse.Namespace) -> AnswerDict:
    record = json.loads(line)
    article_ids = [record["article_id"]] if record.get("article_id") else options.article
    history = [*options.history, *record.get("history", [])]
    answer = library.ask(record["question"], article_ids=article_ids, history=history, threshold=options.threshold)
    return answer_to_dict(answer, question_id=str(record.get("id", "")))


def _id_of(line: str) -> str:
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        return ""


def _lines(name: str) -> Iterator[str]:
    if name == "-":
        yield from sys.stdin
        return
    try:
        with Path(name).open(encoding="utf-8") as file:
            yield from file
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read the questions of {name!r} ({error}): give a UTF-8 file, or - for standard input"
        ) from error


def _add(options: argparse.Namespace) -> int:
    if (options.title is not None) != ("-" in options.inputs):
        raise InputError("--title belongs to -, standard input, and each needs the other: give both or none")
    added = _library(options).add(
        [_article_on_stdin(options.title) if name == "-" else name for name in options.inputs],
        get=partial(fetch, allow_private=options.allow_private),
        reading=_progress("Reading"),
        progress=_progress("Indexing"),
    )
    for admission in added.admissions:
        print(f"{admission.outcome} {admission.article.id}: {admission.article.title}")
    for failure in added.failures:
        print(f"pullquote: {failure}", file=sys.stderr)
    return 1 if added.failures else 0


def _article_on_stdin(title: str) -> Article:
    return load_text(sys.stdin.buffer.read(LARGEST_FILE), title=title, source=f"standard input: {title}")


def _remove(options: argparse.Namespace) -> int:
    _library(options).remove(options.article_ids)
    print(f"removed {', '.join(options.article_ids)}")
    return 0


def _list(options: argparse.Namespace) -> int:
    library = _library(options)
    counts = library.sentence_counts()
    rows = [
        {
            "article_id": a.id,
            "title": a.title,
            "source": a.source,
            "sentences": counts[a.id],
            "sha256": a.sha256,
        }
        for a in library.articles()
    ]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        _table([("ARTICLE", "SENTENCES", "TITLE"), *((r["article_id"], r["sentences"], r["title"]) for r in rows)])
    return 0


def _rebuild(options: argparse.Namespace) -> int:
    status = _library(options).rebuild(_progress("Indexing"))
    print(f"generation {status.generation}: {status.articles} articles, {status.sentences} sentences")
    return 0


def _status(options: argparse.Namespace) -> int:
    status = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(_library(options).status()).items()}
    if options.json:
        print(json.dumps(status, ensure_ascii=False))
    else:
        _table(status.items())
    return 0


def _verify(options: argparse.Namespace) -> int:
    status = _library(options).verify()
    print(f"generation {status.generation} is sound: {status.articles} articles, {status.sentences} sentences")
    return 0


def _eval(options: argparse.Namespace) -> int:
    from qa.evaluate import evaluate  # imported here: only this command needs it
    from qa.questions import load_questions
    from ui.report import report_html, report_table, report_to_dict

    library = _library(options)
    questions = load_questions(options.file)
    report = evaluate(
        questions, library.encoder(), library.reader(), threshold=options.threshold, progress=_progress("Asking")
    )
    if options.report:
        options.report.write_text(report_html(report), encoding="utf-8")
    print(json.dumps(report_to_dict(report)) if options.json else report_table(report))
    return 0


def _table(rows: Iterable[Iterable[object]]) -> None:
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _progress(what: str) -> Callable[[int, int], None] | None:
    """Return what draws a progress bar on standard error, or nothing where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def draw(done: int, total: int) -> None:
        bar = "#" * (30 * done // max(1, total))
        print(f"\r{what} [{bar:30}] {done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return draw


if __name__ == "__main__":
    sys.exit(main())
