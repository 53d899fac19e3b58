"""The `pullquote` command: it reads its arguments, calls the library and prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict
from functools import partial
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from types import MappingProxyType
from typing import TYPE_CHECKING

from index.errors import InputError, PullquoteError, UnwritableReport
from index.fetch import fetch
from index.load import LARGEST_FILE, load_text
from index.types import Article
from index.workers import LocalWorkers, Workers
from ui.access import choose_access
from ui.arguments import parser
from ui.batch import Defaults, answer_batch
from ui.engines import engine_of
from ui.history import history_rows
from ui.library import Library
from ui.passwords import password_line
from ui.programs import Programs
from ui.records import added_to_dict, article_to_dict, index_to_dict, removed_to_dict
from ui.render import answer_to_dict, answer_to_text
from ui.terminal import print_table, progress_bar, size_of

if TYPE_CHECKING:
    from ui.tools import Mounted  # of an optional extra


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 after an error that people are told about in one line; 2 is argparse's."""
    options = parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options)
    except PullquoteError as error:
        print(f"pullquote: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _library(options: argparse.Namespace) -> Library:
    engine = engine_of(
        options.engine, options.home, uri=options.uri, token=options.token, vector_index=options.vector_index
    )
    return Library(options.home, model=options.model, engine=engine)


def _serve(options: argparse.Namespace) -> int:
    access = choose_access(
        options.host, auth=options.auth, no_auth=options.no_auth, names=options.name, environment=os.environ
    )
    library = _library(options)
    library.add_seeds(progress_bar("Indexing the first article"))
    Thread(target=_warm, args=[library], daemon=True).start()  # beside what follows
    from ui.app import build_app, launch  # imported here: Gradio takes seconds, and no other command needs it

    tools = _tools(library) if options.mcp else None
    # What is uploaded lies in a folder of this server's own; Gradio's would be shared with every other app's.
    with TemporaryDirectory(prefix="pullquote-", ignore_cleanup_errors=True) as uploads:
        os.environ["GRADIO_TEMP_DIR"] = uploads
        app = build_app(library, feedback=options.home / "feedback")
        address = launch(app, host=options.host, port=options.port, access=access, tools=tools)
        print(f"Pullquote is on {address} (Ctrl-C stops it)", flush=True)
        app.block_thread()
    return 0


def _warm(library: Library) -> None:
    with suppress(PullquoteError):  # whoever opens the page or asks is told
        library.warm()


def _tools(library: Library) -> Mounted:
    try:
        from ui.tools import mounted_tools  # imported here: its SDK is an optional extra
    except ModuleNotFoundError as error:
        raise _missing("--mcp", "mcp", error) from error
    return mounted_tools(Programs(library))


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
    library.warm()
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
    with _workers(options) as workers:
        added = _library(options).add(
            [_article_on_stdin(options.title) if name == "-" else name for name in options.inputs],
            get=partial(fetch, allow_private=options.allow_private),
            reading=progress_bar("Reading"),
            progress=progress_bar("Indexing"),
            workers=workers,
        )
    if options.json:
        print(json.dumps(added_to_dict(added.admissions, added.failures), ensure_ascii=False))
        return 1 if added.failures else 0
    for admission in added.admissions:
        print(f"{admission.outcome} {admission.article.id}: {admission.article.title}")
    for failure in added.failures:
        print(f"pullquote: {failure}", file=sys.stderr)
    return 1 if added.failures else 0


def _workers(options: argparse.Namespace) -> AbstractContextManager[Workers | None]:
    if options.ray is None:
        return nullcontext(LocalWorkers(options.workers) if options.workers else None)
    try:
        from index.on_ray import connected  # imported here: Ray is an optional extra
    except ModuleNotFoundError as error:
        raise _missing("--ray", "ray", error) from error
    return connected(options.ray, options.workers)


def _missing(option: str, extra: str, error: ModuleNotFoundError) -> InputError:
    """Return what to say when an option's packages are not installed."""
    package = (error.name or "").partition(".")[0]
    return InputError(f"{option} needs the package {package!r}: pip install 'pullquote[{extra}]'")


def _article_on_stdin(title: str) -> Article:
    return load_text(sys.stdin.buffer.read(LARGEST_FILE), title=title, source=f"standard input: {title}")


def _remove(options: argparse.Namespace) -> int:
    _library(options).remove(options.article_ids)
    removed = removed_to_dict(options.article_ids)
    print(json.dumps(removed, ensure_ascii=False) if options.json else f"removed {', '.join(removed['removed'])}")
    return 0


def _list(options: argparse.Namespace) -> int:
    library = _library(options)
    counts = library.sentence_counts()
    rows = [article_to_dict(each, counts[each.id], paths=True) for each in library.articles()]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        print_table([("ARTICLE", "SENTENCES", "TITLE"), *((r["article_id"], r["sentences"], r["title"]) for r in rows)])
    return 0


def _rebuild(options: argparse.Namespace) -> int:
    status = _library(options).rebuild(progress_bar("Indexing"))
    said = f"generation {status.generation}: {status.articles} articles, {status.sentences} sentences"
    print(json.dumps(index_to_dict(status)) if options.json else said)
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
    again = "current" if status.generation == number else f"generation {number}"
    print(f"generation {status.generation} is {again} again: {status.articles} articles, {status.sentences} sentences")
    library.check_origin()
    return 0


def _prune(options: argparse.Namespace) -> int:
    pruned = _library(options).prune(options.keep)
    removed = ", ".join(map(str, pruned.generations))
    freed = "" if pruned.bytes is None else f": {size_of(pruned.bytes)} freed"
    print(f"removed {f'generation {removed}' if removed else 'no generation'}{freed}")
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
    if options.report:  # asking may take minutes
        with _writing(options.report):
            options.report.open("a").close()
    report = evaluate(
        questions, library.encoder(), library.reader(), threshold=options.threshold, progress=progress_bar("Asking")
    )
    print(json.dumps(report_to_dict(report)) if options.json else report_table(report))
    if options.report:
        with _writing(options.report):
            options.report.write_text(report_html(report), encoding="utf-8")
    return 0


@contextmanager
def _writing(report: Path) -> Iterator[None]:
    """Tell in one line that a report cannot be written."""
    try:
        yield
    except OSError as error:
        raise UnwritableReport(report, error) from error


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = MappingProxyType(
    {
        "serve": _serve,
        "password": _password,
        "ask": _ask,
        "add": _add,
        "remove": _remove,
        "list": _list,
        "rebuild": _rebuild,
        "status": _status,
        "verify": _verify,
        "eval": _eval,
        "history": _history,
        "rollback": _rollback,
        "prune": _prune,
    }
)


if __name__ == "__main__":
    sys.exit(main())
