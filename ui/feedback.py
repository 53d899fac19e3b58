"""What readers think of answers, kept beside the library so that it can be measured against.

`judgements.jsonl` holds every judgement in the order in which they were made; of two on one sentence the later counts.
`questions.jsonl` is made of them: the questions whose right answer is known, as `pullquote eval` reads them, with the
articles as they were in `articles/`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from index.durable import no_step, replace_file
from index.errors import BadQuestionFile, UnwritableStore
from index.types import Article
from qa.questions import OwnRecord
from qa.types import Answer, Citation
from ui.chat import Turn


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reader thinks of a quoted sentence: `text == article.text[start:end]`, `words` answers inside it.

    An empty `text` stands for "the article does not say". `history` is the question that this one leans on, `article`
    the file of its text, `probability` what was said of the sentence. `right` is None when it was taken back.
    """

    question: str
    history: tuple[str, ...]
    article: str
    start: int
    end: int
    text: str
    words: str
    probability: float
    right: bool | None

    @property
    def asked(self) -> tuple[str, str, tuple[str, ...]]:
        """What was asked of which text: judgements that share it are on one question."""
        return self.article, self.question, self.history


class Feedback:
    """The judgements in a folder. Safe to use from threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def judge(self, judgement: Judgement, article: Article) -> None:
        """Keep a judgement on an article's text. Raises `UnwritableStore`, `BadQuestionFile`."""
        with self._lock:
            try:
                text = self._folder / "articles" / judgement.article
                text.parent.mkdir(parents=True, exist_ok=True)
                if not text.exists():
                    replace_file(text, article.text.encode("utf-8"), no_step)
                with (self._folder / "judgements.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(judgement), ensure_ascii=False) + "\n")
                lines = [json.dumps(each, ensure_ascii=False) + "\n" for each in question_records(self._read())]
                replace_file(self._folder / "questions.jsonl", "".join(lines).encode("utf-8"), no_step)
            except OSError as error:
                raise UnwritableStore(self._folder, error) from error

    def judgements(self) -> tuple[Judgement, ...]:
        """Return what readers think now, without what they took back. Raises `BadQuestionFile`."""
        with self._lock:
            return current(self._read())

    def _read(self) -> list[Judgement]:
        path = self._folder / "judgements.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        try:
            return [_judgement(line) for line in lines if line.strip()]
        except (KeyError, TypeError, ValueError) as error:
            raise BadQuestionFile(path, f"{type(error).__name__}: {error}") from error


def judgement_of(
    turn: Turn, answer: Answer, citation: Citation | None, article: Article, right: bool | None
) -> Judgement:
    """Return a judgement on a sentence of an answer, or without a citation on "the article does not say"."""
    return Judgement(
        question=turn.question,
        history=(turn.follows,) if turn.follows else (),
        article=article_file(article),
        start=citation.start if citation else 0,
        end=citation.end if citation else 0,
        text=citation.text if citation else "",
        words=citation.answer.text if citation and citation.answer else "",
        probability=citation.probability if citation else 1 - answer.confidence,
        right=right,
    )


def article_file(article: Article) -> str:
    """Return the name of the file that keeps an article's text, in letters that every file name may have."""
    return f"{re.sub(r'[^a-z0-9]+', '-', article.id.lower())[:40].strip('-')}-{article.sha256[:12]}.txt"


def current(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Return the last judgement on each sentence, without those taken back."""
    last = {(each.asked, each.start, each.end): each for each in judgements}
    return tuple(each for each in last.values() if each.right is not None)


def question_records(judgements: Iterable[Judgement]) -> list[OwnRecord]:
    """Return the questions whose answer is known: by a sentence that was right, or because there is none."""
    known = sorted((each for each in current(judgements) if each.right), key=lambda each: each.asked)
    return [_record(list(group)) for _, group in groupby(known, key=lambda each: each.asked)]


def _record(right: list[Judgement]) -> OwnRecord:
    one, quoted = right[0], [each for each in right if each.text]
    key = json.dumps(one.asked, ensure_ascii=False)
    record = OwnRecord(
        id=sha256(key.encode("utf-8")).hexdigest()[:12],
        article=one.article,
        question=one.question,
        evidence=[each.text for each in quoted],
        history=list(one.history),
        kind="feedback",
    )
    if quoted and quoted[0].words:
        record["answer"] = quoted[0].words
    return record


def _judgement(line: str) -> Judgement:
    record = json.loads(line)
    return Judgement(**{**record, "history": tuple(record["history"])})
