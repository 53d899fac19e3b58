"""The arguments of the `pullquote` command."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_data_path

from index.commit import KEPT
from index.load import SUFFIXES
from index.milvus.schema import INDEXES
from ui.access import VARIABLE
from ui.engines import ENGINES


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
    _engine_options(top)
    top.add_argument("--version", action="version", version=f"pullquote {version('pullquote')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, about: str, example: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=about, epilog=f"example: {example}")

    _serve_options(command("serve", "Start the web chat.", "pullquote serve --port 8000"))
    password = command("password", "Print the line of a user for serve --auth.", "pullquote password anna >> users")
    password.add_argument("user", metavar="USER")
    _ask_options(
        command("ask", "Answer a question with sentences of the articles.", 'pullquote ask "Who is the head of NATO?"')
    )
    _add_options(command("add", "Add articles to the library.", "pullquote add report.pdf notes/"))
    remove = command("remove", "Remove articles from the library.", "pullquote remove report")
    remove.add_argument("article_ids", nargs="+", metavar="ID")
    _json_option(remove)
    _json_option(command("list", "List the articles in the library.", "pullquote list --json"))
    about = "Split and embed all articles anew, and swap the new index in."
    _json_option(command("rebuild", about, "pullquote rebuild"))
    _json_option(command("status", "Tell what the index holds and how it was built.", "pullquote status"))
    command("verify", "Check every byte of the index against its checksums.", "pullquote verify")
    _generation_commands(command)
    evaluate = command("eval", "Measure the answers to a file of questions.", "pullquote eval seeds/questions.jsonl")
    evaluate.add_argument("file", type=Path, metavar="FILE", help="JSON Lines of questions, or SQuAD v1.1 or v2.0 JSON")
    evaluate.add_argument("--threshold", type=_share, help="confidence from which on an answer is given")
    evaluate.add_argument("--report", type=Path, metavar="HTML", help="write curves and the worst errors to a page")
    _json_option(evaluate)
    return top


def _engine_options(top: argparse.ArgumentParser) -> None:
    top.add_argument(
        "--engine",
        choices=ENGINES,
        default=os.environ.get("PULLQUOTE_ENGINE") or ENGINES[0],
        help="what keeps and searches the library: a folder (local), or a Milvus (default: %(default)s)",
    )
    top.add_argument(
        "--uri",
        default=os.environ.get("PULLQUOTE_MILVUS_URI"),
        help="the Milvus: http://HOST:PORT[/DATABASE], or a file that ends in .db (default: milvus.db in --home)",
    )
    top.add_argument(
        "--token",
        default=os.environ.get("PULLQUOTE_MILVUS_TOKEN", ""),
        help="USER:PASSWORD or key for the Milvus (better set in PULLQUOTE_MILVUS_TOKEN: others see a command line)",
    )
    top.add_argument(
        "--vector-index",
        choices=tuple(INDEXES),
        help="by what a Milvus finds vectors, in versions that are made (default: HNSW, of a file FLAT)",
    )


def _serve_options(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=7860, help="port to listen on (default: %(default)s)")
    serve.add_argument(
        "--name",
        action="append",
        default=[],
        help="a name that leads to the page, as behind a proxy (may be given again)",
    )
    serve.add_argument("--mcp", action="store_true", help="offer the library to assistants, too, as MCP tools at /mcp")
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
    _json_option(command("history", about, "pullquote history"))
    rollback = command("rollback", "Make an older generation current again.", "pullquote rollback 7")
    rollback.add_argument(
        "generation", nargs="?", type=int, metavar="GENERATION", help="its number (default: the one before the current)"
    )
    prune = command("prune", "Remove old generations from the disk.", "pullquote prune --keep 1")
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
    add.add_argument(
        "--workers", type=_number, metavar="N", help="read and embed in so many processes (default: in this one)"
    )
    add.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="read and embed on a Ray cluster: its address, auto for that of this machine, or local to start one here",
    )
    _json_option(add)


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def _number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _one_or_more(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 or more: the current generation always stays")
    return value
