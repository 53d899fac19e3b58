"""The `pullquote` command: it reads its arguments, calls the library and prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from getpass import getpass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_data_path

from index.commit import KEPT
from index.errors import InputError, PullquoteError
from index.fetch import fetch
from index.load import LARGEST_FILE, SUFFIXES, load_text
from index.types import Article
from ui.access import VARIABLE, choose_access
from ui.batch import Defaults, answer_batch
from ui.history import history_rows
from ui.library import Library
from ui.passwords import password_line
from ui.render import answer_to_dict, answer_to_text
from ui.terminal import print_table, progress_bar, size_of


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

    _serve_options(command("serve", _serve, "Start the web chat.", "pullquote serve --port 8000"))
    password = command(
        "password", _password, "Print the line of a user for serve --auth.", "pullquote password anna >> users"
    )
    password.add_argument("user", metavar="USER")
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
    _generation_commands(command)
    evaluate = command(
        "eval", _eval, "Measure the answers to a file of questions.", "pullquote eval seeds/questions.jsonl"
    )
    evaluate.add_argument("file", type=Path, metavar="FILE", help="JSON Lines of questions, or SQuAD v1.1 or v2.0 JSON")
    evaluate.add_argument("--threshold", type=_share, help="confidence from which on an answer is given")
    evaluate.add_argument("--report", type=Path, metavar="HTML", help="write curves and the worst errors to a page")
    _json_option(evaluate)
    return top


def _serve_options(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=7860, help="port to listen on (default: %(default)s)")
    serve.add_argument(
        "--name",
        action="append",
        default=[],
        help="a name that leads to the page, as behind a proxy (may be given again)",
    )
    who = serve.add_mutually_exclusive_group()
    who.add_argument(
        "--auth",
        type=Path,
        metavar="FILE",
        help=f"let in the users of this file (default: those of {VARIABLE}, if set)",
    )
    who.add_argument("--no-auth", action="store_true", help="let in everybody who can reach the address")


def _generation_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    about = "List the generations of the index on disk, newest first: each change made one."
    _json_option(command("history", _history, about, "pullquote history"))
    rollback = command("rollback", _rollback, "Make an older generation current again.", "pullquote rollback 7")
    rollback.add_argument(
        "generation", nargs="?", type=int, metavar="GENERATION", help="its number (default: the one before the current)"
    )
    prune = command("prune", _prune, "Remove old generations from the disk.", "pullquote prune --keep 1")
    prune.add_argument(
        "--keep", type=_one_or_more, default=KEPT, metavar="N", help="how many of the last stay (default: %(default)s)"
    )


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


def _one_or_more(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 or more: the current generation always stays")
    return value


def _library(options: argparse.Namespace) -> Library:
    return Library(options.home, model=options.model)


def _serve(options: argparse.Namespace) -> int:
    access = choose_access(
        options.host, auth=options.auth, no_auth=options.no_auth, names=options.name, environment=os.environ
    )
    from ui.app import build_app, launch  # imported here: Gradio takes seconds, and no other command needs it

    library = _library(options)
    library.add_seeds(progress_bar("Indexing the first article"))
    # What is uploaded lies in a folder of this server's own; Gradio's would be shared with every other app's.
    with TemporaryDirectory(prefix="pullquote-", ignore_cleanup_errors=True) as uploads:
        os.environ["GRADIO_TEMP_DIR"] = uploads
        app = build_app(library)
        address = launch(app, host=options.host, port=options.port, access=access)
        print(f"Pullquote is on {address} (Ctrl-C stops it)", flush=True)
        app.block_thread()
    return 0


def _password(options: argparse.Namespace) -> int:
    print(password_line(options.user, _typed_password() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")))
    return 0


def _typed_password() -> str:
    password = getpass("Password: ")
    if getpass("Again: ") != password:
        raise InputError("the two passwords are not the same: type them again")
    return password


def _ask(options: argparse.Namespace) -> int:
    if (options.question is None) == (options.batch is None):
        raise InputError("nothing to ask, or too much: give one QUESTION, or --batch FILE")
    library = _library(options)
    library.add_seeds(progress_bar("Indexing the first article"))
    if options.batch is not None:
        defaults = Defaults(options.article, options.history, options.threshold)
        return 1 if answer_batch(library, options.batch, defaults) else 0
    answer = library.ask(
        options.question, article_ids=options.article, history=options.history, threshold=options.threshold
    )
    print(json.dumps(answer_to_dict(answer), ensure_ascii=False) if options.json else answer_to_text(answer))
    return 0


def _add(options: argparse.Namespace) -> int:
    if (options.title is not None) != ("-" in options.inputs):
        raise InputError("--title belongs to -, standard input, and each needs the other: give both or none")
    added = _library(options).add(
        [_article_on_stdin(options.title) if name == "-" else name for name in options.inputs],
        get=partial(fetch, allow_private=options.allow_private),
        reading=progress_bar("Reading"),
        progress=progress_bar("Indexing"),
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
        print_table([("ARTICLE", "SENTENCES", "TITLE"), *((r["article_id"], r["sentences"], r["title"]) for r in rows)])
    return 0


def _rebuild(options: argparse.Namespace) -> int:
    status = _library(options).rebuild(progress_bar("Indexing"))
    print(f"generation {status.generation}: {status.articles} articles, {status.sentences} sentences")
    return 0


def _history(options: argparse.Namespace) -> int:
    library = _library(options)
    generations = library.history()
    if options.json:
        print(json.dumps([asdict(generation) for generation in generations], ensure_ascii=False))
    else:
        print_table(history_rows(generations))
        for generation in generations:
            if generation.fault:
                print(f"generation {generation.number} is damaged: {generation.fault}")
    library.status()  # raises where the current one cannot be read, and tells the remedy
    return 0


def _rollback(options: argparse.Namespace) -> int:
    library = _library(options)
    number = library.rollback(options.generation)
    status = library.status()
    print(
        f"generation {status.generation} is generation {number} again: "
        f"{status.articles} articles, {status.sentences} sentences"
    )
    library.check_origin()
    return 0


def _prune(options: argparse.Namespace) -> int:
    pruned = _library(options).prune(options.keep)
    removed = ", ".join(map(str, pruned.generations))
    print(f"removed {f'generation {removed}' if removed else 'no generation'}: {size_of(pruned.bytes)} freed")
    return 0


def _status(options: argparse.Namespace) -> int:
    status = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(_library(options).status()).items()}
    if options.json:
        print(json.dumps(status, ensure_ascii=False))
    else:
        print_table(status.items())
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
        questions, library.encoder(), library.reader(), threshold=options.threshold, progress=progress_bar("Asking")
    )
    if options.report:
        options.report.write_text(report_html(report), encoding="utf-8")
    print(json.dumps(report_to_dict(report)) if options.json else report_table(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
