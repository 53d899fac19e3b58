"""Many questions at once: JSON Lines in, JSON Lines out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import InputError, PullquoteError
from ui.library import Library
from ui.render import AnswerDict, answer_to_dict


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every question of a batch that says nothing else; its own history comes after this one."""

    article_ids: Sequence[str] | None
    history: Sequence[str]
    threshold: float | None


def answer_batch(library: Library, name: str, defaults: Defaults) -> int:
    """Print an answer for each line of a file, "-" for standard input; return how many could not be answered.

    A line that cannot be answered gives an error of its own, and the rest goes on. Raises `InputError` for the file.
    """
    failed = 0
    for number, line in enumerate(_lines(name), 1):
        if not line.strip():
            continue
        try:
            print(json.dumps(_answer(library, line, defaults), ensure_ascii=False), flush=True)
        except (PullquoteError, ValueError, KeyError, TypeError) as error:
            failed += 1
            reason = (
                str(error) if isinstance(error, PullquoteError) else f"not a question ({type(error).__name__}: {error})"
            )
            print(f"pullquote: line {number} of {name}: {reason}", file=sys.stderr)
            print(json.dumps({"id": _id_of(line), "error": reason}, ensure_ascii=False), flush=True)
    return failed


def _answer(library: Library, line: str, defaults: Defaults) -> AnswerDict:
    record = json.loads(line)
    article_ids = [record["article_id"]] if record.get("article_id") else defaults.article_ids
    history = [*defaults.history, *record.get("history", [])]
    answer = library.ask(record["question"], article_ids=article_ids, history=history, threshold=defaults.threshold)
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
